//! Findings that are accepted, as a user has them: entries, comments and baselines hide nothing without trace.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::cli::{Ran, kpl};

/// A key policy with more than one fault, as it grows over the years.
const MESSY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    { "Sid": "Everybody", "Effect": "Allow", "Principal": "*", "Action": ["kms:Decrypt", "kms:DecryptAll"], "Resource": "*" },
    { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" }, "Action": "kms:*", "Resource": "*" },
    { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::444455556666:role/app" }, "Action": "kms:ScheduleKeyDeletion",
      "Resource": "*" }
  ]
}
"#;

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (name, text) in files {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}\n{}\n{}", ran.stdout, ran.stderr))
}

/// The findings that count, by rule and what is underlined in `key.json`.
fn counted(folder: &Path, args: &[&str]) -> Vec<String> {
    let ran = kpl(folder, &[&["check", "--format", "json"], args].concat());
    let report = report(&ran);
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["suppressed"].is_null());
    findings
        .map(|finding| format!("{} {}", finding["rule"].as_str().unwrap(), finding["message"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_baseline_makes_the_next_run_silent_and_a_new_fault_in_the_same_statement_shows() {
    let repository = repository(&[("policies/key.json", MESSY)]);
    let root = repository.path();
    let ran = kpl(root, &["check", "--persona", "auditor", "--write-baseline", "known.json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let known = ran.stdout.lines().nth(1).unwrap().to_owned();
    assert!(ran.stdout.starts_with("no findings in 1 file (1 policy)\nsuppressed: "), "{}", ran.stdout);
    let again = kpl(root, &["check", "--persona", "auditor", "--baseline", "known.json"]);
    assert_eq!((again.code, again.stdout.lines().nth(1).unwrap()), (0, known.as_str()));
    assert_eq!(kpl(root, &["check", "--persona", "auditor"]).code, 1);

    // As `jq --sort-keys` writes it: a parser of its own, members sorted.
    let sorted: Value = serde_json::from_str(MESSY).unwrap();
    fs::write(root.join("policies/key.json"), serde_json::to_string_pretty(&sorted).unwrap()).unwrap();
    assert_eq!(counted(root, &["--persona", "auditor", "--baseline", "known.json"]), Vec::<String>::new());

    // From another folder, statements the other way round, with a name that was not there.
    let mut turned = sorted;
    turned["Statement"].as_array_mut().unwrap().reverse();
    turned["Statement"][0]["Sid"] = "Named".into();
    fs::write(root.join("policies/key.json"), turned.to_string()).unwrap();
    let inside = root.join("policies");
    assert_eq!(counted(&inside, &["--persona", "auditor", "--baseline", "../known.json"]), Vec::<String>::new());

    // One fault more of each kind, in the statements that already have one.
    let more = MESSY
        .replace(r#""kms:DecryptAll"]"#, r#""kms:DecryptAll", "kms:EncryptAll"]"#)
        .replace(r#""kms:ScheduleKeyDeletion""#, r#"["kms:ScheduleKeyDeletion", "kms:DisableKey"]"#);
    fs::write(root.join("policies/key.json"), more).unwrap();
    let shown = counted(root, &["--baseline", "known.json"]);
    let expected = [
        "unknown-action kms has no action `EncryptAll`",
        "cross-account-ineffective-action `kms:DisableKey` has no effect for account 444455556666",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_baseline_is_the_same_file_whatever_the_order_and_says_what_has_gone() {
    let repository = repository(&[("key.json", MESSY), ("kpl.toml", "baseline = \"known.json\"\n")]);
    let root = repository.path();
    kpl(root, &["check", "--write-baseline", "known.json"]);
    let first = fs::read_to_string(root.join("known.json")).unwrap();
    assert_eq!(kpl(&root.join(".git"), &["check", ".."]).code, 0);
    fs::write(root.join("key.json"), MESSY.replace("    {", "{")).unwrap();
    kpl(root, &["check", "--write-baseline", "known.json"]);
    assert_eq!(fs::read_to_string(root.join("known.json")).unwrap(), first);
    fs::write(root.join("key.json"), MESSY.replace("kms:DecryptAll", "kms:Encrypt")).unwrap();
    let ran = kpl(root, &["check"]);
    assert!(ran.stdout.contains("gone from the baseline: 1 (--write-baseline renews it)\n"), "{}", ran.stdout);
}

#[test]
fn a_baseline_that_is_none_is_underlined_and_nothing_is_checked() {
    let repository = repository(&[
        ("key.json", MESSY),
        ("other.json", "{\n  \"version\": 2,\n  \"findings\": []\n}\n"),
        ("broken.json", "{ \"version\": 1, \"findings\": [\n"),
        ("report.json", "{ \"version\": 1, \"findings\": [{ \"rule\": \"\\u001b[2J\" }] }\n"),
    ]);
    let run = |name: &str| kpl(repository.path(), &["check", "key.json", "--baseline", name]);
    let rans = ["other.json", "broken.json", "report.json", "none.json"].map(run);
    assert!(rans.iter().all(|ran| ran.stdout.is_empty() && ran.code == 2));
    let told: Vec<&str> = rans.iter().map(|ran| ran.stderr.as_str()).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_entry_suppresses_and_the_report_says_so() {
    let config = "[[ignore]]\nrule = \"public-key-policy\"\nsid = \"Every*\"\nreason = \"the demo key, see the \\u001b[31mwiki\\n::error::x\"\n";
    let repository = repository(&[("key.json", MESSY), ("kpl.toml", config)]);
    let root = repository.path();
    let args = ["check", "--select", "public-key-policy,suppression"];
    let ran = kpl(root, &args);
    let expected = "no findings in 1 file (1 policy)\nsuppressed: 1 (--show-suppressed lists them)\n";
    assert_eq!((ran.stdout.as_str(), ran.code), (expected, 0));
    let shown = kpl(root, &[&args[..], &["--show-suppressed"]].concat());
    insta::assert_snapshot!(shown.stdout);
    let report = report(&kpl(root, &[&args[..], &["--format", "json"]].concat()));
    assert_eq!((&report["summary"]["suppressed"], &report["summary"]["errors"]), (&1.into(), &0.into()));
    assert_eq!(report["findings"][0]["suppressed"]["kind"], "config");
    assert!(kpl(root, &[&args[..], &["--isolated"]].concat()).stdout.contains("error[public-key-policy]"));
}

#[test]
fn an_entry_is_called_unused_only_where_the_run_has_looked() {
    let config = "[[ignore]]\nrule = \"cross-account-principal\"\npath = \"b.json\"\nreason = \"a\"\n\n[[ignore]]\nrule = \"unknown-action\"\nsid = \"None\"\nreason = \"b\"\n";
    let clean = MESSY.replace("444455556666", "111122223333");
    let repository = repository(&[("a.json", MESSY), ("b.json", &clean), ("kpl.toml", config)]);
    let unused = |args: &[&str]| {
        let ran = kpl(repository.path(), &[&["check", "--format", "concise", "-q"], args].concat());
        let lines = ran.stdout.lines().filter(|line| line.contains("[unused-suppression]"));
        lines.map(|line| line.split(": ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(unused(&[]), ["kpl.toml:1:1", "kpl.toml:6:1"]);
    assert_eq!(unused(&["."]), ["kpl.toml:1:1", "kpl.toml:6:1"]);
    assert_eq!(unused(&["b.json"]), ["kpl.toml:1:1"]);
    assert_eq!(unused(&["a.json"]), Vec::<String>::new());
    assert_eq!(unused(&["--select", "suppression,public-key-policy"]), Vec::<String>::new());
}

#[test]
fn an_expired_entry_suppresses_nothing_and_the_date_can_be_fixed() {
    let config = "[[ignore]]\nrule = \"public-key-policy\"\nreason = \"the demo key\"\nexpires = 2026-11-23\n";
    let repository = repository(&[("key.json", MESSY), ("kpl.toml", config)]);
    // 2026-11-23 and the day after, 12 o'clock.
    let on = |seconds: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kpl"));
        command.args(["check", "key.json", "--select", "public-key-policy,suppression", "--color", "never"]);
        let output = command.current_dir(repository.path()).env("SOURCE_DATE_EPOCH", seconds).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    assert!(on("1795435200").0.contains("suppressed: 1"));
    let (shown, code) = on("1795521600");
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(shown);
}

#[test]
fn a_comment_suppresses_on_its_line_and_on_the_one_below() {
    let policy = "Version: 2012-10-17\nStatement:\n  - Sid: Everybody\n    Effect: Allow\n    Principal: \"*\" # kpl: ignore[public-key-policy] the demo key\n    \
                  # kpl: ignore[unknown-action] comes with the next reference\n    Action: [kms:DecryptAll, kms:Encrypt]\n    Resource: \"*\" # kpl: ignore[public-key-policy]\n    \
                  # kpl: ignore[no-such-rule] because\n";
    let repository = repository(&[("key.yaml", policy)]);
    let ran = kpl(
        repository.path(),
        &["check", "key.yaml", "--select", "public-key-policy,unknown-action,suppression", "--show-suppressed"],
    );
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_comment_of_jsonc_suppresses_like_one_of_yaml() {
    let statement = r#"{"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}"#;
    let policy = |above: &str, beside: &str| {
        format!("{{\"Version\": \"2012-10-17\", \"Statement\": [\n{above}\n{statement}, {beside}\n]}}\n")
    };
    let order = "kpl: ignore[public-key-policy] the demo key";
    let told = |text: String| {
        let repository = repository(&[("key.jsonc", &text)]);
        let args = ["check", "--format", "concise", "--select", "public-key-policy,suppression"];
        kpl(repository.path(), &args).stdout
    };
    let accepted = "no findings in 1 file (1 policy)\nsuppressed: 1 (--show-suppressed lists them)\n";
    assert_eq!(told(policy(&format!("// {order}"), "")), accepted);
    assert_eq!(told(policy(&format!("/* {order} */\n// more"), "")), accepted);
    assert_eq!(told(policy("", &format!("// {order}"))), accepted);
    let unused = told(policy(&format!("// {order}\n\"//\","), ""));
    assert!(unused.contains("key.jsonc:2:1: warning[unused-suppression]"), "{unused}");
}

#[test]
fn an_entry_without_a_reason_or_for_no_rule_is_an_error_at_its_place() {
    let config = "[[ignore]]\nrule = \"public-key-policy\"\npath = \"key.json\"\n";
    let repository = repository(&[("key.json", MESSY), ("kpl.toml", config)]);
    let run = || kpl(repository.path(), &["check", "key.json"]);
    let first = run();
    fs::write(
        repository.path().join("kpl.toml"),
        "[[ignore]]\nrule = [\"public-key-polcy\"]\npath = \"a[\"\nreason = \"a\"\n",
    )
    .unwrap();
    let second = run();
    assert_eq!((first.code, second.code, first.stdout.as_str(), second.stdout.as_str()), (2, 2, "", ""));
    insta::assert_snapshot!([first.stderr, second.stderr].join("\n"));
}
