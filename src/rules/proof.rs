//! What the prover says of one policy, for rules that rest on a proof.
//!
//! A proof costs more than a look. So a rule asks only where a cheap look says that the answer may matter, of few
//! statements of a policy, and each answer has a small budget. What it leaves open the rule says: it is not evaluated.

use super::{Findings, RuleContext};
use crate::{
    finding::RuleInfo,
    policy::{
        AccountId, ActionPattern, Clause, Effect, Element, Listed, Policy, PolicyKind, Principal, ResourcePattern,
        Statement,
    },
    prove::{Budget, Claim, Question, ResourceType, Verdict, Witness, prove},
    source::{Span, Spanned},
};

/// So much is tried for one answer, in milliseconds of a slow machine.
const BUDGET: u64 = 20;

/// So many statements of a policy are asked about by one rule.
pub(super) const MOST_ASKED: usize = 16;

/// What is answered.
pub(super) enum Proof {
    /// The claim holds for every request.
    Holds,
    /// It does not; a request against it, where there is one.
    Fails(Option<Box<Witness>>),
    /// Neither could be shown; why.
    Open(String),
}

/// Asks whether a claim holds, within the budget of rules that are asked by default.
pub(super) fn ask(claim: Claim<'_>, kind: PolicyKind, owner: Option<AccountId>, cx: &RuleContext<'_, '_>) -> Proof {
    ask_within(BUDGET, claim, kind, owner, cx)
}

/// Asks whether a claim holds, within a budget of so many milliseconds.
pub(super) fn ask_within(
    budget: u64,
    claim: Claim<'_>,
    kind: PolicyKind,
    owner: Option<AccountId>,
    cx: &RuleContext<'_, '_>,
) -> Proof {
    // Calls on a key are shown as readers know them.
    let resource_type = ResourceType::of("AWS::KMS::Key").filter(|_| kind == PolicyKind::Key);
    let question = Question { claim, kind, account: owner, resource_type };
    match prove(&question, cx.aws.reference, Budget::of_milliseconds(budget)).map(|answer| answer.verdict) {
        Ok(Verdict::Proven) => Proof::Holds,
        Ok(Verdict::Refuted { witness }) => Proof::Fails(witness),
        Ok(Verdict::Undecided { reasons }) => {
            let because = reasons.first().map_or("", |reason| reason.message.as_str());
            Proof::Open(format!("neither a proof nor a request was found: {because}"))
        }
        Err(error) => Proof::Open(error.to_string()),
    }
}

/// Asks whether no request at all is allowed by these policies of one kind together.
pub(super) fn grants_nothing(
    policy: &Policy,
    principals: Vec<String>,
    kind: PolicyKind,
    owner: Option<AccountId>,
    cx: &RuleContext<'_, '_>,
) -> Proof {
    let claim = Claim::NotGranted {
        policies: vec![policy],
        actions: Vec::new(),
        resources: Vec::new(),
        principals,
        context: Vec::new(),
        delegated: true,
    };
    ask(claim, kind, owner, cx)
}

/// Whether nobody of an account may call `kms:PutKeyPolicy` by a key policy, whichever of some accounts owns the key.
pub(super) fn locks_out(policy: &Policy, owners: &[AccountId], cx: &RuleContext<'_, '_>) -> Proof {
    for owner in owners {
        let claim = Claim::KeepsAdmin { key_policy: policy, caller: None };
        match ask(claim, PolicyKind::Key, Some(*owner), cx) {
            Proof::Fails(_) => {}
            Proof::Holds => return Proof::Fails(None),
            open @ Proof::Open(_) => return open,
        }
    }
    Proof::Holds
}

/// An account that is nobody's, for a key whose owner is not known.
const SOME_ACCOUNT: &str = "000000000000";

/// So many accounts are tried as the owner of a key.
const MOST_OWNERS: usize = 4;

/// The accounts of which one may own a key: those that some statements name, be it in conditions, and one that they do not.
/// `None` where there are too many.
pub(super) fn possible_owners(statements: &[&Statement]) -> Option<Vec<AccountId>> {
    let principals = statements.iter().filter_map(|statement| statement.principals.as_ref());
    let principals = principals.flat_map(|clause| clause.listed().values()).filter_map(Principal::account);
    let rows = statements.iter().flat_map(|statement| &statement.conditions);
    let in_values = rows.flat_map(|row| row.values.values()).flat_map(|value| value.split(':'));
    let mut owners: Vec<AccountId> = Vec::new();
    let unnamed = SOME_ACCOUNT.parse().ok();
    for account in principals.chain(in_values.filter_map(|part| part.parse().ok())).chain(unnamed) {
        if !owners.contains(&account) {
            owners.push(account);
        }
        if owners.len() > MOST_OWNERS {
            return None;
        }
    }
    Some(owners)
}

/// A remedy, with the request that shows why it is needed.
pub(super) fn help(remedy: &str, witness: Option<&Witness>, kind: PolicyKind) -> String {
    match witness {
        Some(witness) => format!("{}; this request is allowed: {}", remedy.trim_end_matches('.'), witness.clause(kind)),
        None => remedy.to_owned(),
    }
}

/// Some statements as a policy, where what else the policy says, known or not, takes nothing from the answer.
pub(super) fn of_statements(policy: &Policy, statements: Vec<Statement>) -> Policy {
    Policy { unknown: Vec::new(), is_cut: false, ..policy.with_statements(statements) }
}

/// A statement that allows, together with those of its policy that deny: a part that is not known may be one.
pub(super) fn with_denials(policy: &Policy, allowing: Statement) -> Policy {
    let denials = policy.statements.iter().filter(|statement| statement.denies()).cloned();
    let asked = policy.with_statements(std::iter::once(allowing).chain(denials).collect());
    let told: Vec<Span> =
        policy.statements.iter().filter(|one| one.effect.is_some()).map(|statement| statement.span).collect();
    let is_open = |place: &&Span| {
        // The statements stand in the order of the file.
        let before = told.partition_point(|statement| statement.start <= place.start);
        before.checked_sub(1).and_then(|at| told.get(at)).is_none_or(|statement| !statement.contains(**place))
    };
    Policy { unknown: policy.unknown.iter().filter(is_open).copied().collect(), ..asked }
}

/// How many actions and resources a statement lists, by which the cheap look grows that comes before a proof.
pub(super) fn patterns(statement: &Statement) -> usize {
    let actions = statement.actions.as_ref().map_or(0, |clause| clause.listed().len());
    actions + statement.resources.as_ref().map_or(0, |clause| clause.listed().len())
}

/// Whether it is known how a policy reads variables.
pub(super) fn knows_version(policy: &Policy) -> bool {
    policy.version.is_some() || policy.version_element.is_none()
}

/// The same statement on every resource, where it names any.
pub(super) fn on_every_resource(statement: &Statement) -> Statement {
    let Some(clause) = &statement.resources else { return statement.clone() };
    let element = clause.listed().element;
    Statement { resources: Some(Clause::Only(one(element, ResourcePattern::new("*")))), ..statement.clone() }
}

/// The same statement as an `Allow`: what it matches is then what it lets through.
pub(super) fn as_allow(statement: &Statement) -> Statement {
    let place = statement.effect.as_ref().map_or(statement.span, |effect| effect.span);
    Statement { effect: Some(Spanned::new(Effect::Allow, place)), ..statement.clone() }
}

/// An `Allow` of one action to anyone, in the place of another statement.
pub(super) fn allowing_anyone(instead_of: &Statement, action: &str) -> Statement {
    let place = instead_of.span;
    let element = Element { key: place, value: place };
    Statement {
        principals: Some(Clause::Only(one(element, Principal::Anyone))),
        actions: Some(Clause::Only(one(element, ActionPattern::new(action)))),
        resources: Some(Clause::Only(one(element, ResourcePattern::new("*")))),
        conditions: Vec::new(),
        unread_conditions: Vec::new(),
        ..as_allow(instead_of)
    }
}

/// The same as a `Deny`.
pub(super) fn as_deny(statement: Statement) -> Statement {
    let place = statement.effect.as_ref().map_or(statement.span, |effect| effect.span);
    Statement { effect: Some(Spanned::new(Effect::Deny, place)), ..statement }
}

/// As policies of which kind statements are to be asked about, if what they match is all that counts.
pub(super) fn matching_kind(kind: PolicyKind) -> PolicyKind {
    match kind {
        PolicyKind::Key | PolicyKind::Trust => kind,
        PolicyKind::Resource | PolicyKind::ResourceControl | PolicyKind::Endpoint => PolicyKind::Resource,
        _ => PolicyKind::Identity,
    }
}

/// A list of one value.
fn one<T>(element: Element, value: T) -> Listed<T> {
    Listed { read: vec![Spanned::new(value, element.value)], ..Listed::new(element, false) }
}

/// Says that a rule was not asked about some statements, since there are too many.
pub(super) fn too_many(rule: &'static RuleInfo, out: &mut Findings<'_>) {
    out.not_evaluated(rule, format!("more than {MOST_ASKED} statements would have to be proven"));
}
