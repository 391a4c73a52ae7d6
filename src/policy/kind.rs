//! Which kind of policy a document is.

use std::{fmt, str::FromStr};

/// What a policy is attached to, which decides its grammar and its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyKind {
    /// Attached to a user, a group or a role.
    Identity,
    /// The policy of a KMS key.
    Key,
    /// Who may assume a role.
    Trust,
    /// Attached to another resource: a bucket, a queue, a secret.
    Resource,
    /// An organisation's bound on what its accounts' principals may do.
    ServiceControl,
    /// An organisation's bound on who may reach its accounts' resources.
    ResourceControl,
    /// A bound on what one user's or role's identity policies may allow.
    Boundary,
    /// Passed when a session starts.
    Session,
    /// Attached to a VPC endpoint.
    Endpoint,
}

impl PolicyKind {
    /// Every kind, in the order in which the command line lists them.
    pub const ALL: [Self; 9] = [
        Self::Identity,
        Self::Key,
        Self::Resource,
        Self::Trust,
        Self::ServiceControl,
        Self::ResourceControl,
        Self::Boundary,
        Self::Session,
        Self::Endpoint,
    ];

    /// The word that the command line and the JSON use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Key => "key",
            Self::Trust => "trust",
            Self::Resource => "resource",
            Self::ServiceControl => "scp",
            Self::ResourceControl => "rcp",
            Self::Boundary => "boundary",
            Self::Session => "session",
            Self::Endpoint => "endpoint",
        }
    }

    /// Whether every statement must say who it speaks of.
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: Principal".
    #[must_use]
    pub const fn names_principals(self) -> bool {
        matches!(self, Self::Key | Self::Trust | Self::Resource | Self::ResourceControl | Self::Endpoint)
    }

    /// Whether a statement must name resources. A trust policy's resource is its role.
    ///
    /// Source: IAM User Guide, "Role trust policies"; "IAM JSON policy elements: Resource".
    #[must_use]
    pub const fn names_resources(self) -> bool {
        !matches!(self, Self::Trust)
    }

    /// Whether the policy speaks of what one principal may do, as identity policies do.
    #[must_use]
    pub const fn is_identity_like(self) -> bool {
        matches!(self, Self::Identity | Self::Boundary | Self::Session | Self::ServiceControl)
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// The word names no kind of policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of policy")]
pub struct UnknownKind(String);

impl FromStr for PolicyKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.word() == text).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}
