//! Identity policies that let in too much.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{PolicyKind, ResourcePattern, Statement, glob},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
};

declare_rules! { Security:
    /// ## What it does
    /// Flags an identity policy that allows every action on every resource without a condition.
    ///
    /// ## Why it matters
    /// Whoever carries it, or steals the credentials of who does, owns the account.
    ///
    /// ## How to fix it
    /// List the actions and resources that are needed. Attach AWS's own `AdministratorAccess` where an administrator is
    /// meant, so that it can be seen.
    ///
    /// ## Source
    /// IAM User Guide, "Security best practices in IAM", apply least-privilege permissions.
    pub ALLOW_STAR_STAR = {
        id: "allow-star-star", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "an identity policy allows everything",
    }

    /// ## What it does
    /// Flags an identity policy that allows `kms:*`.
    ///
    /// ## Why it matters
    /// It holds the right to rewrite key policies, to hand out grants and to schedule keys for deletion.
    ///
    /// ## How to fix it
    /// List the actions that are needed; to use a key, `kms:Decrypt` and `kms:Encrypt` or `kms:GenerateDataKey`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Best practices for IAM policies".
    pub KMS_STAR_IN_IDENTITY_POLICY = {
        id: "kms-star-in-identity-policy", code: None,
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["kms-more-than-minimum"],
        summary: "an identity policy allows kms:*",
    }

    /// ## What it does
    /// Flags an identity policy that allows `kms:Decrypt` or `kms:ReEncryptFrom` on keys of every account: `Resource` is
    /// `*`, or a KMS ARN whose account is open. A condition that limits it is said in the message; the control of Security
    /// Hub does not look at conditions.
    ///
    /// ## Why it matters
    /// It also covers keys of other accounts that let this account in, and every key that is yet to be made.
    ///
    /// ## How to fix it
    /// Name the keys, or at least the account and the Region: `arn:aws:kms:REGION:ACCOUNT:key/*`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Best practices for IAM policies"; Security Hub controls KMS.1 and KMS.2.
    pub DECRYPT_ON_ALL_KEYS = {
        id: "decrypt-on-all-keys", code: None,
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["kms-crossaccount-resource-star"],
        summary: "an identity policy allows decryption with every key",
    }

    /// ## What it does
    /// Flags an identity policy that names `ec2:ModifySnapshotAttribute` for every snapshot without a condition. Backup tools
    /// ask for it, so that only the auditor sees it.
    ///
    /// ## Why it matters
    /// Whoever carries it may share any snapshot with any account, or with everyone: a way out for every backup that is not
    /// encrypted with a key of its own.
    ///
    /// ## How to fix it
    /// Add a condition on `ec2:Add/userId`, on a tag of the snapshots or on the account, or leave the action out where
    /// snapshots are not shared.
    ///
    /// ## Source
    /// Amazon EBS User Guide, "Share an Amazon EBS snapshot with other AWS accounts"; Service Authorization Reference,
    /// "Amazon EC2".
    pub SNAPSHOT_SHARE = {
        id: "snapshot-share", code: None,
        severity: Note, confidence: Medium, persona: Auditor,
        summary: "every snapshot may be shared with any account",
    }
}

/// What an identity policy grants.
pub(crate) struct IdentityGrants;

impl Check for IdentityGrants {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Identity
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !statement.allows() {
            return;
        }
        everything(statement, out);
        if statement.may_speak_of("kms") {
            kms_star(statement, out);
            decrypt(statement, out);
        }
        share(statement, out);
    }
}

fn everything(statement: &Statement, out: &mut Findings<'_>) {
    let (Some(actions), Some(resources)) = (statement.listed_actions(), statement.listed_resources()) else { return };
    if statement.is_conditional() || !resources.values().any(ResourcePattern::is_everything) {
        return;
    }
    for action in actions.read.iter().filter(|action| action.value.is_every_action()) {
        let finding = Finding::new(&ALLOW_STAR_STAR, action.span, "every action on every resource is allowed");
        out.push(
            finding.help("list the actions and resources that are needed; --kind scp says that this bounds accounts"),
        );
    }
}

fn kms_star(statement: &Statement, out: &mut Findings<'_>) {
    let Some(actions) = statement.listed_actions() else { return };
    for action in actions.read.iter().filter(|action| action.value.is_every_action_of("kms")) {
        let finding = Finding::new(&KMS_STAR_IN_IDENTITY_POLICY, action.span, "every KMS action is allowed")
            .label("also PutKeyPolicy, CreateGrant, ScheduleKeyDeletion");
        out.push(finding.help("list the actions that are needed, such as kms:Decrypt"));
    }
}

fn decrypt(statement: &Statement, out: &mut Findings<'_>) {
    let Some(actions) = statement.listed_actions() else { return };
    // Who allows everything is told so once, by allow-star-star.
    let mut kms = actions.values().filter(|action| !action.is_every_action());
    let Some(action) =
        kms.find_map(|pattern| ["kms:Decrypt", "kms:ReEncryptFrom"].into_iter().find(|action| pattern.covers(action)))
    else {
        return;
    };
    let Some(resources) = statement.listed_resources() else { return };
    for resource in resources.read.iter().filter(|resource| resource.value.reaches_keys_of_any_account()) {
        let finding = if statement.is_conditional() {
            Finding::new(&DECRYPT_ON_ALL_KEYS, resource.span, format!("only a condition limits {action}"))
                .help("name the account and the Region too: KMS.1 and KMS.2 of Security Hub do not look at conditions")
        } else {
            Finding::new(&DECRYPT_ON_ALL_KEYS, resource.span, format!("{action} is allowed with every key"))
                .label("keys of other accounts too")
                .help("name the account and the Region: arn:aws:kms:REGION:ACCOUNT:key/*")
        };
        out.push(finding);
    }
}

fn share(statement: &Statement, out: &mut Findings<'_>) {
    const ACTION: &str = "ec2:ModifySnapshotAttribute";
    let (Some(action), Some(resources)) = (statement.pattern_for(ACTION), statement.listed_resources()) else { return };
    let is_wide = action.value.is_whole_of("ec2");
    if is_wide || statement.is_conditional() || !resources.values().any(is_every_snapshot) {
        return;
    }
    let finding = Finding::new(&SNAPSHOT_SHARE, action.span, "every snapshot may be shared with any account");
    out.push(finding.help("add a condition on ec2:Add/userId or on a tag of the snapshots"));
}

fn is_every_snapshot(resource: &ResourcePattern) -> bool {
    let ends_so = |resource: &ResourcePattern| {
        resource.arn().is_ok_and(|arn| glob::matches(arn.service, "ec2") && glob::includes(arn.resource, "snapshot/*"))
    };
    resource.is_everything() || ends_so(resource)
}
