//! A second opinion on every decision: an interpreter of typed policies that shares nothing with `kpl::semantics` and
//! `kpl::simulate`, written from AWS's pages and without a thought of speed.
//!
//! What cannot be known is [`Truth::Maybe`]. A [`Twist`] turns one part of the meaning round, to see whether it decides.

mod condition;
pub(crate) mod generate;
mod judge;
mod material;
pub(crate) mod missing;
mod statement;
mod text;

use judge::Judge;
use kpl::policy::{Comparison, Policy, Quantifier};

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    No,
    Maybe,
    Yes,
}

impl Truth {
    pub(crate) const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    pub(crate) const fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }

    /// The greatest of several; `No` of none.
    pub(crate) fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        let mut found = Self::No;
        for truth in truths {
            found = found.max(truth);
            if found == Self::Yes {
                break;
            }
        }
        found
    }

    /// The least of several; `Yes` of none.
    pub(crate) fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        Self::any(truths.into_iter().map(Self::not)).not()
    }
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    User { account: String, name: String },
    Role { account: String, name: String },
    Session { account: String, role: String, name: String },
    FederatedUser { account: String, name: String },
    Root { account: String },
    Service(String),
    WebIdentity(String),
    Anonymous,
}

impl Caller {
    pub(crate) fn account(&self) -> Option<&str> {
        match self {
            Self::User { account, .. }
            | Self::Role { account, .. }
            | Self::Session { account, .. }
            | Self::FederatedUser { account, .. }
            | Self::Root { account } => Some(account),
            Self::Service(_) | Self::WebIdentity(_) | Self::Anonymous => None,
        }
    }

    /// Whether identity policies, a boundary and session policies may be attached to it.
    fn has_policies(&self) -> bool {
        self.account().is_some() && !matches!(self, Self::Root { .. })
    }
}

/// What the request carries for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Unknown,
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) caller: Caller,
    pub(crate) action: String,
    pub(crate) resource: String,
    /// The account of the resource; `None` where the action has no resource.
    pub(crate) owner: Option<String>,
    pub(crate) context: Vec<(String, Held)>,
    pub(crate) is_management_account: bool,
    pub(crate) is_service_linked_role: bool,
}

impl Request {
    fn service(&self) -> &str {
        self.action.split(':').next().unwrap_or_default()
    }

    fn is(&self, action: &str) -> bool {
        self.action.eq_ignore_ascii_case(action)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) grantee: Caller,
    pub(crate) operations: Vec<String>,
    pub(crate) equals: Vec<(String, String)>,
    pub(crate) subset: Vec<(String, String)>,
}

/// All that may be attached.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    pub(crate) identity: Vec<Policy>,
    pub(crate) resource: Option<Policy>,
    pub(crate) boundary: Option<Policy>,
    pub(crate) session: Option<Vec<Policy>>,
    pub(crate) scps: Option<Vec<Vec<Policy>>>,
    pub(crate) rcps: Option<Vec<Vec<Policy>>>,
    pub(crate) endpoint: Option<Vec<Policy>>,
    pub(crate) grants: Vec<Grant>,
}

/// One part of [`Layers`], or the delegation of a key to its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Identity,
    Resource,
    Boundary,
    Session,
    Scp,
    Rcp,
    Endpoint,
    Grant,
    Delegation,
}

impl Layer {
    pub(crate) const ALL: [Self; 9] = [
        Self::Identity,
        Self::Resource,
        Self::Boundary,
        Self::Session,
        Self::Scp,
        Self::Rcp,
        Self::Endpoint,
        Self::Grant,
        Self::Delegation,
    ];
}

/// What is turned round, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Twist {
    Nothing,
    /// Rows with this comparison answer the opposite.
    Comparison(Comparison),
    /// Rows with this set operator, or with none, answer the opposite.
    Quantifier(Option<Quantifier>),
    /// Rows with `IfExists` are read as if it did not stand there.
    IfExists,
    /// The layer is left out.
    Layer(Layer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Decision {
    Allowed,
    ExplicitlyDenied,
    ImplicitlyDenied,
    Undecided,
}

/// How strongly a resource policy speaks of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Its account is named: identity policies decide.
    Account,
    /// Its role is named: the boundary and session policies still count.
    Role,
    /// It is named itself, or everybody is.
    Itself,
}

/// Decides. Source: IAM User Guide, "Policy evaluation logic" and "Cross-account policy evaluation logic".
pub(crate) fn decide(request: &Request, layers: &Layers, twist: Twist) -> Decision {
    Judge { request, layers, twist }.decide()
}
