//! The key, its alias, and the Passkey that names it.

use crate::{
    document::{
        alias_name,
        kasten::{CLUSTER_SECRET, Field, PRIMARY_KEY_SECRET},
    },
    key::{Key, KeyFamily},
    policy::{Statement, glob},
    rules::kasten::standing::{Certainty, Gets, Standing},
    source::Span,
};

use super::set_up::{Told, View, ok, unknown};

/// Whether the key can encrypt and decrypt.
pub(super) fn key(view: &View<'_, '_>) -> Told {
    let described = described(view);
    let Some(key) = described.first() else {
        let named = view.project.undescribed_keys().first().and_then(Key::id);
        let id = named.map(|id| format!(" --key-id {id}")).unwrap_or_default();
        return unknown(format!("no file describes the key; `aws kms describe-key{id}` would tell"));
    };
    if described.len() > 1 {
        return unknown("several keys are described, and nothing tells which one Kasten uses");
    }
    // A plan or a state tells the state of a key only where it is not enabled.
    let is_enabled = match &key.state {
        Some(state) => Some(state.value == "Enabled"),
        None => key.address.as_ref().map(|_| true),
    };
    let usage = key.usage.as_ref().map(|usage| usage.value == "ENCRYPT_DECRYPT");
    match (key.family().map(|family| family == KeyFamily::Symmetric), usage, is_enabled) {
        (Some(true), None | Some(true), Some(true)) => ok("symmetric and enabled"),
        (Some(true), None | Some(true), None) => {
            unknown("symmetric; `aws kms describe-key` would tell whether it is enabled")
        }
        _ => unknown("its spec, usage or state is not told; `aws kms describe-key` would tell"),
    }
}

/// The described keys that the workload uses; where nothing tells which, all.
fn described<'r>(view: &View<'r, '_>) -> Vec<&'r Key> {
    let all = || view.project.documents.iter().flat_map(|document| &document.keys);
    let used: Vec<&Key> = all().filter(|key| is_used(view, key)).collect();
    if used.is_empty() && view.project.undescribed_keys().is_empty() { all().collect() } else { used }
}

/// Whether Kasten is told to use a key, or the workload uses it.
fn is_used(view: &View<'_, '_>, key: &Key) -> bool {
    let is_named = key.id().is_some_and(|id| view.project.named_keys().iter().any(|named| named == id));
    is_named || view.project.is_workloads_key(key)
}

/// Whether a place is where the workload's key is described.
pub(super) fn is_of_the_key(view: &View<'_, '_>, at: Span) -> bool {
    let keys = described(view);
    let same_file = |key: &&&Key| key.span.source == at.source;
    keys.iter().filter(same_file).any(|key| key.address.is_none() || key.span.contains(at))
}

/// Whether the alias that policies or Kasten name is one of the key's.
pub(super) fn alias(view: &View<'_, '_>) -> Told {
    let project = view.project;
    let mut asked: Vec<&str> = project.named_aliases().iter().map(|alias| alias.value.as_str()).collect();
    asked.extend(project.declared.aliases.iter().map(String::as_str));
    let policies = view.own_policies().into_iter().chain(view.key_policies());
    let policies: Vec<_> = policies.collect();
    let statements = policies.iter().flat_map(|policy| &policy.policy.statements);
    asked.extend(statements.filter(|statement| statement.allows()).flat_map(in_conditions));
    if asked.is_empty() {
        return match policies[..] {
            [] => unknown("no policy and no Passkey among these files names one"),
            _ if lacks_own_policies(view) => {
                unknown("no file names one; the policies of the role or user, which may, are not among these files")
            }
            _ => ok("no policy and no Passkey names one: none is needed"),
        };
    }
    let ids: Vec<&str> = project.keys().filter(|key| is_used(view, key)).filter_map(Key::id).collect();
    let listed: Vec<_> = project.documents.iter().flat_map(|document| &document.aliases).collect();
    let of_key =
        listed.iter().filter(|alias| alias.target.as_ref().is_some_and(|target| ids.contains(&target.value.as_str())));
    let mut fitting = of_key.filter(|alias| asked.iter().any(|asked| glob::matches(asked, &alias.name.value)));
    if let Some(alias) = fitting.next() {
        return ok(format!("`{}` points to the key", alias.name.value));
    }
    let first = asked.first().copied().unwrap_or_default();
    // An alias of the same name elsewhere means another key.
    let is_elsewhere = listed.iter().any(|alias| glob::matches(first, &alias.name.value));
    let region = project.keys().filter(|key| is_used(view, key)).find_map(region).filter(|_| is_elsewhere);
    let (at, of) = region.map_or_else(Default::default, |at| (format!(" in {at}"), format!(" --region {at}")));
    unknown(format!("no file tells to which key `{first}` points{at}; `aws kms list-aliases{of}` would tell"))
}

/// Whether access may rest on policies of the role or the user that no file holds.
fn lacks_own_policies(view: &View<'_, '_>) -> bool {
    let needs_none = |gets: &Gets| gets.by_name == Certainty::Yes && !gets.foreign;
    let lacks =
        |workload: &Standing<'_, '_>| workload.own.is_empty() && !workload.gets.as_ref().is_some_and(needs_none);
    if view.workloads.is_empty() { view.own_policies().is_empty() } else { view.workloads.iter().any(lacks) }
}

/// The Region of a key, where its ARN is told.
fn region(key: &Key) -> Option<&str> {
    key.arn.as_ref()?.value.split(':').nth(3)
}

fn in_conditions(statement: &Statement) -> impl Iterator<Item = &str> {
    let on_alias = ["kms:ResourceAliases", "kms:RequestAlias"];
    let rows = statement.conditions.iter().filter(move |row| on_alias.iter().any(|key| row.key.value.is(key)));
    rows.flat_map(|row| &row.values.read).map(|value| value.value.as_str())
}

/// Whether a Passkey or the first Secret names the key.
pub(super) fn passkey(view: &View<'_, '_>) -> Told {
    let facts = || view.project.documents.iter().map(|document| &document.facts);
    let names = [CLUSTER_SECRET, PRIMARY_KEY_SECRET];
    let is_read = |name: &Field| name.given().is_some_and(|name| names.contains(&name.value.as_str()));
    let secrets = || facts().flat_map(|facts| &facts.secrets).filter(|secret| is_read(&secret.name));
    let passkeys = || facts().flat_map(|facts| &facts.passkeys);
    let keys = passkeys().map(|passkey| (&passkey.key, "the Passkey"));
    let keys = keys.chain(secrets().map(|secret| (&secret.key, "the Secret")));
    let keys = keys.chain(facts().flat_map(|facts| &facts.values).map(|values| (&values.key, "encryption.primaryKey")));
    let given: Vec<_> = keys.filter(|(key, _)| key.is_set()).collect();
    match given[..] {
        [] if passkeys().next().is_some() || secrets().next().is_some() => {
            unknown("it names no key of KMS: another secret protects the master key")
        }
        [] => unknown("no Passkey among these files; `kubectl get passkeys.vault.kio.kasten.io -o yaml` would tell"),
        [(key, who), ..] => match key.given().map(|key| key.value.as_str()) {
            Some(id) => {
                ok(format!("{who} names {}", if alias_name(id).is_some() { "the key's alias" } else { "the key" }))
            }
            None => unknown("the key that it names is not told by these files"),
        },
    }
}
