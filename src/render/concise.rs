//! A line for each finding, for a person with many and for tools that read lines.

use super::{Style, closing, file::at_line_start, screen::shown};
use crate::{
    finding::{Finding, Report},
    source::Sources,
};

/// `file:line:column: severity[rule] message`, a line each, and unless the style is quiet the summary.
#[must_use]
pub fn concise(report: &Report, sources: &Sources, style: &Style) -> String {
    let mut out = String::new();
    for finding in report.counted() {
        push(&mut out, finding, sources, style);
    }
    if !style.quiet {
        closing::push(&mut out, report, sources, style);
    }
    out
}

fn push(out: &mut String, finding: &Finding, sources: &Sources, style: &Style) {
    let Some(source) = sources.get(finding.primary.span.source) else { return };
    let place = source.position(finding.primary.span.start);
    let line = format!(
        "{}:{}:{}: {}[{}] {}",
        at_line_start(&source.name()),
        place.line,
        place.column,
        finding.severity,
        finding.rule.id,
        finding.message
    );
    out.push_str(&shown(&line, style));
    out.push('\n');
}
