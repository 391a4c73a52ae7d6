//! A Deny that locks everybody out.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{
        AccountId, Clause, Element, Listed, Policy, PolicyKind, PolicySet, PrincipalArn, ResourcePattern, Statement,
    },
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    semantics::{Caller, Context, Request, Value},
    simulate::{Compiled, Matched},
    source::{Span, Spanned},
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags a `Deny` of a key policy on `kms:PutKeyPolicy` that meets every principal of the key's account: its root user,
    /// whom the policy names, and any other role, whatever their requests carry.
    ///
    /// ## Why it matters
    /// A `Deny` outweighs every `Allow`, that of the default statement included. Nobody can change the policy any more, the
    /// root user neither.
    ///
    /// ## How to fix it
    /// Leave `kms:PutKeyPolicy` out of the `Deny`, or except the administrators by a condition on `aws:PrincipalArn`.
    ///
    /// ## Source
    /// IAM User Guide, "Policy evaluation logic"; KMS API Reference, "`PutKeyPolicy`".
    pub DENY_BLOCKS_ADMIN = {
        id: "deny-blocks-admin", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["deny-blocks-workload"],
        summary: "a Deny keeps everybody from changing the key policy",
    }
}

/// What a key policy denies to everybody.
pub(crate) struct Denial;

impl Check for Denial {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Key
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let is_suspect = |statement: &&Statement| {
            statement.denies() && statement.covers_action(ACTION) && speaks_of_this_key(statement)
        };
        let suspects: Vec<&Statement> = policy.statements.iter().filter(is_suspect).collect();
        if suspects.is_empty() {
            return;
        }
        let everybody = Everybody { policy, owner: cx.project.owner() };
        let deciding = everybody.denied_by(&suspects);
        for statement in suspects.into_iter().filter(|statement| deciding.contains(&statement.span)) {
            let message = "this Deny keeps everybody from kms:PutKeyPolicy";
            let finding = Finding::new(&DENY_BLOCKS_ADMIN, place(statement), message)
                .label("outweighs every Allow, the root user's too");
            let help =
                "leave kms:PutKeyPolicy out of it, or except the administrators by a condition on aws:PrincipalArn";
            out.push(finding.help(help));
        }
    }
}

const ACTION: &str = "kms:PutKeyPolicy";

/// An account that is nobody's, for a key whose owner is not known.
const SOME_ACCOUNT: &str = "000000000000";

/// The principals of the account that owns a key.
struct Everybody<'p> {
    policy: &'p Policy,
    owner: Option<AccountId>,
}

impl Everybody<'_> {
    /// The statements that deny every one of them, as the simulator answers.
    fn denied_by(&self, suspects: &[&Statement]) -> Vec<Span> {
        let statements = suspects.iter().map(|statement| of_every_key(statement)).collect();
        let denials = Policy { statements, ..self.policy.clone() };
        let set = PolicySet { resource: Some(&denials), resource_kind: PolicyKind::Key, ..PolicySet::default() };
        let compiled = Compiled::new(&set);
        let mut deciding: Vec<Span> = suspects.iter().map(|statement| statement.span).collect();
        for request in self.requests(&denials).unwrap_or_default() {
            let trace = compiled.trace(&request);
            let met = |span: &Span| {
                let mut statements = trace.iter().flat_map(|layer| &layer.statements);
                statements.any(|one| one.span == *span && matches!(one.matched, Matched::Yes(_)))
            };
            deciding.retain(met);
        }
        deciding
    }

    /// The call of the root user, of whom the policy names, and of some other role, of which nothing is known.
    fn requests(&self, denials: &Policy) -> Option<Vec<Request>> {
        let account = self.owner.or_else(|| SOME_ACCOUNT.parse().ok())?;
        let partition = self.policy.named_partition().unwrap_or("aws");
        let key = format!("arn:{partition}:kms:eu-central-1:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab");
        let role = format!("arn:{partition}:iam::{account}:role/kpl-some-role");
        let root = Caller::Root { account, partition: Some(partition.to_owned()) };
        let other = Caller::of(&role.parse().ok()?, &role)?;
        let context = self.context(denials);
        let mut unnamed = context.clone();
        unnamed.set("aws:principalarn", Value::Unknown);
        let request = |caller, context| Request::new(caller, ACTION, &key, Some(account), context);
        let named = self.named().map(|caller| request(caller, context.clone()));
        let mut requests: Vec<Request> = named.collect();
        requests.extend([request(root, context.clone()), request(other, unnamed)]);
        Some(requests)
    }

    /// The users, roles and sessions of the account that the policy names, be it as exceptions.
    fn named(&self) -> impl Iterator<Item = Caller> {
        let clauses = self.policy.statements.iter().filter_map(|statement| statement.principals.as_ref());
        let principals = clauses.flat_map(|clause| clause.listed().values());
        let is_own = |arn: &&PrincipalArn| self.owner.is_none_or(|owner| arn.account() == owner);
        principals.filter_map(move |principal| {
            let arn = principal.arn().filter(is_own)?;
            Caller::of(principal, arn.as_str())
        })
    }

    /// Every key that the policy asks for may have any value, but for those that tell of the account, where it is known.
    fn context(&self, denials: &Policy) -> Context {
        const OF_ACCOUNT: [&str; 4] =
            ["aws:PrincipalAccount", "aws:ResourceAccount", "kms:CallerAccount", "aws:PrincipalArn"];
        let mut context = Context::default();
        let rows = denials.statements.iter().flat_map(|statement| &statement.conditions);
        for key in rows.map(|row| row.key.value.as_str()) {
            let is_known = self.owner.is_some() && OF_ACCOUNT.iter().any(|known| key.eq_ignore_ascii_case(known));
            if !is_known && !key.eq_ignore_ascii_case("aws:PrincipalIsAWSService") {
                context.set(&key.to_ascii_lowercase(), Value::Unknown);
            }
        }
        context
    }
}

/// The same statement on `*`: it speaks of the key, whichever it is.
fn of_every_key(statement: &Statement) -> Statement {
    let element = statement
        .resources
        .as_ref()
        .map_or(Element { key: statement.span, value: statement.span }, |clause| clause.listed().element);
    let everything = vec![Spanned::new(ResourcePattern::new("*"), element.value)];
    let listed = Listed { read: everything, ..Listed::new(element, false) };
    Statement { resources: Some(Clause::Only(listed)), ..statement.clone() }
}

/// Whether a statement's `Resource` holds the key for certain. An ARN may be another key's.
fn speaks_of_this_key(statement: &Statement) -> bool {
    let listed = statement.listed_resources();
    listed.is_some_and(|listed| listed.values().any(crate::policy::ResourcePattern::covers_every_key))
}

/// The entry that covers the action; for an exception, the list of what is excepted.
fn place(statement: &Statement) -> Span {
    match (&statement.actions, statement.pattern_for("kms:PutKeyPolicy")) {
        (_, Some(pattern)) => pattern.span,
        (Some(Clause::AllBut(listed)), None) if listed.is_list => listed.element.key,
        (Some(Clause::AllBut(listed)), None) => listed.element.value,
        _ => statement.span,
    }
}
