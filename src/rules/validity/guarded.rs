//! Values of condition keys in which a wildcard or a variable stands for more than its author means.

use crate::{
    finding::{Finding, RuleInfo, Severity},
    policy::{Condition, Policy, PolicyVersion},
    reference::fact,
    rules::Findings,
    source::Spanned,
};

use super::known_key::{VARIABLE_IN_SENSITIVE_KEY, WILDCARD_IN_SENSITIVE_KEY};

/// How a key guards its values.
#[derive(Clone, Copy)]
enum Guard {
    /// Whole values alone.
    Whole,
    /// This many characters before what is open.
    Start(usize),
    /// An id and a name with a colon between them.
    UserId,
}

impl Guard {
    fn of(condition: &Condition) -> Option<Self> {
        let key = condition.key.value.as_str();
        if condition.key.value.is("aws:userid") {
            return Some(Self::UserId);
        }
        if fact("sensitive-key", key).is_some() {
            return Some(Self::Whole);
        }
        fact("guarded-key", key).and_then(|fact| fact.value.parse().ok()).map(Self::Start)
    }

    /// Whether what is open may stand at this place of a value.
    fn allows(self, text: &str, at: usize) -> bool {
        match self {
            Self::Whole => false,
            Self::Start(least) => text[..at].bytes().rev().take_while(|byte| !is_wildcard(*byte)).count() >= least,
            Self::UserId => match text.find(':') {
                // Behind the colon, or all that stands before it.
                Some(colon) => at > colon || at == 0,
                None => false,
            },
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Whole => "write the ids out",
            Self::Start(_) => "put at least six characters before it",
            Self::UserId => "let it stand behind the colon",
        }
    }
}

/// Tells of wildcards and variables in the values of a guarded key.
pub(super) fn open_values(condition: &Condition, policy: &Policy, out: &mut Findings<'_>) {
    let comparison = condition.operator.value.comparison;
    let is_open = || condition.values.values().any(|value| value.contains(['*', '?', '$']));
    if !(comparison.takes_wildcards() || comparison.name().starts_with("String")) || !is_open() {
        return;
    }
    let Some(guard) = Guard::of(condition) else { return };
    let has_variables =
        policy.fragment || policy.version.as_ref().is_some_and(|version| version.value == PolicyVersion::V2012);
    for value in &condition.values.read {
        let variable = if has_variables { value.value.find("${") } else { None };
        if let Some(at) = variable {
            if !names_an_owner(&value.value[at..]) && !guard.allows(&value.value, at) {
                out.push(open(&VARIABLE_IN_SENSITIVE_KEY, "a policy variable", condition, value, guard));
            }
        } else if comparison.takes_wildcards()
            && let Some(at) = wildcards(&value.value).find(|at| !guard.allows(&value.value, *at))
        {
            let finding = open(&WILDCARD_IN_SENSITIVE_KEY, "a wildcard", condition, value, guard);
            // What only asks whether the key is there may be meant, and so may a value that other claims pin down.
            let is_firm = at == value.value.find(['*', '?']).unwrap_or(at)
                && !value.value.bytes().all(is_wildcard)
                && condition.key.value.as_str().starts_with("aws:");
            out.push(if is_firm { finding } else { finding.severity(Severity::Warning) });
        }
    }
}

/// Where wildcards stand, of several in a row the first.
fn wildcards(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let starts = |at: &usize| is_wildcard(bytes[*at]) && (*at == 0 || !is_wildcard(bytes[*at - 1]));
    (0..bytes.len()).filter(starts)
}

const fn is_wildcard(byte: u8) -> bool {
    matches!(byte, b'*' | b'?')
}

/// Whether a variable stands for an account or an organisation that AWS tells: the documented way to compare two of them.
fn names_an_owner(variable: &str) -> bool {
    const OWNERS: [&str; 8] = [
        "aws:PrincipalAccount",
        "aws:ResourceAccount",
        "aws:PrincipalOrgID",
        "aws:ResourceOrgID",
        "aws:SourceAccount",
        "aws:SourceOrgID",
        "aws:VpceAccount",
        "aws:VpceOrgID",
    ];
    let name = variable.trim_start_matches("${").split(['}', ',']).next().unwrap_or_default().trim();
    OWNERS.iter().any(|owner| owner.eq_ignore_ascii_case(name))
}

fn open(rule: &'static RuleInfo, what: &str, condition: &Condition, value: &Spanned<String>, guard: Guard) -> Finding {
    let message = format!("{what} in {} lets in more than is meant", condition.key.value.as_str());
    Finding::new(rule, value.span, message).help(guard.help())
}
