//! Who sets the policy of a key that Terraform makes.

use crate::{
    document::{Document, SetTwice, Unset},
    finding::{Finding, RuleInfo},
    policy::{PolicyKind, Principal, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules, validity::shape},
    source::Source,
};

declare_rules! { Terraform:
    /// ## What it does
    /// Flags a KMS key that sets `policy` while an `aws_kms_key_policy` sets the policy of the same key, unless both set the
    /// same. Where a variable may be empty, it says nothing.
    ///
    /// ## Why it matters
    /// A key has one policy. Each apply writes the one over the other, and which of the two stands in the end is chance.
    ///
    /// ## How to fix it
    /// Keep one of the two.
    ///
    /// ## Source
    /// Terraform AWS provider, `aws_kms_key` and `aws_kms_key_policy`.
    pub KEY_POLICY_SET_TWICE = {
        id: "key-policy-set-twice", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "two resources set the policy of one key",
    }

    /// ## What it does
    /// Flags a KMS key of a Terraform plan for which neither `policy` nor an `aws_kms_key_policy` sets a policy.
    ///
    /// ## Why it matters
    /// KMS then gives the key its default policy: every identity policy of the account that allows KMS decides who uses the
    /// key, and nothing in the configuration says so.
    ///
    /// ## How to fix it
    /// Set `policy`, with the account's root as in the default policy and whoever else is meant.
    ///
    /// ## Source
    /// Terraform AWS provider, `aws_kms_key`, `policy`; KMS Developer Guide, "Default key policy".
    pub KEY_POLICY_ABSENT = {
        id: "key-policy-absent", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "nothing sets the policy of a key",
    }

    /// ## What it does
    /// Flags a replica of a multi-Region key in a Terraform plan for which neither `policy` nor an `aws_kms_key_policy` sets a
    /// policy.
    ///
    /// ## Why it matters
    /// The policy of the primary does not come with the key: the replica gets the default policy, whatever the primary's
    /// says.
    ///
    /// ## How to fix it
    /// Set `policy` for the replica too; mostly it is that of the primary.
    ///
    /// ## Source
    /// Terraform AWS provider, `aws_kms_replica_key`, `policy`; KMS Developer Guide, "Multi-Region keys in AWS KMS".
    pub REPLICA_POLICY_DEFAULT = {
        id: "replica-policy-default", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a replica of a key gets the default policy",
    }

    /// ## What it does
    /// Flags the statement that Terraform's documentation shows for key policies: named `Enable IAM User Permissions`, and for
    /// anyone where KMS's own statement of this name is for the account's root.
    ///
    /// ## Why it matters
    /// It reads like KMS's statement and lets in every AWS account.
    ///
    /// ## How to fix it
    /// Write `"Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"}`.
    ///
    /// ## Source
    /// Terraform AWS provider, `aws_kms_key_policy`, example; KMS Developer Guide, "Default key policy".
    pub TF_DOCS_OPEN_POLICY = {
        id: "tf-docs-open-policy", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the open key policy of Terraform's documentation",
    }

    /// ## What it does
    /// Flags a principal that stands twice in a statement of a key policy that Terraform sets, also as an account's number and
    /// as the ARN of its root.
    ///
    /// ## Why it matters
    /// KMS keeps each principal once. The provider waits for the policy that it has set, which never comes: the apply runs
    /// into its time-out, and the next plan has the same change again.
    ///
    /// ## How to fix it
    /// Take one of the two away, with `distinct` where a list is put together.
    ///
    /// ## Source
    /// Terraform AWS provider, issue 30232; IAM User Guide, "AWS JSON policy elements: Principal".
    pub PRINCIPAL_ORDER_OR_DUPLICATE = {
        id: "principal-order-or-duplicate", code: None,
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["duplicate-item"],
        summary: "a principal of a key policy stands twice, so that the apply never ends",
    }
}

/// The policies of keys, and who sets them.
pub(crate) struct KeyPolicies;

/// The name of KMS's own statement for the account's root.
const OF_ROOT: &str = "Enable IAM User Permissions";

impl Check for KeyPolicies {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Key
    }

    fn document(&self, document: &Document<'_>, _source: &Source, out: &mut Findings<'_>) {
        document.besides.set_twice.iter().for_each(|key| out.push(set_twice(key)));
        document.besides.unset.iter().for_each(|key| out.push(unset(key)));
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let Some(principals) = statement.named_principals() else { return };
        let is_of_root = statement.sid.as_ref().is_some_and(|sid| sid.value == OF_ROOT);
        if is_of_root && statement.allows() && !statement.is_conditional() {
            for anyone in principals.read.iter().filter(|principal| principal.value == Principal::Anyone) {
                let message = "this statement is for anyone, not for the account's root";
                let finding = Finding::new(&TF_DOCS_OPEN_POLICY, anyone.span, message).label("every AWS account");
                out.push(finding.help("write the root of the key's account: arn:aws:iam::ACCOUNT:root"));
            }
        }
        if cx.document.is_copy && cx.document.name.as_ref().is_some_and(|name| name.contains("aws_kms_")) {
            for (first, again) in shape::repeated(&principals.read) {
                let message = "KMS keeps this principal once, so that the apply waits for ever";
                let finding = Finding::new(&PRINCIPAL_ORDER_OR_DUPLICATE, again.span, message);
                out.push(finding.related(first.span, "here first").help("take one of the two away"));
            }
        }
    }
}

fn set_twice(key: &SetTwice) -> Finding {
    let message = format!("{} sets a policy, and so does {}", key.key, key.other.value);
    Finding::new(&KEY_POLICY_SET_TWICE, key.place, message)
        .related(key.other.span, "the other policy")
        .help("keep one of the two: each apply writes it over the other")
}

fn unset(key: &Unset) -> Finding {
    if key.is_replica {
        let message = format!("{} gets the default policy, whatever that of its primary says", key.key);
        return Finding::new(&REPLICA_POLICY_DEFAULT, key.place, message)
            .help("set `policy`; mostly it is the primary's");
    }
    let message = format!("nothing sets the policy of {}", key.key);
    Finding::new(&KEY_POLICY_ABSENT, key.place, message)
        .label("the default policy: identity policies decide")
        .help("set `policy`, with the account's root and whoever else is meant")
}
