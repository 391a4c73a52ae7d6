//! When keys got new material, and whether Kasten took notice.

use std::collections::BTreeMap;

use crate::{
    calendar,
    document::{Project, Renewal},
    finding::{Finding, RuleInfo, RuleOption},
    key::{Key, KeyFamily},
    rules::{Check, Findings, declare::declare_rules},
};

declare_rules! { Rotation:
    /// ## What it does
    /// Flags a key that was rotated after the Passkey in use was made, as `aws kms list-key-rotations` and `kubectl get
    /// passkeys` tell it.
    ///
    /// ## Why it matters
    /// KMS keeps the old material and decrypts with it, so that Kasten takes no notice: its master key stays wrapped with the
    /// material that was to be replaced.
    ///
    /// ## How to fix it
    /// Make a new Passkey with another name and the same key. Kasten then wraps its master key anew.
    ///
    /// ## Source
    /// KMS Developer Guide, "Rotate AWS KMS keys"; Kasten's page on protecting snapshots with AWS KMS.
    pub ROTATED_BUT_NOT_REWRAPPED = {
        id: "rotated-but-not-rewrapped", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "Kasten's master key is still wrapped with a key's old material",
    }

    /// ## What it does
    /// Flags a key of which 23 rotations on demand or more are listed.
    ///
    /// ## Why it matters
    /// A key has 25 of them. After the last one only automatic rotation or another key is left.
    ///
    /// ## How to fix it
    /// Turn automatic rotation on, or plan for another key.
    ///
    /// ## Source
    /// KMS API Reference, "`RotateKeyOnDemand`".
    pub ON_DEMAND_QUOTA = {
        id: "on-demand-quota", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "few rotations on demand are left",
    }

    /// ## What it does
    /// Notes a key that has automatic rotation, or may have it, and whose last rotation, or its making, was more than 400 days
    /// (`days`) before `kpl fetch` looked. Where automatic rotation is off, `rotation-disabled` tells of it.
    ///
    /// ## Why it matters
    /// Rules for keys tend to ask for a rotation a year.
    ///
    /// ## How to fix it
    /// Shorten the period (`aws kms enable-key-rotation --rotation-period-in-days`), or rotate on demand.
    ///
    /// ## Source
    /// KMS API Reference, "`ListKeyRotations`"; Security Hub control KMS.4.
    pub ROTATION_OVERDUE = {
        id: "rotation-overdue", code: None,
        severity: Note, confidence: Medium, persona: Pedantic,
        options: &[DAYS],
        summary: "a key was not rotated for long",
    }
}

const DAYS: RuleOption = RuleOption::number("days", 400, (90, 3650), "how many days may pass without a rotation");

/// How many rotations on demand a key has. Source: KMS API Reference, "`RotateKeyOnDemand`".
const MOST: usize = 25;
/// From how many on it is told.
const MANY: usize = 23;

const DAY: i64 = 86_400;

/// What is told of past rotations.
pub(crate) struct History;

impl Check for History {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        let mut by_key: BTreeMap<&str, Vec<&Renewal>> = BTreeMap::new();
        for renewal in project.documents.iter().flat_map(|document| &document.told.renewals) {
            by_key.entry(renewal.key.rsplit('/').next().unwrap_or_default()).or_default().push(renewal);
        }
        for renewals in by_key.values_mut() {
            renewals.sort_by_key(|renewal| renewal.second);
            quota(renewals, out);
        }
        rewrapped(&by_key, project, out);
        overdue(&by_key, project, out);
    }
}

fn quota(renewals: &[&Renewal], out: &mut Findings<'_>) {
    let asked: Vec<&&Renewal> = renewals.iter().filter(|renewal| renewal.on_demand).collect();
    if let Some(last) = asked.last().filter(|_| asked.len() >= MANY) {
        let message = format!("{} of {MOST} rotations on demand are used", asked.len());
        let finding = Finding::new(&ON_DEMAND_QUOTA, last.place, message);
        out.push(finding.help("turn automatic rotation on, or plan for another key"));
    }
}

fn rewrapped(by_key: &BTreeMap<&str, Vec<&Renewal>>, project: &Project<'_>, out: &mut Findings<'_>) {
    let passkeys = project.documents.iter().flat_map(|document| &document.facts.passkeys);
    for passkey in passkeys.filter(|passkey| passkey.in_use.as_ref().is_some_and(|flag| flag.value)) {
        let (Some(created), Some(named)) = (&passkey.created, passkey.key.given()) else { continue };
        let meant = project.key_meant(&named.value).and_then(Key::id);
        let id = meant.or_else(|| named.value.rsplit('/').next());
        let last = id.and_then(|id| by_key.get(id)).and_then(|renewals| renewals.last());
        let (Some(last), Some(made)) = (last, calendar::instant(&created.value)) else { continue };
        if last.second > made {
            let message = format!("the key was rotated on {}, and Kasten's master key is wrapped as before", last.day);
            let finding = Finding::new(&ROTATED_BUT_NOT_REWRAPPED, last.place, message);
            let finding = finding.related(created.span, "the Passkey in use is older");
            out.push(finding.help("make a new Passkey with another name and the same key"));
        }
    }
}

fn overdue(by_key: &BTreeMap<&str, Vec<&Renewal>>, project: &Project<'_>, out: &mut Findings<'_>) {
    let Some(now) = project.fetched_at() else { return };
    let most = out.options().number(&ROTATION_OVERDUE, &DAYS);
    let rotations = project.documents.iter().flat_map(|document| &document.rotations);
    let off: Vec<&str> = rotations
        .filter(|rotation| !rotation.enabled.value)
        .filter_map(|rotation| project.key_of(rotation).and_then(Key::id))
        .collect();
    for key in project.documents.iter().flat_map(|document| &document.keys).filter(|key| may_rotate(key)) {
        let Some(id) = key.id().filter(|id| !off.contains(id)) else { continue };
        let last = by_key.get(id).and_then(|renewals| renewals.last());
        let last = last.map(|last| (last.second, last.place, "the last rotation was"));
        let made = key.created.as_ref().map(|made| (made.value, made.span, "the key was made"));
        let Some((second, place, what)) = last.or(made) else { continue };
        let days = (now - second) / DAY;
        if days > most {
            let finding = Finding::new(&ROTATION_OVERDUE, place, format!("{what} {days} days ago"));
            out.push(finding.help("shorten the period of automatic rotation, or rotate the key on demand"));
        }
    }
}

/// Whether a key is one that its owner may rotate.
fn may_rotate(key: &Key) -> bool {
    let is = |field: &Option<crate::source::Spanned<String>>, words: &[&str]| {
        field.as_ref().is_some_and(|field| words.contains(&field.value.as_str()))
    };
    let is_own = is(&key.manager, &["CUSTOMER"]) && is(&key.state, &["Enabled"]);
    is_own
        && is(&key.origin, &["AWS_KMS", "EXTERNAL"])
        && key.family() == Some(KeyFamily::Symmetric)
        && !key.is_replica()
}
