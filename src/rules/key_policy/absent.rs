//! Principals that are not there.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{Policy, PolicyKind, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags a user or a role in a key policy or a trust policy that its account does not have, as `aws iam
    /// get-account-authorization-details` lists it or the manifest of `kpl fetch` says.
    ///
    /// ## Why it matters
    /// KMS and IAM refuse a policy that names a principal which is not there. Where the policy is in force, the principal was
    /// deleted since: a new one of its name is another to AWS and has no access.
    ///
    /// ## How to fix it
    /// Write the ARN with the principal's path, as `aws iam get-role` tells it; or take the principal away.
    ///
    /// ## Source
    /// KMS API Reference, "`PutKeyPolicy`"; IAM User Guide, "AWS JSON policy elements: Principal".
    pub PRINCIPAL_NOT_FOUND = {
        id: "principal-not-found", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "a policy names a user or a role that is not there",
    }
}

/// Principals, held against those that an account has.
pub(crate) struct Absent;

impl Check for Absent {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        matches!(kind, PolicyKind::Key | PolicyKind::Trust)
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let named = policy.statements.iter().filter_map(Statement::named_principals);
        for principal in named.flat_map(|listed| &listed.read) {
            let (Some(alike), Some(arn)) = (cx.project.missing(&principal.value), principal.value.arn()) else {
                continue;
            };
            let message = format!("account {} has no `{}`", arn.account(), short(arn.as_str()));
            let finding = Finding::new(&PRINCIPAL_NOT_FOUND, principal.span, message);
            out.push(match alike {
                Some(alike) => finding.help(format!("it has {alike}")),
                None => finding.help("correct its name, make it first, or take it away"),
            });
        }
    }
}

/// `role/kasten` of an ARN.
fn short(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}
