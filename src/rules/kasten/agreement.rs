//! What several Passkeys, values and Secrets of one folder must agree on.

use crate::{
    calendar,
    document::{
        Document, Project,
        kasten::{CLUSTER_SECRET, KeySource, Passkey},
    },
    finding::{Confidence, Finding, RuleInfo, Severity},
    policy::Arn,
    rules::{Check, Findings, declare::declare_rules},
    source::{Span, Spanned},
};

declare_rules! { Kasten:
    /// ## What it does
    /// Flags a Passkey for a KMS key without `usenow: true`, where no Passkey of the folder has it.
    ///
    /// ## Why it matters
    /// Kasten goes on with the Passkey that it has: the key is not used.
    ///
    /// ## How to fix it
    /// Write `usenow: true` into the Passkey that is to be used from now on.
    ///
    /// ## Source
    /// Kasten's page on configuring encryption, Passkeys.
    pub PASSKEY_USENOW_MISSING = {
        id: "passkey-usenow-missing", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a Passkey that Kasten is not told to use",
    }

    /// ## What it does
    /// Flags a second Passkey with `usenow: true` in one folder.
    ///
    /// ## Why it matters
    /// Kasten uses the one that was added last, which no file shows.
    ///
    /// ## How to fix it
    /// Leave `usenow: true` in the one that is to be used.
    ///
    /// ## Source
    /// Kasten's page on configuring encryption, Passkeys.
    pub PASSKEY_SEVERAL_USENOW = {
        id: "passkey-several-usenow", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "several Passkeys that are to be used now",
    }

    /// ## What it does
    /// Flags a list of Passkeys, as `kubectl get passkeys -o yaml` prints it, in which none is in use, or more than one; and
    /// the Passkey that was added last with `usenow: true` where an older one is in use.
    ///
    /// ## Why it matters
    /// One Passkey protects Kasten's master key. Until one is in use, what was changed is not in effect.
    ///
    /// ## How to fix it
    /// Look into the log of `crypto-svc`: it says why Kasten could not use the key.
    ///
    /// ## Source
    /// Kasten's page on Passkeys.
    pub PASSKEY_NOT_IN_USE = {
        id: "passkey-not-in-use", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "not exactly one Passkey is in use",
    }

    /// ## What it does
    /// Flags a cluster whose only Passkey is a key of AWS KMS, in what `kubectl get passkeys -o yaml` prints.
    ///
    /// ## Why it matters
    /// With the key all backups are lost.
    ///
    /// ## How to fix it
    /// Keep a Passkey with a passphrase beside it, and the passphrase in a safe place.
    ///
    /// ## Source
    /// Kasten's page on Passkeys.
    pub NO_FALLBACK_PASSKEY = {
        id: "no-fallback-passkey", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "nothing but one KMS key opens the backups",
    }

    /// ## What it does
    /// Flags the Helm value `encryption.primaryKey.awsCmkKeyId` beside the Secret `k10-cluster-passphrase`. Where the two name
    /// different keys this is an error.
    ///
    /// ## Why it matters
    /// The chart makes a Secret of its own from the value. Which of the two Kasten starts with does not show.
    ///
    /// ## How to fix it
    /// Keep one of them.
    ///
    /// ## Source
    /// The templates of Kasten's chart `k10`; Kasten's page on configuring encryption.
    pub TWO_KEY_SOURCES = {
        id: "two-key-sources", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "Kasten's first key is given in two places",
    }

    /// ## What it does
    /// Flags the ARN of Kasten's key where it differs from that of the same key, as `describe-key` tells it, in Region,
    /// account or partition; an alias of another account or Region than the key; and a role of another partition.
    ///
    /// ## Why it matters
    /// The ARN names another key, or none. No principal of one partition can call into another.
    ///
    /// ## How to fix it
    /// Write the ARN as `aws kms describe-key` tells it.
    ///
    /// ## Source
    /// IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)"; KMS Developer Guide, "Aliases in AWS KMS".
    pub KEY_REGION_ACCOUNT_PARTITION = {
        id: "key-region-account-partition", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the key's ARN differs from what other files tell of it",
    }
}

/// What the files of one folder must agree on.
pub(crate) struct Agreement;

impl Check for Agreement {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        let mut folders: Vec<&str> = project
            .documents
            .iter()
            .filter(|document| document.reported && !document.facts.is_empty())
            .map(|document| document.folder.as_str())
            .collect();
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            let documents: Vec<&Document<'_>> =
                project.documents.iter().filter(|document| document.folder == folder).collect();
            use_now(&documents, out);
            two_sources(&documents, out);
            ids(&documents, project, out);
        }
        for document in &project.documents {
            in_use(&document.facts.passkeys, out);
        }
    }
}

fn is_true(flag: Option<&Spanned<bool>>) -> bool {
    flag.is_some_and(|flag| flag.value)
}

fn use_now(documents: &[&Document<'_>], out: &mut Findings<'_>) {
    // In a cluster each was to be used once.
    let written = |passkey: &&Passkey| passkey.in_use.is_none();
    let passkeys: Vec<&Passkey> =
        documents.iter().flat_map(|document| &document.facts.passkeys).filter(written).collect();
    let mut used = passkeys.iter().filter_map(|passkey| passkey.use_now.as_ref()).filter(|flag| flag.value);
    let Some(first) = used.next() else {
        let of_kms = |passkey: &&&Passkey| passkey.sources.iter().any(|(source, _)| *source == KeySource::Kms);
        for passkey in passkeys.iter().filter(of_kms).filter(|passkey| passkey.is_whole) {
            let place = passkey.use_now.as_ref().map_or(passkey.place, |flag| flag.span);
            let finding = Finding::new(&PASSKEY_USENOW_MISSING, place, "Kasten is not told to use this Passkey");
            out.push(finding.help("write `usenow: true` into its spec"));
        }
        return;
    };
    for further in used {
        let message = "a further Passkey that is to be used now";
        let finding = Finding::new(&PASSKEY_SEVERAL_USENOW, further.span, message);
        out.push(
            finding.related(first.span, "the first").help("leave it in one: Kasten uses the one that was added last"),
        );
    }
}

/// What the cluster tells of its Passkeys, all of which stand in one list.
fn in_use(passkeys: &[Passkey], out: &mut Findings<'_>) {
    let is_told = !passkeys.is_empty() && passkeys.iter().all(|passkey| passkey.in_use.is_some());
    if !is_told {
        return;
    }
    let mut used = passkeys.iter().filter(|passkey| is_true(passkey.in_use.as_ref()));
    let (first, second) = (used.next(), used.next());
    let place = |passkey: &Passkey| passkey.in_use.as_ref().map_or(passkey.place, |flag| flag.span);
    match (first, second, passkeys) {
        (None, _, [.., last]) => {
            let finding = Finding::new(&PASSKEY_NOT_IN_USE, place(last), "no Passkey of this list is in use");
            out.push(finding.help("the log of crypto-svc says why: kubectl -n kasten-io logs -l run=crypto-svc"));
        }
        (Some(first), Some(second), _) => {
            let finding = Finding::new(&PASSKEY_NOT_IN_USE, place(second), "more than one Passkey is in use");
            out.push(finding.related(place(first), "the first").help("wait until the change is done, and look again"));
        }
        (Some(only), None, [_, _, ..]) => {
            let Some(newest) = newest(passkeys).filter(|newest| !is_true(newest.in_use.as_ref())) else { return };
            let finding = Finding::new(&PASSKEY_NOT_IN_USE, place(newest), "an older Passkey is in use");
            let finding = finding.related(place(only), "the one in use").confidence(Confidence::Medium);
            out.push(finding.help("the log of crypto-svc says why: kubectl -n kasten-io logs -l run=crypto-svc"));
        }
        (Some(only), None, [_]) if only.sources.iter().any(|(source, _)| *source == KeySource::Kms) => {
            let finding = Finding::new(&NO_FALLBACK_PASSKEY, only.place, "this Passkey is the only one");
            out.push(finding.help("keep a Passkey with a passphrase beside it: with the key all backups are lost"));
        }
        _ => {}
    }
}

/// The Passkey that was added last of those that are to be used: Kasten uses that one.
fn newest(passkeys: &[Passkey]) -> Option<&Passkey> {
    let used = passkeys.iter().filter(|passkey| is_true(passkey.use_now.as_ref()));
    let dated: Option<Vec<_>> =
        used.map(|passkey| Some((calendar::instant(&passkey.created.as_ref()?.value)?, passkey))).collect();
    let dated = dated?;
    let last = dated.iter().map(|(made, _)| *made).max()?;
    let mut newest = dated.into_iter().filter(|(made, _)| *made == last);
    newest.next().filter(|_| newest.next().is_none()).map(|(_, passkey)| passkey)
}

fn two_sources(documents: &[&Document<'_>], out: &mut Findings<'_>) {
    let values = documents.iter().flat_map(|document| &document.facts.values);
    let Some(value) = values.map(|values| &values.key).find(|key| key.is_set()) else { return };
    let mut secrets = documents.iter().flat_map(|document| &document.facts.secrets);
    let is_cluster_secret = |name: &Spanned<String>| name.value == CLUSTER_SECRET;
    let Some(secret) = secrets.find(|secret| secret.name.given().is_some_and(is_cluster_secret)) else { return };
    let Some(place) = value.span() else { return };
    let keys = (value.given(), secret.key.given());
    let differ = matches!(keys, (Some(one), Some(other)) if one.value != other.value);
    let message = if differ {
        "this value and the Secret `k10-cluster-passphrase` name different keys"
    } else {
        "the Secret `k10-cluster-passphrase` gives Kasten's first key too"
    };
    let finding = Finding::new(&TWO_KEY_SOURCES, place, message)
        .related(secret.key.span().unwrap_or(secret.place), "the Secret")
        .help("keep one of the two");
    out.push(if differ { finding.severity(Severity::Error) } else { finding });
}

/// Every id of a KMS key that the documents give Kasten.
fn given_ids<'d>(documents: &'d [&Document<'_>]) -> impl Iterator<Item = &'d Spanned<String>> {
    documents.iter().flat_map(|document| {
        let facts = &document.facts;
        let passkeys = facts.passkeys.iter().map(|passkey| &passkey.key);
        let values = facts.values.iter().map(|values| &values.key);
        passkeys.chain(values).chain(facts.secrets.iter().map(|secret| &secret.key)).filter_map(|key| key.given())
    })
}

fn ids(documents: &[&Document<'_>], project: &Project<'_>, out: &mut Findings<'_>) {
    for id in given_ids(documents) {
        let Ok(arn) = Arn::parse(&id.value) else { continue };
        let described: Vec<&Spanned<String>> =
            project.documents.iter().flat_map(|document| &document.keys).filter_map(|key| key.arn.as_ref()).collect();
        // Which key an alias means is told only where there is one.
        let is_told = described.len() == 1 || !arn.resource.starts_with("alias/");
        let found = described
            .iter()
            .filter(|_| is_told)
            .find_map(|told| Some((difference(&arn, &Arn::parse(&told.value).ok()?)?, told.span)))
            .or_else(|| role_of_another_partition(&arn, documents));
        if let Some((difference, place)) = found {
            let finding = Finding::new(&KEY_REGION_ACCOUNT_PARTITION, id.span, difference);
            out.push(finding.related(place, "told here").help("write the ARN as aws kms describe-key tells it"));
        }
    }
}

/// In what the ARN that Kasten is given differs from that of the key which it must mean.
fn difference(given: &Arn<'_>, described: &Arn<'_>) -> Option<String> {
    let is_alias = given.resource.starts_with("alias/");
    if !is_alias && given.resource != described.resource {
        return None;
    }
    // A key of several Regions has the same id in each.
    let regions_may_differ = given.resource.starts_with("key/mrk-");
    let parts = [
        ("partition", given.partition, described.partition),
        ("account", given.account, described.account),
        ("Region", given.region, described.region),
    ];
    let differs = |(part, one, other): &&(&str, &str, &str)| one != other && !(*part == "Region" && regions_may_differ);
    let (part, one, other) = parts.iter().find(differs)?;
    Some(if is_alias {
        format!("the key is in {part} {other}, and an alias in {one} cannot point to it")
    } else {
        format!("the key is described in {part} {other}, not {one}")
    })
}

fn role_of_another_partition(given: &Arn<'_>, documents: &[&Document<'_>]) -> Option<(String, Span)> {
    let values = documents.iter().flat_map(|document| &document.facts.values).map(|values| &values.role);
    let accounts = documents.iter().flat_map(|document| &document.facts.accounts).map(|account| &account.role);
    let roles = values.chain(accounts).filter_map(|role| role.given());
    roles
        .filter_map(|role| Some((Arn::parse(&role.value).ok()?.partition, role.span)))
        .find(|(partition, _)| *partition != given.partition)
        .map(|(partition, place)| {
            (format!("the key is in partition {}, Kasten's role in {partition}", given.partition), place)
        })
}
