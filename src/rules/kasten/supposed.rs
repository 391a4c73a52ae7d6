//! Policies as they are taken when the simulator is asked about a workload.
//!
//! What a file leaves open, and what another rule already tells of, is taken as unknown, so that the simulator's answer is
//! certain only where these rules may speak: a placeholder may stand for the workload, an account number that is none was
//! meant as the right one, and an alias that cannot be one was meant as some alias.

use crate::{
    policy::{
        AccountId, ActionPattern, Clause, Condition, Effect, Element, Listed, Policy, PolicyVersion, Principal,
        ResourcePattern, Statement, is_placeholder, is_placeholder_value, names_account_root,
    },
    semantics::operator::Reach,
    source::{Span, Spanned},
};

use super::{
    access,
    conditions::{Caller, Certainty},
};

/// A policy as the simulator is to take it, with the statements of one effect, or of both.
pub(super) fn policy(policy: &Policy, only: Option<Effect>, caller: Caller<'_, '_>) -> Policy {
    let is_wanted = |statement: &&Statement| {
        let effect = statement.effect.as_ref().map(|effect| effect.value);
        effect.is_some() && (only.is_none() || effect == only)
    };
    let statements = policy.statements.iter().filter(is_wanted).map(|of| statement(of, caller)).collect();
    Policy { statements, ..policy.clone() }
}

/// A policy of which nothing is known but that it may allow anything.
pub(super) fn unseen(at: Span) -> Policy {
    let element = Element { key: at, value: at };
    let anything = Listed { read: vec![Spanned::new(ActionPattern::new("*"), at)], ..Listed::new(element, false) };
    let unknown = Listed { unknown: vec![at], ..Listed::new(element, false) };
    let statement = Statement {
        index: 0,
        sid: None,
        sid_element: None,
        effect: Some(Spanned::new(Effect::Allow, at)),
        effect_element: Some(element),
        principals: None,
        malformed_principal_kinds: Vec::new(),
        actions: Some(Clause::Only(anything)),
        resources: Some(Clause::Only(unknown)),
        conditions: Vec::new(),
        unread_conditions: Vec::new(),
        condition_element: None,
        span: at,
    };
    Policy {
        version: Some(Spanned::new(PolicyVersion::V2012, at)),
        version_element: None,
        id: None,
        statements: vec![statement],
        statement_element: None,
        fragment: false,
        unknown: Vec::new(),
        is_cut: false,
        span: at,
    }
}

/// A statement as the simulator is to take it.
pub(super) fn statement(statement: &Statement, caller: Caller<'_, '_>) -> Statement {
    let mut supposed = statement.clone();
    if let Some(Clause::Only(listed)) = &mut supposed.principals {
        principals(listed, caller);
    }
    resources(&mut supposed, caller);
    supposed.conditions = Vec::new();
    for row in &statement.conditions {
        match condition(row, statement, caller) {
            Row::Kept(row) => supposed.conditions.push(row),
            Row::Holds => {}
            Row::Open => supposed.unread_conditions.push(row.element.value),
        }
    }
    supposed
}

/// A root of a bad account was meant as the workload's; a placeholder may stand for anybody.
fn principals(listed: &mut Listed<Principal>, caller: Caller<'_, '_>) {
    for text in std::mem::take(&mut listed.malformed) {
        if names_account_root(&text.value) {
            listed.read.push(Spanned::new(Principal::Account(caller.arn.account()), text.span));
        } else if is_placeholder(&text.value) {
            listed.unknown.push(text.span);
        }
    }
}

/// Whether an entry holds the key is asked of what is known of the key; the answer stands for the entry.
fn resources(statement: &mut Statement, caller: Caller<'_, '_>) {
    let everything = |at: Span| Spanned::new(ResourcePattern::new("*"), at);
    // What a key policy says of `Resource`, other rules tell; it speaks of its own key alone.
    let allows_by_key = statement.principals.is_some() && statement.allows();
    let element = statement
        .resources
        .as_ref()
        .map_or(Element { key: statement.span, value: statement.span }, |clause| clause.listed().element);
    let mut supposed = Listed::new(element, true);
    match &statement.resources {
        _ if allows_by_key => supposed.read.push(everything(element.value)),
        Some(Clause::Only(listed)) => {
            for pattern in &listed.read {
                match access::covers_key(&pattern.value, caller) {
                    Certainty::Yes => supposed.read.push(everything(pattern.span)),
                    Certainty::Maybe => supposed.unknown.push(pattern.span),
                    Certainty::No => {}
                }
            }
            supposed.unknown.extend(&listed.unknown);
        }
        Some(Clause::AllBut(_)) | None => supposed.unknown.push(element.value),
    }
    statement.resources = Some(Clause::Only(supposed));
}

/// What becomes of a row of a condition.
enum Row {
    Kept(Condition),
    Holds,
    Open,
}

fn condition(row: &Condition, statement: &Statement, caller: Caller<'_, '_>) -> Row {
    if row.key.value.is("kms:ResourceAliases") {
        return aliases(row, statement, caller);
    }
    if row.values.values().any(|value| is_open(value)) {
        return Row::Open;
    }
    Row::Kept(row.clone())
}

/// Whether what a value stands for is not known here: a policy variable, a placeholder, an account number that is none.
fn is_open(value: &str) -> bool {
    if value.contains("${") {
        return true;
    }
    let is_number = value.len() > 8 && value.bytes().all(|byte| byte.is_ascii_digit());
    is_placeholder_value(value) || (is_number && value.parse::<AccountId>().is_err())
}

fn aliases(row: &Condition, statement: &Statement, caller: Caller<'_, '_>) -> Row {
    let operator = row.operator.value;
    let any_of = Reach::of(operator.quantifier) == Reach::Some && !operator.comparison.is_negated();
    if caller.aliases().is_none() {
        // Where nothing tells the key's aliases, the condition of an Allow is the only word on them.
        let is_word = Reach::of(operator.quantifier) == Reach::Some && statement.allows();
        return if is_word { Row::Holds } else { Row::Open };
    }
    if !any_of {
        return Row::Open;
    }
    // Values that other rules tell of: an ARN, a missing prefix, a wildcard that the operator does not know.
    let takes_wildcards = operator.comparison.takes_wildcards();
    let is_told = |value: &str| {
        let is_wild = value.contains('$') || (!takes_wildcards && value.contains(['*', '?']));
        !value.starts_with("alias/") || value.starts_with("alias/alias/") || is_wild
    };
    let mut row = row.clone();
    row.values.unknown.extend(row.values.read.iter().filter(|value| is_told(&value.value)).map(|value| value.span));
    Row::Kept(row)
}
