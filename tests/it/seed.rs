//! The article's own documents: what must be found in them, where, and what must not.

use std::path::Path;

use kpl::{
    finding::Persona,
    lint::{self, Options, Selection},
};

use crate::fixtures;

/// Each finding as its rule and the text underlined.
fn found(folder: &str, file: &str, persona: Persona) -> Vec<(&'static str, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/seed").join(folder).join(file);
    let (sources, inputs) = fixtures::sources(&[(file.to_owned(), std::fs::read_to_string(path).unwrap())]);
    let selection = Selection { persona, ..Selection::default() };
    let report = lint::lint(&sources, &inputs, &Options { selection, ..Options::default() });
    let shown = |finding: &kpl::finding::Finding| {
        let source = sources.get(finding.primary.span.source).unwrap();
        (finding.rule.id, source.slice(finding.primary.span).to_owned())
    };
    report.findings.iter().map(shown).collect()
}

fn pair(rule: &'static str, text: &str) -> (&'static str, String) {
    (rule, text.to_owned())
}

fn key_policy() -> Vec<(&'static str, String)> {
    vec![
        pair("account-id-not-12-digits", "\"arn:aws:iam::123456789:root\""),
        pair("placeholder-left", "\"<kasten_iam_user_or_role>\""),
        pair("workload-has-kms-star", "\"kms:*\""),
    ]
}

fn role_policy() -> Vec<(&'static str, String)> {
    vec![
        pair("ebs-permission-missing", "\"Action\""),
        pair("condition-key-as-action", "\"ec2:ResourceTag/*\""),
        pair("delete-snapshot-tag-incomplete", "\"Kasten: Snapshot*\""),
        pair("alias-condition-without-account-scope", "\"*\""),
    ]
}

fn with_blanks(mut others: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    others.insert(0, pair("json-syntax", "\u{a0}"));
    others
}

#[test]
fn the_key_policy_has_these_mistakes_and_no_others() {
    assert_eq!(found("blanks-normalised", "key-policy.json", Persona::Regular), key_policy());
    assert_eq!(found("as-pasted", "key-policy.json", Persona::Regular), with_blanks(key_policy()));
}

#[test]
fn the_missing_sid_is_for_the_pedantic() {
    let found = found("blanks-normalised", "key-policy.json", Persona::Pedantic);
    assert!(found.contains(&pair("sid-missing", "\"Effect\": \"Allow\"")), "{found:?}");
}

#[test]
fn the_roles_policy_has_these_mistakes_and_no_others() {
    assert_eq!(found("blanks-normalised", "kasten-iam-policy.json", Persona::Regular), role_policy());
    assert_eq!(found("as-pasted", "kasten-iam-policy.json", Persona::Regular), with_blanks(role_policy()));
}

#[test]
fn the_bare_statements_are_read_as_parts_of_a_policy() {
    let key = vec![
        pair("policy-fragment", "{"),
        pair("placeholder-left", "\"<kasten_iam_user_or_role_arn>\""),
        pair("workload-has-kms-star", "\"kms:*\""),
    ];
    assert_eq!(found("blanks-normalised", "key-statement.json", Persona::Regular), key);
    let kms = vec![pair("policy-fragment", "{"), pair("alias-condition-without-account-scope", "\"*\"")];
    assert_eq!(found("blanks-normalised", "kms-statement.json", Persona::Regular), kms);
}

/// Where a text breaks off, nothing is said of what is missing: only what the whole text has too, at the same place.
#[test]
fn a_text_that_breaks_off_has_no_fault_that_the_whole_has_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/seed/blanks-normalised");
    for file in ["key-policy.json", "kasten-iam-policy.json"] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let looked_at = |text: &str| {
            let (sources, inputs) = fixtures::sources(&[(file.to_owned(), text.to_owned())]);
            let selection = Selection { persona: Persona::Auditor, ..Selection::default() };
            let report = lint::lint(&sources, &inputs, &Options { selection, ..Options::default() });
            let place = |finding: &kpl::finding::Finding| (finding.rule.id, finding.primary.span.start);
            report.findings.iter().map(place).collect::<Vec<_>>()
        };
        let whole = looked_at(&text);
        for end in (1..text.len()).filter(|end| text.is_char_boundary(*end)) {
            for found in looked_at(&text[..end]) {
                let is_syntax = ["json-syntax", "policy-fragment"].contains(&found.0);
                assert!(is_syntax || whole.contains(&found), "{file} up to {end}: {found:?}\n{}", &text[..end]);
            }
        }
    }
}
