//! The names of Passkeys, of which one follows another.

use std::collections::BTreeMap;

use crate::{
    document::{
        Project,
        kasten::{KeySource, Passkey},
    },
    finding::{Finding, RuleInfo},
    rules::{Check, Findings, declare::declare_rules},
};

declare_rules! { Rotation:
    /// ## What it does
    /// Flags two Passkeys of one name that name different keys: in one file, or one that the cluster shows and one in a file
    /// of the same folder.
    ///
    /// ## Why it matters
    /// Passkeys are served by an aggregated API that knows creation and deletion alone. The second is not created, and Kasten
    /// stays with the key that it has.
    ///
    /// ## How to fix it
    /// Give the new Passkey a name of its own, `kms-key-v2` after `kms-key-v1`.
    ///
    /// ## Source
    /// Kasten's page on changing Passkeys; Veeam Kasten's developers' page on its aggregated APIs.
    pub PASSKEY_NAME_REUSED = {
        id: "passkey-name-reused", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["passkey-name-not-rfc1123"],
        summary: "a Passkey of this name is there already, and names another key",
    }

    /// ## What it does
    /// Flags a Passkey that is to be used and whose number, as in `kms-key-v4`, is not the one after the highest of the others
    /// in the folder.
    ///
    /// ## Why it matters
    /// The numbers then no longer tell in which order the Passkeys were in use, which counts when a restore point brings old
    /// ones back.
    ///
    /// ## How to fix it
    /// Take the next number; if the Passkeys between them were deleted, nothing is wrong.
    ///
    /// ## Source
    /// Kasten's page on changing Passkeys.
    pub PASSKEY_VERSION_GAP = {
        id: "passkey-version-gap", code: None,
        severity: Note, confidence: Medium, persona: Pedantic,
        summary: "the number in a Passkey's name leaves some out",
    }
}

/// The names of a folder's Passkeys.
pub(crate) struct PasskeyNames;

impl Check for PasskeyNames {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for passkeys in project.passkeys_by_folder().values() {
            reused(passkeys, out);
            gaps(passkeys, out);
        }
    }
}

fn reused(passkeys: &[&Passkey], out: &mut Findings<'_>) {
    let mut by_name: BTreeMap<&str, Vec<&Passkey>> = BTreeMap::new();
    for passkey in passkeys {
        by_name.entry(passkey.name.given().map_or("", |name| &name.value)).or_default().push(passkey);
    }
    by_name.remove("");
    for of_name in by_name.values() {
        // What the cluster shows is there already; else the first of a file.
        let Some(first) = of_name.iter().find(|passkey| passkey.in_use.is_some()).or(of_name.first()) else { continue };
        for second in of_name.iter().filter(|second| second.in_use.is_none() && second.place != first.place) {
            let is_shown = first.in_use.is_some() || first.place.source == second.place.source;
            let (Some(name), true) = (second.name.given(), is_shown && differ(first, second)) else { continue };
            let message = format!("a Passkey `{}` is there already, and names another key", name.value);
            let finding = Finding::new(&PASSKEY_NAME_REUSED, name.span, message);
            let there = first.key.span().unwrap_or(first.place);
            out.push(
                finding.related(there, "its key").help("give the new one another name: Passkeys cannot be changed"),
            );
        }
    }
}

/// Whether both are known, and are protected by different things.
fn differ(one: &Passkey, other: &Passkey) -> bool {
    let sources = |passkey: &Passkey| passkey.sources.iter().map(|(source, _)| *source).collect::<Vec<KeySource>>();
    let (of_one, of_other) = (sources(one), sources(other));
    if of_one.is_empty() || of_other.is_empty() {
        return false;
    }
    match (one.key.given(), other.key.given()) {
        (Some(one), Some(other)) => one.value != other.value,
        _ => of_one != of_other,
    }
}

/// A name and the number at its end, as in `kms-key-v4`.
fn numbered(passkey: &Passkey) -> Option<(&str, u64)> {
    let name = passkey.name.given()?.value.as_str();
    let end = name.trim_end_matches(|character: char| character.is_ascii_digit());
    let base = end.strip_suffix('v')?;
    base.ends_with(['-', '_']).then_some((base, name.get(end.len()..)?.parse().ok()?))
}

fn gaps(passkeys: &[&Passkey], out: &mut Findings<'_>) {
    let mut numbers: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (base, number) in passkeys.iter().filter_map(|passkey| numbered(passkey)) {
        numbers.entry(base).or_default().push(number);
    }
    for passkey in passkeys {
        let is_new = passkey.use_now.as_ref().is_some_and(|flag| flag.value)
            && passkey.in_use.as_ref().is_none_or(|flag| !flag.value);
        let (Some((base, number)), Some(name), true) = (numbered(passkey), passkey.name.given(), is_new) else {
            continue;
        };
        let before = numbers.get(base).into_iter().flatten().filter(|other| **other < number).max();
        if let Some(before) = before.filter(|before| number - **before > 1) {
            let message = format!("`{}` comes after `{base}v{before}`", name.value);
            let finding = Finding::new(&PASSKEY_VERSION_GAP, name.span, message);
            out.push(finding.help(format!("name it {base}v{}, if none between them was in use", before + 1)));
        }
    }
}
