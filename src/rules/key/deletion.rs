//! How long a key waits for its deletion, and who still needs it then.

use crate::{
    document::Project,
    finding::{Finding, RuleInfo, RuleOption, Severity},
    key::Key,
    policy::{PolicyKind, Statement},
    rules::{Check, Findings, declare::declare_rules},
    source::Span,
};

declare_rules! { Key:
    /// ## What it does
    /// Flags a waiting period of fewer than 30 days (`minimum-days`) before a key is deleted, where `--workload` or `--alias`
    /// says that Kasten uses the key: in what Terraform sets, and in the answers to `schedule-key-deletion` and `describe-key`. A period of
    /// fewer than 7 or more than 30 days is an error of any key.
    ///
    /// ## Why it matters
    /// With the key, every backup is lost, for good. The period is the time in which somebody notices. KMS refuses one that
    /// is out of range.
    ///
    /// ## How to fix it
    /// Write 30, or leave it out: 30 days are what KMS takes by itself.
    ///
    /// ## Source
    /// KMS API Reference, "`ScheduleKeyDeletion`", `PendingWindowInDays`; KMS Developer Guide, "Deleting AWS KMS keys".
    pub DELETION_WINDOW_SHORT = {
        id: "deletion-window-short", code: None,
        severity: Warning, confidence: High, persona: Regular,
        options: &[MINIMUM_DAYS],
        summary: "the key is deleted sooner than it has to be",
    }

    /// ## What it does
    /// Flags a key that waits for its deletion while files tell Kasten to use it, or an alias that `--alias` names points to
    /// it. Where an identity policy allows something with just this key, it is a warning. That an alias points to the key
    /// says nothing: KMS keeps the aliases until the key is deleted.
    ///
    /// ## Why it matters
    /// KMS refuses every use of the key already. At the end of the waiting period all that it encrypted is lost.
    ///
    /// ## How to fix it
    /// Cancel the deletion (`aws kms cancel-key-deletion`), or move whatever needs the key to another one first.
    ///
    /// ## Source
    /// KMS Developer Guide, "Deleting AWS KMS keys"; Security Hub control KMS.3.
    pub PENDING_DELETION_IN_USE = {
        id: "pending-deletion-in-use", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["key-not-enabled"],
        summary: "a key that is still needed waits for its deletion",
    }
}

/// The end of a described key.
pub(crate) struct KeyDeletion;

impl Check for KeyDeletion {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn key(&self, key: &Key, project: &Project<'_>, out: &mut Findings<'_>) {
        window(key, project, out);
        in_use(key, project, out);
    }
}

const MINIMUM_DAYS: RuleOption =
    RuleOption::number("minimum-days", 30, (7, 30), "the fewest days that a workload's key may wait");

/// The days that KMS takes. Source: KMS API Reference, "`ScheduleKeyDeletion`".
const RANGE: std::ops::RangeInclusive<f64> = 7.0..=30.0;

fn window(key: &Key, project: &Project<'_>, out: &mut Findings<'_>) {
    let Some(window) = &key.deletion_window else { return };
    let Ok(days) = window.value.parse::<f64>() else { return };
    let least = out.options().number(&DELETION_WINDOW_SHORT, &MINIMUM_DAYS);
    if !RANGE.contains(&days) {
        let message = format!("a key waits 7 to 30 days for its deletion, not {}", window.value);
        let finding = Finding::new(&DELETION_WINDOW_SHORT, window.span, message).severity(Severity::Error);
        out.push(finding.help("write a number of days from 7 to 30"));
    } else if days < f64::from(u32::try_from(least).unwrap_or_default()) && project.is_workloads_key(key) {
        let message = format!("{} days are left to notice that the backups' key is going", window.value);
        out.push(
            Finding::new(&DELETION_WINDOW_SHORT, window.span, message)
                .help(format!("write {least} or more; KMS takes up to 30")),
        );
    }
}

fn in_use(key: &Key, project: &Project<'_>, out: &mut Findings<'_>) {
    let waits = |state: &str| matches!(state, "PendingDeletion" | "PendingReplicaDeletion");
    let Some(state) = key.state.as_ref().filter(|state| waits(&state.value)) else { return };
    let Some(user) = user_of(key, project) else { return };
    let finding = Finding::new(&PENDING_DELETION_IN_USE, state.span, user.message())
        .related(user.place(), "here it is needed")
        .help("cancel the deletion: aws kms cancel-key-deletion, then enable-key");
    out.push(if matches!(user, User::Policy(_)) { finding.severity(Severity::Warning) } else { finding });
}

/// Who needs a key, and where that stands.
enum User {
    Kasten(Span),
    Alias(Span, String),
    Policy(Span),
}

impl User {
    fn message(&self) -> String {
        match self {
            Self::Kasten(_) => "Kasten is told to use this key, which waits for its deletion".to_owned(),
            Self::Alias(_, name) => format!("`{name}` points to this key, which waits for its deletion"),
            Self::Policy(_) => "a policy lets somebody use this key, which waits for its deletion".to_owned(),
        }
    }

    const fn place(&self) -> Span {
        match self {
            Self::Kasten(place) | Self::Alias(place, _) | Self::Policy(place) => *place,
        }
    }
}

fn user_of(key: &Key, project: &Project<'_>) -> Option<User> {
    if let Some(place) = project.kastens_naming(key) {
        return Some(User::Kasten(place));
    }
    let mut listed = project.documents.iter().flat_map(|document| &document.aliases);
    let is_declared = |name: &String| project.declared.aliases.contains(name);
    if let Some(alias) = listed.find(|alias| is_declared(&alias.name.value) && alias.points_to(key)) {
        return Some(User::Alias(alias.name.span, alias.name.value.clone()));
    }
    let arn = key.arn.as_ref()?.value.as_str();
    let policies = project.policies(PolicyKind::Identity);
    let allowing = policies.flat_map(|policy| &policy.policy.statements).filter(|statement| statement.allows());
    let resources = allowing.filter_map(Statement::listed_resources).flat_map(|listed| &listed.read);
    let named = resources.into_iter().find(|resource| resource.value.arn().is_ok() && resource.value.as_str() == arn);
    named.map(|resource| User::Policy(resource.span))
}
