//! A `JUnit` report: a suite for each file, a case for each finding, and one that passes where there is none.

use super::{Tool, file::relative, plain};
use crate::{
    finding::{Finding, Problem, Report},
    source::{Source, SourceId, Sources},
};

/// The cases of one file.
#[derive(Default)]
struct Suite {
    name: String,
    cases: String,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

/// The whole report as XML.
#[must_use]
pub fn junit(report: &Report, sources: &Sources, tool: &Tool<'_>) -> String {
    let mut suites: Vec<Suite> =
        reported(report).filter_map(|id| sources.get(id)).map(|source| suite(report, source, tool)).collect();
    suites.extend(report.problems.iter().map(|problem| unread(problem, tool)));
    if suites.is_empty() {
        let mut nothing = Suite { name: "kpl".to_owned(), ..Suite::default() };
        nothing.pass("nothing to check");
        suites.push(nothing);
    }
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let counts = counts(
        sum(|suite| suite.tests),
        sum(|suite| suite.failures),
        sum(|suite| suite.errors),
        sum(|suite| suite.skipped),
    );
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kpl\" {counts}>\n");
    for suite in &suites {
        suite.push(&mut out);
    }
    out.push_str("</testsuites>\n");
    out
}

/// The files that were reported on, each once.
fn reported(report: &Report) -> impl Iterator<Item = SourceId> {
    let mut last = None;
    let documents = report.documents.iter().filter(|document| document.reported).map(|document| document.source);
    documents.filter(move |source| last.replace(*source) != Some(*source))
}

fn suite(report: &Report, source: &Source, tool: &Tool<'_>) -> Suite {
    let mut suite = Suite { name: plain::line(relative(&source.name(), tool.base)), ..Suite::default() };
    let first = report.findings.partition_point(|finding| finding.primary.span.source < source.id);
    for finding in report.findings[first..].iter().take_while(|finding| finding.primary.span.source == source.id) {
        suite.fail(finding, source);
    }
    if suite.tests == 0 {
        suite.pass("no findings");
    }
    suite
}

fn unread(problem: &Problem, tool: &Tool<'_>) -> Suite {
    let mut suite = Suite { name: plain::line(relative(&problem.file, tool.base)), tests: 1, ..Suite::default() };
    let message = xml(&plain::line(&problem.message));
    let content = if problem.fatal {
        suite.errors = 1;
        format!("<error type=\"problem\" message=\"{message}\"/>")
    } else {
        suite.skipped = 1;
        format!("<skipped message=\"{message}\"/>")
    };
    suite.case("is read", None, &content);
    suite
}

pub(super) fn counts(tests: usize, failures: usize, errors: usize, skipped: usize) -> String {
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

impl Suite {
    fn push(&self, out: &mut String) {
        let counts = counts(self.tests, self.failures, self.errors, self.skipped);
        out.extend(["  <testsuite name=\"", &xml(&self.name), "\" ", &counts, ">\n"]);
        out.push_str(&self.cases);
        out.push_str("  </testsuite>\n");
    }

    fn pass(&mut self, name: &str) {
        self.tests += 1;
        self.case(name, None, "");
    }

    fn fail(&mut self, finding: &Finding, source: &Source) {
        let place = source.position(finding.primary.span.start);
        let (file, message) = (&self.name, plain::line(&finding.message));
        self.tests += 1;
        let content = if let Some(suppression) = &finding.suppressed {
            self.skipped += 1;
            let reason = format!("suppressed by {}: {}", suppression.kind.word(), plain::line(&suppression.reason));
            format!("<skipped message=\"{}\"/>", xml(&reason))
        } else {
            self.failures += 1;
            let (line, column) = (place.line, place.column);
            let body = format!("{file}:{line}:{column}: {}", plain::with_help(finding));
            format!("<failure type=\"{}\" message=\"{}\">{}</failure>", finding.severity, xml(&message), xml(&body))
        };
        let name = format!("{} at {}:{}", finding.rule.id, place.line, place.column);
        self.case(&name, Some(place.line), &content);
    }

    fn case(&mut self, name: &str, line: Option<usize>, content: &str) {
        let file = xml(&self.name);
        let place = line.map_or_else(String::new, |line| format!(" file=\"{file}\" line=\"{line}\""));
        let start = format!("    <testcase classname=\"{file}\" name=\"{}\"{place}", xml(name));
        let end = if content.is_empty() { "/>\n".to_owned() } else { format!(">{content}</testcase>\n") };
        self.cases.push_str(&start);
        self.cases.push_str(&end);
    }
}

/// Text as XML 1.0 may hold it, in an attribute too.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no way to write these.
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        finding::{DocumentInfo, Suppression, SuppressionKind},
        render::samples::{TOOL, finding, report, sources},
    };

    fn document(source: u32) -> DocumentInfo {
        DocumentInfo {
            source: SourceId(source),
            name: None,
            kind: "policy",
            policy_kind: Some("key"),
            because: String::new(),
            reported: true,
            unchanged: false,
        }
    }

    #[test]
    fn each_file_is_a_suite_and_one_without_findings_passes() {
        let sources = sources(&[("a.json", "{ \"*\" }"), ("b.json", "{}")]);
        let mut suppressed = finding(&sources, 0, "}");
        suppressed.suppressed = Some(Suppression { kind: SuppressionKind::Config, reason: "a test".to_owned() });
        let mut report = report(vec![finding(&sources, 0, "\"*\"").help("name it"), suppressed]);
        report.documents = vec![document(0), document(0), document(1)];
        report.problems = vec![Problem {
            file: "c.json".to_owned(),
            message: "no such file or folder".to_owned(),
            help: None,
            fatal: true,
        }];
        let expected = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"kpl\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\">
  <testsuite name=\"a.json\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\">
    <testcase classname=\"a.json\" name=\"public-key-policy at 1:3\" file=\"a.json\" line=\"1\"><failure type=\"error\" message=\"anyone may use this key\">a.json:1:3: anyone may use this key (name it)</failure></testcase>
    <testcase classname=\"a.json\" name=\"public-key-policy at 1:7\" file=\"a.json\" line=\"1\"><skipped message=\"suppressed by config: a test\"/></testcase>
  </testsuite>
  <testsuite name=\"b.json\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\">
    <testcase classname=\"b.json\" name=\"no findings\"/>
  </testsuite>
  <testsuite name=\"c.json\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">
    <testcase classname=\"c.json\" name=\"is read\"><error type=\"problem\" message=\"no such file or folder\"/></testcase>
  </testsuite>
</testsuites>
";
        assert_eq!(junit(&report, &sources, &TOOL), expected);
    }

    #[test]
    fn an_empty_run_is_not_without_tests() {
        let text = junit(&report(Vec::new()), &Sources::default(), &TOOL);
        assert!(text.contains("<testcase classname=\"kpl\" name=\"nothing to check\"/>"), "{text}");
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        assert_eq!(xml("]]></failure>\u{1b}\u{ffff}\"&"), "]]&gt;&lt;/failure&gt;\u{fffd}\u{fffd}&quot;&amp;");
    }
}
