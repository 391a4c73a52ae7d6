//! What stands after the findings: what was looked at, what was not, and how many there are.

use super::{
    Style,
    file::at_line_start,
    screen::{Ink, painted, push_hanging, push_remark, wrapped},
};
use crate::{
    finding::{Applicability, DocumentInfo, Finding, NotEvaluated, Problem, Report},
    source::{Source, Sources},
};

/// How far an item of a list is indented, and how far what belongs to it.
const ITEM: usize = 2;
const BELOW_ITEM: usize = 4;

/// A problem of the run in a line, and its help in another.
#[must_use]
pub fn problem_line(problem: &Problem, style: &Style) -> String {
    let (word, ink) = if problem.fatal { ("error", Ink::Error) } else { ("note", Ink::Note) };
    let message = match problem.file.as_str() {
        "" => problem.message.clone(),
        file => format!("{file}: {}", problem.message),
    };
    let mut out = format!("{}: ", painted(word, ink, style));
    push_hanging(&mut out, &wrapped(&message, word.len() + 2, BELOW_ITEM, style), BELOW_ITEM);
    if let Some(help) = &problem.help {
        push_remark(&mut out, ("help", Ink::Note), help, style);
    }
    out
}

/// Writes what stands after the findings.
pub(super) fn push(out: &mut String, report: &Report, sources: &Sources, style: &Style) {
    if style.verbose {
        push_list(out, "documents", report.documents.iter().map(|document| described(document, sources)), style);
        let silent = report.not_evaluated.iter().map(|silent| excused(silent, report, sources));
        push_list(out, "not evaluated", silent, style);
        let passed_over =
            report.skipped.iter().map(|skipped| format!("{}: {}", at_line_start(&skipped.file), skipped.message));
        push_list(out, "passed over", passed_over, style);
    }
    if style.suppressed {
        let suppressed = report.findings.iter().filter_map(|finding| suppressed(finding, sources));
        push_list(out, "suppressed", suppressed, style);
    }
    // Where nothing could be read, the problems have said all there is to say.
    if report.files > 0 || report.problems.is_empty() {
        push_hanging(out, &wrapped(&summary(report), 0, 0, style), 0);
    }
    if report.suppressed() > 0 {
        let hint = if style.suppressed { "" } else { " (--show-suppressed lists them)" };
        push_hanging(out, &wrapped(&format!("suppressed: {}{hint}", report.suppressed()), 0, 0, style), 0);
    }
    if report.unchanged() > 0 {
        let line =
            format!("unchanged, not checked: {} (--changed-only)", several(report.unchanged(), "policy", "policies"));
        push_hanging(out, &wrapped(&line, 0, 0, style), 0);
    }
    if report.gone > 0 {
        let line = format!("gone from the baseline: {} (--write-baseline renews it)", report.gone);
        push_hanging(out, &wrapped(&line, 0, 0, style), 0);
    }
    if let Some(line) = fixable(report) {
        push_hanging(out, &wrapped(&line, 0, 0, style), 0);
    }
    if !report.not_evaluated.is_empty() {
        let hint = if style.verbose { "" } else { " (-v lists them)" };
        let line = format!("not evaluated: {}{hint}", report.not_evaluated.len());
        push_hanging(out, &wrapped(&line, 0, 0, style), 0);
    }
}

/// `fixable: 2 with --fix, 1 more with --unsafe-fixes`; `None` where no fix is offered.
fn fixable(report: &Report) -> Option<String> {
    let offered = |claim: Applicability| {
        let fixes = report.counted().filter_map(|finding| finding.fix.as_ref());
        fixes.filter(|fix| fix.applicability == claim).count()
    };
    match (offered(Applicability::Safe), offered(Applicability::Unsafe)) {
        (0, 0) => None,
        (safe, 0) => Some(format!("fixable: {safe} with --fix")),
        (0, risky) => Some(format!("fixable: {risky} with --fix --unsafe-fixes")),
        (safe, risky) => Some(format!("fixable: {safe} with --fix, {risky} more with --unsafe-fixes")),
    }
}

/// Writes a list under a heading, and a blank line; nothing if there are no items.
fn push_list(out: &mut String, heading: &str, items: impl Iterator<Item = String>, style: &Style) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    out.push_str(&painted(heading, Ink::Strong, style));
    out.push('\n');
    for item in items {
        out.push_str("  ");
        push_hanging(out, &wrapped(&item, ITEM, BELOW_ITEM, style), BELOW_ITEM);
    }
    out.push('\n');
}

/// `key.json: key policy (all actions are kms actions)`.
fn described(document: &DocumentInfo, sources: &Sources) -> String {
    let kind = match document.policy_kind {
        Some(policy_kind) if document.name.is_some() => format!("{policy_kind} policy, {}", document.kind),
        Some(policy_kind) => format!("{policy_kind} policy"),
        None => document.kind.to_owned(),
    };
    let role = match (document.reported, document.unchanged) {
        (true, _) => "",
        (false, true) => ", unchanged",
        (false, false) => ", for context only",
    };
    match document.because.as_str() {
        "" => format!("{}: {kind}{role}", address(document, sources)),
        because => format!("{}: {kind} ({because}){role}", address(document, sources)),
    }
}

/// `key.json:4:5: error[public-key-policy] anyone may use this key; by config: the demo key`.
fn suppressed(finding: &Finding, sources: &Sources) -> Option<String> {
    let suppression = finding.suppressed.as_ref()?;
    let source = sources.get(finding.primary.span.source)?;
    let place = source.position(finding.primary.span.start);
    let told = format!(
        "{}:{}:{}: {}[{}] {}; by {}",
        source.name(),
        place.line,
        place.column,
        finding.severity,
        finding.rule.id,
        finding.message,
        suppression.kind.word()
    );
    Some(match suppression.reason.as_str() {
        "" => told,
        reason => format!("{told}: {reason}"),
    })
}

/// `root-lockout in key.json: an Action is not known`.
fn excused(silent: &NotEvaluated, report: &Report, sources: &Sources) -> String {
    match report.documents.get(silent.document) {
        Some(document) => format!("{} in {}: {}", silent.rule, address(document, sources), silent.reason),
        None => format!("{}: {}", silent.rule, silent.reason),
    }
}

/// The file of a document and, where it holds several, the document's address in it.
fn address(document: &DocumentInfo, sources: &Sources) -> String {
    let name = sources.get(document.source).map(Source::name).unwrap_or_default();
    let file = at_line_start(&name);
    match &document.name {
        Some(name) => format!("{file}, {name}"),
        None => file.into_owned(),
    }
}

/// `2 errors, 1 warning in 3 files (4 policies)`.
fn summary(report: &Report) -> String {
    let count = report.count();
    let counts = [(count.errors, "error"), (count.warnings, "warning"), (count.notes, "note")];
    let counts: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| counted(count, word)).collect();
    let files = counted(report.files, "file");
    let policies = match report.policies() {
        0 if counts.is_empty() && report.files == 0 => return "no policies found".to_owned(),
        0 => "no policies".to_owned(),
        policies => several(policies, "policy", "policies"),
    };
    let counts = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    format!("{counts} in {files} ({policies})")
}

/// A number and its noun, whose plural ends in `s`.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A number and a noun in one of its two forms.
fn several(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        finding::Severity,
        render::samples::{PLAIN, finding, report, sources},
        source::SourceId,
    };

    fn key_policy(name: Option<&str>, reported: bool) -> DocumentInfo {
        DocumentInfo {
            source: SourceId(0),
            name: name.map(str::to_owned),
            kind: "terraform-plan",
            policy_kind: Some("key"),
            because: "all actions are kms actions".to_owned(),
            reported,
            unchanged: false,
        }
    }

    fn closing(report: &Report, style: &Style) -> String {
        let mut out = String::new();
        push(&mut out, report, &sources(&[("key.json", "{}")]), style);
        out
    }

    #[test]
    fn the_summary_counts_in_words_of_the_right_number() {
        let sources = sources(&[("key.json", "{}")]);
        let of = |severity| finding(&sources, 0, "{}").severity(severity);
        let mut report = report(vec![of(Severity::Error), of(Severity::Warning), of(Severity::Error)]);
        report.documents = vec![DocumentInfo { policy_kind: None, ..key_policy(None, true) }];
        assert_eq!(summary(&report), "2 errors, 1 warning in 1 file (no policies)");
        report.findings.clear();
        report.documents.clear();
        report.files = 0;
        assert_eq!(summary(&report), "no policies found");
        report.files = 1;
        report.documents = vec![key_policy(None, true), key_policy(None, false)];
        assert_eq!(summary(&report), "no findings in 1 file (1 policy)");
    }

    #[test]
    fn what_can_be_fixed_is_counted_by_what_it_takes() {
        let sources = sources(&[("key.json", "{}")]);
        let of = |claim| finding(&sources, 0, "{}").fix("mend it", claim, Vec::new());
        let told = |claims: &[Applicability]| fixable(&report(claims.iter().copied().map(of).collect()));
        let (safe, risky) = (Applicability::Safe, Applicability::Unsafe);
        assert_eq!(told(&[Applicability::DisplayOnly]), None);
        assert_eq!(told(&[safe, safe]).as_deref(), Some("fixable: 2 with --fix"));
        assert_eq!(told(&[risky]).as_deref(), Some("fixable: 1 with --fix --unsafe-fixes"));
        assert_eq!(told(&[safe, risky]).as_deref(), Some("fixable: 1 with --fix, 1 more with --unsafe-fixes"));
    }

    #[test]
    fn what_was_not_evaluated_is_counted_and_listed_when_asked_for() {
        let reason = "an Action is not known".to_owned();
        let mut report = report(Vec::new());
        report.documents = vec![key_policy(None, true), key_policy(Some("module.kms.this"), false)];
        report.not_evaluated = vec![NotEvaluated { rule: "root-lockout", document: 1, reason }];
        assert_eq!(closing(&report, &PLAIN), "no findings in 1 file (1 policy)\nnot evaluated: 1 (-v lists them)\n");
        let expected = "\
documents
  key.json: key policy (all actions are kms actions)
  key.json, module.kms.this: key policy, terraform-plan (all actions are kms
    actions), for context only

not evaluated
  root-lockout in key.json, module.kms.this: an Action is not known

no findings in 1 file (1 policy)
not evaluated: 1
";
        assert_eq!(closing(&report, &Style { verbose: true, ..PLAIN }), expected);
    }

    #[test]
    fn a_problem_names_its_file_and_its_remedy() {
        let problem = Problem {
            file: "k\u{1b}ey.json".to_owned(),
            message: "no such file".to_owned(),
            help: Some("name a file that is there".to_owned()),
            fatal: true,
        };
        let expected = "error: k␛ey.json: no such file\n  help: name a file that is there\n";
        assert_eq!(problem_line(&problem, &PLAIN), expected);
        let told = Problem { file: String::new(), help: None, fatal: false, ..problem };
        assert_eq!(problem_line(&told, &PLAIN), "note: no such file\n");
    }
}
