//! Rows of a condition that cannot hold for whom the statement names, or not together.

use std::collections::HashMap;

use crate::{
    finding::{Finding, RuleInfo},
    policy::{AccountId, Comparison, Condition, PolicyKind, Principal, Quantifier, Statement, glob},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    semantics::{
        Context,
        operator::{self, Match, Operand},
    },
};

declare_rules! { Alias:
    /// ## What it does
    /// Flags a condition on `kms:CallerAccount` in an `Allow` of a key policy whose values name the account of none of the
    /// principals beside it.
    ///
    /// ## Why it matters
    /// The key holds the caller's account, so the condition never matches, and nobody is let in.
    ///
    /// ## How to fix it
    /// Name the principals' account, or take the condition away: a named principal is of its account anyway.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", `kms:CallerAccount`.
    pub CALLER_ACCOUNT_WRONG = {
        id: "caller-account-wrong", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "kms:CallerAccount is no account of the principals beside it",
    }

    /// ## What it does
    /// Flags a condition key with two rows of values under operators that each ask for a match, such as `StringEquals` and
    /// `StringLike`.
    ///
    /// ## Why it matters
    /// Values of one row are alternatives; rows are not: both must match. Who means either of them lets in less, or denies
    /// less, than it looks.
    ///
    /// ## How to fix it
    /// Put all values under one operator: `StringLike` also takes values without a wildcard.
    ///
    /// ## Source
    /// IAM User Guide, "Conditions with multiple context keys or values".
    pub MULTI_VALUED_VALUE_LIST_CONFUSION = {
        id: "multi-valued-value-list-confusion", code: None,
        severity: Note, confidence: Medium, persona: Pedantic,
        summary: "two rows for one condition key, which must both match",
    }
}

/// The rows of a `Condition` element.
pub(crate) struct Rows;

impl Check for Rows {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if cx.kind() == PolicyKind::Key && statement.allows() {
            for condition in statement.conditions_on("kms:CallerAccount") {
                caller_account(condition, statement, out);
            }
        }
        both_rows(statement, out);
    }
}

fn caller_account(condition: &Condition, statement: &Statement, out: &mut Findings<'_>) {
    let comparison = condition.operator.value.comparison;
    if !comparison.asks_for_text() {
        return;
    }
    let base = operator::row(comparison).base;
    let matches = |listed: &str, account: &str| {
        let operand = Operand::read(base, listed, None);
        operator::compare(base, &operand, account, &Context::default(), &mut Vec::new()) == Match::Yes
    };
    let is_account = |value: &String| value.parse::<AccountId>().is_ok() || glob::is_pattern(value);
    let values = &condition.values;
    if values.read.len() != values.len() || values.is_empty() || !values.values().all(is_account) {
        return;
    }
    let Some(listed) = statement.named_principals() else { return };
    if listed.read.len() != listed.len() {
        return;
    }
    let mut found = None;
    for principal in listed.values() {
        // Anyone may be of the account, and a service is of none that the policy tells.
        let Some(account) = principal.account() else { return };
        if values.values().any(|pattern| matches(pattern, account.as_str())) {
            return;
        }
        found = Some((account, principal));
    }
    let Some((account, principal)) = found else { return };
    let who = match principal {
        Principal::Account(_) => format!("account {account}"),
        _ => format!("a principal of account {account}"),
    };
    let finding = Finding::new(&CALLER_ACCOUNT_WRONG, condition.element.value, format!("this is never so for {who}"))
        .label("never matches");
    out.push(finding.help(format!("write {account}, or take the condition away: whom it names is of that account")));
}

fn both_rows(statement: &Statement, out: &mut Findings<'_>) {
    let rows = &statement.conditions;
    let under_one = rows.iter().all(|row| rows.first().is_some_and(|first| first.operator.span == row.operator.span));
    if under_one {
        return;
    }
    if rows.len() <= FEW {
        for (index, row) in rows.iter().enumerate() {
            let mut earlier = rows.iter().take(index);
            if let Some(first) = earlier.find(|first| must_both_match(first, row)) {
                out.push(both(first, row));
            }
        }
        return;
    }
    let mut seen: HashMap<String, Vec<&Condition>> = HashMap::new();
    for row in rows {
        let earlier = seen.entry(row.key.value.as_str().to_ascii_lowercase()).or_default();
        if let Some(first) = earlier.iter().find(|first| must_both_match(first, row)) {
            out.push(both(first, row));
        } else if earlier.iter().all(|first| first.operator.span != row.operator.span) {
            earlier.push(row);
        }
    }
}

/// So few rows are compared with each other sooner than a table is made.
const FEW: usize = 32;

fn both(first: &Condition, row: &Condition) -> Finding {
    let message = format!("{} must match this row and another one, not either", row.key.value.as_str());
    Finding::new(&MULTI_VALUED_VALUE_LIST_CONFUSION, row.key.span, message)
        .related(first.key.span, "the other row")
        .help("put all values under one operator, if they are alternatives")
}

/// Whether two rows ask for a match of the same key in the same way: by text, and as often.
fn must_both_match(one: &Condition, other: &Condition) -> bool {
    use Comparison::{ArnEquals, ArnLike, StringEquals, StringEqualsIgnoreCase, StringLike};
    let asks = |row: &Condition| {
        let operator = row.operator.value;
        let by_text =
            matches!(operator.comparison, ArnEquals | ArnLike | StringEquals | StringEqualsIgnoreCase | StringLike);
        by_text && !operator.if_exists && operator.quantifier != Some(Quantifier::ForAllValues)
    };
    one.operator.span != other.operator.span
        && one.key.value.is(other.key.value.as_str())
        && one.operator.value.quantifier == other.operator.value.quantifier
        && asks(one)
        && asks(other)
}
