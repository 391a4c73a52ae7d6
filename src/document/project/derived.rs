//! What files tell of Kasten: who calls, with which key, by which alias.

use super::{Derived, Project};
use crate::{
    document::{
        Document,
        kasten::{CLUSTER_SECRET, Caller, Field, PRIMARY_KEY_SECRET, Passkey, Secret, Values},
    },
    key::Key,
    policy::{AccountId, Arn, Principal},
    source::{Span, Spanned},
};

impl Project<'_> {
    /// Gathers what the documents tell of the workload, its key and its aliases. Source: Kasten's page on IAM roles.
    pub(crate) fn derive(&mut self) {
        self.join_fetched();
        self.join_key_policies();
        let (mut workloads, mut keys, mut aliases) = (Vec::new(), Vec::new(), Vec::new());
        let values: Vec<&Values> = self.documents.iter().flat_map(|document| &document.facts.values).collect();
        for document in &self.documents {
            for (role, field) in roles(document, &values) {
                let principal = role.value.parse().ok().filter(|principal| matches!(principal, Principal::Role(_)));
                let is_new =
                    |principal: &Principal| workloads.iter().all(|known: &Derived| known.principal != *principal);
                if let Some(principal) = principal.filter(is_new) {
                    workloads.push(Derived { principal, place: role.span, folder: document.folder.clone(), field });
                }
            }
            for id in kasten_key_ids(document) {
                let Some(name) = alias_name(&id.value) else {
                    keys.extend(key_named(&id));
                    continue;
                };
                aliases.push(Spanned::new(name.to_owned(), id.span));
            }
        }
        let described: Vec<String> =
            self.keys().filter_map(|key| key.arn.as_ref()).map(|arn| arn.value.clone()).collect();
        let coming: Vec<&Spanned<String>> =
            self.documents.iter().flat_map(|document| &document.facts.coming_keys).collect();
        self.named_at = keys.first().map(|key| key.span).or_else(|| coming.first().map(|key| key.span));
        let coming = coming.into_iter().map(|key| key.value.clone());
        self.named_keys = keys.iter().filter_map(Key::id).map(str::to_owned).chain(coming).collect();
        for key in keys {
            let told = self.derived_keys.iter().filter_map(|key| key.arn.as_ref()).map(|arn| &arn.value);
            let arn = key.arn.as_ref().map(|arn| &arn.value);
            if !described.iter().chain(told).any(|known| Some(known) == arn) {
                self.derived_keys.push(key);
            }
        }
        (self.derived, self.derived_aliases) = (workloads, aliases);
    }

    /// Where files name a workload, if the user has not declared it.
    #[must_use]
    pub fn derivation(&self, workload: &Principal) -> Option<&Derived> {
        let is_declared = self.declared.workloads.contains(workload);
        self.derived.iter().find(|derived| derived.principal == *workload && !is_declared)
    }

    /// The keys that files tell Kasten to use and that no file describes.
    #[must_use]
    pub fn undescribed_keys(&self) -> &[Key] {
        &self.derived_keys
    }

    /// The ids of the keys that files tell Kasten to use by their ARNs.
    #[must_use]
    pub fn named_keys(&self) -> &[String] {
        &self.named_keys
    }

    /// Where files tell Kasten to use a key by its ARN, if they name none by an alias.
    #[must_use]
    pub fn key_named_by_arn(&self) -> Option<Span> {
        self.named_at.filter(|_| self.derived_aliases.is_empty())
    }

    /// The aliases by which files tell Kasten to use its key.
    #[must_use]
    pub fn named_aliases(&self) -> &[Spanned<String>] {
        &self.derived_aliases
    }

    /// Whether anything says that these files are of one workload and its key.
    #[must_use]
    pub fn names_a_workload(&self) -> bool {
        // Files that speak of Kasten may stand among those of others.
        let of_one_folder = |derived: &Derived| self.documents.iter().all(|document| document.folder == derived.folder);
        let by_files = self.derived.first().is_some_and(of_one_folder) && self.keys().nth(1).is_none();
        by_files || !self.declared.workloads.is_empty() || !self.declared.aliases.is_empty()
    }
}

/// The roles that a document gives Kasten, and where it says so; `installed` are the values of all documents.
fn roles<'d>(document: &'d Document<'_>, installed: &[&Values]) -> Vec<(&'d Spanned<String>, &'static str)> {
    let facts = &document.facts;
    let by_values = facts
        .values
        .iter()
        .filter(|values| matches!(values.caller(), Caller::RoleByKeys | Caller::RoleByServiceAccount));
    let is_same = |one: &Field, other: &Field| {
        one.given().is_some_and(|one| other.given().is_some_and(|other| one.value == other.value))
    };
    let named = |name: &Field| facts.values.iter().any(|values| is_same(&values.service_account, name));
    // Another program may have a Secret of the same entries.
    let is_kastens = |secret: &&Secret| {
        let is_named = || installed.iter().any(|values| is_same(&values.client_secret, &secret.name));
        secret.has_access_key() || is_named()
    };
    let accounts = facts.accounts.iter().filter(|account| account.is_kastens() || named(&account.name));
    let fields = by_values.map(|values| (&values.role, "secrets.awsIamRole"));
    let fields = fields.chain(accounts.map(|account| (&account.role, account.by.field())));
    let fields = fields.chain(facts.secrets.iter().filter(is_kastens).map(|secret| (&secret.role, "role")));
    fields.filter_map(|(field, name)| Some((field.given()?, name))).collect()
}

/// The ids of the keys that a document tells Kasten to use: of several Passkeys the one in use, or those that are to be used.
#[must_use]
pub fn kasten_key_ids(document: &Document<'_>) -> Vec<Spanned<String>> {
    let facts = &document.facts;
    let is = |flag: &Option<Spanned<bool>>, value: bool| flag.as_ref().is_some_and(|flag| flag.value == value);
    let in_use = facts.passkeys.iter().any(|passkey| is(&passkey.in_use, true));
    let counts = |passkey: &&Passkey| {
        let may_be = !is(&passkey.use_now, false) && !is(&passkey.in_use, false);
        if in_use { is(&passkey.in_use, true) } else { may_be }
    };
    let names = [CLUSTER_SECRET, PRIMARY_KEY_SECRET];
    let is_read = |secret: &&Secret| secret.name.given().is_some_and(|name| names.contains(&name.value.as_str()));
    let passkeys = facts.passkeys.iter().filter(counts).map(|passkey| &passkey.key);
    let values = facts.values.iter().map(|values| &values.key);
    let secrets = facts.secrets.iter().filter(is_read).map(|secret| &secret.key);
    passkeys.chain(values).chain(secrets).filter_map(Field::given).cloned().collect()
}

/// The name of an alias that stands where a key's id could: as such, or at the end of an ARN.
#[must_use]
pub fn alias_name(id: &str) -> Option<&str> {
    if id.starts_with("alias/") {
        return Some(id);
    }
    let arn = Arn::parse(id).ok().filter(|arn| arn.service == "kms")?;
    arn.resource.starts_with("alias/").then_some(arn.resource)
}

/// A key of which its ARN alone is known.
fn key_named(id: &Spanned<String>) -> Option<Key> {
    let arn = Arn::parse(&id.value).ok().filter(|arn| arn.service == "kms" && arn.resource.starts_with("key/"))?;
    arn.account.parse::<AccountId>().ok()?;
    Some(Key { arn: Some(id.clone()), ..Key::at(id.span) })
}
