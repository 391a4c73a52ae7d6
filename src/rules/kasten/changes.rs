//! What a plan changes that Kasten wants left alone.

use crate::{
    document::{
        Document, Project,
        kasten::{Changed, Deed, Thing},
    },
    finding::{Confidence, Finding, RuleInfo, Severity},
    rules::{Check, Findings, declare::declare_rules},
};

declare_rules! { Kasten:
    /// ## What it does
    /// Flags a Terraform plan that changes the data of the Secret `k10-cluster-passphrase`, or removes the Secret.
    ///
    /// ## Why it matters
    /// The Secret gives Kasten its first key, once. Another key in it is no rotation: Kasten's page has one leave it alone and
    /// add a Passkey.
    ///
    /// ## How to fix it
    /// Leave the Secret, `ignore_changes` if need be, and create a Passkey with the new key.
    ///
    /// ## Source
    /// Kasten's page on configuring encryption.
    pub CLUSTER_SECRET_CHANGED = {
        id: "cluster-secret-changed", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "the plan changes the Secret with Kasten's first key",
    }

    /// ## What it does
    /// Flags a Terraform plan that changes the `spec` of a Passkey in place, or deletes a Passkey and creates it anew under its
    /// name.
    ///
    /// ## Why it matters
    /// Passkeys are served by an aggregated API that knows creation and deletion alone: the update fails. A Passkey that is in
    /// use cannot be deleted either.
    ///
    /// ## How to fix it
    /// Create a Passkey with a new name, wait until it is in use, then delete the old one.
    ///
    /// ## Source
    /// Kasten's page on Passkeys; Veeam Kasten's developers' page on its aggregated APIs.
    pub PASSKEY_IMMUTABLE_CHANGE = {
        id: "passkey-immutable-change", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the plan changes a Passkey, which cannot be changed",
    }

    /// ## What it does
    /// Flags a Terraform plan that removes Passkeys and leaves none, while it keeps Kasten's release.
    ///
    /// ## Why it matters
    /// Kasten refuses to delete its last Passkey that works, so that the plan fails half-way; without one no backup can be
    /// read.
    ///
    /// ## How to fix it
    /// Create the next Passkey first, and delete the old one once the next is in use.
    ///
    /// ## Source
    /// Kasten's page on Passkeys.
    pub LAST_PASSKEY_DELETED = {
        id: "last-passkey-deleted", code: None,
        severity: Error, confidence: Medium, persona: Regular,
        summary: "the plan leaves no Passkey",
    }
}

/// Changes to Kasten's Passkeys and its first Secret.
pub(crate) struct KastenChanges;

impl Check for KastenChanges {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for document in project.documents.iter().filter(|document| document.reported) {
            document.facts.changes.iter().for_each(|change| tell(change, document, out));
        }
    }
}

fn tell(change: &Changed, document: &Document<'_>, out: &mut Findings<'_>) {
    let name = change.name.given().map_or("a Passkey", |name| name.value.as_str());
    // Where everything is destroyed, Kasten goes too.
    let stays = !document.resources.is_empty() || !document.policies.is_empty();
    match (change.thing, change.deed) {
        (Thing::ClusterSecret, Deed::Removed) if !stays => {}
        (Thing::ClusterSecret, deed) => {
            let message = match deed {
                Deed::Removed => format!("the plan removes the Secret `{name}`"),
                Deed::Replaced => format!("the plan removes the Secret `{name}` and creates it anew"),
                Deed::Updated => format!("the plan changes what the Secret `{name}` holds"),
            };
            let finding = Finding::new(&CLUSTER_SECRET_CHANGED, change.place, message);
            out.push(finding.help("leave it as it is, and create a Passkey with the new key"));
        }
        (Thing::Passkey, Deed::Updated) => {
            let message = format!("the Passkey `{name}` cannot be changed");
            let finding = Finding::new(&PASSKEY_IMMUTABLE_CHANGE, change.place, message);
            out.push(finding.help("create one with a new name, and delete this one once the new one is in use"));
        }
        (Thing::Passkey, Deed::Replaced) if change.keeps_name => {
            let message = format!("the Passkey `{name}` is deleted and created anew under its name");
            let finding = Finding::new(&PASSKEY_IMMUTABLE_CHANGE, change.place, message);
            let finding = finding.severity(Severity::Warning).confidence(Confidence::Medium);
            out.push(finding.help("give the new one another name: Kasten deletes none that is in use"));
        }
        (Thing::Passkey, Deed::Replaced) => {}
        (Thing::Passkey, Deed::Removed) => {
            let facts = &document.facts;
            if facts.passkeys.is_empty() && !facts.values.is_empty() {
                let message = format!("the plan removes `{name}` and leaves no Passkey");
                let finding = Finding::new(&LAST_PASSKEY_DELETED, change.place, message);
                out.push(finding.help("create the next one first, and delete this one once the next is in use"));
            }
        }
    }
}
