//! Condition keys that requests for a listed action never carry.
//!
//! [`finding`] decides it for one row; rules that know more of one key say it in their own name, and supersede this one.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{ActionPattern, Condition, Operator, Quantifier, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules, operations},
    source::Spanned,
};

declare_rules! { Alias:
    /// ## What it does
    /// Flags a condition key of KMS in a statement that also lists an action whose requests never carry it. Actions with a
    /// wildcard are left out, and so are operators that say what holds without the key: `Null`, `…IfExists` and
    /// `ForAllValues`.
    ///
    /// ## Why it matters
    /// The condition says nothing of that action: an `Allow` never takes effect for it, or always does where the operator is
    /// a negated one, and likewise a `Deny`.
    ///
    /// ## How to fix it
    /// Put the action into a statement of its own, without the condition.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys"; IAM User Guide, "Access Analyzer policy check reference", unsupported
    /// action for condition key.
    pub CONDITION_OP_UNSUPPORTED_FOR_ACTION = {
        id: "condition-op-unsupported-for-action", code: Some("UNSUPPORTED_ACTION_FOR_CONDITION_KEY"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "a condition key that requests for a listed action never carry",
    }
}

/// Conditions and the actions beside them.
pub(crate) struct Unsupported;

impl Check for Unsupported {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in statement.conditions.iter().take(ROWS) {
            if let Some(finding) = finding(&CONDITION_OP_UNSUPPORTED_FOR_ACTION, statement, condition) {
                out.push(finding.help("put it into a statement of its own, without this condition"));
            }
        }
    }
}

/// How many further actions one finding names; a list of more is no one's to read.
const MOST: usize = 50;

/// How many rows of one statement are held against its actions: more than any policy has that AWS takes.
pub(in crate::rules) const ROWS: usize = 1000;

/// What is to be said of a condition whose key some listed actions never carry: the first of them underlined, the others
/// and the condition's value related, which are the places that Access Analyzer names.
pub(in crate::rules) fn finding(
    rule: &'static RuleInfo,
    statement: &Statement,
    condition: &Condition,
) -> Option<Finding> {
    let holds_without = holds_without_key(condition.operator.value)?;
    let name = condition.key.value.as_str();
    let key = operations::KmsKey::of(name)?;
    let actions = statement.listed_actions()?;
    let is_without = |action: &&Spanned<ActionPattern>| {
        operations::is_one_action(&action.value) && key.is_carried_by(action.value.as_str()) == Some(false)
    };
    let mut without = actions.read.iter().filter(is_without);
    let first = without.next()?;
    let message = format!("requests for `{}` never carry {name}", first.value.as_str());
    let effect = match (statement.allows(), holds_without) {
        (true, false) => "never allowed by this statement",
        (true, true) => "allowed whatever the condition says",
        (false, false) => "never denied by this statement",
        (false, true) => "denied whatever the condition says",
    };
    let finding = Finding::new(rule, first.span, message).label(effect);
    let finding = without.take(MOST).fold(finding, |finding, action| finding.related(action.span, "likewise"));
    Some(finding.related(condition.element.value, "the condition"))
}

/// Whether an operator holds for a request without the key; `None` where its author has said what is to hold then.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators"; "Set operators for multivalued context keys".
fn holds_without_key(operator: Operator) -> Option<bool> {
    match operator.quantifier {
        _ if operator.if_exists || operator.comparison.asks_presence() => None,
        Some(Quantifier::ForAllValues) => None,
        Some(Quantifier::ForAnyValue) => Some(false),
        None => Some(operator.comparison.is_negated()),
    }
}
