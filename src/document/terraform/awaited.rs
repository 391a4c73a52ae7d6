//! Policies that are not known until apply: what can be told of them all the same, and on what they wait.

use std::collections::HashMap;

use super::{
    configuration::{Origin, Target, call_path, distinct},
    deferred,
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
        if self.used.insert(index) {
            self.document.besides.merged_twice.extend(deferred::repeated_sids(data, self.source));
        }
        let node = deferred::rebuilt(data, self.source);
        let mut policy = PolicyDocument::read(node, self.kind(kind));
        let configured = self.configuration.resource(&data.module, &own_name(data));
        let expressions = configured.and_then(|configured| configured.get("expressions"));
        let blocks = expressions.and_then(|expressions| expressions.get("statement")).map_or(&[][..], Node::items);
        let statements = policy.node.get("Statement").map_or(&[][..], Node::items).to_vec();
        let own = data.values.get("statement").map_or(&[][..], Node::items);
        let mut foreseen = Foreseen::default();
        for place in policy.policy.unknown.clone() {
            let statement = statements.iter().position(|statement| statement.span.contains(place));
            // A dynamic block is no block of the configuration, so that only as many blocks can be told apart.
            let block = own.iter().position(|block| block.span.contains(place)).filter(|_| own.len() == blocks.len());
            let of_block = block.and_then(|block| Some((own.get(block)?, blocks.get(block)?)));
            let argument = of_block.and_then(|(arguments, expressions)| {
                let found = arguments.as_map()?.iter().find(|argument| argument.value.span.contains(place))?;
                expressions.get(&found.key).map(all_references).filter(|references| !references.is_empty())
            });
            let expression = of_block.map(|(_, expressions)| expressions).or(expressions);
            let references = argument.or_else(|| expression.map(all_references)).unwrap_or_default();
            let on = self.waits(&data.module, references);
            policy.awaits.push(Awaited { statement, place, on });
            if let Some((arguments, expressions)) = of_block {
                self.foresee(data, place, arguments, expressions, &mut foreseen);
            }
        }
        policy.foreseen = foreseen.policy(&policy.node).map(Box::new);
        self.push(policy, name);
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
                    open.extend(is_open.then_some(name));
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
