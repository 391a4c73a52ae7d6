//! Runs `fixtures/set-ups/audit.yaml`: every mistake of the article's set-up is found under its rule's name, at its place.

use std::{fs, path::Path};

use kpl::{
    document::Declared,
    finding::{Finding, Persona},
    lint::{self, Options, Selection},
    source::Sources,
};

use crate::fixtures::{self, Case};

/// The files of a row: its own, or those of a folder of `fixtures/seed`.
fn files(case: &Case<'_>) -> Vec<(String, String)> {
    let Some(seed) = case.text("seed") else { return case.files() };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/seed").join(seed);
    let mut names: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), fs::read_to_string(folder.join(name)).unwrap())).collect()
}

fn place(finding: &Finding, sources: &Sources) -> (String, String) {
    let source = sources.get(finding.primary.span.source).unwrap();
    (source.name(), source.slice(finding.primary.span).to_owned())
}

#[test]
fn every_mistake_of_the_article_is_found_under_its_rules_name_at_its_place() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/set-ups/audit.yaml");
    let rows = fixtures::with_cases(&path, "rows", |case| {
        let (sources, inputs) = fixtures::sources(&files(case));
        let selection = Selection { persona: Persona::Auditor, ..Selection::default() };
        let options = Options { selection, declared: Declared::default(), ..Options::default() };
        let report = lint::lint(&sources, &inputs, &options);
        let [rule, file, marks] = &case.texts("expect")[..] else { panic!("{}: rule, file and text", case.name) };
        let is_meant = |finding: &&Finding| match case.text("under") {
            None => finding.rule.id == rule,
            Some(over) => finding.rule.id == over && finding.also.contains(&rule.as_str()),
        };
        let mut found = report.findings.iter().filter(is_meant).map(|finding| place(finding, &sources));
        let is_there = found.any(|place| place == (file.clone(), marks.clone()));
        assert!(is_there, "{}: {:#?}", case.name, fixtures::told(&report, &sources));
    });
    assert!(rows >= 29);
}
