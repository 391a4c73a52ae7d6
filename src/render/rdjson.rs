//! Reviewdog's diagnostic format, which carries fixes to review comments.
//!
//! A column counts bytes of UTF-8 from 1, and a message is shown as Markdown.
//! Source: reviewdog, "Reviewdog Diagnostic Format".

use serde::Serialize;

use super::{Tool, file::relative, plain};
use crate::{
    finding::{Applicability, Finding, Fix, Report, Severity},
    source::{Edit, Source, Sources, Span},
};

#[derive(Serialize)]
struct Output<'a> {
    source: Name,
    diagnostics: Vec<Diagnostic<'a>>,
}

#[derive(Serialize)]
struct Name {
    name: &'static str,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: String,
    location: Location,
    severity: &'static str,
    code: Code<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion>,
}

#[derive(Serialize)]
struct Location {
    path: String,
    range: Range,
}

#[derive(Serialize)]
struct Range {
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
}

#[derive(Serialize)]
struct Suggestion {
    range: Range,
    text: String,
}

/// One JSON object with a diagnostic for each finding.
#[must_use]
pub fn rdjson(report: &Report, sources: &Sources, tool: &Tool<'_>) -> String {
    let diagnostics = report.counted().filter_map(|finding| diagnostic(finding, report, sources, tool)).collect();
    let output = Output { source: Name { name: "kpl" }, diagnostics };
    let mut text = serde_json::to_string_pretty(&output).unwrap_or_default();
    text.push('\n');
    text
}

fn diagnostic<'a>(finding: &'a Finding, report: &Report, sources: &Sources, tool: &Tool<'_>) -> Option<Diagnostic<'a>> {
    let source = sources.get(finding.primary.span.source)?;
    let message = match &finding.help {
        Some(help) => format!("{}\n\n{}", plain::markdown(&finding.message), plain::markdown(help)),
        None => plain::markdown(&finding.message),
    };
    Some(Diagnostic {
        message,
        location: Location {
            path: relative(&source.name(), tool.base).to_owned(),
            range: range(source, finding.primary.span),
        },
        severity: match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Note => "INFO",
        },
        code: Code { value: finding.rule.id },
        suggestions: finding.fix.iter().filter_map(|fix| suggestion(fix, report, sources)).collect(),
    })
}

/// All edits of a fix as one: each suggestion is taken by itself.
fn suggestion(fix: &Fix, report: &Report, sources: &Sources) -> Option<Suggestion> {
    if fix.applicability == Applicability::DisplayOnly {
        return None;
    }
    let first = fix.edits.iter().map(|edit| edit.span).min_by_key(|span| span.start)?;
    let end = fix.edits.iter().map(|edit| edit.span.end).max()?;
    let source = sources.get(first.source)?;
    let whole = Span { end, ..first };
    // What stands between two edits is repeated as it is.
    if report.hides(whole) {
        return None;
    }
    let within = |edit: &Edit| {
        let span = Span { start: edit.span.start - whole.start, end: edit.span.end - whole.start, ..edit.span };
        Edit::replace(span, edit.text.clone())
    };
    let edits: Vec<Edit> = fix.edits.iter().map(within).collect();
    Some(Suggestion { range: range(source, whole), text: Edit::apply(source.slice(whole), &edits) })
}

fn range(source: &Source, span: Span) -> Range {
    Range { start: place(source, span.start), end: place(source, span.end) }
}

fn place(source: &Source, offset: u32) -> Place {
    let line = source.line_of(offset);
    let start = source.line_range(line).start;
    Place { line: line + 1, column: (offset as usize).saturating_sub(start) + 1 }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::render::samples::{TOOL, finding, report, sources};

    #[test]
    fn columns_count_bytes_and_the_edits_of_a_fix_are_one_suggestion() {
        let sources = sources(&[("key.json", "{\n\"é\": \"*\", \"b\" }")]);
        let found = finding(&sources, 0, "\"*\"").help("name it");
        let (first, second) = (found.primary.span, finding(&sources, 0, "\"b\"").primary.span);
        let edits = vec![Edit::replace(second, "\"c\""), Edit::replace(first, "\"x\"")];
        let found = found.fix("write both", Applicability::Unsafe, edits);
        let parsed: serde_json::Value = serde_json::from_str(&rdjson(&report(vec![found]), &sources, &TOOL)).unwrap();
        let range = |start: usize, end: usize| json!({"start": {"line": 2, "column": start}, "end": {"line": 2, "column": end}});
        let expected = json!({
            "source": {"name": "kpl"},
            "diagnostics": [{
                "message": "anyone may use this key\n\nname it",
                "location": {"path": "key.json", "range": range(7, 10)},
                "severity": "ERROR",
                "code": {"value": "public-key-policy"},
                "suggestions": [{"range": range(7, 15), "text": "\"x\", \"c\""}],
            }],
        });
        assert_eq!(parsed, expected);
    }

    #[test]
    fn what_is_only_shown_is_no_suggestion() {
        let sources = sources(&[("key.json", "\"*\"")]);
        let found = finding(&sources, 0, "\"*\"");
        let edits = vec![Edit::remove(found.primary.span)];
        let found = found.fix("take it away", Applicability::DisplayOnly, edits);
        assert!(!rdjson(&report(vec![found]), &sources, &TOOL).contains("suggestions"));
    }
}
