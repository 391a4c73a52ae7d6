//! The seven places of a set-up, each with what shows how it stands.
//!
//! A place is wrong where a finding that counts says so, right where the files show it, and open in between: silence is
//! never taken for a pass.

use crate::{
    document::{PolicyDocument, Project},
    finding::{Family, Finding, Place, Report, Severity, Standing, State},
    policy::PolicyKind,
    rules::kasten::standing::{Standing as Workload, standings},
    source::Span,
};

use super::{credentials, policies, things};

/// How a place stands, and what shows it.
pub(super) type Told = (State, String);

pub(super) fn ok(because: impl Into<String>) -> Told {
    (State::Ok, because.into())
}

pub(super) fn unknown(because: impl Into<String>) -> Told {
    (State::Unknown, because.into())
}

/// What a run knows of a set-up.
pub(super) struct View<'r, 'a> {
    pub(super) project: &'r Project<'a>,
    report: &'r Report,
    /// Everybody who uses the key.
    pub(super) workloads: Vec<Workload<'r, 'a>>,
}

/// How the places stand, in their order.
pub(super) fn look(project: &Project<'_>, report: &Report) -> Vec<Standing> {
    let view = View { project, report, workloads: standings(project) };
    let stands = |place: Place| {
        let (state, because) = view.wrong(place).unwrap_or_else(|| view.told(place));
        Standing { place, state, because }
    };
    Place::ALL.into_iter().map(stands).collect()
}

/// Rules of Kasten's own files that speak of its Passkeys and Secrets; the other ones speak of Helm values.
const OF_PASSKEYS: [&str; 17] = [
    "passkey-name-not-rfc1123",
    "passkey-namespaced",
    "passkey-spec-field-case",
    "passkey-source-count",
    "passkey-key-id-shape",
    "passkey-uses-alias",
    "passkey-usenow-missing",
    "passkey-several-usenow",
    "passkey-not-in-use",
    "no-fallback-passkey",
    "two-key-sources",
    "key-region-account-partition",
    "cluster-secret-name",
    "cluster-secret-key",
    "cluster-secret-changed",
    "passkey-immutable-change",
    "last-passkey-deleted",
];

/// Rules of Helm values that speak of how Kasten comes to its credentials too.
const OF_CREDENTIALS: [&str; 3] = ["helm-half-credentials", "helm-client-secret-conflict", "iam-role-not-arn"];

impl<'r, 'a> View<'r, 'a> {
    fn told(&self, place: Place) -> Told {
        match place {
            Place::Key => things::key(self),
            Place::KeyPolicy => policies::key_policy(self),
            Place::Alias => things::alias(self),
            Place::Permissions => policies::permissions(self),
            Place::Trust => credentials::trust(self),
            Place::Helm => credentials::helm(self),
            Place::Passkey => things::passkey(self),
        }
    }

    /// What the errors of a place say.
    fn wrong(&self, place: Place) -> Option<Told> {
        let is_error = |finding: &&Finding| finding.severity == Severity::Error;
        let mut errors = self.report.counted().filter(is_error).filter(|finding| self.is_of(finding, place));
        let first = errors.next()?;
        let because = match errors.count() {
            0 => first.message.clone(),
            more => format!("{}; {more} more below", first.message),
        };
        Some((State::Wrong, because))
    }

    /// Whether a finding tells of a place of this set-up.
    fn is_of(&self, finding: &Finding, place: Place) -> bool {
        let at = finding.primary.span;
        let within = |policies: Vec<&PolicyDocument<'_>>| policies.iter().any(|policy| policy.policy.span.contains(at));
        let is_alias = finding.rule.family == Family::Alias;
        match place {
            Place::Key => finding.rule.family == Family::Key && things::is_of_the_key(self, at),
            Place::KeyPolicy => !is_alias && within(self.key_policies()),
            Place::Permissions => !is_alias && within(self.own_policies()),
            Place::Alias => is_alias && (within(self.key_policies()) || within(self.own_policies())),
            Place::Trust => within(self.trust_policies()) || OF_CREDENTIALS.contains(&finding.rule.id),
            Place::Helm => is_of_facts(finding, self.project, at) && !OF_PASSKEYS.contains(&finding.rule.id),
            Place::Passkey => OF_PASSKEYS.contains(&finding.rule.id),
        }
    }

    /// The key policies that matter: those of the workloads' key, or all of them where nobody is known to use one.
    pub(super) fn key_policies(&self) -> Vec<&'r PolicyDocument<'a>> {
        self.of_workloads(PolicyKind::Key, |workload| &workload.keys[..])
    }

    /// The workloads' own policies, or all identity policies where no workload is known.
    pub(super) fn own_policies(&self) -> Vec<&'r PolicyDocument<'a>> {
        self.of_workloads(PolicyKind::Identity, |workload| &workload.own[..])
    }

    /// The trust policies of the workloads' roles, or all of them where no workload is known.
    pub(super) fn trust_policies(&self) -> Vec<&'r PolicyDocument<'a>> {
        if self.workloads.is_empty() {
            return self.project.policies(PolicyKind::Trust).collect();
        }
        let of = |workload: &Workload<'r, 'a>| {
            let all = self.project.policies_for(workload.principal, PolicyKind::Trust);
            let may_carry = |policy: &&PolicyDocument<'a>| {
                workload.principal.arn().map_or(policy.holders.is_empty(), |arn| policy.may_be_carried_by(arn))
            };
            all.into_iter().filter(may_carry).collect::<Vec<_>>()
        };
        self.workloads.iter().flat_map(of).collect()
    }

    fn of_workloads(
        &self,
        kind: PolicyKind,
        of: impl for<'w> Fn(&'w Workload<'r, 'a>) -> &'w [&'r PolicyDocument<'a>],
    ) -> Vec<&'r PolicyDocument<'a>> {
        if self.workloads.is_empty() {
            return self.project.policies(kind).collect();
        }
        self.workloads.iter().flat_map(|workload| of(workload).iter().copied()).collect()
    }

    /// What is told of each workload, taken together: the worst of it.
    pub(super) fn worst(&self, tell: impl Fn(&Workload<'r, 'a>) -> Told) -> Told {
        let worst = self.workloads.iter().map(tell).reduce(|one, other| if other.0 > one.0 { other } else { one });
        worst.unwrap_or_else(|| unknown(if credentials::is_role_unknown(self) { ROLE_UNKNOWN } else { NOBODY }))
    }
}

const ROLE_UNKNOWN: &str = "Kasten's role is not known from these files; --workload would tell";

const NOBODY: &str = "no file says who Kasten is; Helm values with secrets.awsIamRole, or --workload, would tell";

/// Whether a finding is of Kasten's own files and stands in none of their policies.
fn is_of_facts(finding: &Finding, project: &Project<'_>, at: Span) -> bool {
    let in_policy = |policy: &PolicyDocument<'_>| policy.policy.span.contains(at);
    let mut policies = project.documents.iter().flat_map(|document| &document.policies);
    finding.rule.family == Family::Kasten && !policies.any(in_policy)
}
