//! A Deny that locks everybody out.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{AccountId, Clause, Policy, PolicyKind, Statement},
    rules::{
        Check, Findings, RuleContext,
        declare::declare_rules,
        proof::{self, MOST_ASKED, Proof},
    },
    source::Span,
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags a `Deny` of a key policy on `kms:PutKeyPolicy` that meets every principal of the key's account, whatever the
    /// request carries; or several that do so together. It is proven, not guessed: no request of the account's root user, a
    /// user, a role or a session gets past.
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
        if suspects.is_empty() || !out.asks(&DENY_BLOCKS_ADMIN) {
            return;
        }
        let owners = match cx.project.owner() {
            Some(owner) => Some(vec![owner]),
            None => proof::possible_owners(&suspects),
        };
        let Some(owners) = owners else {
            return out.not_evaluated(&DENY_BLOCKS_ADMIN, "which account owns the key is not known; --account says it");
        };
        let everybody = Everybody { policy, owners: &owners, cx };
        for statement in everybody.denied_by(&suspects, out) {
            out.push(everybody.finding(statement));
        }
    }
}

const ACTION: &str = "kms:PutKeyPolicy";

/// The principals of the account that owns a key.
struct Everybody<'p, 'a> {
    policy: &'p Policy,
    /// The accounts of which one owns it.
    owners: &'p [AccountId],
    cx: &'p RuleContext<'p, 'a>,
}

impl Everybody<'_, '_> {
    /// The statements that deny every one of them: each by itself, or else all of them together.
    fn denied_by<'s>(&self, suspects: &[&'s Statement], out: &mut Findings<'_>) -> Vec<&'s Statement> {
        let mut deciding = Vec::new();
        let mut open = None;
        for suspect in suspects.iter().take(MOST_ASKED) {
            match self.are_denied(&[suspect]) {
                Proof::Holds => deciding.push(*suspect),
                Proof::Fails(_) => {}
                Proof::Open(reason) => open = Some(reason),
            }
        }
        if deciding.is_empty() && suspects.len() > 1 {
            match self.are_denied(suspects) {
                Proof::Holds => deciding.extend(suspects),
                Proof::Fails(_) => open = None,
                Proof::Open(reason) => open = Some(reason),
            }
        }
        if let Some(reason) = open.filter(|_| deciding.is_empty()) {
            out.not_evaluated(&DENY_BLOCKS_ADMIN, reason);
        }
        deciding
    }

    /// Whether these statements deny every one of them, were the policy to let them all in.
    fn are_denied(&self, denials: &[&Statement]) -> Proof {
        let Some(first) = denials.first() else { return Proof::Fails(None) };
        let allowing = proof::allowing_anyone(first, ACTION);
        let denials = denials.iter().map(|statement| proof::on_every_resource(statement));
        let asked = proof::of_statements(self.policy, std::iter::once(allowing).chain(denials).collect());
        proof::locks_out(&asked, self.owners, self.cx)
    }

    fn finding(&self, statement: &Statement) -> Finding {
        let message = "this Deny keeps everybody from kms:PutKeyPolicy";
        let remedy =
            "leave kms:PutKeyPolicy out of it, or except the administrators by a condition on aws:PrincipalArn";
        let root = match self.owners {
            [owner] => format!("arn:{}:iam::{owner}:root", self.policy.named_partition().unwrap_or("aws")),
            _ => "the root user of the key's account".to_owned(),
        };
        Finding::new(&DENY_BLOCKS_ADMIN, place(statement), message)
            .label("outweighs every Allow, the root user's too")
            .help(format!("{remedy}; this request is denied: {root} calls {ACTION}"))
    }
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
