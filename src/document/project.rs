//! The documents of a run, joined, with what the user has declared of them.

mod beside;
mod derived;
mod fetched;
mod keys;
mod listed;
mod own;
mod rotating;

use std::{
    collections::{HashMap, HashSet},
    sync::OnceLock,
};

pub(crate) use self::own::WHOSE;
pub use self::{
    derived::{alias_name, kasten_key_ids},
    listed::KastensKey,
    rotating::Rotating,
};
use self::{fetched::Rosters, listed::Listed};

use super::{Document, PolicyDocument};
use crate::{
    key::{Grant, Key, KeyGrant},
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
    /// Whether any file lists an alias, found once.
    has_aliases: OnceLock<bool>,
    /// Who is there by files that list users and roles, found once.
    rosters: OnceLock<Rosters>,
    /// The identity policies that are the workloads' own, found once.
    own: OnceLock<HashSet<(usize, Span)>>,
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

    /// Who uses the key: those declared, and those that files name.
    pub fn workloads(&self) -> impl Iterator<Item = &Principal> {
        let derived = self.derived.iter().map(|derived| &derived.principal);
        let declared = &self.declared.workloads;
        declared.iter().chain(derived.filter(|principal| !declared.contains(principal)))
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

    fn listed_rosters(&self) -> &Rosters {
        self.rosters.get_or_init(|| self.rosters())
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

    /// Whether the user has named an account of others, by itself, by a workload or administrator of it, or in a scenario that
    /// expects a principal of it to be let in to a key.
    #[must_use]
    pub fn trusts(&self, account: AccountId) -> bool {
        let declared = self.workloads().chain(&self.declared.admins);
        self.declared.trusted_accounts.contains(&account)
            || declared.filter_map(Principal::account).any(|known| known == account)
            || self.expected().any(|known| known == account)
    }

    /// The accounts of the principals that scenarios expect to be let in to a key.
    fn expected(&self) -> impl Iterator<Item = AccountId> {
        let expected = self.documents.iter().flat_map(|document| &document.told.expected);
        expected.filter_map(|principal| principal.parse::<Principal>().ok()?.account())
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
}
