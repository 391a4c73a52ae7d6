//! What is asked: who calls what on which resource, and the condition keys that the request carries.

use super::{
    caller::Caller,
    traits::{Trait, Traits},
};
use crate::policy::{AccountId, Arn};

/// What a request carries of one condition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The value of a single-valued key.
    One(String),
    /// The values of a multi-valued key.
    Many(Vec<String>),
    /// It is not known whether the request carries the key, nor with which value.
    Unknown,
}

/// What is found under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'c> {
    /// The request does not carry it.
    Absent,
    /// One value.
    One(&'c str),
    /// Several values, or none.
    Many(&'c [String]),
    /// It is not known.
    Unknown,
    /// The request carries keys that differ only in letter case: which one counts is not documented.
    Ambiguous,
}

/// The condition keys of a request. Letter case does not count in their names.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition".
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// In the order of the names in small letters.
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    lower: String,
    spelt: String,
    value: Value,
    is_ambiguous: bool,
}

impl Context {
    /// Takes a key away, in whichever spelling.
    fn remove(&mut self, key: &str) {
        let lower = key.to_ascii_lowercase();
        let at = self.entries.partition_point(|entry| entry.lower < lower);
        if self.entries.get(at).is_some_and(|entry| entry.lower == lower) {
            self.entries.remove(at);
        }
    }

    /// Sets a key. A second spelling of the same key makes it ambiguous.
    pub fn set(&mut self, key: &str, value: Value) {
        let lower = key.to_ascii_lowercase();
        let at = self.entries.partition_point(|entry| entry.lower < lower);
        let mut is_ambiguous = false;
        if let Some(same) = self.entries.get_mut(at).filter(|entry| entry.lower == lower) {
            if same.spelt == key {
                same.value = value;
                return;
            }
            same.is_ambiguous = true;
            is_ambiguous = true;
        }
        self.entries.insert(at, Entry { lower, spelt: key.to_owned(), value, is_ambiguous });
    }

    /// Sets a key unless the request says something of it already.
    pub fn set_default(&mut self, key: &str, value: impl FnOnce() -> Option<String>) {
        if self.find(&key.to_ascii_lowercase()) == Found::Absent
            && let Some(value) = value()
        {
            self.set(key, Value::One(value));
        }
    }

    /// What is found under a key, which is given in small letters.
    #[must_use]
    pub fn find(&self, lower: &str) -> Found<'_> {
        match self.entry(lower) {
            Some(entry) => match &entry.value {
                _ if entry.is_ambiguous => Found::Ambiguous,
                Value::One(value) => Found::One(value),
                Value::Many(values) => Found::Many(values),
                Value::Unknown => Found::Unknown,
            },
            None => Found::Absent,
        }
    }

    fn entry(&self, lower: &str) -> Option<&Entry> {
        // Lengths tell the names of a few keys apart sooner than their order does.
        if self.entries.len() <= FEW {
            return self.entries.iter().find(|entry| entry.lower == lower);
        }
        let at = self.entries.partition_point(|entry| entry.lower.as_str() < lower);
        self.entries.get(at).filter(|entry| entry.lower == lower)
    }

    /// The keys that start with a prefix, given in small letters: what follows it, as it is spelt, and the value.
    pub fn under<'c>(&'c self, prefix: &'c str) -> impl Iterator<Item = (&'c str, &'c Value)> {
        let from = self.entries.partition_point(|entry| entry.lower.as_str() < prefix);
        let under = self.entries.iter().skip(from).take_while(move |entry| entry.lower.starts_with(prefix));
        under.filter_map(move |entry| Some((entry.spelt.get(prefix.len()..)?, &entry.value)))
    }

    /// Every key as it is spelt, with what the request carries of it, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|entry| (entry.spelt.as_str(), &entry.value))
    }
}

/// So few keys are looked through one by one.
const FEW: usize = 32;

/// What is told of the caller's organisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Organization {
    /// Whether the caller is of the management account, which no control policy binds.
    pub management_account: bool,
    /// Whether the caller is a service-linked role.
    pub service_linked_role: bool,
}

/// What is known of the service that is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Whether resource control policies apply to the service.
    pub takes_resource_control_policies: bool,
}

/// One call.
///
/// Condition keys that follow from the caller and the resource are filled in, unless the context says something of them.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who calls.
    pub caller: Caller,
    /// The keys.
    pub context: Context,
    action: String,
    lower_action: String,
    resource: String,
    resource_account: Option<AccountId>,
    traits: Traits,
    /// Whether `aws:PrincipalArn` was made up from a session's ARN, which leaves out its role's path.
    is_path_open: bool,
}

impl Request {
    /// A call of an action on a resource: an ARN, or `*` for an action that takes none.
    #[must_use]
    pub fn new(
        caller: Caller,
        action: &str,
        resource: &str,
        resource_account: Option<AccountId>,
        context: Context,
    ) -> Self {
        let from_arn = || Arn::parse(resource).ok()?.account.parse().ok();
        let mut request = Self {
            lower_action: action.to_ascii_lowercase(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            resource_account: resource_account.or_else(from_arn),
            is_path_open: matches!(caller, Caller::Session(_)) && context.find("aws:principalarn") == Found::Absent,
            caller,
            context,
            traits: Traits::default(),
        };
        request.fill_in();
        request.traits = Traits::of(&request);
        request
    }

    /// The same, with what is told of the caller's organisation and of the service.
    #[must_use]
    pub fn within(mut self, organization: Organization, service: ServiceFacts) -> Self {
        let linked = organization.service_linked_role || self.caller.is_service_linked_role();
        self.traits.set(Trait::OfManagementAccount, organization.management_account);
        self.traits.set(Trait::ByServiceLinkedRole, linked);
        self.traits.set(Trait::TakesResourceControlPolicies, service.takes_resource_control_policies);
        self
    }

    /// Sets a condition key, and what of the whole call follows from it.
    pub(crate) fn carry(&mut self, key: &str, value: Value) {
        self.context.set(key, value);
        self.settle();
    }

    /// What of the whole call follows from the keys; what was told of the organisation and the service stays.
    fn settle(&mut self) {
        let mut traits = Traits::of(self);
        for told in [Trait::OfManagementAccount, Trait::ByServiceLinkedRole, Trait::TakesResourceControlPolicies] {
            traits.set(told, self.is(told));
        }
        self.traits = traits;
    }

    /// Takes a condition key away, and what of the whole call follows from it.
    pub(crate) fn lack(&mut self, key: &str) {
        self.context.remove(key);
        self.settle();
    }

    /// The action, as it is spelt.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The action in small letters, as patterns are held against it.
    #[must_use]
    pub fn lower_action(&self) -> &str {
        &self.lower_action
    }

    /// The service that is called, in small letters.
    #[must_use]
    pub fn service(&self) -> &str {
        self.lower_action.split(':').next().unwrap_or_default()
    }

    /// The resource.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The account that owns the resource, where anything tells it.
    #[must_use]
    pub fn resource_account(&self) -> Option<AccountId> {
        self.resource_account
    }

    /// Whether something about the whole call is so.
    #[must_use]
    pub fn is(&self, what: Trait) -> bool {
        self.traits.has(what)
    }

    /// Whether the path of the caller's role is not known: a session's ARN leaves it out, and the context does not tell it.
    ///
    /// Source: IAM User Guide, "IAM identifiers"; "AWS global condition context keys", `aws:PrincipalArn`.
    #[must_use]
    pub fn is_path_open(&self) -> bool {
        self.is_path_open
    }

    /// Source: IAM User Guide, "AWS global condition context keys"; KMS Developer Guide, "AWS KMS condition keys",
    /// `kms:CallerAccount`.
    fn fill_in(&mut self) {
        let caller = self.caller.clone();
        let account = || caller.account().map(|account| account.to_string());
        let context = &mut self.context;
        context.set_default("aws:PrincipalArn", || caller.principal_arn());
        context.set_default("aws:PrincipalAccount", || match caller {
            Caller::Anonymous => Some("anonymous".to_owned()),
            _ => account(),
        });
        context.set_default("aws:PrincipalType", || caller.principal_type().map(str::to_owned));
        context.set_default("aws:username", || caller.user_name().map(str::to_owned));
        let is_service = matches!(caller, Caller::Service(_));
        let is_signed = is_service || caller.account().is_some();
        context.set_default("aws:PrincipalIsAWSService", || is_signed.then(|| is_service.to_string()));
        context.set_default("aws:PrincipalServiceName", || match &caller {
            Caller::Service(name) => Some(name.clone()),
            _ => None,
        });
        let owner = self.resource_account;
        context.set_default("aws:ResourceAccount", || owner.map(|account| account.to_string()));
        if self.lower_action.starts_with("kms:") {
            context.set_default("kms:CallerAccount", account);
        }
    }
}

/// The condition keys that follow from caller and resource, in small letters: where they are absent, nothing could add
/// them.
pub(crate) const FOLLOWING: [&str; 8] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalservicename",
    "aws:principaltype",
    "aws:resourceaccount",
    "aws:username",
    "kms:calleraccount",
];
