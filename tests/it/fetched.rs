//! Folders as `kpl fetch` writes them: its manifest tells whose answers they are.

use std::{fs, path::Path};

use crate::cli::{Ran, kpl};

const USER: &str = "arn:aws:iam::111122223333:user/kasten";
const SHARED: &str = "arn:aws:iam::111122223333:policy/shared";
const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn policy(action: &str, resource: &str) -> String {
    let statement = format!(r#"{{"Sid": "Use", "Effect": "Allow", "Action": {action}, "Resource": "{resource}"}}"#);
    format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#)
}

const BOTH: &str = r#"["kms:Decrypt", "kms:Encrypt"]"#;

/// The answers about one user, each with its call; what the user may do comes by a group, within a boundary.
struct Folder {
    files: Vec<(&'static str, String, String)>,
    denied: Vec<&'static str>,
}

impl Folder {
    fn new(boundary: &str) -> Self {
        let key = format!(
            r#"{{"KeyMetadata": {{"KeyId": "{}", "Arn": "{KEY}", "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT",
                "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "KeyManager": "CUSTOMER", "Description": "Kasten"}}}}"#,
            &KEY[KEY.len() - 36..]
        );
        let root = r#"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Root\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"#;
        let version = |document: &str| {
            format!(r#"{{"PolicyVersion": {{"Document": {document}, "VersionId": "v1", "IsDefaultVersion": true}}}}"#)
        };
        let of_group =
            format!(r#"{{"GroupName": "backup", "PolicyName": "keys", "PolicyDocument": {}}}"#, policy(BOTH, KEY));
        let user = format!(
            r#"{{"User": {{"UserName": "kasten", "Arn": "{USER}", "PermissionsBoundary": {{"PermissionsBoundaryType": "Policy",
                "PermissionsBoundaryArn": "{SHARED}"}}}}}}"#
        );
        let shared = format!("aws iam get-policy-version --policy-arn {SHARED} --version-id v1");
        let attached = format!(r#"{{"AttachedPolicies": [{{"PolicyName": "shared", "PolicyArn": "{SHARED}"}}]}}"#);
        let files = [
            ("kms/key/describe-key.json", format!("aws kms describe-key --key-id {KEY}"), key),
            (
                "kms/key/get-key-policy.json",
                format!("aws kms get-key-policy --key-id {KEY} --policy-name default"),
                format!(r#"{{"Policy": "{root}", "PolicyName": "default"}}"#),
            ),
            ("iam/user/kasten/get-user.json", "aws iam get-user --user-name kasten".to_owned(), user),
            (
                "iam/user/kasten/list-groups-for-user.json",
                "aws iam list-groups-for-user --user-name kasten".to_owned(),
                r#"{"Groups": [{"GroupName": "backup"}]}"#.to_owned(),
            ),
            (
                "iam/group/backup/get-group-policy.keys.json",
                "aws iam get-group-policy --group-name backup --policy-name keys".to_owned(),
                of_group,
            ),
            (
                "iam/user/kasten/list-attached-user-policies.json",
                "aws iam list-attached-user-policies --user-name kasten".to_owned(),
                attached,
            ),
            ("iam/policy/shared/get-policy-version.json", shared.clone(), version(&policy(r#""s3:ListBucket""#, "*"))),
            ("iam/boundary/shared/get-policy-version.json", shared, version(boundary)),
        ];
        Self { files: files.into(), denied: Vec::new() }
    }

    fn without(mut self, file: &str) -> Self {
        self.files.retain(|(path, ..)| *path != file);
        self
    }

    fn check(&self, args: &[&str]) -> String {
        let ran = self.run(&[&["check", "--workload", USER, "-v", "--format", "json", "."], args].concat());
        assert_eq!(ran.stderr, "");
        ran.stdout
    }

    fn simulate(&self, principal: &str, action: &str, args: &[&str]) -> Ran {
        let request = ["simulate", "--principal", principal, "--action", action, "--resource", KEY];
        self.run(&[&request[..], args, &["."]].concat())
    }

    fn run(&self, args: &[&str]) -> Ran {
        let folder = tempfile::tempdir().unwrap();
        let mut calls = Vec::new();
        for (path, call, text) in &self.files {
            let full = folder.path().join(path);
            fs::create_dir_all(full.parent().unwrap_or(Path::new("."))).unwrap();
            fs::write(full, text).unwrap();
            calls.push(format!(r#"{{"call": "{call}", "outcome": "fetched", "file": "{path}"}}"#));
        }
        let denied =
            self.denied.iter().map(|call| format!(r#"{{"call": "{call}", "outcome": "denied", "file": null}}"#));
        calls.extend(denied);
        let manifest = format!(
            r#"{{"version": 1, "tool": "kpl 0.1.0", "account": "111122223333", "started": "2026-10-01T00:00:00Z", "calls": [{}]}}"#,
            calls.join(",")
        );
        fs::write(folder.path().join("manifest.json"), manifest).unwrap();
        kpl(folder.path(), args)
    }
}

fn not_evaluated(report: &str) -> bool {
    report.contains("the workload's own policies are not all among these files")
}

#[test]
fn what_a_user_may_do_by_a_group_is_read() {
    let report = Folder::new(&policy(r#""kms:*""#, KEY)).check(&[]);
    assert!(!report.contains("kms-minimum-missing"), "{report}");
    assert!(!not_evaluated(&report), "{report}");
}

#[test]
fn a_boundary_limits_the_user_and_is_no_policy_that_it_carries() {
    let report = Folder::new(&policy(r#"["kms:Encrypt", "s3:*"]"#, KEY)).check(&[]);
    assert!(report.contains("kms-minimum-missing"), "{report}");
    assert!(report.contains("its permissions boundary does not allow it"), "{report}");
    assert!(
        report.contains(r#""policy_kind": "boundary""#) || report.contains(r#""policy_kind":"boundary""#),
        "{report}"
    );
}

#[test]
fn a_policy_that_did_not_come_leaves_open_what_the_user_may_do() {
    let group = "iam/group/backup/get-group-policy.keys.json";
    let mut folder = Folder::new(&policy(r#""kms:*""#, KEY)).without(group);
    folder.denied = vec!["aws iam get-group-policy --group-name backup --policy-name keys"];
    let report = folder.check(&[]);
    assert!(not_evaluated(&report), "{report}");
    let shared =
        Folder::new(&policy(r#""kms:*""#, KEY)).without(group).without("iam/policy/shared/get-policy-version.json");
    assert!(not_evaluated(&shared.check(&[])));
    let bounded = Folder::new("{}").without("iam/boundary/shared/get-policy-version.json");
    assert!(bounded.check(&[]).contains("these files do not decide a condition or a resource"));
}

#[test]
fn a_request_is_decided_on_what_the_folder_tells_of_groups_and_of_the_boundary() {
    let folder = Folder::new(&policy(r#"["kms:Encrypt", "s3:*"]"#, "*"));
    let encrypt = folder.simulate(USER, "kms:Encrypt", &[]);
    insta::assert_snapshot!(encrypt.stdout);
    assert_eq!((encrypt.stderr.as_str(), encrypt.code), ("", 0));
    let decrypt = folder.simulate(USER, "kms:Decrypt", &[]);
    insta::assert_snapshot!(decrypt.stdout);
    assert_eq!((decrypt.stderr.as_str(), decrypt.code), ("", 1));
    // Another user carries nothing of it.
    let other = folder.simulate("arn:aws:iam::111122223333:user/other", "kms:Encrypt", &[]);
    assert!(other.stdout.starts_with("implicitly denied") && !other.stdout.contains("shared"), "{}", other.stdout);
}

#[test]
fn a_policy_that_did_not_come_leaves_the_answer_open_until_an_option_gives_it() {
    let mut folder = Folder::new(&policy(r#""kms:*""#, "*")).without("iam/policy/shared/get-policy-version.json");
    folder.files.push(("given.txt", "none".to_owned(), policy(r#""s3:ListBucket""#, "*")));
    let open = folder.simulate(USER, "kms:Encrypt", &[]);
    insta::assert_snapshot!(open.stdout);
    assert_eq!((open.stderr.as_str(), open.code), ("", 1));
    let given = folder.simulate(USER, "kms:Encrypt", &["--identity", "given.txt"]);
    assert!(given.stdout.starts_with("allowed"), "{}{}", given.stdout, given.stderr);
    let unbound = Folder::new("{}").without("iam/boundary/shared/get-policy-version.json");
    let told = unbound.simulate(USER, "kms:Encrypt", &[]);
    assert!(
        told.stderr.contains("the caller has a permissions boundary that is not in these files"),
        "{}",
        told.stderr
    );
}
