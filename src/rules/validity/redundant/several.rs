//! Statements that several others cover together, or one that is limited otherwise: told where it is proven.

use std::collections::BTreeSet;

use super::{Known, REDUNDANT_STATEMENT};
use crate::{
    finding::Finding,
    policy::{ActionPattern, Clause, Listed, Policy, PolicyKind, ResourcePattern, Statement, glob},
    prove::Claim,
    rules::{
        Findings, RuleContext, key_policy,
        proof::{self, MOST_ASKED, Proof},
    },
};

/// So many statements of a policy are held against one another.
const MOST_STATEMENTS: usize = 64;

/// So many pairs of patterns are compared before the prover is asked.
const MOST_PAIRS: usize = 20_000;

/// Tells of statements that the others cover, but for those that are told already.
pub(super) fn tell(
    policy: &Policy,
    known: &[Known<'_>],
    told: &[usize],
    cx: &RuleContext<'_, '_>,
    out: &mut Findings<'_>,
) {
    if !proof::knows_version(policy) {
        return;
    }
    let mut left: Vec<&Statement> =
        (0..).zip(known).filter(|(at, _)| !told.contains(at)).map(|(_, one)| one.statement).collect();
    left.truncate(MOST_STATEMENTS);
    let mut asked = 0;
    let mut at = 0;
    while let Some(statement) = left.get(at).copied() {
        let others = left.iter().copied().filter(|other| other.span != statement.span);
        let covering: Vec<&Statement> = others.filter(|other| may_cover(other, statement)).collect();
        at += 1;
        if !may_be_covered(statement, &covering) {
            continue;
        }
        asked += 1;
        if asked > MOST_ASKED {
            return proof::too_many(&REDUNDANT_STATEMENT, out);
        }
        match are_enough(policy, statement, &covering, cx) {
            Proof::Fails(_) => {}
            Proof::Open(reason) => out.not_evaluated(&REDUNDANT_STATEMENT, reason),
            Proof::Holds => {
                let message = "other statements say all that this one says";
                let finding = Finding::new(&REDUNDANT_STATEMENT, statement.span, message);
                let finding =
                    covering.iter().fold(finding, |finding, other| finding.related(other.span, "says a part of it"));
                out.push(finding.help("take it away").no_code());
                at -= 1;
                left.remove(at);
            }
        }
    }
}

/// Whether all that a statement matches others match too.
fn are_enough(policy: &Policy, statement: &Statement, others: &[&Statement], cx: &RuleContext<'_, '_>) -> Proof {
    let allowing = |statements: &[&Statement]| {
        proof::of_statements(policy, statements.iter().map(|statement| proof::as_allow(statement)).collect())
    };
    let (old, new) = (allowing(others), allowing(&[statement]));
    let kind = proof::matching_kind(cx.kind());
    let owner = if kind == PolicyKind::Key { key_policy::owner(policy, cx.project) } else { cx.project.owner() };
    proof::ask(Claim::NoNewAccess { old: &old, new: &new }, kind, owner, cx)
}

/// Whether a statement may cover a part of another: with the same effect, and limited by no key of which that says nothing.
fn may_cover(outer: &Statement, inner: &Statement) -> bool {
    let is_limited = |key: &str| inner.conditions_on(key).next().is_some();
    outer.allows() == inner.allows()
        && outer.principals.is_some() == inner.principals.is_some()
        && outer.conditions.iter().all(|row| is_limited(row.key.value.as_str()))
}

/// Whether each action of a statement is, on each of its resources, in one of the others: a cheap question before a dear
/// one.
fn may_be_covered(inner: &Statement, others: &[&Statement]) -> bool {
    let all: usize = others.iter().map(|other| proof::patterns(other)).sum();
    if others.is_empty() || all.saturating_mul(proof::patterns(inner)) > MOST_PAIRS {
        return false;
    }
    let Some(actions) = inner.listed_actions() else { return false };
    let acts = actions.values().map(|own: &ActionPattern| {
        those(others, |other| {
            has(other.actions.as_ref(), |outer| glob::includes_ignoring_case(outer.as_str(), own.as_str()))
        })
    });
    let reaches = |own: &ResourcePattern| {
        those(others, |other| has(other.resources.as_ref(), |outer| glob::includes(outer.as_str(), own.as_str())))
    };
    let acts: BTreeSet<u64> = acts.collect();
    let reaches: BTreeSet<u64> = match &inner.resources {
        None => BTreeSet::from([u64::MAX]),
        Some(Clause::Only(listed)) => listed.values().map(reaches).collect(),
        Some(Clause::AllBut(_)) => return false,
    };
    acts.iter().all(|act| reaches.iter().all(|reach| act & reach != 0))
}

/// Of which statements something holds, a bit for each.
fn those(statements: &[&Statement], holds: impl Fn(&Statement) -> bool) -> u64 {
    const { assert!(MOST_STATEMENTS <= 64) };
    (0..).zip(statements).filter(|(_, one)| holds(one)).fold(0, |all, (at, _)| all | 1 << at)
}

fn has<T>(clause: Option<&Clause<T>>, covers: impl Fn(&T) -> bool) -> bool {
    clause.and_then(Clause::only).is_some_and(|listed: &Listed<T>| listed.values().any(covers))
}
