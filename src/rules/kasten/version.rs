//! The version of Kasten's chart.

use crate::{
    document::{
        Document, Project,
        kasten::{Facts, KeySource},
    },
    finding::{Finding, RuleInfo},
    rules::{Check, Findings, declare::declare_rules},
};

declare_rules! { Kasten:
    /// ## What it does
    /// Flags a release of Kasten's chart before 4.0.13 in a folder that gives Kasten a key of AWS KMS.
    ///
    /// ## Why it matters
    /// It does not know AWS KMS: backups are encrypted with a passphrase, or not at all.
    ///
    /// ## How to fix it
    /// Install a later version.
    ///
    /// ## Source
    /// Kasten's page on protecting snapshots with AWS KMS.
    pub KASTEN_VERSION_TOO_OLD = {
        id: "kasten-version-too-old", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "this version of Kasten does not know AWS KMS",
    }
}

/// The version of Kasten's chart.
pub(crate) struct KastenVersion;

/// The first version with AWS KMS.
const FIRST: [u32; 3] = [4, 0, 13];

impl Check for KastenVersion {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for document in project.documents.iter().filter(|document| document.reported) {
            for values in &document.facts.values {
                let Some(version) = values.version.given() else { continue };
                let is_old = parsed(&version.value).is_some_and(|version| version < FIRST);
                let near = |other: &&Document<'_>| other.folder == document.folder;
                if is_old && project.documents.iter().filter(near).any(|other| gives_key(&other.facts)) {
                    let message = format!("Kasten {} does not know AWS KMS", version.value);
                    let finding = Finding::new(&KASTEN_VERSION_TOO_OLD, version.span, message);
                    out.push(finding.help("install 4.0.13 or later"));
                }
            }
        }
    }
}

/// A version of three numbers; a range is none.
fn parsed(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.strip_prefix('v').unwrap_or(text).split('.').map(|part| part.parse().ok());
    let version = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(version)
}

fn gives_key(facts: &Facts) -> bool {
    let by_passkey =
        facts.passkeys.iter().flat_map(|passkey| &passkey.sources).any(|(source, _)| *source == KeySource::Kms);
    by_passkey
        || facts.values.iter().any(|values| values.key.is_set())
        || facts.secrets.iter().any(|secret| secret.key.is_set())
}
