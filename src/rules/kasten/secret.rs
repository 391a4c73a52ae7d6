//! The Secret from which Kasten takes its first key.

use crate::{
    document::{
        Document, Project,
        kasten::{CLUSTER_SECRET, Facts, PRIMARY_KEY_SECRET, Secret},
    },
    finding::{Confidence, Finding, RuleInfo},
    rules::{Check, Findings, declare::declare_rules},
    source::Spanned,
};

declare_rules! { Kasten:
    /// ## What it does
    /// Flags a Secret with an entry `awscmkkeyid` under another name than `k10-cluster-passphrase`, where no Passkey names it,
    /// and the Secret `k10-cluster-passphrase` in another namespace than the release that stands beside it.
    ///
    /// ## Why it matters
    /// Kasten looks for that name in its own namespace. Where it finds nothing it makes up a passphrase, and the key is not
    /// used.
    ///
    /// ## How to fix it
    /// Name it `k10-cluster-passphrase`, in the namespace that Kasten is installed into.
    ///
    /// ## Source
    /// Kasten's page on configuring encryption.
    pub CLUSTER_SECRET_NAME = {
        id: "cluster-secret-name", code: None,
        severity: Error, confidence: Medium, persona: Regular,
        summary: "a Secret with a key that Kasten does not look for",
    }

    /// ## What it does
    /// Flags the Secret `k10-cluster-passphrase` where it has none of the entries that Kasten reads, one of them in another
    /// spelling, or both a passphrase and a key.
    ///
    /// ## Why it matters
    /// Kasten does not read the entry, or which of two counts does not show.
    ///
    /// ## How to fix it
    /// Keep one of `passphrase` and `awscmkkeyid`, spelt so.
    ///
    /// ## Source
    /// Kasten's page on configuring encryption.
    pub CLUSTER_SECRET_KEY = {
        id: "cluster-secret-key", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the entries of k10-cluster-passphrase are not those that Kasten reads",
    }
}

/// The Secret from which Kasten takes its first key.
pub(crate) struct ClusterSecret;

impl Check for ClusterSecret {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn facts(&self, facts: &Facts, out: &mut Findings<'_>) {
        let is_cluster_secret = |secret: &&Secret| is_named(secret, CLUSTER_SECRET);
        facts.secrets.iter().filter(is_cluster_secret).for_each(|secret| entries(secret, out));
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for document in project.documents.iter().filter(|document| document.reported) {
            for secret in &document.facts.secrets {
                name(secret, project, out);
                namespace(secret, document, project, out);
            }
        }
    }
}

fn is_named(secret: &Secret, name: &str) -> bool {
    secret.name.given().is_some_and(|given| given.value == name)
}

fn name(secret: &Secret, project: &Project<'_>, out: &mut Findings<'_>) {
    let Some(name) = secret.name.given() else { return };
    let is_known = [CLUSTER_SECRET, PRIMARY_KEY_SECRET].contains(&name.value.as_str());
    let holds_key = secret.entries.iter().any(|entry| entry.value == "awscmkkeyid");
    let mut passkeys = project.documents.iter().flat_map(|document| &document.facts.passkeys);
    let is_named_by_passkey = passkeys.any(|passkey| {
        passkey.secret.span().is_some() && passkey.secret.given().is_none_or(|named| named.value == name.value)
    });
    if is_known || !holds_key || is_named_by_passkey {
        return;
    }
    let message = format!("Kasten looks for `{CLUSTER_SECRET}`, not for `{}`", name.value);
    let finding = Finding::new(&CLUSTER_SECRET_NAME, name.span, message);
    out.push(finding.help("give it that name, or name it in the `secret` of a Passkey"));
}

fn namespace(secret: &Secret, document: &Document<'_>, project: &Project<'_>, out: &mut Findings<'_>) {
    let Some(own) = secret.namespace.given().filter(|_| is_named(secret, CLUSTER_SECRET)) else { return };
    let near = project.documents.iter().filter(|other| other.folder == document.folder);
    let mut releases = near.flat_map(|other| &other.facts.values).filter_map(|values| values.namespace.given());
    let (Some(release), None) = (releases.next(), releases.next()) else { return };
    if release.value != own.value {
        let message = format!("Kasten looks for it in its own namespace, `{}`", release.value);
        let finding = Finding::new(&CLUSTER_SECRET_NAME, own.span, message).confidence(Confidence::High);
        out.push(finding.related(release.span, "the release").help("put it into the release's namespace"));
    }
}

/// The entries that Kasten reads.
const ENTRIES: [&str; 6] = [
    "passphrase",
    "awscmkkeyid",
    "vaulttransitkeyname",
    "vaulttransitpath",
    "vaultauthrole",
    "vaultk8sserviceaccounttokenpath",
];

fn entries(secret: &Secret, out: &mut Findings<'_>) {
    if !secret.is_whole || secret.entries.is_empty() {
        return;
    }
    let has = |name: &str| secret.entries.iter().find(|entry| entry.value == name);
    let misspelt = secret.entries.iter().filter_map(|entry| Some((entry, meant(entry)?)));
    let mut told = false;
    for (entry, meant) in misspelt {
        let message = format!("Kasten does not read `{}`, but `{meant}`", entry.value);
        out.push(Finding::new(&CLUSTER_SECRET_KEY, entry.span, message).help(format!("write `{meant}`")));
        told = true;
    }
    if let (Some(passphrase), Some(key)) = (has("passphrase"), has("awscmkkeyid")) {
        let message = "a passphrase and a KMS key: Kasten takes one of the two";
        let finding = Finding::new(&CLUSTER_SECRET_KEY, key.span, message);
        out.push(finding.related(passphrase.span, "the passphrase").help("keep the one that is meant"));
    }
    let is_read = |entry: &Spanned<String>| {
        ENTRIES.contains(&entry.value.as_str()) || entry.value.to_ascii_lowercase().starts_with("azure")
    };
    if !told && !secret.entries.iter().any(is_read) {
        let finding = Finding::new(&CLUSTER_SECRET_KEY, secret.place, "Kasten reads no entry of this Secret");
        out.push(finding.help("give it `passphrase` or `awscmkkeyid`"));
    }
}

fn meant(entry: &Spanned<String>) -> Option<&'static str> {
    let plain = entry.value.replace(['_', '-'], "").to_ascii_lowercase();
    ENTRIES.into_iter().find(|name| *name == plain && *name != entry.value)
}
