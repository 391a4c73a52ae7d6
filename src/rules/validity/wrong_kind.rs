//! Policies of another kind than they are said to be.

use crate::{
    document::policy_kind,
    finding::{Finding, RuleInfo},
    policy::{Policy, PolicyKind},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a policy that `--kind`, `kpl.toml` or its place in a file says to be of one kind, and that reads as another: a key
    /// policy in which no statement names a principal, an identity policy in which every statement does, a trust policy that
    /// lets nobody assume a role.
    ///
    /// ## Why it matters
    /// AWS refuses it where it stands, and the rules for its kind say little that helps.
    ///
    /// ## How to fix it
    /// Put it where it belongs, or say its kind with `--kind`.
    ///
    /// ## Source
    /// IAM User Guide, "Policies and permissions in AWS Identity and Access Management", policy types; "AWS JSON policy
    /// elements: Principal".
    pub WRONG_POLICY_KIND = {
        id: "wrong-policy-kind", code: None,
        severity: Error, confidence: Medium, persona: Regular,
        summary: "the policy is of another kind than it is said to be",
    }
}

/// The kind of a policy, as it is told and as it reads.
pub(crate) struct Kind;

impl Check for Kind {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let told = cx.kind();
        let (found, because) = policy_kind(policy);
        if told == found || policy.statements.is_empty() || !policy.is_complete() {
            return;
        }
        let is_wrong = match told {
            PolicyKind::Trust => matches!(found, PolicyKind::Identity | PolicyKind::Key) && !assumes(policy),
            PolicyKind::Key => matches!(found, PolicyKind::Identity | PolicyKind::Trust),
            _ if told.names_principals() => found == PolicyKind::Identity,
            _ => all_name_principals(policy),
        };
        if !is_wrong {
            return;
        }
        let place = policy.statement_element.map_or(policy.span, |element| element.key);
        let told_by = cx.document.because;
        let message = format!("this is said to be {}, and reads as {}", named(told), named(found));
        let finding = Finding::new(&WRONG_POLICY_KIND, place, message).label(because);
        out.push(finding.help(match told_by {
            "--kind" => format!("say --kind {found}, or correct the policy"),
            _ => format!("{told_by}: put the policy where it belongs, or correct it"),
        }));
    }
}

fn all_name_principals(policy: &Policy) -> bool {
    policy.statements.iter().all(|statement| statement.principals.is_some())
}

/// Whether any statement is about the assuming of a role.
fn assumes(policy: &Policy) -> bool {
    policy.statements.iter().any(|statement| statement.may_speak_of("sts"))
}

/// A kind with its article.
fn named(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "an identity policy",
        PolicyKind::Key => "a key policy",
        PolicyKind::Trust => "a trust policy",
        PolicyKind::Resource => "a resource policy",
        PolicyKind::ServiceControl => "an SCP",
        PolicyKind::ResourceControl => "an RCP",
        PolicyKind::Boundary => "a boundary",
        PolicyKind::Session => "a session policy",
        PolicyKind::Endpoint => "an endpoint policy",
    }
}
