//! The documents of a run, joined, with what the user has declared of them.

mod listed;

use std::{collections::HashMap, sync::OnceLock};

pub use self::listed::KastensKey;
use self::listed::Listed;

use super::{
    Document, PolicyDocument,
    kasten::{CLUSTER_SECRET, Caller, Field, PRIMARY_KEY_SECRET, Passkey, Secret},
};
use crate::{
    key::{Grant, Key, KeyGrant, Rotation},
    policy::{AccountId, Arn, PolicyKind, Principal},
    source::{Span, Spanned},
};

/// What the user says that the files do not.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// The account that owns what is checked.
    pub account: Option<AccountId>,
    /// Who uses the key.
    pub workloads: Vec<Principal>,
    /// Who may administer the key.
    pub admins: Vec<Principal>,
    /// The aliases that conditions must name, `alias/` included.
    pub aliases: Vec<String>,
    /// Other accounts that are meant to have access.
    pub trusted_accounts: Vec<AccountId>,
    /// Organisations whose accounts are meant to have access, `o-…`.
    pub trusted_orgs: Vec<String>,
    /// The Region of the key.
    pub region: Option<String>,
    /// The partition.
    pub partition: Option<String>,
    /// What a resource policy hangs on, as CloudFormation names it, such as `AWS::S3::Bucket`.
    pub resource_type: Option<String>,
}

/// The documents of a run, in the order of their files.
#[derive(Debug, Default)]
pub struct Project<'a> {
    /// The files understood.
    pub documents: Vec<Document<'a>>,
    /// What the user has declared.
    pub declared: Declared,
    /// Who uses the key by what files tell of Kasten.
    pub derived: Vec<Derived>,
    /// The keys that files tell Kasten to use and that no file describes.
    derived_keys: Vec<Key>,
    /// The aliases by which files tell Kasten to use its key.
    derived_aliases: Vec<Spanned<String>>,
    /// The ids of the keys that files tell Kasten to use.
    named_keys: Vec<String>,
    /// Where the first of them is named.
    named_at: Option<Span>,
    /// What follows from all documents together, found once: a state may hold thousands of keys.
    summary: OnceLock<Summary>,
    /// What files list of aliases, found once.
    listed: OnceLock<Listed>,
}

/// What follows from all documents of a run together.
#[derive(Debug, Default)]
struct Summary {
    /// The account that owns every key.
    owner: Option<AccountId>,
    /// Where each key stands in the order of [`Project::keys`], by its id.
    by_id: HashMap<String, (usize, usize)>,
    /// The ids of the keys that the workload uses.
    workloads_keys: Vec<String>,
    /// Whether there is one key policy at most.
    has_one_policy: bool,
}

/// The grants on a key.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// Those that are known.
    pub known: Vec<Grant>,
    /// Whether there is another, on this key or for all that is known, that may be for anyone and anything.
    pub is_open: bool,
}

/// A workload that files name.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The principal.
    pub principal: Principal,
    /// Where it is named.
    pub place: Span,
    /// The folder of the file.
    pub folder: String,
    /// In which field.
    pub field: &'static str,
}

/// A principal's part in a set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It was declared as an administrator of the key.
    Admin,
    /// It was declared as the workload.
    Workload,
    /// Its name alone makes it look like Kasten's.
    LooksLikeKasten,
    /// Nothing is known of it.
    Unknown,
}

impl<'a> Project<'a> {
    /// A project without documents.
    #[must_use]
    pub fn new(declared: Declared) -> Self {
        Self { declared, ..Self::default() }
    }

    /// Gathers what the documents tell of the workload, its key and its aliases. Source: Kasten's page on IAM roles.
    pub(crate) fn derive(&mut self) {
        let (mut workloads, mut keys, mut aliases) = (Vec::new(), Vec::new(), Vec::new());
        for document in &self.documents {
            for (role, field) in roles(document) {
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
        self.named_at = keys.first().map(|key| key.span);
        self.named_keys = keys.iter().filter_map(Key::id).map(str::to_owned).collect();
        for key in keys {
            let told = self.derived_keys.iter().filter_map(|key| key.arn.as_ref()).map(|arn| &arn.value);
            let arn = key.arn.as_ref().map(|arn| &arn.value);
            if !described.iter().chain(told).any(|known| Some(known) == arn) {
                self.derived_keys.push(key);
            }
        }
        (self.derived, self.derived_aliases) = (workloads, aliases);
    }

    /// Who uses the key: those declared, and those that files name.
    pub fn workloads(&self) -> impl Iterator<Item = &Principal> {
        let derived = self.derived.iter().map(|derived| &derived.principal);
        let declared = &self.declared.workloads;
        declared.iter().chain(derived.filter(|principal| !declared.contains(principal)))
    }

    /// Where files name a workload, if the user has not declared it.
    #[must_use]
    pub fn derivation(&self, workload: &Principal) -> Option<&Derived> {
        let is_declared = self.declared.workloads.contains(workload);
        self.derived.iter().find(|derived| derived.principal == *workload && !is_declared)
    }

    /// The policies of one kind that may concern a workload: where files name it, those of its folder, if there are any.
    #[must_use]
    pub fn policies_for(&self, workload: &Principal, kind: PolicyKind) -> Vec<&PolicyDocument<'a>> {
        let folder = self.derivation(workload).map(|derived| derived.folder.as_str());
        let of_kind = |document: &'_ Document<'a>| document.policies.iter().any(|policy| policy.kind == kind);
        let has_own =
            |folder: &str| self.documents.iter().any(|document| document.folder == folder && of_kind(document));
        let folder = folder.filter(|folder| has_own(folder));
        let near = self.documents.iter().filter(|document| folder.is_none_or(|folder| document.folder == folder));
        let all: Vec<_> = near.flat_map(|document| &document.policies).filter(|policy| policy.kind == kind).collect();
        let ids = &self.summary().workloads_keys;
        let of_key = |policy: &&PolicyDocument<'_>| policy.key.as_ref().is_some_and(|key| ids.contains(key));
        if kind == PolicyKind::Key && all.len() > 1 && all.iter().any(of_key) {
            return all.into_iter().filter(of_key).collect();
        }
        all
    }

    /// The ids of the described keys that the workload uses, by an alias that was declared or by what files tell Kasten.
    fn used_keys(&self) -> Vec<String> {
        let derived = self.derived_aliases.iter().map(|alias| alias.value.as_str());
        let names: Vec<&str> = self.declared.aliases.iter().map(String::as_str).chain(derived).collect();
        let listed = self.documents.iter().flat_map(|document| &document.aliases);
        let aliases = listed.filter(|alias| names.contains(&alias.name.value.as_str()));
        let ids = aliases.filter_map(|alias| alias.target.as_ref()).map(|id| &id.value);
        ids.chain(&self.named_keys).cloned().collect()
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
    fn means(&self, id: &str, key: &Key) -> bool {
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

    /// Every grant that is told of.
    pub fn grants(&self) -> impl Iterator<Item = &KeyGrant> {
        self.documents.iter().flat_map(|document| &document.grants)
    }

    /// The grants on the key that a policy belongs to. Where it cannot be told which key that is, none is taken for certain.
    #[must_use]
    pub fn grants_beside(&self, policy: &PolicyDocument<'_>) -> Grants {
        let id = policy.key.as_deref().or_else(|| self.only_key().and_then(Key::id));
        let mut listed = self.grants().filter_map(|grant| grant.key.as_deref());
        let first = listed.next();
        let only = first.filter(|first| listed.all(|other| other == *first) && self.summary().has_one_policy);
        let mut grants = Grants::default();
        for grant in self.grants() {
            let is_of_key = match (id.or(only), grant.key.as_deref()) {
                (Some(id), Some(key)) if id == key => Some(true),
                (Some(id), Some(key)) if crate::key::is_key_id(id) == crate::key::is_key_id(key) => Some(false),
                _ => None,
            };
            match is_of_key {
                Some(true) if !grant.is_open => grants.known.push(grant.grant.clone()),
                Some(false) => {}
                Some(true) | None => grants.is_open = true,
            }
        }
        grants
    }

    /// Every policy of one kind.
    pub fn policies(&self, kind: PolicyKind) -> impl Iterator<Item = &PolicyDocument<'a>> {
        self.documents.iter().flat_map(|document| &document.policies).filter(move |policy| policy.kind == kind)
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

    /// The account that owns the key: what was declared, else the one that every described key names.
    #[must_use]
    pub fn owner(&self) -> Option<AccountId> {
        self.declared.account.or_else(|| self.summary().owner)
    }

    fn listed(&self) -> &Listed {
        self.listed.get_or_init(|| Listed::of(self))
    }

    fn summary(&self) -> &Summary {
        self.summary.get_or_init(|| Summary {
            owner: self.every_owner(),
            by_id: self.key_places(),
            workloads_keys: self.used_keys(),
            has_one_policy: self.policies(PolicyKind::Key).nth(1).is_none(),
        })
    }

    /// Where each key stands, by its id: its document, or past the last the derived ones, and its number there.
    fn key_places(&self) -> HashMap<String, (usize, usize)> {
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
    fn key(&self, id: &str) -> Option<&Key> {
        let (list, number) = self.summary().by_id.get(id)?;
        self.documents.get(*list).map_or(&self.derived_keys, |document| &document.keys).get(*number)
    }

    fn every_owner(&self) -> Option<AccountId> {
        // Where more key policies than keys are given, which policy a described key has cannot be told.
        if self.policies(PolicyKind::Key).count() > self.keys().count() {
            return None;
        }
        let mut accounts = self.keys().filter_map(key_account);
        let first = accounts.next()?;
        accounts.all(|account| account == first).then_some(first)
    }

    /// Whether the user has named an account of others, by itself or by a workload or administrator of it.
    #[must_use]
    pub fn trusts(&self, account: AccountId) -> bool {
        let declared = self.workloads().chain(&self.declared.admins);
        self.declared.trusted_accounts.contains(&account)
            || declared.filter_map(Principal::account).any(|known| known == account)
    }

    /// Whether the user has named an organisation as one that is meant.
    #[must_use]
    pub fn trusts_organisation(&self, id: &str) -> bool {
        self.declared.trusted_orgs.iter().any(|known| known == id)
    }

    /// The partition that the described keys name, else what was declared, else that of the declared principals; `aws` where
    /// nothing tells.
    #[must_use]
    pub fn partition(&self) -> String {
        let partition = |arn: &str| Arn::parse(arn).ok().map(|arn| arn.partition.to_owned());
        let mut keys = self.keys().filter_map(|key| partition(&key.arn.as_ref()?.value));
        let principals = self.workloads().chain(&self.declared.admins);
        let mut named =
            principals.filter_map(Principal::arn).map(crate::policy::PrincipalArn::as_str).filter_map(partition);
        let told = keys.next().or_else(|| self.declared.partition.clone()).or_else(|| named.next());
        told.unwrap_or_else(|| "aws".to_owned())
    }

    /// What part a principal has.
    #[must_use]
    pub fn part(&self, principal: &Principal) -> Part {
        if *principal == Principal::Anyone {
            return Part::Unknown;
        }
        let is_one = |known: &Principal| principal.names(known) || known.names(principal);
        if self.declared.admins.iter().any(is_one) {
            return Part::Admin;
        }
        if self.workloads().any(is_one) {
            return Part::Workload;
        }
        match principal.arn() {
            Some(arn) if self.workloads().next().is_none() => Self::part_by_name(arn.name()),
            _ => Part::Unknown,
        }
    }

    /// What a name alone suggests: `kasten` or `k10` as a word of its own, unless it names an administrator too.
    #[must_use]
    pub fn part_by_name(name: &str) -> Part {
        let lower = name.to_ascii_lowercase();
        let mut words = lower.split(|character: char| !character.is_ascii_alphanumeric());
        let hint = words.any(|word| word.starts_with("kasten") || word == "k10");
        if hint && !lower.contains("admin") { Part::LooksLikeKasten } else { Part::Unknown }
    }

    /// The one key that is described, where there is one key policy at most.
    #[must_use]
    pub fn only_key(&self) -> Option<&Key> {
        let mut keys = self.keys();
        let (first, second) = (keys.next(), keys.next());
        first.filter(|_| second.is_none() && self.summary().has_one_policy)
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

/// The roles that a document gives Kasten, and where it says so.
fn roles<'d>(document: &'d Document<'_>) -> Vec<(&'d Spanned<String>, &'static str)> {
    let facts = &document.facts;
    let by_values = facts
        .values
        .iter()
        .filter(|values| matches!(values.caller(), Caller::RoleByKeys | Caller::RoleByServiceAccount));
    let named = |name: &Field| {
        facts.values.iter().any(|values| {
            values.service_account.given().map(|given| &given.value) == name.given().map(|given| &given.value)
                && name.is_set()
        })
    };
    let accounts = facts.accounts.iter().filter(|account| account.is_kastens() || named(&account.name));
    let fields = by_values.map(|values| (&values.role, "secrets.awsIamRole"));
    let fields = fields.chain(accounts.map(|account| (&account.role, "eks.amazonaws.com/role-arn")));
    let fields = fields.chain(facts.secrets.iter().map(|secret| (&secret.role, "role")));
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

fn key_account(key: &Key) -> Option<AccountId> {
    let from_arn = || Arn::parse(&key.arn.as_ref()?.value).ok()?.account.parse().ok();
    key.account.as_ref().and_then(|account| account.value.parse().ok()).or_else(from_arn)
}
