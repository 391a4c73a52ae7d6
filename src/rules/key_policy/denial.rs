//! A Deny that locks everybody out.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{Clause, PolicyKind, Principal, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::Span,
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags a `Deny` of a key policy on `kms:PutKeyPolicy` for anyone, or for the key's own account, without a condition or
    /// an exception.
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

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !statement.denies() || statement.is_conditional() {
            return;
        }
        if !statement.covers_action("kms:PutKeyPolicy") || !speaks_of_this_key(statement) {
            return;
        }
        let Some(listed) = statement.named_principals() else { return };
        let everybody = |principal: &Principal| match principal {
            Principal::Anyone => true,
            Principal::Account(account) => cx.project.owner() == Some(*account),
            _ => false,
        };
        if !listed.values().any(everybody) {
            return;
        }
        let message = "this Deny keeps everybody from kms:PutKeyPolicy";
        let finding = Finding::new(&DENY_BLOCKS_ADMIN, place(statement), message)
            .label("outweighs every Allow, the root user's too");
        let help = "leave kms:PutKeyPolicy out of it, or except the administrators by a condition on aws:PrincipalArn";
        out.push(finding.help(help));
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
