//! Keys of one Region, and of several.

use std::collections::HashSet;

use crate::{
    document::{Document, Project, kasten_key_ids},
    finding::{Confidence, Finding, RuleInfo},
    key::Key,
    policy::Arn,
    rules::{Check, Findings, declare::declare_rules},
    source::Spanned,
};

declare_rules! { Key:
    /// ## What it does
    /// Flags a multi-Region key without a replica, as `describe-key` tells it. In Terraform's files, where the replica may
    /// stand in another configuration, this is a guess that only the auditor sees.
    ///
    /// ## Why it matters
    /// Whoever may replicate the key brings its material to another Region, where other policies guard it. Without a replica
    /// there is nothing to be had for it.
    ///
    /// ## How to fix it
    /// Replicate it, if the data has to be read in another Region; else use a key of one Region. Whether a key is for several
    /// Regions cannot be changed.
    ///
    /// ## Source
    /// KMS Developer Guide, "Security considerations for multi-Region keys".
    pub MRK_UNNEEDED = {
        id: "mrk-unneeded", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a multi-Region key that has no replica",
    }

    /// ## What it does
    /// Flags a Kasten Profile that exports to a bucket in another Region than the one of Kasten's key, where that is no
    /// multi-Region key.
    ///
    /// ## Why it matters
    /// The backups survive the loss of a Region, and cannot be read: their key is lost with it.
    ///
    /// ## How to fix it
    /// Use a multi-Region key with a replica in the bucket's Region, or keep a Passkey with a passphrase beside it.
    ///
    /// ## Source
    /// KMS Developer Guide, "Multi-Region keys in AWS KMS", disaster recovery; Kasten's page on Profiles.
    pub SINGLE_REGION_DR = {
        id: "single-region-dr", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "backups go to another Region than their key",
    }
}

/// The Regions of keys.
pub(crate) struct KeyRegions;

impl Check for KeyRegions {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        let replicas = Replicas::of(project);
        project.keys().for_each(|key| unneeded(key, &replicas, out));
        for document in &project.documents {
            for profile in &document.facts.profiles {
                if let Some(region) = profile.region.given() {
                    exported(region, document, project, out);
                }
            }
        }
    }
}

/// Which keys have replicas among the files.
struct Replicas<'p> {
    primaries: HashSet<&'p str>,
    /// Whether there is one of which the primary is not told.
    any_other: bool,
}

impl<'p> Replicas<'p> {
    fn of(project: &'p Project<'_>) -> Self {
        let mut found = Self { primaries: HashSet::new(), any_other: false };
        for replica in project.keys().filter(|key| key.is_replica()) {
            match &replica.primary {
                Some(primary) => found.primaries.extend([primary.value.as_str()]),
                None => found.any_other = true,
            }
        }
        found
    }

    fn has(&self, primary: &Key) -> bool {
        let names = [primary.id(), primary.address.as_deref()];
        self.any_other || names.into_iter().flatten().any(|name| self.primaries.contains(name))
    }
}

fn unneeded(key: &Key, replicas: &Replicas<'_>, out: &mut Findings<'_>) {
    let Some(primary) = key.multi_region.as_ref().filter(|kind| kind.value == "PRIMARY") else { return };
    let confidence = match &key.replicas {
        Some(replicas) if replicas.value == 0 => Confidence::High,
        None if key.address.is_some() && !replicas.has(key) => Confidence::Low,
        _ => return,
    };
    let finding = Finding::new(&MRK_UNNEEDED, primary.span, "this multi-Region key has no replica");
    out.push(
        finding.confidence(confidence).help("replicate it, or use a key of one Region: neither can become the other"),
    );
}

/// The Region of an export, held against the keys of the same folder: they are of one installation.
fn exported(region: &Spanned<String>, document: &Document<'_>, project: &Project<'_>, out: &mut Findings<'_>) {
    let near = project.documents.iter().filter(|other| other.folder == document.folder);
    let ids: Vec<Spanned<String>> = near.flat_map(kasten_key_ids).collect();
    let lost = |id: &Spanned<String>| {
        let arn = Arn::parse(&id.value).ok()?;
        let is_bound = arn.resource.starts_with("key/") && !arn.resource.starts_with("key/mrk-");
        (is_bound && arn.region != region.value).then(|| arn.region.to_owned())
    };
    let [first, rest @ ..] = ids.as_slice() else { return };
    let Some(home) = lost(first).filter(|_| rest.iter().all(|id| lost(id).is_some())) else { return };
    let message = format!("backups go to {}, and their key is in {home} alone", region.value);
    let finding = Finding::new(&SINGLE_REGION_DR, region.span, message).related(first.span, "the key");
    out.push(finding.help("use a multi-Region key with a replica there, or keep a Passkey with a passphrase too"));
}
