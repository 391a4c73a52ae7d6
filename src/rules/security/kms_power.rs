//! Powers over keys that are more than the use of one: to grant, to rewrite the policy, to destroy.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{ActionPattern, Condition, Listed, PolicyKind, ResourcePattern, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules, key_policy::grants::LIMITS},
    source::Spanned,
};

declare_rules! { Security:
    /// ## What it does
    /// Flags an identity policy that allows `kms:PutKeyPolicy`, or `kms:CreateGrant`, on every key without a condition. `kms:*`
    /// is told by `kms-star-in-identity-policy`. Silent where the file says that a principal named with `--admin` carries it.
    ///
    /// ## Why it matters
    /// Whoever rewrites a key policy may do everything with the key. Whoever creates a grant may hand on the use of the key,
    /// to anyone, also what he may not do himself.
    ///
    /// ## How to fix it
    /// Leave both to key administrators. Where a service needs grants, name the key and add a condition on
    /// `kms:GrantIsForAWSResource`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Best practices for IAM policies"; "Best practices for AWS KMS grants".
    pub KMS_PRIVILEGE_ESCALATION = {
        id: "kms-privilege-escalation", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["kms-destructive", "create-grant-without-constraint", "kms-more-than-minimum"],
        summary: "an identity policy lets its holder take over any key",
    }

    /// ## What it does
    /// Flags an identity policy that allows, without a condition, to schedule keys for deletion, to disable them, to delete
    /// their material or to take away a custom key store. `kms:*` is told by `kms-star-in-identity-policy`. Silent where the
    /// file says that a principal named with `--admin` carries it.
    ///
    /// ## Why it matters
    /// What is encrypted with the key can then no longer be read, backups included; after a deletion it never can.
    ///
    /// ## How to fix it
    /// Leave these actions to key administrators, in a policy of their own, or ask for multi-factor authentication.
    ///
    /// ## Source
    /// KMS Developer Guide, "Deleting AWS KMS keys", controlling access to key deletion; Security Hub control KMS.3.
    pub KMS_DESTRUCTIVE = {
        id: "kms-destructive", code: None,
        severity: Warning, confidence: Medium, persona: Regular,
        supersedes: &["kms-more-than-minimum"],
        summary: "an identity policy lets its holder make keys unusable",
    }

    /// ## What it does
    /// Flags an identity policy that allows `kms:CreateGrant` where no condition says for whom or for what a grant may be:
    /// none on `kms:GrantIsForAWSResource`, `kms:GrantOperations`, `kms:GranteePrincipal`, `kms:GranteeServicePrincipal`,
    /// `kms:GrantConstraintSourceArn` or `kms:GrantConstraintType`, and none that leaves the grant to a service. Of key
    /// policies `grants-not-service-limited` tells. Silent where the file says that a principal named with `--admin` carries
    /// it.
    ///
    /// ## Why it matters
    /// A grant may name any principal of any account, and any operation.
    ///
    /// ## How to fix it
    /// Add `"Bool": {"kms:GrantIsForAWSResource": "true"}` where a service needs the grant; else name the operations and the
    /// grantee.
    ///
    /// ## Source
    /// KMS Developer Guide, "Best practices for AWS KMS grants"; Control Tower control CT.KMS.PR.3; Amazon EBS User Guide,
    /// "Requirements for Amazon EBS encryption".
    pub CREATE_GRANT_WITHOUT_CONSTRAINT = {
        id: "create-grant-without-constraint", code: None,
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["kms-more-than-minimum"],
        summary: "grants may be created for anyone and anything",
    }
}

/// Powers over keys.
pub(crate) struct KmsPower;

impl Check for KmsPower {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Identity
    }

    fn speaks_of_kms_alone(&self) -> bool {
        true
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !statement.allows() {
            return;
        }
        let Some(actions) = statement.listed_actions() else { return };
        if actions.values().any(is_partly_kms) && !cx.is_carried_by_admins() {
            escalation(statement, actions, out);
            destruction(statement, actions, out);
            grants(statement, actions, out);
        }
    }
}

/// Whether a pattern is of KMS and less than `kms:*`, of which other rules tell.
fn is_partly_kms(action: &ActionPattern) -> bool {
    action.is_of("kms") && !action.is_every_action_of("kms")
}

fn escalation(statement: &Statement, actions: &Listed<ActionPattern>, out: &mut Findings<'_>) {
    let everywhere = |resources: &Listed<ResourcePattern>| resources.values().any(ResourcePattern::covers_every_key);
    if statement.is_conditional() || !statement.listed_resources().is_some_and(everywhere) {
        return;
    }
    for action in actions.read.iter().filter(|action| is_partly_kms(&action.value)) {
        let message = if action.value.covers("kms:PutKeyPolicy") {
            "every key policy may be rewritten"
        } else if action.value.covers("kms:CreateGrant") {
            "every key may be granted to anyone"
        } else {
            continue;
        };
        let finding = Finding::new(&KMS_PRIVILEGE_ESCALATION, action.span, message);
        out.push(finding.help("leave it to key administrators, or name the key and add a condition"));
    }
}

/// What makes ciphertexts unreadable.
const DESTRUCTIVE: [&str; 5] = [
    "kms:ScheduleKeyDeletion",
    "kms:DisableKey",
    "kms:DeleteImportedKeyMaterial",
    "kms:DeleteCustomKeyStore",
    "kms:DisconnectCustomKeyStore",
];

fn destruction(statement: &Statement, actions: &Listed<ActionPattern>, out: &mut Findings<'_>) {
    if statement.is_conditional() {
        return;
    }
    let deed = |action: &Spanned<ActionPattern>| {
        let action = &action.value;
        is_partly_kms(action).then(|| DESTRUCTIVE.into_iter().find(|deed| action.covers(deed)))?
    };
    let mut found = actions.read.iter().filter_map(|action| deed(action).map(|deed| (action, deed)));
    let Some((first, deed)) = found.next() else { return };
    let finding = Finding::new(&KMS_DESTRUCTIVE, first.span, format!("{deed} can make data unreadable"))
        .help("leave it to key administrators, in a policy of their own");
    out.push(found.fold(finding, |finding, (other, deed)| finding.related(other.span, deed)));
}

fn grants(statement: &Statement, actions: &Listed<ActionPattern>, out: &mut Findings<'_>) {
    if is_constrained(statement) {
        return;
    }
    let creates = |action: &ActionPattern| is_partly_kms(action) && action.covers("kms:CreateGrant");
    for action in actions.read.iter().filter(|action| creates(&action.value)) {
        let message = "grants may be for anyone and anything";
        let finding = Finding::new(&CREATE_GRANT_WITHOUT_CONSTRAINT, action.span, message)
            .help("add a condition on kms:GrantIsForAWSResource, or on kms:GrantOperations and kms:GranteePrincipal");
        out.push(finding);
    }
}

/// Whether a condition says for whom or for what a grant may be, or leaves that to a service that asks for it.
fn is_constrained(statement: &Statement) -> bool {
    let constrains = |row: &Condition| row.names_values() && LIMITS.iter().any(|key| row.key.value.is(key));
    !statement.unread_conditions.is_empty() || statement.conditions.iter().any(constrains)
}
