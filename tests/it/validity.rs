//! Holds docs/validity.md to the catalogue, the fixtures and data/validity-status.tsv.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use kpl::rules;

use crate::fixtures;

/// What is known of one issue code of Access Analyzer.
#[derive(Default)]
struct Code {
    kind: String,
    state: String,
    note: String,
    rules: Vec<&'static str>,
    positives: usize,
    near_misses: usize,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every code, with the rules that answer to it and the cases that show it.
fn codes() -> BTreeMap<String, Code> {
    let table = fs::read_to_string(root().join("data/validity-status.tsv")).unwrap();
    let mut codes = BTreeMap::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [code, kind, state, note] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (kind, state, note) = (kind.to_owned(), state.to_owned(), note.to_owned());
        codes.insert(code.to_owned(), Code { kind, state, note, ..Code::default() });
    }
    for rule in rules::all() {
        for code in rule.codes() {
            let known =
                codes.get_mut(code).unwrap_or_else(|| panic!("{} answers to {code}, which is no code", rule.id));
            known.rules.push(rule.id);
        }
        let path = root().join(format!("fixtures/rules/{}.yaml", rule.id));
        fixtures::with_cases(&path, "fail", |case| {
            if let Some(code) = case.text("code").or(rule.code).and_then(|code| codes.get_mut(code)) {
                code.positives += 1;
            }
        });
        let answered: Vec<&str> = rule.codes().collect();
        fixtures::with_cases(&path, "pass", |case| {
            // A near miss that names no code tells of one only where its rule answers to no other.
            let only = answered.first().copied().filter(|_| answered.len() == 1);
            let code = case.text("code").or(only).filter(|code| answered.contains(code));
            if let Some(code) = code.and_then(|code| codes.get_mut(code)) {
                code.near_misses += 1;
            }
        });
    }
    codes
}

fn page(codes: &BTreeMap<String, Code>) -> String {
    let count = |state: &str| codes.values().filter(|code| code.state == state).count();
    let mut page = format!(
        "# What kpl answers of what Access Analyzer checks\n\n\
         `ValidatePolicy` of IAM Access Analyzer knows {} issue codes. This page says for each which rules answer to it, and how\n\
         that is known to be right. It is made by `tests/it/validity.rs` from the catalogue, the fixtures and\n\
         `data/validity-status.tsv`; `UPDATE_DOCS=1 cargo test validity` writes it anew.\n\n\
         - **confirmed** ({}): AWS's own answers for its managed policies say the same at the same places.\n\
         - **documented** ({}): from the page of the check; two positives and two near misses stand in the fixture.\n\
         - **partly** ({}): from that page, and not all of it; what is missing stands beside.\n\
         - **not answered** ({}): why stands beside.\n\n\
         | code | type | state | rules |\n| --- | --- | --- | --- |\n",
        codes.len(),
        count("confirmed"),
        count("documented"),
        count("partly"),
        count("none"),
    );
    for (name, code) in codes {
        let state = match (code.state.as_str(), code.note.as_str()) {
            ("none", note) => format!("not answered: {note}"),
            (state, "-") => state.to_owned(),
            (state, note) => format!("{state}: {note}"),
        };
        let rules: Vec<String> = code.rules.iter().map(|rule| format!("`{rule}`")).collect();
        let kind = code.kind.to_lowercase().replace('_', " ");
        writeln!(page, "| `{name}` | {kind} | {state} | {} |", rules.join(", ")).unwrap();
    }
    page
}

#[test]
fn every_code_of_access_analyzer_has_its_rule_and_its_cases() {
    let mut lacking = Vec::new();
    for (name, code) in codes() {
        let (rules, positives, near_misses) = (code.rules.len(), code.positives, code.near_misses);
        let fits = match code.state.as_str() {
            "none" => rules == 0,
            "confirmed" | "documented" | "partly" => rules > 0 && positives >= 2 && near_misses >= 2,
            _ => false,
        };
        if !fits {
            lacking.push(format!(
                "{name}, {}: {rules} rules, {positives} positives, {near_misses} near misses",
                code.state
            ));
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[test]
fn the_page_on_validity_says_what_the_catalogue_holds() {
    let path = root().join("docs/validity.md");
    let page = page(&codes());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/validity.md is old: UPDATE_DOCS=1 cargo test validity writes it anew");
}
