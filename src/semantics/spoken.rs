//! What a policy says, statement by statement and element by element, each lowered when it is asked for.

use super::{
    Element, Fact, Formula, Layout, Matching, Naming, Part,
    lower::{action, condition, lower, principal, resource},
};
use crate::{
    policy::{Effect, Policy, PolicyKind, Statement},
    source::Span,
};

/// A statement of a policy, or a part of it that its file leaves open: a statement of either effect that may match.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spoken<'p> {
    /// A statement.
    Statement(&'p Statement),
    /// What is open, as a statement of one effect.
    Open(Effect, Span),
}

/// What a policy says, in the order of the file.
pub(crate) fn spoken(policy: &Policy) -> impl Iterator<Item = Spoken<'_>> {
    let is_inside = |place: &&Span| policy.statements.iter().any(|statement| statement.span.contains(**place));
    let open = policy.unknown.iter().filter(move |place| !is_inside(place)).copied();
    let open = open.chain(policy.is_cut.then_some(policy.span));
    let both = |span| [Effect::Allow, Effect::Deny].map(|effect| Spoken::Open(effect, span));
    policy.statements.iter().map(Spoken::Statement).chain(open.flat_map(both))
}

/// The name of a part that a file leaves open.
pub(crate) const NOT_GIVEN: &str = "what the file does not give";

impl Spoken<'_> {
    /// What it does; `None` for a statement without an effect, which is none.
    pub(crate) fn effect(self) -> Option<Effect> {
        match self {
            Self::Statement(statement) => Some(statement.effect.as_ref()?.value),
            Self::Open(effect, _) => Some(effect),
        }
    }

    /// Whom it names.
    pub(crate) fn naming(self, effect: Effect, layout: Layout) -> Naming {
        match self {
            Self::Statement(statement) => principal(statement, effect, layout),
            Self::Open(_, span) if layout.kind.names_principals() => {
                Naming::Listed { principals: Vec::new(), unknown: vec![span], span, at_endpoint: false }
            }
            Self::Open(..) => Naming::Implied,
        }
    }

    /// Its other elements, each when it is asked for.
    pub(crate) fn elements(self, layout: Layout) -> impl Iterator<Item = Element> {
        let (statement, open) = match self {
            Self::Statement(statement) => (Some(statement), None),
            Self::Open(_, span) => (None, Some(span)),
        };
        let named = statement.into_iter().flat_map(move |statement| {
            let first = std::iter::once_with(move || action(statement));
            let first = first.chain(std::iter::once_with(move || resource(statement, layout)));
            let rows = statement.conditions.iter().map(move |row| condition(row, layout));
            first.chain(rows).chain(statement.unread_conditions.iter().copied().map(unread))
        });
        named.chain(open.map(unread))
    }

    /// What must hold for it to match.
    pub(super) fn lowered(self, layout: Layout) -> Option<Matching> {
        let Self::Statement(statement) = self else {
            let effect = self.effect()?;
            let (Self::Open(_, span), name) = (self, NOT_GIVEN.to_owned()) else { return None };
            let (principal, elements) = (self.naming(effect, layout), self.elements(layout).collect());
            return Some(Matching { effect, name, index: None, span, principal, elements });
        };
        lower(statement, layout)
    }
}

fn unread(span: Span) -> Element {
    Element { part: Part::Unread, formula: Formula::Fact(Fact::Unread(span)), span }
}

impl Layout {
    /// How the statements of a policy are read.
    pub(crate) fn of(policy: &Policy, kind: PolicyKind, under_boundary: bool) -> Self {
        Self { kind, version: policy.version.as_ref().map(|version| version.value), under_boundary }
    }
}
