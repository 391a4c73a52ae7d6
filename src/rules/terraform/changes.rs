//! What a plan does to keys and their policies, and grants and Passkeys that Terraform makes.

use crate::{
    document::{Document, Project, Replaced},
    finding::{Finding, RuleInfo},
    key::KeyGrant,
    policy::{AccountId, Arn, Principal},
    rules::{Check, Findings, declare::declare_rules},
    source::Source,
};

declare_rules! { Terraform:
    /// ## What it does
    /// Flags a plan that destroys a KMS key and creates another in its place, and names the argument that forces it where
    /// the plan tells.
    ///
    /// ## Why it matters
    /// What was encrypted with the old key can be decrypted with that key alone: the new one has other material. The old
    /// key is scheduled for deletion, and with it goes every backup that Kasten has encrypted.
    ///
    /// ## How to fix it
    /// Leave the argument as it is. Where another key is wanted, create it beside the old one, let the workload use it,
    /// and keep the old one until nothing is encrypted with it. `lifecycle { prevent_destroy = true }` makes such a plan
    /// fail.
    ///
    /// ## Source
    /// KMS Developer Guide, "Deleting AWS KMS keys"; Terraform documentation, "JSON Output Format", `replace_paths`.
    pub KMS_KEY_REPLACED = {
        id: "kms-key-replaced", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the plan destroys a key and creates another in its place",
    }

    /// ## What it does
    /// Flags a plan that destroys an `aws_kms_key_policy` while its key stays, and that sets no other policy on the key.
    ///
    /// ## Why it matters
    /// A key is never without a policy: it gets the default one, by which every identity policy of the account that allows
    /// KMS lets its principal in, and which names no role of another account.
    ///
    /// ## How to fix it
    /// Keep the resource, or set the policy elsewhere in the same plan. `terraform state rm` forgets it and leaves the
    /// policy as it is.
    ///
    /// ## Source
    /// Terraform AWS provider, `aws_kms_key_policy`; KMS Developer Guide, "Default key policy".
    pub KEY_POLICY_RESOURCE_DESTROY = {
        id: "key-policy-resource-destroy", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "the plan takes a key's policy away",
    }

    /// ## What it does
    /// Flags an `aws_kms_grant` with the operation `CreateGrant` and without a constraint on the encryption context. Grants
    /// for service-linked roles, which AWS documents so, are left alone.
    ///
    /// ## Why it matters
    /// The grantee can hand on what the grant allows to anyone, and no policy has to agree.
    ///
    /// ## How to fix it
    /// Take `CreateGrant` out, or add a constraint on the encryption context.
    ///
    /// ## Source
    /// KMS Developer Guide, "Best practices for AWS KMS grants"; Terraform AWS provider, `aws_kms_grant`.
    pub GRANT_BROAD = {
        id: "grant-broad", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a grant may be handed on, and nothing limits it",
    }

    /// ## What it does
    /// Flags an `aws_kms_grant` for a principal of another account than the key's, unless `--trusted-account` or
    /// `--workload` names that account.
    ///
    /// ## Why it matters
    /// A grant lets its grantee in although the key policy does not name it, so that whoever reads the policy does not see
    /// it.
    ///
    /// ## How to fix it
    /// Name the account with `--trusted-account` where it is meant; else grant to a principal of the key's own account.
    ///
    /// ## Source
    /// KMS Developer Guide, "Grants in AWS KMS".
    pub GRANT_FOREIGN_GRANTEE = {
        id: "grant-foreign-grantee", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a grant is for a principal of another account",
    }

    /// ## What it does
    /// Says of a Passkey that Terraform makes that a change of it is a deletion and a new one.
    ///
    /// ## Why it matters
    /// Kasten does not let go of a Passkey that is in use, so that the deletion fails, and the apply with it.
    ///
    /// ## How to fix it
    /// For another key, add a Passkey beside the old one, with `useNow`, and take the old one away when Kasten no longer
    /// uses it.
    ///
    /// ## Source
    /// Kasten's page on the protection of its catalogue by passkeys; Terraform Kubernetes provider, `kubernetes_manifest`.
    pub PASSKEY_MANIFEST_IN_TERRAFORM = {
        id: "passkey-manifest-in-terraform", code: None,
        severity: Note, confidence: High, persona: Regular,
        summary: "a Passkey is made by Terraform",
    }
}

/// Keys, key policies, grants and Passkeys of a plan or a state.
pub(crate) struct Changes;

impl Check for Changes {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn document(&self, document: &Document<'_>, _source: &Source, out: &mut Findings<'_>) {
        let plan = document.plan.as_ref();
        plan.into_iter().flat_map(|plan| &plan.replaced).for_each(|key| out.push(replaced(key)));
        for policy in plan.into_iter().flat_map(|plan| &plan.reset) {
            let message = format!("{} is destroyed: its key gets the default policy", policy.value);
            let help = "keep it, or set the key's policy elsewhere in this plan";
            out.push(Finding::new(&KEY_POLICY_RESOURCE_DESTROY, policy.span, message).help(help));
        }
        document.grants.iter().filter(|grant| grant.address.is_some()).for_each(|grant| broad(grant, out));
        let passkeys = document.facts.passkeys.iter().filter(|_| document.kind.starts_with("terraform"));
        for name in passkeys.filter_map(|passkey| passkey.name.given()) {
            let message = "Terraform changes a Passkey by creating it anew, which fails while it is in use";
            let help = "for another key, add a Passkey beside this one";
            out.push(Finding::new(&PASSKEY_MANIFEST_IN_TERRAFORM, name.span, message).help(help));
        }
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for grant in project.grants().filter(|grant| grant.address.is_some() && !grant.is_open) {
            foreign(grant, project, out);
        }
    }
}

fn replaced(key: &Replaced) -> Finding {
    let by = match &key.by[..] {
        [] => String::new(),
        by => format!(": {} cannot be changed", by.join(", ")),
    };
    let message = format!("{} is destroyed and created anew{by}", key.address);
    let help = "keep the old key until nothing is encrypted with it; create the new one beside it";
    Finding::new(&KMS_KEY_REPLACED, key.place, message).help(help)
}

fn broad(grant: &KeyGrant, out: &mut Findings<'_>) {
    let grant = &grant.grant;
    let is_limited = grant.equals.is_some() || grant.subset.is_some();
    if is_limited || grant.grantee.value.contains(":role/aws-service-role/") {
        return;
    }
    let Some(operation) = grant.operations.iter().find(|operation| operation.value == "CreateGrant") else { return };
    let message = "the grantee may hand this grant on to anyone";
    let help = "take CreateGrant out, or add a constraint on the encryption context";
    out.push(Finding::new(&GRANT_BROAD, operation.span, message).help(help));
}

fn foreign(grant: &KeyGrant, project: &Project<'_>, out: &mut Findings<'_>) {
    let grantee = &grant.grant.grantee;
    let Ok(principal) = grantee.value.parse::<Principal>() else { return };
    let Some(account) = principal.account() else { return };
    let owner = grant.key.as_deref().and_then(|key| owner(key, project)).or_else(|| project.owner());
    let Some(owner) = owner.filter(|owner| *owner != account && !project.trusts(account)) else { return };
    let message = format!("this grant is for a principal of account {account}; the key is {owner}'s");
    let help = format!("--trusted-account {account} says that it is meant");
    out.push(Finding::new(&GRANT_FOREIGN_GRANTEE, grantee.span, message).help(help));
}

/// The account of a key, where a file tells it.
fn owner(id: &str, project: &Project<'_>) -> Option<AccountId> {
    let key = project.keys().find(|key| key.id() == Some(id))?;
    let of_arn = || Arn::parse(&key.arn.as_ref()?.value).ok()?.account.parse().ok();
    key.account.as_ref().and_then(|account| account.value.parse().ok()).or_else(of_arn)
}
