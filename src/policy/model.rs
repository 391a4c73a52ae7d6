//! What a rule reads: a policy in IAM's own words.

use super::{AccountId, ActionPattern, Condition, Principal, PrincipalArn, PrincipalKind, ResourcePattern};
use crate::source::{Span, Spanned};

/// A policy document.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The `Version` element; `None` where it is absent or malformed.
    pub version: Option<Spanned<PolicyVersion>>,
    /// Where the `Version` element stands, whatever it holds.
    pub version_element: Option<Element>,
    /// The `Id` element.
    pub id: Option<Spanned<String>>,
    /// The statements, in the order of the file.
    pub statements: Vec<Statement>,
    /// Where the `Statement` element stands; `None` where it is absent.
    pub statement_element: Option<Element>,
    /// Whether the document is a bare statement or a list of them, without the policy around.
    pub fragment: bool,
    /// What the files do not give: a rule that argues from absence must not be asked where there is any.
    pub unknown: Vec<Span>,
    /// Whether its text breaks off, or could not be read to its end: what is missing may stand behind.
    pub is_cut: bool,
    /// The whole document.
    pub span: Span,
}

impl Policy {
    /// Whether every part of it is known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unknown.is_empty() && !self.is_cut
    }

    /// The statement in which the text breaks off: a condition may have stood behind.
    #[must_use]
    pub fn broken_off(&self) -> Option<&Statement> {
        self.statements.last().filter(|statement| self.is_cut && statement.span.end == self.span.end)
    }

    /// Whether nothing of it is known but that it is there.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.unknown.contains(&self.span)
    }

    /// The same with other statements, and without an `Id`.
    #[must_use]
    pub fn with_statements(&self, statements: Vec<Statement>) -> Self {
        Self {
            version: self.version.clone(),
            version_element: self.version_element,
            id: None,
            statements,
            statement_element: self.statement_element,
            fragment: self.fragment,
            unknown: self.unknown.clone(),
            is_cut: self.is_cut,
            span: self.span,
        }
    }

    /// The one account of all users, roles and sessions that it names.
    #[must_use]
    pub fn named_account(&self) -> Option<AccountId> {
        let named = self.statements.iter().filter_map(Statement::named_principals).flat_map(Listed::values);
        let mut accounts = named.filter_map(Principal::arn).map(PrincipalArn::account);
        let first = accounts.next()?;
        accounts.all(|account| account == first).then_some(first)
    }

    /// The partition of the first principal that it names by an ARN.
    #[must_use]
    pub fn named_partition(&self) -> Option<&str> {
        let named = self.statements.iter().filter_map(Statement::named_principals).flat_map(Listed::values);
        named.filter_map(Principal::arn).map(PrincipalArn::partition).next()
    }
}

/// Where an element stands: its name and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// The name, quotes included.
    pub key: Span,
    /// The value.
    pub value: Span,
}

/// The `Version` element: which language the document is written in.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Version".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyVersion {
    /// `2008-10-17`, the default: `${…}` is plain text.
    V2008,
    /// `2012-10-17`: `${…}` is a policy variable.
    V2012,
}

/// What a statement does with what it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Lets it through, unless something denies it.
    Allow,
    /// Refuses it, whatever allows it.
    Deny,
}

/// The `X` / `NotX` pair of a statement.
#[derive(Clone, Debug)]
pub enum Clause<T> {
    /// What is listed.
    Only(Listed<T>),
    /// Everything but what is listed.
    AllBut(Listed<T>),
}

impl<T> Clause<T> {
    /// What is listed, whichever way it is meant.
    #[must_use]
    pub const fn listed(&self) -> &Listed<T> {
        match self {
            Self::Only(listed) | Self::AllBut(listed) => listed,
        }
    }

    /// What is listed, where the clause means these alone.
    #[must_use]
    pub const fn only(&self) -> Option<&Listed<T>> {
        match self {
            Self::Only(listed) => Some(listed),
            Self::AllBut(_) => None,
        }
    }
}

/// The values of a list, in the order of the file within each part.
///
/// A malformed value keeps its text and matches nothing. An unknown one may be anything: it is never absent.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The values that were read.
    pub read: Vec<Spanned<T>>,
    /// Text that is no value of its kind.
    pub malformed: Vec<Spanned<String>>,
    /// Values that the file does not give.
    pub unknown: Vec<Span>,
    /// The element that holds the list.
    pub element: Element,
    /// Whether it is written as a list, not as one bare value.
    pub is_list: bool,
}

impl<T> Listed<T> {
    /// An empty list at its place.
    #[must_use]
    pub const fn new(element: Element, is_list: bool) -> Self {
        Self { read: Vec::new(), malformed: Vec::new(), unknown: Vec::new(), element, is_list }
    }

    /// How many values there are, of any sort.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read.len() + self.malformed.len() + self.unknown.len()
    }

    /// Whether there is no value at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no value is malformed or unknown, so that those that were read are all.
    #[must_use]
    pub const fn is_read_whole(&self) -> bool {
        self.malformed.is_empty() && self.unknown.is_empty()
    }

    /// The values that were read.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.read.iter().map(|value| &value.value)
    }
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its number in the document, from 0.
    pub index: usize,
    /// The `Sid` element.
    pub sid: Option<Spanned<String>>,
    /// Where the `Sid` element stands, whatever it holds.
    pub sid_element: Option<Element>,
    /// The `Effect` element; `None` where it is absent or neither word.
    pub effect: Option<Spanned<Effect>>,
    /// Where the `Effect` element stands, whatever it holds.
    pub effect_element: Option<Element>,
    /// `Principal` or `NotPrincipal`.
    pub principals: Option<Clause<Principal>>,
    /// The kind under which each malformed principal is listed, in their order.
    pub malformed_principal_kinds: Vec<Option<PrincipalKind>>,
    /// `Action` or `NotAction`.
    pub actions: Option<Clause<ActionPattern>>,
    /// `Resource` or `NotResource`.
    pub resources: Option<Clause<ResourcePattern>>,
    /// Every row of the `Condition` element.
    pub conditions: Vec<Condition>,
    /// Rows of the `Condition` element that could not be read; they limit the statement in a way that is not known.
    pub unread_conditions: Vec<Span>,
    /// Where the `Condition` element stands.
    pub condition_element: Option<Element>,
    /// The whole statement.
    pub span: Span,
}

impl Statement {
    /// Whether it allows.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.effect.as_ref().is_some_and(|effect| effect.value == Effect::Allow)
    }

    /// Whether it denies.
    #[must_use]
    pub fn denies(&self) -> bool {
        self.effect.as_ref().is_some_and(|effect| effect.value == Effect::Deny)
    }

    /// Whether any condition limits it.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        !self.conditions.is_empty() || !self.unread_conditions.is_empty()
    }

    /// The principals that it names, where it means these alone.
    #[must_use]
    pub fn named_principals(&self) -> Option<&Listed<Principal>> {
        self.principals.as_ref().and_then(Clause::only)
    }

    /// The actions that it lists, where it means these alone.
    #[must_use]
    pub fn listed_actions(&self) -> Option<&Listed<ActionPattern>> {
        self.actions.as_ref().and_then(Clause::only)
    }

    /// The resources that it lists, where it means these alone.
    #[must_use]
    pub fn listed_resources(&self) -> Option<&Listed<ResourcePattern>> {
        self.resources.as_ref().and_then(Clause::only)
    }

    /// Whether it speaks of this action for certain, by `Action` or by `NotAction`. Source: IAM User Guide, "IAM JSON policy
    /// elements: Action" and "IAM JSON policy elements: `NotAction`".
    #[must_use]
    pub fn covers_action(&self, action: &str) -> bool {
        match &self.actions {
            Some(Clause::Only(listed)) => listed.values().any(|pattern| pattern.covers(action)),
            // What is left out but not known may be just this.
            Some(Clause::AllBut(listed)) => {
                listed.unknown.is_empty() && !listed.values().any(|pattern| pattern.covers(action))
            }
            None => false,
        }
    }

    /// Whether it may speak of actions of a service at all: a cheap question before dear ones.
    #[must_use]
    pub fn may_speak_of(&self, service: &str) -> bool {
        let may = |pattern: &ActionPattern| pattern.may_be_of(service);
        match &self.actions {
            Some(Clause::Only(listed)) => listed.values().any(may),
            Some(Clause::AllBut(_)) => true,
            None => false,
        }
    }

    /// The listed pattern that covers an action, with its place.
    #[must_use]
    pub fn pattern_for(&self, action: &str) -> Option<&Spanned<ActionPattern>> {
        self.listed_actions()?.read.iter().find(|pattern| pattern.value.covers(action))
    }

    /// The rows of its `Condition` element about one key.
    pub fn conditions_on<'s>(&'s self, key: &'s str) -> impl Iterator<Item = &'s Condition> {
        self.conditions.iter().filter(move |condition| condition.key.value.is(key))
    }
}
