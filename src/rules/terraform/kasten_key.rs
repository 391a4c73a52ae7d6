//! Keys that Terraform makes for Kasten, and that nothing makes Kasten use.

use crate::{
    document::{Document, Part, Project, kasten::Origin},
    finding::{Finding, RuleInfo},
    key::Key,
    rules::{Check, Findings, declare::declare_rules},
    source::Span,
};

declare_rules! { Terraform:
    /// ## What it does
    /// Says of a KMS key that its address or its alias names as Kasten's, in a plan or a state with a `helm_release` of
    /// Kasten, that nothing in the files tells Kasten to use a key: no `encryption.primaryKey.awsCmkKeyId`, no Passkey, no
    /// Secret. Silent where some of the release's values are not known.
    ///
    /// ## Why it matters
    /// Kasten then protects its master key by a passphrase of its own making, and the key protects nothing.
    ///
    /// ## How to fix it
    /// Set `encryption.primaryKey.awsCmkKeyId` in the release, or add a Passkey with `awscmkkeyid`; check that file too, if
    /// there is one.
    ///
    /// ## Source
    /// The README of Kasten's chart, `encryption.primaryKey`; Kasten's page on configuring encryption.
    pub HELM_KASTEN_KEY_MISSING = {
        id: "helm-kasten-key-missing", code: None,
        severity: Note, confidence: Medium, persona: Regular,
        summary: "Terraform makes a key for Kasten that nothing tells Kasten to use",
    }
}

/// Keys beside a release of Kasten.
pub(crate) struct KastenKey;

impl Check for KastenKey {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        let mut facts = project.documents.iter().map(|document| &document.facts);
        if facts.any(|facts| !facts.passkeys.is_empty() || !facts.secrets.is_empty()) {
            return;
        }
        for document in project.documents.iter().filter(|document| installs(document)) {
            for key in document.keys.iter().filter(|key| is_meant(key, document)) {
                let name = key.address.as_deref().unwrap_or("this key");
                let message = format!("nothing in these files tells Kasten to use {name}");
                // The whole object is told of: where it opens says so.
                let place = Span { end: (key.span.start + 1).min(key.span.end), ..key.span };
                let help = "set encryption.primaryKey.awsCmkKeyId in the release, or add a Passkey";
                out.push(Finding::new(&HELM_KASTEN_KEY_MISSING, place, message).help(help));
            }
        }
    }
}

/// Whether a file of Terraform's installs Kasten by values that are known, and none of them names a key.
fn installs(document: &Document<'_>) -> bool {
    let mut values = document.facts.values.iter().filter(|values| values.origin == Origin::Terraform).peekable();
    values.peek().is_some() && values.all(|values| values.is_whole && !values.key.is_set())
}

/// Whether a key's address, or the name of an alias of it, is one that Kasten's would have.
fn is_meant(key: &Key, document: &Document<'_>) -> bool {
    let is_kastens = |name: &str| Project::part_by_name(name) == Part::LooksLikeKasten;
    let aliases = document.aliases.iter().filter(|alias| alias.points_to(key));
    key.address.as_deref().is_some_and(is_kastens) || aliases.map(|alias| alias.name.value.as_str()).any(is_kastens)
}
