//! Policies that are not known until apply: what can be told of them all the same, and on what they wait.

use std::collections::HashMap;

use super::{
    besides::MergedTwice,
    configuration::{Origin, Target, call_path, distinct, steps},
    deferred::{self, MERGING, Merged},
    policies::{BY_TYPE, Policies, Slot, own_name},
    resource::Resource,
};
use crate::{
    document::{Awaited, PolicyDocument},
    policy::{self, Policy, PolicyKind},
    source::Span,
    syntax::{Member, Node, Value},
};

impl<'r, 'a> Policies<'r, '_, 'a> {
    /// A policy that is not known: what can be told of it by the data source that it comes from.
    pub(super) fn unknown(
        &mut self,
        resource: &'r Resource<'r, 'a>,
        slot: Slot<'r, 'a>,
        mark: &Node<'a>,
        kind: Option<(PolicyKind, &'static str)>,
    ) {
        let configured = self.configuration.resource(&resource.module, &own_name(resource));
        let expressions = configured.and_then(|configured| configured.get("expressions"));
        let expression = expressions.and_then(|expressions| match (slot.attribute.block, slot.item) {
            (Some(block), Some(item)) => expressions.get(block)?.items().get(item)?.get(slot.attribute.name),
            _ => expressions.get(slot.attribute.name),
        });
        // Nobody sets it: AWS does, and what it will be is no part of the plan.
        if configured.is_some() && expression.is_none() && slot.item.is_none() {
            return;
        }
        let name = resource.address.to_string();
        let origin = expression.map(|expression| self.configuration.origin(&resource.module, expression));
        if let Some(Origin::Attribute(target)) = &origin
            && let Some(index) = self.deferred(target, resource)
        {
            let Some(data) = self.resources.get(index) else { return };
            return self.rebuilt(data, index, name, kind);
        }
        let on = expression.map(|expression| self.waits(&resource.module, distinct(expression))).unwrap_or_default();
        let place = mark.span;
        let mut policy = PolicyDocument::unknown(place, self.kind(kind).unwrap_or((PolicyKind::Identity, BY_TYPE)));
        policy.awaits.push(Awaited { statement: None, place, on });
        self.push(policy, name);
    }

    /// The data source of policies that a reference leads to, if it is read during apply.
    fn deferred(&self, target: &Target, asking: &Resource<'_, '_>) -> Option<usize> {
        let is_json = matches!(target.attribute.as_str(), "json" | "minified_json");
        let found = self.target(target, asking).filter(|_| is_json)?;
        let resource = self.resources.get(found)?;
        let is_document = resource.is_data && resource.kind == "aws_iam_policy_document";
        (is_document && resource.unknown_at("json").is_some()).then_some(found)
    }

    pub(super) fn rebuilt(
        &mut self,
        data: &Resource<'_, 'a>,
        index: usize,
        name: String,
        kind: Option<(PolicyKind, &'static str)>,
    ) {
        let mut parts = vec![index];
        let (node, twice) = self.put_together(index, MERGED_DEPTH, &mut parts);
        if self.used.insert(index) {
            self.document.besides.merged_twice.extend(twice);
        }
        let mut policy = PolicyDocument::read(node, self.kind(kind));
        let statements = Numbered::new(policy.node.get("Statement").map_or(&[][..], Node::items));
        let of_part = |place: Span| {
            parts.iter().filter_map(|part| self.resources.get(*part)).find(|part| part.place.contains(place))
        };
        let mut foreseen = Foreseen::default();
        for place in policy.policy.unknown.clone() {
            let data = of_part(place).unwrap_or(data);
            let configured = self.configuration.resource(&data.module, &own_name(data));
            let expressions = configured.and_then(|configured| configured.get("expressions"));
            let blocks = expressions.and_then(|expressions| expressions.get("statement")).map_or(&[][..], Node::items);
            let own = data.values.get("statement").map_or(&[][..], Node::items);
            // A dynamic block is no block of the configuration, so that only as many blocks can be told apart.
            let block = Numbered::of_block(own, place).filter(|_| own.len() == blocks.len());
            let of_block = block.and_then(|block| Some((own.get(block)?, blocks.get(block)?)));
            let argument = of_block.and_then(|(arguments, expressions)| {
                let found = arguments.as_map()?.iter().find(|argument| argument.value.span.contains(place))?;
                expressions.get(&found.key).map(all_references).filter(|references| !references.is_empty())
            });
            // What a dynamic block refers to, no plan tells.
            let of_argument = || {
                let found = data.values.as_map()?.iter().find(|argument| argument.value.span.contains(place));
                found.map_or(expressions, |argument| expressions?.get(&argument.key))
            };
            let expression = of_block.map(|(_, expressions)| expressions).or_else(of_argument);
            let references = argument.or_else(|| expression.map(all_references)).unwrap_or_default();
            let on = self.waits(&data.module, references);
            policy.awaits.push(Awaited { statement: statements.at(place), place, on });
            if let Some((arguments, expressions)) = of_block {
                self.foresee(data, place, arguments, expressions, &mut foreseen);
            }
        }
        policy.foreseen = foreseen.policy(&policy.node).map(Box::new);
        self.push(policy, name);
    }

    /// A policy as far as the plan tells, and the statements that it would merge under one name. Policies that it merges and
    /// that are read during apply too are put together in their places; `parts` are the data sources of all of them.
    fn put_together(&self, index: usize, depth: usize, parts: &mut Vec<usize>) -> (Node<'a>, Vec<MergedTwice>) {
        let mut merged = Merged::default();
        let Some(data) = self.resources.get(index) else { return (NOTHING, Vec::new()) };
        if depth > 0 {
            let [source, overriding] = MERGING;
            for (argument, policies) in [(source, &mut merged.source), (overriding, &mut merged.overriding)] {
                for (item, part) in self.merged_by(data, argument) {
                    // What is merged twice by different ways is told once in full, so that no plan grows without end.
                    if !parts.contains(&part) && parts.len() < MOST_MERGED {
                        parts.push(part);
                        policies.insert(item, self.put_together(part, depth - 1, parts).0);
                    }
                }
            }
        }
        (deferred::rebuilt(data, self.source, &merged), deferred::repeated_sids(data, self.source, &merged))
    }

    /// The data sources that a list of policies to be merged waits for, each with its number in the list: where as many of
    /// them are open as the list has references to what is open.
    pub(super) fn merged_by(&self, data: &Resource<'_, 'a>, argument: &str) -> Vec<(usize, usize)> {
        let items = data.values.get(argument).map_or(&[][..], Node::items);
        let marks = data.unknown.and_then(|marks| marks.get(argument)?.as_list()).unwrap_or_default();
        let is_open = |index: &usize| marks.get(*index).is_some_and(|mark| mark.value == Value::Bool(true));
        let open: Vec<usize> = (0..items.len()).filter(is_open).collect();
        let configured = self.configuration.resource(&data.module, &own_name(data));
        let expression = configured.and_then(|configured| configured.get("expressions")?.get(argument));
        if open.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for reference in expression.map(distinct).unwrap_or_default() {
            match self.configuration.origin_of(&data.module, reference) {
                Origin::Attribute(target) if !self.is_open(&target) => {}
                Origin::Attribute(target) => match self.deferred(&target, data) {
                    Some(part) => found.push(part),
                    None => return Vec::new(),
                },
                Origin::Several(names) if names.iter().all(|name| is_known(name)) => {}
                Origin::Several(_) => return Vec::new(),
            }
        }
        if found.len() == open.len() { open.into_iter().zip(found).collect() } else { Vec::new() }
    }

    /// Finds out who an unknown principal will be: where as many identifiers of a block are open as it has references to
    /// what is open, and each of those is the ARN of a role or user of the plan.
    fn foresee(
        &self,
        data: &Resource<'_, 'a>,
        place: Span,
        arguments: &Node<'a>,
        expressions: &Node<'_>,
        foreseen: &mut Foreseen,
    ) {
        let blocks = arguments.get("principals").map_or(&[][..], Node::items);
        let Some(index) = blocks.iter().position(|block| block.span.contains(place)) else { return };
        let configured = expressions.get("principals").map_or(&[][..], Node::items);
        let Some(expression) = configured.get(index).filter(|_| configured.len() == blocks.len()) else { return };
        let identifiers = blocks.get(index).and_then(|block| block.get("identifiers")).map_or(&[][..], Node::items);
        let open: Vec<Span> =
            identifiers.iter().filter(|value| value.value == Value::Null).map(|value| value.span).collect();
        let references = expression.get("identifiers").map(distinct).unwrap_or_default();
        let is_open = |reference: &String| match self.configuration.origin_of(&data.module, reference.clone()) {
            Origin::Attribute(target) => self.is_open(&target),
            Origin::Several(_) => true,
        };
        let references: Vec<String> = references.into_iter().filter(is_open).collect();
        if open.len() != references.len() {
            return;
        }
        let arns: Option<Vec<String>> = references.into_iter().map(|name| self.arn_by(name, data)).collect();
        if let Some(arns) = arns {
            foreseen.0.extend(open.into_iter().zip(arns));
        }
    }

    /// Which of the references are to what is not known until apply, as addresses.
    fn waits(&self, module: &str, references: Vec<String>) -> Vec<String> {
        let mut open = Vec::new();
        let mut all = Vec::new();
        for reference in references {
            let (names, is_open) = match self.configuration.origin_of(module, reference) {
                Origin::Several(names) => (names, true),
                Origin::Attribute(target) => (vec![target.display()], self.is_open(&target)),
            };
            for name in names {
                if !all.contains(&name) {
                    all.push(name.clone());
                    open.extend((is_open && !is_known(&name)).then_some(name));
                }
            }
        }
        if open.is_empty() { all } else { open }
    }

    fn is_open(&self, target: &Target) -> bool {
        let found = self.places.get(&(call_path(&target.module), target.resource.clone()));
        let first = target.attribute.split(['.', '[']).next().unwrap_or_default();
        found.is_some_and(|found| {
            let mut resources = found.iter().filter_map(|at| self.resources.get(*at));
            resources.any(|resource| first.is_empty() || resource.unknown_at(first).is_some())
        })
    }
}

/// How deep policies that merge one another are put together.
const MERGED_DEPTH: usize = 16;

/// How many data sources are put together to one policy.
const MOST_MERGED: usize = 256;

/// A policy of which nothing is known.
const NOTHING: Node<'static> =
    Node { value: Value::Unknown, span: Span { source: crate::source::SourceId(0), start: 0, end: 0 } };

/// Statements by their places.
struct Numbered(Vec<(Span, usize)>);

impl Numbered {
    fn new(statements: &[Node<'_>]) -> Self {
        let mut places: Vec<_> =
            statements.iter().zip(0..).map(|(statement, number)| (statement.span, number)).collect();
        places.sort_unstable();
        Self(places)
    }

    /// The number of the statement that holds a place.
    fn at(&self, place: Span) -> Option<usize> {
        let after = self.0.partition_point(|(span, _)| span.end <= place.start);
        self.0.get(after).filter(|(span, _)| span.contains(place)).map(|(_, number)| *number)
    }

    /// The number of the block that holds a place, of blocks in the order of the text.
    fn of_block(blocks: &[Node<'_>], place: Span) -> Option<usize> {
        let after = blocks.partition_point(|block| block.span.end <= place.start);
        blocks.get(after).filter(|block| block.span.contains(place)).map(|_| after)
    }
}

/// Whether a reference, as it is told, is to what every plan knows.
fn is_known(name: &str) -> bool {
    let mut parts = steps(name).into_iter().map(|range| &name[range]).peekable();
    let mut is_of_module = false;
    while parts.next_if(|part| *part == "module").is_some() {
        parts.next();
        is_of_module = true;
    }
    match parts.next() {
        Some("count" | "path" | "terraform") => true,
        Some("each") => parts.next() == Some("key"),
        // What a module is given may wait for anything.
        Some("var") => !is_of_module,
        _ => false,
    }
}

/// The ARNs that will stand in the place of principals that are not known.
#[derive(Default)]
struct Foreseen(HashMap<Span, String>);

impl Foreseen {
    /// A policy with the ARNs in their places; `None` where there are none.
    fn policy(&self, node: &Node<'_>) -> Option<Policy> {
        (!self.0.is_empty()).then(|| policy::read(&self.filled(node)).0)
    }

    // Nesting ends where the reader of the text ends it.
    fn filled<'n>(&self, node: &Node<'n>) -> Node<'n> {
        let value = match &node.value {
            Value::Unknown => self.0.get(&node.span).map_or(Value::Unknown, |arn| Value::String(arn.clone().into())),
            Value::List(items) => Value::List(items.iter().map(|item| self.filled(item)).collect()),
            Value::Map(members) => Value::Map(
                members.iter().map(|member| Member { value: self.filled(&member.value), ..member.clone() }).collect(),
            ),
            other => other.clone(),
        };
        Node { value, span: node.span }
    }
}

/// Every reference in an expression and in the blocks below it.
fn all_references(expression: &Node<'_>) -> Vec<String> {
    let mut found = distinct(expression);
    match &expression.value {
        Value::Map(members) => members.iter().for_each(|member| found.extend(all_references(&member.value))),
        Value::List(items) => items.iter().for_each(|item| found.extend(all_references(item))),
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::is_known;

    #[test]
    fn what_every_plan_knows_is_not_waited_for() {
        assert!(["count.index", "path.module", "module.a[\"x.y\"].each.key", "var.name"].into_iter().all(is_known));
        assert!(!["each.value", "module.a.var.name", "local.name", "aws_iam_role.each.key"].into_iter().any(is_known));
    }
}
