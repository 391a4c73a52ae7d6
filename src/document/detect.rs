//! Which kind of policy a document is, from what stands in it.

use crate::policy::{ActionPattern, Policy, PolicyKind, Statement};

/// The kind of a policy, and what in it tells.
///
/// Who a statement speaks of decides first: identity policies name nobody, all others somebody. A few statements that do
/// otherwise are mistakes for a rule to tell, not another kind. Source: IAM User Guide, "Policies and permissions in
/// AWS Identity and Access Management", policy types.
#[must_use]
pub fn policy_kind(policy: &Policy) -> (PolicyKind, &'static str) {
    let naming = policy.statements.iter().filter(|statement| statement.principals.is_some()).count();
    if naming == 0 {
        return (PolicyKind::Identity, "no statement names a principal");
    }
    let mostly_kms = kms_share(policy);
    if naming * 2 < policy.statements.len() && mostly_kms != Share::All {
        return (PolicyKind::Identity, "most statements name no principal");
    }
    match mostly_kms {
        Share::All => return (PolicyKind::Key, "all actions are kms actions and principals are named"),
        Share::Some => return (PolicyKind::Key, "principals are named, and actions of kms"),
        Share::None => {}
    }
    if policy.statements.iter().all(only_assumes) {
        return (PolicyKind::Trust, "principals are named, and only actions that assume a role");
    }
    (PolicyKind::Resource, "principals are named")
}

/// How many of a policy's actions are of KMS.
#[derive(PartialEq, Eq)]
enum Share {
    None,
    Some,
    All,
}

fn kms_share(policy: &Policy) -> Share {
    let actions = policy.statements.iter().filter_map(|statement| statement.actions.as_ref());
    let (mut kms, mut other) = (false, false);
    for action in actions.flat_map(|clause| clause.listed().values()) {
        if action.is_of("kms") {
            kms = true;
        } else if !action.is_every_action() {
            other = true;
        }
    }
    match (kms, other) {
        (false, _) => Share::None,
        (true, false) => Share::All,
        (true, true) => Share::Some,
    }
}

/// Whether a statement lists only what concerns the assuming of a role.
///
/// Source: Service Authorization Reference, "AWS Security Token Service".
fn only_assumes(statement: &Statement) -> bool {
    let assumes = |action: &ActionPattern| {
        let name = action.name().to_ascii_lowercase();
        action.is_of("sts")
            && (name == "*" || name.starts_with("assumerole") || name == "tagsession" || name.starts_with("set"))
    };
    statement
        .actions
        .as_ref()
        .is_some_and(|clause| !clause.listed().is_empty() && clause.listed().values().all(assumes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy, source::SourceId, syntax::json};

    fn kind(statements: &str) -> PolicyKind {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        policy_kind(&policy::read(&json::read_text(&text, SourceId(0)).root).0).0
    }

    #[test]
    fn a_policy_that_names_nobody_is_an_identity_policy() {
        assert_eq!(kind(r#"{"Effect":"Allow","Action":"kms:*","Resource":"*"}"#), PolicyKind::Identity);
    }

    #[test]
    fn kms_actions_with_principals_make_a_key_policy_even_beside_a_strange_action() {
        let statement = r#"{"Effect":"Allow","Principal":"*","Action":["kms:Decrypt","s3:GetObject"],"Resource":"*"}"#;
        assert_eq!(kind(statement), PolicyKind::Key);
    }

    #[test]
    fn one_statement_without_a_principal_makes_no_identity_policy_of_a_key_policy() {
        let statements = r#"{"Principal":"*","Action":"kms:*"},{"Action":"kms:Decrypt"},{"Action":"kms:Encrypt"}"#;
        assert_eq!(kind(statements), PolicyKind::Key);
    }

    #[test]
    fn one_statement_with_a_principal_makes_no_key_policy_of_an_identity_policy() {
        let statements = r#"{"Action":"ec2:*"},{"Action":"s3:*"},{"Principal":"*","Action":"kms:Decrypt"}"#;
        assert_eq!(kind(statements), PolicyKind::Identity);
    }

    #[test]
    fn a_trust_policy_only_lets_its_role_be_assumed() {
        let statement =
            r#"{"Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}"#;
        assert_eq!(kind(statement), PolicyKind::Trust);
    }

    #[test]
    fn any_other_policy_with_principals_hangs_on_a_resource() {
        assert_eq!(kind(r#"{"Principal":"*","Action":"s3:GetObject"}"#), PolicyKind::Resource);
    }
}
