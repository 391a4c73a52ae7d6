//! YAML as people have it, and as they should not: what is said of it, and that nothing is lost.

use std::fs;

use kpl::render::Format;

use crate::cli::{Ran, kpl};

const PASSKEY: &str = "apiVersion: vault.kio.kasten.io/v1alpha1\nkind: Passkey\nmetadata: { name: kms-key }\nspec:\n  usenow: true\n  awscmkkeyid: arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\n";

const POLICY: &str = "Version: 2012-10-17\nStatement:\n  - { Effect: Allow, Action: s3:GetObjekt, Resource: \"*\" }\n";

fn check_with(files: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), text).unwrap();
    }
    kpl(folder.path(), &[&["check"], arguments].concat())
}

fn check(name: &str, text: &str) -> Ran {
    check_with(&[(name, text)], &[name, "--color", "never"])
}

#[test]
fn aliases_that_expand_without_end_are_told_and_the_rest_is_checked() {
    let level = |level: usize| format!("l{level}: &l{level} [{}]\n", format!("*l{}, ", level - 1).repeat(10));
    let levels: String = (1..40).map(level).collect();
    let ran = check("laughs.yaml", &format!("l0: &l0 lol\n{levels}---\n{POLICY}"));
    assert!(ran.stdout.contains("error[yaml-syntax]: its aliases expand to too many nodes"), "{}", ran.stdout);
    assert!(ran.stdout.contains("s3 has no action `GetObjekt`"), "{}", ran.stdout);
    assert_eq!(ran.code, 1);
}

#[test]
fn a_tab_that_indents_is_told_at_its_place() {
    let ran = check("policy.yaml", "Version: 2012-10-17\nStatement:\n\t- Effect: Allow\n");
    assert!(ran.stdout.contains("error[yaml-syntax]: a tab"), "{}", ran.stdout);
    assert!(ran.stdout.contains("policy.yaml:3:1"), "{}", ran.stdout);
    assert_eq!(ran.code, 1);
}

#[test]
fn a_line_of_ten_mebibytes_is_read_and_shown_in_part() {
    let text = format!("{{Version: 2012-10-17, Id: {}, Statement: []}}\n", "x".repeat(10 << 20));
    let ran = check_with(&[("p.yaml", &text)], &["p.yaml", "--max-size", "20000000"]);
    assert!(ran.stdout.contains("[statement-missing]"), "{:.500}", ran.stdout);
    assert!(ran.stdout.len() < 4000);
    let ran = check_with(&[("p.yaml", &text)], &["p.yaml"]);
    assert!(ran.stderr.contains("a policy in it has more than 1048576 bytes"), "{:.500}", ran.stderr);
    assert_eq!(ran.code, 2);
}

#[test]
fn a_plan_with_a_line_of_ten_mebibytes_is_read_and_shown_in_part() {
    let long = "x".repeat(10 << 20);
    let policy = r#"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"#;
    let plan = format!(
        r#"{{"format_version":"1.2","resource_changes":[{{"address":"aws_iam_policy.p","type":"aws_iam_policy","name":"p","change":{{"actions":["create"],"after":{{"description":"{long}","policy":"{policy}"}}}}}}]}}"#
    );
    let ran = check("plan.json", &plan);
    assert!(ran.stdout.contains("[kms-star-in-identity-policy]") && ran.stdout.len() < 4000, "{:.500}", ran.stdout);
}

#[test]
fn a_name_that_stands_twice_is_told_where_it_stands_again() {
    let yaml = POLICY.replace("Action: s3:GetObjekt", "Action: s3:GetObjekt, Action: s3:GetObject");
    let json = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObjekt", "Action": "s3:GetObject", "Resource": "*"}]}"#;
    for (name, text, place) in [("policy.yaml", yaml.as_str(), ":3:44"), ("policy.json", json, ":1:87")] {
        let ran = check(name, text);
        assert!(ran.stdout.contains("error[duplicate-member]: `Action` stands here twice"), "{}", ran.stdout);
        assert!(ran.stdout.contains(&format!("{name}{place}")), "{}", ran.stdout);
        assert!(ran.stdout.contains("s3 has no action `GetObjekt`"), "{}", ran.stdout);
    }
}

#[test]
fn hundreds_of_comment_lines_before_a_key_are_no_trouble() {
    let comments = "  # why\n".repeat(500);
    let ran = check("policy.yaml", &format!("Version: 2012-10-17\nStatement:\n{comments}{}", &POLICY[31..]));
    assert!(ran.stdout.contains("policy.yaml:503:30"), "{}", ran.stdout);
    assert!(ran.stdout.contains("s3 has no action `GetObjekt`"), "{}", ran.stdout);
}

#[test]
fn values_of_another_chart_are_recognised_by_name_and_passed_over_in_a_walk() {
    let values = "replicas: 3\nimage: { tag: 1.2 }\n";
    let ran = check("values.yaml", values);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n";
    let ran = check("web.yaml", manifest);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let ran = check("notes.yaml", values);
    assert!(ran.stderr.contains("cannot tell what kind of file this is"), "{}", ran.stderr);
    assert_eq!(ran.code, 2);
    let ran = check_with(&[("values.yaml", values), ("web.yaml", manifest), ("notes.yaml", values)], &["."]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.code), ("no policies found\n", "", 0));
}

#[test]
fn a_template_that_is_no_yaml_is_noted_and_hides_nothing() {
    let ran = check("chart/templates/policy.yaml", &format!("- {{{{ .x }}}}\nStatement: Effect\n---\n{POLICY}"));
    assert!(ran.stderr.contains("note: chart/templates/policy.yaml: a template that is no YAML"), "{}", ran.stderr);
    assert!(ran.stdout.contains("s3 has no action `GetObjekt`"), "{}", ran.stdout);
    assert_eq!(ran.code, 1);
}

#[test]
fn every_document_of_a_file_has_its_own_address() {
    let ran = check_with(&[("all.yaml", &format!("{PASSKEY}---\n{POLICY}"))], &["all.yaml", "-v"]);
    assert!(ran.stdout.contains("all.yaml, Passkey/kms-key: kubernetes-manifest"), "{}", ran.stdout);
    assert!(ran.stdout.contains("all.yaml, #2: identity policy"), "{}", ran.stdout);
}

#[test]
fn a_policy_of_json_in_a_config_map_is_told_at_its_line() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: iam }\ndata:\n  policy.json: |\n    {\n      \"Version\": \"2012-10-17\",\n      \"Statement\": [{ \"Effect\": \"Allow\",\n        \"Action\": \"s3:GetObjekt\", \"Resource\": \"*\" }]\n    }\n";
    let ran = check("map.yaml", text);
    assert!(ran.stdout.contains("map.yaml:9:19"), "{}", ran.stdout);
    let broken = text.replace("\"2012-10-17\",", "\"2012-10-17\"");
    let ran = check("map.yaml", &broken);
    assert!(ran.stdout.contains("error[json-syntax]: no comma before the next item"), "{}", ran.stdout);
}

/// Secrets of every kind that a report could show by accident.
const SECRETS: [&str; 6] = [
    "AKIAIOSFODNN7REAL000",
    "wJalrXUtnFEMIREAL",
    "Y29ycmVjdGhvcnNl",
    "correcthorse",
    "hunter2hunter2",
    "bGFzdGFwcGxpZWQ",
];

fn keeps_quiet(ran: &Ran) {
    for secret in SECRETS {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{secret}\n{}", ran.stdout);
    }
}

#[test]
fn no_format_shows_a_secret() {
    let values = "secrets: { awsAccessKeyId: AKIAIOSFODNN7REAL000, awsSecretAccessKey: wJalrXUtnFEMIREAL, awsIamRole: kasten }\nauth: { basicAuth: { enabled: true, htpasswd: hunter2hunter2 } }\n";
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: k10-cluster-passphrase, namespace: kasten-io, annotations: { kubectl.kubernetes.io/last-applied-configuration: '{\"data\":{\"p\":\"bGFzdGFwcGxpZWQ\"}}' } }\ndata: { passphrase: Y29ycmVjdGhvcnNl, awscmkkeyid: Y29ycmVjdGhvcnNl }\nstringData: { passphrase: correcthorse }\nx: [1\n";
    let anchored = "k: &k wJalrXUtnFEMIREAL\nsecrets: { awsIamRole: kasten, awsSecretAccessKey: *k }\nk: 1\n";
    let unclosed = "apiVersion: v1\nkind: Secret\nstringData:\n  a: \"correcthorse\n  b: hunter2hunter2 \"\"\n";
    let files =
        [("values.yaml", values), ("secret.yaml", secret), ("values2.yaml", anchored), ("unclosed.yaml", unclosed)];
    for format in Format::ALL.map(Format::word) {
        let ran = check_with(
            &files,
            &[
                "values.yaml",
                "secret.yaml",
                "values2.yaml",
                "unclosed.yaml",
                "--format",
                format,
                "--persona",
                "auditor",
            ],
        );
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        keeps_quiet(&ran);
    }
}
