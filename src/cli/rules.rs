//! `kpl rules`.

use serde::Serialize;

use std::{fs, io::Write, path::Path};

use super::{
    Exit,
    args::{RulesArgs, RulesCommand},
    inputs, screen, settings,
};
use crate::{
    finding::{Family, Problem, RuleInfo, RuleOption},
    render::{self, Format, Style},
    rules::{
        Catalogue,
        declarative::{Pack, STARTER, Want},
    },
};

#[derive(Serialize)]
struct Listing {
    version: u32,
    rules: Vec<Entry>,
    packs: Vec<PackEntry>,
}

#[derive(Serialize)]
struct PackEntry {
    name: &'static str,
    summary: &'static str,
    rules: &'static [&'static str],
    controls: Vec<ControlEntry>,
}

#[derive(Serialize)]
struct ControlEntry {
    id: &'static str,
    rules: &'static [&'static str],
    note: &'static str,
}

impl PackEntry {
    fn new(pack: &'static Pack) -> Self {
        let controls = pack.controls.iter();
        let controls = controls.map(|one| ControlEntry { id: one.id, rules: &one.rules, note: one.note }).collect();
        Self { name: pack.name, summary: pack.summary, rules: &pack.rules, controls }
    }
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    code: Option<&'static str>,
    further_codes: &'static [&'static str],
    family: &'static str,
    severity: &'static str,
    confidence: &'static str,
    persona: &'static str,
    summary: &'static str,
    supersedes: &'static [&'static str],
    options: Vec<OptionEntry>,
}

#[derive(Serialize)]
struct OptionEntry {
    name: &'static str,
    default: serde_json::Value,
    about: &'static str,
}

impl OptionEntry {
    fn new(option: &RuleOption) -> Self {
        Self { name: option.name, default: settings::option_shown(&option.default_value()), about: option.about }
    }
}

impl Entry {
    fn new(rule: &'static RuleInfo) -> Self {
        Self {
            id: rule.id,
            code: rule.code,
            further_codes: rule.further_codes,
            family: rule.family.word(),
            severity: rule.severity.word(),
            confidence: rule.confidence.word(),
            persona: rule.persona.word(),
            summary: rule.summary,
            supersedes: rule.supersedes,
            options: rule.options.iter().map(OptionEntry::new).collect(),
        }
    }
}

pub(super) fn run(args: &RulesArgs) -> Exit {
    let style = screen::style(args.color);
    match &args.command {
        Some(RulesCommand::Test { folder }) => test(folder, &style),
        Some(RulesCommand::New { name }) => new(name, &style),
        None => match settings::catalogue(&args.rules) {
            Ok(catalogue) if args.format == Format::Json => json(&catalogue),
            Ok(catalogue) => text(&catalogue),
            Err(trouble) => trouble.tell(&style),
        },
    }
}

/// Runs the rules of a folder on their own examples.
fn test(folder: &Path, style: &Style) -> Exit {
    match settings::own_rules(&[folder.to_owned()], Want::Own) {
        Ok(loaded) => {
            let (rules, examples) =
                (render::counted(loaded.rules, "rule"), render::counted(loaded.examples, "example"));
            screen::print(&format!("{rules}, {examples}: each rule does what its examples say\n"));
            Exit::Clean
        }
        Err(trouble) => trouble.tell(style),
    }
}

/// Writes a rule to start from; a file that is there stays as it is.
fn new(name: &str, style: &Style) -> Exit {
    let problem = |file: &str, message: String, help: &str| {
        let problem = Problem { file: file.to_owned(), message, help: Some(help.to_owned()), fatal: true };
        screen::complain(&render::problem_line(&problem, style));
        Exit::Failure
    };
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if name.len() > 80 || !name.split('-').all(is_word) {
        let help = "as in `decrypt-without-via-service`";
        return problem(name, "a rule's name is made of words in lower case, joined by hyphens".to_owned(), help);
    }
    if Catalogue::default().name(name).is_some() {
        return problem(name, "kpl has a rule of this name".to_owned(), "choose another");
    }
    let file = format!("{name}.yaml");
    let written = fs::OpenOptions::new().write(true).create_new(true).open(&file);
    let written = written.and_then(|mut out| out.write_all(STARTER.replace("NAME", name).as_bytes()));
    match written {
        Ok(()) => {
            screen::print(&format!("{file} is written; `kpl rules test .` runs it on its examples\n"));
            Exit::Clean
        }
        Err(error) => {
            problem(&file, inputs::cause(&error), "the rule is written into the current folder, to a new file")
        }
    }
}

fn json(catalogue: &Catalogue) -> Exit {
    let packs = catalogue.packs().iter().copied().map(PackEntry::new).collect();
    let listing = Listing { version: 1, rules: catalogue.rules().map(Entry::new).collect(), packs };
    match serde_json::to_string_pretty(&listing) {
        Ok(text) => {
            screen::print(&format!("{text}\n"));
            Exit::Clean
        }
        Err(_) => Exit::Failure,
    }
}

fn text(catalogue: &Catalogue) -> Exit {
    let width = catalogue.rules().map(|rule| rule.id.len()).max().unwrap_or_default();
    let mut out = String::new();
    for family in Family::ALL {
        out.push_str(family.word());
        out.push('\n');
        for rule in catalogue.rules().filter(|rule| rule.family == family) {
            let persona = match rule.persona.word() {
                "regular" => String::new(),
                other => format!(" ({other})"),
            };
            let line = format!("  {:width$}  {:7}  {}{persona}\n", rule.id, rule.severity, rule.summary);
            out.push_str(&line);
        }
        out.push('\n');
    }
    out.push_str("packs: `--select PACK`, or `packs` in kpl.toml\n");
    for pack in catalogue.packs() {
        let rules = render::counted(pack.rules.len(), "rule");
        let line = format!("  {:width$}  {rules:7}  {}\n", pack.name, pack.summary);
        out.push_str(&line);
    }
    out.push('\n');
    out.push_str("`kpl explain RULE` says more.\n");
    screen::print(&out);
    Exit::Clean
}
