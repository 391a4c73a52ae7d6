//! `kpl kasten generate`: what it writes is silent under every check and green in its own scenarios, whatever way Kasten
//! comes to its identity.

use std::{fs, path::Path};

use crate::cli::{Ran, kpl};

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ROLE: &str = "arn:aws:iam::111122223333:role/kasten";
const USER: &str = "arn:aws:iam::111122223333:user/kasten";
const PROVIDER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";

fn generate(folder: &Path, args: &[&str]) -> Ran {
    kpl(folder, &[&["kasten", "generate", "--alias", "kasten", "--out", "out"], args].concat())
}

/// Generates, checks with `further` options, and runs the scenarios; gives the folder.
fn silent_and_green(args: &[&str], further: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = generate(folder.path(), args);
    assert_eq!((made.code, made.stderr.as_str()), (0, ""), "{}", made.stdout);
    let checked = kpl(folder.path(), &[&["check", "out", "--persona", "pedantic"], further].concat());
    assert!(checked.stdout.starts_with("no findings in "), "{}", checked.stdout);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""));
    let tested = kpl(folder.path(), &["test", "out"]);
    assert!(tested.stdout.contains(" 0 failed"), "{}", tested.stdout);
    assert_eq!((tested.code, tested.stderr.as_str()), (0, ""));
    folder
}

fn places(folder: &Path, further: &[&str]) -> String {
    kpl(folder, &[&["kasten", "check", "out"], further].concat()).stdout
}

#[test]
fn a_user_with_access_keys() {
    let folder = silent_and_green(&["--user", USER, "--key", KEY, "--ebs"], &[]);
    let told = places(folder.path(), &["--workload", USER]);
    assert!(told.contains("permissions  ok           its policy allows kms:Encrypt and kms:Decrypt"), "{told}");
    assert!(!folder.path().join("out/trust-policy.json").exists());
}

#[test]
fn a_role_by_access_keys() {
    let folder = silent_and_green(&["--role", ROLE, "--user", USER, "--key", KEY, "--s3-export", "exports"], &[]);
    let told = places(folder.path(), &["--workload", ROLE]);
    assert!(told.contains("permissions  ok "), "{told}");
}

#[test]
fn a_role_by_the_identity_provider() {
    let folder = silent_and_green(
        &["--role", ROLE, "--oidc-provider", PROVIDER, "--key", KEY, "--ebs", "--s3-export", "exports"],
        &[],
    );
    let told = places(folder.path(), &[]);
    for place in ["key policy ", "permissions", "trust      ", "Helm values", "Passkey    "] {
        assert!(told.contains(&format!("{place}  ok ")), "{place}: {told}");
    }
}

#[test]
fn a_role_by_pod_identity_with_what_is_not_known() {
    let args = ["--role", ROLE, "--key", KEY, "--namespace", "backup", "--service-account", "k10"];
    let folder = silent_and_green(&args, &[]);
    let again = generate(folder.path(), &[&args[..], &["--force"]].concat());
    assert!(again.stdout.contains("is not known"), "{}", again.stdout);
    let trust = fs::read_to_string(folder.path().join("out/trust-policy.json")).unwrap();
    assert!(trust.contains(r#""aws:RequestTag/kubernetes-namespace": "backup""#), "{trust}");
}

#[test]
fn a_key_of_another_account() {
    let role = "arn:aws:iam::444455556666:role/kasten";
    let folder = silent_and_green(&["--role", role, "--oidc-provider", PROVIDER, "--key", KEY], &[]);
    let told = places(folder.path(), &[]);
    assert!(told.contains(&format!("key policy   ok           lets in `{role}`")), "{told}");
    let user = "arn:aws:iam::444455556666:user/kasten";
    silent_and_green(&["--user", user, "--key", KEY], &["--workload", user]);
    // The scenarios in the folder tell who is meant.
    silent_and_green(&["--user", user, "--key", KEY], &[]);
    silent_and_green(&["--user", user, "--role", role, "--key", KEY], &[]);
    silent_and_green(&["--role", role, "--key", KEY], &[]);
}

#[test]
fn china() {
    silent_and_green(
        &[
            "--role",
            "arn:aws-cn:iam::111122223333:role/kasten",
            "--oidc-provider",
            "oidc.eks.cn-north-1.amazonaws.com.cn/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
            "--key",
            "arn:aws-cn:kms:cn-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "--ebs",
            "--s3-export",
        ],
        &[],
    );
}

#[test]
fn the_united_states_government() {
    silent_and_green(
        &[
            "--role",
            "arn:aws-us-gov:iam::111122223333:role/backup/kasten",
            "--key",
            "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
            "--ebs",
            "--s3-export",
            "exports",
        ],
        &[],
    );
}

#[test]
fn a_new_installation_has_a_secret_in_place_of_the_passkey() {
    let folder = silent_and_green(&["--role", ROLE, "--oidc-provider", PROVIDER, "--key", KEY, "--bootstrap"], &[]);
    let told = places(folder.path(), &[]);
    assert!(told.contains("Passkey      ok "), "{told}");
    assert!(!folder.path().join("out/passkey.yaml").exists());
}

#[test]
fn nothing_is_written_over_unless_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--user", USER, "--key", KEY];
    assert_eq!(generate(folder.path(), &args).code, 0);
    let file = folder.path().join("out/key-policy.json");
    fs::write(&file, "mine").unwrap();
    fs::remove_file(folder.path().join("out/values.yaml")).unwrap();
    let again = generate(folder.path(), &args);
    assert_eq!((again.code, again.stdout.as_str()), (2, ""));
    assert!(
        again.stderr.contains("key-policy.json") && again.stderr.contains("nothing was written"),
        "{}",
        again.stderr
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert!(!folder.path().join("out/values.yaml").exists());
    assert_eq!(generate(folder.path(), &["--user", USER, "--key", KEY, "--force"]).code, 0);
    assert_ne!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn what_cannot_go_together_is_told_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |args: &[&str], because: &str| {
        let ran = generate(folder.path(), args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        let told = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(because), "{told}");
    };
    refused(&["--role", USER, "--key", KEY], "this is a user; give it with --user");
    refused(&["--user", ROLE, "--key", KEY], "this is a role; give it with --role");
    refused(&["--role", ROLE, "--key", ROLE], "this ARN is of `iam`, not of a KMS key");
    refused(&["--key", KEY], "--role <ARN>");
    refused(&["--role", "arn:aws-cn:iam::111122223333:role/kasten", "--key", KEY], "partition aws-cn");
    let foreign = format!("arn:aws:iam::444455556666:oidc-provider/{PROVIDER}");
    refused(&["--role", ROLE, "--key", KEY, "--oidc-provider", &foreign], "provider is of account 444455556666");
    let reserved = kpl(
        folder.path(),
        &["kasten", "generate", "--role", ROLE, "--key", KEY, "--alias", "alias/aws/ebs", "--out", "out"],
    );
    assert_eq!(reserved.code, 2);
    assert!(reserved.stderr.contains("reserved"), "{}", reserved.stderr);
    assert!(!folder.path().join("out").exists());
}

#[test]
fn no_secret_is_written_or_shown() {
    let folder = silent_and_green(&["--role", ROLE, "--user", USER, "--key", KEY], &[]);
    let values = fs::read_to_string(folder.path().join("out/values.yaml")).unwrap();
    assert!(values.contains("\"$AWS_SECRET_ACCESS_KEY\"") && !values.contains("AKIA"), "{values}");
}

#[test]
fn the_screen_of_a_set_up() {
    let folder = tempfile::tempdir().unwrap();
    let ran = generate(folder.path(), &["--role", ROLE, "--oidc-provider", PROVIDER, "--key", KEY, "--ebs"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(ran.stdout);
}
