//! The documents of a run, joined, with what the user has declared of them.

use super::{Document, PolicyDocument};
use crate::{
    key::{Key, Rotation},
    policy::{AccountId, Arn, PolicyKind, Principal},
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
}

/// The documents of a run, in the order of their files.
#[derive(Debug, Default)]
pub struct Project<'a> {
    /// The files understood.
    pub documents: Vec<Document<'a>>,
    /// What the user has declared.
    pub declared: Declared,
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
    /// Every policy of one kind.
    pub fn policies(&self, kind: PolicyKind) -> impl Iterator<Item = &PolicyDocument<'a>> {
        self.documents.iter().flat_map(|document| &document.policies).filter(move |policy| policy.kind == kind)
    }

    /// Every key that is described.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.documents.iter().flat_map(|document| &document.keys)
    }

    /// The key of which a rotation is told: by its id, or, where no id is told, the only one that is described.
    #[must_use]
    pub fn key_of(&self, rotation: &Rotation) -> Option<&Key> {
        let Some(told) = &rotation.key else { return self.only_key() };
        let id = told.value.rsplit('/').next();
        self.keys().find(|key| key.id().is_some() && key.id() == id)
    }

    /// The aliases of the key: those declared, and those listed for a described key. Empty where nothing tells.
    #[must_use]
    pub fn aliases(&self) -> Vec<&str> {
        let is_described = |target: &str| {
            let mut ids = self.keys().filter_map(Key::id);
            ids.any(|id| id == target)
        };
        let listed = self.documents.iter().flat_map(|document| &document.aliases);
        let listed = listed.filter(|alias| alias.target.as_ref().is_some_and(|target| is_described(&target.value)));
        let declared = self.declared.aliases.iter().map(String::as_str);
        declared.chain(listed.map(|alias| alias.name.value.as_str())).collect()
    }

    /// The account that owns the key: what was declared, else the one that every described key names.
    #[must_use]
    pub fn owner(&self) -> Option<AccountId> {
        if self.declared.account.is_some() {
            return self.declared.account;
        }
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
        let declared = self.declared.workloads.iter().chain(&self.declared.admins);
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
        let principals = self.declared.workloads.iter().chain(&self.declared.admins);
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
        let is_declared =
            |declared: &[Principal]| declared.iter().any(|known| principal.names(known) || known.names(principal));
        if is_declared(&self.declared.admins) {
            return Part::Admin;
        }
        if is_declared(&self.declared.workloads) {
            return Part::Workload;
        }
        match principal.arn() {
            Some(arn) if self.declared.workloads.is_empty() => Self::part_by_name(arn.name()),
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
        let one_policy = self.policies(PolicyKind::Key).count() <= 1;
        first.filter(|_| second.is_none() && one_policy)
    }

    /// The ARN of the one key that is described, where there is one key policy at most.
    #[must_use]
    pub fn only_key_arn(&self) -> Option<&str> {
        self.only_key()?.arn.as_ref().map(|arn| arn.value.as_str())
    }

    /// Whether anything says that these files are of one workload and its key.
    #[must_use]
    pub fn names_a_workload(&self) -> bool {
        !self.declared.workloads.is_empty() || !self.declared.aliases.is_empty()
    }
}

fn key_account(key: &Key) -> Option<AccountId> {
    let from_arn = || Arn::parse(&key.arn.as_ref()?.value).ok()?.account.parse().ok();
    key.account.as_ref().and_then(|account| account.value.parse().ok()).or_else(from_arn)
}
