//! Typed predicates: what a statement means, not how it is spelt.

mod action;
mod condition;
mod principal;
mod resource;

use crate::{
    document::Project,
    finding::Complaint,
    policy::{Effect, Policy, Statement},
    simulate::scenario::fields,
    source::Span,
    syntax::{Node, Value},
};

use action::OfAction;
use condition::OfCondition;
use principal::OfPrincipal;
use resource::OfResource;

/// What a predicate says of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// It does not hold.
    No,
    /// A part that the file does not give decides it.
    Unknown,
    /// It holds; by what, where one place tells.
    Yes(Option<Span>),
}

impl Judged {
    fn of(holds: bool) -> Self {
        if holds { Self::Yes(None) } else { Self::No }
    }

    /// Both; the first place that tells speaks for them.
    fn and(self, other: impl FnOnce() -> Self) -> Self {
        if self == Self::No {
            return Self::No;
        }
        match (self, other()) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Yes(one), Self::Yes(other)) => Self::Yes(one.or(other)),
        }
    }
}

/// A statement, or one item of it, of which predicates are asked.
#[derive(Clone, Copy)]
pub(super) struct Subject<'s> {
    pub(super) statement: &'s Statement,
    pub(super) policy: &'s Policy,
    pub(super) project: &'s Project<'s>,
    /// The item of a list that was selected: of that list, nothing else counts.
    pub(super) item: Option<Span>,
}

impl Subject<'_> {
    /// Whether an item counts: all do, unless one of its list was selected.
    fn counts(&self, place: Span, list: Span) -> bool {
        self.item.is_none_or(|item| !list.contains(item) || item.contains(place))
    }
}

/// What must hold of a statement.
#[derive(Debug, Default)]
pub(super) struct Where {
    effect: Option<Effect>,
    action: Option<OfAction>,
    principal: Option<OfPrincipal>,
    resource: Option<OfResource>,
    condition: Option<OfCondition>,
}

const PREDICATES: [&str; 5] = ["effect", "action", "principal", "resource", "condition"];

impl Where {
    /// Reads the predicates of a rule.
    pub(super) fn read(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Self {
        let fields = fields::of(node, "`where`", &PREDICATES, complaints);
        Self {
            effect: fields.get("effect").and_then(|node| effect(node, complaints)),
            action: fields.get("action").map(|node| OfAction::read(node, complaints)),
            principal: fields.get("principal").map(|node| OfPrincipal::read(node, complaints)),
            resource: fields.get("resource").map(|node| OfResource::read(node, complaints)),
            condition: fields.get("condition").map(|node| OfCondition::read(node, complaints)),
        }
    }

    /// Whether it asks for nothing.
    pub(super) const fn is_empty(&self) -> bool {
        self.effect.is_none()
            && self.action.is_none()
            && self.principal.is_none()
            && self.resource.is_none()
            && self.condition.is_none()
    }

    /// What all predicates together say.
    pub(super) fn judge(&self, subject: &Subject<'_>) -> Judged {
        let effect = self.effect.map_or(Judged::Yes(None), |effect| {
            Judged::of(subject.statement.effect.as_ref().is_some_and(|own| own.value == effect))
        });
        let yes = Judged::Yes(None);
        effect
            .and(|| self.action.as_ref().map_or(yes, |action| action.judge(subject)))
            .and(|| self.principal.as_ref().map_or(yes, |principal| principal.judge(subject)))
            .and(|| self.resource.as_ref().map_or(yes, |resource| resource.judge(subject)))
            .and(|| self.condition.as_ref().map_or(yes, |condition| condition.judge(subject)))
    }
}

fn effect(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Option<Effect> {
    match node.as_str() {
        Some("Allow") => Some(Effect::Allow),
        Some("Deny") => Some(Effect::Deny),
        _ => {
            complaints.push(Complaint::new(node.span, "`effect` is `Allow` or `Deny`"));
            None
        }
    }
}

/// A text or a list of texts, numbers and Booleans by their spelling; anything else, and nothing at all, is told.
pub(in crate::rules::declarative) fn texts(
    node: &Node<'_>,
    what: &str,
    complaints: &mut Vec<Complaint>,
) -> Vec<String> {
    let mut texts = Vec::new();
    if node.items().is_empty() {
        complaints.push(Complaint::new(node.span, format!("{what} lists nothing")));
    }
    for item in node.items() {
        match fields::scalar(item) {
            Some(text) => texts.push(text),
            None => complaints.push(Complaint::new(item.span, format!("{what} is a text, not {}", item.kind()))),
        }
    }
    texts
}

/// Tells of a predicate that asks for nothing.
pub(in crate::rules::declarative) fn must_ask(
    node: &Node<'_>,
    what: &str,
    known: &[&str],
    complaints: &mut Vec<Complaint>,
) {
    if matches!(&node.value, Value::Map(members) if members.is_empty()) {
        let message = format!("{what} asks for nothing");
        complaints.push(Complaint::new(node.span, message).help(format!("it takes {}", known.join(", "))));
    }
}
