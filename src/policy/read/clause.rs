//! The lists of a statement: principals, actions, resources, and a condition's values.

use super::{Reader, element};
use crate::{
    policy::{ActionPattern, Clause, Listed, Principal, PrincipalKind, ResourcePattern, Statement, read::Level},
    source::Spanned,
    syntax::{Member, Node, Value},
};

impl Reader {
    pub(super) fn actions(&mut self, name: &str, member: &Member<'_>) -> Clause<ActionPattern> {
        let listed = self.strings(member, "an action", |text| ActionPattern::new(text));
        if name == "NotAction" { Clause::AllBut(listed) } else { Clause::Only(listed) }
    }

    pub(super) fn resources(&mut self, name: &str, member: &Member<'_>) -> Clause<ResourcePattern> {
        let listed = self.strings(member, "a resource", |text| ResourcePattern::new(text));
        if name == "NotResource" { Clause::AllBut(listed) } else { Clause::Only(listed) }
    }

    /// A bare string or a list of strings.
    fn strings<T>(&mut self, member: &Member<'_>, element_name: &'static str, read: fn(&str) -> T) -> Listed<T> {
        let mut listed = Listed::new(element(member), member.value.as_list().is_some());
        if self.is_unknown(&member.value) {
            listed.unknown.push(member.value.span);
            return listed;
        }
        listed.read.reserve_exact(member.value.items().len());
        for item in member.value.items() {
            if self.is_unknown(item) {
                listed.unknown.push(item.span);
            } else if let Some(text) = item.as_str() {
                listed.read.push(Spanned::new(read(text), item.span));
            } else {
                self.wrong_type(element_name, "a string", item);
                listed.malformed.push(Spanned::new(scalar_text(item).unwrap_or_default(), item.span));
            }
        }
        listed
    }

    pub(super) fn principals(&mut self, name: &str, member: &Member<'_>, statement: &mut Statement) {
        let mut listed = Listed::new(element(member), false);
        match &member.value.value {
            Value::Map(_) if self.is_unknown(&member.value) => listed.unknown.push(member.value.span),
            Value::Unknown => {
                self.is_unknown(&member.value);
                listed.unknown.push(member.value.span);
            }
            Value::String(text) if text == "*" => {
                listed.read.push(Spanned::new(Principal::Anyone, member.value.span));
            }
            Value::Map(kinds) => self.principal_kinds(kinds, &mut listed, &mut statement.malformed_principal_kinds),
            _ => {
                self.wrong_type("Principal", "an object such as `{\"AWS\": …}`", &member.value);
                let text = scalar_text(&member.value).unwrap_or_default();
                listed.malformed.push(Spanned::new(text, member.value.span));
                statement.malformed_principal_kinds.push(None);
            }
        }
        statement.principals = Some(if name == "NotPrincipal" { Clause::AllBut(listed) } else { Clause::Only(listed) });
    }

    fn principal_kinds(
        &mut self,
        members: &[Member<'_>],
        listed: &mut Listed<Principal>,
        malformed_kinds: &mut Vec<Option<PrincipalKind>>,
    ) {
        self.duplicates(members, false);
        for member in members {
            let Some(name) = self.name(member, members, Level::Principal, &PrincipalKind::NAMES) else { continue };
            let kind = PrincipalKind::of(name);
            for item in member.value.items() {
                if self.is_unknown(item) {
                    listed.unknown.push(item.span);
                    continue;
                }
                let text = scalar_text(item);
                if item.as_str().is_none() && !is_account_number(item) {
                    self.wrong_type("a principal", "a string", item);
                }
                let text = text.unwrap_or_default();
                if let Some(principal) = kind.and_then(|kind| Principal::read(kind, &text).ok()) {
                    listed.read.push(Spanned::new(principal, item.span));
                } else {
                    listed.malformed.push(Spanned::new(text, item.span));
                    malformed_kinds.push(kind);
                }
            }
        }
    }

    /// A condition's values: strings, and numbers and Booleans by their spelling.
    pub(super) fn condition_values(&mut self, member: &Member<'_>) -> Listed<String> {
        let mut listed = Listed::new(element(member), member.value.as_list().is_some());
        listed.read.reserve_exact(member.value.items().len());
        for item in member.value.items() {
            if self.is_unknown(item) {
                listed.unknown.push(item.span);
                continue;
            }
            if let Some(text) = scalar_text(item) {
                listed.read.push(Spanned::new(text, item.span));
            } else {
                self.wrong_type("a condition value", "a string, a number or a Boolean", item);
                listed.malformed.push(Spanned::new(String::new(), item.span));
            }
        }
        listed
    }
}

/// Whether a value is a bare number of twelve digits, which YAML makes of an account.
fn is_account_number(node: &Node<'_>) -> bool {
    matches!(&node.value, Value::Number(text) if text.len() == 12)
}

fn scalar_text(node: &Node<'_>) -> Option<String> {
    match &node.value {
        Value::String(text) | Value::Number(text) => Some(text.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
