//! Who a trust policy lets assume its role.

use std::{cell::OnceCell, collections::HashMap};

use crate::{
    finding::{Applicability, Confidence, Finding, RuleInfo, Severity},
    policy::{ActionPattern, Arn, Condition, Listed, PolicyKind, Principal, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::{Edit, Spanned},
    syntax::print,
};

declare_rules! { Security:
    /// ## What it does
    /// Flags a trust policy that lets in an `OpenID` Connect provider without a condition on who of its identities may come:
    /// on `PROVIDER:sub`, or on another claim that tells one identity from the others. For the public providers of Amazon,
    /// Facebook, Google and Cognito a condition on the application is enough.
    ///
    /// ## Why it matters
    /// The provider vouches for many: a cluster for each of its service accounts, GitHub for every repository of the world.
    /// Without the condition any of them may assume the role. The audience (`aud`) tells none of them apart.
    ///
    /// ## How to fix it
    /// Add a `StringEquals` condition on `PROVIDER:sub`: `system:serviceaccount:NAMESPACE:NAME` for a service account,
    /// `repo:OWNER/NAME:ref:refs/heads/BRANCH` for GitHub.
    ///
    /// ## Source
    /// IAM User Guide, "Create a role for `OpenID` Connect federation"; "Access Analyzer policy check reference", missing
    /// condition key for OIDC principal, missing GitHub repo condition key; Amazon EKS User Guide, "Assign IAM roles to
    /// Kubernetes service accounts".
    pub OIDC_TRUST_WITHOUT_SUB = {
        id: "oidc-trust-without-sub", code: Some("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL"),
        further_codes: &["MISSING_GITHUB_REPO_CONDITION_KEY"],
        severity: Error, confidence: High, persona: Regular,
        summary: "anyone whom an identity provider knows may assume the role",
    }

    /// ## What it does
    /// Flags a trust policy that lets in anyone, where no condition asks who it is.
    ///
    /// ## Why it matters
    /// Every principal of every AWS account may assume the role.
    ///
    /// ## How to fix it
    /// Name the account, the role or the service that is meant.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal"; "Access Analyzer policy check reference", role trust policy
    /// unsupported wildcard in principal.
    pub TRUST_STAR = {
        id: "trust-star", code: None,
        further_codes: &["ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL"],
        severity: Error, confidence: High, persona: Regular,
        summary: "anyone may assume the role",
    }

    /// ## What it does
    /// Flags an action of a trust policy that none of the statement's principals can call: `sts:AssumeRole` with an identity
    /// provider, `sts:AssumeRoleWithWebIdentity` with an account or a SAML provider, `sts:AssumeRoleWithSAML` with any but a
    /// SAML provider.
    ///
    /// ## Why it matters
    /// The statement lets nobody in, or not those who were meant.
    ///
    /// ## How to fix it
    /// Write the action that goes with the principal: `sts:AssumeRoleWithWebIdentity` for `OpenID` Connect,
    /// `sts:AssumeRoleWithSAML` for SAML, `sts:AssumeRole` for all others.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", mismatched action for principal; STS API Reference,
    /// "`AssumeRoleWithWebIdentity`", "`AssumeRoleWithSAML`".
    pub TRUST_MISMATCHED_ACTION = {
        id: "trust-mismatched-action", code: Some("MISMATCHED_ACTION_FOR_PRINCIPAL"),
        severity: Error, confidence: High, persona: Regular,
        summary: "the action does not go with the principal",
    }

    /// ## What it does
    /// Flags a trust policy that lets in a whole account without a condition.
    ///
    /// ## Why it matters
    /// Any principal of that account may assume the role that has leave from a policy of its own, and who gets that is
    /// decided there.
    ///
    /// ## How to fix it
    /// Name the roles or users, or add a condition on `aws:PrincipalArn`; for another organisation's account one on
    /// `sts:ExternalId`.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal", AWS account principals; "Access to AWS accounts owned by third
    /// parties".
    pub TRUST_ACCOUNT_ROOT = {
        id: "trust-account-root", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a whole account may assume the role",
    }
}

/// The principals of a trust policy.
pub(crate) struct Trust;

impl Check for Trust {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Trust
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !statement.allows() {
            return;
        }
        let Some(principals) = statement.named_principals() else { return };
        anyone(principals, statement, out);
        let providers = OnceCell::new();
        for principal in &principals.read {
            match &principal.value {
                Principal::Account(account) if !statement.is_conditional() => {
                    let message = format!("the whole account {account} may assume the role");
                    let finding = Finding::new(&TRUST_ACCOUNT_ROOT, principal.span, message);
                    out.push(finding.help("name the roles or users, or add a condition on aws:PrincipalArn"));
                }
                Principal::Federated(provider) => {
                    if let Some(host) = oidc_host(provider) {
                        let providers = providers.get_or_init(|| asked_of_providers(statement));
                        federated(principal, host, statement, providers, out);
                    }
                }
                _ => {}
            }
        }
        mismatches(principals, statement, out);
    }
}

fn anyone(principals: &Listed<Principal>, statement: &Statement, out: &mut Findings<'_>) {
    let Some(principal) = principals.read.iter().find(|principal| principal.value == Principal::Anyone) else { return };
    if !statement.unread_conditions.is_empty() || statement.conditions.iter().any(asks_who) {
        return;
    }
    let finding = Finding::new(&TRUST_STAR, principal.span, "anyone may assume the role")
        .label("every AWS account")
        .help("name the account, the role or the service that is meant");
    let is_bare = principals.element.value == principal.span;
    out.push(if is_bare { finding.code("ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL") } else { finding });
}

/// Whether a row may ask who the caller is, or for something that only some callers know. These do not.
///
/// Source: IAM User Guide, "AWS global condition context keys".
fn asks_who(condition: &Condition) -> bool {
    const OTHERS: [&str; 10] = [
        "aws:CurrentTime",
        "aws:EpochTime",
        "aws:MultiFactorAuthAge",
        "aws:MultiFactorAuthPresent",
        "aws:RequestedRegion",
        "aws:SecureTransport",
        "aws:TokenIssueTime",
        "aws:UserAgent",
        "aws:referer",
        "sts:RoleSessionName",
    ];
    condition.names_values() && !OTHERS.iter().any(|key| condition.key.value.is(key))
}

/// The address of an `OpenID` Connect provider, as its condition keys begin; `None` for a SAML provider.
///
/// Source: IAM User Guide, "AWS JSON policy elements: Principal", OIDC and SAML federated principals.
fn oidc_host(provider: &str) -> Option<&str> {
    match Arn::parse(provider) {
        Ok(arn) => arn.resource.strip_prefix("oidc-provider/"),
        Err(_) => provider.contains('.').then_some(provider),
    }
}

/// The providers on whose claims a statement has a row, in lower case, and whether one tells its identities apart.
fn asked_of_providers(statement: &Statement) -> HashMap<String, bool> {
    let mut providers = HashMap::new();
    for row in &statement.conditions {
        let Some((provider, claim)) = row.key.value.as_str().rsplit_once(':') else { continue };
        let enough = row.names_values() && (is_public(provider) || tells_apart(claim));
        *providers.entry(provider.to_ascii_lowercase()).or_insert(false) |= enough;
    }
    providers
}

fn federated(
    principal: &Spanned<Principal>,
    host: &str,
    statement: &Statement,
    providers: &HashMap<String, bool>,
    out: &mut Findings<'_>,
) {
    let asked = providers.get(&host.to_ascii_lowercase());
    let tells_apart = asked.copied().unwrap_or_default() || !statement.unread_conditions.is_empty();
    if tells_apart || !statement.covers_action("sts:AssumeRoleWithWebIdentity") {
        return;
    }
    let message = match host {
        _ if is_cluster(host) => "any service account of the cluster may assume the role".to_owned(),
        _ if is_github(host) => "any GitHub repository may assume the role".to_owned(),
        _ => format!("anyone whom `{host}` vouches for may assume the role"),
    };
    let finding = Finding::new(&OIDC_TRUST_WITHOUT_SUB, principal.span, message)
        .help(format!("add a `StringEquals` condition on `{host}:sub`"));
    out.push(match host {
        _ if asked.is_none() => finding,
        _ if is_github(host) => finding.code("MISSING_GITHUB_REPO_CONDITION_KEY"),
        _ if is_cluster(host) => finding.no_code(),
        // A provider of one's own may vouch for one application alone.
        _ => finding.no_code().severity(Severity::Warning).confidence(Confidence::Medium),
    });
}

/// Whether a claim tells one of a provider's identities from the others.
///
/// Source: Service Authorization Reference, "AWS Security Token Service", condition keys of GitHub and GitLab.
fn tells_apart(claim: &str) -> bool {
    const OTHERS: [&str; 9] = [
        "amr",
        "aud",
        "environment",
        "pipeline_source",
        "ref",
        "ref_protected",
        "runner_environment",
        "user_access_level",
        "workflow",
    ];
    !OTHERS.iter().any(|other| claim.eq_ignore_ascii_case(other))
}

/// Whether a provider is one of those to which people, not machines, sign in by way of an application.
///
/// Source: IAM User Guide, "Available keys for AWS web identity federation".
fn is_public(host: &str) -> bool {
    const HOSTS: [&str; 4] =
        ["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];
    HOSTS.iter().any(|known| known.eq_ignore_ascii_case(host))
}

fn is_cluster(host: &str) -> bool {
    host.starts_with("oidc.eks.") || host.starts_with("oidc.eks-")
}

fn is_github(host: &str) -> bool {
    const HOST: &str = "token.actions.githubusercontent.com";
    host.get(..HOST.len()).is_some_and(|start| start.eq_ignore_ascii_case(HOST))
}

const ASSUME_ROLE: &str = "sts:AssumeRole";
const WITH_SAML: &str = "sts:AssumeRoleWithSAML";
const WITH_WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";

/// The action by which a principal assumes a role; `None` for one who may use any, or for whom it is not known.
fn fitting_action(principal: &Principal) -> Option<&'static str> {
    match principal {
        Principal::Anyone | Principal::CanonicalUser(_) | Principal::UniqueId(_) => None,
        Principal::Federated(provider) => match Arn::parse(provider) {
            Ok(arn) if arn.resource.starts_with("saml-provider/") => Some(WITH_SAML),
            _ => oidc_host(provider).map(|_| WITH_WEB_IDENTITY),
        },
        _ => Some(ASSUME_ROLE),
    }
}

fn mismatches(principals: &Listed<Principal>, statement: &Statement, out: &mut Findings<'_>) {
    let Some(actions) = statement.listed_actions() else { return };
    if principals.read.is_empty() || principals.len() != principals.read.len() {
        return;
    }
    for named in [ASSUME_ROLE, WITH_SAML, WITH_WEB_IDENTITY] {
        let is_this = |action: &&Spanned<ActionPattern>| action.value.as_str().eq_ignore_ascii_case(named);
        let Some(action) = actions.read.iter().find(is_this) else { continue };
        if !principals.values().all(|one| fitting_action(one).is_some_and(|fitting| fitting != named)) {
            continue;
        }
        let mut right = principals.values().filter_map(fitting_action);
        let first = right.next().filter(|first| right.all(|other| other == *first));
        let mut finding =
            Finding::new(&TRUST_MISMATCHED_ACTION, action.span, format!("{named} is not for this principal"));
        finding = principals.read.iter().fold(finding, |finding, one| finding.related(one.span, "this principal"));
        out.push(match first {
            Some(right) if !statement.covers_action(right) => {
                let edits = vec![Edit::replace(action.span, print::quoted(right))];
                finding.fix(format!("write \"{right}\""), Applicability::Unsafe, edits)
            }
            Some(_) => finding.help("take it away: the right action stands beside it"),
            None => finding.help("give each principal a statement with its own action"),
        });
    }
}
