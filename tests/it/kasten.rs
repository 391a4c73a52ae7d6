//! `kpl kasten check`: how the seven places of a set-up stand, on the screen, in the JSON and in the exit code.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{Ran, kpl};

fn check(args: &[&str]) -> Ran {
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/seed");
    kpl(&seed, &[&["kasten", "check"], args].concat())
}

#[test]
fn a_set_up_that_is_right_is_seven_lines_and_nothing_more() {
    let ran = check(&["set-up-mended"]);
    let expected = "\
key          ok           symmetric and enabled
key policy   ok           leaves it to the account's own policies
alias        ok           `alias/kasten` points to the key
permissions  ok           its policy allows kms:Encrypt and kms:Decrypt
trust        ok           the role's trust policy lets Kasten in
Helm values  ok           the service account has the role
                          `arn:aws:iam::111122223333:role/kasten`
Passkey      ok           the Passkey names the key

no findings in 7 files (3 policies)
";
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.code), (expected, "", 0));
}

#[test]
fn what_is_wrong_and_what_no_file_tells_stand_above_the_findings() {
    let ran = check(&["as-pasted"]);
    let expected = "\
key          cannot tell  no file describes the key; `aws kms describe-key`
                          would tell
key policy   wrong        104 no-break spaces (U+00A0) where JSON wants ordinary
                          blanks; 4 more below
alias        cannot tell  no file tells to which key `alias/kasten` points; `aws
                          kms list-aliases` would tell
permissions  wrong        268 no-break spaces (U+00A0) where JSON wants ordinary
                          blanks; 2 more below
trust        cannot tell  no file says how Kasten comes to its credentials; Helm
                          values would tell
Helm values  cannot tell  no Helm values among these files; `helm get values k10
                          -n kasten-io -o yaml` would tell
Passkey      cannot tell  no Passkey among these files; `kubectl get
                          passkeys.vault.kio.kasten.io -o yaml` would tell

";
    assert!(ran.stdout.starts_with(expected), "{}", ran.stdout);
    assert_eq!(ran.code, 1);
}

#[test]
fn the_json_has_the_seven_places_in_their_order() {
    let ran = check(&["set-up-mended/values.yaml", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let places: Vec<(&str, &str)> = report["kasten"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| (place["check"].as_str().unwrap(), place["state"].as_str().unwrap()))
        .collect();
    let expected = [
        ("key", "unknown"),
        ("key-policy", "unknown"),
        ("alias", "unknown"),
        ("permissions", "unknown"),
        ("trust", "unknown"),
        ("helm", "ok"),
        ("passkey", "unknown"),
    ];
    assert_eq!(places, expected);
    assert_eq!(
        report["kasten"][5]["because"],
        json!("the service account has the role `arn:aws:iam::111122223333:role/kasten`")
    );
}

#[test]
fn what_no_file_tells_ends_with_1_where_that_is_asked_for() {
    assert_eq!(check(&["set-up-mended/values.yaml"]).code, 0);
    assert_eq!(check(&["set-up-mended/values.yaml", "--fail-on-undecided"]).code, 1);
}

/// What the article's set-up does wrong, as files show it: the rule and the text underlined.
#[test]
fn every_mistake_of_the_articles_set_up_is_found_under_its_name_at_its_place() {
    let ran = check(&["set-up", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/seed");
    let told: Vec<(String, String)> =
        report["findings"].as_array().unwrap().iter().map(|finding| told(finding, &seed)).collect();
    let expected = [
        ("rotation-disabled", "false"),
        ("ebs-permission-missing", "\"Action\""),
        ("condition-key-as-action", "\"ec2:ResourceTag/*\""),
        ("delete-snapshot-tag-incomplete", "\"Kasten: Snapshot*\""),
        ("alias-condition-without-account-scope", "\"*\""),
        ("account-id-not-12-digits", "\"arn:aws:iam::123456789:root\""),
        ("workload-has-kms-star", "\"kms:*\""),
        ("passkey-name-not-rfc1123", "kmsKey_v2"),
        ("helm-value-path", "awsIamRole"),
    ];
    let expected: Vec<(String, String)> = expected.map(|(rule, text)| (rule.to_owned(), text.to_owned())).into();
    assert_eq!(told, expected);
    assert_eq!(ran.code, 1);
}

fn told(finding: &Value, folder: &Path) -> (String, String) {
    let text = std::fs::read_to_string(folder.join(finding["file"].as_str().unwrap())).unwrap();
    let offset = |end: &str| usize::try_from(finding["span"][end]["offset"].as_u64().unwrap()).unwrap();
    (finding["rule"].as_str().unwrap().to_owned(), text[offset("start")..offset("end")].to_owned())
}

#[test]
fn of_the_mended_set_up_auditors_alone_are_told_something() {
    let admin = ["--admin", "arn:aws:iam::111122223333:role/key-admin"];
    for persona in ["regular", "pedantic"] {
        let ran = check(&[&["set-up-mended", "--persona", persona], &admin[..]].concat());
        assert!(ran.stdout.ends_with("\n\nno findings in 7 files (3 policies)\n"), "{}", ran.stdout);
    }
}

fn line<'r>(ran: &'r Ran, place: &str) -> &'r str {
    ran.stdout.lines().find(|line| line.starts_with(place)).unwrap()
}

#[test]
fn what_a_plan_does_not_know_is_said_to_be_unknown() {
    let terraform = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/terraform");
    let ran = kpl(&terraform, &["kasten", "check", "kasten-aws.plan-create.json"]);
    // The role's ARN follows from its name; a policy that it may carry is not known.
    assert_eq!(
        line(&ran, "key policy"),
        "key policy   cannot tell  these files do not decide a condition, a principal or"
    );
    assert_eq!(line(&ran, "Passkey"), "Passkey      cannot tell  the key that it names is not told by these files");
}

#[test]
fn a_state_of_terraform_shows_key_policy_alias_and_permissions() {
    let terraform = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/terraform");
    let ran = kpl(&terraform, &["kasten", "check", "kasten-aws.state-show.json"]);
    assert_eq!(line(&ran, "key policy"), "key policy   ok           lets in `arn:aws:iam::123456789012:role/kasten`");
    assert_eq!(line(&ran, "alias"), "alias        ok           `alias/kasten` points to the key");
    assert_eq!(line(&ran, "Helm values"), "Helm values  wrong        `secrets.awsSecretAccessKey` is missing");
}

#[test]
fn a_line_is_wrong_until_its_finding_is_fixed_and_a_folder_without_kasten_is_no_failure() {
    let ran = check(&["set-up"]);
    let stands = |place| line(&ran, place).get(13..24).unwrap().trim_end().to_owned();
    assert_eq!(["key ", "key policy", "alias", "permissions"].map(stands), ["ok", "wrong", "ok", "wrong"]);
    assert_eq!(["trust", "Helm values", "Passkey"].map(stands), ["cannot tell", "wrong", "ok"]);
    assert_eq!(check(&["set-up", "--fail-on", "never"]).code, 0);
    assert_eq!(check(&["set-up-mended/describe-key.json"]).code, 0);
}
