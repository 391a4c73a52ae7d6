//! The policy of an `aws_iam_policy_document` that is read during apply, from its statement blocks.
//!
//! Its `json` is not known in a plan, but its arguments are: what is known of them stands in `after`, and what is not is
//! marked in `after_unknown`. The policy is put together as the provider does it, and every unknown part becomes a value
//! that may be anything.
//!
//! Source: Terraform AWS provider, `aws_iam_policy_document`; Terraform documentation, "JSON Output Format", change
//! representation.

use std::{borrow::Cow, collections::HashMap};

use super::{
    besides::MergedTwice,
    resource::{Resource, unknown},
};
use crate::{
    source::{Source, Span},
    syntax::{Member, Node, Value, embed},
};

/// The policies that a data source merges and that are themselves put together: by the number of each in its list.
#[derive(Debug, Default)]
pub(super) struct Merged<'a> {
    pub(super) source: HashMap<usize, Node<'a>>,
    pub(super) overriding: HashMap<usize, Node<'a>>,
}

/// The arguments that list policies to be merged.
pub(super) const MERGING: [&str; 2] = ["source_policy_documents", "override_policy_documents"];

/// The policy that the data source will give, as far as the plan tells.
pub(super) fn rebuilt<'a>(resource: &Resource<'_, 'a>, source: &Source, merged: &Merged<'a>) -> Node<'a> {
    let arguments = settled(resource.values, resource.unknown);
    let opening = opening(arguments.span);
    let mut members = Vec::new();
    let version = arguments.get("version").filter(|version| version.value != Value::Null);
    let version = version.cloned().unwrap_or_else(|| text("2012-10-17", opening));
    members.push(Member { key: Cow::Borrowed("Version"), key_span: opening, value: version });
    let block = arguments.as_map().unwrap_or_default().iter().find(|member| member.key == "statement");
    let (place, statements) = match block {
        Some(Member { value: Node { value: Value::Unknown, .. }, .. }) => {
            members.push(member("Statement", opening, Node { value: Value::Unknown, span: opening }));
            return Node { value: Value::Map(members), span: arguments.span };
        }
        Some(block) => (block.value.span, block.value.items()),
        None => (opening, &[][..]),
    };
    let [sources, overriding] = MERGING;
    let mut all = embedded(&arguments, sources, source, &merged.source);
    for own in statements {
        all.put(statement(own));
    }
    for statement in embedded(&arguments, overriding, source, &merged.overriding).listed {
        all.put(statement);
    }
    let key_span = block.map_or(opening, |block| block.key_span);
    members.push(member("Statement", key_span, Node { value: Value::List(all.listed), span: place }));
    Node { value: Value::Map(members), span: arguments.span }
}

/// A tree in which what is marked as unknown is unknown.
pub(super) fn settled<'a>(node: &Node<'a>, unknown_tree: Option<&Node<'_>>) -> Node<'a> {
    let Some(marks) = unknown_tree else { return node.clone() };
    let value = match (&node.value, &marks.value) {
        (_, Value::Bool(true)) => Value::Unknown,
        (Value::List(items), Value::List(marks)) => {
            Value::List(items.iter().enumerate().map(|(index, item)| settled(item, marks.get(index))).collect())
        }
        (Value::Map(members), Value::Map(marked)) => {
            let place = opening(node.span);
            let absent = marked.iter().filter(|mark| {
                unknown(marks, &mark.key).is_some() && members.iter().all(|member| member.key != mark.key)
            });
            let added =
                absent.map(|mark| member(mark.key.to_string(), place, Node { value: Value::Unknown, span: place }));
            let known = members.iter().map(|member| Member {
                key: member.key.clone(),
                key_span: member.key_span,
                value: settled(&member.value, marks.get(&member.key)),
            });
            Value::Map(added.chain(known).collect())
        }
        (value, _) => value.clone(),
    };
    Node { value, span: node.span }
}

/// The statements of policies that are merged in; one that is not known is a statement that may be anything.
fn embedded<'a>(
    arguments: &Node<'a>,
    argument: &str,
    source: &Source,
    merged: &HashMap<usize, Node<'a>>,
) -> Statements<'a> {
    let mut found = Statements::default();
    for (index, item) in arguments.get(argument).map_or(&[][..], Node::items).iter().enumerate() {
        match (merged.get(&index), &item.value) {
            (Some(policy), _) => found.put_all(policy),
            (None, Value::Unknown) => found.put(Node { value: Value::Unknown, span: item.span }),
            (None, Value::String(_)) => {
                let Some(inner) = embed::inner_of(item, source.slice(item.span)) else { continue };
                found.put_all(&inner.unwrapped().read().0);
            }
            _ => {}
        }
    }
    found
}

/// The statements of policies to be merged that have the `Sid` of an earlier one, which the provider refuses.
pub(super) fn repeated_sids(resource: &Resource<'_, '_>, source: &Source, merged: &Merged<'_>) -> Vec<MergedTwice> {
    let (mut seen, mut found): (HashMap<String, Span>, Vec<MergedTwice>) = (HashMap::new(), Vec::new());
    for (index, item) in resource.values.get(MERGING[0]).map_or(&[][..], Node::items).iter().enumerate() {
        let written = || Some(embed::inner_of(item, source.slice(item.span))?.unwrapped().read().0);
        let Some(root) = merged.source.get(&index).cloned().or_else(written) else { continue };
        for sid in root.get("Statement").map_or(&[][..], Node::items).iter().filter_map(|one| one.get("Sid")) {
            let Some(text) = sid.as_str().filter(|text| !text.is_empty()) else { continue };
            match seen.get(text) {
                Some(first) => found.push(MergedTwice { sid: text.to_owned(), first: *first, again: sid.span }),
                None => drop(seen.insert(text.to_owned(), sid.span)),
            }
        }
    }
    found
}

/// Statements in their order, in which one takes the place of an earlier one of its `Sid`.
#[derive(Default)]
struct Statements<'a> {
    listed: Vec<Node<'a>>,
    by_sid: HashMap<String, usize>,
}

impl<'a> Statements<'a> {
    fn put(&mut self, statement: Node<'a>) {
        let sid = statement.get("Sid").and_then(Node::as_str).filter(|sid| !sid.is_empty());
        let Some(sid) = sid.map(str::to_owned) else { return self.listed.push(statement) };
        let index = *self.by_sid.entry(sid).or_insert(self.listed.len());
        match self.listed.get_mut(index) {
            Some(earlier) => *earlier = statement,
            None => self.listed.push(statement),
        }
    }

    fn put_all<'n>(&mut self, policy: &Node<'n>)
    where
        'n: 'a,
    {
        policy.get("Statement").map_or(&[][..], Node::items).iter().for_each(|statement| self.put(statement.clone()));
    }
}

/// One statement block as a statement.
fn statement<'a>(block: &Node<'a>) -> Node<'a> {
    let Value::Map(arguments) = &block.value else { return Node { value: Value::Unknown, span: block.span } };
    let mut members = Vec::with_capacity(arguments.len());
    let place = opening(block.span);
    if block.get("effect").is_none() {
        members.push(member("Effect", place, text("Allow", place)));
    }
    for argument in arguments {
        let element = match argument.key.as_ref() {
            "sid" => ("Sid", sid(&argument.value)),
            "effect" => ("Effect", Some(effect(&argument.value))),
            "actions" => ("Action", listed(&argument.value, false)),
            "not_actions" => ("NotAction", listed(&argument.value, false)),
            "resources" => ("Resource", listed(&argument.value, true)),
            "not_resources" => ("NotResource", listed(&argument.value, true)),
            "principals" => ("Principal", principals(&argument.value)),
            "not_principals" => ("NotPrincipal", principals(&argument.value)),
            "condition" => ("Condition", conditions(&argument.value)),
            _ => continue,
        };
        if let (name, Some(value)) = element {
            members.push(member(name, argument.key_span, value));
        }
    }
    Node { value: Value::Map(members), span: block.span }
}

fn sid<'a>(node: &Node<'a>) -> Option<Node<'a>> {
    let is_given = node.value == Value::Unknown || node.as_str().is_some_and(|text| !text.is_empty());
    is_given.then(|| node.clone())
}

fn effect<'a>(node: &Node<'a>) -> Node<'a> {
    if node.value == Value::Null { text("Allow", node.span) } else { node.clone() }
}

/// A set of strings as the provider writes it: one alone without brackets, none at all not at all.
fn listed<'a>(node: &Node<'a>, has_variables: bool) -> Option<Node<'a>> {
    let with_variables = |item: &Node<'a>| if has_variables { variables(item) } else { item.clone() };
    match &node.value {
        Value::Unknown => Some(node.clone()),
        Value::List(items) => match items.as_slice() {
            [] => None,
            [only] => Some(with_variables(only)),
            several => Some(Node { value: Value::List(several.iter().map(with_variables).collect()), span: node.span }),
        },
        _ => None,
    }
}

/// A string with `${…}` where Terraform's configuration writes `&{…}` for IAM's variables.
fn variables<'a>(node: &Node<'a>) -> Node<'a> {
    match node.as_str() {
        Some(found) if found.contains("&{") => text(found.replace("&{", "${"), node.span),
        _ => node.clone(),
    }
}

fn principals<'a>(blocks: &Node<'a>) -> Option<Node<'a>> {
    let unknown = Some(Node { value: Value::Unknown, span: blocks.span });
    if blocks.value == Value::Unknown {
        return unknown;
    }
    let mut kinds: Vec<Member<'a>> = Vec::new();
    for block in blocks.as_list().unwrap_or_default() {
        let (Some(kind), Some(identifiers)) = (block.get("type"), block.get("identifiers")) else { return unknown };
        let Some(name) = kind.as_str() else { return unknown };
        let Some(values) = listed(identifiers, true) else { continue };
        if name == "*" && values.as_str() == Some("*") {
            return Some(values);
        }
        add(&mut kinds, name, kind.span, values);
    }
    (!kinds.is_empty()).then_some(Node { value: Value::Map(kinds), span: blocks.span })
}

/// Condition blocks: those of one operator and one key are one row.
fn conditions<'a>(blocks: &Node<'a>) -> Option<Node<'a>> {
    let unknown = Some(Node { value: Value::Unknown, span: blocks.span });
    if blocks.value == Value::Unknown {
        return unknown;
    }
    let mut operators: Vec<Member<'a>> = Vec::new();
    for block in blocks.as_list().unwrap_or_default() {
        let part = |name: &str| block.get(name);
        let (Some(test), Some(variable), Some(values)) = (part("test"), part("variable"), part("values")) else {
            return unknown;
        };
        let (Some(operator), Some(key)) = (test.as_str(), variable.as_str()) else { return unknown };
        let values = listed(values, true).unwrap_or_else(|| values.clone());
        let index = operators.iter().position(|known| known.key == operator).unwrap_or_else(|| {
            operators.push(member(
                operator.to_owned(),
                test.span,
                Node { value: Value::Map(vec![]), span: block.span },
            ));
            operators.len() - 1
        });
        if let Some(Member { value: Node { value: Value::Map(keys), .. }, .. }) = operators.get_mut(index) {
            add(keys, key, variable.span, values);
        }
    }
    (!operators.is_empty()).then_some(Node { value: Value::Map(operators), span: blocks.span })
}

/// Adds values under a name; those that stand there already stay.
fn add<'a>(members: &mut Vec<Member<'a>>, name: &str, key_span: Span, values: Node<'a>) {
    let Some(known) = members.iter_mut().find(|member| member.key == name) else {
        members.push(member(name.to_owned(), key_span, values));
        return;
    };
    let span = known.value.span.to(values.span);
    let mut items = known.value.items().to_vec();
    items.extend(values.items().iter().cloned());
    known.value = Node { value: Value::List(items), span };
}

fn member<'a>(key: impl Into<Cow<'a, str>>, key_span: Span, value: Node<'a>) -> Member<'a> {
    Member { key: key.into(), key_span, value }
}

fn text<'a>(text: impl Into<Cow<'a, str>>, span: Span) -> Node<'a> {
    Node { value: Value::String(text.into()), span }
}

/// Where an object opens: the place of what it does not write.
fn opening(span: Span) -> Span {
    Span { end: (span.start + 1).min(span.end), ..span }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        source::Origin,
        syntax::{json, print},
    };

    fn policy(after: &str, after_unknown: &str) -> String {
        let text = format!(
            r#"{{"resource_changes": [{{"address": "data.aws_iam_policy_document.x", "mode": "data", "type": "aws_iam_policy_document",
            "name": "x", "change": {{"actions": ["read"], "after": {after}, "after_unknown": {after_unknown}}}}}]}}"#
        );
        let source = Source::of_text(Origin::Stdin(None), text);
        let tree = json::read(&source, json::Dialect::Json);
        assert_eq!(tree.faults, vec![]);
        print::compact(&rebuilt(&Resource::of_plan(&tree.root)[0], &source, &Merged::default()))
    }

    #[test]
    fn blocks_become_statements_as_the_provider_writes_them() {
        let after = r#"{"version": null, "statement": [{"sid": "", "effect": null, "actions": ["kms:Decrypt"], "resources": ["a", "b/&{aws:username}"],
            "principals": [{"type": "AWS", "identifiers": ["x"]}, {"type": "AWS", "identifiers": ["y"]}], "not_principals": [],
            "condition": [{"test": "StringEquals", "variable": "k", "values": ["1"]}, {"test": "StringEquals", "variable": "k", "values": ["2"]}]}]}"#;
        assert_eq!(
            policy(after, r#"{"json": true}"#),
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":["a","b/${aws:username}"],"Principal":{"AWS":["x","y"]},"Condition":{"StringEquals":{"k":["1","2"]}}}]}"#
        );
    }

    #[test]
    fn anyone_is_written_without_a_kind() {
        let after = r#"{"statement": [{"principals": [{"type": "*", "identifiers": ["*"]}]}]}"#;
        assert_eq!(policy(after, "{}"), r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*"}]}"#);
    }

    #[test]
    fn a_statement_takes_the_place_of_one_with_its_sid() {
        let after = r#"{"source_policy_documents": ["{\"Statement\":[{\"Sid\":\"A\",\"Effect\":\"Deny\"},{\"Sid\":\"B\"}]}"],
            "statement": [{"sid": "A", "actions": ["kms:Decrypt"]}]}"#;
        assert_eq!(
            policy(after, "{}"),
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Sid":"A","Action":"kms:Decrypt"},{"Sid":"B"}]}"#
        );
    }

    #[test]
    fn statements_without_a_sid_take_nobodys_place() {
        let after = r#"{"source_policy_documents": ["{\"Statement\":[{\"Sid\":\"\",\"Effect\":\"Deny\"},{\"Sid\":\"\",\"Effect\":\"Allow\"}]}"], "statement": []}"#;
        assert_eq!(
            policy(after, "{}"),
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Deny"},{"Sid":"","Effect":"Allow"}]}"#
        );
    }

    #[test]
    fn what_is_not_known_is_never_absent() {
        let after = r#"{"source_policy_documents": [null], "statement": [{"actions": ["kms:Decrypt"],
            "principals": [{"type": "AWS", "identifiers": [null]}]}]}"#;
        let unknown = r#"{"source_policy_documents": [true], "statement": [{"sid": true, "principals": [{"identifiers": [true]}]}]}"#;
        assert_eq!(
            policy(after, unknown),
            r#"{"Version":"2012-10-17","Statement":[null,{"Effect":"Allow","Sid":null,"Action":"kms:Decrypt","Principal":{"AWS":null}}]}"#
        );
    }
}
