//! How long restore points live that need a key which is to be deleted.

use crate::{
    document::{Project, kasten::Passkey},
    finding::{Finding, RuleInfo},
    key::Key,
    rules::{Check, Findings, declare::declare_rules},
};

declare_rules! { Rotation:
    /// ## What it does
    /// Flags a key that waits for its deletion for fewer days than restore points of Kasten itself are kept, where a Passkey of
    /// the folder names the key or is about to take its place. The days are those of `k10-disaster-recovery-policy`.
    ///
    /// ## Why it matters
    /// A restore point for disaster recovery brings back the catalogue and the Passkeys of its day, with the master key that
    /// they wrapped. Once the key is gone, no restore point from before the rotation can be read.
    ///
    /// ## How to fix it
    /// Cancel the deletion and leave the key disabled until the last restore point from before the rotation has expired; then
    /// schedule the deletion.
    ///
    /// ## Source
    /// Kasten's pages on its disaster recovery and on Policies; KMS API Reference, "`ScheduleKeyDeletion`".
    pub DELETION_SHORTER_THAN_DR_RETENTION = {
        id: "deletion-shorter-than-dr-retention", code: None,
        severity: Warning, confidence: Medium, persona: Regular,
        supersedes: &["deletion-window-short"],
        summary: "a key is gone before the restore points that need it",
    }
}

/// Keys that go, and restore points that stay.
pub(crate) struct Retentions;

impl Check for Retentions {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for document in &project.documents {
            let near = || project.documents.iter().filter(|other| other.folder == document.folder);
            let ending = |key: &&Key| key.state.as_ref().is_some_and(|state| state.value == "PendingDeletion");
            for key in document.keys.iter().filter(ending) {
                let retentions = near().flat_map(|other| &other.facts.retentions);
                let Some(longest) = retentions.max_by_key(|retention| retention.days) else { continue };
                let Some(window) = &key.deletion_window else { continue };
                let passkeys = near().flat_map(|other| &other.facts.passkeys);
                let is_short = window.value.parse::<u64>().is_ok_and(|days| days < longest.days);
                if is_short && passkeys.into_iter().any(|passkey| names(passkey, key, project)) {
                    let message = format!(
                        "the key is gone in {} days, and restore points are kept for {}",
                        window.value, longest.days
                    );
                    let finding = Finding::new(&DELETION_SHORTER_THAN_DR_RETENTION, window.span, message);
                    let finding = finding.related(longest.place, "the longest of the disaster recovery policy");
                    out.push(finding.help("cancel the deletion, and leave the key disabled until they have expired"));
                }
            }
        }
    }
}

fn names(passkey: &Passkey, key: &Key, project: &Project<'_>) -> bool {
    let meant = passkey.key.given().and_then(|id| project.key_meant(&id.value));
    meant.is_some_and(|meant| meant.id() == key.id())
}
