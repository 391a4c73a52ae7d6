//! How Kasten comes to its credentials, and the Helm values that say so.

use crate::{
    document::{
        Derived,
        kasten::{Caller, GivenBy, Values},
    },
    finding::{Severity, State},
    policy::PrincipalArn,
    rules::kasten::standing::{Admission, admission},
};

use super::set_up::{Told, View, ok, unknown};

const NO_VALUES: &str = "no Helm values among these files; `helm get values k10 -n kasten-io -o yaml` would tell";
const NO_TRUST: &str = "no trust policy of the role among these files; `aws iam get-role` would tell";

const SEVERAL_TRUSTS: &str = "there are several trust policies, and nothing tells which is that of Kasten's role";

/// Whether Kasten can assume its role, or has a user's access keys.
pub(super) fn trust(view: &View<'_, '_>) -> Told {
    let project = view.project;
    let tell = |derived| match admission(derived, project) {
        None if view.trust_policies().len() > 1 => unknown(SEVERAL_TRUSTS),
        None => unknown(NO_TRUST),
        Some((_, Admission::Admitted)) => ok("the role's trust policy lets Kasten in"),
        // Which account Kasten has is a guess where the values do not tell its namespace.
        Some((_, Admission::Refused(finding))) if finding.severity != Severity::Error => {
            unknown(format!("{}, if Kasten runs as usual", finding.message))
        }
        Some((_, Admission::Refused(finding))) => (State::Wrong, finding.message.clone()),
        Some((_, Admission::Open(reason))) => unknown(reason),
    };
    let worst = project.derived.iter().map(tell).reduce(|one, other| if other.0 > one.0 { other } else { one });
    worst.unwrap_or_else(|| match values(view).map(Values::caller).next() {
        _ if secret(view).is_some_and(|name| is_shown(view, name)) => ok(OF_A_USER),
        _ if secret(view).is_some() => unknown(IN_A_SECRET),
        Some(Caller::User) => ok(OF_A_USER),
        Some(_) => unknown(NO_CREDENTIALS),
        None => unknown("no file says how Kasten comes to its credentials; Helm values would tell"),
    })
}

const NO_CREDENTIALS: &str =
    "the values give neither access keys nor a role: a node's role or EKS Pod Identity may be used";

const OF_A_USER: &str = "access keys are given; which user they belong to stands in no file";

const IN_A_SECRET: &str = "a Secret that no file shows gives the credentials; --workload says whose they are";

/// The name of the Secret that the values leave the credentials to.
fn secret<'v>(view: &'v View<'_, '_>) -> Option<&'v str> {
    values(view).find_map(|values| values.client_secret.given()).map(|name| name.value.as_str())
}

/// Whether a file shows a Secret of this name that holds access keys.
fn is_shown(view: &View<'_, '_>, name: &str) -> bool {
    let mut secrets = view.project.documents.iter().flat_map(|document| &document.facts.secrets);
    secrets.any(|secret| secret.has_access_key() && secret.name.given().is_some_and(|given| given.value == name))
}

/// Whether the Helm values are right.
pub(super) fn helm(view: &View<'_, '_>) -> Told {
    let told: Vec<Told> = values(view).map(|values| of_values(values, view)).collect();
    let Some(worst) = told.iter().map(|told| told.0).max() else { return unknown(NO_VALUES) };
    let mut same: Vec<&str> = told.iter().filter(|told| told.0 == worst).map(|told| told.1.as_str()).collect();
    same.dedup();
    match same[..] {
        [one] => (worst, one.to_owned()),
        [one, ref others @ ..] => (worst, format!("{one}; {} more", others.len())),
        [] => unknown(NO_VALUES),
    }
}

/// The role that an association of EKS Pod Identity gives Kasten.
fn associated<'v>(view: &'v View<'_, '_>) -> Option<&'v str> {
    let by_association = |derived: &&Derived| derived.field == GivenBy::Association.field();
    view.project.derived.iter().find(by_association)?.principal.arn().map(PrincipalArn::as_str)
}

/// Whether the values give a role whose name no file tells.
pub(super) fn is_role_unknown(view: &View<'_, '_>) -> bool {
    values(view).any(|values| values.role.is_set() && values.role.given().is_none())
}

fn values<'v>(view: &'v View<'_, '_>) -> impl Iterator<Item = &'v Values> {
    view.project.documents.iter().flat_map(|document| &document.facts.values)
}

fn of_values(values: &Values, view: &View<'_, '_>) -> Told {
    let role = values.role.given().map(|role| format!("`{}`", role.value));
    match (values.caller(), role) {
        _ if !values.is_whole => unknown("a part of the values is not known from these files"),
        (Caller::User, _) => ok("both halves of an access key are given"),
        (Caller::RoleByKeys, Some(role)) => ok(format!("access keys, and the role {role}")),
        (Caller::RoleByServiceAccount, Some(role)) => ok(format!("the service account has the role {role}")),
        (Caller::RoleByKeys | Caller::RoleByServiceAccount, None) => unknown("the role is not known from these files"),
        (Caller::Unknown, _) => match values.client_secret.given() {
            Some(secret) => ok(format!("the Secret `{}` gives the credentials", secret.value)),
            None => match associated(view) {
                Some(role) => ok(format!("they give no credentials; EKS Pod Identity gives the role `{role}`")),
                None => unknown(NO_CREDENTIALS),
            },
        },
    }
}
