//! Rules, sources and findings for this module's tests.

use super::{Style, Tool};
use crate::{
    finding::{Confidence, Family, Finding, Persona, Report, RuleInfo, Severity},
    source::{Origin, Source, SourceId, Sources},
};

/// A rule that exists only here.
pub(super) static PUBLIC_KEY_POLICY: RuleInfo = RuleInfo {
    id: "public-key-policy",
    code: None,
    further_codes: &[],
    family: Family::Security,
    severity: Severity::Error,
    confidence: Confidence::High,
    persona: Persona::Regular,
    summary: "key policy lets anyone use the key",
    supersedes: &[],
    options: &[],
    documentation: "",
    fixture: "",
};

/// A kpl that was started in `/work`.
pub(super) const TOOL: Tool<'_> = Tool { version: "0.1.0", reference: "2026-10-27", base: Some("/srv") };

/// Without colours, 80 columns wide, the findings alone.
pub(super) const PLAIN: Style =
    Style { color: false, unicode: true, width: 80, most: usize::MAX, verbose: false, suppressed: false, quiet: true };

/// Files by name and text.
pub(super) fn sources(files: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::default();
    for (name, text) in files {
        sources.push(Source::of_text(Origin::File((*name).into()), (*text).to_owned()));
    }
    sources
}

/// A finding on the first occurrence of a text in a source.
pub(super) fn finding(sources: &Sources, source: u32, marked: &str) -> Finding {
    let source = sources.get(SourceId(source)).unwrap();
    let start = source.text().find(marked).unwrap();
    Finding::new(&PUBLIC_KEY_POLICY, source.place(start, start + marked.len()), "anyone may use this key")
}

/// A report of findings alone.
pub(super) fn report(findings: Vec<Finding>) -> Report {
    Report { findings, files: 1, ..Report::default() }
}
