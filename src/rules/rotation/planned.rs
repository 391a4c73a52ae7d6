//! Keys that a plan destroys.

use crate::{
    document::{Document, Project},
    finding::{Finding, RuleInfo},
    rules::{Check, Findings, declare::declare_rules},
    source::Span,
};

declare_rules! { Rotation:
    /// ## What it does
    /// Flags a Terraform plan that destroys a key, or replaces it, which a Passkey, the Secret `k10-cluster-passphrase` or the
    /// Helm values among the files still name.
    ///
    /// ## Why it matters
    /// KMS refuses every use of the key as soon as its deletion is scheduled. Kasten then reads no backup, and when the waiting
    /// period is over nothing brings them back.
    ///
    /// ## How to fix it
    /// Make a Passkey with the new key first, look that it is in use, and delete the old Passkey; disable the old key until no
    /// restore point needs it. `kpl kasten rotate-plan` gives the order.
    ///
    /// ## Source
    /// KMS Developer Guide, "Deleting AWS KMS keys"; Kasten's page on changing Passkeys.
    pub OLD_KEY_STILL_NEEDED = {
        id: "old-key-still-needed", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["key-destroyed-in-plan", "kms-key-replaced"],
        summary: "the plan destroys a key that Kasten is told to use",
    }

    /// ## What it does
    /// Flags a Terraform plan that destroys a key and leaves other resources. Where another key is created in its place,
    /// `kms-key-replaced` tells of it.
    ///
    /// ## Why it matters
    /// What the key encrypted is lost once its waiting period is over, snapshots and backups of all services among it.
    ///
    /// ## How to fix it
    /// Set `is_enabled = false` first and see who misses the key. `prevent_destroy` keeps a key from being destroyed
    /// unawares; a `removed` block takes it out of the state alone.
    ///
    /// ## Source
    /// KMS Developer Guide, "Deleting AWS KMS keys"; Terraform documentation, "The lifecycle Meta-Argument".
    pub KEY_DESTROYED_IN_PLAN = {
        id: "key-destroyed-in-plan", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "the plan schedules a key's deletion",
    }

    /// ## What it does
    /// Notes a Terraform plan that destroys a key which is enabled until then.
    ///
    /// ## Why it matters
    /// A disabled key fails as a deleted one does, and is enabled again in a moment: who still needs it is found without loss.
    ///
    /// ## How to fix it
    /// Set `is_enabled = false` in a run of its own, and destroy the key after a time.
    ///
    /// ## Source
    /// KMS Developer Guide, "Deleting AWS KMS keys": it advises to disable a key where one is not sure.
    pub OLD_KEY_NOT_DISABLED_FIRST = {
        id: "old-key-not-disabled-first", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a key is deleted that was not disabled before",
    }
}

/// The end of keys by a plan.
pub(crate) struct Planned;

impl Check for Planned {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for document in &project.documents {
            let Some(plan) = &document.plan else { continue };
            // Where everything is destroyed, that is meant.
            let stays = !document.resources.is_empty() || !document.policies.is_empty();
            for key in &plan.destroyed {
                if let Some(place) = key.id.as_deref().and_then(|id| naming(id, project)) {
                    let message = format!("`{}` is destroyed, and Kasten is told to use it", key.address);
                    let finding = Finding::new(&OLD_KEY_STILL_NEEDED, key.place, message).related(place, "here");
                    out.push(
                        finding
                            .help("keep it until a Passkey with another key is in use and no restore point needs it"),
                    );
                }
                if stays && !key.is_replaced {
                    let message = format!("`{}` is destroyed, and with it all that it encrypted", key.address);
                    let finding = Finding::new(&KEY_DESTROYED_IN_PLAN, key.place, message);
                    out.push(finding.help("disable it first; prevent_destroy keeps it from being destroyed unawares"));
                }
                if let Some(enabled) = key.enabled.as_ref().filter(|enabled| enabled.value && stays) {
                    let message = "the key is still enabled when its deletion is scheduled";
                    let finding = Finding::new(&OLD_KEY_NOT_DISABLED_FIRST, enabled.span, message);
                    out.push(finding.help("set is_enabled = false in a run of its own first"));
                }
            }
        }
    }
}

/// Where Kasten is told to use a key, also by a Passkey that is not in use: restore points may need it.
pub(super) fn naming(id: &str, project: &Project<'_>) -> Option<Span> {
    let fields = |document: &'_ Document<'_>| {
        let facts = &document.facts;
        let passkeys = facts.passkeys.iter().map(|passkey| &passkey.key);
        let values = facts.values.iter().map(|values| &values.key);
        let keys = passkeys.chain(values).chain(facts.secrets.iter().map(|secret| &secret.key));
        keys.filter_map(|key| key.given())
            .find(|given| given.value.rsplit('/').next() == Some(id))
            .map(|given| given.span)
    };
    project.documents.iter().find_map(fields)
}
