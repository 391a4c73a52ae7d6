//! What a KMS key policy must hold, and must not.

pub(super) mod absent;
pub(super) mod anyone;
pub(super) mod conditions;
pub(super) mod content;
pub(super) mod denial;
pub(super) mod duties;
pub(super) mod grants;
pub(super) mod holders;
pub(super) mod outsiders;
pub(super) mod root;

use crate::{
    document::Project,
    policy::{AccountId, Listed, Policy, Principal, Statement},
};

/// The account that owns the key of a policy: what was declared or described, else the one account that the policy lets
/// rewrite it, which no other account could. `None` where that leaves it open.
///
/// Source: KMS Developer Guide, "Default key policy"; "Allowing users in other accounts to use a KMS key".
pub(super) fn owner(policy: &Policy, project: &Project<'_>) -> Option<AccountId> {
    if let Some(owner) = project.owner() {
        return Some(owner);
    }
    let rewriting = |statement: &&Statement| statement.allows() && statement.covers_action("kms:PutKeyPolicy");
    let named = policy.statements.iter().filter(rewriting).filter_map(Statement::named_principals);
    let mut accounts = named.flat_map(Listed::values).filter_map(|principal| match principal {
        Principal::Account(account) => Some(*account),
        _ => None,
    });
    let first = accounts.next()?;
    accounts.all(|account| account == first).then_some(first)
}
