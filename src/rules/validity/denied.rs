//! Statements that have no effect, since others take back all that they allow.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{ActionPattern, Clause, Policy, PolicyKind, Principal, ResourcePattern, Statement, glob},
    rules::{
        Check, Findings, RuleContext,
        declare::declare_rules,
        key_policy,
        proof::{self, MOST_ASKED, Proof},
    },
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags an `Allow` of which a `Deny` of the same policy, or several together, meet every request. It is proven, conditions
    /// included: no request gets past.
    ///
    /// ## Why it matters
    /// A `Deny` outweighs every `Allow`, so the statement lets nobody in, and whoever wrote it expects otherwise.
    ///
    /// ## How to fix it
    /// Narrow the `Deny` to what it is meant to keep out, or take the `Allow` away.
    ///
    /// ## Source
    /// IAM User Guide, "Policy evaluation logic".
    pub ALLOW_FULLY_DENIED = {
        id: "allow-fully-denied", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "an Allow of which a Deny takes back everything",
    }
}

/// What a policy allows and denies again.
pub(crate) struct Denied;

impl Check for Denied {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind != PolicyKind::ResourceControl
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let is_read = |statement: &&Statement| statement.denies() && statement.unread_conditions.is_empty();
        let denials: Vec<&Statement> = policy.statements.iter().filter(is_read).take(MOST_DENIALS).collect();
        if denials.is_empty() || !proof::knows_version(policy) {
            return;
        }
        let mut asked = 0;
        for statement in policy.statements.iter().filter(|statement| statement.allows()) {
            let may_meet = |one: &&Statement| may_meet(one, statement, cx.kind());
            let meeting: Vec<&Statement> = denials.iter().copied().filter(may_meet).collect();
            if meeting.is_empty() || !may_be_met(statement, &meeting) {
                continue;
            }
            asked += 1;
            if asked > MOST_ASKED {
                return proof::too_many(&ALLOW_FULLY_DENIED, out);
            }
            judge(policy, statement, &meeting, cx, out);
        }
    }
}

/// So many `Deny` statements are looked at.
const MOST_DENIALS: usize = 64;

/// So many pairs of patterns are compared before the prover is asked.
const MOST_PAIRS: usize = 20_000;

fn judge(
    policy: &Policy,
    statement: &Statement,
    meeting: &[&Statement],
    cx: &RuleContext<'_, '_>,
    out: &mut Findings<'_>,
) {
    let kind = asked_as(cx.kind());
    let owner = if kind == PolicyKind::Key { key_policy::owner(policy, cx.project) } else { cx.project.owner() };
    let grants_nothing = |denials: &[&Statement]| {
        let statements = std::iter::once(statement).chain(denials.iter().copied()).cloned();
        let statements = statements.map(|statement| match kind {
            PolicyKind::Identity => Statement { principals: None, ..statement },
            _ => statement,
        });
        let statements = statements.collect();
        let asked = proof::of_statements(policy, statements);
        proof::grants_nothing(&asked, Vec::new(), kind, owner, cx)
    };
    match grants_nothing(meeting) {
        Proof::Open(reason) => out.not_evaluated(&ALLOW_FULLY_DENIED, reason),
        // What lets nobody in by itself has no need of a Deny.
        Proof::Holds if matches!(grants_nothing(&[]), Proof::Fails(_)) => {
            let place = |statement: &Statement| statement.effect.as_ref().map_or(statement.span, |effect| effect.span);
            let message = match meeting {
                [_] => "a Deny takes back all that this statement allows".to_owned(),
                _ => format!("{} Deny statements take back all that this statement allows", meeting.len()),
            };
            let finding = Finding::new(&ALLOW_FULLY_DENIED, place(statement), message);
            let finding = meeting.iter().fold(finding, |finding, one| finding.related(place(one), "takes it back"));
            out.push(finding.help("narrow the Deny to what it is meant to keep out, or take this statement away"));
        }
        Proof::Fails(_) | Proof::Holds => {}
    }
}

/// As a policy of which kind it is asked about. The root user needs no leave of a resource's policy, so there a `Deny` for
/// anyone is held against the statement, whoever that names.
fn asked_as(kind: PolicyKind) -> PolicyKind {
    match kind {
        PolicyKind::Key | PolicyKind::Trust => kind,
        _ => PolicyKind::Identity,
    }
}

fn is_for_anyone(statement: &Statement) -> bool {
    statement.named_principals().is_some_and(|listed| listed.values().any(|one| *one == Principal::Anyone))
}

/// Whether a `Deny` may meet a statement whole, by its conditions: it asks for nothing of which the statement says nothing.
fn may_meet(denial: &Statement, statement: &Statement, kind: PolicyKind) -> bool {
    let drops_principals = asked_as(kind) == PolicyKind::Identity && kind.names_principals();
    if drops_principals && !is_for_anyone(denial) {
        return false;
    }
    let is_named = |key: &str| {
        statement.conditions_on(key).next().is_some()
            || !drops_principals
                && (statement.is_conditional() || statement.principals.is_some())
                && OF_CALLER.iter().any(|known| known.eq_ignore_ascii_case(key))
    };
    denial.conditions.iter().take(MOST_ROWS).all(|row| is_named(row.key.value.as_str()))
}

/// Keys that follow from who calls.
const OF_CALLER: [&str; 4] = ["aws:PrincipalArn", "aws:PrincipalAccount", "kms:CallerAccount", "aws:username"];

/// So many rows of a condition are looked at.
const MOST_ROWS: usize = 32;

/// Whether statements together may meet all of another one, by its actions and resources: a cheap question before a dear one.
fn may_be_met(statement: &Statement, denials: &[&Statement]) -> bool {
    let Some(actions) = &statement.actions else { return false };
    let met = |action: &ActionPattern| denials.iter().any(|denial| covers_action(denial, action));
    let size: usize = denials.iter().map(|denial| proof::patterns(denial)).sum();
    if size.saturating_mul(proof::patterns(statement)) > MOST_PAIRS {
        return false;
    }
    let are_met = match actions {
        Clause::Only(listed) => !listed.read.is_empty() && listed.is_read_whole() && listed.values().all(met),
        Clause::AllBut(_) => met(&ActionPattern::new("*")),
    };
    let met = |resource: &ResourcePattern| denials.iter().any(|denial| may_cover_resource(denial, resource));
    are_met
        && match &statement.resources {
            Some(Clause::Only(listed)) => listed.is_read_whole() && listed.values().all(met),
            Some(Clause::AllBut(_)) => met(&ResourcePattern::new("*")),
            None => true,
        }
}

fn covers_action(denial: &Statement, action: &ActionPattern) -> bool {
    let includes = |outer: &str, inner: &str| glob::includes_ignoring_case(outer, inner);
    match &denial.actions {
        Some(Clause::Only(listed)) => listed.values().any(|own| includes(own.as_str(), action.as_str())),
        Some(Clause::AllBut(listed)) => {
            let touches = |own: &ActionPattern| {
                includes(own.as_str(), action.as_str()) || includes(action.as_str(), own.as_str())
            };
            listed.is_read_whole() && !listed.values().any(touches)
        }
        None => false,
    }
}

fn may_cover_resource(denial: &Statement, resource: &ResourcePattern) -> bool {
    match &denial.resources {
        Some(Clause::Only(listed)) => listed.values().any(|own| glob::includes(own.as_str(), resource.as_str())),
        Some(Clause::AllBut(listed)) => {
            listed.is_read_whole() && !listed.values().any(|own| glob::includes(own.as_str(), resource.as_str()))
        }
        None => true,
    }
}
