//! Whether the trust policy of Kasten's role lets Kasten assume it.

use crate::{
    document::{Derived, PolicyDocument, Project, kasten},
    finding::{Confidence, Finding, RuleInfo, Severity},
    policy::{Condition, Policy, PolicyKind, PolicySet, Principal, PrincipalArn, Statement, is_placeholder},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    semantics::{Caller, Context, Request, Value},
    simulate::{Compiled, Matched, Outcome, Scratch},
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
    /// Flags a trust policy for EKS Pod Identity that allows one of `sts:AssumeRole` and `sts:TagSession` and not the other.
    ///
    /// ## Why it matters
    /// EKS assumes the role with session tags and needs both; pods get no credentials.
    ///
    /// ## How to fix it
    /// Allow both actions to `pods.eks.amazonaws.com`.
    ///
    /// ## Source
    /// Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity".
    pub POD_IDENTITY_INCOMPLETE = {
        id: "pod-identity-incomplete", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "EKS Pod Identity lacks an action that it needs",
    }
}

/// Who may assume Kasten's role.
pub(crate) struct KastenTrust;

/// The audience of a pod's token. Source: Amazon EKS User Guide, "Assign IAM roles to Kubernetes service accounts".
const AUDIENCE: &str = "sts.amazonaws.com";

const PODS: &str = "pods.eks.amazonaws.com";

const WITH_TOKEN: &str = "sts:AssumeRoleWithWebIdentity";

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
fn providers(statement: &Statement) -> impl Iterator<Item = &str> {
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
    let is_known = values.unknown.is_empty() && values.malformed.is_empty() && row.names_values();
    if is_known && !values.read.iter().any(|value| value.value == AUDIENCE || value.value.contains(['*', '?', '$'])) {
        let at = values.read.first().map_or(row.element.value, |value| value.span);
        let finding = Finding::new(&IRSA_AUDIENCE, at, "no token of the cluster has this audience");
        out.push(finding.help(format!("write `{AUDIENCE}`")));
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

/// Where a statement names EKS Pod Identity.
fn pods_in(statement: &Statement) -> Option<Span> {
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

/// What a trust policy means for Kasten.
pub(crate) enum Admission {
    /// It lets Kasten in.
    Admitted,
    /// It does not.
    Refused(Box<Finding>),
    /// The files do not decide it.
    Open(&'static str),
}

/// The one trust policy that may be that of a role which files give Kasten.
pub(crate) fn trust_of<'p, 'a>(
    derived: &'p Derived,
    project: &'p Project<'a>,
) -> Option<(&'p PolicyDocument<'a>, &'p PrincipalArn)> {
    let Principal::Role(role) = &derived.principal else { return None };
    let all = project.policies_for(&derived.principal, PolicyKind::Trust);
    let carried: Vec<_> = all.into_iter().filter(|policy| policy.may_be_carried_by(role.name())).collect();
    match carried[..] {
        [only] => Some((only, role)),
        _ => None,
    }
}

/// Whether Kasten assumes a role with a user's access keys.
pub(super) fn comes_by_keys(derived: &Derived, project: &Project<'_>) -> bool {
    matches!(way(derived, project), Way::Keys)
}

/// How Kasten comes to its role, by the files of the folder in which it is named.
enum Way {
    /// By the access keys of some user.
    Keys,
    /// By access keys of which one half is missing, of which `helm-half-credentials` tells.
    HalfKeys,
    /// By the token of a service account; whether its name is told, or the one that Kasten's pages give.
    Token { subject: String, is_told: bool },
}

fn way(derived: &Derived, project: &Project<'_>) -> Way {
    let near = project.documents.iter().filter(|document| document.folder == derived.folder);
    let facts: Vec<&kasten::Facts> = near.map(|document| &document.facts).collect();
    let values = facts.iter().flat_map(|facts| &facts.values);
    if let Some(values) = values.clone().find(|values| values.caller() == kasten::Caller::RoleByKeys) {
        let is_whole = values.access_key_id.is_set() && values.secret_access_key.is_set();
        return if is_whole { Way::Keys } else { Way::HalfKeys };
    }
    let text = |field: &kasten::Field| field.given().map(|given| given.value.clone());
    let accounts = facts.iter().flat_map(|facts| &facts.accounts);
    let mut told = accounts.filter(|account| account.role.span() == Some(derived.place));
    let told = told.find_map(|account| Some((text(&account.namespace)?, text(&account.name)?)));
    if let Some((namespace, name)) = told {
        return Way::Token { subject: subject(&namespace, &name), is_told: true };
    }
    let values = values.clone().find(|values| values.role.span() == Some(derived.place));
    let namespace = values.and_then(|values| text(&values.namespace));
    let name = values.and_then(|values| text(&values.service_account));
    let is_told = namespace.is_some();
    let namespace = namespace.unwrap_or_else(|| kasten::NAMESPACE.to_owned());
    let name = name.unwrap_or_else(|| kasten::SERVICE_ACCOUNT.to_owned());
    Way::Token { subject: subject(&namespace, &name), is_told }
}

fn subject(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

const INCOMPLETE: &str = "a part of the trust policy is not known from these files";

/// Whether a trust policy lets Kasten assume the role that files give it.
pub(crate) fn admits(
    derived: &Derived,
    role: &PrincipalArn,
    trust: &PolicyDocument<'_>,
    project: &Project<'_>,
) -> Admission {
    let policy = &trust.policy;
    let listed = || policy.statements.iter().filter_map(Statement::named_principals);
    let placeholders = listed().flat_map(|listed| &listed.malformed).any(|text| is_placeholder(&text.value));
    if !policy.is_complete() || policy.fragment || placeholders {
        return Admission::Open(INCOMPLETE);
    }
    match way(derived, project) {
        Way::Keys => by_keys(derived, trust),
        Way::HalfKeys => Admission::Open("one half of the access keys is missing"),
        Way::Token { subject, is_told } => by_token(derived, role, trust, &subject, is_told),
    }
}

/// Which user owns the access keys stands in no file: whether any could come is all that can be told.
fn by_keys(derived: &Derived, trust: &PolicyDocument<'_>) -> Admission {
    let allowing = trust.policy.statements.iter().filter(|statement| statement.allows());
    let mut allowing = allowing.filter(|statement| statement.covers_action("sts:AssumeRole"));
    let lets_in_users = |statement: &&Statement| {
        let principals = statement.named_principals();
        principals.is_none_or(|listed| {
            let is_user = |one: &Principal| !matches!(one, Principal::Service(_) | Principal::Federated(_));
            listed.values().any(is_user) || listed.len() != listed.read.len()
        })
    };
    if allowing.any(|statement| lets_in_users(&statement)) {
        return Admission::Admitted;
    }
    let message = "this trust policy lets no user in, and Kasten assumes the role with a user's access keys";
    let finding = Finding::new(&TRUST_DOES_NOT_ADMIT_KASTEN, place(trust), message)
        .related(derived.place, "the role is given beside access keys")
        .help("name the user who owns the keys, with sts:AssumeRole");
    Admission::Refused(Box::new(finding))
}

/// Tells of a user whom the trust policy names and whose own policies, as far as they are here, do not let it assume the
/// role.
fn assuming(
    derived: &Derived,
    role: &PrincipalArn,
    trust: &PolicyDocument<'_>,
    project: &Project<'_>,
    out: &mut Findings<'_>,
) {
    if !comes_by_keys(derived, project) {
        return;
    }
    let allowing = trust.policy.statements.iter().filter(|statement| statement.allows());
    let named = allowing.filter_map(Statement::named_principals).flat_map(|listed| &listed.read);
    for (user, arn) in named.filter_map(|user| Some((user, user_arn(&user.value)?))) {
        let is_unseen =
            project.documents.iter().any(|document| document.unseen.iter().any(|name| name == arn.holder()));
        let carries = |policy: &&PolicyDocument<'_>| policy.holders.iter().any(|holder| holder == arn.holder());
        let own: Vec<_> = project.policies(PolicyKind::Identity).filter(carries).collect();
        let Some(first) = own.first().filter(|_| !is_unseen) else { continue };
        if own.iter().any(|policy| !policy.policy.is_complete()) {
            out.not_evaluated_at(&ASSUME_ROLE_PERMISSION_MISSING, first.policy.span, INCOMPLETE_OWN);
            continue;
        }
        let set = PolicySet {
            identity: own.iter().map(|policy| &policy.policy).collect(),
            resource: Some(&trust.policy),
            resource_kind: PolicyKind::Trust,
            ..PolicySet::default()
        };
        let mut context = Context::default();
        for row in own
            .iter()
            .flat_map(|policy| &policy.policy.statements)
            .chain(&trust.policy.statements)
            .flat_map(|one| &one.conditions)
        {
            context.set(&row.key.value.as_str().to_ascii_lowercase(), Value::Unknown);
        }
        let Some(caller) = Caller::of(&user.value, arn.as_str()) else { continue };
        let request = Request::new(caller, "sts:AssumeRole", role.as_str(), Some(role.account()), context);
        let outcome = Compiled::new(&set).outcome(&request, &mut Scratch::default());
        if matches!(outcome, Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied) {
            let message = format!("`{}` may not call sts:AssumeRole on Kasten's role", arn.as_str());
            let place = first.policy.statement_element.map_or(first.policy.span, |element| element.key);
            let finding = Finding::new(&ASSUME_ROLE_PERMISSION_MISSING, place, message)
                .related(user.span, "the role's trust policy names this user")
                .help(format!("allow it sts:AssumeRole on {}", role.as_str()));
            out.push(finding);
        }
    }
}

const INCOMPLETE_OWN: &str = "a part of the user's policies is not known from these files";

fn user_arn(principal: &Principal) -> Option<&PrincipalArn> {
    matches!(principal, Principal::User(_)).then(|| principal.arn()).flatten()
}

fn by_token(
    derived: &Derived,
    role: &PrincipalArn,
    trust: &PolicyDocument<'_>,
    subject: &str,
    is_told: bool,
) -> Admission {
    let statements = || trust.policy.statements.iter().filter(|statement| statement.allows());
    let providers: Vec<&str> = statements().flat_map(providers).collect();
    let set = PolicySet { resource: Some(&trust.policy), resource_kind: PolicyKind::Trust, ..PolicySet::default() };
    let compiled = Compiled::new(&set);
    let mut refusal = None;
    for provider in providers.iter().filter(|provider| provider.contains(":oidc-provider/")) {
        let request = request(provider, role, trust, subject);
        match compiled.outcome(&request, &mut Scratch::default()) {
            Outcome::Allowed => return Admission::Admitted,
            Outcome::Undecided => {
                return Admission::Open("a condition of the trust policy is not decided by these files");
            }
            Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied => {
                let trace = compiled.trace(&request);
                let failed =
                    trace.iter().flat_map(|layer| &layer.statements).find_map(|statement| match &statement.matched {
                        Matched::No { element: "Condition", span, .. } => Some(*span),
                        _ => None,
                    });
                refusal = refusal.or(failed);
            }
        }
    }
    if statements().any(|statement| pods_in(statement).is_some()) {
        return Admission::Open("EKS Pod Identity keeps in EKS alone which service account it is for");
    }
    let (at, message) = match refusal {
        Some(span) => (span, format!("this keeps out `{subject}`")),
        None => (place(trust), format!("this trust policy does not let in `{subject}`")),
    };
    let whose = if trust.holders.is_empty() { "; this is taken for its trust policy" } else { "" };
    let finding = Finding::new(&TRUST_DOES_NOT_ADMIT_KASTEN, at, message)
        .related(derived.place, format!("`{}` gives Kasten the role{whose}", derived.field))
        .help(format!("let in the cluster's identity provider for `{subject}`"));
    // Another release or namespace has another account.
    Admission::Refused(Box::new(if is_told {
        finding
    } else {
        finding.severity(Severity::Warning).confidence(Confidence::Medium)
    }))
}

/// What Kasten's pod asks of STS; what else the policy asks for is not known.
fn request(provider: &str, role: &PrincipalArn, trust: &PolicyDocument<'_>, subject: &str) -> Request {
    let host = provider.split_once(":oidc-provider/").map_or(provider, |(_, host)| host);
    let mut context = Context::default();
    let (sub, aud) = (format!("{host}:sub"), format!("{host}:aud"));
    for row in trust.policy.statements.iter().flat_map(|statement| &statement.conditions) {
        let key = &row.key.value;
        if !key.is(&sub) && !key.is(&aud) {
            context.set(&key.as_str().to_ascii_lowercase(), Value::Unknown);
        }
    }
    context.set(&sub.to_ascii_lowercase(), Value::One(subject.to_owned()));
    context.set(&aud.to_ascii_lowercase(), Value::One(AUDIENCE.to_owned()));
    Request::new(Caller::Federated(provider.to_owned()), WITH_TOKEN, role.as_str(), Some(role.account()), context)
}

/// The principal of the first statement that lets anybody in.
fn place(trust: &PolicyDocument<'_>) -> Span {
    let first = trust.policy.statements.iter().find(|statement| statement.allows());
    let principals = first.and_then(|statement| statement.principals.as_ref());
    principals.map_or(trust.policy.span, |clause| clause.listed().element.value)
}
