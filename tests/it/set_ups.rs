//! Runs `fixtures/set-ups`: a set-up of three files, one part changed, and every finding that must then come, no other.

use std::path::Path;

use kpl::{
    document::Declared,
    finding::{Persona, Report},
    kasten,
    lint::{self, Options},
    source::{Origin, Source},
    syntax::{Node, print, yaml},
};

use crate::fixtures;

const FILES: [&str; 3] = ["key-policy.json", "role-policy.json", "describe-key.json"];

fn text<'n>(case: &'n Node<'n>, base: &'n Node<'n>, member: &str) -> &'n str {
    case.get(member).or_else(|| base.get(member)).and_then(Node::as_str).unwrap()
}

fn run(case: &Node<'_>, base: &Node<'_>) -> (Report, Vec<String>) {
    let content = |name: &str| case.get(name).or_else(|| base.get("files")?.get(name)).map(print::pretty).unwrap();
    let files: Vec<(String, String)> = FILES.iter().map(|name| ((*name).to_owned(), content(name))).collect();
    let (sources, inputs) = fixtures::sources(&files);
    let declared = Declared {
        account: None,
        workloads: vec![text(case, base, "workload").parse().unwrap()],
        admins: vec![text(case, base, "admin").parse().unwrap()],
        aliases: vec![text(case, base, "alias").to_owned()],
        trusted_accounts: Vec::new(),
        ..Declared::default()
    };
    let report = lint::lint(&sources, &inputs, &Options { declared, ..Options::default() });
    let told = fixtures::told(&report, &sources);
    (report, told)
}

#[test]
fn every_set_up_yields_what_it_names_and_nothing_else() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/set-ups/kasten.yaml");
    let file = Source::of_text(Origin::File(path.clone()), std::fs::read_to_string(path).unwrap());
    let tree = yaml::read(&file);
    assert_eq!(tree.faults, vec![]);
    let base = tree.root.get("base").unwrap();
    let cases = tree.root.get("cases").unwrap().items();
    assert!(cases.len() >= 12);
    for case in cases {
        let (report, told) = run(case, base);
        let found: Vec<String> =
            report.findings.iter().map(|finding| format!("{} {}", finding.severity, finding.rule.id)).collect();
        let expected: Vec<&str> = case.get("expect").unwrap().items().iter().filter_map(Node::as_str).collect();
        assert_eq!(found, expected, "{}: {told:#?}", case.get("name").and_then(Node::as_str).unwrap());
    }
}

#[test]
fn what_aws_documents_is_told_of_nothing() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/set-ups/documented.yaml");
    let cases = fixtures::with_cases(&path, "silent", |case| {
        let (sources, inputs) = fixtures::sources(&case.files());
        let mut options = case.options();
        options.selection.persona = Persona::Pedantic;
        let report = lint::lint(&sources, &inputs, &options);
        let told = fixtures::told(&report, &sources);
        assert!(told.is_empty(), "{}: {told:#?}", case.name);
    });
    assert!(cases >= 12);
}

#[test]
fn bad_input_is_told_by_the_rules_that_know_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/set-ups/bad-input.yaml");
    let cases = fixtures::with_cases(&path, "told", |case| {
        let (sources, inputs) = fixtures::sources(&case.files());
        let mut options = case.options();
        options.selection.persona = Persona::Regular;
        let report = lint::lint(&sources, &inputs, &options);
        let found: Vec<&str> = report.findings.iter().map(|finding| finding.rule.id).collect();
        assert_eq!(found, case.texts("expect"), "{}: {:#?}", case.name, fixtures::told(&report, &sources));
    });
    assert!(cases >= 8);
}

#[test]
fn every_place_of_a_set_up_stands_as_its_files_show() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/set-ups/places.yaml");
    let cases = fixtures::with_cases(&path, "places", |case| {
        let (sources, inputs) = fixtures::sources(&case.files());
        let report = kasten::check(&sources, &inputs, &Options::default(), &|| {});
        let stands: Vec<&str> = report.set_up.iter().map(|place| place.state.word()).collect();
        assert_eq!(stands, case.texts("stands"), "{}: {:#?}", case.name, report.set_up);
        for reason in case.texts("says") {
            let is_said = report.set_up.iter().any(|place| place.because == reason);
            assert!(is_said, "{}: {reason}\n{:#?}", case.name, report.set_up);
        }
        let mut found: Vec<&str> = report.findings.iter().map(|finding| finding.rule.id).collect();
        let mut wanted = case.texts("found");
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{}: {:#?}", case.name, fixtures::told(&report, &sources));
    });
    assert!(cases >= 17);
}
