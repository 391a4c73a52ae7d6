//! The order in which a plan takes the old key out of Kasten's reach.

use crate::{
    document::{
        Document, Moved, PolicyDocument, Project,
        kasten::{Changed, Deed, Thing},
    },
    finding::{Finding, RuleInfo},
    policy::{PolicyKind, glob},
    rules::{
        Check, Findings,
        declare::declare_rules,
        kasten::standing::{Certainty, decrypts},
    },
    source::Span,
};

use super::planned::naming;

declare_rules! { Rotation:
    /// ## What it does
    /// Flags a Terraform plan that moves an alias away from the key which a Passkey still names, where Kasten's policies let it
    /// decrypt with that key by this alias alone. The simulator is asked with the alias and without it.
    ///
    /// ## Why it matters
    /// Kasten wraps its master key anew only for a new Passkey, and has to decrypt with the old key for that. Once the alias
    /// has moved, it may not: no backup is written or restored.
    ///
    /// ## How to fix it
    /// Give the old key a second alias that the policies name too, wait five minutes, and let both stay until the new Passkey is
    /// in use and no restore point needs the old key. `kpl kasten rotate-plan` gives the order.
    ///
    /// ## Source
    /// KMS Developer Guide, "Use aliases to control access to KMS keys"; "Rotate keys manually".
    pub ALIAS_MOVED_BEFORE_REWRAP = {
        id: "alias-moved-before-rewrap", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "the alias by which Kasten reaches its key is moved while a Passkey names the key",
    }

    /// ## What it does
    /// Flags a Terraform plan that destroys a key and, in the same run, the Passkey that names it, where the Passkey does not
    /// depend on the key: Terraform may then destroy the key first.
    ///
    /// ## Why it matters
    /// KMS refuses every use of a key whose deletion is scheduled. If Kasten still uses the Passkey, it is cut off, and it
    /// does not delete a Passkey that is in use.
    ///
    /// ## How to fix it
    /// Delete the Passkey in a run of its own, look that the new one is in use, disable the old key, and destroy it once no
    /// restore point needs it.
    ///
    /// ## Source
    /// Kasten's page on Passkeys; Terraform documentation, "Destroy resources": what depends on another is destroyed first.
    pub DELETION_BEFORE_PASSKEY_REMOVED = {
        id: "deletion-before-passkey-removed", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a key may be gone before the Passkey that names it",
    }
}

/// What a plan does to Kasten's old key, and when.
pub(crate) struct RotationOrder;

impl Check for RotationOrder {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for document in project.documents.iter().filter(|document| document.reported) {
            let Some(plan) = &document.plan else { continue };
            plan.moved.iter().for_each(|moved| alias(moved, document, project, out));
            for change in document.facts.changes.iter().filter(|change| is_removed(change)) {
                passkey(change, document, out);
            }
        }
    }
}

fn is_removed(change: &Changed) -> bool {
    let is_gone = change.deed == Deed::Removed || (change.deed == Deed::Replaced && !change.keeps_name);
    change.thing == Thing::Passkey && is_gone
}

/// Whether a Passkey names a key by its id or its ARN.
fn names(change: &Changed, id: &str) -> bool {
    change.key.given().is_some_and(|key| key.value.rsplit('/').next() == Some(id))
}

fn alias(moved: &Moved, document: &Document<'_>, project: &Project<'_>, out: &mut Findings<'_>) {
    let removed = document.facts.changes.iter().filter(|change| is_removed(change));
    let gone = removed.filter(|change| names(change, &moved.from)).find_map(|change| change.key.span());
    let Some(place) = naming(&moved.from, project).or(gone).filter(|_| !is_another_in_use(&moved.from, project)) else {
        return;
    };
    let Some(key) = policy_of(&moved.from, project) else {
        let reason = "which policy the key has from which the alias moves cannot be told";
        return out.not_evaluated_at(&ALIAS_MOVED_BEFORE_REWRAP, moved.place, reason);
    };
    let left = aliases_of(&moved.from, project);
    let before: Vec<&str> = left.iter().copied().chain([moved.name.as_str()]).collect();
    let perhaps: Vec<&str> = left.iter().copied().chain(unlisted(moved, project)).collect();
    let [before, after, perhaps] = [&before, &left, &perhaps].map(|aliases| decrypts(project, key, aliases));
    for ((before, after), perhaps) in before.iter().zip(&after).zip(&perhaps) {
        match (before.1, after.1, perhaps.1) {
            (Some(Certainty::Yes), Some(Certainty::No), Some(Certainty::No)) => {
                out.push(cut_off(moved, before.0, (key, place)));
            }
            // It had no access before, or needs no alias.
            (Some(Certainty::No), ..) | (_, Some(Certainty::Yes), _) => {}
            _ => {
                let reason = "these files do not decide whether Kasten reaches the old key without the alias";
                out.not_evaluated_at(&ALIAS_MOVED_BEFORE_REWRAP, moved.place, reason);
            }
        }
    }
}

fn cut_off(moved: &Moved, who: &str, (key, place): (&PolicyDocument<'_>, Span)) -> Finding {
    let message =
        format!("`{}` moves while Kasten still needs the old key, which it reaches by this alias", moved.name);
    Finding::new(&ALIAS_MOVED_BEFORE_REWRAP, moved.place, message)
        .related(place, "names the old key")
        .related(key.policy.span, format!("leaves it to `{who}`'s own policies"))
        .help("give the old key a second alias that the policies name; kpl kasten rotate-plan gives the order")
}

/// Whether the cluster says that a Passkey with another key is in use.
fn is_another_in_use(id: &str, project: &Project<'_>) -> bool {
    let passkeys = project.documents.iter().flat_map(|document| &document.facts.passkeys);
    let mut used = passkeys.filter(|passkey| passkey.in_use.as_ref().is_some_and(|flag| flag.value));
    used.any(|passkey| passkey.key.given().is_none_or(|key| key.value.rsplit('/').next() != Some(id)))
}

/// The policy of a key: the one that a file tells to be its own, else the only one there is.
fn policy_of<'p, 'a>(id: &str, project: &'p Project<'a>) -> Option<&'p PolicyDocument<'a>> {
    let all = || project.policies(PolicyKind::Key);
    let mut own = all().filter(|policy| policy.key.as_deref() == Some(id));
    match (own.next(), own.next()) {
        (Some(one), None) => Some(one),
        (None, _) => all().next().filter(|only| only.key.is_none() && all().nth(1).is_none()),
        (Some(_), Some(_)) => None,
    }
}

/// The aliases that a key has once the plan is done.
fn aliases_of<'p>(id: &str, project: &'p Project<'_>) -> Vec<&'p str> {
    let listed = project.documents.iter().flat_map(|document| &document.aliases);
    let of_key =
        listed.filter(|alias| alias.target.as_ref().is_some_and(|target| target.value.rsplit('/').next() == Some(id)));
    of_key.map(|alias| alias.name.value.as_str()).collect()
}

/// Aliases that policies name and no file lists: the old key may have them.
fn unlisted<'p>(moved: &Moved, project: &'p Project<'_>) -> Vec<&'p str> {
    if !project.whole_lists().is_empty() {
        return Vec::new();
    }
    let listed = || project.documents.iter().flat_map(|document| &document.aliases);
    let policies = project.policies(PolicyKind::Identity).chain(project.policies(PolicyKind::Key));
    let rows = policies.flat_map(|policy| &policy.policy.statements).flat_map(|statement| &statement.conditions);
    let values = rows.filter(|row| row.key.value.is("kms:ResourceAliases")).flat_map(|row| &row.values.read);
    let is_known = |name: &str| name == moved.name || listed().any(|alias| alias.name.value == name);
    // A pattern may mean an alias that only begins like one that is known.
    values.map(|value| value.value.as_str()).filter(|value| glob::is_pattern(value) || !is_known(value)).collect()
}

fn passkey(change: &Changed, document: &Document<'_>, out: &mut Findings<'_>) {
    let destroyed = document.plan.iter().flat_map(|plan| &plan.destroyed);
    let Some(key) = destroyed.into_iter().find(|key| key.id.as_deref().is_some_and(|id| names(change, id))) else {
        return;
    };
    // Where everything is destroyed, that is meant.
    if document.resources.is_empty() && document.policies.is_empty() {
        return;
    }
    let Some(needs) = &change.needs else {
        let reason = "the plan does not tell what the Passkey depends on";
        return out.not_evaluated_at(&DELETION_BEFORE_PASSKEY_REMOVED, change.place, reason);
    };
    // The state tells dependencies without an index.
    let without_index = key.address.strip_suffix(']').and_then(|address| address.rsplit_once('[')).map(|(of, _)| of);
    let is_after = |address: &String| *address == key.address || Some(address.as_str()) == without_index;
    if needs.iter().any(is_after) {
        return;
    }
    let name = change.name.given().map_or("the Passkey", |name| name.value.as_str());
    let message = format!("the key may be destroyed before `{name}`, which names it");
    let finding = Finding::new(&DELETION_BEFORE_PASSKEY_REMOVED, key.place, message)
        .related(change.place, "the Passkey is removed in the same run");
    out.push(finding.help("remove the Passkey in a run of its own, once another is in use; then disable the key"));
}
