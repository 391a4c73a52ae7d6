//! `kpl rules`.

use serde::Serialize;

use super::{Exit, args::RulesArgs, screen};
use crate::{
    finding::{Family, RuleInfo},
    render::Format,
    rules,
};

#[derive(Serialize)]
struct Catalogue {
    version: u32,
    rules: Vec<Entry>,
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
        }
    }
}

pub(super) fn run(args: &RulesArgs) -> Exit {
    if args.format == Format::Json { json() } else { text() }
}

fn json() -> Exit {
    let catalogue = Catalogue { version: 1, rules: rules::all().map(Entry::new).collect() };
    match serde_json::to_string_pretty(&catalogue) {
        Ok(text) => {
            screen::print(&format!("{text}\n"));
            Exit::Clean
        }
        Err(_) => Exit::Failure,
    }
}

fn text() -> Exit {
    let width = rules::all().map(|rule| rule.id.len()).max().unwrap_or_default();
    let mut out = String::new();
    for family in Family::ALL {
        out.push_str(family.word());
        out.push('\n');
        for rule in rules::all().filter(|rule| rule.family == family) {
            let persona = match rule.persona.word() {
                "regular" => String::new(),
                other => format!(" ({other})"),
            };
            let line = format!("  {:width$}  {:7}  {}{persona}\n", rule.id, rule.severity, rule.summary);
            out.push_str(&line);
        }
        out.push('\n');
    }
    out.push_str("`kpl explain RULE` says more.\n");
    screen::print(&out);
    Exit::Clean
}
