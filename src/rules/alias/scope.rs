//! Which keys an alias condition reaches.

use crate::{
    finding::{Confidence, Finding, RuleInfo},
    policy::{ActionPattern, Policy, PolicyKind, ResourcePattern, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules, operations},
    source::Spanned,
};

declare_rules! { Alias:
    /// ## What it does
    /// Flags an identity policy that allows encryption or decryption with every key of an account, where nothing limits it
    /// to an alias, a tag or a key. Where neither `--alias` nor `--workload` says that one key is meant, this is a guess that
    /// only the auditor sees.
    ///
    /// ## Why it matters
    /// Whoever carries the policy reads what any key of the account protects, not only what the alias's key does.
    ///
    /// ## How to fix it
    /// Add `"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/NAME"}`, or name the key.
    ///
    /// ## Source
    /// KMS Developer Guide, "Use aliases to control access to KMS keys".
    pub ALIAS_CONDITION_MISSING = {
        id: "alias-condition-missing", code: None,
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["decrypt-on-all-keys", "kms-crossaccount-resource-star"],
        summary: "cryptographic actions on every key, whatever its alias",
    }

    /// ## What it does
    /// Flags a condition on `kms:ResourceAliases` where `Resource` leaves the account open.
    ///
    /// ## Why it matters
    /// The condition looks at the aliases of the key, wherever it is: a key of another account or Region may carry the same
    /// alias, and whoever made it chooses who may use it.
    ///
    /// ## How to fix it
    /// Write `arn:aws:kms:REGION:ACCOUNT:key/*` and keep the condition.
    ///
    /// ## Source
    /// KMS Developer Guide, "Best practices for IAM policies"; "AWS KMS condition keys", kms:ResourceAliases.
    pub ALIAS_CONDITION_WITHOUT_ACCOUNT_SCOPE = {
        id: "alias-condition-without-account-scope", code: None,
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["decrypt-on-all-keys", "alias-condition-missing", "kms-crossaccount-resource-star"],
        summary: "an alias condition that also reaches keys of other accounts",
    }

    /// ## What it does
    /// Flags an alias ARN in `Resource` of a statement about operations on keys.
    ///
    /// ## Why it matters
    /// An alias ARN means the alias itself, for creating, updating and deleting it. It never stands for the key.
    ///
    /// ## How to fix it
    /// Name the key's ARN, or write `key/*` of the account with a condition on `kms:ResourceAliases`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Specifying KMS keys in IAM policy statements"; "Use aliases to control access to KMS keys".
    pub ALIAS_ARN_IN_RESOURCE = {
        id: "alias-arn-in-resource", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "an alias ARN stands for a key",
    }
}

/// The reach of a statement on keys.
pub(crate) struct AliasScope;

impl Check for AliasScope {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of_kms_alone(&self) -> bool {
        true
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !statement.may_speak_of("kms") {
            return;
        }
        alias_arns(statement, &cx.document.policy, cx.kind(), out);
        if cx.kind() == PolicyKind::Identity && statement.allows() {
            account_scope(statement, out);
            condition_missing(statement, cx, out);
        }
    }
}

/// The operations that an alias condition is there to limit.
///
/// Source: KMS Developer Guide, "AWS KMS permissions".
const CRYPTOGRAPHIC: [&str; 10] = [
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:Sign",
    "kms:GenerateMac",
];

/// The operations for which an alias ARN in `Resource` means something.
const ON_ALIASES: [&str; 3] = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"];

fn account_scope(statement: &Statement, out: &mut Findings<'_>) {
    let Some(condition) = statement.conditions_on("kms:ResourceAliases").next() else { return };
    let by_owner = |key: &str| RESOURCE_OWNER.iter().any(|owner| key.eq_ignore_ascii_case(owner));
    let reaches_out = operations::across_accounts().any(|action| statement.covers_action(action));
    if !reaches_out || has_condition(statement, by_owner) || !statement.unread_conditions.is_empty() {
        return;
    }
    let Some(resources) = statement.listed_resources() else { return };
    for resource in resources.read.iter().filter(|resource| resource.value.reaches_keys_of_any_account()) {
        let message = "keys of other accounts with this alias are covered too";
        let finding = Finding::new(&ALIAS_CONDITION_WITHOUT_ACCOUNT_SCOPE, resource.span, message)
            .related(condition.element.value, "the alias")
            .help("write arn:aws:kms:REGION:ACCOUNT:key/* and keep the condition");
        out.push(finding);
    }
}

/// Condition keys that say whose the resource is.
const RESOURCE_OWNER: [&str; 3] = ["aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths"];

fn has_condition(statement: &Statement, is: impl Fn(&str) -> bool) -> bool {
    statement.conditions.iter().any(|condition| is(condition.key.value.as_str()))
}

fn condition_missing(statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let Some(actions) = statement.listed_actions() else { return };
    // Whoever allows everything else too is told of that.
    let may_be_kms = |pattern: &&ActionPattern| !pattern.is_every_action() && pattern.may_be_of("kms");
    let of_kms: Vec<&ActionPattern> = actions.values().filter(may_be_kms).collect();
    let cryptographic = |action: &str| of_kms.iter().any(|pattern| pattern.covers(action));
    let Some(deed) = CRYPTOGRAPHIC.into_iter().find(|action| cryptographic(action)) else { return };
    let declared = is_declared(cx);
    if is_scoped(statement, declared) {
        return;
    }
    let Some(resources) = statement.listed_resources() else { return };
    let decrypts = cryptographic("kms:Decrypt") || cryptographic("kms:ReEncryptFrom") || !actions.unknown.is_empty();
    for resource in resources.read.iter().filter(|resource| resource.value.covers_every_key()) {
        // Decryption with the keys of every account is what decrypt-on-all-keys is for.
        if declared || !decrypts || !resource.value.reaches_keys_of_any_account() {
            out.push(missing(deed, resource, declared, cx));
        }
    }
}

/// Whether a condition limits the statement to some keys. Where a workload is declared, one on aliases or tags is asked
/// for; elsewhere any condition may be what its author meant.
fn is_scoped(statement: &Statement, declared: bool) -> bool {
    if !declared {
        return statement.is_conditional();
    }
    let by_key = |key: &str| {
        let key = key.to_ascii_lowercase();
        matches!(key.as_str(), "kms:resourcealiases" | "kms:requestalias" | "kms:viaservice")
            || key.starts_with("aws:resourcetag/")
    };
    !statement.unread_conditions.is_empty() || has_condition(statement, by_key)
}

/// Whether a workload was declared that may carry the policy.
fn is_declared(cx: &RuleContext<'_, '_>) -> bool {
    let mut workloads = cx.project.workloads().peekable();
    let is_carried = workloads.peek().is_none() || workloads.any(|workload| cx.project.is_own(cx.document, workload));
    cx.project.names_a_workload() && is_carried
}

fn missing(deed: &str, resource: &Spanned<ResourcePattern>, declared: bool, cx: &RuleContext<'_, '_>) -> Finding {
    let alias = cx.project.declared.aliases.first().map_or("alias/NAME", String::as_str);
    let row = format!("\"ForAnyValue:StringEquals\": {{\"kms:ResourceAliases\": \"{alias}\"}}");
    let message = format!("{deed} is allowed with every key, whatever its alias");
    let finding = Finding::new(&ALIAS_CONDITION_MISSING, resource.span, message);
    if declared {
        return finding.help(format!("name the key, or add {row}"));
    }
    // AWS's own advice stops at the account: whether one key is meant is a guess.
    finding.confidence(Confidence::Low).help(format!("if one key is meant, name it, or add {row}"))
}

fn alias_arns(statement: &Statement, policy: &Policy, kind: PolicyKind, out: &mut Findings<'_>) {
    let Some(resources) = statement.listed_resources().filter(|_| kind != PolicyKind::Key) else { return };
    if !resources.values().any(ResourcePattern::is_alias) || !mentions_kms(statement) {
        return;
    }
    // Where operations on aliases are meant too, the alias belongs here; unless nothing gives them any key.
    let about_aliases = ON_ALIASES.iter().any(|action| statement.covers_action(action));
    let decrypts = CRYPTOGRAPHIC.iter().any(|action| statement.covers_action(action));
    let is_for_aliases = lists_alias_operation(statement) && !decrypts;
    if about_aliases && (is_for_aliases || policy.statements.iter().any(reaches_keys)) {
        return;
    }
    // Another action may make the alias right, another resource may be its key.
    if !policy.unknown.is_empty() {
        out.not_evaluated(&ALIAS_ARN_IN_RESOURCE, "a part of the policy is not known from this file");
        return;
    }
    for resource in resources.read.iter().filter(|resource| resource.value.is_alias()) {
        let message = "an alias ARN means the alias, never its key";
        let finding = Finding::new(&ALIAS_ARN_IN_RESOURCE, resource.span, message);
        out.push(
            finding.help("name the key's ARN, or write key/* of the account and a condition on kms:ResourceAliases"),
        );
    }
}

/// Whether a statement lists an operation on aliases by its name.
fn lists_alias_operation(statement: &Statement) -> bool {
    let by_name = |action: &ActionPattern| action.name().to_ascii_lowercase().contains("alias");
    statement.listed_actions().is_some_and(|actions| actions.values().any(by_name))
}

/// Whether a statement is about KMS and has a resource that may be a key.
fn reaches_keys(statement: &Statement) -> bool {
    let may_be_key = |resource: &ResourcePattern| match resource.arn() {
        Ok(arn) => arn.service == "kms" && !arn.resource.starts_with("alias/"),
        Err(_) => resource.is_everything(),
    };
    mentions_kms(statement) && statement.listed_resources().is_none_or(|listed| listed.values().any(may_be_key))
}

fn mentions_kms(statement: &Statement) -> bool {
    statement.actions.as_ref().is_some_and(|clause| clause.listed().values().any(|action| action.is_of("kms")))
}
