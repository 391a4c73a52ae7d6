//! Conditions of which only one thing counts: whether the request carries the key.

use super::together;
use crate::{
    finding::{Finding, RuleInfo},
    policy::{Condition, Policy, Quantifier, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a condition whose value is `*`: `StringLike` with it holds for every value of the key, so that only whether the
    /// request carries the key counts.
    ///
    /// ## Why it matters
    /// A reader looks for a value where there is none. `Null` says what is meant.
    ///
    /// ## How to fix it
    /// Write `"Null": {"KEY": "false"}` for a key that must be there, `"Null": {"KEY": "true"}` for one that must not.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", equivalent to null false, equivalent to null true; "IAM JSON
    /// policy elements: Condition operators", `Null`.
    pub NULL_BY_WILDCARD = {
        id: "null-by-wildcard", code: Some("EQUIVALENT_TO_NULL_FALSE"),
        further_codes: &["EQUIVALENT_TO_NULL_TRUE"],
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a condition that asks only whether the key is there",
    }

    /// ## What it does
    /// Flags a condition that every request meets, whether it carries the key or not: `StringLikeIfExists` or
    /// `ForAllValues:StringLike` with `*`; `IpAddressIfExists` with all addresses and `BoolIfExists` with both values, where
    /// that is proven.
    ///
    /// ## Why it matters
    /// It limits nothing, and looks as if it did.
    ///
    /// ## How to fix it
    /// Take the key away, or write the value that is meant.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", redundant key due to wildcard in condition.
    pub CONDITION_ALWAYS_HOLDS = {
        id: "condition-always-holds", code: Some("REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION"),
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a condition that every request meets",
    }

    /// ## What it does
    /// Flags a condition that no request meets: `ForAnyValue:StringNotLike` with `*`, and `StringNotLike` with `*` on a key
    /// that every request carries. So are two rows about one key flagged that no request meets together, where that is
    /// proven: `DateGreaterThan` with a later day than `DateLessThan`, a value that another row leaves out.
    ///
    /// ## Why it matters
    /// The statement never applies: an `Allow` lets nobody in, a `Deny` keeps nobody out.
    ///
    /// ## How to fix it
    /// Write the value that is meant, or take the statement away.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", redundant statement due to wildcard in condition; "AWS global
    /// condition context keys", availability of each key.
    pub CONDITION_NEVER_HOLDS = {
        id: "condition-never-holds", code: Some("REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION"),
        severity: Note, confidence: High, persona: Regular,
        summary: "a condition that no request meets",
    }
}

/// Conditions whose value is `*`.
pub(crate) struct Presence;

impl Check for Presence {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in &statement.conditions {
            row(condition, out);
        }
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        together::contradictions(policy, cx, out);
        together::vacuous(policy, cx, out);
    }
}

/// What a condition with the value `*` comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    MustBePresent,
    MustBeAbsent,
    Always,
    Never,
}

fn row(condition: &Condition, out: &mut Findings<'_>) {
    let operator = condition.operator.value;
    if !(operator.comparison.is_of_text() && operator.comparison.takes_wildcards()) {
        return;
    }
    let takes_any = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte == b'*');
    let Some(value) = condition.values.read.iter().find(|value| takes_any(&value.value)) else { return };
    let key = condition.key.value.as_str();
    let finding = match meaning(condition) {
        Meaning::MustBePresent => {
            Finding::new(&NULL_BY_WILDCARD, value.span, "any value will do: only whether the key is there counts")
                .help(format!("write `\"Null\": {{\"{key}\": \"false\"}}`"))
        }
        Meaning::MustBeAbsent => {
            Finding::new(&NULL_BY_WILDCARD, value.span, "no value will do: the condition holds where the key is absent")
                .code("EQUIVALENT_TO_NULL_TRUE")
                .help(format!("write `\"Null\": {{\"{key}\": \"true\"}}`"))
        }
        Meaning::Always => Finding::new(&CONDITION_ALWAYS_HOLDS, value.span, "every request meets this condition")
            .help("take the key away, or write the value that is meant"),
        Meaning::Never => Finding::new(&CONDITION_NEVER_HOLDS, value.span, "no request meets this condition")
            .help("write the value that is meant, or take the statement away"),
    };
    out.push(finding);
}

/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", negated matching and `IfExists`; "Set
/// operators for multivalued context keys".
fn meaning(condition: &Condition) -> Meaning {
    let operator = condition.operator.value;
    if !operator.comparison.is_negated() {
        let holds_where_absent = operator.if_exists || operator.quantifier == Some(Quantifier::ForAllValues);
        return if holds_where_absent { Meaning::Always } else { Meaning::MustBePresent };
    }
    let fails_where_absent = operator.quantifier == Some(Quantifier::ForAnyValue) && !operator.if_exists;
    if fails_where_absent || is_always_there(condition) { Meaning::Never } else { Meaning::MustBeAbsent }
}

/// Whether every request carries a key. Source: IAM User Guide, "AWS global condition context keys".
fn is_always_there(condition: &Condition) -> bool {
    const KEYS: [&str; 4] = ["aws:PrincipalAccount", "aws:PrincipalType", "aws:RequestedRegion", "aws:userid"];
    KEYS.iter().any(|key| condition.key.value.is(key))
}
