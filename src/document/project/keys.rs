//! The keys of a project: which one a policy, a rotation or an alias means, and whose they are.

use std::collections::HashMap;

use super::{Project, alias_name, kasten_key_ids};
use crate::{
    document::PolicyDocument,
    key::{Key, Rotation},
    policy::{AccountId, Arn, PolicyKind},
    source::Span,
};

impl Project<'_> {
    /// The ids of the described keys that the workload uses, by an alias that was declared or by what files tell Kasten.
    pub(super) fn used_keys(&self) -> Vec<String> {
        let derived = self.derived_aliases.iter().map(|alias| alias.value.as_str());
        let names: Vec<&str> = self.declared.aliases.iter().map(String::as_str).chain(derived).collect();
        let listed = self.documents.iter().flat_map(|document| &document.aliases);
        let aliases = listed.filter(|alias| names.contains(&alias.name.value.as_str()));
        let ids = aliases.filter_map(|alias| alias.target.as_ref()).map(|id| &id.value);
        ids.chain(&self.named_keys).cloned().collect()
    }

    /// Whether a key is one that the workload uses: by its alias, by what files tell Kasten, or as the only one there is.
    #[must_use]
    pub fn is_workloads_key(&self, key: &Key) -> bool {
        let ids = &self.summary().workloads_keys;
        let is_only = || ids.is_empty() && self.keys().nth(1).is_none();
        self.names_a_workload() && (key.id().is_some_and(|id| ids.iter().any(|used| used == id)) || is_only())
    }

    /// Where files tell Kasten to use a key, by itself or by an alias of it.
    #[must_use]
    pub fn kastens_naming(&self, key: &Key) -> Option<Span> {
        let ids = self.documents.iter().flat_map(kasten_key_ids);
        ids.into_iter().find(|id| self.means(&id.value, key)).map(|id| id.span)
    }

    /// Whether an id, an ARN or an alias means a key.
    pub(super) fn means(&self, id: &str, key: &Key) -> bool {
        if let Some(name) = alias_name(id) {
            let mut listed = self.documents.iter().flat_map(|document| &document.aliases);
            return listed.any(|alias| alias.name.value == name && alias.points_to(key));
        }
        match &key.arn {
            Some(arn) if id.starts_with("arn:") => arn.value == id,
            _ => key.id().is_some_and(|own| own == id.rsplit('/').next().unwrap_or(id)),
        }
    }

    /// The key that a policy belongs to: the one that its file tells, else the only one that is described.
    #[must_use]
    pub fn key_of_policy(&self, policy: &PolicyDocument<'_>) -> Option<&Key> {
        match &policy.key {
            Some(id) => self.key(id),
            None => self.only_key(),
        }
    }

    /// Every key that is described, or that files tell Kasten to use.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.documents.iter().flat_map(|document| &document.keys).chain(&self.derived_keys)
    }

    /// The key of which a rotation is told: by its id, or, where no id is told, the only one that is described.
    #[must_use]
    pub fn key_of(&self, rotation: &Rotation) -> Option<&Key> {
        let Some(told) = &rotation.key else { return self.only_key() };
        let id = told.value.rsplit('/').next();
        self.key(&told.value).or_else(|| self.key(id?))
    }

    /// The account that owns the key: what was declared, else the one that every described key names.
    #[must_use]
    pub fn owner(&self) -> Option<AccountId> {
        self.declared.account.or_else(|| self.summary().owner)
    }

    /// Where each key stands, by its id: its document, or past the last the derived ones, and its number there.
    pub(super) fn key_places(&self) -> HashMap<String, (usize, usize)> {
        let mut places = HashMap::new();
        let lists = self.documents.iter().map(|document| &document.keys).chain([&self.derived_keys]);
        for (list, keys) in lists.enumerate() {
            for (number, key) in keys.iter().enumerate() {
                if let Some(id) = key.id() {
                    places.entry(id.to_owned()).or_insert((list, number));
                }
            }
        }
        places
    }

    /// The key of an id.
    pub(super) fn key(&self, id: &str) -> Option<&Key> {
        let (list, number) = self.summary().by_id.get(id)?;
        self.documents.get(*list).map_or(&self.derived_keys, |document| &document.keys).get(*number)
    }

    pub(super) fn every_owner(&self) -> Option<AccountId> {
        // Where more key policies than keys are given, which policy a described key has cannot be told.
        if self.policies(PolicyKind::Key).count() > self.keys().count() {
            return None;
        }
        let mut accounts = self.keys().filter_map(key_account);
        let first = accounts.next()?;
        accounts.all(|account| account == first).then_some(first)
    }

    /// The one key that is described, where there is one key policy at most.
    #[must_use]
    pub fn only_key(&self) -> Option<&Key> {
        let mut keys = self.keys();
        let (first, second) = (keys.next(), keys.next());
        first.filter(|_| second.is_none() && self.summary().has_one_policy)
    }

    /// The aliases of the key: those declared, and those listed for a described key. Empty where nothing tells.
    #[must_use]
    pub fn aliases(&self) -> Vec<&str> {
        let is_described = |target: &str| self.key(target).is_some();
        let listed = self.documents.iter().flat_map(|document| &document.aliases);
        let listed = listed.filter(|alias| alias.target.as_ref().is_some_and(|target| is_described(&target.value)));
        let declared = self.declared.aliases.iter().map(String::as_str);
        let derived = self.derived_aliases.iter().map(|alias| alias.value.as_str());
        declared.chain(listed.map(|alias| alias.name.value.as_str())).chain(derived).collect()
    }
}

fn key_account(key: &Key) -> Option<AccountId> {
    let from_arn = || Arn::parse(&key.arn.as_ref()?.value).ok()?.account.parse().ok();
    key.account.as_ref().and_then(|account| account.value.parse().ok()).or_else(from_arn)
}
