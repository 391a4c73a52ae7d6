//! Every fix that the fixtures of the rules offer: what it leaves alone, and what it leaves behind.

use std::{fs, path::Path};

use kpl::{
    document,
    finding::{Applicability, Finding, Report},
    lint::{self, HeldBack, mend},
    rules,
    source::{Edit, Source, Sources},
};

use crate::{
    cli::{kpl, kpl_with},
    fixtures::{Case, sources, told, with_cases},
};

fn every_case(mut each: impl FnMut(&Case<'_>)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    for rule in rules::all() {
        let path = folder.join(format!("{}.yaml", rule.id));
        with_cases(&path, "fail", &mut each);
        with_cases(&path, "pass", &mut each);
    }
}

fn faults(source: &Source) -> usize {
    document::open(source, None).map_or(0, |documents| documents.iter().map(|document| document.faults.len()).sum())
}

fn offers(report: &Report, claim: Applicability) -> Vec<&Finding> {
    let is_offered = |finding: &&Finding| finding.fix.as_ref().is_some_and(|fix| fix.applicability <= claim);
    report.findings.iter().filter(is_offered).collect()
}

/// The text outside the edits, piece by piece, stands after them where it stood before.
fn leaves_the_rest_alone(before: &str, after: &str, edits: &[Edit]) {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.span.start);
    let (mut old, mut new) = (0, 0);
    for edit in edits {
        let range = edit.span.range();
        assert!(old <= range.start && range.start <= range.end, "edits overlap: {edit:?}");
        let piece = &before[old..range.start];
        assert_eq!(&after[new..new + piece.len()], piece);
        new += piece.len();
        assert_eq!(&after[new..new + edit.text.len()], edit.text);
        (old, new) = (range.end, new + edit.text.len());
    }
    assert_eq!(&after[new..], &before[old..]);
}

#[test]
fn a_fix_changes_one_file_and_only_where_it_says() {
    let mut fixes = 0;
    every_case(|case| {
        let (sources, inputs) = sources(&case.files());
        let report = lint::lint(&sources, &inputs, &case.options());
        for fix in report.findings.iter().filter_map(|finding| finding.fix.as_ref()) {
            let source = sources.get(fix.edits[0].span.source).unwrap();
            assert!(fix.edits.iter().all(|edit| edit.span.source == source.id), "{}: {fix:?}", case.name);
            let after = Edit::apply(source.text(), &fix.edits);
            assert_ne!(after, source.text(), "{}: {fix:?}", case.name);
            leaves_the_rest_alone(source.text(), &after, &fix.edits);
            fixes += 1;
        }
    });
    assert!(fixes > 100, "{fixes}");
}

/// Applies the fixes of a case, holds that every file can be read as before and that none of them is left, and says how
/// many were applied.
fn mended(case: &Case<'_>, claim: Applicability) -> (usize, Vec<HeldBack>) {
    let (mut sources, inputs) = sources(&case.files());
    let options = case.options();
    let before: Vec<usize> = sources.iter().map(faults).collect();
    let look = |sources: &Sources| lint::lint(sources, &inputs, &options);
    let report = look(&sources);
    let done = mend(&mut sources, report, claim, &options, &look);
    let left = offers(&done.report, claim);
    let is_damaged = sources.iter().any(|source| !source.damaged.is_empty());
    assert!(left.is_empty() || is_damaged, "{}: {:#?}", case.name, told(&done.report, &sources));
    for (source, before) in sources.iter().zip(before) {
        assert!(faults(source) <= before, "{}: {}", case.name, source.text());
    }
    (done.fixed, done.held_back)
}

/// A number with an exponent is none to the simulator, so to keep it alone may not be the same.
#[test]
fn after_the_safe_fixes_every_file_can_be_read_and_all_but_one_are_proven_to_keep_access() {
    let (mut fixed, mut held) = (0, Vec::new());
    every_case(|case| {
        let (count, held_back) = mended(case, Applicability::Safe);
        fixed += count;
        held.extend(held_back);
    });
    assert!(fixed > 50, "{fixed}");
    assert_eq!(held.len(), 1, "{held:#?}");
    assert_eq!((held[0].rule, held[0].title.as_str()), ("redundant-number", "keep 1.5e3"));
    assert!(held[0].reason.starts_with("it would no longer allow this request: "), "{}", held[0].reason);
}

#[test]
fn a_safe_fix_that_is_not_proven_to_keep_access_is_said_and_left() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*", "Condition": {"NumericLessThan": {"s3:max-keys": [10, 1.5e3]}}}]}"#;
    fs::write(folder.path().join("policy.json"), text).unwrap();
    let ran =
        kpl(folder.path(), &["check", "policy.json", "--fix", "--persona", "pedantic", "--select", "redundant-number"]);
    insta::assert_snapshot!(ran.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("policy.json")).unwrap(), text);
    kpl(
        folder.path(),
        &["check", "policy.json", "--fix", "--unsafe-fixes", "--persona", "pedantic", "--select", "redundant-number"],
    );
    let mended = fs::read_to_string(folder.path().join("policy.json")).unwrap();
    assert!(mended.contains("[1.5e3]"), "{mended}");
}

#[test]
fn the_unsafe_fixes_break_no_file_and_come_to_an_end() {
    every_case(|case| {
        mended(case, Applicability::Unsafe);
    });
}

const OLD: &str = r#"{"Version": "2008-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}]}"#;

#[test]
fn a_diff_writes_nothing_and_ends_with_1_where_something_would_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.json");
    fs::write(&path, OLD).unwrap();
    let ran = kpl(folder.path(), &["check", "policy.json", "--diff"]);
    let expected = format!(
        "--- policy.json\n+++ policy.json\n@@ -1 +1 @@\n-{OLD}\n\\ No newline at end of file\n+{}\n\\ No newline at end of file\n",
        OLD.replace("2008", "2012"),
    );
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.code), (expected.as_str(), "would fix 1\n", 1));
    assert_eq!(fs::read_to_string(&path).unwrap(), OLD);
    fs::write(&path, OLD.replace("2008", "2012")).unwrap();
    let ran = kpl(folder.path(), &["check", "policy.json", "--diff"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.code), ("", "nothing would change\n", 0));
}

#[test]
fn what_is_read_from_stdin_is_written_to_stdout_mended() {
    let folder = tempfile::tempdir().unwrap();
    let ran = kpl_with(folder.path(), &["check", "-", "--fix", "-q"], OLD.as_bytes());
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.code), (OLD.replace("2008", "2012").as_str(), "", 0));
}

#[test]
fn utf_16_stays_utf_16() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.json");
    let encoded =
        |text: &str| -> Vec<u8> { format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect() };
    fs::write(&path, encoded(OLD)).unwrap();
    kpl(folder.path(), &["check", "policy.json", "--fix", "--select", "version-old"]);
    assert_eq!(fs::read(&path).unwrap(), encoded(&OLD.replace("2008", "2012")));
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_permissions_are_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.json");
    fs::create_dir(folder.path().join("links")).unwrap();
    let link = folder.path().join("links/link.json");
    fs::write(&path, OLD).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("../policy.json", &link).unwrap();
    let ran = kpl(folder.path(), &["check", "links/link.json", "policy.json", "--fix"]);
    assert_eq!((ran.stderr.as_str(), ran.code), ("fixed 2, 0 remain\n", 0));
    assert!(fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
    assert_eq!(fs::read_to_string(&path).unwrap(), OLD.replace("2008", "2012"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    fs::write(&path, OLD).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
    let ran = kpl(folder.path(), &["check", "policy.json", "--fix"]);
    assert!(ran.stderr.contains("error: policy.json: it is read-only, so nothing was written\n"), "{}", ran.stderr);
    assert_eq!((fs::read_to_string(&path).unwrap().as_str(), ran.code), (OLD, 2));
}

#[test]
fn what_the_aws_cli_answered_is_a_copy_that_no_fix_touches() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer.json");
    let answer = serde_json::json!({"Policy": OLD, "PolicyName": "default"}).to_string();
    fs::write(&path, &answer).unwrap();
    let ran = kpl(folder.path(), &["check", "answer.json", "--fix", "--unsafe-fixes", "--persona", "auditor"]);
    assert!(ran.stdout.contains("version-old"), "{}", ran.stdout);
    assert!(ran.stderr.starts_with("fixed 0, "), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&path).unwrap(), answer);
}

#[test]
fn two_names_that_would_become_one_are_not_made_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.json");
    let statement = |sid: &str| {
        format!(
            r#"{{"Sid": "{sid}", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{sid}/*"}}"#
        )
    };
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}, {}]}}"#, statement("a b"), statement("a-b"));
    fs::write(&path, &text).unwrap();
    let ran = kpl(folder.path(), &["check", "policy.json", "--fix", "--select", "sid-invalid-chars,sid-duplicate"]);
    assert!(!ran.stdout.contains("sid-duplicate"), "{}", ran.stdout);
}
