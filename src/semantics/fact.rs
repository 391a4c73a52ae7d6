//! What a formula asks of a request: facts about the caller, the action, the resource and the condition keys.

use std::sync::Arc;

use super::{
    caller::MatchClass,
    operator::{Base, Operand, Reach},
    pattern::Pattern,
    traits::Trait,
};
use crate::{
    policy::{Effect, Principal},
    source::Span,
};

/// One fact about a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The action is one of a pattern's.
    Action(ActionTest),
    /// The resource is one of a pattern's.
    Resource(ResourceTest),
    /// The caller is named at least so strongly.
    Principal(PrincipalTest),
    /// A `NotPrincipal` list does not except the caller.
    Outside(ExceptionTest),
    /// The values of a condition key are as an operator asks.
    Key(KeyTest),
    /// The request carries a condition key, be it without a value.
    Present(KeyName),
    /// The request carries a value of a condition key.
    HasValue(KeyName),
    /// The encryption context is as a grant's constraint asks.
    EncryptionContext(ContextTest),
    /// Something about the whole call.
    Call(Trait),
    /// A part of a policy that its file does not give.
    Unread(Span),
    /// What AWS does not document.
    Open(Open),
}

/// What AWS does not document, so that it may be so or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// Whether a permissions boundary that lacks an action limits a grant.
    GrantUnderBoundary,
    /// Whether a session policy that lacks an action limits a grant.
    GrantUnderSession,
    /// Whether the caller's account made the grant, or may retire it.
    WhoRetires,
    /// What `Allow` makes of `NotPrincipal`.
    AllowNotPrincipal,
    /// Whether the endpoint is an interface endpoint, where a policy means all of an account that it names.
    KindOfEndpoint,
    /// The same, where a policy names a principal by its ARN.
    NamedAtEndpoint,
}

/// A condition key, as it is spelt and in small letters. A copy shares both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName {
    /// As it is spelt.
    pub spelt: Arc<str>,
    /// In small letters.
    pub lower: Arc<str>,
}

impl KeyName {
    /// A key of a policy.
    #[must_use]
    pub fn new(spelt: &str) -> Self {
        let spelt: Arc<str> = spelt.into();
        let mut lower = Arc::clone(&spelt);
        if lower.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Arc::make_mut(&mut lower).make_ascii_lowercase();
        }
        Self { spelt, lower }
    }
}

/// The test of an action: a pattern in small letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionTest {
    /// The entry in small letters.
    pub pattern: Pattern,
    /// Where it stands.
    pub span: Span,
}

/// The test of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceTest {
    /// The entry.
    pub pattern: Pattern,
    /// What is made of an entry with fewer than six parts.
    pub short: ShortArn,
    /// Where it stands.
    pub span: Span,
}

/// What is made of an ARN that lacks some of its six parts.
///
/// Source: IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)", which says it of identity policies
/// alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShortArn {
    /// Each missing part is `*`.
    Completed,
    /// It is not documented.
    Open,
}

/// The test of the caller by one principal of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalTest {
    /// Whom the policy names.
    pub principal: Principal,
    /// How strongly, at the least.
    pub at_least: MatchClass,
    /// Where.
    pub span: Span,
}

/// The test of the caller by a `NotPrincipal` list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionTest {
    /// Who is excepted.
    pub listed: Vec<Principal>,
    /// Whether the list has parts that are not known.
    pub has_unknown: bool,
    /// What the statement does.
    pub effect: Effect,
    /// Whether the caller has a permissions boundary, under which such a Deny always denies.
    ///
    /// Source: IAM User Guide, "Permissions boundaries for IAM entities".
    pub under_boundary: bool,
    /// Where.
    pub span: Span,
}

/// The test of a condition key's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTest {
    /// The key.
    pub key: KeyName,
    /// How many of the request's values it is about.
    pub reach: Reach,
    /// How a value is compared.
    pub base: Base,
    /// Whether it asks that no value of the policy matches.
    pub negated: bool,
    /// The values of the policy.
    pub operands: Arc<[Operand]>,
    /// Whether the policy has values that its file does not give.
    pub has_unknown: bool,
    /// The row of the condition.
    pub span: Span,
}

/// The test of a grant's constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextTest {
    /// The pairs; letter case counts in both.
    pub pairs: Vec<(String, String)>,
    /// Whether there may be no others.
    pub exactly: bool,
    /// Where the grant is described.
    pub span: Span,
}
