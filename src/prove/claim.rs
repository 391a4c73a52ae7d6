//! What may be claimed of policies, and what is answered.

use super::ResourceType;
use crate::{
    policy::{AccountId, Policy, PolicyKind},
    semantics::{Caller, FOLLOWING, Request, Value},
    simulate::Reason,
    source::Span,
};

/// A claim about every request.
#[derive(Clone, Debug)]
pub enum Claim<'p> {
    /// No request is allowed by the new policy and not by the old one.
    NoNewAccess {
        /// The old one.
        old: &'p Policy,
        /// The new one.
        new: &'p Policy,
    },
    /// No request for such actions, on such resources, by such principals is allowed. An empty list means any.
    NotGranted {
        /// The policies: identity policies speak together, others each for its resource.
        policies: Vec<&'p Policy>,
        /// Patterns of actions.
        actions: Vec<String>,
        /// Patterns of resources.
        resources: Vec<String>,
        /// Patterns of principals' ARNs, account numbers, or service principals.
        principals: Vec<String>,
        /// What the request carries, all of it.
        context: Vec<Carried>,
        /// Whether what a key or trust policy leaves to its own account's policies counts as granted.
        delegated: bool,
    },
    /// Nobody outside the accounts and organisations that the policy names, or that are trusted, is let in.
    NotPublic {
        /// The resource's policy.
        policy: &'p Policy,
        /// Accounts that are trusted besides.
        trusted_accounts: Vec<AccountId>,
        /// Organisations that are trusted besides.
        trusted_orgs: Vec<String>,
    },
    /// Somebody of the account can still change the key policy.
    KeepsAdmin {
        /// The key policy.
        key_policy: &'p Policy,
        /// Who must be able to, if not just anyone of the account.
        caller: Option<Caller>,
    },
}

impl Claim<'_> {
    /// Its name on the command line and in JSON.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NoNewAccess { .. } => "no-new-access",
            Self::NotGranted { .. } => "not-granted",
            Self::NotPublic { .. } => "not-public",
            Self::KeepsAdmin { .. } => "keeps-admin",
        }
    }
}

/// What a request carries of a condition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The key.
    pub key: String,
    /// Patterns, of which the value, or one of several, matches one.
    pub values: Vec<String>,
    /// Whether a request without the key counts too.
    pub or_absent: bool,
}

/// A claim, and what is told of the policies.
#[derive(Clone, Debug)]
pub struct Question<'p> {
    /// The claim.
    pub claim: Claim<'p>,
    /// What kind of policy it is about.
    pub kind: PolicyKind,
    /// The account of the policies; `None`: any that they name.
    pub account: Option<AccountId>,
    /// What the policy hangs on, where it is told.
    pub resource_type: Option<ResourceType>,
}

/// What is answered.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It holds for every request.
    Proven,
    /// It does not.
    Refuted {
        /// A request for which it does not; `None` where the lack of any is what refutes the claim.
        witness: Option<Box<Witness>>,
    },
    /// Neither could be shown.
    Undecided {
        /// Why not.
        reasons: Vec<Reason>,
    },
}

impl Verdict {
    /// Its word in JSON.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Refuted { .. } => "refuted",
            Self::Undecided { .. } => "undecided",
        }
    }
}

/// A request for which a claim does not hold. `simulate` has confirmed it.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The request.
    pub request: Request,
    /// The statements that make it so: those that allow it, and those of the old policy that denied it.
    pub statements: Vec<Span>,
    /// Whether what the caller may do besides, or the resource's policy, is taken to agree.
    pub other_side_agrees: bool,
}

impl Witness {
    /// The request as a clause: who may call what on which resource, and what else it hangs on.
    #[must_use]
    pub fn clause(&self, kind: PolicyKind) -> String {
        let request = &self.request;
        let mut text = format!("{} may call {} on {}", request.caller, request.action(), request.resource());
        let carried: Vec<String> = self.carried().map(|(key, value)| format!("{key} {}", spelt(value))).collect();
        if !carried.is_empty() {
            text.push_str(" with ");
            text.push_str(&carried.join(", "));
        }
        if self.other_side_agrees {
            text.push_str(match kind {
                PolicyKind::Key | PolicyKind::Trust | PolicyKind::Resource => ", where its own account allows it",
                _ => ", where the resource's policy leaves that to the account",
            });
        }
        text
    }

    /// The keys that do not follow from the rest of the request.
    pub fn carried(&self) -> impl Iterator<Item = (&str, &Value)> {
        let owner = self.request.resource_account().map(|owner| Value::One(owner.to_string()));
        self.request.context.iter().filter(move |(key, value)| {
            let lower = key.to_ascii_lowercase();
            if lower == "aws:resourceaccount" {
                owner.as_ref() != Some(*value)
            } else {
                !FOLLOWING.contains(&lower.as_str())
            }
        })
    }
}

fn spelt(value: &Value) -> String {
    match value {
        Value::One(value) => format!("`{value}`"),
        Value::Many(values) if values.is_empty() => "without a value".to_owned(),
        Value::Many(values) => values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" and "),
        Value::Unknown => "unknown".to_owned(),
    }
}

/// A verdict, with what is to be said besides.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The verdict.
    pub verdict: Verdict,
    /// What is no part of the claim and yet worth saying; one clause each.
    pub notes: Vec<String>,
}

/// A question could not be asked, or its answer contradicts the simulator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The claim is about another kind of policy.
    #[error("{claim} is not asked of a policy of kind {kind}")]
    Kind {
        /// The claim.
        claim: &'static str,
        /// The kind.
        kind: PolicyKind,
    },
    /// A bug: what was found is not what the simulator says.
    #[error("the witness that was found is not one (this is a bug in kpl): {request}")]
    Mismatch {
        /// The request.
        request: String,
    },
}
