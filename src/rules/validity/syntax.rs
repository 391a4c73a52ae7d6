//! What is broken in the text itself.

use crate::{
    document::{Document, Notation},
    finding::{Applicability, Confidence, Finding, RuleInfo, Severity},
    rules::{Check, Findings, declare::declare_rules},
    source::{Edit, Source, Span},
    syntax::{Cause, Fault, Repair},
};

declare_rules! { Validity:
    /// ## What it does
    /// Names what makes a file no JSON, at its place: a no-break space that a web page put there, curly quotes, a comma
    /// too many or too few, a comment, a byte order mark, a Markdown fence. Where the intent is plain the file is read as
    /// it was meant, and all other rules still look at it.
    ///
    /// ## Why it matters
    /// AWS refuses the whole policy, and its message seldom names the place.
    ///
    /// ## How to fix it
    /// Apply the fix where one is offered; otherwise mend the place that is underlined.
    ///
    /// ## Source
    /// RFC 8259, "The JavaScript Object Notation (JSON) Data Interchange Format"; IAM User Guide, "Access Analyzer policy
    /// check reference", JSON syntax error.
    pub JSON_SYNTAX = {
        id: "json-syntax", code: Some("JSON_SYNTAX_ERROR"),
        severity: Error, confidence: High, persona: Regular,
        summary: "the file is no JSON, with the cause named",
    }

    /// ## What it does
    /// Names what makes a file no YAML, at its place.
    ///
    /// ## Why it matters
    /// What cannot be read cannot be checked: rules may have missed what stands behind the fault.
    ///
    /// ## How to fix it
    /// Mend the place that is underlined.
    ///
    /// ## Source
    /// The YAML 1.2 specification.
    pub YAML_SYNTAX = {
        id: "yaml-syntax", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the file is no YAML",
    }

    /// ## What it does
    /// Says that a file holds a statement, or a list of statements, and not a whole policy. It is checked all the same;
    /// only what a whole policy must hold is not asked of it.
    ///
    /// ## Why it matters
    /// AWS takes a policy, not a statement: the file is a part that somebody has yet to put in its place.
    ///
    /// ## How to fix it
    /// Put it into the `Statement` list of a policy. Nothing needs to change if the file is only ever pasted.
    ///
    /// ## Source
    /// IAM User Guide, "Grammar of the IAM JSON policy language".
    pub POLICY_FRAGMENT = {
        id: "policy-fragment", code: None,
        severity: Note, confidence: High, persona: Regular,
        summary: "the file holds a statement, not a whole policy",
    }
}

/// The text of a file.
pub(crate) struct Syntax;

impl Check for Syntax {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn document(&self, document: &Document<'_>, source: &Source, out: &mut Findings<'_>) {
        let rule = match document.notation {
            Notation::Json => &JSON_SYNTAX,
            Notation::Yaml => &YAML_SYNTAX,
        };
        let is_copy = document.is_copy;
        for fault in &document.faults {
            out.push(finding(rule, fault, is_copy));
        }
        for fault in &document.embedded_faults {
            out.push(finding(&JSON_SYNTAX, fault, is_copy));
        }
        for policy in document.policies.iter().filter(|policy| policy.policy.fragment && !policy.is_copy) {
            let place = first_character(policy.node.span);
            let finding = Finding::new(&POLICY_FRAGMENT, place, "a statement, not a whole policy")
                .help("put it into the `Statement` list of a policy");
            out.push(match document.notation {
                Notation::Json => {
                    finding.fix("make it a policy", Applicability::Unsafe, wrapped(policy.node.span, source))
                }
                Notation::Yaml => finding,
            });
        }
    }
}

fn finding(rule: &'static RuleInfo, fault: &Fault, is_copy: bool) -> Finding {
    let mut finding = Finding::new(rule, fault.span, fault.cause.message(fault.count)).confidence(Confidence::High);
    if let Some(help) = fault.cause.help() {
        finding = finding.help(help);
    }
    // `terraform output -json NAME` prints a policy so, and there it is no mistake.
    if fault.cause == Cause::EncodedTwice && fault.repair.is_some() {
        finding = finding.severity(Severity::Note);
    }
    let Some(Repair { title, safe, edits }) = &fault.repair else { return finding };
    let applicability = match (is_copy, safe) {
        (true, _) => Applicability::DisplayOnly,
        (false, true) => Applicability::Safe,
        (false, false) => Applicability::Unsafe,
    };
    finding.fix(title.clone(), applicability, edits.clone())
}

/// The edits that put a policy around a statement or a list of them.
fn wrapped(place: Span, source: &Source) -> Vec<Edit> {
    let (before, after) = if source.slice(place).starts_with('[') { ("", "}") } else { ("[", "]}") };
    let start = format!("{{\"Version\": \"2012-10-17\", \"Statement\": {before}");
    vec![Edit::before(place, start), Edit::after(place, after)]
}

fn first_character(place: Span) -> Span {
    Span { end: (place.start + 1).min(place.end), ..place }
}
