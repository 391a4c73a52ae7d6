//! Whether the trust policy of Kasten's role lets Kasten assume it.

use super::admission::{Admission, admits, assuming, trust_of};
use crate::{
    document::{
        Derived, Project,
        kasten::{Caller, GivenBy, Values},
    },
    finding::{Finding, RuleInfo, Severity},
    policy::{Condition, Policy, PolicyKind, Principal, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::Span,
};

declare_rules! { Kasten:
    /// ## What it does
    /// Flags the trust policy of the role that Helm values or a service account give Kasten, where it does not let Kasten
    /// assume the role: by its service account, or, where access keys are set too, by any user. Which statement decides is
    /// asked of the simulator.
    ///
    /// ## Why it matters
    /// STS denies Kasten the role, and with it every call to AWS: of KMS too.
    ///
    /// ## How to fix it
    /// Without access keys, let in the cluster's identity provider with a condition on
    /// `system:serviceaccount:NAMESPACE:NAME`; a release `k10` in `kasten-io` has the account `k10-k10`. With access keys,
    /// name the user who owns them.
    ///
    /// ## Source
    /// Kasten's page on IAM roles; Amazon EKS User Guide, "Assign IAM roles to Kubernetes service accounts".
    pub TRUST_DOES_NOT_ADMIT_KASTEN = {
        id: "trust-does-not-admit-kasten", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "Kasten cannot assume its role",
    }

    /// ## What it does
    /// Flags the policies of the user who owns Kasten's access keys, where they do not let the user assume Kasten's role. The
    /// user is one that the role's trust policy names. Which statement decides is asked of the simulator.
    ///
    /// ## Why it matters
    /// STS denies the role, and Kasten has no access to AWS. A user of the role's own account needs no policy where the trust
    /// policy names the user; one of another account needs both.
    ///
    /// ## How to fix it
    /// Allow the user `sts:AssumeRole` on the role's ARN.
    ///
    /// ## Source
    /// STS API Reference, "`AssumeRole`"; IAM User Guide, "Cross-account resource access in IAM"; Kasten's page on IAM roles.
    pub ASSUME_ROLE_PERMISSION_MISSING = {
        id: "assume-role-permission-missing", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the user of the access keys may not assume Kasten's role",
    }

    /// ## What it does
    /// Flags a trust policy that lets in the identity provider of an EKS cluster without a condition on the audience
    /// `sts.amazonaws.com`, or with one on another audience.
    ///
    /// ## Why it matters
    /// EKS gives a pod's token the audience `sts.amazonaws.com`. Without the condition a token that was made for another
    /// service opens the role too; with another value none does.
    ///
    /// ## How to fix it
    /// Add a `StringEquals` condition on `PROVIDER:aud` with `sts.amazonaws.com`.
    ///
    /// ## Source
    /// Amazon EKS User Guide, "Assign IAM roles to Kubernetes service accounts".
    pub IRSA_AUDIENCE = {
        id: "irsa-audience", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a cluster's tokens for other services open the role",
    }

    /// ## What it does
    /// Flags a condition on the `sub` of an EKS cluster's tokens that a wildcard opens to several service accounts.
    ///
    /// ## Why it matters
    /// Whoever may create a service account of such a name, or a pod with it, has the role.
    ///
    /// ## How to fix it
    /// Name the one account with `StringEquals`: `system:serviceaccount:kasten-io:k10-k10`.
    ///
    /// ## Source
    /// Amazon EKS User Guide, "Assign IAM roles to Kubernetes service accounts".
    pub IRSA_SUB_WILDCARD = {
        id: "irsa-sub-wildcard", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "several service accounts may assume the role",
    }

    /// ## What it does
    /// Flags a trust policy for EKS Pod Identity that allows one of `sts:AssumeRole` and `sts:TagSession` and not the other;
    /// and warns of `secrets.awsIamRole` beside an association of EKS Pod Identity.
    ///
    /// ## Why it matters
    /// EKS assumes the role with session tags and needs both; pods get no credentials. And AWS's clients take the token of a
    /// service account's annotation before EKS Pod Identity: with both, which role Kasten has does not show.
    ///
    /// ## How to fix it
    /// Allow both actions to `pods.eks.amazonaws.com`. Give Kasten its role in one way.
    ///
    /// ## Source
    /// Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"; "Learn how EKS Pod Identity
    /// grants pods access to AWS services", on the chain of credentials.
    pub POD_IDENTITY_INCOMPLETE = {
        id: "pod-identity-incomplete", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "EKS Pod Identity lacks an action that it needs",
    }
}

/// Who may assume Kasten's role.
pub(crate) struct KastenTrust;

/// The audience of a pod's token. Source: Amazon EKS User Guide, "Assign IAM roles to Kubernetes service accounts".
pub(super) const AUDIENCE: &str = "sts.amazonaws.com";

pub(super) const PODS: &str = "pods.eks.amazonaws.com";

pub(super) const WITH_TOKEN: &str = "sts:AssumeRoleWithWebIdentity";

impl Check for KastenTrust {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Trust
    }

    fn statement(&self, statement: &Statement, _: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if statement.allows() && statement.covers_action(WITH_TOKEN) {
            for host in providers(statement).filter_map(cluster_of) {
                audience(host, statement, out);
                wildcards(host, statement, out);
            }
        }
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if cx.is_complete(policy, &POD_IDENTITY_INCOMPLETE, out) {
            pods(policy, out);
        }
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for document in project.documents.iter().filter(|document| document.reported) {
            document.facts.values.iter().for_each(|values| twice(values, project, out));
        }
        for derived in &project.derived {
            let Some((trust, role)) = trust_of(derived, project) else { continue };
            match admits(derived, role, trust, project) {
                Admission::Refused(finding) => out.push(*finding),
                Admission::Open(reason) => {
                    out.not_evaluated_at(&TRUST_DOES_NOT_ADMIT_KASTEN, trust.policy.span, reason);
                }
                Admission::Admitted => assuming(derived, role, trust, project, out),
            }
        }
    }
}

/// The identity providers that a statement lets in.
pub(super) fn providers(statement: &Statement) -> impl Iterator<Item = &str> {
    let listed = statement.named_principals().map_or(&[][..], |listed| &listed.read[..]);
    listed.iter().filter_map(|principal| match &principal.value {
        Principal::Federated(provider) => Some(provider.as_str()),
        _ => None,
    })
}

/// The address of an EKS cluster's provider, as its condition keys begin.
fn cluster_of(provider: &str) -> Option<&str> {
    let host = provider.split_once(":oidc-provider/")?.1;
    host.starts_with("oidc.eks.").then_some(host)
}

fn claim<'s>(host: &str, name: &str, statement: &'s Statement) -> Option<&'s Condition> {
    let key = format!("{host}:{name}");
    statement.conditions.iter().find(|row| row.key.value.is(&key))
}

fn audience(host: &str, statement: &Statement, out: &mut Findings<'_>) {
    let Some(row) = claim(host, "aud", statement) else {
        let at = statement.principals.as_ref().map_or(statement.span, |clause| clause.listed().element.value);
        // Without a word on the subject, oidc-trust-without-sub speaks.
        if claim(host, "sub", statement).is_some() && statement.unread_conditions.is_empty() {
            let finding = Finding::new(&IRSA_AUDIENCE, at, "nothing asks for which audience the token was made");
            out.push(finding.help(format!("add a `StringEquals` condition on `{host}:aud` with `{AUDIENCE}`")));
        }
        return;
    };
    let values = &row.values;
    let is_known = values.is_read_whole() && row.names_values();
    if is_known && !values.read.iter().any(|value| value.value == AUDIENCE || value.value.contains(['*', '?', '$'])) {
        let at = values.read.first().map_or(row.element.value, |value| value.span);
        let finding = Finding::new(&IRSA_AUDIENCE, at, "the tokens that EKS gives its pods have another audience");
        out.push(
            finding.help(format!(
                "write `{AUDIENCE}`, unless eks.amazonaws.com/audience of the service account says this"
            )),
        );
    }
}

fn wildcards(host: &str, statement: &Statement, out: &mut Findings<'_>) {
    let Some(row) = claim(host, "sub", statement) else { return };
    if !row.operator.value.comparison.takes_wildcards() || row.operator.value.comparison.is_negated() {
        return;
    }
    for value in row.values.read.iter().filter(|value| value.value.contains(['*', '?'])) {
        let account: Vec<&str> = value.value.split(':').collect();
        let message = match account[..] {
            ["system", "serviceaccount", namespace, _] if !namespace.contains(['*', '?']) => {
                format!("several service accounts of `{namespace}` may assume the role")
            }
            _ => "service accounts of several namespaces may assume the role".to_owned(),
        };
        let help = "name the one account with `StringEquals`: `system:serviceaccount:NAMESPACE:NAME`";
        out.push(Finding::new(&IRSA_SUB_WILDCARD, value.span, message).help(help));
    }
}

/// Warns of values that give a role, where an association of EKS Pod Identity gives Kasten one too.
fn twice(values: &Values, project: &Project<'_>, out: &mut Findings<'_>) {
    let is_association = |derived: &&Derived| derived.field == GivenBy::Association.field();
    let Some(association) = project.derived.iter().find(is_association) else { return };
    if let (Caller::RoleByServiceAccount, Some(role)) = (values.caller(), values.role.given()) {
        let message = "EKS Pod Identity gives Kasten's service account a role too";
        let finding = Finding::new(&POD_IDENTITY_INCOMPLETE, role.span, message).severity(Severity::Warning);
        out.push(finding.related(association.place, "the association's role").help("give it the role in one way"));
    }
}

/// Where a statement names EKS Pod Identity.
pub(super) fn pods_in(statement: &Statement) -> Option<Span> {
    let listed = statement.named_principals()?;
    let is_pods = |principal: &Principal| matches!(principal, Principal::Service(name) if name == PODS);
    listed.read.iter().find(|principal| is_pods(&principal.value)).map(|principal| principal.span)
}

fn pods(policy: &Policy, out: &mut Findings<'_>) {
    const NEEDED: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];
    let allowing = policy.statements.iter().filter(|statement| statement.allows() && pods_in(statement).is_some());
    let allowing: Vec<&Statement> = allowing.collect();
    let covers = |action: &&str| allowing.iter().any(|statement| statement.covers_action(action));
    let missing: Vec<&str> = NEEDED.into_iter().filter(|action| !covers(action)).collect();
    if let ([missing], [first, ..]) = (&missing[..], &allowing[..])
        && let Some(principal) = pods_in(first)
    {
        let message = format!("EKS Pod Identity needs {missing} too");
        let finding = Finding::new(&POD_IDENTITY_INCOMPLETE, super::access::actions_place(first), message);
        out.push(finding.related(principal, "this principal").help("allow sts:AssumeRole and sts:TagSession"));
    }
}
