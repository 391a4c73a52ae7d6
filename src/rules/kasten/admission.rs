//! Whether a role's trust policy lets Kasten in, and whether its user may assume the role: asked of the simulator.

use super::trust::{
    ASSUME_ROLE_PERMISSION_MISSING, AUDIENCE, PODS, TRUST_DOES_NOT_ADMIT_KASTEN, WITH_TOKEN, pods_in, providers,
};
use crate::{
    document::{Derived, PolicyDocument, Project, kasten},
    finding::{Confidence, Finding, Severity},
    policy::{PolicyKind, PolicySet, Principal, PrincipalArn, Statement, is_placeholder},
    rules::Findings,
    semantics::{Caller, Context, Request, Value},
    simulate::{Compiled, Matched, Outcome, Scratch, outcome as once},
    source::Span,
};

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
    let carried: Vec<_> = all.into_iter().filter(|policy| policy.may_be_carried_by(role)).collect();
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
    /// By EKS Pod Identity, for a service account: its namespace and its name, where they are told.
    Pods { account: Option<(String, String)> },
    /// By what a Secret holds that no file shows.
    Unshown,
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
    let is_place = |field: &kasten::Field| field.span() == Some(derived.place);
    if let Some(way) = by_secret(derived, &facts) {
        return way;
    }
    let text = |field: &kasten::Field| field.given().map(|given| given.value.clone());
    let accounts = facts.iter().flat_map(|facts| &facts.accounts);
    if let Some(account) = accounts.clone().find(|account| is_place(&account.role)) {
        let named = text(&account.namespace).zip(text(&account.name));
        match (account.by, named) {
            (kasten::GivenBy::Association, account) => return Way::Pods { account },
            (kasten::GivenBy::Annotation, Some((namespace, name))) => {
                return Way::Token { subject: subject(&namespace, &name), is_told: true };
            }
            (kasten::GivenBy::Annotation, None) => {}
        }
    }
    let values = values.clone().find(|values| values.role.span() == Some(derived.place));
    let namespace = values.and_then(|values| text(&values.namespace));
    let name = values.and_then(|values| text(&values.service_account));
    let is_told = namespace.is_some();
    let namespace = namespace.unwrap_or_else(|| kasten::NAMESPACE.to_owned());
    let name = name.unwrap_or_else(|| kasten::SERVICE_ACCOUNT.to_owned());
    Way::Token { subject: subject(&namespace, &name), is_told }
}

/// How Kasten comes to its role where a Secret gives the credentials. Source: Kasten's chart,
/// `secrets.awsClientSecretName`.
fn by_secret(derived: &Derived, facts: &[&kasten::Facts]) -> Option<Way> {
    let secrets = || facts.iter().flat_map(|facts| &facts.secrets);
    if let Some(secret) = secrets().find(|secret| secret.role.span() == Some(derived.place)) {
        return secret.has_access_key().then_some(Way::Keys);
    }
    let values = facts.iter().flat_map(|facts| &facts.values);
    let name = values.filter_map(|values| values.client_secret.given()).map(|name| &name.value).next()?;
    match secrets().find(|secret| secret.name.given().is_some_and(|given| given.value == *name)) {
        Some(secret) if secret.has_access_key() => Some(Way::Keys),
        Some(_) => None,
        None => Some(Way::Unshown),
    }
}

fn subject(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

const NOT_DECIDED: &str = "a condition of the trust policy is not decided by these files";

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
        Way::Pods { account } => by_association(derived, role, trust, account),
        Way::Unshown => Admission::Open("a Secret that no file shows may hold access keys"),
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
pub(super) fn assuming(
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
        let is_unseen = project.documents.iter().any(|document| document.unseen.iter().any(|carrier| carrier.is(arn)));
        let carries = |policy: &&PolicyDocument<'_>| policy.holders.iter().any(|holder| holder.is(arn));
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
        let outcome = once(&set, &request);
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
                return Admission::Open(NOT_DECIDED);
            }
            Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied => {
                refusal = refusal.or_else(|| failed_condition(&compiled, &request));
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

/// Whether a role opens for EKS Pod Identity, by which an association gives it to a service account.
///
/// Source: Amazon EKS User Guide, "EKS Pod Identity role", "Grant Pods access to AWS resources based on tags".
fn by_association(
    derived: &Derived,
    role: &PrincipalArn,
    trust: &PolicyDocument<'_>,
    account: Option<(String, String)>,
) -> Admission {
    let mut context = Context::default();
    for row in trust.policy.statements.iter().flat_map(|statement| &statement.conditions) {
        context.set(&row.key.value.as_str().to_ascii_lowercase(), Value::Unknown);
    }
    if let Some((namespace, name)) = account {
        context.set("aws:requesttag/kubernetes-namespace", Value::One(namespace));
        context.set("aws:requesttag/kubernetes-service-account", Value::One(name));
    }
    let set = PolicySet { resource: Some(&trust.policy), resource_kind: PolicyKind::Trust, ..PolicySet::default() };
    let compiled = Compiled::new(&set);
    let caller = Caller::Service(PODS.to_owned());
    let request = Request::new(caller, "sts:AssumeRole", role.as_str(), Some(role.account()), context);
    match compiled.outcome(&request, &mut Scratch::default()) {
        Outcome::Allowed => return Admission::Admitted,
        Outcome::Undecided => return Admission::Open(NOT_DECIDED),
        Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied => {}
    }
    let (at, message) = match failed_condition(&compiled, &request) {
        Some(span) => (span, "this keeps out the service account of the association"),
        None => (place(trust), "this trust policy does not let in EKS Pod Identity"),
    };
    let finding = Finding::new(&TRUST_DOES_NOT_ADMIT_KASTEN, at, message)
        .related(derived.place, "the association gives Kasten this role")
        .help(format!("let in `{PODS}` with sts:AssumeRole and sts:TagSession"));
    Admission::Refused(Box::new(finding))
}

/// The first condition that keeps a caller out.
fn failed_condition(compiled: &Compiled, request: &Request) -> Option<Span> {
    let trace = compiled.trace(request);
    trace.iter().flat_map(|layer| &layer.statements).find_map(|statement| match &statement.matched {
        Matched::No { element: "Condition", span, .. } => Some(*span),
        _ => None,
    })
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
