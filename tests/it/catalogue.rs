//! Holds the catalogue to its rules.

use std::{collections::HashSet, fs, path::Path};

use kpl::rules;

#[test]
fn every_rule_has_a_name_of_its_own() {
    let mut seen = HashSet::new();
    for rule in rules::all() {
        assert!(seen.insert(rule.id), "two rules are called {}", rule.id);
        assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
    }
}

#[test]
fn every_rule_that_is_superseded_exists() {
    for rule in rules::all() {
        for lesser in rule.supersedes {
            assert!(rules::find(lesser).is_some(), "{} supersedes {lesser}, which is no rule", rule.id);
        }
    }
}

/// So that no code of Access Analyzer is lost.
#[test]
fn a_rule_with_a_code_is_superseded_only_by_one_with_the_same() {
    for rule in rules::all() {
        for lesser in rule.supersedes.iter().filter_map(|id| rules::find(id)) {
            assert!(lesser.code.is_none() || lesser.code == rule.code, "{} supersedes {}", rule.id, lesser.id);
        }
    }
}

#[test]
fn every_page_has_its_four_headings() {
    const HEADINGS: [&str; 4] = ["## What it does", "## Why it matters", "## How to fix it", "## Source"];
    for rule in rules::all() {
        let places: Vec<_> = HEADINGS.iter().map(|heading| rule.documentation.find(heading)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{}: {places:?}", rule.id);
    }
}

#[test]
fn every_fixture_belongs_to_a_rule() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_stem().unwrap().to_str().unwrap();
        assert!(rules::find(id).is_some(), "{} belongs to no rule", path.display());
    }
}
