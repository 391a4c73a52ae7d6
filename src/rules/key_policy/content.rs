//! What has no place in a key policy.

use crate::{
    document::MIXED,
    finding::{Applicability, Finding, RuleInfo, Severity},
    policy::{PolicyKind, ResourcePattern, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules, edits},
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
}

/// The content of a key policy.
pub(crate) struct Content;

impl Check for Content {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if cx.kind() != PolicyKind::Key {
            return;
        }
        if let Some(listed) = statement.listed_resources() {
            let items = listed.read.iter();
            items.filter(|resource| resource.value.as_str() != "*").for_each(|item| resource(item, cx, out));
        }
        actions(statement, cx, out);
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
    let known = cx.project.only_key_arn();
    let is_key_arn = item.value.arn().is_ok_and(|arn| arn.service == "kms" && arn.resource.starts_with("key/"));
    let is_own = known.is_some_and(|arn| item.value.covers(arn));
    let finding = if is_own || (known.is_none() && (is_key_arn || item.value.covers_every_key())) {
        Finding::new(&KEY_POLICY_RESOURCE_NOT_STAR, item.span, "in a key policy \"*\" means this key")
            .help("write \"*\": an ARN breaks when the policy is copied")
    } else {
        Finding::new(&KEY_POLICY_RESOURCE_NOT_STAR, item.span, "this is not the key's own ARN, so it matches nothing")
            .severity(Severity::Error)
            .help("write \"*\", which means this key")
    };
    let applicability = if is_own { Applicability::Safe } else { Applicability::Unsafe };
    out.push(finding.fix("write \"*\"", applicability, vec![Edit::replace(item.span, "\"*\"")]));
}

fn actions(statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let Some(clause) = &statement.actions else { return };
    let listed = clause.listed();
    let foreign = |service: &str| !service.eq_ignore_ascii_case("kms") && service.bytes().any(|byte| byte != b'*');
    for action in listed.read.iter().filter(|action| action.value.service().is_some_and(foreign)) {
        let message = format!("`{}` is no action of KMS, so it has no effect here", action.value.as_str());
        let finding = Finding::new(&NON_KMS_ACTION_IN_KEY_POLICY, action.span, message)
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
