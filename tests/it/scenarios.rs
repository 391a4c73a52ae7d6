//! `kpl test` and `kpl simulate`, as a user has them.

use std::{fs, path::Path};

use crate::cli::{Ran, kpl};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the command in a folder that holds these files.
fn among(files: &[(&str, &str)], args: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    kpl(folder.path(), args)
}

const CASE: &str = r#"request: { principal: "arn:aws:iam::111122223333:role/app", action: "s3:GetObject", resource: "arn:aws:s3:::b/k" }"#;

const ALLOWS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

#[test]
fn every_scenario_of_the_documentation_holds() {
    let ran = kpl(root(), &["test", "fixtures/simulate"]);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 0), "{}", ran.stdout);
    let cases: usize = ran.stdout.split(' ').next().unwrap().parse().unwrap();
    assert!(cases >= 500, "{cases} cases are too few: are all files found?");
}

#[test]
fn a_failing_case_shows_why_it_got_what_it_got() {
    let text = format!(
        "cases:\n  - name: too hopeful\n    {CASE}\n    policies:\n      identity:\n        - Version: \"2012-10-17\"\n          Statement: {{ Sid: Read, Effect: Allow, Action: s3:GetObject, Resource: \"*\", Condition: {{ Bool: {{ aws:SecureTransport: true }} }} }}\n    expect: allowed\n"
    );
    let ran = among(&[("a.kpl-test.yaml", &text)], &["test"]);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 1));
}

#[test]
fn a_mistake_has_its_place_and_the_other_cases_and_files_still_run() {
    let broken = format!(
        "cases:\n  - name: misspelt\n    request: {{ principal: kasten, action: \"kms:*\", resorce: \"*\" }}\n    expect: alowed\n  - name: missing\n    {CASE}\n    policies: {{ identity: [none.json] }}\n    expect: allowed\n  - name: unknown operator\n    {CASE}\n    policies: {{ identity: [operator.json] }}\n    expect: allowed\n  - name: sound\n    {CASE}\n    expect: implicitly-denied\n"
    );
    let operator =
        ALLOWS.replace(r#""Resource":"*""#, r#""Resource":"*","Condition":{"StringEqual":{"aws:username":"x"}}"#);
    let sound = format!("cases:\n  - name: elsewhere\n    {CASE}\n    expect: implicitly-denied\n");
    let files = [("a.kpl-test.yaml", &*broken), ("b.kpl-test.yaml", &*sound), ("operator.json", &*operator)];
    let ran = among(&files, &["test"]);
    insta::assert_snapshot!(ran.stderr);
    assert_eq!((ran.stdout.as_str(), ran.code), ("2 cases in 2 files: 2 passed, 0 failed\n", 2));
}

#[test]
fn a_case_a_line_and_a_mistake_in_one_line() {
    let line = |expect: &str| {
        format!(
            r#"{{"name":"{expect}","request":{{"principal":"arn:aws:iam::111122223333:role/app","action":"s3:GetObject","resource":"*"}},"expect":"{expect}"}}"#
        )
    };
    let text = format!("{}\n{}\n\n{}\n", line("implicitly-denied"), "{\"name\": ", line("allowed"));
    let ran = among(&[("a.kpl-test.jsonl", &text)], &["test", "--format", "json"]);
    assert_eq!(ran.code, 2);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["summary"], serde_json::json!({ "passed": 1, "failed": 1 }));
    assert_eq!(report["cases"][0]["pass"], true);
    assert!(ran.stderr.contains("a.kpl-test.jsonl:2:"), "{}", ran.stderr);
}

#[test]
fn coverage_names_the_statements_that_no_case_exercised() {
    let two = ALLOWS.replace("}]}", r#"},{"Sid":"Write","Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}"#);
    let text = format!(
        "defaults: {{ policies: {{ identity: [two.json] }} }}\ncases:\n  - name: reads\n    {CASE}\n    expect: allowed\n"
    );
    let ran = among(&[("a.kpl-test.yaml", &text), ("two.json", &two)], &["test", "--coverage"]);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!(ran.code, 0);
}

#[test]
fn a_first_scenario_file_passes_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("policy.json"), ALLOWS).unwrap();
    let first = kpl(folder.path(), &["test", "--init", "policy.json"]);
    assert_eq!((first.stderr.as_str(), first.code), ("", 0));
    insta::assert_snapshot!(fs::read_to_string(folder.path().join("policy.kpl-test.yaml")).unwrap());
    assert_eq!(kpl(folder.path(), &["test"]).code, 0);
    // What is there is never overwritten.
    assert_eq!(kpl(folder.path(), &["test", "--init", "policy.json"]).code, 2);
}

#[test]
fn junit_has_a_case_for_each_case() {
    let text = format!("cases:\n  - name: a <b> & \"c\"\n    {CASE}\n    expect: allowed\n");
    let ran = among(&[("a.kpl-test.yaml", &text)], &["test", "--format", "junit"]);
    insta::assert_snapshot!(ran.stdout);
}

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn simulate(args: &[&str]) -> Ran {
    let request = ["simulate", "--principal", "arn:aws:iam::111122223333:role/kasten", "--resource", KEY];
    kpl(&root().join("fixtures/seed/mended"), &[&request[..], args].concat())
}

#[test]
fn one_request_on_the_screen() {
    let files = ["--identity", "kasten-iam-policy.json", "--key-policy", "key-policy.json"];
    let allowed =
        simulate(&[&["--action", "kms:Decrypt", "--context", "kms:ResourceAliases=alias/kasten"][..], &files].concat());
    insta::assert_snapshot!(allowed.stdout);
    assert_eq!(allowed.code, 0);
    let denied = simulate(&[&["--action", "kms:Decrypt"][..], &files].concat());
    insta::assert_snapshot!(denied.stdout);
    assert_eq!(denied.code, 1);
}

#[test]
fn layers_are_joined_from_paths() {
    let named = simulate(&[
        "--action",
        "kms:Encrypt",
        "--context",
        "kms:ResourceAliases=alias/kasten",
        ".",
        "--format",
        "json",
    ]);
    assert_eq!(named.code, 2, "a folder is no file of policies");
    let joined = simulate(&[
        "--action",
        "kms:Encrypt",
        "--context",
        "kms:ResourceAliases=alias/kasten",
        "kasten-iam-policy.json",
        "key-policy.json",
        "--format",
        "json",
    ]);
    let report: serde_json::Value = serde_json::from_str(&joined.stdout).unwrap();
    assert_eq!((&report["decision"], &report["because"]), (&"allowed".into(), &"identity".into()));
}

/// A plan with one policy of an organisation.
const SCP_IN_A_PLAN: &str = r#"{"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [{"address": "aws_organizations_policy.deny", "mode": "managed", "type": "aws_organizations_policy", "name": "deny", "provider_name": "registry.terraform.io/hashicorp/aws", "change": {"actions": ["create"], "before": null, "after": {"type": "SERVICE_CONTROL_POLICY", "content": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"}, "after_unknown": {}}}]}"#;

const SCP: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}"#;

#[test]
fn a_policy_that_limits_is_never_left_out_without_a_word() {
    let files = [("plan.json", SCP_IN_A_PLAN), ("scp.json", SCP)];
    let request = ["simulate", "--principal", "arn:aws:iam::111122223333:role/kasten", "--resource", KEY, "--action"];
    let seed = root().join("fixtures/seed/mended/key-policy.json");
    let with = |more: &[&str]| {
        let policies = ["kms:Decrypt", "--key-policy", seed.to_str().unwrap(), "plan.json"];
        among(&files, &[&request[..], &policies, more].concat())
    };
    let unnamed = with(&[]);
    insta::assert_snapshot!(unnamed.stderr);
    assert_eq!((unnamed.stdout.as_str(), unnamed.code), ("", 2));
    let named = with(&["--scp", "scp.json"]);
    assert!(named.stdout.starts_with("explicitly denied"), "{}{}", named.stdout, named.stderr);
    assert_eq!(named.code, 1);
}

#[test]
fn what_makes_no_sense_on_the_command_line_ends_with_2() {
    let ran = kpl(root(), &["simulate", "--principal", "kasten", "--action", "kms:*", "--resource", "key/1"]);
    insta::assert_snapshot!(ran.stderr);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 2));
}

#[test]
fn a_scenario_file_is_nothing_for_check_to_object_to() {
    let text = format!("cases:\n  - name: a\n    {CASE}\n    expect: allowed\n");
    let ran = among(&[("a.kpl-test.yaml", &text)], &["check", "a.kpl-test.yaml"]);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 0));
}
