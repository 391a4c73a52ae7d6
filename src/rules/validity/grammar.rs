//! What the grammar of IAM's JSON does not allow, as the reader of policies found it.

use crate::{
    finding::{Applicability, Finding, RuleInfo},
    policy::{Effect, Fault, Level, Policy, Trouble},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::{Edit, Span},
    syntax::print,
};

use super::elements::{ACTION_MISSING, PRINCIPAL_MISSING, RESOURCE_MISSING};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a member that stands twice in one object, also where the names of two condition keys differ in letter case
    /// alone.
    ///
    /// ## Why it matters
    /// AWS refuses the policy, or one of the two counts and nobody can tell which: most tools keep the last in silence.
    ///
    /// ## How to fix it
    /// Keep one; put the values of both into one list if both are meant.
    ///
    /// ## Source
    /// IAM User Guide, "Grammar of the IAM JSON policy language"; "Access Analyzer policy check reference", duplicate keys
    /// with different case.
    pub DUPLICATE_MEMBER = {
        id: "duplicate-member", code: Some("DUPLICATE_KEYS_WITH_DIFFERENT_CASE"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a member stands twice in one object",
    }

    /// ## What it does
    /// Flags a member that the grammar does not know where it stands: `Actions`, `Principle`, `AWs`.
    ///
    /// ## Why it matters
    /// AWS refuses the policy.
    ///
    /// ## How to fix it
    /// Spell it as the grammar does, letter case included, or take it away: JSON policies have no comments.
    ///
    /// ## Source
    /// IAM User Guide, "Grammar of the IAM JSON policy language"; "Access Analyzer policy check reference", invalid policy
    /// element.
    pub UNKNOWN_ELEMENT = {
        id: "unknown-element", code: Some("INVALID_POLICY_ELEMENT"),
        further_codes: &["INVALID_PRINCIPAL_KEY"],
        severity: Error, confidence: High, persona: Regular,
        summary: "a member that the grammar does not know",
    }

    /// ## What it does
    /// Flags a value of the wrong JSON type: a number where a string belongs, a string where an object belongs.
    ///
    /// ## Why it matters
    /// AWS refuses the policy.
    ///
    /// ## How to fix it
    /// Write a value of the type that the element takes.
    ///
    /// ## Source
    /// IAM User Guide, "Grammar of the IAM JSON policy language"; "Access Analyzer policy check reference", data type
    /// mismatch.
    pub TYPE_MISMATCH = {
        id: "type-mismatch", code: Some("DATA_TYPE_MISMATCH"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a value of the wrong JSON type",
    }

    /// ## What it does
    /// Flags a statement whose `Effect` is absent, or anything but `Allow` or `Deny`. Letter case counts.
    ///
    /// ## Why it matters
    /// AWS refuses the policy.
    ///
    /// ## How to fix it
    /// Write `Allow` or `Deny`.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Effect".
    pub EFFECT_INVALID = {
        id: "effect-invalid", code: Some("INVALID_EFFECT"),
        further_codes: &["MISSING_EFFECT"],
        severity: Error, confidence: High, persona: Regular,
        summary: "the effect is neither Allow nor Deny",
    }

    /// ## What it does
    /// Flags a `Version` that is neither of the two dates that name the policy language.
    ///
    /// ## Why it matters
    /// AWS refuses the policy. The version names the language, not the day on which the policy was written.
    ///
    /// ## How to fix it
    /// Write `2012-10-17`.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Version".
    pub VERSION_INVALID = {
        id: "version-invalid", code: Some("INVALID_VERSION"),
        severity: Error, confidence: High, persona: Regular,
        summary: "the version is neither 2012-10-17 nor 2008-10-17",
    }

    /// ## What it does
    /// Flags a condition operator that IAM does not know.
    ///
    /// ## Why it matters
    /// AWS refuses the policy. Until it is mended, what the condition limits cannot be told.
    ///
    /// ## How to fix it
    /// Use an operator of the documentation's list, with `ForAllValues:` or `ForAnyValue:` before it or `IfExists` behind it
    /// where that is meant.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Condition operators".
    pub UNKNOWN_CONDITION_OPERATOR = {
        id: "unknown-condition-operator", code: Some("INVALID_CONDITION_OPERATOR"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a condition operator that IAM does not know",
    }
}

/// The faults of the grammar.
pub(crate) struct Grammar;

impl Check for Grammar {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for fault in &cx.document.faults {
            // That a policy names principals where it must not is told once, whichever form it takes.
            let is_told = matches!(fault.trouble, Trouble::BothForms { names: ["Principal", _], .. });
            if !(is_told && cx.kind().is_identity_like()) {
                out.push(finding(fault));
            }
        }
        for statement in policy.statements.iter().filter(|_| !policy.is_cut) {
            if statement.effect_element.is_some() {
                continue;
            }
            let finding = Finding::new(&EFFECT_INVALID, statement.span, "the statement has no `Effect`");
            out.push(finding.code("MISSING_EFFECT").help("write `\"Effect\": \"Allow\"` or `\"Effect\": \"Deny\"`"));
        }
    }
}

fn finding(fault: &Fault) -> Finding {
    let span = fault.span;
    match &fault.trouble {
        Trouble::DuplicateMember { name, first, other_case } => {
            let message = if *other_case {
                format!("`{name}` stands here twice; letter case does not count")
            } else {
                format!("`{name}` stands here twice")
            };
            let finding = Finding::new(&DUPLICATE_MEMBER, span, message).related(*first, "here first");
            if *other_case {
                finding.help("keep one of the two")
            } else {
                finding.help("keep one of the two; which of them AWS takes is not defined").no_code()
            }
        }
        Trouble::UnknownElement { name, level, meant } => unknown_element(span, name, *level, *meant),
        Trouble::WrongType { element, expected, found } => {
            let finding = Finding::new(&TYPE_MISMATCH, span, format!("{element} must be {expected}, not {found}"));
            finding.help(format!("write {expected}"))
        }
        Trouble::Effect { found, meant } => {
            let finding = Finding::new(&EFFECT_INVALID, span, format!("`{found}` is neither `Allow` nor `Deny`"));
            let Some(meant) = meant else { return finding.help("write `Allow` or `Deny`") };
            let word = if *meant == Effect::Allow { "\"Allow\"" } else { "\"Deny\"" };
            let help = if found.trim() == found { "letter case counts" } else { "take the blank away" };
            finding.help(help).fix(format!("write {word}"), Applicability::Unsafe, vec![Edit::replace(span, word)])
        }
        Trouble::Version { found } => {
            let message = format!("`{found}` names no version of the policy language");
            let edits = vec![Edit::replace(span, "\"2012-10-17\"")];
            let title = "write \"2012-10-17\"";
            let finding = Finding::new(&VERSION_INVALID, span, message).help("it names the language, not a day");
            finding.fix(title, Applicability::Unsafe, edits)
        }
        Trouble::BothForms { names, first } => {
            let rule = match names[0] {
                "Action" => &ACTION_MISSING,
                "Resource" => &RESOURCE_MISSING,
                _ => &PRINCIPAL_MISSING,
            };
            Finding::new(rule, span, format!("`{}` and `{}` in one statement", names[0], names[1]))
                .code("UNSUPPORTED_ELEMENT_COMBINATION")
                .related(*first, "the other one")
                .help("keep one of the two, or make two statements")
        }
        Trouble::Operator { found, meant } => unknown_operator(span, found, meant.as_deref()),
    }
}

fn unknown_element(span: Span, name: &str, level: Level, meant: Option<&'static str>) -> Finding {
    let of_principal = level == Level::Principal;
    let message = if of_principal {
        format!("`{name}` is no kind of principal")
    } else {
        format!("`{name}` is no element of {}", level.name())
    };
    let finding = Finding::new(&UNKNOWN_ELEMENT, span, message);
    let finding = if of_principal { finding.code("INVALID_PRINCIPAL_KEY") } else { finding };
    let Some(meant) = meant else {
        return finding.help(match level {
            Level::Principal => "use AWS, Service, Federated or CanonicalUser",
            _ if name.to_ascii_lowercase().contains("comment") => "policies have no comments; say it in the Sid",
            _ => "take it away, or put it where the grammar knows it",
        });
    };
    finding.help(format!("did you mean `{meant}`?")).fix(
        format!("write \"{meant}\""),
        Applicability::Unsafe,
        vec![Edit::replace(span, print::quoted(meant))],
    )
}

fn unknown_operator(span: Span, found: &str, meant: Option<&str>) -> Finding {
    let finding = Finding::new(&UNKNOWN_CONDITION_OPERATOR, span, format!("`{found}` is no condition operator"));
    let Some(meant) = meant else {
        return finding.help("use an operator such as StringEquals, StringLike, ArnLike, Bool or Null");
    };
    finding.help(format!("did you mean `{meant}`?"))
}
