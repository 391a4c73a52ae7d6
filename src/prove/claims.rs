//! Each claim as a search for a request against it.

use std::collections::BTreeSet;

use super::{
    budget::Budget,
    carried::grants_no_more,
    claim::{Answer, Carried, Claim, ProveError, Question, Verdict},
    partition::{ACCOUNT, Scope, Space, Who},
    public,
    search::{Case, Found, Search},
};
use crate::{
    policy::{self, AccountId, Policy, PolicyKind, PolicySet, PolicyVersion, Principal},
    reference::{KeyInfo, Reference},
    semantics::{
        ActionTest, Authorization, Caller, Fact, Formula, KeyName, KeyTest, ResourceTest, ShortArn, Trait, authorize,
        operator::{Base, Operand, Reach},
        pattern::{Pattern, Reading},
    },
    simulate::Reason,
    source::{SourceId, Span},
    syntax::json,
};

/// Answers a question.
///
/// # Errors
/// [`ProveError::Kind`] where the claim is about another kind of policy; [`ProveError::Mismatch`], which is a bug, where
/// the simulator says otherwise of what is found.
pub fn prove(question: &Question<'_>, reference: &Reference, budget: Budget) -> Result<Answer, ProveError> {
    let asking = Asking { question, reference, budget };
    match &question.claim {
        Claim::NoNewAccess { old, new } => asking.no_new_access(old, new),
        Claim::NotGranted { policies, .. } => asking.not_granted(policies),
        Claim::NotPublic { policy, trusted_accounts, trusted_orgs } => {
            public::prove(&asking, policy, trusted_accounts, trusted_orgs)
        }
        Claim::KeepsAdmin { key_policy, caller } => asking.keeps_admin(key_policy, caller.as_ref()),
    }
}

/// A question in the making.
pub(super) struct Asking<'a, 'p> {
    pub(super) question: &'a Question<'p>,
    pub(super) reference: &'a Reference,
    pub(super) budget: Budget,
}

/// A policy that lets everything through that no other policy keeps out.
pub(super) fn agreeing(principal: &str) -> Policy {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{principal}"Action":"*","Resource":"*"}}]}}"#
    );
    policy::read(&json::read_text(&text, NOWHERE).root).0
}

/// The source of what stands in no file.
const NOWHERE: SourceId = SourceId(u32::MAX);

/// The span of what stands in no file.
const NO_PLACE: Span = Span { source: NOWHERE, start: 0, end: 0 };

impl Asking<'_, '_> {
    fn wrong_kind(&self) -> ProveError {
        ProveError::Kind { claim: self.question.claim.word(), kind: self.question.kind }
    }

    fn no_new_access(&self, old: &Policy, new: &Policy) -> Result<Answer, ProveError> {
        let kind = self.question.kind;
        match kind {
            PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session | PolicyKind::ServiceControl => {
                Ok(answer(self.compare_carried(old, new)?))
            }
            PolicyKind::Key | PolicyKind::Trust | PolicyKind::Resource => {
                let mut open = Vec::new();
                if grants_no_more(old, new) {
                    return Ok(answer(Found::Nothing));
                }
                for owner in self.owners(&[old, new]) {
                    match self.compare_attached(old, new, owner)? {
                        Found::Nothing => {}
                        Found::Open(reasons) => open.extend(reasons),
                        found @ Found::Request(_) => return Ok(answer(found)),
                    }
                }
                Ok(answer(if open.is_empty() { Found::Nothing } else { Found::Open(open) }))
            }
            PolicyKind::ResourceControl | PolicyKind::Endpoint => Err(self.wrong_kind()),
        }
    }

    pub(super) fn carried<'p>(&self, policy: &'p Policy, open: &'p Policy) -> PolicySet<'p> {
        let set = PolicySet { identity: vec![open], ..PolicySet::default() };
        match self.question.kind {
            PolicyKind::Boundary => PolicySet { boundary: Some(policy), ..set },
            PolicyKind::Session => PolicySet { session: Some(vec![policy]), ..set },
            PolicyKind::ServiceControl => PolicySet { scps: Some(vec![vec![policy]]), ..set },
            _ => PolicySet { identity: vec![policy], ..PolicySet::default() },
        }
    }

    /// Two policies of a resource: what each grants by itself, and what it grants to those whose own policies agree.
    fn compare_attached(&self, old: &Policy, new: &Policy, owner: AccountId) -> Result<Found, ProveError> {
        let open = agreeing("");
        let [alone_new, alone_old] = [new, old].map(|policy| self.attached(policy, None));
        let [with_new, with_old] = [new, old].map(|policy| self.attached(policy, Some(&open)));
        let tests = [authorize(&alone_new), authorize(&alone_old)];
        let scope = self.attached_scope(Who::Anyone, owner, &[old, new]);
        let cases = [
            Case { allowed: alone_new, but_not: Some(alone_old), other_side_agrees: false },
            Case { allowed: with_new, but_not: Some(with_old), other_side_agrees: true },
        ];
        self.search(&tests, &scope, &cases)
    }

    pub(super) fn attached<'p>(&self, policy: &'p Policy, identity: Option<&'p Policy>) -> PolicySet<'p> {
        PolicySet {
            identity: identity.into_iter().collect(),
            resource: Some(policy),
            resource_kind: self.question.kind,
            ..PolicySet::default()
        }
    }

    fn search(&self, tests: &[Authorization], scope: &Scope, cases: &[Case<'_>]) -> Result<Found, ProveError> {
        let mut budget = self.budget;
        let space = match Search::space(tests, scope, self.reference, &mut budget) {
            Ok(space) => space,
            Err(exhausted) => return Ok(Found::Open(vec![reason(&exhausted.to_string())])),
        };
        Search { space: &space, reference: self.reference, budget }
            .run(cases, &|solver| Ok(solver.formula(&scope.wanted)?.open))
    }

    pub(super) fn scope(&self, who: Who, owner: Option<AccountId>) -> Scope {
        Scope {
            who,
            accounts: Vec::new(),
            owner,
            services: self.question.resource_type.map(|of| vec![of.service]),
            resources: Vec::new(),
            examples: Vec::new(),
            values: Vec::new(),
            // These calls need no leave, so no policy grants them.
            wanted: Formula::Any([Trait::AsksWhoCalls, Trait::AsksForToken].map(Fact::Call).map(Formula::Fact).into())
                .negated(),
        }
    }

    /// The requests that a resource's policy decides on.
    pub(super) fn attached_scope(&self, who: Who, owner: AccountId, policies: &[&Policy]) -> Scope {
        let partition = policies.iter().find_map(|policy| policy.named_partition()).unwrap_or("aws");
        let mut scope = self.scope(who, Some(owner));
        scope.accounts.push(owner);
        // No resource's policy decides who may retire a grant.
        let retires = Formula::Fact(Fact::Call(Trait::RetiresGrant)).negated();
        scope.wanted = Formula::All(vec![scope.wanted, retires]);
        match self.question.kind {
            PolicyKind::Key => {
                scope.services = Some(vec!["kms"]);
                scope.resources = vec![format!("arn:{partition}:kms:*:{owner}:key/*")];
            }
            PolicyKind::Trust => {
                scope.services = Some(vec!["sts"]);
                scope.resources = vec![format!("arn:{partition}:iam::{owner}:role/*")];
            }
            _ => {}
        }
        scope
    }

    /// Who may own the resource: the declared account, else each that the policies name.
    pub(super) fn owners(&self, policies: &[&Policy]) -> Vec<AccountId> {
        if let Some(account) = self.question.account {
            return vec![account];
        }
        let named = policies.iter().flat_map(|policy| &policy.statements);
        let named =
            named.filter_map(|statement| statement.principals.as_ref()).flat_map(|clause| clause.listed().values());
        let named: BTreeSet<String> = named.filter_map(Principal::account).map(|account| account.to_string()).collect();
        let mut all: Vec<AccountId> =
            named.iter().filter_map(|account| account.parse().ok()).take(MOST_OWNERS).collect();
        if all.is_empty() {
            all.extend(ACCOUNT.parse::<AccountId>());
        }
        all
    }

    fn not_granted(&self, policies: &[&Policy]) -> Result<Answer, ProveError> {
        match self.question.kind {
            PolicyKind::Identity => self.not_granted_together(policies),
            PolicyKind::Key | PolicyKind::Trust | PolicyKind::Resource => {
                let mut open = Vec::new();
                for policy in policies {
                    for owner in self.owners(&[policy]) {
                        match self.not_granted_by(policy, owner)? {
                            Found::Nothing => {}
                            Found::Open(reasons) => open.extend(reasons),
                            found @ Found::Request(_) => return Ok(answer(found)),
                        }
                    }
                }
                Ok(answer(if open.is_empty() { Found::Nothing } else { Found::Open(open) }))
            }
            _ => Err(self.wrong_kind()),
        }
    }

    fn not_granted_together(&self, policies: &[&Policy]) -> Result<Answer, ProveError> {
        let set = PolicySet { identity: policies.to_vec(), ..PolicySet::default() };
        let tests = [authorize(&set)];
        let mut scope = self.scope(Who::Carriers(self.question.account), None);
        scope.wanted = Formula::All(vec![scope.wanted, self.wanted()]);
        let mut budget = self.budget;
        let space = match Search::space(&tests, &scope, self.reference, &mut budget) {
            Ok(space) => space,
            Err(exhausted) => return Ok(answer(Found::Open(vec![reason(&exhausted.to_string())]))),
        };
        let agrees = agreeing_resource(&space);
        let case =
            Case { allowed: PolicySet { resource: Some(&agrees), ..set }, but_not: None, other_side_agrees: true };
        let search = Search { space: &space, reference: self.reference, budget };
        Ok(answer(search.run(&[case], &|solver| Ok(solver.formula(&scope.wanted)?.open))?))
    }

    fn not_granted_by(&self, policy: &Policy, owner: AccountId) -> Result<Found, ProveError> {
        let open = agreeing("");
        let alone = self.attached(policy, None);
        let tests = [authorize(&alone)];
        let mut scope = self.attached_scope(Who::Anyone, owner, &[policy]);
        scope.wanted = Formula::All(vec![scope.wanted, self.wanted()]);
        let mut budget = self.budget;
        let space = match Search::space(&tests, &scope, self.reference, &mut budget) {
            Ok(space) => space,
            Err(exhausted) => return Ok(Found::Open(vec![reason(&exhausted.to_string())])),
        };
        let search = Search { space: &space, reference: self.reference, budget };
        let wanted = |solver: &mut super::solver::Solver<'_>| Ok(solver.formula(&scope.wanted)?.open);
        let found = search.run(&[Case { allowed: alone, but_not: None, other_side_agrees: false }], &wanted)?;
        if !matches!(found, Found::Nothing) {
            return Ok(found);
        }
        // What an account's own policies allow on its own resource is not granted by the resource's policy.
        let counts = matches!(&self.question.claim, Claim::NotGranted { delegated: true, .. });
        let is_delegating = counts && matches!(self.question.kind, PolicyKind::Key | PolicyKind::Trust);
        let case = Case { allowed: self.attached(policy, Some(&open)), but_not: None, other_side_agrees: true };
        search.run(&[case], &|solver| {
            let wanted = solver.formula(&scope.wanted)?.open;
            let outside = solver.callers_of(|caller| is_delegating || caller.account() != Some(owner))?;
            solver.diagram().both(wanted, outside)
        })
    }

    /// The patterns of the claim, as facts.
    fn wanted(&self) -> Formula<Fact> {
        let Claim::NotGranted { actions, resources, principals, context, .. } = &self.question.claim else {
            return Formula::always();
        };
        let wild = |text: &str| Pattern::read(text, Reading { wildcards: true, variables: false });
        let action = |text: &String| {
            Formula::Fact(Fact::Action(ActionTest { pattern: wild(&text.to_ascii_lowercase()), span: NO_PLACE }))
        };
        let resource = |text: &String| {
            let pattern = Pattern::read_resource(text, None);
            Formula::Fact(Fact::Resource(ResourceTest { pattern, short: ShortArn::Completed, span: NO_PLACE }))
        };
        let principal = |text: &String| {
            let is_account = text.parse::<AccountId>().is_ok();
            let key = match text {
                _ if is_account => "aws:PrincipalAccount",
                text if text.ends_with(".amazonaws.com") => "aws:PrincipalServiceName",
                _ => "aws:PrincipalArn",
            };
            like(key, text)
        };
        let any = |list: Vec<Formula<Fact>>| if list.is_empty() { Formula::always() } else { Formula::Any(list) };
        Formula::All(vec![
            any(actions.iter().map(action).collect()),
            any(resources.iter().map(resource).collect()),
            any(principals.iter().filter(|text| *text != "*").map(principal).collect()),
            Formula::All(context.iter().map(|carried| self.request_with(carried)).collect()),
        ])
    }

    /// What a request carries, as facts.
    fn request_with(&self, carried: &Carried) -> Formula<Fact> {
        let is_multi_valued = self.reference.condition_key(&carried.key).is_some_and(KeyInfo::is_multi_valued);
        let reach = if is_multi_valued { Reach::Some } else { Reach::Single };
        let values = carried.values.iter().map(|value| reaching(reach, &carried.key, value));
        let absent = Formula::Fact(Fact::Present(KeyName::new(&carried.key))).negated();
        Formula::Any(values.chain(carried.or_absent.then_some(absent)).collect())
    }

    fn keeps_admin(&self, key_policy: &Policy, caller: Option<&Caller>) -> Result<Answer, ProveError> {
        if self.question.kind != PolicyKind::Key {
            return Err(self.wrong_kind());
        }
        let open = agreeing("");
        let Some(owner) = self.owners(&[key_policy]).first().copied() else { return Err(self.wrong_kind()) };
        let alone = self.attached(key_policy, None);
        let tests = [authorize(&alone)];
        let who = caller.map_or(Who::Anyone, |caller| Who::One(caller.clone()));
        let mut scope = self.attached_scope(who, owner, &[key_policy]);
        let pattern = Pattern::read("kms:putkeypolicy", Reading { wildcards: false, variables: false });
        let changes = Formula::Fact(Fact::Action(ActionTest { pattern, span: NO_PLACE }));
        scope.wanted = Formula::All(vec![scope.wanted, changes]);
        let mut budget = self.budget;
        let space = match Search::space(&tests, &scope, self.reference, &mut budget) {
            Ok(space) => space,
            Err(exhausted) => return Ok(answer(Found::Open(vec![reason(&exhausted.to_string())]))),
        };
        let cases = [
            Case { allowed: alone, but_not: None, other_side_agrees: false },
            Case { allowed: self.attached(key_policy, Some(&open)), but_not: None, other_side_agrees: true },
        ];
        let search = Search { space: &space, reference: self.reference, budget };
        let found = search.run(&cases, &|solver| {
            let wanted = solver.formula(&scope.wanted)?.open;
            let own = solver.callers_of(|caller| caller.account() == Some(owner))?;
            solver.diagram().both(wanted, own)
        })?;
        let verdict = match found {
            Found::Request(_) => Verdict::Proven,
            Found::Nothing => Verdict::Refuted { witness: None },
            Found::Open(reasons) => Verdict::Undecided { reasons },
        };
        Ok(Answer { verdict, notes: Vec::new() })
    }
}

/// How many accounts are tried as the owner where none is declared.
const MOST_OWNERS: usize = 4;

/// A resource's policy that leaves the decision to the callers' own policies.
pub(super) fn agreeing_resource(space: &Space) -> Policy {
    let accounts: BTreeSet<String> =
        space.callers.iter().filter_map(Caller::account).map(|account| format!("\"{account}\"")).collect();
    agreeing(&format!(r#""Principal":{{"AWS":[{}]}},"#, accounts.into_iter().collect::<Vec<_>>().join(",")))
}

/// That the value of a key is like a pattern.
pub(super) fn like(key: &str, pattern: &str) -> Formula<Fact> {
    reaching(Reach::Single, key, pattern)
}

fn reaching(reach: Reach, key: &str, pattern: &str) -> Formula<Fact> {
    Formula::Fact(Fact::Key(KeyTest {
        key: KeyName::new(key),
        reach,
        base: Base::TextPattern,
        negated: false,
        operands: [Operand::read(Base::TextPattern, pattern, Some(PolicyVersion::V2012))].into(),
        has_unknown: false,
        span: NO_PLACE,
    }))
}

/// What a search against a claim says of it.
pub(super) fn answer(found: Found) -> Answer {
    let verdict = match found {
        Found::Nothing => Verdict::Proven,
        Found::Request(witness) => Verdict::Refuted { witness: Some(witness) },
        Found::Open(reasons) => Verdict::Undecided { reasons },
    };
    Answer { verdict, notes: Vec::new() }
}

pub(super) fn reason(message: &str) -> Reason {
    Reason { span: None, message: message.to_owned() }
}
