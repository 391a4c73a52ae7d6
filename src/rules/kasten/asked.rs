//! The simulator, asked for what a workload gets of its key.

use crate::{
    document::Grants,
    policy::{Effect, Policy, PolicyKind, PolicySet, Principal},
    semantics::{Because, Caller as Principals, Context, Layout, Request, Truth, Value, lower},
    simulate::{Compiled, LayerTrace, Matched, Outcome, Scratch, StatementTrace, holds},
    source::Span,
};

use super::{
    conditions::{Caller, Calls, Certainty},
    supposed,
};

/// What a workload gets of its key: by what allows alone, and by what denies too.
pub(super) struct Asked<'p, 'a> {
    caller: Caller<'p, 'a>,
    allowing: Compiled,
    whole: Compiled,
    context: Context,
    /// Whether the key belongs to another account than the workload.
    foreign: bool,
    /// Whether a grant that is not known may let the workload in.
    may_be_granted: bool,
    /// Whether a permissions boundary that no file holds may keep it out.
    may_be_bounded: bool,
}

/// What a workload's access to its key rests on.
#[derive(Default)]
pub(super) struct Basis<'p> {
    /// The key policy.
    pub(super) key: Option<&'p Policy>,
    /// The workload's own.
    pub(super) own: Vec<&'p Policy>,
    /// Whether it may carry others that no file holds.
    pub(super) is_open: bool,
    /// Whether the key belongs to another account than the workload.
    pub(super) foreign: bool,
    /// The grants on the key.
    pub(super) grants: Grants,
    /// The workload's permissions boundary.
    pub(super) boundary: Option<&'p Policy>,
    /// Whether it has one that no file holds.
    pub(super) has_unseen_boundary: bool,
}

impl<'p, 'a> Asked<'p, 'a> {
    /// Lays out what a workload's access rests on.
    pub(super) fn new(caller: Caller<'p, 'a>, basis: &Basis<'_>) -> Self {
        let Basis { key, own, grants, boundary, foreign, .. } = basis;
        let at = key.or(own.first().copied()).map_or(NOWHERE, |policy| policy.span);
        let laid_out = |only: Option<Effect>| {
            let key = key.map(|policy| supposed::policy(policy, only, caller));
            let boundary = boundary.map(|policy| supposed::policy(policy, only, caller));
            let mut own: Vec<Policy> = own.iter().map(|policy| supposed::policy(policy, only, caller)).collect();
            own.extend(basis.is_open.then(|| supposed::unseen(at)));
            Compiled::new(&PolicySet {
                identity: own.iter().collect(),
                resource: key.as_ref(),
                resource_kind: PolicyKind::Key,
                boundary: boundary.as_ref(),
                grants: &grants.known,
                ..PolicySet::default()
            })
        };
        let policies = key.iter().chain(own).chain(boundary).copied();
        let mut context = context(caller, policies);
        // What the workload encrypts with is not known.
        let constraints = grants.known.iter().flat_map(|grant| grant.equals.iter().chain(&grant.subset)).flatten();
        for (key, _) in constraints {
            context.set(&format!("kms:EncryptionContext:{key}"), Value::Unknown);
        }
        Self {
            caller,
            allowing: laid_out(Some(Effect::Allow)),
            whole: laid_out(None),
            context,
            foreign: *foreign,
            may_be_granted: grants.is_open,
            may_be_bounded: basis.has_unseen_boundary,
        }
    }

    fn request(&self, action: &str) -> Option<Request> {
        request(self.caller, action, &self.context, self.foreign)
    }

    /// Whether the policies allow an action. What a Deny takes away is told of the Deny.
    pub(super) fn allows(&self, action: &str) -> Certainty {
        let Some(request) = self.request(action) else { return Certainty::Maybe };
        match self.allowing.outcome(&request, &mut Scratch::default()) {
            Outcome::Allowed => Certainty::maybe_unless(!self.may_be_bounded),
            Outcome::Undecided => Certainty::Maybe,
            Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied => Certainty::maybe_if(self.may_be_granted),
        }
    }

    /// What the statements of one effect do with an action, in the key policy or in the workload's own.
    pub(super) fn statements(&self, action: &str, effect: Effect, because: Because) -> Vec<(Span, Certainty)> {
        let Some(request) = self.request(action) else { return Vec::new() };
        let trace = self.whole.trace(&request);
        let of_layer = trace.iter().filter(|layer: &&LayerTrace| layer.because == because);
        let statements = of_layer.flat_map(|layer| &layer.statements).filter(|statement| statement.effect == effect);
        statements.map(|statement: &StatementTrace| (statement.span, certainty(&statement.matched))).collect()
    }
}

const fn certainty(matched: &Matched) -> Certainty {
    match matched {
        Matched::Yes(_) => Certainty::Yes,
        Matched::Perhaps(_) => Certainty::Maybe,
        Matched::No { .. } => Certainty::No,
    }
}

const NOWHERE: Span = Span { source: crate::source::SourceId(u32::MAX), start: 0, end: 0 };

/// What is known of the requests: every other key that the policies ask for may have any value.
fn context<'s>(caller: Caller<'_, '_>, policies: impl Iterator<Item = &'s Policy>) -> Context {
    let mut context = Context::default();
    let rows = policies.flat_map(|policy| &policy.statements).flat_map(|statement| &statement.conditions);
    for key in rows.map(|row| row.key.value.as_str()) {
        let is = |name: &str| key.eq_ignore_ascii_case(name);
        let of_caller = ["kms:CallerAccount", "aws:PrincipalAccount", "aws:PrincipalArn"].into_iter().any(is);
        // For a session the key holds the ARN of its role, path included, which the session's ARN does not tell.
        let is_told = of_caller && !(is("aws:PrincipalArn") && matches!(caller.principal, Principal::AssumedRole(_)));
        let by_arn = caller.names_the_key_by_arn().is_some();
        let is_absent = caller.calls == Calls::Directly && (is("kms:ViaService") || (is("kms:RequestAlias") && by_arn));
        if !is_told && !is_absent && !is("kms:ResourceAliases") {
            context.set(&key.to_ascii_lowercase(), Value::Unknown);
        }
    }
    let aliases = caller.aliases().map(|aliases| Value::Many(aliases.into_iter().map(str::to_owned).collect()));
    context.set("kms:ResourceAliases", aliases.unwrap_or(Value::Unknown));
    context
}

/// A request of a workload for its key; where no file tells the key's ARN, for some key.
fn request(caller: Caller<'_, '_>, action: &str, context: &Context, foreign: bool) -> Option<Request> {
    let who = Principals::of(caller.principal, caller.arn.as_str())?;
    let partition = caller.arn.partition();
    let own = caller.arn.account();
    // Some other account's key, where the key is another's and which is not told.
    let owner = if foreign { OTHER_ACCOUNT.parse().ok().filter(|other| *other != own) } else { Some(own) };
    let owner = owner.or_else(|| YET_ANOTHER.parse().ok())?;
    let arn = format!("arn:{partition}:kms:eu-central-1:{owner}:key/1234abcd-12ab-34cd-56ef-1234567890ab");
    Some(Request::new(who, action, &arn, Some(owner), context.clone()))
}

const OTHER_ACCOUNT: &str = "000000000000";
const YET_ANOTHER: &str = "000000000001";

/// Whether one row of a statement holds for the workload's requests.
pub(super) fn row(
    row: &crate::policy::Condition,
    statement: &crate::policy::Statement,
    caller: Caller<'_, '_>,
) -> Certainty {
    let supposed = supposed::statement(statement, caller);
    let Some(of_row) = supposed.conditions.iter().position(|other| other.element == row.element) else {
        return Certainty::Maybe;
    };
    let kind = if statement.principals.is_some() { PolicyKind::Key } else { PolicyKind::Identity };
    let layout = Layout { kind, version: None, under_boundary: false };
    let policy = Policy { statements: vec![statement.clone()], ..supposed::unseen(statement.span) };
    let context = context(caller, std::iter::once(&policy));
    let Some(request) = request(caller, "kms:Decrypt", &context, false) else { return Certainty::Maybe };
    // Action and resource stand before the rows.
    let element = lower(&supposed, layout).and_then(|matching| matching.elements.into_iter().nth(of_row + 2));
    match element.map(|element| holds(&element.formula, &request)) {
        Some(Truth::True) => Certainty::Yes,
        Some(Truth::False) => Certainty::No,
        Some(Truth::Unknown) | None => Certainty::Maybe,
    }
}
