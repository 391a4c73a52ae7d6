//! What a statement reaches.

use super::{Judged, Subject, must_ask, texts};
use crate::{
    finding::Complaint,
    policy::{Clause, Listed, ResourcePattern, glob},
    simulate::scenario::fields,
    source::Spanned,
    syntax::Node,
};

/// The predicates of `resource`.
#[derive(Debug, Default)]
pub(super) struct OfResource {
    /// Any of these, or all that one of these patterns means.
    covers: Vec<String>,
    /// Nothing but these.
    within: Vec<String>,
    /// Something beside these.
    not_within: Vec<String>,
}

const KNOWN: [&str; 3] = ["covers", "within", "not_within"];

impl OfResource {
    pub(super) fn read(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Self {
        let fields = fields::of(node, "`resource`", &KNOWN, complaints);
        must_ask(node, "`resource`", &KNOWN, complaints);
        let mut list =
            |name: &str| fields.get(name).map_or_else(Vec::new, |node| texts(node, &format!("`{name}`"), complaints));
        Self { covers: list("covers"), within: list("within"), not_within: list("not_within") }
    }

    /// A statement without `Resource`, as in a trust policy, reaches what it hangs on and nothing else.
    pub(super) fn judge(&self, subject: &Subject<'_>) -> Judged {
        let asks_for_less = self.covers.is_empty() && self.not_within.is_empty();
        let Some(clause) = &subject.statement.resources else { return Judged::of(asks_for_less) };
        let listed = clause.listed();
        match clause {
            Clause::Only(_) => asked(&self.covers, || {
                some(subject, listed, |item| self.covers.iter().any(|arn| glob::includes(item.as_str(), arn)))
            })
            .and(|| asked(&self.within, || all_within(subject, listed, &self.within)))
            .and(|| asked(&self.not_within, || some(subject, listed, |item| !is_within(item, &self.not_within)))),
            Clause::AllBut(_) => asked(&self.covers, || all_but_cover(listed, &self.covers))
                .and(|| Judged::of(self.within.is_empty()))
                .and(|| asked(&self.not_within, || Judged::Yes(Some(listed.element.value)))),
        }
    }
}

fn asked(list: &[String], judge: impl FnOnce() -> Judged) -> Judged {
    if list.is_empty() { Judged::Yes(None) } else { judge() }
}

fn items<'s>(
    subject: &'s Subject<'_>,
    listed: &'s Listed<ResourcePattern>,
) -> impl Iterator<Item = &'s Spanned<ResourcePattern>> {
    listed.read.iter().filter(move |item| subject.counts(item.span, listed.element.value))
}

fn some(subject: &Subject<'_>, listed: &Listed<ResourcePattern>, holds: impl Fn(&ResourcePattern) -> bool) -> Judged {
    match items(subject, listed).find(|item| holds(&item.value)) {
        Some(item) => Judged::Yes(Some(item.span)),
        None if listed.unknown.is_empty() => Judged::No,
        None => Judged::Unknown,
    }
}

fn is_within(item: &ResourcePattern, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| glob::includes(pattern, item.as_str()))
}

fn all_within(subject: &Subject<'_>, listed: &Listed<ResourcePattern>, patterns: &[String]) -> Judged {
    if items(subject, listed).any(|item| !is_within(&item.value, patterns)) {
        return Judged::No;
    }
    if listed.unknown.is_empty() { Judged::of(items(subject, listed).next().is_some()) } else { Judged::Unknown }
}

/// Whether `NotResource` reaches all that one of the patterns means.
fn all_but_cover(listed: &Listed<ResourcePattern>, arns: &[String]) -> Judged {
    let touches = |arn: &String| listed.values().any(|but| glob::overlap(arn, but.as_str()));
    if arns.iter().all(touches) {
        return Judged::No;
    }
    if listed.unknown.is_empty() { Judged::Yes(Some(listed.element.value)) } else { Judged::Unknown }
}
