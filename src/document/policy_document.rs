//! A policy in a file, with what the file tells of it.

use super::{Carrier, policy_kind};
use crate::{
    policy::{self, Policy, PolicyKind, PrincipalArn},
    source::Span,
    syntax::{Node, Value, embed::Writing},
};

/// A policy in a file.
#[derive(Debug)]
pub struct PolicyDocument<'a> {
    /// Its address in the file, where the file holds several.
    pub name: Option<String>,
    /// Which kind of policy it is.
    pub kind: PolicyKind,
    /// What told its kind.
    pub because: &'static str,
    /// The policy, typed.
    pub policy: Policy,
    /// What the grammar does not allow in it.
    pub faults: Vec<policy::Fault>,
    /// The tree it was read from; JSON pointers count from its root.
    pub node: Node<'a>,
    /// How a change to it is written in the file.
    pub writing: Writing,
    /// Whether it stands in its file as strict JSON with nothing but ASCII and no escape.
    pub is_plain: bool,
    /// Whether it may hold policy variables.
    pub variables: MayHold,
    /// Whether the file is a copy of what stands elsewhere, which no fix may touch.
    pub is_copy: bool,
    /// The users, groups or roles that carry it, where the file tells.
    pub holders: Vec<Carrier>,
    /// The users and roles of which it is the permissions boundary, where the file tells.
    pub bounds: Vec<Carrier>,
    /// The key that it belongs to, by what [`Key::id`](crate::key::Key::id) gives, where the file tells.
    pub key: Option<String>,
    /// What of it is not known until a plan is applied.
    pub awaits: Vec<Awaited>,
    /// The policy with the principals that a plan will create, where their ARNs can be told from their names.
    pub foreseen: Option<Box<Policy>>,
    /// Whether any of it is marked as sensitive: nothing that it says may be shown.
    pub is_sensitive: bool,
}

/// A part of a policy that is not known until a plan is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The statement that it is a part of, by its number from 0; `None` where it may be any.
    pub statement: Option<usize>,
    /// Where the file says that it is not known.
    pub place: Span,
    /// The addresses of what it comes from; empty where the file does not tell.
    pub on: Vec<String>,
}

/// Whether a policy may hold policy variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayHold {
    /// Its text has no `$`.
    NoVariables,
    /// It was not looked for, or there is one.
    Variables,
}

impl<'a> PolicyDocument<'a> {
    /// A policy that stands in its file as it is. `kind` is what is known of it from outside, and how.
    #[must_use]
    pub fn read(node: Node<'a>, kind: Option<(PolicyKind, &'static str)>) -> Self {
        let (policy, faults) = policy::read(&node);
        let (kind, because) = kind.unwrap_or_else(|| policy_kind(&policy));
        Self {
            name: None,
            kind,
            because,
            policy,
            faults,
            node,
            writing: Writing::default(),
            is_plain: false,
            variables: MayHold::Variables,
            is_copy: false,
            holders: Vec::new(),
            bounds: Vec::new(),
            key: None,
            awaits: Vec::new(),
            foreseen: None,
            is_sensitive: false,
        }
    }

    /// A policy of which nothing is known but that it will be there. `place` says so.
    #[must_use]
    pub fn unknown(place: Span, (kind, because): (PolicyKind, &'static str)) -> Self {
        let mut document = Self::read(Node { value: Value::Unknown, span: place }, Some((kind, because)));
        document.faults.clear();
        document
    }

    /// The policy as it will be as far as a plan tells; what is not known is as unknown as in the policy.
    #[must_use]
    pub fn foreseen(&self) -> &Policy {
        self.foreseen.as_deref().unwrap_or(&self.policy)
    }

    /// Whether a user or a role carries it, or may: a file that tells of nobody leaves it open.
    #[must_use]
    pub fn may_be_carried_by(&self, arn: &PrincipalArn) -> bool {
        self.holders.is_empty() || self.holders.iter().any(|holder| holder.is(arn))
    }

    /// The same for one that a file tells of.
    #[must_use]
    pub fn may_be_with(&self, carrier: &Carrier) -> bool {
        self.holders.is_empty() || self.holders.contains(carrier)
    }
}
