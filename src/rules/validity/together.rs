//! Conditions on which only a proof can tell: rows about one key that no request meets together, and rows without a
//! wildcard text that every request meets.

use super::presence::{CONDITION_ALWAYS_HOLDS, CONDITION_NEVER_HOLDS};
use crate::{
    finding::Finding,
    policy::{Comparison, Condition, Policy, PolicyKind, Quantifier, Statement, glob},
    rules::{
        Findings, RuleContext,
        proof::{self, MOST_ASKED, Proof},
    },
};

/// So many rows of a statement are held against one another.
const MOST_ROWS: usize = 32;

/// So many pairs of values are compared before the prover is asked.
const MOST_PAIRS: usize = 10_000;

/// Tells of rows of a statement that exclude one another.
pub(super) fn contradictions(policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    if !out.asks(&CONDITION_NEVER_HOLDS) {
        return;
    }
    let mut asked = 0;
    for statement in policy.statements.iter().filter(|statement| statement.conditions.len() > 1) {
        let rows = statement.conditions.get(..MOST_ROWS).unwrap_or(&statement.conditions);
        for (at, row) in rows.iter().enumerate() {
            let Some(other) = rows[..at].iter().find(|other| may_clash(other, row)) else { continue };
            asked += 1;
            if asked > MOST_ASKED {
                return proof::too_many(&CONDITION_NEVER_HOLDS, out);
            }
            clash(policy, statement, [other, row], cx, out);
        }
    }
}

fn clash(
    policy: &Policy,
    statement: &Statement,
    rows: [&Condition; 2],
    cx: &RuleContext<'_, '_>,
    out: &mut Findings<'_>,
) {
    let holds_never = |rows: &[&Condition]| {
        let conditions = rows.iter().map(|row| (*row).clone()).collect();
        let asked = Statement { conditions, ..everything(statement) };
        let asked = proof::of_statements(policy, vec![asked]);
        proof::grants_nothing(&asked, Vec::new(), PolicyKind::Identity, None, cx)
    };
    match holds_never(&rows) {
        Proof::Fails(_) => {}
        Proof::Open(reason) => out.not_evaluated(&CONDITION_NEVER_HOLDS, reason),
        Proof::Holds => {
            // A row that holds of nothing by itself is told by its value, not by the other row.
            if rows.iter().all(|row| matches!(holds_never(&[row]), Proof::Fails(_))) {
                let [first, second] = rows;
                let message = "no request meets this condition together with another one";
                let finding = Finding::new(&CONDITION_NEVER_HOLDS, second.element.value, message)
                    .related(first.element.value, "the other one")
                    .help("all rows of a Condition must hold; write the values that are meant, or take the statement away");
                out.push(finding.no_code());
            }
        }
    }
}

/// An `Allow` of everything, as an identity policy has it: what else lets a caller in does not come into it.
fn everything(instead_of: &Statement) -> Statement {
    Statement { principals: None, ..proof::allowing_anyone(instead_of, "*") }
}

/// Whether two rows may exclude one another: a cheap question before a dear one.
fn may_clash(one: &Condition, other: &Condition) -> bool {
    let is_same_key = one.key.value.is(other.key.value.as_str());
    if !(is_same_key && is_plain(one) && is_plain(other)) {
        return false;
    }
    let asks_absence = |row: &Condition| row.operator.value.comparison.asks_presence() && !row.demands_key();
    if asks_absence(one) || asks_absence(other) {
        return one.demands_key() || other.demands_key();
    }
    let [first, second] = [one, other].map(|row| row.operator.value);
    if first.comparison.asks_presence() || second.comparison.asks_presence() {
        return false;
    }
    let any = Some(Quantifier::ForAnyValue);
    // Of several values each row may mean another.
    if first.quantifier == any && second.quantifier == any {
        return false;
    }
    let is_named = |comparison: Comparison| comparison.is_of_text() || comparison.takes_wildcards();
    if !(is_named(first.comparison) && is_named(second.comparison)) {
        return true;
    }
    match (first.comparison.is_negated(), second.comparison.is_negated()) {
        (true, true) => false,
        (false, false) => !pairs(one, other).any(|(own, others)| may_overlap(own, others)),
        (false, true) => excludes(other, one),
        (true, false) => excludes(one, other),
    }
}

fn is_plain(row: &Condition) -> bool {
    let values = &row.values;
    let is_fixed = values.is_read_whole() && !values.read.is_empty();
    is_fixed
        && values.read.len() * values.read.len() <= MOST_PAIRS
        && !values.values().any(|value| value.contains("${"))
}

fn pairs<'c>(one: &'c Condition, other: &'c Condition) -> impl Iterator<Item = (&'c str, &'c str)> {
    one.values.values().flat_map(|own| other.values.values().map(move |others| (own.as_str(), others.as_str())))
}

/// Whether some text may fit both, wildcards or not.
fn may_overlap(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(str::to_ascii_lowercase);
    let [first, second] = [&one, &other].map(|text| glob::literal_start(text));
    match (glob::is_pattern(&one), glob::is_pattern(&other)) {
        (false, false) => one == other,
        (true, false) => glob::matches(&one, &other),
        (false, true) => glob::matches(&other, &one),
        (true, true) => first.starts_with(second) || second.starts_with(first),
    }
}

/// Whether a negated row leaves out every value that another asks for.
fn excludes(negated: &Condition, positive: &Condition) -> bool {
    positive.values.values().all(|own| {
        let mut left_out = negated.values.values();
        left_out.any(|other| glob::includes_ignoring_case(other, own))
    })
}

/// Tells of rows that every request meets, be it by a range of all addresses or by both Booleans.
pub(super) fn vacuous(policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    if !out.asks(&CONDITION_ALWAYS_HOLDS) {
        return;
    }
    let mut asked = 0;
    for statement in &policy.statements {
        for row in statement.conditions.iter().filter(|row| may_hold_always(row)) {
            asked += 1;
            if asked > MOST_ASKED {
                return proof::too_many(&CONDITION_ALWAYS_HOLDS, out);
            }
            let all = everything(statement);
            let such = Statement { conditions: vec![row.clone()], ..proof::as_deny(all.clone()) };
            let asked = proof::of_statements(policy, vec![all, such]);
            match proof::grants_nothing(&asked, Vec::new(), PolicyKind::Identity, None, cx) {
                Proof::Fails(_) => {}
                Proof::Open(reason) => out.not_evaluated(&CONDITION_ALWAYS_HOLDS, reason),
                Proof::Holds => {
                    let place = row.element.value;
                    let finding = Finding::new(&CONDITION_ALWAYS_HOLDS, place, "every request meets this condition");
                    out.push(finding.help("take the key away, or write the value that is meant").no_code());
                }
            }
        }
    }
}

/// Whether a row may hold of every request: a cheap question before a dear one. Texts of stars are told without a proof.
fn may_hold_always(row: &Condition) -> bool {
    let operator = row.operator.value;
    let holds_where_absent = operator.if_exists || operator.quantifier == Some(Quantifier::ForAllValues);
    let has = |wanted: &str| row.values.values().any(|value| value.eq_ignore_ascii_case(wanted));
    let is_wide = row.values.values().any(|value| value.ends_with("/0")) || (has("true") && has("false"));
    holds_where_absent && !operator.comparison.is_negated() && is_wide && is_plain(row)
}
