//! Bad input: the message names file, cause and way out, the exit code is the contract's, and what else was given is
//! still checked.

use std::{fs, path::Path};

use crate::cli::{Ran, kpl};

const GOOD: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:eu-central-1:111122223333:key/*","Condition":{"Bool":{"aws:SecureTransport":true}}}]}"#;

/// A folder with a policy of which one warning is known, and one other file.
fn folder(name: &str, content: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.json"), GOOD).unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    folder
}

/// The other file's finding is there, whatever happened to this one.
fn keeps_the_others(ran: &Ran) {
    assert!(ran.stdout.contains("warning[kms-star-in-identity-policy]"), "{}\n{}", ran.stdout, ran.stderr);
}

fn check(folder: &Path, files: &[&str]) -> Ran {
    kpl(folder, &[&["check"], files].concat())
}

#[test]
fn an_empty_file_is_a_finding() {
    let folder = folder("empty.json", b"");
    let ran = check(folder.path(), &["good.json", "empty.json"]);
    assert!(ran.stdout.contains("error[json-syntax]: the file is empty"), "{}", ran.stdout);
    assert!(ran.stdout.contains("empty.json:1:1"));
    assert_eq!(ran.code, 1);
    keeps_the_others(&ran);
}

#[test]
fn a_folder_of_pictures_holds_no_policy_and_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.png", "b.jpg", "c.json"] {
        fs::write(folder.path().join(name), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0").unwrap();
    }
    let ran = check(folder.path(), &["."]);
    assert_eq!(ran.stdout, "no policies found\n");
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 0));
}

#[test]
fn a_picture_that_is_named_is_no_text() {
    let folder = folder("logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0");
    let ran = check(folder.path(), &["good.json", "logo.png"]);
    assert!(ran.stderr.contains("error: logo.png: it is not text"), "{}", ran.stderr);
    assert_eq!(ran.code, 2);
    keeps_the_others(&ran);
}

#[test]
fn a_policy_of_two_mebibytes_is_over_the_bound_and_the_option_is_named() {
    let filler = "\"kms:Decrypt\",".repeat((2 << 20) / 14);
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{filler}"kms:Encrypt"],"Resource":"*"}}]}}"#
    );
    let folder = folder("large.json", text.as_bytes());
    let ran = check(folder.path(), &["good.json", "large.json"]);
    assert!(ran.stderr.contains("error: large.json: a policy in it has more than 1048576 bytes"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--max-size"), "{}", ran.stderr);
    assert_eq!(ran.code, 2);
    keeps_the_others(&ran);
    let ran = check(folder.path(), &["large.json", "--max-size", "4000000"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = check(folder.path(), &["."]);
    assert!(ran.stderr.contains("note: large.json"), "{}", ran.stderr);
    assert_eq!(ran.code, 0);
}

#[test]
fn a_hundred_thousand_brackets_end_at_the_fixed_bound() {
    let folder = folder("deep.json", "[".repeat(100_000).as_bytes());
    let ran = check(folder.path(), &["good.json", "deep.json"]);
    assert!(ran.stderr.contains("error: deep.json: nested deeper than 128 levels"), "{}", ran.stderr);
    assert!(ran.stderr.contains("this bound is fixed"));
    assert_eq!(ran.code, 2);
    keeps_the_others(&ran);
    assert_eq!(check(folder.path(), &["."]).code, 0);
}

#[test]
fn a_byte_that_is_no_utf8_is_named_at_its_place() {
    let folder = folder("latin1.json", b"{\"Version\":\"2012-10-17\",\n\"Id\":\"caf\xe9\",\"Statement\":[]}");
    let ran = check(folder.path(), &["good.json", "latin1.json"]);
    assert!(ran.stdout.contains("error[json-syntax]: a byte that is no UTF-8"), "{}", ran.stdout);
    assert!(ran.stdout.contains("latin1.json:2:10"), "{}", ran.stdout);
    assert_eq!(ran.code, 1);
    keeps_the_others(&ran);
}

#[test]
fn half_a_surrogate_pair_is_named_at_its_place() {
    let folder = folder("half.json", br#"{"Version":"2012-10-17","Id":"\ud800","Statement":[]}"#);
    let ran = check(folder.path(), &["good.json", "half.json"]);
    assert!(ran.stdout.contains("error[json-syntax]: half of a surrogate pair"), "{}", ran.stdout);
    assert!(ran.stdout.contains("half.json:1:31"), "{}", ran.stdout);
    assert_eq!(ran.code, 1);
    keeps_the_others(&ran);
}

#[test]
fn no_command_reads_a_file_past_the_bound() {
    let folder = folder("large.json", b"");
    let large = fs::OpenOptions::new().write(true).open(folder.path().join("large.json")).unwrap();
    large.set_len((512 << 20) + 1).unwrap();
    for args in [
        &["prove", "keeps-admin", "large.json"][..],
        &["test", "large.json"],
        &["check", "--config", "large.json", "good.json"],
        &["check", "--reference", "large.json", "good.json"],
        &["check", "large.json"],
    ] {
        let ran = kpl(folder.path(), args);
        let told = "error: large.json: it has 536870913 bytes, more than 536870912";
        assert!(ran.stderr.contains(told) && ran.code == 2, "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_reference_that_is_named_is_believed_as_far_as_its_date_and_its_end_tell() {
    let table = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/service-reference.tsv")).unwrap();
    let of = |day: &str| table.replacen("date\t2026-10-27", &format!("date\t{day}"), 1);
    let folder = folder("typo.json", GOOD.replacen("kms:*", "kms:Decrypty", 1).as_bytes());
    let run = |reference: &str| {
        fs::write(folder.path().join("reference.tsv"), reference).unwrap();
        kpl(folder.path(), &["check", "--isolated", "--format", "concise", "--reference", "reference.tsv", "typo.json"])
    };
    let fresh = run(&of("9999-01-01"));
    assert!(fresh.stdout.contains("error[unknown-action] kms has no action `Decrypty`"), "{}", fresh.stdout);
    assert_eq!(fresh.code, 1);
    let old = run(&of("2020-01-01"));
    assert!(old.stdout.contains("warning[unknown-action] kms has no action `Decrypty`"), "{}", old.stdout);
    assert_eq!(old.code, 0);
    // What lists no actions would make each of them unknown.
    let cut = run(table.split_once("\naction\t").unwrap().0);
    assert!(cut.stderr.contains("error: reference.tsv: `") && cut.stderr.contains("breaks off"), "{}", cut.stderr);
    assert_eq!(cut.code, 2);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder("secret.json", GOOD.as_bytes());
    let secret = folder.path().join("secret.json");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&secret).is_ok() {
        // Whoever may read everything, as root may, cannot be refused.
        return;
    }
    let ran = check(folder.path(), &["good.json", "secret.json"]);
    assert!(ran.stderr.contains("error: secret.json: permission denied"), "{}", ran.stderr);
    assert_eq!(ran.code, 2);
    keeps_the_others(&ran);
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_named_with_its_target() {
    let folder = folder("other.txt", b"");
    std::os::unix::fs::symlink("gone.json", folder.path().join("link.json")).unwrap();
    let ran = check(folder.path(), &["good.json", "link.json"]);
    assert!(ran.stderr.contains("error: link.json: a link to gone.json, which does not exist"), "{}", ran.stderr);
    assert_eq!(ran.code, 2);
    keeps_the_others(&ran);
    let ran = check(folder.path(), &["."]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("note: link.json: a link to gone.json"), "{}", ran.stderr);
}

#[test]
fn a_path_that_is_missing_is_named() {
    let folder = folder("other.txt", b"");
    let ran = check(folder.path(), &["good.json", "gone.json"]);
    assert_eq!(ran.stderr, "error: gone.json: no such file or folder\n");
    assert_eq!(ran.code, 2);
    keeps_the_others(&ran);
}

#[test]
fn a_pattern_that_matches_nothing_is_named() {
    let folder = folder("other.txt", b"");
    let ran = check(folder.path(), &["good.json", "policies/*.json"]);
    assert_eq!(ran.stderr, "error: policies/*.json: no file matches\n");
    assert_eq!(ran.code, 2);
    keeps_the_others(&ran);
}

#[test]
fn a_file_of_no_recognised_kind_fails_unless_it_may_be_passed_over() {
    let folder = folder("package.json", br#"{"name": "x"}"#);
    let ran = check(folder.path(), &["good.json", "package.json"]);
    assert!(ran.stderr.contains("error: package.json: cannot tell what kind of file this is"), "{}", ran.stderr);
    assert_eq!(ran.code, 2);
    keeps_the_others(&ran);
    assert_eq!(check(folder.path(), &["package.json", "--if-policy"]).code, 0);
    assert_eq!(check(folder.path(), &["."]).code, 0);
}

#[test]
fn a_broken_file_in_a_walk_is_told_of_only_if_it_was_meant_as_a_policy() {
    let folder = folder("package.json", br#"{"name": "x",}"#);
    fs::write(folder.path().join("broken.json"), GOOD.replace("}]}", "}],}")).unwrap();
    let ran = check(folder.path(), &["."]);
    assert!(ran.stdout.contains("broken.json:1:"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("package.json"), "{}", ran.stdout);
    assert_eq!(ran.code, 1);
}

#[test]
fn what_gitignore_leaves_out_is_not_opened() {
    let folder = folder("ignored.json", GOOD.as_bytes());
    fs::write(folder.path().join(".gitignore"), "ignored.json\n").unwrap();
    let ran = check(folder.path(), &["."]);
    assert!(!ran.stdout.contains("ignored.json"), "{}", ran.stdout);
    keeps_the_others(&ran);
}

#[test]
fn stdin_is_read_under_the_name_it_is_given() {
    let folder = folder("other.txt", b"");
    let ran = crate::cli::kpl_with(folder.path(), &["check", "-", "--stdin-filename", "role.json"], GOOD.as_bytes());
    assert!(ran.stdout.contains("role.json:1:"), "{}", ran.stdout);
    keeps_the_others(&ran);
}

#[test]
fn stdin_may_begin_with_a_comment() {
    let folder = folder("other.txt", b"");
    let ran = crate::cli::kpl_with(folder.path(), &["check", "-"], format!("// mine\n{GOOD}").as_bytes());
    assert!(ran.stdout.contains("error[json-syntax]: a comment; JSON has none"), "{}", ran.stdout);
    keeps_the_others(&ran);
}

/// An object of many unknown members, and one of many missing commas: each within a second, not a minute.
#[test]
fn many_faults_of_one_kind_end_soon() {
    let members: Vec<String> = (0..40_000).map(|number| format!("\"m{number}\":1,")).collect();
    let members = members.concat();
    let folder = folder("members.json", format!("{{\"Version\":\"2012-10-17\",{members}\"Statement\":[]}}").as_bytes());
    let ran = check(folder.path(), &["members.json"]);
    assert!(ran.stdout.contains("more findings: --all shows them"), "{}", ran.stdout.len());
    let items = "\"kms:Decrypt\" ".repeat(20_000);
    let text =
        format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{items}],"Resource":"*"}}]}}"#);
    std::fs::write(folder.path().join("commas.json"), text).unwrap();
    let ran = check(folder.path(), &["commas.json"]);
    assert!(ran.stdout.contains("error[json-syntax]: 19999 commas are missing"), "{}", ran.stdout);
}

#[test]
fn context_is_looked_at_and_not_reported_on() {
    let folder =
        folder("describe-key.json", br#"{"KeyMetadata":{"AWSAccountId":"444455556666","KeySpec":"RSA_2048"}}"#);
    let key = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}]}"#;
    fs::write(folder.path().join("key.json"), key).unwrap();
    let ran = check(folder.path(), &["key.json", "--context", "describe-*.json"]);
    assert!(ran.stdout.contains("error[root-statement-wrong-account]"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("key-not-symmetric"), "{}", ran.stdout);
}
