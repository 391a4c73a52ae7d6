//! What may be claimed of policies, and what is answered.

use crate::{
    policy::{AccountId, Policy, PolicyKind},
    semantics::{Caller, Request},
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

/// A claim, and what is told of the policies.
#[derive(Clone, Debug)]
pub struct Question<'p> {
    /// The claim.
    pub claim: Claim<'p>,
    /// What kind of policy it is about.
    pub kind: PolicyKind,
    /// The account of the policies; `None`: any that they name.
    pub account: Option<AccountId>,
    /// The services of the resource, where its type tells them.
    pub services: Option<Vec<&'static str>>,
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
