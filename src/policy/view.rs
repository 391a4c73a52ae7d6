//! The canonical view of a policy, over which JSONPath selects.
//!
//! Whatever its author wrote, a list is a list (`Statement`, `Action`, `Resource`, the values of a condition), a
//! `Principal` is an object, operators and elements are spelt as IAM spells them, and a statement without `Condition`
//! has an empty one. Each node knows its place, so what a path selects is underlined where it stands.

use jsonpath_rust::query::queryable::Queryable;

use super::{Operator, Policy, PrincipalKind, Statement};
use crate::{
    source::Span,
    syntax::{self, Member, Node},
};

/// A node of the view.
#[derive(Clone, Debug, Default)]
pub struct View {
    value: Value,
    span: Option<Span>,
    statement: Option<usize>,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<View>),
    Map(Vec<(String, View)>),
}

/// The elements of a policy itself.
const POLICY_ELEMENTS: [&str; 3] = ["Version", "Id", "Statement"];

/// The elements whose values are lists in the view, however they are written.
const LISTS: [&str; 5] = ["Statement", "Action", "NotAction", "Resource", "NotResource"];

/// Whether some policy's view has a member of this name: an element, a kind of principal, an operator, or what may be a
/// condition key.
#[must_use]
pub fn may_have(name: &str) -> bool {
    elements().any(|element| element == name)
        || name.contains(':')
        || name.parse::<Operator>().is_ok_and(|operator| operator.to_string() == name)
}

/// What stands under a name in the view where it is no text: a list or an object.
#[must_use]
pub fn shape(name: &str) -> Option<&'static str> {
    if ["Principal", "NotPrincipal", "Condition"].contains(&name) || name.parse::<Operator>().is_ok() {
        return Some("an object");
    }
    let is_list = LISTS.contains(&name) || PrincipalKind::NAMES.contains(&name) || name.contains(':');
    is_list.then_some("a list")
}

/// The names that the view gives to elements and kinds of principals.
pub fn elements() -> impl Iterator<Item = &'static str> {
    POLICY_ELEMENTS.into_iter().chain(super::STATEMENT_ELEMENTS).chain(PrincipalKind::NAMES)
}

impl View {
    /// The view of a policy, from the tree that it was read from. `spell` gives a condition key as AWS spells it.
    #[must_use]
    pub fn of(policy: &Policy, root: &Node<'_>, spell: &dyn Fn(&str) -> Option<String>) -> Self {
        let builder = Builder { policy, spell };
        let mut members = Vec::new();
        for member in root.as_map().filter(|_| !policy.fragment).unwrap_or_default() {
            let name = spelt(&member.key, &POLICY_ELEMENTS);
            let value =
                if name == "Statement" { builder.statements(&member.value) } else { plain(&member.value, None) };
            members.push((name, value));
        }
        if policy.fragment {
            members.push(("Statement".to_owned(), builder.statements(root)));
        }
        Self { value: Value::Map(members), span: Some(root.span), statement: None }
    }

    /// Where it stands; `None` for what the file does not write, such as the empty `Condition`.
    #[must_use]
    pub const fn span(&self) -> Option<Span> {
        self.span
    }

    /// The member of a name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        self.get(name)
    }

    /// The node of a statement, by its place in [`Policy::statements`].
    #[must_use]
    pub fn of_statement(&self, index: usize) -> Option<&Self> {
        self.get("Statement")?.as_array()?.iter().find(|item| item.statement == Some(index))
    }

    /// The statement that it is, or is a part of, by its place in [`Policy::statements`].
    #[must_use]
    pub const fn statement(&self) -> Option<usize> {
        self.statement
    }
}

struct Builder<'b> {
    policy: &'b Policy,
    spell: &'b dyn Fn(&str) -> Option<String>,
}

impl Builder<'_> {
    fn statements(&self, node: &Node<'_>) -> View {
        let read = self.policy.statements.iter();
        let index = |span: Span| read.clone().position(|statement| statement.span == span);
        // Statements stand in the order of the file: the next one is looked at first.
        let mut next = 0;
        let mut items = Vec::new();
        for item in node.items() {
            let at_next = self.policy.statements.get(next).is_some_and(|statement| statement.span == item.span);
            let found = if at_next { Some(next) } else { index(item.span) };
            if let Some(found) = found {
                next = found + 1;
            }
            items.push(self.statement(item, found));
        }
        View { value: Value::List(items), span: Some(node.span), statement: None }
    }

    fn statement(&self, node: &Node<'_>, index: Option<usize>) -> View {
        let Some(members) = node.as_map() else { return plain(node, index) };
        let mut out: Vec<(String, View)> = Vec::with_capacity(members.len() + 1);
        for member in members {
            let name = spelt(&member.key, &super::STATEMENT_ELEMENTS);
            let value = match name.as_str() {
                "Action" | "NotAction" | "Resource" | "NotResource" => list(&member.value, index),
                "Principal" | "NotPrincipal" => principal(&member.value, index),
                "Condition" => self.condition(&member.value, index),
                _ => plain(&member.value, index),
            };
            out.push((name, value));
        }
        if out.iter().all(|(name, _)| name != "Condition") {
            out.push(("Condition".to_owned(), View { value: Value::Map(Vec::new()), span: None, statement: index }));
        }
        View { value: Value::Map(out), span: Some(node.span), statement: index }
    }

    fn condition(&self, node: &Node<'_>, index: Option<usize>) -> View {
        let Some(operators) = node.as_map() else { return plain(node, index) };
        let operator = |member: &Member<'_>| {
            let name = member.key.parse::<Operator>().map_or_else(|_| member.key.to_string(), |read| read.to_string());
            let Some(keys) = member.value.as_map() else { return (name, plain(&member.value, index)) };
            let key = |key: &Member<'_>| {
                let name = (self.spell)(&key.key).unwrap_or_else(|| key.key.to_string());
                (name, list(&key.value, index))
            };
            let value = Value::Map(keys.iter().map(key).collect());
            (name, View { value, span: Some(member.value.span), statement: index })
        };
        let value = Value::Map(operators.iter().map(operator).collect());
        View { value, span: Some(node.span), statement: index }
    }
}

/// A name as the grammar spells it, where only letter case differs.
fn spelt(name: &str, known: &[&str]) -> String {
    known.iter().find(|known| known.eq_ignore_ascii_case(name)).map_or(name, |known| known).to_owned()
}

fn list(node: &Node<'_>, statement: Option<usize>) -> View {
    let items = node.items().iter().map(|item| plain(item, statement)).collect();
    View { value: Value::List(items), span: Some(node.span), statement }
}

/// A `Principal` as an object of lists; a bare `*` is one of `AWS`.
fn principal(node: &Node<'_>, statement: Option<usize>) -> View {
    let members = match node.as_map() {
        Some(members) => members
            .iter()
            .map(|member| (spelt(&member.key, &PrincipalKind::NAMES), list(&member.value, statement)))
            .collect(),
        None => vec![("AWS".to_owned(), list(node, statement))],
    };
    View { value: Value::Map(members), span: Some(node.span), statement }
}

/// A node as it is. What the file does not give is null, which equals no text.
fn plain(node: &Node<'_>, statement: Option<usize>) -> View {
    let value = match &node.value {
        syntax::Value::Null | syntax::Value::Unknown => Value::Null,
        syntax::Value::Bool(value) => Value::Bool(*value),
        syntax::Value::Number(text) => text.parse().map_or(Value::Null, Value::Number),
        syntax::Value::String(text) => Value::Text(text.to_string()),
        syntax::Value::List(items) => Value::List(items.iter().map(|item| plain(item, statement)).collect()),
        syntax::Value::Map(members) => {
            Value::Map(members.iter().map(|member| (member.key.to_string(), plain(&member.value, statement))).collect())
        }
    };
    View { value, span: Some(node.span), statement }
}

/// The element of a statement with a name, as a place: what a short path into a statement selects, without the view.
#[must_use]
pub fn element_of(statement: &Statement, name: &str) -> Option<Span> {
    let of_clause =
        |is_other: bool, element: super::Element| (name.starts_with("Not") == is_other).then_some(element.value);
    match name {
        "Sid" => statement.sid_element.map(|element| element.value),
        "Effect" => statement.effect_element.map(|element| element.value),
        "Principal" | "NotPrincipal" => {
            statement.principals.as_ref().and_then(|clause| of_clause(clause.only().is_none(), clause.listed().element))
        }
        "Action" | "NotAction" => {
            statement.actions.as_ref().and_then(|clause| of_clause(clause.only().is_none(), clause.listed().element))
        }
        "Resource" | "NotResource" => {
            statement.resources.as_ref().and_then(|clause| of_clause(clause.only().is_none(), clause.listed().element))
        }
        "Condition" => statement.condition_element.map(|element| element.value),
        _ => None,
    }
}

impl PartialEq for View {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// Declares from what a node of the view can be made, as the library asks.
macro_rules! from {
    ($($source:ty => $make:expr,)+) => {
        $(impl From<$source> for View {
            fn from(value: $source) -> Self {
                Self { value: $make(value), span: None, statement: None }
            }
        })+
    };
}

from! {
    &str => |text: &str| Value::Text(text.to_owned()),
    String => Value::Text,
    bool => Value::Bool,
    f64 => Value::Number,
    Vec<Self> => Value::List,
}

impl From<i64> for View {
    #[expect(clippy::cast_precision_loss, reason = "a number in a path is small")]
    fn from(value: i64) -> Self {
        Self::from(value as f64)
    }
}

impl Queryable for View {
    fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(members) = &self.value else { return None };
        members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn as_array(&self) -> Option<&Vec<Self>> {
        if let Value::List(items) = &self.value { Some(items) } else { None }
    }

    fn as_object(&self) -> Option<Vec<(&str, &Self)>> {
        let Value::Map(members) = &self.value else { return None };
        Some(members.iter().map(|(name, value)| (name.as_str(), value)).collect())
    }

    fn as_str(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the whole numbers of a policy are small")]
    fn as_i64(&self) -> Option<i64> {
        self.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i64)
    }

    fn as_f64(&self) -> Option<f64> {
        if let Value::Number(number) = self.value { Some(number) } else { None }
    }

    fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(value) = self.value { Some(value) } else { None }
    }

    fn null() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use jsonpath_rust::{parser::parse_json_path, query::js_path_process};

    use super::*;
    use crate::{
        policy,
        source::{Origin, Source},
        syntax::json,
    };

    /// The texts that a path selects, as they stand in the file.
    fn selected(text: &str, path: &str) -> Vec<String> {
        let source = Source::of_text(Origin::Stdin(None), text.to_owned());
        let root = json::read(&source, json::Dialect::Json).root;
        let view =
            View::of(&policy::read(&root).0, &root, &|key| (key == "AWS:sourceip").then(|| "aws:SourceIp".into()));
        let path = parse_json_path(path).unwrap();
        let found = js_path_process(&path, &view).unwrap();
        found.into_iter().filter_map(|one| one.val().span()).map(|span| source.slice(span).to_owned()).collect()
    }

    const POLICY: &str = r#"{"Statement": {"effect": "Allow", "Principal": "*", "Action": "kms:*",
        "Condition": {"stringequals": {"AWS:sourceip": "10.0.0.0/8"}}}}"#;

    #[test]
    fn one_statement_and_one_action_are_lists() {
        assert_eq!(selected(POLICY, "$.Statement[*].Action[*]"), ["\"kms:*\""]);
    }

    #[test]
    fn a_bare_star_is_a_principal_of_aws() {
        assert_eq!(selected(POLICY, "$.Statement[?@.Principal.AWS[0] == '*'].Effect"), ["\"Allow\""]);
    }

    #[test]
    fn operators_and_keys_are_spelt_as_aws_spells_them() {
        let path = "$.Statement[*].Condition.StringEquals['aws:SourceIp'][*]";
        assert_eq!(selected(POLICY, path), ["\"10.0.0.0/8\""]);
    }

    #[test]
    fn a_statement_without_condition_has_an_empty_one() {
        let path = "$.Statement[?@.Condition].Effect";
        assert_eq!(selected(r#"{"Statement": [{"Effect": "Deny"}]}"#, path), ["\"Deny\""]);
    }
}
