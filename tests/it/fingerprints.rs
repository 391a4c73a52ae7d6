//! A fingerprint outlives a new layout: what every rule finds in its own fixtures keeps its fingerprint.

use std::{collections::BTreeMap, path::Path};

use kpl::{
    lint::{self, Options},
    rules,
};
use serde_json::Value;

use crate::fixtures;

/// How often each fingerprint of each rule is given out.
fn fingerprints(files: &[(String, String)], options: &Options) -> BTreeMap<(String, String), usize> {
    let (sources, inputs) = fixtures::sources(files);
    let mut count = BTreeMap::new();
    for finding in lint::lint(&sources, &inputs, options).findings {
        *count.entry((finding.rule.id.to_owned(), finding.fingerprint)).or_insert(0) += 1;
    }
    count
}

/// Statements, lists and members the other way round, and a name for each statement that has none.
fn turned(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().rev().map(turned).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), turned(value))).collect(),
        other => other.clone(),
    }
}

/// Of two members that exclude each other these flag the one that stands later, of two that are alike a parser keeps one.
const BY_ORDER: [&str; 5] = [
    "action-missing",
    "duplicate-member",
    "multi-valued-value-list-confusion",
    "principal-missing",
    "resource-missing",
];

/// As `jq --sort-keys` writes it: `serde_json`'s own objects are sorted by name.
#[test]
fn every_finding_keeps_its_fingerprint_in_a_new_layout() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    let mut cases = 0;
    for rule in rules::all().filter(|rule| !BY_ORDER.contains(&rule.id)) {
        fixtures::with_cases(&folder.join(format!("{}.yaml", rule.id)), "fail", |case| {
            let files = case.files();
            let parsed: Result<Vec<Value>, _> = files.iter().map(|(_, text)| serde_json::from_str(text)).collect();
            let Ok(parsed) = parsed else { return };
            let options = case.options();
            let before = fingerprints(&files, &options);
            let written = |to: &dyn Fn(&Value) -> String| -> Vec<(String, String)> {
                files.iter().zip(&parsed).map(|((name, _), value)| (name.clone(), to(value))).collect()
            };
            for (how, files) in [
                ("sorted", written(&|value| serde_json::to_string_pretty(value).unwrap())),
                ("in one line", written(&|value| value.to_string())),
                ("turned round", written(&|value| serde_json::to_string_pretty(&turned(value)).unwrap())),
            ] {
                let after = fingerprints(&files, &options);
                assert_eq!(before, after, "{}, {how}", case.name);
            }
            cases += 1;
        });
    }
    assert!(cases > 100, "{cases}");
}
