//! A rule file: one rule, its page and its examples.

use std::ops::Range;

use super::{
    Asks, Demand, Rule,
    example::{self, Examples},
    never::{self, Never},
    path::{Path, PathError},
    predicate::Where,
};
use crate::{
    finding::{Complaint, Confidence, Family, Persona, RuleInfo, Severity},
    policy::PolicyKind,
    simulate::scenario::fields::{self, Fields},
    source::{Source, Span, Spanned},
    syntax::{Node, embed, yaml},
};

/// The fields of a rule file, in the order in which they are best written, each with what it says.
pub(super) const FIELDS: [&str; 15] = [
    "id",
    "severity",
    "confidence",
    "persona",
    "summary",
    "applies_to",
    "forbid",
    "require",
    "never",
    "message",
    "why",
    "fix",
    "references",
    "examples",
    "$schema",
];

/// The fields of `forbid` and `require`.
pub(super) const DEMAND: [&str; 3] = ["select", "where", "mark"];

/// A rule as its file says it, not yet held against its examples.
pub(super) struct Written<'t> {
    pub(super) rule: Rule,
    /// Where its name stands.
    pub(super) id: Span,
    pub(super) examples: Examples<'t>,
}

/// Reads a rule file.
///
/// # Errors
/// All that is wrong with it, in the order of the text.
pub(super) fn read<'t>(source: &Source, root: &Node<'t>) -> Result<Written<'t>, Vec<Complaint>> {
    let mut complaints = Vec::new();
    let written = rule(source, root, &mut complaints);
    match written {
        Some(written) if complaints.is_empty() => Ok(written),
        _ => {
            complaints.sort_by_key(|complaint| complaint.place.span);
            Err(complaints)
        }
    }
}

/// The tree of a file that tells kpl what to do.
///
/// # Errors
/// What is no YAML in it.
pub(super) fn tree(source: &Source) -> Result<Node<'_>, Vec<Complaint>> {
    let tree = yaml::read(source);
    if tree.faults.is_empty() {
        return Ok(tree.root);
    }
    let told = tree.faults.iter().map(|fault| {
        let complaint = Complaint::new(fault.span, fault.cause.message(1));
        match fault.cause.help() {
            Some(help) => complaint.help(help),
            None => complaint,
        }
    });
    Err(told.collect())
}

fn rule<'t>(source: &Source, root: &Node<'t>, complaints: &mut Vec<Complaint>) -> Option<Written<'t>> {
    let fields = fields::of(root, "a rule", &FIELDS, complaints);
    let needed = ["id", "severity", "summary", "why", "fix", "examples"];
    let missing: Vec<&str> = needed.into_iter().filter(|name| fields.get(name).is_none()).collect();
    for name in needed {
        fields.need(name, "a rule", &start(source, root), complaints);
    }
    let id = fields.get("id").and_then(|node| self::id(node, complaints));
    let mut text = |name: &str| {
        fields.get(name).and_then(|node| fields::text(node, &format!("`{name}`"), complaints)).map(str::trim)
    };
    let (summary, why, fix, message) = (text("summary"), text("why"), text("fix"), text("message"));
    let severity = word(&fields, "severity", "error, warning or note", complaints);
    let confidence = word(&fields, "confidence", "high, medium or low", complaints).unwrap_or(Confidence::High);
    let persona = word(&fields, "persona", "regular, pedantic or auditor", complaints).unwrap_or(Persona::Regular);
    let kinds = fields.get("applies_to").map_or_else(Vec::new, |node| kinds(node, complaints));
    let references = fields.get("references").map_or_else(Vec::new, |node| references(node, complaints));
    let asks = asks(source, root, &fields, complaints);
    let kinds = of_never(kinds, &fields, complaints);
    let first_kind = kinds.first().copied().unwrap_or(PolicyKind::Identity);
    let examples = fields.get("examples").map(|node| example::read(node, first_kind, complaints));
    if !missing.is_empty() {
        return None;
    }
    let (id, summary, fix) = (id?, summary?, fix?);
    let documentation = page(summary, why?, fix, &references, source);
    // INVARIANT: rules are read once in a run, so that what each of them leaks is bounded by the size of its file.
    let info: &'static RuleInfo = Box::leak(Box::new(RuleInfo {
        id: leaked(&id.value),
        code: None,
        further_codes: &[],
        family: Family::Declarative,
        severity: severity.unwrap_or(Severity::Warning),
        confidence,
        persona,
        summary: leaked(summary),
        supersedes: &[],
        options: &[],
        documentation: leaked(&documentation),
        fixture: leaked(source.text()),
    }));
    let message = message.unwrap_or(summary).to_owned();
    let rule = Rule { info, kinds, asks: asks?, message, help: fix.to_owned() };
    Some(Written { rule, id: id.span, examples: examples? })
}

/// The first line of a file: where it lacks something.
fn start(source: &Source, root: &Node<'_>) -> Node<'static> {
    let line = source.line_range(source.line_of(root.span.start));
    let start = root.span.start as usize;
    let end = line.end.max(start);
    let end = start + source.text().get(start..end).unwrap_or_default().trim_end().len();
    Node { value: crate::syntax::Value::Null, span: source.place(start, end) }
}

fn leaked(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// A rule's name: words of lower case, joined by hyphens.
fn id(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Option<Spanned<String>> {
    let text = fields::text(node, "`id`", complaints)?;
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if text.len() > 80 || !text.split('-').all(is_word) {
        let complaint = Complaint::new(node.span, "an id is made of words in lower case, joined by hyphens");
        complaints.push(complaint.help("`decrypt-without-via-service`"));
        return None;
    }
    Some(Spanned::new(text.to_owned(), node.span))
}

fn word<T: std::str::FromStr>(
    fields: &Fields<'_, '_>,
    name: &'static str,
    words: &str,
    complaints: &mut Vec<Complaint>,
) -> Option<T> {
    let node = fields.get(name)?;
    let read = node.as_str().and_then(|text| text.parse().ok());
    if read.is_none() {
        complaints.push(Complaint::new(node.span, format!("`{name}` is {words}")));
    }
    read
}

pub(super) fn kinds(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Vec<PolicyKind> {
    let kind = |item: &Node<'_>| item.as_str().and_then(|text| text.parse::<PolicyKind>().ok());
    let mut kinds = Vec::new();
    for item in node.items() {
        if let Some(kind) = kind(item) {
            kinds.push(kind);
        } else {
            let words: Vec<&str> = PolicyKind::ALL.into_iter().map(PolicyKind::word).collect();
            let complaint = Complaint::new(item.span, "there is no such kind of policy");
            complaints.push(complaint.help(format!("it is {}", words.join(", "))));
        }
    }
    kinds
}

fn references<'n>(node: &'n Node<'_>, complaints: &mut Vec<Complaint>) -> Vec<&'n str> {
    node.items().iter().filter_map(|item| fields::text(item, "`references`", complaints)).collect()
}

/// `forbid`, `require` or `never`, exactly one of them.
fn asks(source: &Source, root: &Node<'_>, fields: &Fields<'_, '_>, complaints: &mut Vec<Complaint>) -> Option<Asks> {
    let [forbid, require, never] = ["forbid", "require", "never"].map(|name| fields.get(name));
    let mut stated = [forbid, require, never].into_iter().flatten();
    let first = stated.next();
    if let Some(second) = stated.next() {
        complaints.push(Complaint::new(second.span, "a rule states one of `forbid`, `require` and `never`"));
        return None;
    }
    if first.is_none() {
        if fields.are_known() {
            let place = start(source, root).span;
            let complaint = Complaint::new(place, "a rule has `forbid`, `require` or `never`");
            complaints.push(complaint.help("`forbid: { where: { action: { covers: kms:Decrypt } } }`"));
        }
        return None;
    }
    match (forbid, require, never) {
        (_, _, Some(node)) => Some(Asks::Never(Never::read(node, complaints))),
        (Some(node), ..) => Some(Asks::Demand(Box::new(demand(node, false, source, complaints)))),
        (_, Some(node), _) => Some(Asks::Demand(Box::new(demand(node, true, source, complaints)))),
        _ => None,
    }
}

/// The kinds of policies that a rule speaks of: `never` can be asked of some alone.
fn of_never(kinds: Vec<PolicyKind>, fields: &Fields<'_, '_>, complaints: &mut Vec<Complaint>) -> Vec<PolicyKind> {
    if fields.get("never").is_none() {
        return kinds;
    }
    if let Some(node) = fields.get("applies_to").filter(|_| kinds.iter().any(|kind| !never::KINDS.contains(kind))) {
        let complaint = Complaint::new(node.span, "`never` is asked of policies that grant by themselves");
        complaints.push(complaint.help("these are identity, key, trust and resource"));
    }
    if kinds.is_empty() { never::KINDS.to_vec() } else { kinds }
}

/// Where a part of a text stands in its file, however the text is spelt there.
fn inside(node: &Node<'_>, source: &Source, part: Range<usize>) -> Option<Span> {
    let inner = embed::inner_of(node, source.slice(node.span))?;
    let offset = |at: usize| u32::try_from(at).ok();
    Some(inner.place(Span { start: offset(part.start)?, end: offset(part.end)?, ..node.span }))
}

fn demand(node: &Node<'_>, requires: bool, source: &Source, complaints: &mut Vec<Complaint>) -> Demand {
    let what = if requires { "`require`" } else { "`forbid`" };
    let parts = fields::of(node, what, &DEMAND, complaints);
    let mut path = |name: &str, read: fn(&str) -> Result<Path, PathError>| {
        let node = parts.get(name)?;
        let text = fields::text(node, &format!("`{name}`"), complaints)?;
        match read(text) {
            Ok(path) => Some((path, node.span)),
            Err(error) => {
                let inside = error.place.and_then(|place| inside(node, source, place)).unwrap_or(node.span);
                complaints.push(Complaint::new(inside, error.message).help(error.help));
                None
            }
        }
    };
    let (select, mark) = (path("select", Path::of_policy), path("mark", Path::of_selected));
    let told = complaints.len();
    let conditions = parts.get("where").map_or_else(Where::default, |node| Where::read(node, complaints));
    if let Some((path, place)) = &select
        && !conditions.is_empty()
        && !path.reaches_statements()
    {
        let complaint = Complaint::new(*place, "this path selects no statement, of which `where` could be asked");
        complaints.push(complaint.help("`$.Statement[*]` selects every statement"));
    }
    // What is wrong with the predicates is told already.
    if parts.get("select").is_none() && conditions.is_empty() && complaints.len() == told {
        let complaint = Complaint::new(node.span, format!("{what} asks for nothing"));
        complaints.push(complaint.help("it takes `select`, a path, and `where`, predicates"));
    }
    let select = select.map_or(Path::Statements(None), |(path, _)| path);
    Demand { requires, select, conditions, mark: mark.map(|(path, _)| path) }
}

/// The page that `kpl explain` prints.
fn page(summary: &str, why: &str, fix: &str, references: &[&str], source: &Source) -> String {
    let told = if references.is_empty() { source.name() } else { references.join("; ") };
    format!(
        "## What it does\n{summary}.\n\n## Why it matters\n{why}\n\n## How to fix it\n{fix}\n\n## Source\n{told}.\n",
        summary = summary.trim_end_matches('.'),
        told = told.trim_end_matches('.'),
    )
}
