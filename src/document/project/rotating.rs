//! Rotations to another key that are under way, as the Passkeys of a folder tell them.

use std::collections::BTreeMap;

use super::{Project, alias_name};
use crate::{
    document::{PolicyDocument, kasten::Passkey},
    key::Key,
    policy::PolicyKind,
    source::Spanned,
};

/// A rotation to another key: one Passkey is in use, and one is to be used that names another key.
#[derive(Clone, Copy, Debug)]
pub struct Rotating<'p> {
    /// What the Passkey in use names as its key.
    pub old_id: &'p Spanned<String>,
    /// What the Passkey that is to be used names as its key.
    pub new_id: &'p Spanned<String>,
    /// The key that wraps Kasten's master key now, where a file describes it.
    pub old_key: Option<&'p Key>,
    /// The key that is to wrap it, likewise.
    pub new_key: Option<&'p Key>,
}

impl<'a> Project<'a> {
    /// The rotations to another key that the Passkeys of each folder tell: the one in use and the only one that is to be used,
    /// where they name different keys.
    #[must_use]
    pub fn rotations_under_way(&self) -> Vec<Rotating<'_>> {
        let by_folder = self.passkeys_by_folder();
        by_folder.values().filter_map(|passkeys| self.rotating(passkeys)).collect()
    }

    /// The Passkeys of each folder.
    #[must_use]
    pub fn passkeys_by_folder(&self) -> BTreeMap<&str, Vec<&Passkey>> {
        let mut by_folder: BTreeMap<&str, Vec<&Passkey>> = BTreeMap::new();
        for document in self.documents.iter().filter(|document| !document.facts.passkeys.is_empty()) {
            by_folder.entry(&document.folder).or_default().extend(&document.facts.passkeys);
        }
        by_folder
    }

    fn rotating<'p>(&'p self, passkeys: &[&'p Passkey]) -> Option<Rotating<'p>> {
        let is = |flag: Option<&Spanned<bool>>, value: bool| flag.is_some_and(|flag| flag.value == value);
        let (used, others): (Vec<&Passkey>, Vec<&Passkey>) =
            passkeys.iter().copied().partition(|passkey| is(passkey.in_use.as_ref(), true));
        let (new, idle): (Vec<&Passkey>, Vec<&Passkey>) =
            others.into_iter().partition(|passkey| is(passkey.use_now.as_ref(), true));
        let idle = || idle.iter().copied().filter(|passkey| is(passkey.use_now.as_ref(), false));
        let old = match used[..] {
            [used] => used,
            // What no cluster tells follows from what is to be used no more.
            [] => only(idle())?,
            _ => return None,
        };
        let (old_id, new_id) = (old.key.given()?, only(new.into_iter())?.key.given()?);
        let [old_key, new_key] = [old_id, new_id].map(|id| self.key_meant(&id.value));
        let id = |key: Option<&Key>, id: &Spanned<String>| match key.and_then(Key::id) {
            Some(id) => Some(id.to_owned()),
            None if alias_name(&id.value).is_some() => None,
            None => id.value.rsplit('/').next().map(str::to_owned),
        };
        let differ = id(old_key, old_id)? != id(new_key, new_id)?;
        differ.then_some(Rotating { old_id, new_id, old_key, new_key })
    }

    /// The described key that an id, an ARN or an alias means.
    #[must_use]
    pub fn key_meant(&self, id: &str) -> Option<&Key> {
        if let Some(name) = alias_name(id) {
            let targets = self.aliases_like(name).into_iter().filter(|alias| alias.name.value == name);
            let mut keys = targets.filter_map(|alias| self.key(&alias.target.as_ref()?.value));
            let first = keys.next()?;
            return keys.all(|other| other.id() == first.id()).then_some(first);
        }
        self.key(id.rsplit('/').next()?).filter(|key| self.means(id, key))
    }

    /// The one policy of a key that a file tells to be its own.
    #[must_use]
    pub fn policy_of_key(&self, key: &Key) -> Option<&PolicyDocument<'a>> {
        let id = key.id()?;
        only(self.policies(PolicyKind::Key).filter(|policy| policy.key.as_deref() == Some(id)))
    }
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}
