//! Which operations an alias has a say in, and which take an alias and its key.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{ActionPattern, Clause, Policy, PolicyKind, ResourcePattern, Statement, glob},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::Spanned,
};

use super::unsupported;

declare_rules! { Alias:
    /// ## What it does
    /// Flags a condition on `kms:RequestAlias` in a statement that also lists actions whose request names no alias: all but
    /// cryptographic operations, `kms:DescribeKey` and `kms:GetPublicKey`. Actions with a wildcard are left out.
    ///
    /// ## Why it matters
    /// Their requests never carry the key. An `Allow` of them under this condition never takes effect.
    ///
    /// ## How to fix it
    /// Put them into a statement of their own. To limit them by alias, use `kms:ResourceAliases` in an identity policy.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", `kms:RequestAlias`; IAM User Guide, "Access Analyzer policy check
    /// reference", unsupported action for condition key.
    pub REQUEST_ALIAS_UNSUPPORTED_ACTION = {
        id: "request-alias-unsupported-action", code: Some("UNSUPPORTED_ACTION_FOR_CONDITION_KEY"),
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["condition-op-unsupported-for-action"],
        summary: "kms:RequestAlias limits an action whose request names no alias",
    }

    /// ## What it does
    /// Flags an identity policy that allows to create, update or delete an alias on aliases alone or on keys alone. Where the
    /// key is what is missing, its own policy may allow it: this is a warning only if no key policy among the files does, and
    /// not evaluated where there is none.
    ///
    /// ## Why it matters
    /// KMS asks for the permission on the alias and on the key; with one of them the call is denied. On the alias an identity
    /// policy alone can give it.
    ///
    /// ## How to fix it
    /// Allow the action on both: `arn:aws:kms:REGION:ACCOUNT:alias/NAME` and `arn:aws:kms:REGION:ACCOUNT:key/ID`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Controlling access to aliases".
    pub ALIAS_OPS_ONE_RESOURCE = {
        id: "alias-ops-one-resource", code: None,
        severity: Warning, confidence: Medium, persona: Regular,
        summary: "an operation on an alias and its key is allowed on one of them alone",
    }
}

/// Operations and aliases.
pub(crate) struct AliasOperations;

/// Each asks for the permission on the alias, and on the key.
const ON_BOTH: [&str; 3] = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"];

impl Check for AliasOperations {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in statement.conditions_on("kms:RequestAlias").take(unsupported::ROWS) {
            if let Some(finding) = unsupported::finding(&REQUEST_ALIAS_UNSUPPORTED_ACTION, statement, condition) {
                out.push(finding.help(
                    "put it into a statement of its own; kms:ResourceAliases limits it by alias, in an identity policy",
                ));
            }
        }
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if cx.kind() != PolicyKind::Identity || policy.fragment || !policy.is_complete() || !cx.may_be_kms {
            return;
        }
        for operation in ON_BOTH {
            one_resource(operation, policy, cx, out);
        }
    }
}

fn one_resource(operation: &'static str, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let allowing = || policy.statements.iter().filter(|s| s.allows() && s.covers_action(operation));
    // Who allows kms:* on keys need not have meant aliases.
    let named = |action: &&Spanned<ActionPattern>| {
        action.value.covers(operation) && action.value.name().to_ascii_lowercase().contains("alias")
    };
    let mut actions = allowing().filter_map(Statement::listed_actions).flat_map(|listed| &listed.read);
    let Some(action) = actions.find(named) else { return };
    let (aliases, keys) = (allowing().any(|s| reaches(s, "alias/")), allowing().any(|s| reaches(s, "key/")));
    let (missing, help) = match (aliases, keys) {
        (true, false) if !is_left_to_key_policies(operation, cx, out) => {
            ("its key", "allow it on the key too: arn:aws:kms:REGION:ACCOUNT:key/ID")
        }
        (false, true) => ("the alias", "allow it on the alias too: arn:aws:kms:REGION:ACCOUNT:alias/NAME"),
        _ => return,
    };
    let message = format!("{operation} takes the permission on {missing}, too");
    out.push(Finding::new(&ALIAS_OPS_ONE_RESOURCE, action.span, message).help(help));
}

/// Whether a statement may speak of aliases, or of keys: `alias/` or `key/`.
fn reaches(statement: &Statement, kind: &str) -> bool {
    let may = |resource: &ResourcePattern| match resource.arn() {
        Ok(arn) => {
            let start = arn.resource.get(..kind.len()).unwrap_or(arn.resource);
            let open = start.find(['*', '?', '$']);
            let literal = open.map_or(start, |at| &start[..at]);
            glob::matches(arn.service, "kms") && kind.starts_with(literal) && (open.is_some() || start == kind)
        }
        Err(_) => true,
    };
    match &statement.resources {
        Some(Clause::Only(listed)) => listed.values().any(may) || listed.read.len() != listed.len(),
        Some(Clause::AllBut(_)) | None => true,
    }
}

/// Whether a key's own policy may give the permission on the key.
fn is_left_to_key_policies(operation: &str, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) -> bool {
    let mut keys = cx.project.policies(PolicyKind::Key).peekable();
    if keys.peek().is_none() {
        out.not_evaluated(&ALIAS_OPS_ONE_RESOURCE, "the key's own policy, which may allow it, is not among the files");
        return true;
    }
    let names_someone = |statement: &Statement| {
        statement.named_principals().is_none_or(|listed| {
            listed.len() > listed.read.len() || listed.values().any(|principal| principal.arn().is_some())
        })
    };
    keys.flat_map(|key| &key.policy.statements)
        .any(|statement| statement.allows() && statement.covers_action(operation) && names_someone(statement))
}
