//! Annotations of GitHub Actions: a workflow command for each finding.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step, so the worst come first.
//! Source: GitHub Docs, "Workflow commands for GitHub Actions".

use super::{Tool, file::relative, plain};
use crate::{
    finding::{Finding, Report, Severity},
    source::{Source, Sources},
};

/// A command a line, by severity.
#[must_use]
pub fn github(report: &Report, sources: &Sources, tool: &Tool<'_>) -> String {
    let mut out = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        for finding in report.counted().filter(|finding| finding.severity == severity) {
            if let Some(source) = sources.get(finding.primary.span.source) {
                out.push_str(&command(finding, source, tool));
                out.push('\n');
            }
        }
    }
    out
}

fn command(finding: &Finding, source: &Source, tool: &Tool<'_>) -> String {
    let word = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let name = source.name();
    let file = property(&plain::line(relative(&name, tool.base)));
    let (start, end) = (source.position(finding.primary.span.start), source.position(finding.primary.span.end));
    // GitHub takes columns only of what stands on one line.
    let columns =
        if start.line == end.line { format!(",col={},endColumn={}", start.column, end.column) } else { String::new() };
    let mut message = data(&plain::line(&finding.message));
    if let Some(help) = &finding.help {
        message.push_str("%0Ahelp: ");
        message.push_str(&data(&plain::line(help)));
    }
    let title = property(finding.rule.id);
    format!("::{word} file={file},line={},endLine={}{columns},title={title}::{message}", start.line, end.line)
}

/// Text as a command's data may hold it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text as a command's property may hold it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::{TOOL, finding, report, sources};

    #[test]
    fn the_worst_come_first_and_a_place_of_several_lines_has_no_columns() {
        let sources = sources(&[("a/key.json", "{ \"é\": \"*\",\n\"b\": 1 }")]);
        let findings = vec![
            finding(&sources, 0, "\"*\",\n\"b\"").severity(Severity::Note),
            finding(&sources, 0, "\"*\"").help("name it: 100%"),
        ];
        let expected = "\
::error file=a/key.json,line=1,endLine=1,col=8,endColumn=11,title=public-key-policy::anyone may use this key%0Ahelp: name it: 100%25
::notice file=a/key.json,line=1,endLine=2,title=public-key-policy::anyone may use this key
";
        assert_eq!(github(&report(findings), &sources, &TOOL), expected);
    }

    #[test]
    fn neither_a_name_nor_a_message_ends_its_command() {
        let sources = sources(&[("a,b::c\n::error::.json", "{}")]);
        let mut finding = finding(&sources, 0, "{}");
        finding.message = "x\r\n::error::y\u{1b}[31m".to_owned();
        let text = github(&report(vec![finding]), &sources, &TOOL);
        assert_eq!(text.lines().count(), 1);
        assert!(text.starts_with("::error file=a%2Cb%3A%3Ac␊%3A%3Aerror%3A%3A.json,line=1"), "{text}");
        assert!(text.ends_with("::x␍␊::error::y␛[31m\n"), "{text}");
    }
}
