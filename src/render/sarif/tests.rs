use serde_json::{Value, json};

use super::*;
use crate::{
    finding::{Applicability, DocumentInfo, Suppression, SuppressionKind},
    render::samples::{TOOL, finding, report, sources},
    source::{Edit, SourceId},
};

fn run(report: &Report, sources: &Sources) -> Value {
    let mut log: Value = serde_json::from_str(&sarif(report, sources, &TOOL)).unwrap();
    log["runs"][0].take()
}

#[test]
fn a_result_names_its_rule_its_place_and_its_fix() {
    let sources = sources(&[("/srv/plans/plan one.json", "{ \"é\": \"*\" }")]);
    let mut found = finding(&sources, 0, "\"*\"").help("name it");
    let span = found.primary.span;
    found = found.related(span, "here").fix("take it away", Applicability::Safe, vec![Edit::remove(span)]);
    found.primary.path = "/Statement/0/Principal".to_owned();
    found.fingerprint = "0123".to_owned();
    let mut report = report(vec![found]);
    report.documents.push(DocumentInfo {
        source: SourceId(0),
        name: Some("module.kms.aws_kms_key.this".to_owned()),
        kind: "terraform-plan",
        policy_kind: Some("key"),
        because: String::new(),
        reported: true,
        unchanged: false,
    });
    let place = json!({
        "artifactLocation": {"uri": "plans/plan%20one.json"},
        "region": {"startLine": 1, "startColumn": 8, "endLine": 1, "endColumn": 11},
    });
    let expected = json!([{
        "ruleId": "public-key-policy",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "anyone may use this key\nhelp: name it"},
        "locations": [{
            "physicalLocation": place,
            "logicalLocations": [{"fullyQualifiedName": "module.kms.aws_kms_key.this", "kind": "resource"}],
        }],
        "relatedLocations": [{"id": 1, "physicalLocation": place, "message": {"text": "here"}}],
        "partialFingerprints": {"primaryLocationLineHash": "0123", "kpl/v1": "0123"},
        "fixes": [{
            "description": {"text": "take it away (safe)"},
            "artifactChanges": [{
                "artifactLocation": place["artifactLocation"],
                "replacements": [{"deletedRegion": place["region"], "insertedContent": {"text": ""}}],
            }],
        }],
        "properties": {"confidence": "high", "path": "/Statement/0/Principal"},
    }]);
    assert_eq!(run(&report, &sources)["results"], expected);
}

#[test]
fn where_one_finding_is_suppressed_every_result_says_whether_it_is() {
    let sources = sources(&[("key.json", "\"*\"")]);
    let mut suppressed = finding(&sources, 0, "\"*\"");
    suppressed.suppressed =
        Some(Suppression { kind: SuppressionKind::Baseline, reason: "it was there\nbefore".to_owned() });
    let run = run(&report(vec![suppressed, finding(&sources, 0, "*")]), &sources);
    assert_eq!(run["results"][0]["suppressions"], json!([]));
    let expected = json!([{"kind": "external", "status": "accepted", "justification": "it was there␊before"}]);
    assert_eq!(run["results"][1]["suppressions"], expected);
}

#[test]
fn of_too_many_findings_the_worst_are_written_and_the_rest_is_counted() {
    let sources = sources(&[("key.json", "\"*\"")]);
    let of = |severity| finding(&sources, 0, "\"*\"").severity(severity);
    let mut findings: Vec<Finding> = (0..29_000).map(|_| of(Severity::Note)).collect();
    findings.extend((0..1_000).map(|_| of(Severity::Error)));
    let run = run(&report(findings), &sources);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 25_000);
    assert_eq!((&results[999]["level"], &results[1_000]["level"]), (&json!("error"), &json!("note")));
    let told = &run["invocations"][0]["toolExecutionNotifications"];
    let text = "5000 of 30000 results are left out, the least severe: GitHub takes 25000 in a run";
    assert_eq!(told, &json!([{"level": "warning", "message": {"text": text}}]));
}

#[test]
fn what_could_not_be_read_or_asked_is_told_by_notifications() {
    let mut report = report(Vec::new());
    report.problems.push(Problem {
        file: "a b.json".to_owned(),
        message: "no such file".to_owned(),
        help: None,
        fatal: true,
    });
    report.not_evaluated.push(NotEvaluated { rule: "root-lockout", document: 0, reason: "unknown".to_owned() });
    let location = json!([{"physicalLocation": {"artifactLocation": {"uri": "a%20b.json"}}}]);
    let expected = json!([{
        "executionSuccessful": false,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": "no such file"}, "locations": location},
            {
                "level": "note",
                "message": {"text": "root-lockout was not evaluated: unknown"},
                "associatedRule": {"id": "root-lockout"},
            },
        ],
    }]);
    assert_eq!(run(&report, &Sources::default())["invocations"], expected);
}

#[test]
fn a_message_links_to_nothing() {
    assert_eq!(Message::new("see [here](https://x.example)").text, "see \\[here\\](https://x.example)");
    assert_eq!(Message::new("list[0]").text, "list[0]");
}
