//! The report as a person reads it: each finding with the lines it is about.
//!
//! The snippet is miette's, everything around it is ours. No other file names miette.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::{
    Style, closing,
    excerpt::Excerpt,
    screen::{Ink, columns, painted, push_hanging, push_remark, shown, wrapped},
    set_up,
};
use crate::{
    finding::{Applicability, Complaint, Finding, Fix, Label, Report, Severity},
    source::{Secrets, Source, Sources, access_keys},
};

/// How far the second line of a long message is indented.
const HANGING: usize = 4;

/// The whole report: its findings, and unless the style is quiet what was looked at and a summary.
///
/// The report's problems are not in it: they belong on another stream, one [`problem_line`](super::problem_line) each.
#[must_use]
pub fn text(report: &Report, sources: &Sources, style: &Style) -> String {
    let mut out = if style.quiet { String::new() } else { set_up::lines(&report.set_up, style) };
    let counted: Vec<&Finding> = report.counted().collect();
    let shown = worst(&counted, style.most);
    for finding in &shown {
        push_finding(&mut out, finding, report, sources, style);
        out.push('\n');
    }
    if shown.len() < counted.len() {
        let line =
            format!("… {} more findings: --all shows them, --format concise a line each", counted.len() - shown.len());
        push_hanging(&mut out, &wrapped(&line, 0, 0, style), 0);
        out.push('\n');
    }
    if style.quiet {
        // The blank line before what would come next.
        out.pop();
    } else {
        closing::push(&mut out, report, sources, style);
    }
    out
}

/// So many findings, the worst of them where there are more, in the order of their places.
fn worst<'r>(findings: &[&'r Finding], most: usize) -> Vec<&'r Finding> {
    let mut left = most;
    let mut taken: Vec<(usize, &'r Finding)> = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let of_severity = findings.iter().copied().enumerate().filter(|(_, finding)| finding.severity == severity);
        taken.extend(of_severity.take(left));
        left = most.saturating_sub(taken.len());
    }
    taken.sort_by_key(|(index, _)| *index);
    taken.into_iter().map(|(_, finding)| finding).collect()
}

fn push_finding(out: &mut String, finding: &Finding, report: &Report, sources: &Sources, style: &Style) {
    push_header(out, finding, style);
    if let Some(source) = sources.get(finding.primary.span.source) {
        let excerpt = Excerpt::new(source, &finding.primary, &finding.related, &report.hidden, style);
        let mut name = address(source, &finding.primary);
        // Of several documents in a file, which one: a plan holds many.
        if let Some(document) = report.documents.get(finding.document).and_then(|document| document.name.as_deref()) {
            name = format!("{name} in {document}");
        }
        push_snippet(out, &excerpt, finding.severity, &name, style);
        for label in &excerpt.elsewhere {
            push_note(out, label, sources, style);
        }
    }
    if let Some(help) = &finding.help {
        push_remark(out, ("help", Ink::Note), help, style);
    }
    if let Some(fix) = &finding.fix {
        push_fix(out, fix, style);
    }
    if !finding.also.is_empty() {
        push_remark(out, ("also", Ink::Faint), &finding.also.join(", "), style);
    }
}

/// A mistake in a file that tells kpl what to do, shown as a finding is.
#[must_use]
pub fn complaint(complaint: &Complaint, source: &Source, style: &Style) -> String {
    let mut out = String::new();
    push_headline(&mut out, "error", Severity::Error, &complaint.message, style);
    let secrets = Secrets::new(access_keys(source));
    let excerpt = Excerpt::new(source, &complaint.place, &[], &secrets, style);
    push_snippet(&mut out, &excerpt, Severity::Error, &address(source, &complaint.place), style);
    if let Some(help) = &complaint.help {
        push_remark(&mut out, ("help", Ink::Note), help, style);
    }
    out
}

fn push_header(out: &mut String, finding: &Finding, style: &Style) {
    let head = format!("{}[{}]", finding.severity, shown(finding.rule.id, style));
    push_headline(out, &head, finding.severity, &finding.message, style);
}

fn push_headline(out: &mut String, head: &str, severity: Severity, message: &str, style: &Style) {
    let mut lines = wrapped(message, columns(head) + 2, HANGING, style);
    for line in &mut lines {
        *line = painted(line, Ink::Strong, style);
    }
    out.push_str(&painted(head, ink(severity), style));
    out.push_str(": ");
    push_hanging(out, &lines, HANGING);
}

fn ink(severity: Severity) -> Ink {
    match severity {
        Severity::Error => Ink::Error,
        Severity::Warning => Ink::Warning,
        Severity::Note => Ink::Note,
    }
}

/// A place that takes part and stands not in the snippet, in one line that an editor can follow.
fn push_note(out: &mut String, label: &Label, sources: &Sources, style: &Style) {
    let Some(source) = sources.get(label.span.source) else { return };
    let words = if label.message.is_empty() { "this takes part" } else { &label.message };
    push_remark(out, ("note", Ink::Strong), &format!("{}: {words}", address(source, label)), style);
}

/// `file:line:column` of a label.
fn address(source: &Source, label: &Label) -> String {
    let place = source.position(label.span.start);
    format!("{}:{}:{}", source.name(), place.line, place.column)
}

fn push_fix(out: &mut String, fix: &Fix, style: &Style) {
    let claim = match fix.applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe: it may change who has access",
        Applicability::DisplayOnly => "shown only: this file is a copy",
    };
    push_remark(out, ("fix", Ink::Fix), &format!("{} ({claim})", fix.title), style);
}

fn push_snippet(out: &mut String, excerpt: &Excerpt, severity: Severity, name: &str, style: &Style) {
    let snippet = Snippet { excerpt, name: shown(name, style) };
    let handler = GraphicalReportHandler::new_themed(theme(excerpt, severity, style))
        .without_syntax_highlighting()
        .without_primary_span_start();
    let mut drawn = String::new();
    if handler.render_report(&mut drawn, &snippet).is_err() {
        drawn = format!("\n  --> {}\n", snippet.name);
    }
    // The first line is where miette puts a message; ours stands above, and theirs is empty.
    for line in drawn.lines().skip(1) {
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// The characters and colours of a snippet: a mark takes its finding's colour, others are blue.
fn theme(excerpt: &Excerpt, severity: Severity, style: &Style) -> GraphicalTheme {
    let characters = if style.unicode {
        ThemeCharacters::unicode()
    } else {
        ThemeCharacters { underbar: '^', ..ThemeCharacters::ascii() }
    };
    if !style.color {
        return GraphicalTheme { characters, styles: ThemeStyles::none() };
    }
    let mut styles = ThemeStyles::ansi();
    let own = match severity {
        Severity::Error => styles.error,
        Severity::Warning => styles.warning,
        Severity::Note => styles.advice,
    };
    let other = ThemeStyles::none().link.bright_blue();
    styles.link = ThemeStyles::none().link;
    styles.highlights = excerpt.marks.iter().map(|mark| if mark.primary { own } else { other }.bold()).collect();
    GraphicalTheme { characters, styles }
}

/// An excerpt as miette takes it: a message that is empty, a source, and labels in it.
#[derive(Debug)]
struct Snippet<'a> {
    excerpt: &'a Excerpt<'a>,
    name: String,
}

impl fmt::Display for Snippet<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Snippet<'_> {}

impl Diagnostic for Snippet<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.excerpt.marks.iter().map(|mark| {
            let words = Some(&mark.words).filter(|words| !words.is_empty());
            LabeledSpan::new(words.cloned(), mark.range.start, mark.range.len())
        });
        Some(Box::new(labels))
    }
}

impl SourceCode for Snippet<'_> {
    /// The whole excerpt, whatever is asked for: so all labels stand in one frame, and nothing is searched.
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let Excerpt { first_line, text, .. } = self.excerpt;
        let whole = (0, text.len()).into();
        let lines = text.split('\n').count();
        let contents = MietteSpanContents::new_named(self.name.clone(), text.as_bytes(), whole, *first_line, 0, lines);
        Ok(Box::new(contents))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::{PLAIN, finding, report, sources};

    const KEY: &str = "{ \"Effect\": \"Allow\",\n  \"Principal\": \"*\" }\n";

    fn shown(finding: Finding, sources: &Sources) -> String {
        text(&report(vec![finding]), sources, &PLAIN)
    }

    #[test]
    fn a_finding_is_a_headline_its_line_and_its_remedy() {
        let sources = sources(&[("key.json", KEY)]);
        let mut finding = finding(&sources, 0, "\"*\"")
            .label("every AWS account")
            .help("name the account or role that needs the key")
            .fix("write the account's root", Applicability::Unsafe, Vec::new());
        finding.also = vec!["wildcard-principal", "open-policy"];
        let expected = "\
error[public-key-policy]: anyone may use this key
   ╭─[key.json:2:16]
 2 │   \"Principal\": \"*\" }
   ·                ─┬─
   ·                 ╰── every AWS account
   ╰────
  help: name the account or role that needs the key
  fix: write the account's root (unsafe: it may change who has access)
  also: wildcard-principal, open-policy
";
        assert_eq!(shown(finding, &sources), expected);
    }

    #[test]
    fn a_near_place_joins_the_snippet_and_one_in_another_file_is_a_note() {
        let sources = sources(&[("key.json", KEY), ("role.json", "[\n\"é\", \"kms:Decrypt\"]")]);
        let near = finding(&sources, 0, "\"Allow\"").primary.span;
        let other = finding(&sources, 1, "\"kms:Decrypt\"").primary.span;
        let finding = finding(&sources, 0, "\"*\"").related(other, "used here").related(near, "allowed here");
        let expected = "\
error[public-key-policy]: anyone may use this key
   ╭─[key.json:2:16]
 1 │ { \"Effect\": \"Allow\",
   ·             ───┬───
   ·                ╰── allowed here
 2 │   \"Principal\": \"*\" }
   ·                ───
   ╰────
  note: role.json:2:6: used here
";
        assert_eq!(shown(finding, &sources), expected);
    }

    #[test]
    fn the_end_of_a_file_is_underlined_too() {
        let sources = sources(&[("key.json", "{ \"é\": [")]);
        let mut finding = finding(&sources, 0, "[").label("a `]` and a `}`");
        finding.primary.span.start += 1;
        let expected = "\
error[public-key-policy]: anyone may use this key
   ╭─[key.json:1:9]
 1 │ { \"é\": [
   ·         ┬
   ·         ╰── a `]` and a `}`
   ╰────
";
        assert_eq!(shown(finding, &sources), expected);
    }

    #[test]
    fn of_a_long_line_a_window_is_shown_with_the_true_column() {
        let line = format!("{}\"*\"{}", "é".repeat(9_000), "x".repeat(9_000));
        let sources = sources(&[("key.json", &line)]);
        let shown = shown(finding(&sources, 0, "\"*\""), &sources);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1], "   ╭─[key.json:1:9001]");
        assert_eq!(lines[2], format!(" 1 │ …{}\"*\"{}…", "é".repeat(59), "x".repeat(11)));
        assert_eq!(lines[3], format!("   · {}───", " ".repeat(60)));
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{shown}");
    }

    #[test]
    fn nothing_of_a_file_or_its_name_moves_the_cursor() {
        let sources = sources(&[("k\u{1b}.json", "\u{1b}[2J\u{202e}\"*\"")]);
        let mut finding = finding(&sources, 0, "\"*\"").label("\u{1b}").help("\u{9b}");
        finding.message = "no \u{1b}[2J".to_owned();
        let expected = "\
error[public-key-policy]: no ␛[2J
   ╭─[k␛.json:1:6]
 1 │ ␛[2J�\"*\"
   ·      ─┬─
   ·       ╰── ␛
   ╰────
  help: �
";
        assert_eq!(shown(finding, &sources), expected);
    }

    #[test]
    fn a_narrow_screen_without_unicode_gets_plain_marks_and_hanging_lines() {
        let sources = sources(&[("key.json", KEY)]);
        let style = Style { unicode: false, width: 40, ..PLAIN };
        let finding = finding(&sources, 0, "\"*\"").label("every account").help("name the account that needs the key");
        let expected = "\
error[public-key-policy]: anyone may use
    this key
   ,-[key.json:2:16]
 2 |   \"Principal\": \"*\" }
   :                ^^^
   :                 `-- every account
   `----
  help: name the account that needs the
        key
";
        assert_eq!(text(&report(vec![finding]), &sources, &style), expected);
    }

    #[test]
    fn the_mark_of_a_warning_is_yellow_and_what_takes_part_is_blue() {
        let sources = sources(&[("key.json", KEY)]);
        let related = finding(&sources, 0, "\"Principal\"").primary.span;
        let finding = finding(&sources, 0, "\"*\"").related(related, "").severity(Severity::Warning);
        let shown = text(&report(vec![finding]), &sources, &Style { color: true, ..PLAIN });
        assert!(shown.starts_with("\x1b[1;33mwarning[public-key-policy]\x1b[0m: \x1b[1manyone"), "{shown}");
        assert!(shown.contains("\x1b[94;1m  ───────────\x1b[0m\x1b[33;1m  ───\x1b[0m"), "{shown}");
    }

    #[test]
    fn findings_are_parted_by_a_blank_line_and_quiet_ends_with_the_last() {
        let sources = sources(&[("key.json", "{}")]);
        let report = report(vec![finding(&sources, 0, "{"), finding(&sources, 0, "}")]);
        let quiet = text(&report, &sources, &PLAIN);
        assert_eq!((quiet.matches("\n\n").count(), quiet.ends_with("╰────\n")), (1, true));
        let whole = text(&report, &sources, &Style { quiet: false, ..PLAIN });
        assert_eq!(whole, format!("{quiet}\n2 errors in 1 file (no policies)\n"));
    }
}
