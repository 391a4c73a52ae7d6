//! Scenarios for `kpl test`: who gets in, and who does not.

use std::fmt::Write as _;

use super::{ASSUME_POLICY, IDENTITY_POLICY, Identity, KEY_POLICY, Plan, SCENARIOS, TRUST_POLICY};

/// An account that has no part in the set-up.
const STRANGER: &str = "444455556666";
/// Another one, where that has a part.
const OTHER_STRANGER: &str = "777788889999";
/// The id of a key that has no alias.
const PLAIN_KEY: &str = "0987dcba-09fe-87dc-65ba-ab0987654321";
/// Another one, where that is Kasten's.
const OTHER_PLAIN_KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// What every request of a case has.
struct Ask<'t> {
    name: &'t str,
    principal: &'t str,
    action: &'t str,
    resource: &'t str,
    context: &'t str,
    policies: Option<&'t str>,
    is_allowed: bool,
}

/// The scenario file.
pub(super) fn text(plan: &Plan) -> String {
    let mut out = format!(
        "# Who gets in, and who does not: kpl test {SCENARIOS}\n\
         defaults:\n  policies:\n    resource: {KEY_POLICY}\n    identity: [{IDENTITY_POLICY}]\ncases:\n"
    );
    of_key(plan, &mut out);
    strangers(plan, &mut out);
    match &plan.identity {
        Identity::User(_) => {}
        Identity::RoleByKeys { role, user } => by_keys(role.as_str(), user.as_str(), plan, &mut out),
        Identity::RoleByProvider { role, provider } => {
            let named = format!("arn:{}:iam::{}:oidc-provider/{}", role.partition, role.account, provider.host);
            by_provider(role.as_str(), &named, &provider.host, plan, &mut out);
        }
        Identity::RoleByPodIdentity(role) => by_pod_identity(role.as_str(), plan, &mut out),
    }
    out
}

fn write(ask: &Ask<'_>, out: &mut String) {
    let policies = ask.policies.map(|policies| format!("    policies: {policies}\n")).unwrap_or_default();
    let expect = if ask.is_allowed { "allowed" } else { "implicitly-denied" };
    let _ = write!(
        out,
        "  - name: {}\n    request:\n      principal: {}\n      action: {}\n      resource: {}\n      context: {}\n{policies}    expect: {expect}\n",
        ask.name, ask.principal, ask.action, ask.resource, ask.context
    );
}

/// What Kasten may do with keys, and what it may not.
fn of_key(plan: &Plan, out: &mut String) {
    let aliased = format!("{{ kms:ResourceAliases: [{}] }}", plan.alias.as_str());
    let (caller, key) = (plan.identity.caller().as_str(), plan.key.as_str());
    let unnamed = plan.key.sibling(if plan.key.id() == PLAIN_KEY { OTHER_PLAIN_KEY } else { PLAIN_KEY });
    let kasten = |name, action, resource, context, is_allowed| Ask {
        name,
        principal: caller,
        action,
        resource,
        context,
        policies: None,
        is_allowed,
    };
    for ask in [
        kasten("Kasten encrypts its master key", "kms:Encrypt", key, &aliased, true),
        kasten("Kasten decrypts its master key", "kms:Decrypt", key, &aliased, true),
        kasten(
            "a key without the alias does not encrypt",
            "kms:Encrypt",
            &unnamed,
            "{ kms:ResourceAliases: [] }",
            false,
        ),
        kasten(
            "a key without the alias does not decrypt",
            "kms:Decrypt",
            &unnamed,
            "{ kms:ResourceAliases: [] }",
            false,
        ),
        kasten("Kasten does not change the key policy", "kms:PutKeyPolicy", key, &aliased, false),
        kasten("Kasten does not destroy the key", "kms:ScheduleKeyDeletion", key, &aliased, false),
    ] {
        write(&ask, out);
    }
}

/// Everybody else.
fn strangers(plan: &Plan, out: &mut String) {
    let aliased = format!("{{ kms:ResourceAliases: [{}] }}", plan.alias.as_str());
    let (caller, key) = (plan.identity.caller(), plan.key.as_str());
    let accounts = [caller.account.to_string(), plan.key.account.to_string()];
    let account = if accounts.iter().any(|account| account == STRANGER) { OTHER_STRANGER } else { STRANGER };
    let role = |account: &str| format!("arn:{}:iam::{account}:role/another", plan.key.partition);
    let (own, foreign) = (role(&accounts[0]), role(account));
    // What the stranger's own account gives it does not count on this key.
    let generous = "{ identity: [{ Version: \"2012-10-17\", Statement: [{ Effect: Allow, Action: \"kms:*\", Resource: \"*\" }] }] }";
    let refused = |name, principal, policies| Ask {
        name,
        principal,
        action: "kms:Decrypt",
        resource: key,
        context: &aliased,
        policies: Some(policies),
        is_allowed: false,
    };
    for ask in [
        refused("another role of the account, which has no policy", own.as_str(), "{ identity: [] }"),
        refused("another account, whatever its own policies say", foreign.as_str(), generous),
        refused("an anonymous caller", "{ anonymous: true }", "{ identity: [] }"),
    ] {
        write(&ask, out);
    }
}

/// The trust policy decides alone where no user calls.
fn trust_alone() -> String {
    format!("{{ resource: {TRUST_POLICY}, identity: [] }}")
}

fn by_keys(role: &str, user: &str, plan: &Plan, out: &mut String) {
    let both = format!("{{ resource: {TRUST_POLICY}, identity: [{ASSUME_POLICY}] }}");
    let (partition, account) = (&plan.key.partition, plan.identity.caller().account);
    let other = format!("arn:{partition}:iam::{account}:user/another");
    let (action, resource, context) = ("sts:AssumeRole", role, "{}");
    let ask = |name, principal, policies, is_allowed| Ask {
        name,
        principal,
        action,
        resource,
        context,
        policies: Some(policies),
        is_allowed,
    };
    write(&ask("Kasten's user assumes the role", user, &both, true), out);
    write(&ask("another user does not", &other, &both, false), out);
}

fn by_provider(role: &str, provider: &str, host: &str, plan: &Plan, out: &mut String) {
    let (namespace, account, alone) = (plan.namespace.as_str(), plan.service_account.as_str(), trust_alone());
    let principal = format!("{{ federated: \"{provider}\" }}");
    let context = |namespace: &str, account: &str| {
        format!(
            "{{ \"{host}:aud\": sts.amazonaws.com, \"{host}:sub\": \"system:serviceaccount:{namespace}:{account}\" }}"
        )
    };
    let ask = |name, context: &str, is_allowed| {
        let action = "sts:AssumeRoleWithWebIdentity";
        write(
            &Ask { name, principal: &principal, action, resource: role, context, policies: Some(&alone), is_allowed },
            out,
        );
    };
    let mut ask = ask;
    ask("Kasten's service account assumes the role", &context(namespace, account), true);
    ask("another service account does not", &context(namespace, "another"), false);
    ask("a service account of this name in another namespace does not", &context("another", account), false);
}

fn by_pod_identity(role: &str, plan: &Plan, out: &mut String) {
    let (namespace, account, alone) = (plan.namespace.as_str(), plan.service_account.as_str(), trust_alone());
    let context = |namespace: &str, account: &str| {
        format!(
            "{{ aws:RequestTag/kubernetes-namespace: {namespace}, aws:RequestTag/kubernetes-service-account: {account} }}"
        )
    };
    let mut ask = |name, context: &str, is_allowed| {
        let (principal, action) = ("{ service: pods.eks.amazonaws.com }", "sts:AssumeRole");
        write(&Ask { name, principal, action, resource: role, context, policies: Some(&alone), is_allowed }, out);
    };
    ask("EKS Pod Identity assumes the role for Kasten", &context(namespace, account), true);
    ask("it does not for another service account", &context(namespace, "another"), false);
    ask("it does not for another namespace", &context("another", account), false);
}
