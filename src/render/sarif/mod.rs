//! SARIF 2.1.0, as GitHub code scanning takes it.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub Docs, "SARIF support for code
//! scanning", whose limits are kept: the worst results are written, and a notification says what was left out.

mod layout;
mod result;
mod rule;

use std::collections::BTreeMap;

use super::{Tool, file::uri, plain};
use crate::{
    finding::{Finding, NotEvaluated, Problem, Report, RuleInfo, Severity},
    source::Sources,
};

use layout::{
    ArtifactLocation, Driver, Invocation, Log, Message, Notification, NotificationLocation, PhysicalFile,
    RuleReference, Run, ToolOutput,
};

/// How many results GitHub takes in a run.
const MOST_RESULTS: usize = 25_000;
/// How many notes on what was not evaluated are written; the number of all of them is.
const MOST_NOTES: usize = 1_000;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The report as a log of one run.
#[must_use]
pub fn sarif(report: &Report, sources: &Sources, tool: &Tool<'_>) -> String {
    let kept = worst(&report.findings);
    let rules = rules(&kept);
    let view = result::View { report, sources, tool, rules: &rules, has_suppressed: report.suppressed() > 0 };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: ToolOutput {
                driver: Driver {
                    name: "kpl",
                    version: tool.version,
                    semantic_version: tool.version,
                    rules: rules.keys().map(|id| rule::rule(rules[id].1)).collect(),
                },
            },
            invocations: [Invocation {
                execution_successful: !report.problems.iter().any(|problem| problem.fatal),
                tool_execution_notifications: notifications(report, sources, tool, kept.len()),
            }],
            column_kind: "unicodeCodePoints",
            results: kept.iter().filter_map(|finding| view.result(finding)).collect(),
        }],
    };
    // Strings, numbers and lists of them: nothing that could fail.
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

/// The findings that are written: those that count, by severity, then those that are suppressed.
fn worst(findings: &[Finding]) -> Vec<&Finding> {
    let mut kept: Vec<&Finding> = findings.iter().collect();
    kept.sort_by_key(|finding| (finding.suppressed.is_some(), std::cmp::Reverse(finding.severity)));
    kept.truncate(MOST_RESULTS);
    kept
}

/// The rules that speak, by name, each with its index.
fn rules(findings: &[&Finding]) -> BTreeMap<&'static str, (usize, &'static RuleInfo)> {
    let mut rules: BTreeMap<&str, (usize, &'static RuleInfo)> =
        findings.iter().map(|finding| (finding.rule.id, (0, finding.rule))).collect();
    rules.values_mut().enumerate().for_each(|(index, rule)| rule.0 = index);
    rules
}

fn notifications(report: &Report, sources: &Sources, tool: &Tool<'_>, kept: usize) -> Vec<Notification> {
    let mut told: Vec<Notification> = report.problems.iter().map(|problem| problem_told(problem, tool)).collect();
    if kept < report.findings.len() {
        let text = format!(
            "{} of {} results are left out, the least severe: GitHub takes {MOST_RESULTS} in a run",
            report.findings.len() - kept,
            report.findings.len(),
        );
        told.push(Notification::new("warning", &text));
    }
    told.extend(report.not_evaluated.iter().take(MOST_NOTES).map(|silent| unasked(silent, report, sources, tool)));
    if let Some(more) = report.not_evaluated.len().checked_sub(MOST_NOTES).filter(|more| *more > 0) {
        told.push(Notification::new("note", &format!("{more} more rules could not be asked")));
    }
    told
}

fn problem_told(problem: &Problem, tool: &Tool<'_>) -> Notification {
    let level = if problem.fatal { "error" } else { "note" };
    let mut told = Notification::new(level, &problem.message);
    if !problem.file.is_empty() {
        told.locations.push(NotificationLocation::of(uri(&problem.file, tool.base)));
    }
    told
}

fn unasked(silent: &NotEvaluated, report: &Report, sources: &Sources, tool: &Tool<'_>) -> Notification {
    let mut told = Notification::new("note", &format!("{} was not evaluated: {}", silent.rule, silent.reason));
    told.associated_rule = Some(RuleReference { id: silent.rule });
    let source = report.documents.get(silent.document).and_then(|document| sources.get(document.source));
    told.locations.extend(source.map(|source| NotificationLocation::of(uri(&source.name(), tool.base))));
    told
}

impl Notification {
    fn new(level: &'static str, text: &str) -> Self {
        Self { level, message: Message::new(&plain::line(text)), locations: Vec::new(), associated_rule: None }
    }
}

impl NotificationLocation {
    fn of(uri: String) -> Self {
        Self { physical_location: PhysicalFile { artifact_location: ArtifactLocation { uri } } }
    }
}

impl Message {
    /// A message that links to nothing: of a text that could be read as a link, brackets are escaped.
    ///
    /// Source: SARIF 2.1.0, 3.11.6, "Messages with embedded links".
    fn new(text: &str) -> Self {
        if !text.contains("](") {
            return Self { text: text.to_owned() };
        }
        let mut escaped = String::with_capacity(text.len() + 8);
        for character in text.chars() {
            if matches!(character, '[' | ']' | '\\') {
                escaped.push('\\');
            }
            escaped.push(character);
        }
        Self { text: escaped }
    }
}

/// The level of a result.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

#[cfg(test)]
mod tests;
