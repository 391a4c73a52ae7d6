//! Every attribute of the table, in every form in which Terraform may write a policy.

use std::{fs, path::Path};

use kpl::lint::{self, Options};

use crate::fixtures;

const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]}"#;

/// A text as a string of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// The table: resource type, path and kind.
fn attributes() -> Vec<[String; 3]> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/terraform-policy-attributes.tsv");
    let table = fs::read_to_string(path).unwrap();
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()).collect()
}

/// The values of a resource whose attribute at `path` is `policy`.
fn values(path: &str, policy: &str) -> String {
    match path.split_once("[].") {
        Some((block, name)) => format!(r#"{{"{block}": [{{"{name}": {policy}}}]}}"#),
        None => format!(r#"{{"{path}": {policy}}}"#),
    }
}

/// The kinds of the policies that are found, with their addresses.
fn found(text: String) -> Vec<(String, String)> {
    let (sources, inputs) = fixtures::sources(&[("plan.json".to_owned(), text)]);
    let report = lint::lint(&sources, &inputs, &Options::default());
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    let named = report.documents.iter().filter_map(|document| Some((document.policy_kind?, document.name.clone()?)));
    named.map(|(kind, name)| (kind.to_owned(), name)).collect()
}

#[test]
fn every_attribute_is_read_in_every_form() {
    let attributes = attributes();
    assert!(attributes.len() >= 79);
    let forms =
        [("a string", quoted(POLICY)), ("an object", POLICY.to_owned()), ("encoded twice", quoted(&quoted(POLICY)))];
    for [kind, path, told] in &attributes {
        let told = if told == "by-type" { "scp" } else { told };
        for (form, policy) in &forms {
            let values = values(path, policy);
            let address = format!("module.a[\\\"x.y\\\"].module.b.{kind}.this[0]");
            let resource = format!(
                r#""address": "{address}", "module_address": "module.a[\"x.y\"].module.b", "mode": "managed", "type": "{kind}", "name": "this", "index": 0, "provider_name": "registry.opentofu.org/hashicorp/aws""#
            );
            let plan = format!(
                r#"{{"format_version": "1.2", "resource_changes": [{{{resource}, "change": {{"actions": ["create"], "before": null, "after": {values}, "after_unknown": {{}}}}}}]}}"#
            );
            let state = format!(
                r#"{{"format_version": "1.0", "terraform_version": "1.9.0", "values": {{"root_module": {{"child_modules": [{{"child_modules": [{{"resources": [{{{resource}, "values": {values}}}]}}]}}]}}}}}}"#
            );
            let raw = format!(
                r#"{{"version": 4, "serial": 1, "lineage": "x", "resources": [{{"module": "module.a[\"x.y\"].module.b", "mode": "managed", "type": "{kind}", "name": "this", "instances": [{{"index_key": 0, "attributes": {values}}}]}}]}}"#
            );
            let expected = (told.to_owned(), address.replace('\\', ""));
            for text in [plan, state, raw] {
                assert_eq!(found(text.clone()), std::slice::from_ref(&expected), "{kind}.{path} as {form}: {text}");
            }
        }
    }
}

#[test]
fn an_attribute_that_is_not_known_is_said_to_be_open() {
    for [kind, path, _] in attributes() {
        let (after, unknown) = match path.split_once("[].") {
            Some((block, _)) => (format!(r#"{{"{block}": [{{}}]}}"#), values(&path, "true")),
            None => ("{}".to_owned(), values(&path, "true")),
        };
        let plan = format!(
            r#"{{"format_version": "1.2", "resource_changes": [{{"address": "{kind}.this", "mode": "managed", "type": "{kind}", "name": "this", "change": {{"actions": ["create"], "before": null, "after": {after}, "after_unknown": {unknown}}}}}]}}"#
        );
        let (sources, inputs) = fixtures::sources(&[("plan.json".to_owned(), plan)]);
        let report = lint::lint(&sources, &inputs, &Options::default());
        let is_told = report.findings.iter().any(|finding| finding.rule.id == "policy-unknown-at-plan");
        assert!(is_told, "{kind}.{path}: {:?}", report.findings);
    }
}
