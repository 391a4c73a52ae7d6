//! Whether a document is a policy, and of which kind, from what stands in it.

use crate::{
    policy::{ActionPattern, Policy, PolicyKind, Principal, Statement},
    source::Source,
    syntax::{Member, Node, Value},
};

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
    if policy.statements.len() == naming && policy.statements.iter().all(denies_everybody) {
        return denial(policy);
    }
    let mostly_kms = kms_share(policy);
    if naming * 2 < policy.statements.len() && mostly_kms != Share::All {
        return (PolicyKind::Identity, "most statements name no principal");
    }
    match mostly_kms {
        Share::All => return (PolicyKind::Key, "all actions are kms actions and principals are named"),
        Share::Some if speaks_of_one_key(policy) => return (PolicyKind::Key, MIXED),
        Share::Some | Share::None => {}
    }
    if policy.statements.iter().all(only_assumes) {
        return (PolicyKind::Trust, "principals are named, and only actions that assume a role");
    }
    (PolicyKind::Resource, "principals are named")
}

/// What is said where a key policy is told from some of its actions.
pub(crate) const MIXED: &str = "principals are named, and some actions are of kms";

/// Whether a statement denies, and names everybody.
fn denies_everybody(statement: &Statement) -> bool {
    let everybody = statement.named_principals().is_some_and(|listed| listed.values().eq([&Principal::Anyone]));
    statement.denies() && everybody
}

/// A policy of denials to everybody: a bound of an organisation, unless it is about the one service of its resource.
///
/// Source: Organizations User Guide, "RCP syntax".
fn denial(policy: &Policy) -> (PolicyKind, &'static str) {
    let actions = policy.statements.iter().filter_map(|statement| statement.actions.as_ref());
    let mut services: Vec<&str> =
        actions.flat_map(|clause| clause.listed().values()).filter_map(ActionPattern::service).collect();
    services.sort_unstable();
    services.dedup();
    match services[..] {
        [service] if service != "kms" => {
            (PolicyKind::Resource, "it only denies, to everybody, and speaks of one service")
        }
        _ => (PolicyKind::ResourceControl, "it only denies, to everybody"),
    }
}

/// Whether no resource is of another service than KMS.
fn speaks_of_one_key(policy: &Policy) -> bool {
    let resources = policy.statements.iter().filter_map(|statement| statement.resources.as_ref());
    resources
        .flat_map(|clause| clause.listed().values())
        .all(|resource| resource.is_everything() || resource.arn().is_ok_and(|arn| arn.service == "kms"))
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
    let listed = statement.actions.as_ref().map(crate::policy::Clause::listed);
    listed.is_some_and(|listed| !listed.read.is_empty() && listed.values().all(assumes))
}

/// Whether a tree has the elements of a policy, or of a statement, or is a list of statements.
pub(super) fn looks_like_policy(root: &Node<'_>) -> bool {
    match &root.value {
        Value::List(items) => !items.is_empty() && items.iter().all(looks_like_statement),
        Value::Map(members) => {
            looks_like_statement(root) || has_version(root) || members.iter().any(|member| holds_statements(member))
        }
        _ => false,
    }
}

fn looks_like_statement(node: &Node<'_>) -> bool {
    const OTHERS: [&str; 6] = ["Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal"];
    node.get("Effect").is_some() && OTHERS.iter().any(|name| node.get(name).is_some())
}

/// Whether an object has a `Version` of IAM's form: a date.
fn has_version(root: &Node<'_>) -> bool {
    let version = root.get("Version").and_then(Node::as_str);
    version.is_some_and(|text| matches!(text, "2012-10-17" | "2008-10-17"))
}

/// Whether a member is `Statement`, also misspelt, and could hold statements.
fn holds_statements(member: &Member<'_>) -> bool {
    let near = member.key.eq_ignore_ascii_case("statement") || member.key.eq_ignore_ascii_case("statements");
    let items = member.value.items();
    near && (member.value.value == Value::Unknown
        || items.iter().any(looks_like_statement)
        || (member.key == "Statement" && items.iter().all(|item| matches!(item.value, Value::Map(_)))))
}

/// Whether broken text that nobody named was meant as a policy.
#[must_use]
pub fn promises_policy(source: &Source) -> bool {
    let text = source.text();
    ["Statement", "Effect"].iter().all(|word| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some())
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
    fn a_bucket_policy_with_a_stray_kms_action_is_no_key_policy() {
        let statement = r#"{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","kms:Decrypt"],"Resource":"arn:aws:s3:::b/*"}"#;
        assert_eq!(kind(statement), PolicyKind::Resource);
    }

    #[test]
    fn denials_to_everybody_across_services_are_an_organisations() {
        let statement = r#"{"Effect":"Deny","Principal":"*","Action":["s3:*","kms:*"],"Resource":"*"}"#;
        assert_eq!(kind(statement), PolicyKind::ResourceControl);
        let statement = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}"#;
        assert_eq!(kind(statement), PolicyKind::Resource);
    }

    #[test]
    fn actions_that_are_not_known_make_no_trust_policy() {
        let statement =
            r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":{"Ref":"Actions"},"Resource":"*"}"#;
        assert_eq!(kind(statement), PolicyKind::Resource);
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
