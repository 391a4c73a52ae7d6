//! What has no place in a key policy.

use crate::{
    document::MIXED,
    finding::{Applicability, Finding, RuleInfo, Severity},
    key::{Key, KeyFamily},
    policy::{PolicyKind, ResourcePattern, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules, edits, operations},
    source::{Edit, Spanned},
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags a `Resource` of a key policy that is not `"*"`: the key's own ARN as a warning, anything else as an error.
    ///
    /// ## Why it matters
    /// In a key policy `"*"` means this key. Another ARN matches nothing; the own one breaks when the policy is copied to
    /// another key.
    ///
    /// ## How to fix it
    /// Write `"*"`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Key policies in AWS KMS", elements of a key policy.
    pub KEY_POLICY_RESOURCE_NOT_STAR = {
        id: "key-policy-resource-not-star", code: None,
        further_codes: &["UNSUPPORTED_RESOURCE_ARN_IN_POLICY"],
        severity: Warning, confidence: High, persona: Regular,
        summary: "the resource of a key policy is not \"*\"",
    }

    /// ## What it does
    /// Flags an action of another service in a key policy.
    ///
    /// ## Why it matters
    /// A key policy decides on calls of KMS alone: the entry has no effect, and whoever wrote it expects one.
    ///
    /// ## How to fix it
    /// Take it away; put it into a policy of the user or role.
    ///
    /// ## Source
    /// KMS Developer Guide, "Key policies in AWS KMS".
    pub NON_KMS_ACTION_IN_KEY_POLICY = {
        id: "non-kms-action-in-key-policy", code: None,
        further_codes: &["UNSUPPORTED_ACTION_IN_POLICY"],
        severity: Error, confidence: High, persona: Regular,
        summary: "a key policy names an action of another service",
    }

    /// ## What it does
    /// Flags a condition on `kms:ResourceAliases` in a key policy.
    ///
    /// ## Why it matters
    /// The key is of use in IAM policies alone. In a key policy the condition does not do what it says.
    ///
    /// ## How to fix it
    /// Move the condition to the identity policy. A key policy that must depend on an alias uses `kms:RequestAlias`, which
    /// holds only for requests that name the alias.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", kms:ResourceAliases.
    pub RESOURCE_ALIASES_IN_KEY_POLICY = {
        id: "resource-aliases-in-key-policy", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "kms:ResourceAliases stands in a key policy",
    }

    /// ## What it does
    /// Flags an action of a key policy that concerns no key that exists, or all of them: `kms:CreateKey`, `kms:ListKeys`,
    /// `kms:ListAliases`, `kms:GenerateRandom`, and those on custom key stores. A pattern that covers other actions too, such
    /// as `kms:Create*`, is left out.
    ///
    /// ## Why it matters
    /// IAM policies alone can allow them. Here the entry has no effect, and whoever wrote it expects one.
    ///
    /// ## How to fix it
    /// Take it away; put it into a policy of the user or role, with `Resource` `"*"`.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS permissions"; "Best practices for IAM policies".
    pub IAM_ONLY_ACTION_IN_KEY_POLICY = {
        id: "iam-only-action-in-key-policy", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a key policy names an action that IAM policies alone can allow",
    }

    /// ## What it does
    /// Flags an action of a key policy that its key cannot do, by what `describe-key` says of it: data keys and rotation with
    /// a key that is not symmetric, signatures with one that is. It keeps silent where a workload is declared and its key is
    /// not symmetric, since then the key is the mistake.
    ///
    /// ## Why it matters
    /// KMS answers every such call with an error, whoever is allowed it.
    ///
    /// ## How to fix it
    /// Take it away, or use a key of another spec.
    ///
    /// ## Source
    /// KMS Developer Guide, "Key type reference".
    pub SYMMETRIC_ACTIONS_ON_ASYMMETRIC = {
        id: "symmetric-actions-on-asymmetric", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "an action that a key of this spec cannot do",
    }
}

/// The content of a key policy.
pub(crate) struct Content;

impl Check for Content {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Key
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if let Some(listed) = statement.listed_resources() {
            let items = listed.read.iter();
            items.filter(|resource| resource.value.as_str() != "*").for_each(|item| resource(item, cx, out));
        }
        actions(statement, cx, out);
        if let Some(key) = cx.project.key_of_policy(cx.document) {
            impossible_actions(statement, key, cx, out);
        }
        for condition in statement.conditions_on("kms:ResourceAliases") {
            let message = "kms:ResourceAliases works only in IAM policies";
            let finding = Finding::new(&RESOURCE_ALIASES_IN_KEY_POLICY, condition.key.span, message);
            out.push(finding.help("move the condition to the policy of the user or role"));
        }
    }
}

fn resource(item: &Spanned<ResourcePattern>, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    // What is no ARN at all is told of by the rules on values.
    if crate::policy::is_placeholder(item.value.as_str()) || (item.value.arn().is_err() && !item.value.is_everything())
    {
        return;
    }
    let known = cx.project.key_of_policy(cx.document).and_then(|key| key.arn.as_ref()).map(|arn| arn.value.as_str());
    let is_key_arn = item.value.arn().is_ok_and(|arn| arn.service == "kms" && arn.resource.starts_with("key/"));
    let is_own = known.is_some_and(|arn| item.value.covers(arn));
    let finding = if is_own || (known.is_none() && (is_key_arn || item.value.covers_every_key())) {
        Finding::new(&KEY_POLICY_RESOURCE_NOT_STAR, item.span, "in a key policy \"*\" means this key")
            .help("write \"*\": an ARN breaks when the policy is copied")
    } else {
        let message = "this is not the key's own ARN, so it matches nothing";
        let finding = Finding::new(&KEY_POLICY_RESOURCE_NOT_STAR, item.span, message)
            .severity(Severity::Error)
            .help("write \"*\", which means this key");
        let is_of_kms = item.value.arn().is_ok_and(|arn| crate::policy::glob::matches(arn.service, "kms"));
        if is_of_kms { finding } else { finding.code("UNSUPPORTED_RESOURCE_ARN_IN_POLICY") }
    };
    let applicability = if is_own { Applicability::Safe } else { Applicability::Unsafe };
    out.push(finding.fix("write \"*\"", applicability, vec![Edit::replace(item.span, "\"*\"")]));
}

fn actions(statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let Some(clause) = &statement.actions else { return };
    let listed = clause.listed();
    for action in listed.read.iter().filter(|action| operations::covers_only(&action.value, operations::is_on_no_key)) {
        let message = format!("`{}` has no effect in a key policy", action.value.as_str());
        let finding = Finding::new(&IAM_ONLY_ACTION_IN_KEY_POLICY, action.span, message)
            .help("take it away; a policy of the user or role may hold it");
        out.push(match edits::remove_from(listed, action.span) {
            Some(edit) if clause.only().is_some() => finding.fix("take it away", Applicability::Safe, vec![edit]),
            _ => finding,
        });
    }
    let foreign = |service: &str| !service.eq_ignore_ascii_case("kms") && service.bytes().any(|byte| byte != b'*');
    for action in listed.read.iter().filter(|action| action.value.service().is_some_and(foreign)) {
        let message = format!("`{}` is no action of KMS, so it has no effect here", action.value.as_str());
        let finding = Finding::new(&NON_KMS_ACTION_IN_KEY_POLICY, action.span, message)
            .code("UNSUPPORTED_ACTION_IN_POLICY")
            .help("take it away; a policy of the user or role may hold it");
        out.push(match edits::remove_from(listed, action.span) {
            // Where the kind was told from other actions, this one may be the one that is right.
            Some(edit) if clause.only().is_some() => {
                let safe = cx.document.because != MIXED;
                let applicability = if safe { Applicability::Safe } else { Applicability::Unsafe };
                finding.fix("take it away", applicability, vec![edit])
            }
            _ => finding,
        });
    }
}

fn impossible_actions(statement: &Statement, key: &Key, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let (Some(family), Some(spec), Some(actions)) = (key.family(), &key.spec, statement.listed_actions()) else {
        return;
    };
    // Of a workload's key that is not symmetric the rules on keys tell.
    if !statement.allows() || (family != KeyFamily::Symmetric && cx.project.names_a_workload()) {
        return;
    }
    let usage = key.usage.as_ref().map(|usage| usage.value.as_str());
    let impossible = |operation: &str| !can_do(family, usage, operation);
    for action in actions.read.iter().filter(|action| operations::covers_only(&action.value, impossible)) {
        let message = format!("a key of spec {} cannot do `{}`", spec.value, action.value.as_str());
        let finding =
            Finding::new(&SYMMETRIC_ACTIONS_ON_ASYMMETRIC, action.span, message).related(spec.span, "the key");
        out.push(finding.help("take it away, or use a key of another spec"));
    }
}

/// Whether a key of this family and usage can do an operation. What is not known counts as possible.
///
/// Source: KMS Developer Guide, "Key type reference".
fn can_do(family: KeyFamily, usage: Option<&str>, operation: &str) -> bool {
    let is_for = |wanted: &str| usage.map_or_else(|| family.usages().contains(&wanted), |usage| usage == wanted);
    match operation {
        "kms:Encrypt" | "kms:Decrypt" | "kms:ReEncryptFrom" | "kms:ReEncryptTo" => is_for("ENCRYPT_DECRYPT"),
        "kms:Sign" | "kms:Verify" => is_for("SIGN_VERIFY"),
        "kms:GenerateMac" | "kms:VerifyMac" => is_for("GENERATE_VERIFY_MAC"),
        "kms:DeriveSharedSecret" => is_for("KEY_AGREEMENT"),
        "kms:Encapsulate" | "kms:Decapsulate" => is_for("ENCAPSULATE_DECAPSULATE"),
        "kms:GetPublicKey" => !matches!(family, KeyFamily::Symmetric | KeyFamily::Hmac),
        "kms:EnableKeyRotation" | "kms:DisableKeyRotation" | "kms:RotateKeyOnDemand" => family == KeyFamily::Symmetric,
        _ if operation.starts_with("kms:GenerateDataKey") => family == KeyFamily::Symmetric,
        _ => true,
    }
}
