//! Requests, parted by what the formulas of a question ask of them: one value of each class stands for all of it.
//!
//! A class is only as fine as the tests need; what a test says of it is asked of `simulate`, by its one value.

mod actions;
mod callers;
mod crossing;
mod keys;
mod material;
mod resources;

use crate::{
    policy::AccountId,
    prove::budget::{Budget, Exhausted},
    reference::Reference,
    semantics::{Authorization, Caller, Context, Fact, Formula, KeyName, Request, Value},
};

pub(super) use actions::{ActionClass, Actions, service_of};
pub(super) use callers::Who;
pub(super) use crossing::{crossing_name, lies_in};
pub(super) use keys::{ALWAYS, KeyAxis, is_account};
pub(super) use material::{ACCOUNT, Listing, Material, has_variable, list_of_actions, list_of_resources, listings};
pub(super) use resources::{Reach, Resources, account_of, arns_of, filled_in};

/// Which requests a question is about.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Who calls.
    pub(super) who: Who,
    /// Accounts that are told apart besides those that policies name.
    pub(super) accounts: Vec<AccountId>,
    /// Who owns the resource; `None`: the account in its ARN.
    pub(super) owner: Option<AccountId>,
    /// The services that are called; `None`: any.
    pub(super) services: Option<Vec<&'static str>>,
    /// Patterns of the resources' ARNs; none: any.
    pub(super) resources: Vec<String>,
    /// Calls that a reader expects, with a resource each.
    pub(super) examples: Vec<(&'static str, String)>,
    /// Values of keys that are told apart besides.
    pub(super) values: Vec<(KeyName, String)>,
    /// What is asked of requests besides what policies ask.
    pub(super) wanted: Formula<Fact>,
}

/// Keys that follow from the caller, in small letters.
const OF_CALLER: [&str; 7] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalservicename",
    "aws:principaltype",
    "aws:username",
    "kms:calleraccount",
];

/// Whether a key, in small letters, follows from the caller.
#[must_use]
pub(super) fn is_of_caller(lower: &str) -> bool {
    OF_CALLER.contains(&lower)
}

/// All requests that a question is about, in classes: each part by itself.
#[derive(Debug)]
pub(super) struct Space {
    /// Who calls.
    pub(super) callers: Vec<Caller>,
    /// What is called.
    pub(super) actions: Actions,
    /// On what.
    pub(super) resources: Resources,
    /// The condition keys.
    pub(super) keys: Vec<KeyAxis>,
    /// The owner of every resource, where it is told.
    pub(super) owner: Option<AccountId>,
    /// Patterns of the resources' ARNs; none: any.
    pub(super) only: Vec<String>,
    /// Calls that a reader expects, with a resource each.
    pub(super) examples: Vec<(&'static str, String)>,
}

/// One class of each part of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    /// The caller.
    pub(super) caller: usize,
    /// The action.
    pub(super) action: usize,
    /// The resource.
    pub(super) resource: usize,
    /// For each key, the numbers of its values; `None` where the request does not carry it.
    pub(super) keys: Vec<Option<Vec<usize>>>,
}

impl Space {
    /// Parts the requests of a scope by what policy sets ask.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(super) fn part<'f>(
        sets: impl IntoIterator<Item = &'f Authorization>,
        scope: &'f Scope,
        reference: &Reference,
        budget: &mut Budget,
    ) -> Result<Self, Exhausted> {
        let mut material = Material::default();
        sets.into_iter().for_each(|set| material.add(set));
        for (key, _) in &scope.values {
            material.key(key);
        }
        material.formula(&scope.wanted);
        let callers = callers::part(&material, &scope.who, &scope.accounts, budget)?;
        let actions = Actions::part(&material, scope.services.as_deref(), reference, budget)?;
        let mut keys = Vec::new();
        for key in material.keys.iter().filter(|key| !is_of_caller(&key.name.lower)) {
            let extra: Vec<String> = scope
                .values
                .iter()
                .filter(|(name, _)| name.lower == key.name.lower)
                .map(|(_, value)| value.clone())
                .collect();
            keys.push(KeyAxis::part(key, &extra, reference, budget)?);
        }
        // What takes no resource has no resource's policy.
        let with_none = scope.owner.is_none();
        let reach =
            Reach { only: scope.resources.clone(), with_none, accounts: told_apart(&callers, &keys, &material, scope) };
        let resources = Resources::part(&material, &reach, &actions, reference, budget)?;
        Ok(Self {
            callers,
            actions,
            resources,
            keys,
            owner: scope.owner,
            only: reach.only,
            examples: scope.examples.clone(),
        })
    }

    /// The number of a key, which is given in small letters.
    #[must_use]
    pub(super) fn key(&self, lower: &str) -> Option<usize> {
        self.keys.iter().position(|key| key.lower == lower)
    }

    /// What a request carries of a key.
    #[must_use]
    pub(super) fn value(&self, key: usize, classes: &[usize]) -> Option<Value> {
        let axis = self.keys.get(key)?;
        let of = |class: &usize| axis.values.get(*class).cloned();
        if axis.is_multi_valued {
            return Some(Value::Many(classes.iter().filter_map(of).collect()));
        }
        classes.first().and_then(of).map(Value::One)
    }

    /// The request of a choice, with a name of the action's class.
    #[must_use]
    pub(super) fn request(&self, choice: &Choice, action: &str) -> Request {
        let mut context = Context::default();
        for (key, classes) in choice.keys.iter().enumerate() {
            if let (Some(axis), Some(classes)) = (self.keys.get(key), classes)
                && let Some(value) = self.value(key, classes)
            {
                context.set(&axis.name, value);
            }
        }
        let caller = self.callers.get(choice.caller).cloned().unwrap_or(Caller::Anonymous);
        let resource = self.resources.classes.get(choice.resource).map_or("*", |class| class.text.as_str());
        Request::new(caller, action, resource, self.owner, context)
    }
}

/// How many accounts of resources are told apart.
const MOST_ACCOUNTS: usize = 24;

/// The accounts that decide whether a resource is the caller's own, or of an account that a condition names.
fn told_apart(callers: &[Caller], keys: &[KeyAxis], material: &Material<'_>, scope: &Scope) -> Vec<String> {
    if !scope.resources.is_empty() {
        return Vec::new();
    }
    let owned = keys.iter().filter(|key| key.lower == "aws:resourceaccount").flat_map(|key| key.values.iter().cloned());
    let mut accounts: Vec<String> = owned.collect();
    let has_key_calls = material.actions.iter().flatten().any(|test| {
        let text = test.pattern.as_str();
        text.starts_with("kms:") || text.starts_with("sts:") || text.starts_with('*')
    });
    if scope.owner.is_none() && has_key_calls {
        accounts.extend(callers.iter().filter_map(Caller::account).map(|account| account.to_string()));
    }
    let mut seen = std::collections::BTreeSet::new();
    accounts.retain(|account| seen.insert(account.clone()));
    accounts.truncate(MOST_ACCOUNTS);
    accounts
}
