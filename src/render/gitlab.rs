//! A Code Quality report of GitLab.
//!
//! GitLab takes findings of one fingerprint for one; kpl's differ.
//! Source: GitLab Docs, "Code Quality", report format.

use serde::Serialize;

use super::{Tool, file::relative, plain};
use crate::{
    finding::{Finding, Report, Severity},
    source::Sources,
};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

/// One JSON list, an entry for each finding.
#[must_use]
pub fn gitlab(report: &Report, sources: &Sources, tool: &Tool<'_>) -> String {
    let issues: Vec<Issue<'_>> = report.counted().filter_map(|finding| issue(finding, sources, tool)).collect();
    let mut text = serde_json::to_string_pretty(&issues).unwrap_or_default();
    text.push('\n');
    text
}

fn issue<'a>(finding: &'a Finding, sources: &Sources, tool: &Tool<'_>) -> Option<Issue<'a>> {
    let source = sources.get(finding.primary.span.source)?;
    let line = |offset| source.position(offset).line;
    let lines = Lines { begin: line(finding.primary.span.start), end: line(finding.primary.span.end) };
    Some(Issue {
        description: plain::with_help(finding),
        check_name: finding.rule.id,
        fingerprint: &finding.fingerprint,
        severity: match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Note => "info",
        },
        location: Location { path: relative(&source.name(), tool.base).to_owned(), lines },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::render::samples::{TOOL, finding, report, sources};

    #[test]
    fn a_finding_has_every_field_that_gitlab_asks_for() {
        let sources = sources(&[("./key.json", "{\n\"*\" }")]);
        let mut finding = finding(&sources, 0, "\"*\"").help("name it");
        finding.fingerprint = "0123".to_owned();
        let parsed: serde_json::Value = serde_json::from_str(&gitlab(&report(vec![finding]), &sources, &TOOL)).unwrap();
        let expected = json!([{
            "description": "anyone may use this key (name it)",
            "check_name": "public-key-policy",
            "fingerprint": "0123",
            "severity": "critical",
            "location": {"path": "key.json", "lines": {"begin": 2, "end": 2}},
        }]);
        assert_eq!(parsed, expected);
    }

    #[test]
    fn without_findings_there_is_an_empty_list() {
        assert_eq!(gitlab(&report(Vec::new()), &Sources::default(), &TOOL), "[]\n");
    }
}
