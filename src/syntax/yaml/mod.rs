//! YAML: the documents of a text.
//!
//! Each document is scanned by itself, so that what is broken in one hides no other. The scanner is `granit-parser`. Its events are gathered first and the tree is read from those, so that an alias is
//! its anchor's events read once more. A plain value means what YAML 1.2's core schema says, but digits are a number
//! only where they are one of JSON: `012345678901` is an account, `2012-10-17` a version, and both keep their
//! spelling. A value with a tag of its own (`!Sub`) is unknown. Comments are passed over.

mod comments;
mod plain;
mod scan;
mod split;
mod template;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    ops::Range,
};

pub use comments::comments;

use granit_parser::{Event, ScalarStyle, Tag};

use self::{
    scan::{FILLER, MAX_STARS, Scan, Step, Stretch, character, is_absent},
    template::Filling,
};
use super::{Cause, Fault, MAX_DEPTH, Member, Node, Tree, Value, json::is_number};
use crate::source::{Source, Span};

/// How many nodes are copied through aliases, names included; each KiB of text counts as one more.
const MAX_COPIED: usize = 10_000;

const NO_ANCHOR: &str = "what begins with `*` is an alias, and no anchor before it has its name";
const OWN_ANCHOR: &str = "this alias stands inside its own anchor";

/// The tag `!`, which makes a plain scalar a string.
const UNSPECIFIC: (&str, &str) = ("", "!");

/// One document of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<'a> {
    /// What was read.
    pub tree: Tree<'a>,
    /// Where the document stands, its marks included.
    pub place: Span,
    /// What a template (`{{ … }}`) fills in, in the order of the text; each value that holds any of it is unknown.
    pub filled: Vec<Span>,
}

/// Whether `{{ … }}` is taken for what a template fills in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Templates {
    Filled,
    Text,
}

/// Reads the first document of a text that is no template; a further one is a fault.
///
/// An alias stands where it is written; what is inside its value, and what `<<` merges, stands at the anchor. A block
/// scalar stands from its first character that is no blank to its last.
#[must_use]
pub fn read(source: &Source) -> Tree<'_> {
    let mut parts = parts(source, Templates::Text).into_iter();
    let Some(Part { mut tree, .. }) = parts.next() else {
        return Tree { root: Node { value: Value::Null, span: source.span() }, faults: Vec::new() };
    };
    if let Some(next) = parts.next() {
        let start = next.tree.root.span.start as usize;
        let line = source.line_range(source.line_of(next.tree.root.span.start));
        let before = split::marker_before(source.text(), start).unwrap_or(start.max(line.start));
        let line = source.line_range(source.line_of(source.place(before, before).start));
        tree.faults.push(fault(Cause::Trailing, source.place(before, line.end)));
    }
    tree
}

/// Reads every document of a text; there is at least one.
#[must_use]
pub fn read_all(source: &Source) -> Vec<Part<'_>> {
    parts(source, Templates::Filled)
}

fn parts(source: &Source, templates: Templates) -> Vec<Part<'_>> {
    let mut text = Cow::Borrowed(source.text());
    if !source.damaged.is_empty() {
        text = Cow::Owned(text.replace('\u{1a}', FILLER));
    }
    let stretches = split::documents(&text).into_iter();
    let mut parts: Vec<Part<'_>> = stretches.filter_map(|range| part(source, &text, range, templates)).collect();
    if parts.is_empty() {
        let faults = vec![fault(Cause::Empty, source.span())];
        let tree = Tree { root: Node { value: Value::Null, span: source.span() }, faults };
        parts.push(Part { tree, filled: Vec::new(), place: source.span() });
    }
    if let (Some(part), Some(first)) = (parts.first_mut(), source.damaged.first()) {
        let place = source.place(*first as usize, *first as usize + 1);
        part.tree.faults.push(Fault { count: source.damaged.len(), ..fault(Cause::NotUtf8, place) });
        part.tree.faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
    }
    parts
}

/// Reads one document; `None` where nothing is written.
fn part<'a>(source: &'a Source, text: &str, range: Range<usize>, templates: Templates) -> Option<Part<'a>> {
    let stretch = Stretch { text: text.get(range.clone())?, base: range.start };
    if templates == Templates::Text || !template::is_one(stretch.text) {
        if let Some(root) = plain::read(source, stretch) {
            let place = source.place(stretch.base, stretch.base + stretch.text.len());
            return Some(Part { tree: Tree { root, faults: Vec::new() }, filled: Vec::new(), place });
        }
        return read_filled(source, stretch, &[]);
    }
    let cut = |part: &Part<'_>| part.tree.faults.iter().any(|fault| fault.cause.cuts());
    let mut best = None;
    for filling in [Filling::Values, Filling::Nothing] {
        let (text, filled) = template::masked(stretch, filling);
        let read = read_filled(source, Stretch { text: &text, ..stretch }, &filled);
        let is_whole = read.as_ref().is_some_and(|part| !cut(part));
        best = best.filter(|_| !is_whole).or(read);
        if is_whole {
            break;
        }
    }
    best
}

fn read_filled<'a>(source: &'a Source, stretch: Stretch<'_>, filled: &[Range<usize>]) -> Option<Part<'a>> {
    let mut text = Cow::Borrowed(stretch.text);
    let mut stars = Vec::new();
    let scan = loop {
        let mut scan = Scan::of(source, Stretch { text: &text, ..stretch });
        let Some(star) = scan.star() else { break scan };
        stars.push(star);
        if stars.len() > MAX_STARS {
            scan.stop = None;
            break scan;
        }
        let at = star.range().start - stretch.base..star.range().end - stretch.base;
        let [before, behind] = [0..at.start, at.end..text.len()].map(|part| text.get(part));
        text = Cow::Owned([before.unwrap_or_default(), FILLER, behind.unwrap_or_default()].concat());
    };
    let mut reader = Reader::new(source, &scan, filled);
    let root = reader.root()?;
    let mut faults = reader.faults;
    faults.extend(scan.unquoted(&stars));
    faults.extend(scan.stop);
    faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
    let filled = filled.iter().map(|range| source.place(range.start, range.end)).collect();
    let place = source.place(stretch.base, stretch.base + stretch.text.len());
    Some(Part { tree: Tree { root, faults }, filled, place })
}

fn fault(cause: Cause, span: Span) -> Fault {
    Fault { cause, span, count: 1, repair: None }
}

/// Whether a tag is none of YAML's own, so that the file does not give the value.
fn is_foreign(event: &Event<'_>) -> bool {
    let Some(tag) = event.tag() else { return false };
    let name = tag.suffix_in_namespace("tag:yaml.org,2002:");
    tag.parts() != UNSPECIFIC && name.is_none_or(|name| name == "binary")
}

fn is_text(tag: &Tag) -> bool {
    tag.parts() == UNSPECIFIC || tag.is_yaml_core_schema_tag("str")
}

/// Reads a tree from events.
struct Reader<'a, 's> {
    source: &'a Source,
    scan: &'s Scan<'s>,
    /// What a template fills in.
    filled: &'s [Range<usize>],
    /// Where each anchor stands among the steps.
    anchors: HashMap<usize, usize>,
    /// The anchors whose values are being read.
    open: Vec<usize>,
    /// How many aliases are being followed, one inside another.
    following: usize,
    copied: usize,
    faults: Vec<Fault>,
}

impl<'a, 's> Reader<'a, 's> {
    fn new(source: &'a Source, scan: &'s Scan<'s>, filled: &'s [Range<usize>]) -> Self {
        let steps = scan.steps.iter().enumerate();
        let anchors = steps.filter_map(|(at, step)| Some((step.event.anchor_id()?, at))).collect();
        Self { source, scan, filled, anchors, open: Vec::new(), following: 0, copied: 0, faults: Vec::new() }
    }

    /// The document's value; `None` where nothing is written and nothing is broken.
    fn root(&mut self) -> Option<Node<'a>> {
        let root = self.node(&mut 0, 0);
        let written = self.scan.steps.first().is_some_and(|step| !is_absent(&step.event, &(step.start..step.end)));
        if !written && self.scan.stop.is_none() {
            return None;
        }
        Some(if written { root } else { Node { value: Value::Null, span: self.source.span() } })
    }

    /// Whether a template fills in a part of a place; of an empty one, what stands next behind it.
    fn is_filled(&self, place: &Range<usize>) -> bool {
        let next = self.filled.partition_point(|filled| filled.end <= place.start);
        let Some(filled) = self.filled.get(next) else { return false };
        if place.is_empty() {
            let between = self.scan.stretch.get(place.start..filled.start.max(place.start));
            return between.is_some_and(|between| between.trim().is_empty());
        }
        filled.start < place.end
    }

    /// Reads the value at a step, and moves on behind it.
    fn node(&mut self, at: &mut usize, depth: usize) -> Node<'a> {
        let steps = &self.scan.steps;
        let Some(step) = steps.get(*at) else {
            // The scanner stopped here.
            let end = steps.last().map_or(0, |step| step.end);
            return Node { value: Value::Unknown, span: self.source.place(end, end) };
        };
        *at += 1;
        self.count(1 + step.event.scalar().map_or(0, |(text, _)| text.len() / 1024));
        let anchors = self.open.len();
        self.open.extend(step.event.anchor_id());
        let value = self.value(step, at, depth);
        self.open.truncate(anchors);
        let last = steps.get(*at - 1).unwrap_or(step);
        Node { value, span: self.source.place(step.start, last.end) }
    }

    fn value(&mut self, step: &Step<'_>, at: &mut usize, depth: usize) -> Value<'a> {
        let place = self.source.place(step.start, step.end);
        match &step.event {
            Event::SequenceStart(..) | Event::MappingStart(..) if is_foreign(&step.event) => {
                self.skip(at);
                Value::Unknown
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if depth >= MAX_DEPTH => {
                self.fault(Cause::TooDeep, character(self.source, step.start));
                self.skip(at);
                Value::Null
            }
            Event::SequenceStart(..) => Value::List(self.list(at, depth + 1)),
            Event::MappingStart(..) => Value::Map(self.map(at, depth + 1)),
            Event::Scalar(..) if is_foreign(&step.event) || self.is_filled(&(step.start..step.end)) => Value::Unknown,
            Event::Scalar(_, ScalarStyle::Plain, _, tag) if !tag.as_deref().is_some_and(is_text) => {
                resolved(self.text(step))
            }
            Event::Scalar(..) => Value::String(self.text(step)),
            Event::Alias(anchor) => self.alias(*anchor, place, depth),
            Event::UnresolvedAlias(_) => {
                self.fault(Cause::Yaml(NO_ANCHOR.to_owned()), place);
                Value::Unknown
            }
            _ => Value::Unknown,
        }
    }

    /// A scalar's text, borrowed where it stands in the source as it is.
    fn text(&self, step: &Step<'_>) -> Cow<'a, str> {
        let Event::Scalar(text, style, ..) = &step.event else { return Cow::Borrowed("") };
        if step.start == step.end {
            return Cow::Borrowed("");
        }
        let start = step.start + usize::from(matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted));
        let place = start..start + text.len();
        match self.source.text().get(place.clone()) {
            Some(kept) if self.scan.stretch.get(place) == Some(text) => Cow::Borrowed(kept),
            _ => Cow::Owned(text.clone().into_owned()),
        }
    }

    fn list(&mut self, at: &mut usize, depth: usize) -> Vec<Node<'a>> {
        let mut items = Vec::new();
        while self.goes_on(at) {
            items.push(self.node(at, depth));
        }
        items
    }

    fn map(&mut self, at: &mut usize, depth: usize) -> Vec<Member<'a>> {
        let (mut members, mut merged) = (Vec::new(), Vec::new());
        while self.goes_on(at) {
            let (key, key_span) = self.key(at, depth);
            let is_merge = key == "<<" && self.source.slice(key_span) == "<<";
            let mut value = self.node(at, depth);
            match &mut value.value {
                Value::Map(others) if is_merge => merged.append(others),
                Value::List(items) if is_merge && items.iter().all(|item| item.as_map().is_some()) => {
                    merged.extend(items.drain(..).flat_map(members_of));
                }
                _ => members.push(Member { key, key_span, value }),
            }
        }
        if merged.is_empty() {
            return members;
        }
        let mut names: HashSet<_> = members.iter().map(|member| member.key.clone()).collect();
        merged.retain(|member| names.insert(member.key.clone()));
        members.append(&mut merged);
        members
    }

    /// The name of a member; of one that is no scalar, its spelling.
    fn key(&mut self, at: &mut usize, depth: usize) -> (Cow<'a, str>, Span) {
        let steps = &self.scan.steps;
        let step = steps.get(*at);
        let span = self.node(at, depth).span;
        let named = match step.map(|step| &step.event) {
            Some(Event::Alias(anchor)) if !self.is_spent() => {
                self.anchors.get(anchor).and_then(|anchor| steps.get(*anchor))
            }
            _ => step,
        };
        let is_filled = self.is_filled(&span.range());
        match named.filter(|step| step.event.scalar().is_some() && !is_filled) {
            Some(step) => (self.text(step), span),
            None => (Cow::Borrowed(self.source.slice(span)), span),
        }
    }

    fn alias(&mut self, anchor: usize, place: Span, depth: usize) -> Value<'a> {
        if self.open.contains(&anchor) {
            self.fault(Cause::Yaml(OWN_ANCHOR.to_owned()), place);
            return Value::Unknown;
        }
        let mut value = Value::Unknown;
        if let Some(mut at) = self.anchors.get(&anchor).copied().filter(|_| !self.is_spent()) {
            self.following += 1;
            value = self.node(&mut at, depth).value;
            self.following -= 1;
        }
        if self.is_spent() && self.following == 0 {
            self.fault(Cause::TooManyAliases, place);
            return Value::Unknown;
        }
        value
    }

    fn count(&mut self, nodes: usize) {
        if self.following > 0 {
            self.copied += nodes;
        }
    }

    fn is_spent(&self) -> bool {
        self.copied > MAX_COPIED
    }

    /// Whether the open list or map has another value; its end is passed over.
    fn goes_on(&self, at: &mut usize) -> bool {
        let Some(step) = self.scan.steps.get(*at) else { return false };
        let ends = matches!(step.event, Event::SequenceEnd | Event::MappingEnd);
        *at += usize::from(ends);
        !ends && (self.following == 0 || !self.is_spent())
    }

    /// Passes over the rest of a list or map.
    fn skip(&mut self, at: &mut usize) {
        let (start, mut depth) = (*at, 1);
        while let Some(step) = self.scan.steps.get(*at).filter(|_| depth > 0) {
            *at += 1;
            match step.event {
                Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
                Event::SequenceEnd | Event::MappingEnd => depth -= 1,
                _ => {}
            }
        }
        self.count(*at - start);
    }

    fn fault(&mut self, cause: Cause, span: Span) {
        match self.faults.iter_mut().find(|fault| fault.cause == cause) {
            // What is wrong in a copy was told of the anchor.
            Some(_) if self.following > 0 => {}
            Some(told) => told.count += 1,
            None => self.faults.push(fault(cause, span)),
        }
    }
}

fn members_of(node: Node<'_>) -> Vec<Member<'_>> {
    match node.value {
        Value::Map(members) => members,
        _ => Vec::new(),
    }
}

/// What a plain scalar means.
fn resolved(text: Cow<'_, str>) -> Value<'_> {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        digits if is_number(digits) => Value::Number(text),
        _ => Value::String(text),
    }
}
