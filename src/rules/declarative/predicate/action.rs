//! What a statement lets be done.

use super::{Judged, Subject, must_ask, texts};
use crate::{
    finding::Complaint,
    policy::{ActionPattern, Clause, Listed, glob},
    simulate::scenario::fields,
    source::Spanned,
    syntax::{Node, Value},
};

/// The predicates of `action`.
#[derive(Debug, Default)]
pub(super) struct OfAction {
    /// Any of these, or all that one of these patterns means.
    covers: Vec<String>,
    /// Nothing but these.
    covered_by: Vec<String>,
    /// Something beside these.
    not_covered_by: Vec<String>,
    whole_service: Option<Services>,
}

/// Services of which every action is meant.
#[derive(Debug)]
enum Services {
    Any,
    These(Vec<String>),
}

const KNOWN: [&str; 4] = ["covers", "covered_by", "not_covered_by", "whole_service"];

impl OfAction {
    pub(super) fn read(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Self {
        let fields = fields::of(node, "`action`", &KNOWN, complaints);
        must_ask(node, "`action`", &KNOWN, complaints);
        let mut list =
            |name: &str| fields.get(name).map_or_else(Vec::new, |node| actions(node, &format!("`{name}`"), complaints));
        let (covers, covered_by, not_covered_by) = (list("covers"), list("covered_by"), list("not_covered_by"));
        let whole_service = fields.get("whole_service").map(|node| services(node, complaints));
        Self { covers, covered_by, not_covered_by, whole_service }
    }

    pub(super) fn judge(&self, subject: &Subject<'_>) -> Judged {
        let Some(clause) = &subject.statement.actions else { return Judged::No };
        let counted = Counted { subject, listed: clause.listed() };
        let asked = |list: &[String], judge: &dyn Fn() -> Judged| {
            if list.is_empty() { Judged::Yes(None) } else { judge() }
        };
        let whole = self.whole_service.as_ref();
        match clause {
            Clause::Only(_) => asked(&self.covers, &|| counted.covering(&self.covers))
                .and(|| asked(&self.covered_by, &|| counted.inside(&self.covered_by)))
                .and(|| asked(&self.not_covered_by, &|| counted.outside(&self.not_covered_by)))
                .and(|| whole.map_or(Judged::Yes(None), |services| counted.whole(services))),
            Clause::AllBut(listed) => asked(&self.covers, &|| all_but_cover(listed, &self.covers))
                .and(|| Judged::of(self.covered_by.is_empty()))
                .and(|| asked(&self.not_covered_by, &|| Judged::Yes(Some(listed.element.value))))
                .and(|| whole.map_or(Judged::Yes(None), |services| all_but_whole(listed, services))),
        }
    }
}

/// The listed actions that count.
struct Counted<'s> {
    subject: &'s Subject<'s>,
    listed: &'s Listed<ActionPattern>,
}

impl Counted<'_> {
    fn items(&self) -> impl Iterator<Item = &Spanned<ActionPattern>> {
        self.listed.read.iter().filter(|item| self.subject.counts(item.span, self.listed.element.value))
    }

    /// Some item of which a question holds.
    fn some(&self, holds: impl Fn(&ActionPattern) -> bool) -> Judged {
        match self.items().find(|item| holds(&item.value)) {
            Some(item) => Judged::Yes(Some(item.span)),
            None if self.listed.unknown.is_empty() => Judged::No,
            None => Judged::Unknown,
        }
    }

    fn covering(&self, actions: &[String]) -> Judged {
        self.some(|listed| actions.iter().any(|action| covers(listed, action)))
    }

    fn outside(&self, patterns: &[String]) -> Judged {
        self.some(|listed| !within(listed, patterns))
    }

    fn inside(&self, patterns: &[String]) -> Judged {
        if self.items().any(|item| !within(&item.value, patterns)) {
            return Judged::No;
        }
        if self.listed.unknown.is_empty() { Judged::of(self.items().next().is_some()) } else { Judged::Unknown }
    }

    fn whole(&self, services: &Services) -> Judged {
        self.some(|listed| match services {
            Services::Any => means_whole_service(listed),
            Services::These(services) => {
                services.iter().any(|service| glob::includes_ignoring_case(listed.as_str(), &format!("{service}:*")))
            }
        })
    }
}

fn covers(listed: &ActionPattern, action: &str) -> bool {
    if glob::is_pattern(action) { glob::includes_ignoring_case(listed.as_str(), action) } else { listed.covers(action) }
}

fn within(listed: &ActionPattern, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| glob::includes_ignoring_case(pattern, listed.as_str()))
}

/// Whether an entry means all actions of some service: `kms:*`, `k*:*`, `*`.
fn means_whole_service(listed: &ActionPattern) -> bool {
    let name = listed.name();
    name.contains('*') && name.bytes().all(|byte| matches!(byte, b'*' | b'?'))
}

/// Whether `NotAction` lets through all that one of the patterns means. What overlaps an exception is not let through whole.
fn all_but_cover(listed: &Listed<ActionPattern>, actions: &[String]) -> Judged {
    let touches =
        |action: &String, but: &ActionPattern| but.covers(action) || glob::overlap_ignoring_case(action, but.as_str());
    if !actions.iter().any(|action| !listed.values().any(|but| touches(action, but))) {
        return Judged::No;
    }
    if listed.unknown.is_empty() { Judged::Yes(Some(listed.element.value)) } else { Judged::Unknown }
}

/// Whether `NotAction` lets through a whole service: of any, it always does.
fn all_but_whole(listed: &Listed<ActionPattern>, services: &Services) -> Judged {
    let whole = match services {
        Services::Any => true,
        Services::These(services) => {
            let touched = |service: &String| listed.values().any(|but| but.is_of(service) || but.leaves_service_open());
            services.iter().any(|service| !touched(service))
        }
    };
    match whole {
        false => Judged::No,
        true if listed.unknown.is_empty() => Judged::Yes(Some(listed.element.value)),
        true => Judged::Unknown,
    }
}

fn actions(node: &Node<'_>, what: &str, complaints: &mut Vec<Complaint>) -> Vec<String> {
    for item in node.items() {
        if item.as_str().is_some_and(|text| text != "*" && !text.contains(':')) {
            let complaint = Complaint::new(item.span, "an action names its service: `kms:Decrypt`, `kms:*`, or `*`");
            complaints.push(complaint);
        }
    }
    texts(node, what, complaints)
}

fn services(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Services {
    if node.value == Value::Bool(true) {
        return Services::Any;
    }
    let services = texts(node, "`whole_service`", complaints);
    if services.iter().any(|service| service.contains([':', '*']) || service == "false") {
        let complaint =
            Complaint::new(node.span, "`whole_service` is `true` for any service, or services such as `kms`");
        complaints.push(complaint);
    }
    Services::These(services)
}
