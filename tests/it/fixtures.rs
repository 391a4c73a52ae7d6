//! Runs every case of `fixtures/rules`: each fail case yields its rule at its place, each pass case does not.

use std::{fs, path::Path};

use kpl::{
    calendar,
    config::{self, FILE_NAME},
    document::Declared,
    finding::{Applicability, Finding, OptionValue, Persona, Report, RuleOptions},
    lint::{self, Acceptance, Accepted, Home, Input, Options, Selection},
    policy::Principal,
    rules,
    source::{Edit, Origin, Source, SourceId, Sources},
    syntax::{Node, Value, print, yaml},
};

/// A case of a fixture file.
pub(crate) struct Case<'n> {
    pub(crate) name: String,
    rule: String,
    node: &'n Node<'n>,
}

impl Case<'_> {
    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.node.get(member).and_then(Node::as_str)
    }

    pub(crate) fn texts(&self, member: &str) -> Vec<String> {
        let items = self.node.get(member).map_or(&[][..], Node::items);
        items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
    }

    /// A text with as many letters as `pad` says in the place of `PADDING`, so that a long policy need not be written out.
    fn padded(&self, text: &str) -> String {
        match self.text("pad") {
            Some(length) => text.replace("PADDING", &"a".repeat(length.parse().unwrap())),
            None => text.to_owned(),
        }
    }

    /// Its policy, where it is one of a single file.
    pub(crate) fn policy(&self) -> Option<&Node<'_>> {
        self.node.get("policy")
    }

    /// Its files, by name.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let written = |node: &Node<'_>| node.as_str().map_or_else(|| print::pretty(node), str::to_owned);
        if let Some(files) = self.node.get("files") {
            let files = files.as_map().unwrap_or_else(|| panic!("{}: files is an object", self.name));
            return files.iter().map(|file| (file.key.to_string(), written(&file.value))).collect();
        }
        let name = self.text("as").unwrap_or("policy.json").to_owned();
        let content = ["policy", "text"].iter().find_map(|member| self.node.get(member));
        let content = content.unwrap_or_else(|| panic!("{}: no policy, text or files", self.name));
        vec![(name, self.padded(&written(content)))]
    }

    pub(crate) fn options(&self) -> Options {
        let principals =
            |member: &str| -> Vec<Principal> { self.texts(member).iter().map(|text| text.parse().unwrap()).collect() };
        let declared = Declared {
            account: self.text("account").map(|text| text.parse().unwrap()),
            workloads: principals("workload"),
            admins: principals("admin"),
            aliases: self.texts("alias"),
            trusted_accounts: self.texts("trusted-account").iter().map(|text| text.parse().unwrap()).collect(),
            trusted_orgs: self.texts("trusted-org"),
            resource_type: self.text("resource-type").map(str::to_owned),
            region: self.text("region").map(str::to_owned),
            partition: self.text("partition").map(str::to_owned),
        };
        let persona = self.text("persona").map_or(Persona::Auditor, |text| text.parse().unwrap());
        let ignore = self.texts("ignore").iter().map(|text| text.parse().unwrap()).collect();
        let selection = Selection { persona, ignore, ..Selection::default() };
        let kind = self.text("kind").map(|text| text.parse().unwrap());
        let today = self.text("today").map(|day| calendar::day(day).unwrap());
        let acceptance = Acceptance { entries: self.accepted(), whole: true, ..Acceptance::default() };
        let rule_options = self.rule_options();
        Options { declared, kind, selection, rule_options, today, acceptance, ..Options::default() }
    }

    /// The options of its rule.
    fn rule_options(&self) -> RuleOptions {
        let mut settled = RuleOptions::default();
        for written in self.node.get("options").and_then(Node::as_map).unwrap_or_default() {
            let rule = rules::find(&self.rule).unwrap();
            let option = rule.options.iter().find(|option| option.name == written.key).unwrap();
            let texts = || written.value.items().iter().map(|item| item.as_str().unwrap().to_owned()).collect();
            let value = match &written.value.value {
                Value::Number(number) => OptionValue::Number(number.parse().unwrap()),
                _ => OptionValue::Texts(texts()),
            };
            settled.set(rule, option, value);
        }
        settled
    }

    /// The entries of its `kpl.toml`.
    fn accepted(&self) -> Vec<Accepted> {
        let files = self.files();
        let Some(index) = files.iter().position(|(name, _)| name == FILE_NAME) else { return Vec::new() };
        let source = Source::of_text(Origin::File(FILE_NAME.into()), files[index].1.clone());
        let config = config::read(&source).unwrap();
        let entries = config
            .accepted
            .iter()
            .map(|entry| Accepted::read(entry, &Home::default(), &rules::Catalogue::default()).unwrap());
        entries.map(|entry| entry.placed(SourceId(u32::try_from(index).unwrap()))).collect()
    }
}

/// Reads a fixture file; nothing in it may be broken.
pub(crate) fn with_cases(path: &Path, list: &str, mut each: impl FnMut(&Case<'_>)) -> usize {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let source = Source::of_text(Origin::File(path.to_owned()), text);
    let tree = yaml::read(&source);
    let told: Vec<String> = tree
        .faults
        .iter()
        .map(|fault| format!("line {}: {}", source.position(fault.span.start).line, fault.cause.message(1)))
        .collect();
    assert!(told.is_empty(), "{}: {told:?}", path.display());
    let cases = tree.root.get(list).and_then(Node::as_list).unwrap_or_default();
    for node in cases {
        let name = node.get("name").and_then(Node::as_str).unwrap_or("(no name)").to_owned();
        let rule = path.file_stem().unwrap().to_str().unwrap().to_owned();
        each(&Case { name: format!("{}, {list}, {name}", path.display()), rule, node });
    }
    cases.len()
}

/// Files as the sources of a run.
pub(crate) fn sources(files: &[(String, String)]) -> (Sources, Vec<Input>) {
    let mut sources = Sources::default();
    let mut inputs = Vec::new();
    for (name, text) in files {
        let id = sources.push(Source::read(Origin::File(name.into()), text.clone().into_bytes()).unwrap());
        if name != FILE_NAME {
            inputs.push(Input { source: id, named: true, reported: true });
        }
    }
    (sources, inputs)
}

fn of_rule<'r>(report: &'r Report, rule: &str) -> Vec<&'r Finding> {
    report.findings.iter().filter(|finding| finding.rule.id == rule).collect()
}

/// What is found, in a form that a failing test can show.
pub(crate) fn told(report: &Report, sources: &Sources) -> Vec<String> {
    let show = |finding: &Finding| {
        let source = sources.get(finding.primary.span.source).unwrap();
        format!(
            "{}[{}] {} @ {}",
            finding.severity,
            finding.rule.id,
            finding.message,
            source.slice(finding.primary.span)
        )
    };
    report.findings.iter().map(show).collect()
}

fn fail(case: &Case<'_>, rule: &str) {
    let files = case.files();
    let options = case.options();
    let (sources, inputs) = sources(&files);
    let report = lint::lint(&sources, &inputs, &options);
    assert_eq!(report.problems, vec![], "{}", case.name);
    for finding in &report.findings {
        let is_declared = finding.code.is_none_or(|code| finding.rule.codes().any(|one| one == code));
        assert!(is_declared, "{}: {} declares no code {:?}", case.name, finding.rule.id, finding.code);
    }
    let told = told(&report, &sources);
    let found = of_rule(&report, rule);
    let marks = case.text("marks").unwrap_or_else(|| panic!("{}: no marks", case.name));
    let marks = &case.padded(marks);
    let message = case.text("message").unwrap_or_else(|| panic!("{}: no message", case.name));
    let right = found.iter().find(|finding| {
        let source = sources.get(finding.primary.span.source).unwrap();
        source.slice(finding.primary.span) == marks && finding.message == message
    });
    let finding = right.unwrap_or_else(|| {
        panic!("{}\n  wanted [{rule}] {message} @ {marks}\n  found {told:#?}", case.name);
    });
    if let Some(severity) = case.text("severity") {
        assert_eq!(finding.severity.word(), severity, "{}", case.name);
    } else {
        assert_eq!(finding.severity, finding.rule.severity, "{}: say its severity", case.name);
    }
    let code = case.text("code").or(finding.rule.code).filter(|code| *code != "none");
    assert_eq!(finding.code, code, "{}: say its code", case.name);
    assert!(finding.persona >= finding.rule.persona, "{}: a case may only be for a later persona", case.name);
    mended(case, rule, finding, &files, &options);
}

/// Each fix that may be applied makes its finding go, and breaks nothing.
fn mended(case: &Case<'_>, rule: &str, finding: &Finding, files: &[(String, String)], options: &Options) {
    let Some(fix) = finding.fix.as_ref().filter(|fix| fix.applicability != Applicability::DisplayOnly) else { return };
    let index = finding.primary.span.source.0 as usize;
    let mut files = files.to_vec();
    files[index].1 = Edit::apply(&files[index].1, &fix.edits);
    let (sources, inputs) = sources(&files);
    let report = lint::lint(&sources, &inputs, options);
    let left = of_rule(&report, rule).iter().filter(|left| left.message == finding.message).count();
    assert_eq!(left, 0, "{}: its fix does not mend it\n{}", case.name, files[index].1);
    let broken = of_rule(&report, "json-syntax").len() + of_rule(&report, "yaml-syntax").len();
    assert!(
        broken == 0 || rule == "json-syntax" || rule == "yaml-syntax",
        "{}: its fix breaks the file\n{}",
        case.name,
        files[index].1
    );
}

fn pass(case: &Case<'_>, rule: &str) {
    let (sources, inputs) = sources(&case.files());
    let report = lint::lint(&sources, &inputs, &case.options());
    assert_eq!(report.problems, vec![], "{}", case.name);
    let silent = report.findings.iter().all(|finding| finding.rule.id != rule && !finding.also.contains(&rule));
    assert!(silent, "{}\n  wanted no [{rule}]\n  found {:#?}", case.name, told(&report, &sources));
}

/// Set `RULE` to run the cases of one rule.
#[test]
fn every_rule_flags_its_fail_cases_and_none_of_its_pass_cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    let only = std::env::var("RULE").ok();
    for rule in rules::all().filter(|rule| only.as_deref().is_none_or(|only| only == rule.id)) {
        let path = folder.join(format!("{}.yaml", rule.id));
        let fails = with_cases(&path, "fail", |case| fail(case, rule.id));
        let passes = with_cases(&path, "pass", |case| pass(case, rule.id));
        assert!(fails > 0 && passes > 0, "{}: {fails} fail and {passes} pass cases", path.display());
    }
}

/// A value as YAML in block style; text without quotes where that means the same.
fn block_yaml(node: &Node<'_>, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match &node.value {
        Value::Map(members) if !members.is_empty() => {
            for member in members {
                out.extend(["\n", &pad, &plain(&member.key), ":"]);
                block_yaml(&member.value, indent + 2, out);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for item in items {
                out.extend(["\n", &pad, "-"]);
                block_yaml(item, indent + 2, out);
            }
        }
        Value::String(text) => out.extend([" ", &plain(text)]),
        _ => out.extend([" ", &print::compact(node)]),
    }
}

fn plain(text: &str) -> String {
    let is_letter = text.starts_with(|character: char| character.is_ascii_alphabetic());
    let is_plain = text.chars().all(|character| character.is_ascii_alphanumeric() || ":/*-_.".contains(character));
    let is_word = matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    if is_letter && is_plain && !text.ends_with(':') && !is_word { text.to_owned() } else { print::quoted(text) }
}

/// The findings of a rule on one file, and the file after each fix that may be applied.
fn fixed(name: &str, text: &str, rule: &str, options: &Options) -> Vec<(String, Option<String>)> {
    let (sources, inputs) = sources(&[(name.to_owned(), text.to_owned())]);
    let report = lint::lint(&sources, &inputs, options);
    let of_rule = of_rule(&report, rule).into_iter();
    of_rule
        .map(|finding| (finding.message.clone(), finding.fix.as_ref().map(|fix| Edit::apply(text, &fix.edits))))
        .collect()
}

#[test]
fn a_fix_that_is_offered_in_yaml_mends_it_as_it_does_in_json() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    let mut mended = 0;
    for rule in rules::all() {
        with_cases(&folder.join(format!("{}.yaml", rule.id)), "fail", |case| {
            let Some(policy) = case.node.get("policy") else { return };
            let mut text = String::new();
            block_yaml(policy, 0, &mut text);
            let flow = print::compact(policy);
            for text in [text, flow] {
                for (message, after) in fixed("policy.yaml", &text, rule.id, &case.options()) {
                    let Some(after) = after else { continue };
                    let left = fixed("policy.yaml", &after, rule.id, &case.options());
                    let broken = fixed("policy.yaml", &after, "yaml-syntax", &case.options());
                    let is_left = left.iter().any(|(left, _)| *left == message);
                    assert!(!is_left && broken.is_empty(), "{}\n{text}\n=>\n{after}", case.name);
                    mended += 1;
                }
            }
        });
    }
    assert!(mended > 100, "{mended}");
}
