//! What one principal holds that two should, and what takes two keys.

use std::collections::HashMap;

use crate::{
    document::{PolicyDocument, Project},
    finding::{Finding, RuleInfo},
    policy::{ActionPattern, Policy, PolicyKind, Principal, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules, operations},
    source::Span,
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags a user or a role that a key policy lets rewrite the policy and use the key as well, by lists of actions. `kms:*`
    /// is told of by `workload-has-kms-star`.
    ///
    /// ## Why it matters
    /// Who uses a key should not be able to let others in, or to destroy it; who administers it has no need of the data.
    ///
    /// ## How to fix it
    /// Leave the administration to another role.
    ///
    /// ## Source
    /// KMS Developer Guide, "Default key policy", key administrators and key users.
    pub ADMIN_AND_USER_SAME_PRINCIPAL = {
        id: "admin-and-user-same-principal", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "one principal administers the key and uses it",
    }

    /// ## What it does
    /// Flags a principal that a key policy allows one side of re-encryption only, `kms:ReEncryptFrom` or `kms:ReEncryptTo`,
    /// where no other policy among several of keys allows it the other side.
    ///
    /// ## Why it matters
    /// `ReEncrypt` takes the one permission on the key that the data comes from, and the other on the key that it goes to.
    ///
    /// ## How to fix it
    /// Allow `kms:ReEncrypt*`, or the other side in the other key's policy.
    ///
    /// ## Source
    /// KMS API Reference, "`ReEncrypt`", required permissions; KMS Developer Guide, "AWS KMS permissions".
    pub REENCRYPT_ONE_SIDE = {
        id: "reencrypt-one-side", code: None,
        severity: Note, confidence: Medium, persona: Pedantic,
        summary: "one side of re-encryption alone is allowed",
    }
}

/// Who holds what, over all statements.
pub(crate) struct Duties;

impl Check for Duties {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Key
    }

    fn policy(&self, policy: &Policy, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let mut administering: HashMap<&str, Span> = HashMap::new();
        for (arn, place) in holders(policy, |action| action.covers("kms:PutKeyPolicy")) {
            administering.entry(arn).or_insert(place);
        }
        if administering.is_empty() {
            return;
        }
        let uses = |action: &ActionPattern| operations::cryptographic().any(|operation| action.covers(operation));
        for (arn, place) in holders(policy, uses) {
            // Each is told of once.
            let Some(admin) = administering.remove(arn) else { continue };
            let message = format!("`{arn}` administers this key and uses it");
            let finding = Finding::new(&ADMIN_AND_USER_SAME_PRINCIPAL, place, message);
            let finding = if admin == place { finding } else { finding.related(admin, "the administrator") };
            out.push(finding.help("leave the administration to another role"));
        }
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        let keys: Vec<&PolicyDocument<'_>> = project.policies(PolicyKind::Key).collect();
        if keys.len() < 2 || keys.iter().any(|key| !key.policy.is_complete()) {
            return;
        }
        for key in &keys {
            for statement in key.policy.statements.iter().filter(|statement| statement.allows()) {
                one_side(statement, &keys, project, out);
            }
        }
    }
}

/// The users and roles that a policy allows an action by name, and not every action: their ARNs, and where they stand.
fn holders(policy: &Policy, is: impl Fn(&ActionPattern) -> bool + Copy) -> impl Iterator<Item = (&str, Span)> {
    let named = move |action: &ActionPattern| !action.is_whole_of("kms") && is(action);
    let allowing = policy.statements.iter().filter(|statement| statement.allows());
    let holding =
        allowing.filter(move |statement| statement.listed_actions().is_some_and(|actions| actions.values().any(named)));
    let principals = holding.filter_map(Statement::named_principals).flat_map(|listed| &listed.read);
    principals.filter_map(|principal| Some((principal.value.arn()?.as_str(), principal.span)))
}

const SIDES: [(&str, &str); 2] = [("kms:ReEncryptFrom", "kms:ReEncryptTo"), ("kms:ReEncryptTo", "kms:ReEncryptFrom")];

fn one_side(statement: &Statement, keys: &[&PolicyDocument<'_>], project: &Project<'_>, out: &mut Findings<'_>) {
    let Some(listed) = statement.named_principals() else { return };
    for (side, other) in SIDES {
        let Some(pattern) = statement.pattern_for(side).filter(|_| !statement.covers_action(other)) else { continue };
        let alone = listed
            .values()
            .filter(|principal| principal.arn().is_some())
            .find(|principal| !may_hold(principal, other, keys, project));
        if let Some(arn) = alone.and_then(Principal::arn) {
            let message = format!("`{}` holds {side} here, and {other} nowhere", arn.as_str());
            let finding = Finding::new(&REENCRYPT_ONE_SIDE, pattern.span, message);
            out.push(finding.help(format!("allow {other} in the other key's policy, or take this away")));
        }
    }
}

/// Whether any policy of the run may give a principal an action: by its name, by its account, or by a policy of its own.
fn may_hold(principal: &Principal, action: &str, keys: &[&PolicyDocument<'_>], project: &Project<'_>) -> bool {
    let own = project.policies(PolicyKind::Identity);
    let by_own = own.flat_map(|policy| &policy.policy.statements).any(|statement| statement.covers_action(action));
    let names = |statement: &Statement| match statement.named_principals() {
        Some(listed) => {
            let by_name = listed.values().any(|other| other.names(principal));
            by_name || !listed.malformed.is_empty()
        }
        None => true,
    };
    let statements = keys.iter().flat_map(|key| &key.policy.statements);
    let mut giving = statements.filter(|statement| statement.allows() && statement.covers_action(action));
    // A policy that lets in the account leaves it to policies that may not be among the files.
    by_own || giving.any(|statement| names(statement) || lets_in_account_of(principal, statement))
}

fn lets_in_account_of(principal: &Principal, statement: &Statement) -> bool {
    let Some(account) = principal.account() else { return true };
    statement
        .named_principals()
        .is_some_and(|listed| listed.values().any(|other| matches!(other, Principal::Account(id) if *id == account)))
}
