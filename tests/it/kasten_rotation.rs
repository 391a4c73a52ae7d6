//! `kpl kasten rotate-plan`: the article's order is refused where it cuts Kasten off, and the one that is given does not.

use std::{fs, path::Path, process::Command};

use crate::cli::{Ran, kpl};

const ROLE: &str = "arn:aws:iam::111122223333:role/kasten";

fn seed(args: &[&str]) -> Ran {
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/seed");
    kpl(&seed, &[&["kasten", "rotate-plan"], args].concat())
}

fn told(ran: &Ran) -> String {
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The article's set-up, with or without the statement for Kasten in the key policy, and the alias alone in the role's.
fn article(names_kasten: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/seed");
    for name in ["list-aliases.json", "describe-key.json", "role.json", "values.yaml", "passkey.yaml"] {
        fs::copy(seed.join("set-up-mended").join(name), folder.path().join(name)).unwrap();
    }
    let own = fs::read_to_string(seed.join("blanks-normalised/kasten-iam-policy.json")).unwrap();
    fs::write(folder.path().join("own.json"), own).unwrap();
    let mut key = fs::read_to_string(seed.join("blanks-normalised/key-policy.json")).unwrap();
    key = key.replace("123456789", "111122223333").replace("<kasten_iam_user_or_role>", ROLE);
    if !names_kasten {
        key = key.replace(ROLE, "arn:aws:iam::111122223333:role/key-admin");
    }
    fs::write(folder.path().join("key-policy.json"), key).unwrap();
    folder
}

fn plan(folder: &Path, args: &[&str]) -> Ran {
    kpl(folder, &[&["kasten", "rotate-plan", "."], args].concat())
}

#[test]
fn under_least_privilege_the_articles_order_is_refused_and_another_is_clean() {
    let folder = article(false);
    let ran = plan(folder.path(), &["--explain"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let told = told(&ran);
    assert!(told.contains("refused at step 2, move alias/kasten to the new key: Kasten may not decrypt"), "{told}");
    assert!(told.contains("an order that is clean at every step"), "{told}");
    assert!(told.contains("name alias/kasten-previous beside alias/kasten"), "{told}");
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn what_an_over_grant_hides_is_told() {
    let folder = article(true);
    let ran = plan(folder.path(), &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let told = told(&ran);
    assert!(
        told.contains("the key policy lets Kasten in by name, whatever the key's alias (key-policy.json:13"),
        "{told}"
    );
    assert!(told.contains("refused at step 2, move alias/kasten to the new key"), "{told}");
    assert!(told.contains("without the statement that names Kasten"), "{told}");
}

#[test]
fn a_role_that_may_use_the_second_alias_already_needs_no_other_policy() {
    let ran = seed(&["set-up-mended"]);
    let told = told(&ran);
    assert_eq!(ran.code, 0, "{told}");
    assert!(told.contains("give the old key alias/kasten-previous too"), "{told}");
    assert!(!told.contains("let the policies of kasten name"), "{told}");
}

#[test]
fn a_new_key_that_is_there_is_not_made() {
    let new = "arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321";
    let ran = seed(&["set-up-mended", "--new-key", new]);
    let told = told(&ran);
    assert_eq!(ran.code, 0, "{told}");
    assert!(!told.contains("create-key") && told.contains(&format!("awscmkkeyid: {new}")), "{told}");
}

#[test]
fn what_no_file_tells_ends_with_2() {
    let refused = |args: &[&str], because: &str| {
        let ran = seed(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        let told = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(because), "{told}");
    };
    refused(&["mended"], "no file says who Kasten is");
    refused(&["mended", "--workload", ROLE], "no file says which key Kasten uses");
    refused(&["set-up-mended/values.yaml", "set-up-mended/passkey.yaml"], "policy is not among these files");
    let same = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    refused(&["set-up-mended", "--new-key", same], "is the key that Kasten uses now");
    let elsewhere = "arn:aws:kms:us-east-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321";
    refused(&["set-up-mended", "--new-key", elsewhere], "another account or Region");
}

#[test]
fn a_key_that_kasten_cannot_use_has_no_clean_order() {
    let folder = article(false);
    let own = fs::read_to_string(folder.path().join("own.json")).unwrap();
    fs::write(folder.path().join("own.json"), own.replace("kms:Decrypt", "kms:DescribeKey")).unwrap();
    let ran = plan(folder.path(), &[]);
    assert_eq!(ran.code, 1);
    assert!(told(&ran).contains("no order is clean"), "{}", ran.stdout);
}

#[test]
fn a_script_stops_where_a_person_acts_and_looks_before_it_deletes() {
    let folder = article(true);
    let ran = plan(folder.path(), &["--format", "shell"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let order = [
        "pause 'take the statement",
        "NEW_KEY=$(",
        "create-alias",
        "sleep 300",
        "update-alias",
        "until [",
        "kubectl delete",
        "disable-key",
        "pause 'All restore points",
        "schedule-key-deletion",
    ];
    let found: Vec<Option<usize>> = order.iter().map(|word| ran.stdout.find(word)).collect();
    assert!(found.is_sorted() && !found.contains(&None), "{found:?}\n{}", ran.stdout);
    let script = folder.path().join("rotate.sh");
    fs::write(&script, &ran.stdout).unwrap();
    assert!(Command::new("sh").arg("-n").arg(&script).status().unwrap().success());
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_script_of_no_clean_order_does_nothing() {
    let folder = article(false);
    let own = fs::read_to_string(folder.path().join("own.json")).unwrap();
    fs::write(folder.path().join("own.json"), own.replace("kms:Decrypt", "kms:DescribeKey")).unwrap();
    let ran = plan(folder.path(), &["--format", "shell"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.ends_with("exit 1\n") && !ran.stdout.contains("aws "), "{}", ran.stdout);
}

#[test]
fn a_name_from_a_file_is_one_word_of_the_script() {
    let folder = article(false);
    let passkey = fs::read_to_string(folder.path().join("passkey.yaml")).unwrap();
    let passkey: Vec<&str> =
        passkey.lines().map(|line| if line.contains("name:") { "  name: \"a;touch x\"" } else { line }).collect();
    fs::write(folder.path().join("passkey.yaml"), passkey.join("\n")).unwrap();
    let ran = plan(folder.path(), &["--format", "shell"]);
    assert!(ran.stdout.contains("io 'a;touch x'\n"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_page_of_a_plan() {
    let folder = article(false);
    let ran = plan(folder.path(), &["--format", "markdown", "--explain"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_broken_key_policy_is_told_at_its_place() {
    let folder = article(false);
    fs::write(
        folder.path().join("key-policy.json"),
        r#"{"Policy": "{\"Version\": \"2012-10-17\", \"Statement\": [", "PolicyName": "default"}"#,
    )
    .unwrap();
    let ran = plan(folder.path(), &[]);
    assert!(ran.stderr.contains("key-policy.json:1:"), "{}", ran.stderr);
    assert!(ran.stderr.contains("the text is broken here"), "{}", ran.stderr);
    assert_ne!(ran.code, 0);
}
