//! The command as a user has it: what stands on the screen, in the JSON, and in the exit code.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// How a run of the command ended.
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

/// Runs the command in a folder, with nothing on stdin and no variables that change its looks.
pub(crate) fn kpl(folder: &Path, args: &[&str]) -> Ran {
    kpl_with(folder, args, b"")
}

/// Runs the command with something on stdin.
pub(crate) fn kpl_with(folder: &Path, args: &[&str], stdin: &[u8]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kpl"));
    command.args(args).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "TERM", "COLUMNS", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    run(&mut command, stdin)
}

fn run(command: &mut Command, stdin: &[u8]) -> Ran {
    let mut child = command.spawn().unwrap();
    // A command that does not read closes the pipe early.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code().unwrap() }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn seed(args: &[&str]) -> Ran {
    kpl(&root().join("fixtures/seed"), &[&["check"], args].concat())
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_no_success() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for args in [&["rules"][..], &["check", "fixtures/seed/as-pasted", "--format", "sarif", "--fail-on", "never"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kpl"));
        let ran = command.args(args).current_dir(root()).stdout(full()).output().unwrap();
        let told = String::from_utf8(ran.stderr).unwrap();
        assert!(told.contains("error: stdout: the report cannot be written: no space left on device"), "{told}");
        assert_eq!(ran.status.code(), Some(2));
    }
}

#[test]
fn the_article_as_pasted_on_the_screen() {
    let ran = seed(&["as-pasted"]);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 1));
}

#[test]
fn the_article_verbose_in_colour() {
    let ran = seed(&["blanks-normalised/key-policy.json", "-v", "--color", "always"]);
    insta::assert_snapshot!(ran.stdout.replace('\u{1b}', "␛"));
}

#[test]
fn the_mended_set_up_on_the_screen() {
    let ran = seed(&[
        "mended",
        "--workload",
        "arn:aws:iam::111122223333:role/kasten",
        "--admin",
        "arn:aws:iam::111122223333:role/key-admin",
    ]);
    assert_eq!(ran.stdout, "no findings in 2 files (2 policies)\n");
    assert_eq!(ran.code, 0);
}

#[test]
fn a_finding_as_json() {
    let ran = seed(&["blanks-normalised/kms-statement-wrapped.json", "--format", "json"]);
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_finding_inside_a_string_is_shown_in_the_outer_file() {
    let ran = kpl(&root().join("fixtures/documents"), &["check", "get-key-policy.json"]);
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_set_up_across_files_on_the_screen() {
    let args = ["check", "key-policy.json", "role-policy.json", "describe-key.json", "--alias", "alias/kasten"];
    let workload = ["--workload", "arn:aws:iam::111122223333:role/kasten"];
    let ran = kpl(&root().join("fixtures/documents"), &[&args[..], &workload].concat());
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn the_page_of_a_rule() {
    insta::assert_snapshot!(kpl(&root(), &["explain", "alias-condition-without-account-scope"]).stdout);
}

#[test]
fn an_unknown_rule_is_answered_with_the_one_that_was_meant() {
    let ran = kpl(&root(), &["explain", "public-key-polcy"]);
    assert_eq!(
        ran.stderr,
        "error: public-key-polcy: no rule has this name\n  help: did you mean `public-key-policy`? `kpl rules` lists all\n"
    );
    assert_eq!(ran.code, 2);
}

#[test]
fn the_catalogue_on_the_screen() {
    insta::assert_snapshot!(kpl(&root(), &["rules"]).stdout);
}

#[test]
fn the_catalogue_as_json_names_every_rule() {
    let ran = kpl(&root(), &["rules", "--format", "json"]);
    let catalogue: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let data = kpl::rules::declarative::shipped_names().filter(|file| file.rule.is_some()).count();
    assert_eq!(catalogue["rules"].as_array().unwrap().len(), kpl::rules::all().count() + data);
    assert_eq!(catalogue["rules"][0]["id"], "json-syntax");
}

#[test]
fn the_help_of_check() {
    insta::assert_snapshot!(kpl(&root(), &["check", "--help"]).stdout);
}

#[test]
fn what_is_selected_alone_speaks() {
    let ran = seed(&["as-pasted", "--select", "alias", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let families: Vec<_> = report["findings"].as_array().unwrap().iter().map(|finding| &finding["family"]).collect();
    assert_eq!(families, ["alias", "alias"]);
    assert_eq!(ran.code, 0);
}

#[test]
fn a_code_stands_for_the_findings_that_answer_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let policy = r#"{"Version": "2012-10-17", "Statement": [
        {"Action": "kms:ListKeys", "Resource": "*"},
        {"Effect": "allow", "Action": "kms:ListKeys", "Resource": "*"}
    ]}"#;
    std::fs::write(folder.path().join("policy.json"), policy).unwrap();
    let codes = |choice: &[&str]| {
        let ran = kpl(folder.path(), &[&["check", "policy.json", "--format", "json"], choice].concat());
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&["--select", "effect-invalid"]), ["MISSING_EFFECT", "INVALID_EFFECT"]);
    assert_eq!(codes(&["--select", "MISSING_EFFECT"]), ["MISSING_EFFECT"]);
    assert_eq!(codes(&["--select", "INVALID_EFFECT"]), ["INVALID_EFFECT"]);
    assert_eq!(codes(&["--select", "effect-invalid", "--ignore", "MISSING_EFFECT"]), ["INVALID_EFFECT"]);
}

#[test]
fn a_rule_that_is_ignored_leaves_the_word_to_the_one_it_supersedes() {
    let ran =
        seed(&["blanks-normalised/kms-statement-wrapped.json", "--ignore", "alias-condition-without-account-scope"]);
    assert!(ran.stdout.starts_with("warning[decrypt-on-all-keys]"), "{}", ran.stdout);
}

#[test]
fn a_severity_that_is_given_decides_the_exit() {
    let file = "blanks-normalised/kms-statement-wrapped.json";
    let rule = "alias-condition-without-account-scope";
    assert_eq!(seed(&[file]).code, 0);
    assert_eq!(seed(&[file, "--severity", &format!("{rule}=error")]).code, 1);
    assert_eq!(seed(&[file, "--fail-on", "warning"]).code, 1);
    assert_eq!(seed(&["as-pasted", "--fail-on", "never"]).code, 0);
}

#[test]
fn a_word_that_names_no_rule_is_a_mistake_of_usage() {
    let ran = seed(&["as-pasted", "--select", "public-key-polcy"]);
    assert!(ran.stderr.contains("did you mean `public-key-policy`?"), "{}", ran.stderr);
    assert_eq!(ran.code, 2);
}

#[test]
fn a_rule_that_could_not_be_asked_fails_the_run_only_where_that_is_asked_for() {
    let args = ["key.json", "--workload", "arn:aws:iam::111122223333:role/kasten"];
    let folder = tempfile::tempdir().unwrap();
    let key = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}]}"#;
    std::fs::write(folder.path().join("key.json"), key).unwrap();
    let plain = kpl(folder.path(), &[&["check"], &args[..]].concat());
    assert_eq!(plain.stdout, "no findings in 1 file (1 policy)\nnot evaluated: 1 (-v lists them)\n");
    assert_eq!(plain.code, 0);
    assert_eq!(kpl(folder.path(), &[&["check", "--fail-on-undecided"], &args[..]].concat()).code, 1);
    let told = kpl(folder.path(), &[&["check", "-v"], &args[..]].concat());
    assert!(told.stdout.contains("kms-minimum-missing in key.json: the workload"), "{}", told.stdout);
}

#[test]
fn same_input_same_bytes() {
    let one = seed(&["as-pasted", "blanks-normalised", "--format", "json"]);
    let other = seed(&["as-pasted", "blanks-normalised", "--format", "json"]);
    assert_eq!(one.stdout, other.stdout);
}

#[test]
fn colour_is_written_where_it_is_asked_for_alone() {
    let coloured = |env: &[(&str, &str)], args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kpl"));
        command.args(["check", "fixtures/seed/as-pasted"]).args(args).current_dir(root());
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "TERM"] {
            command.env_remove(name);
        }
        command.envs(env.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        run(&mut command, b"").stdout.contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&[], &["--color", "always"]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(coloured(&[("NO_COLOR", "1")], &["--color", "always"]));
}

#[test]
fn a_finding_a_line_for_tools_that_read_lines() {
    let ran = seed(&["blanks-normalised/kms-statement-wrapped.json", "--format", "concise", "-q"]);
    let line = "blanks-normalised/kms-statement-wrapped.json:10:19: warning[alias-condition-without-account-scope] keys of \
                other accounts with this alias are covered too\n";
    assert_eq!(ran.stdout, line);
    let ran = seed(&["as-pasted", "--format", "jsonl"]);
    let rules: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["rule"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(rules.len(), 16, "{rules:?}");
}

/// Many files at once: the order is that of their names, whichever thread was first.
#[test]
fn many_files_are_told_of_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]}"#;
    for number in 0..150 {
        std::fs::write(folder.path().join(format!("{number:03}.json")), policy).unwrap();
    }
    let ran = kpl(folder.path(), &["check", ".", "--format", "concise", "-q"]);
    let names: Vec<&str> = ran.stdout.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(names.len(), 150);
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn a_screen_shows_a_hundred_findings_unless_all_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let statement = r#"{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}"#;
    let error = r#"{"Effect":"Allow","Action":["a:b","kms:ViaService"],"Resource":"*"}"#;
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{},{error}]}}"#, [statement; 120].join(","));
    std::fs::write(folder.path().join("policy.json"), text).unwrap();
    let ran = kpl(folder.path(), &["check", "policy.json", "--select", "decrypt-on-all-keys,condition-key-as-action"]);
    assert_eq!(ran.stdout.matches("warning[").count(), 99);
    assert_eq!(ran.stdout.matches("error[").count(), 1);
    assert!(ran.stdout.contains("… 21 more findings: --all shows them"), "{}", ran.stdout);
    let ran = kpl(folder.path(), &["check", "policy.json", "--all", "--select", "decrypt-on-all-keys"]);
    assert_eq!(ran.stdout.matches("warning[").count(), 120);
}

#[cfg(not(feature = "live"))]
#[test]
fn a_kpl_without_fetch_says_how_to_get_one_that_has_it() {
    let ran = kpl(&root(), &["fetch", "account", "--out", "somewhere"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 2));
    assert!(
        ran.stderr.contains("this kpl was built without it") && ran.stderr.contains("--features live"),
        "{}",
        ran.stderr
    );
    let help = kpl(&root(), &["--help"]);
    assert!(!help.stdout.contains("fetch"), "{}", help.stdout);
}
