//! The report as one JSON document, for a program. Users rely on its fields: what stands here is a promise.

use serde::Serialize;

use super::Tool;
use crate::{
    finding::{DocumentInfo, Finding, Fix, Label, NotEvaluated, Report, Standing, Suppression},
    source::{Edit, Source, SourceId, Sources, Span},
};

/// The version of the layout; a field may be added without a new one.
const LAYOUT: u32 = 1;

/// The whole report, except its problems: they belong on another stream.
#[must_use]
pub fn json(report: &Report, sources: &Sources, tool: &Tool<'_>) -> String {
    let view = View { report, sources };
    let output = Output {
        version: LAYOUT,
        tool: ToolOutput { name: "kpl", version: tool.version, reference: tool.reference },
        findings: report.findings.iter().map(|finding| view.finding(finding)).collect(),
        documents: reported(report).map(|document| view.document(document)).collect(),
        not_evaluated: report.not_evaluated.iter().map(|silent| view.not_evaluated(silent)).collect(),
        summary: summary(report),
        kasten: report.set_up.iter().map(standing).collect(),
    };
    // Strings, numbers and lists of them: nothing that could fail.
    let mut text = serde_json::to_string_pretty(&output).unwrap_or_default();
    text.push('\n');
    text
}

/// The findings alone, each as the JSON report has it, a line each.
#[must_use]
pub fn jsonl(report: &Report, sources: &Sources) -> String {
    let view = View { report, sources };
    let mut text = String::new();
    for finding in &report.findings {
        text.push_str(&serde_json::to_string(&view.finding(finding)).unwrap_or_default());
        text.push('\n');
    }
    text
}

/// The documents without those that were read for context only.
fn reported(report: &Report) -> impl Iterator<Item = &DocumentInfo> {
    report.documents.iter().filter(|document| document.reported)
}

fn summary(report: &Report) -> Summary {
    let count = report.count();
    Summary {
        files: report.files,
        documents: reported(report).count(),
        policies: report.policies(),
        errors: count.errors,
        warnings: count.warnings,
        notes: count.notes,
        suppressed: report.suppressed(),
        not_evaluated: report.not_evaluated.len(),
    }
}

fn standing(standing: &Standing) -> StandingOutput<'_> {
    let Standing { place, state, because } = standing;
    StandingOutput { check: place.word(), state: state.word(), because }
}

fn suppression(suppression: &Suppression) -> SuppressionOutput<'_> {
    SuppressionOutput { kind: suppression.kind.word(), reason: &suppression.reason }
}

/// What is written, and where its places stand.
struct View<'a> {
    report: &'a Report,
    sources: &'a Sources,
}

impl<'a> View<'a> {
    fn finding(&self, finding: &'a Finding) -> FindingOutput<'a> {
        let document = self.report.documents.get(finding.document);
        FindingOutput {
            rule: finding.rule.id,
            code: finding.code,
            family: finding.rule.family.word(),
            severity: finding.severity.word(),
            confidence: finding.confidence.word(),
            message: &finding.message,
            help: finding.help.as_deref(),
            file: self.file(finding.primary.span.source),
            document: document.and_then(|document| document.name.as_deref()),
            policy_kind: document.and_then(|document| document.policy_kind),
            path: &finding.primary.path,
            span: self.span(finding.primary.span),
            related: finding.related.iter().map(|label| self.related(label)).collect(),
            fix: finding.fix.as_ref().map(|fix| self.fix(fix)),
            also: &finding.also,
            fingerprint: &finding.fingerprint,
            suppressed: finding.suppressed.as_ref().map(suppression),
        }
    }

    fn related(&self, label: &'a Label) -> Related<'a> {
        let Label { span, message, path } = label;
        Related { message, file: self.file(span.source), path, span: self.span(*span) }
    }

    fn fix(&self, fix: &'a Fix) -> FixOutput<'a> {
        let edits = fix.edits.iter().map(|edit| self.edit(edit)).collect();
        FixOutput { title: &fix.title, applicability: fix.applicability.word(), edits }
    }

    fn edit(&self, edit: &'a Edit) -> EditOutput<'a> {
        let SpanOutput { start, end } = self.span(edit.span);
        EditOutput { start: start.offset, end: end.offset, text: &edit.text }
    }

    fn document(&self, document: &'a DocumentInfo) -> DocumentOutput<'a> {
        DocumentOutput {
            file: self.file(document.source),
            document: document.name.as_deref(),
            kind: document.kind,
            policy_kind: document.policy_kind,
            because: &document.because,
        }
    }

    fn not_evaluated(&self, silent: &'a NotEvaluated) -> NotEvaluatedOutput<'a> {
        let document = self.report.documents.get(silent.document);
        NotEvaluatedOutput {
            rule: silent.rule,
            file: document.map(|document| self.file(document.source)).unwrap_or_default(),
            document: document.and_then(|document| document.name.as_deref()),
            reason: &silent.reason,
        }
    }

    fn file(&self, source: SourceId) -> String {
        self.sources.get(source).map(Source::name).unwrap_or_default()
    }

    fn span(&self, span: Span) -> SpanOutput {
        SpanOutput { start: self.place(span.source, span.start), end: self.place(span.source, span.end) }
    }

    fn place(&self, source: SourceId, offset: u32) -> Place {
        let Some(source) = self.sources.get(source) else { return Place { line: 1, column: 1, offset } };
        let place = source.position(offset);
        Place { line: place.line, column: place.column, offset: place.offset }
    }
}

#[derive(Serialize)]
struct Output<'a> {
    version: u32,
    tool: ToolOutput<'a>,
    findings: Vec<FindingOutput<'a>>,
    documents: Vec<DocumentOutput<'a>>,
    not_evaluated: Vec<NotEvaluatedOutput<'a>>,
    summary: Summary,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kasten: Vec<StandingOutput<'a>>,
}

/// How one place of a Kasten set-up stands.
#[derive(Serialize)]
struct StandingOutput<'a> {
    check: &'static str,
    state: &'static str,
    because: &'a str,
}

#[derive(Serialize)]
struct ToolOutput<'a> {
    name: &'static str,
    version: &'a str,
    /// The date of the AWS service reference.
    reference: &'a str,
}

#[derive(Serialize)]
struct FindingOutput<'a> {
    rule: &'static str,
    code: Option<&'static str>,
    family: &'static str,
    severity: &'static str,
    confidence: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    file: String,
    document: Option<&'a str>,
    policy_kind: Option<&'static str>,
    path: &'a str,
    span: SpanOutput,
    related: Vec<Related<'a>>,
    fix: Option<FixOutput<'a>>,
    also: &'a [&'static str],
    fingerprint: &'a str,
    /// Why it does not count.
    suppressed: Option<SuppressionOutput<'a>>,
}

#[derive(Serialize)]
struct SuppressionOutput<'a> {
    kind: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    file: String,
    path: &'a str,
    span: SpanOutput,
}

#[derive(Serialize)]
struct SpanOutput {
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
    offset: u32,
}

#[derive(Serialize)]
struct FixOutput<'a> {
    title: &'a str,
    applicability: &'static str,
    edits: Vec<EditOutput<'a>>,
}

#[derive(Serialize)]
struct EditOutput<'a> {
    start: u32,
    end: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct DocumentOutput<'a> {
    file: String,
    document: Option<&'a str>,
    kind: &'static str,
    policy_kind: Option<&'static str>,
    because: &'a str,
}

#[derive(Serialize)]
struct NotEvaluatedOutput<'a> {
    rule: &'static str,
    file: String,
    document: Option<&'a str>,
    reason: &'a str,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    documents: usize,
    policies: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
    not_evaluated: usize,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json as value};

    use super::*;
    use crate::{
        finding::Applicability,
        render::samples::{TOOL, finding, report, sources},
        source::Origin,
    };

    fn parsed(report: &Report, sources: &Sources) -> Value {
        serde_json::from_str(&json(report, sources, &TOOL)).unwrap()
    }

    fn plan(name: Option<&str>, reported: bool) -> DocumentInfo {
        DocumentInfo {
            source: SourceId(0),
            name: name.map(str::to_owned),
            kind: "terraform-plan",
            policy_kind: Some("key"),
            because: "it says so".to_owned(),
            reported,
            unchanged: false,
        }
    }

    #[test]
    fn a_finding_has_every_field_of_the_contract() {
        let sources = sources(&[("plan.json", "{ \"é\": \"*\" }")]);
        let mut finding = finding(&sources, 0, "\"*\"").help("name it");
        let span = finding.primary.span;
        finding = finding.related(span, "here").fix("take it away", Applicability::Safe, vec![Edit::remove(span)]);
        finding.primary.path = "/Statement/0/Principal".to_owned();
        finding.also = vec!["wildcard-principal"];
        let mut report = report(vec![finding]);
        report.documents.push(plan(Some("module.kms.this"), true));
        let place = value!({
            "start": {"line": 1, "column": 8, "offset": 8},
            "end": {"line": 1, "column": 11, "offset": 11},
        });
        let expected = value!({
            "rule": "public-key-policy", "code": null, "family": "security",
            "severity": "error", "confidence": "high", "message": "anyone may use this key", "help": "name it",
            "file": "plan.json", "document": "module.kms.this", "policy_kind": "key",
            "path": "/Statement/0/Principal",
            "span": place,
            "related": [{"message": "here", "file": "plan.json", "path": "", "span": place}],
            "fix": {"title": "take it away", "applicability": "safe", "edits": [{"start": 8, "end": 11, "text": ""}]},
            "also": ["wildcard-principal"], "fingerprint": "", "suppressed": null,
        });
        assert_eq!(parsed(&report, &sources)["findings"], value!([expected]));
    }

    #[test]
    fn fields_stand_in_the_order_of_the_contract() {
        let text = json(&report(Vec::new()), &Sources::default(), &TOOL);
        let expected = r#"{
  "version": 1,
  "tool": {
    "name": "kpl",
    "version": "0.1.0",
    "reference": "2026-10-27"
  },
  "findings": [],
  "documents": [],
  "not_evaluated": [],
  "summary": {
    "files": 1,
    "documents": 0,
    "policies": 0,
    "errors": 0,
    "warnings": 0,
    "notes": 0,
    "suppressed": 0,
    "not_evaluated": 0
  }
}
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn what_was_not_evaluated_names_its_file_and_document() {
        let sources = sources(&[("key.json", "{}")]);
        let mut report = report(Vec::new());
        report.documents.push(plan(None, true));
        report.not_evaluated.push(NotEvaluated { rule: "root-lockout", document: 0, reason: "unknown".to_owned() });
        let expected = value!([{"rule": "root-lockout", "file": "key.json", "document": null, "reason": "unknown"}]);
        assert_eq!(parsed(&report, &sources)["not_evaluated"], expected);
    }

    #[test]
    fn a_document_that_only_gives_context_is_not_listed() {
        let sources = sources(&[("key.json", "{}")]);
        let mut report = report(Vec::new());
        report.documents = vec![plan(Some("context"), false), plan(None, true)];
        let parsed = parsed(&report, &sources);
        let expected = value!([{
            "file": "key.json", "document": null, "kind": "terraform-plan", "policy_kind": "key", "because": "it says so",
        }]);
        assert_eq!((&parsed["documents"], &parsed["summary"]["documents"]), (&expected, &value!(1)));
    }

    #[test]
    fn offsets_count_the_bytes_of_a_utf_16_file() {
        let mut sources = Sources::default();
        let bytes: Vec<u8> = "\u{feff}é*".encode_utf16().flat_map(u16::to_le_bytes).collect();
        sources.push(Source::read(Origin::Stdin(None), bytes).unwrap());
        let report = report(vec![finding(&sources, 0, "*")]);
        let start = value!({"line": 1, "column": 2, "offset": 4});
        assert_eq!(parsed(&report, &sources)["findings"][0]["span"]["start"], start);
    }
}
