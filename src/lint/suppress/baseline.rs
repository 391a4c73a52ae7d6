//! Findings that were there when a baseline was written: a file of fingerprints.

use std::collections::HashMap;

use serde::Serialize;

use crate::{
    finding::{Complaint, Finding, Report, Suppression, SuppressionKind},
    lint::Home,
    source::{Source, Sources},
    syntax::{Node, Value, json},
};

/// The layout of the file.
const LAYOUT: &str = "1";

const ANEW: &str = "write it anew with --write-baseline";

/// The findings of a baseline: their fingerprints, each with the file that it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: HashMap<String, String>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// What is wrong with it: it is no JSON, no baseline, or one of another version.
    pub fn read(source: &Source) -> Result<Self, Vec<Complaint>> {
        let tree = json::read(source, json::Dialect::Json);
        if let Some(fault) = tree.faults.first() {
            return Err(vec![Complaint::new(fault.span, fault.cause.message(fault.count)).help(ANEW)]);
        }
        let complaint = |node: &Node<'_>, message: String| Err(vec![Complaint::new(node.span, message).help(ANEW)]);
        match tree.root.get("version") {
            None => return complaint(&tree.root, "this is no baseline: it has no `version`".to_owned()),
            Some(Node { value: Value::Number(version), .. }) if version == LAYOUT => {}
            Some(other) => {
                return complaint(other, format!("a baseline of another version; this kpl reads version {LAYOUT}"));
            }
        }
        let Some(findings) = tree.root.get("findings").and_then(Node::as_list) else {
            return complaint(&tree.root, "this is no baseline: it has no list `findings`".to_owned());
        };
        let mut known = HashMap::new();
        for finding in findings {
            let text = |name: &str| finding.get(name).and_then(Node::as_str).map(str::to_owned);
            match text("fingerprint") {
                Some(fingerprint) => known.insert(fingerprint, text("file").unwrap_or_default()),
                None => return complaint(finding, "this finding has no `fingerprint`".to_owned()),
            };
        }
        Ok(Self { known })
    }

    /// The findings of a report that count.
    #[must_use]
    pub fn of(report: &Report, sources: &Sources, home: &Home) -> Self {
        let known = report.counted().map(|finding| (finding.fingerprint.clone(), file(finding, sources, home)));
        Self { known: known.collect() }
    }

    /// Suppresses the findings that are known, and counts those that are known of the files looked at and not there.
    pub fn suppress(&self, report: &mut Report, sources: &Sources, home: &Home) {
        let mut met = 0;
        for finding in &mut report.findings {
            if self.known.contains_key(&finding.fingerprint) {
                met += 1;
                let by = Suppression { kind: SuppressionKind::Baseline, reason: String::new() };
                finding.suppressed.get_or_insert(by);
            }
        }
        // Of a plan of which only the changes are told, what is not found may still be there.
        let in_part: std::collections::HashSet<_> =
            report.documents.iter().filter(|document| document.unchanged).map(|document| document.source).collect();
        let looked_at: std::collections::HashSet<String> = report
            .documents
            .iter()
            .filter(|document| document.reported && !in_part.contains(&document.source))
            .filter_map(|document| Some(home.name(&sources.get(document.source)?.name())))
            .collect();
        let expected = self.known.values().filter(|file| looked_at.contains(*file)).count();
        report.gone = expected.saturating_sub(met);
    }
}

#[derive(Serialize)]
struct Output<'a> {
    version: u32,
    findings: Vec<Entry<'a>>,
}

/// What stands beside the fingerprint is for a person who reads the file, but for the file's name.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Entry<'a> {
    file: String,
    document: Option<&'a str>,
    rule: &'static str,
    message: &'a str,
    fingerprint: &'a str,
}

/// The findings of a report that count, as a baseline has them. It changes only where they do.
#[must_use]
pub fn write(report: &Report, sources: &Sources, home: &Home) -> String {
    let mut findings = Vec::new();
    for finding in report.counted() {
        findings.push(Entry {
            file: file(finding, sources, home),
            document: report.documents.get(finding.document).and_then(|document| document.name.as_deref()),
            rule: finding.rule.id,
            message: &finding.message,
            fingerprint: &finding.fingerprint,
        });
    }
    findings.sort_unstable();
    // Strings and a number: nothing that could fail.
    let mut text = serde_json::to_string_pretty(&Output { version: 1, findings }).unwrap_or_default();
    text.push('\n');
    text
}

fn file(finding: &Finding, sources: &Sources, home: &Home) -> String {
    sources.get(finding.primary.span.source).map(|source| home.name(&source.name())).unwrap_or_default()
}
