//! Which keys an identity policy reaches, and which actions on none.

use crate::{
    finding::{Applicability, Finding, Persona, RuleInfo, Severity},
    policy::{ActionPattern, ConditionKey, Listed, PolicyKind, ResourcePattern, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules, operations},
    source::Edit,
};

declare_rules! { Security:
    /// ## What it does
    /// Flags an identity policy that allows, on keys of every account, an action that works across accounts: a cryptographic
    /// operation, or the end of a grant. Where it only looks at a key (`kms:DescribeKey`, `kms:ListGrants` …) it is a note for the
    /// pedantic. Decryption is told by `decrypt-on-all-keys`, `kms:CreateGrant` by `kms-privilege-escalation`.
    ///
    /// A condition that is not about aliases may be what limits the statement: then the rule keeps silent.
    ///
    /// ## Why it matters
    /// Keys of other accounts that let this account in are covered too. Whoever holds such a key decides who may read what is
    /// encrypted with it.
    ///
    /// ## How to fix it
    /// Name the keys, or at least the account and the Region: `arn:aws:kms:REGION:ACCOUNT:key/*`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Best practices for IAM policies"; "Allowing users in other accounts to use a KMS key".
    pub KMS_CROSSACCOUNT_RESOURCE_STAR = {
        id: "kms-crossaccount-resource-star", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a KMS action is allowed on keys of other accounts too",
    }

    /// ## What it does
    /// Flags a KMS action that works on no particular key, such as `kms:ListKeys` or `kms:CreateKey`, in a statement that
    /// names only ARNs of KMS.
    ///
    /// ## Why it matters
    /// Such an action is allowed with `"Resource": "*"` alone. As it stands, it never is.
    ///
    /// ## How to fix it
    /// Write it into a statement of its own with `"Resource": "*"`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Best practices for IAM policies"; Service Authorization Reference, "AWS Key Management Service",
    /// actions without a resource type.
    pub KMS_NEEDS_STAR = {
        id: "kms-needs-star", code: None,
        severity: Note, confidence: High, persona: Regular,
        summary: "an action without a key is allowed on a key's ARN",
    }
}

/// The keys of an identity policy.
pub(crate) struct KmsReach;

impl Check for KmsReach {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Identity
    }

    fn speaks_of_kms_alone(&self) -> bool {
        true
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !statement.allows() {
            return;
        }
        let (Some(actions), Some(resources)) = (statement.listed_actions(), statement.listed_resources()) else {
            return;
        };
        if actions.values().any(|action| action.is_of("kms")) {
            across_accounts(statement, actions, resources, out);
            without_a_key(actions, resources, out);
        }
    }
}

/// What works with keys of other accounts and ends a grant. Of new grants kms-privilege-escalation tells.
const ENDS_GRANTS: [&str; 2] = ["kms:RetireGrant", "kms:RevokeGrant"];

/// What works with keys of other accounts and only looks at them.
const LOOKS: [&str; 4] = ["kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:GetPublicKey", "kms:ListGrants"];

fn across_accounts(
    statement: &Statement,
    actions: &Listed<ActionPattern>,
    resources: &Listed<ResourcePattern>,
    out: &mut Findings<'_>,
) {
    let mut open = resources.read.iter().filter(|resource| resource.value.reaches_keys_of_any_account()).peekable();
    if open.peek().is_none() || !is_limited_by_aliases_at_most(statement) {
        return;
    }
    // Who allows everything is told so once, by allow-star-star.
    let may_be_kms = |pattern: &&ActionPattern| !pattern.is_every_action() && pattern.may_be_of("kms");
    let of_kms: Vec<&ActionPattern> = actions.values().filter(may_be_kms).collect();
    let covered = |action: &&str| of_kms.iter().any(|pattern| pattern.covers(action));
    let uses = operations::cryptographic().chain(ENDS_GRANTS).find(covered);
    let Some(deed) = uses.or_else(|| LOOKS.into_iter().find(covered)) else { return };
    for resource in open {
        let message = format!("{deed} is allowed on keys of other accounts too");
        let finding = Finding::new(&KMS_CROSSACCOUNT_RESOURCE_STAR, resource.span, message)
            .help("name the account and the Region: arn:aws:kms:REGION:ACCOUNT:key/*");
        out.push(match uses {
            Some(_) => finding,
            None => finding.severity(Severity::Note).persona(Persona::Pedantic),
        });
    }
}

/// Whether nothing but aliases limits a statement: a key of another account may carry the same alias.
fn is_limited_by_aliases_at_most(statement: &Statement) -> bool {
    let by_alias = |key: &ConditionKey| key.is("kms:ResourceAliases") || key.is("kms:RequestAlias");
    statement.unread_conditions.is_empty() && statement.conditions.iter().all(|row| by_alias(&row.key.value))
}

fn without_a_key(actions: &Listed<ActionPattern>, resources: &Listed<ResourcePattern>, out: &mut Findings<'_>) {
    let of_kms =
        |resource: &ResourcePattern| resource.arn().is_ok_and(|arn| arn.service == "kms" && arn.resource != "*");
    let all_of_kms = resources.unknown.is_empty() && !resources.read.is_empty() && resources.values().all(of_kms);
    if !all_of_kms {
        return;
    }
    // A pattern may have been meant for the actions that do have a key.
    let needs_star = |pattern: &ActionPattern| {
        operations::is_one_action(pattern) && operations::covers_only(pattern, operations::is_on_no_key)
    };
    let alone = actions.values().all(needs_star) && actions.len() == actions.read.len();
    for action in actions.read.iter().filter(|action| needs_star(&action.value)) {
        let message = format!("{} is never allowed on a key's ARN", action.value.as_str());
        let finding = Finding::new(&KMS_NEEDS_STAR, action.span, message).label("it works on no particular key");
        out.push(if alone {
            let edits = vec![Edit::replace(resources.element.value, "\"*\"")];
            finding.fix("write `\"Resource\": \"*\"`", Applicability::Unsafe, edits)
        } else {
            finding.help("allow it in a statement of its own, with `\"Resource\": \"*\"`")
        });
    }
}
