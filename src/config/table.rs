//! A table of the file, held against the keys that it may have.

use std::borrow::Cow;

use super::{
    OptionConfig, OptionsConfig, Texts,
    keys::{Key, Shape},
};
use crate::{
    calendar,
    finding::Complaint,
    source::{Span, Spanned},
    spelling,
    syntax::{Member, Node, Value},
};

/// A table whose wrong members are left out; each has been told of.
pub(super) struct Table<'n> {
    node: &'n Node<'static>,
    members: Vec<&'n Member<'static>>,
}

impl<'n> Table<'n> {
    /// Holds a table against its keys, and says what is wrong with it.
    pub(super) fn read(node: &'n Node<'static>, keys: &[Key], complaints: &mut Vec<Complaint>) -> Self {
        let mut table = Self { node, members: Vec::new() };
        for member in node.as_map().unwrap_or_default() {
            match keys.iter().find(|key| member.key == key.name) {
                None => complaints.push(unknown(member, keys)),
                Some(key) => match fault(key, &member.value) {
                    Some(complaint) => complaints.push(complaint),
                    None => table.members.push(member),
                },
            }
        }
        for key in keys.iter().filter(|key| key.required) {
            let (message, place) = match node.get(key.name) {
                None => (format!("this entry has no `{}`", key.name), node.span),
                Some(value) if says_nothing(value) => (format!("`{}` is empty", key.name), value.span),
                Some(_) => continue,
            };
            complaints.push(Complaint::new(place, message).help(format!("`{}` says {}", key.name, key.about)));
        }
        table
    }

    pub(super) fn span(&self) -> Span {
        self.node.span
    }

    fn member(&self, name: &str) -> Option<&'n Member<'static>> {
        self.members.iter().find(|member| member.key == name).copied()
    }

    pub(super) fn text(&self, name: &str) -> Option<Spanned<String>> {
        spanned(&self.member(name)?.value)
    }

    pub(super) fn flag(&self, name: &str) -> Option<Spanned<bool>> {
        let node = &self.member(name)?.value;
        match node.value {
            Value::Bool(value) => Some(Spanned::new(value, node.span)),
            _ => None,
        }
    }

    pub(super) fn texts(&self, name: &str) -> Option<Texts> {
        let member = self.member(name)?;
        Some(Texts { key: member.key_span, values: member.value.items().iter().filter_map(spanned).collect() })
    }

    /// The strings of a key; where it is a table, those of one of its members.
    pub(super) fn texts_or_named(&self, name: &str, inner: &str) -> Option<Texts> {
        let member = self.member(name)?;
        let named = |members: &'n [Member<'static>]| members.iter().find(|found| found.key == inner);
        let member = member.value.as_map().map_or(Some(member), named)?;
        Some(Texts { key: member.key_span, values: member.value.items().iter().filter_map(spanned).collect() })
    }

    /// The tables in a table but for one member, each as options by name.
    pub(super) fn options(&self, name: &str, but: &str) -> Vec<OptionsConfig> {
        let members = self.member(name).and_then(|member| member.value.as_map()).unwrap_or_default();
        let named = |member: &Member<'static>| Spanned::new(member.key.to_string(), member.key_span);
        let tables = members.iter().filter(|member| member.key != but);
        tables
            .map(|member| {
                let options = member.value.as_map().unwrap_or_default().iter();
                OptionsConfig {
                    rule: named(member),
                    options: options.map(|option| (named(option), self::option(&option.value))).collect(),
                }
            })
            .collect()
    }

    /// The strings of a list, if there are any or it is empty, and its tables.
    pub(super) fn texts_and_tables(&self, name: &str) -> (Option<Texts>, Vec<&'n Node<'static>>) {
        let tables = self.tables(name);
        let texts = self.texts(name).filter(|texts| !texts.values.is_empty() || tables.is_empty());
        (texts, tables)
    }

    pub(super) fn tables(&self, name: &str) -> Vec<&'n Node<'static>> {
        let items = self.member(name).map_or(&[][..], |member| member.value.items());
        items.iter().filter(|item| item.as_map().is_some()).collect()
    }

    /// The names of a table, each with its word.
    pub(super) fn words(&self, name: &str) -> Vec<(Spanned<String>, Spanned<String>)> {
        let members = self.member(name).and_then(|member| member.value.as_map()).unwrap_or_default();
        let pair = |member: &Member<'static>| {
            Some((Spanned::new(member.key.to_string(), member.key_span), spanned(&member.value)?))
        };
        members.iter().filter_map(pair).collect()
    }
}

/// Whether a value is a list of nothing, or a text of blanks.
fn says_nothing(node: &Node<'_>) -> bool {
    let is_blank = |item: &Node<'_>| item.as_str().is_some_and(|text| text.trim().is_empty());
    node.items().iter().all(is_blank)
}

fn spanned(node: &Node<'_>) -> Option<Spanned<String>> {
    node.as_str().map(|text| Spanned::new(text.to_owned(), node.span))
}

fn option(node: &Node<'_>) -> Spanned<OptionConfig> {
    let texts = |items: &[Node<'_>]| items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
    let value = match &node.value {
        Value::Number(number) => OptionConfig::Number(number.to_string()),
        Value::String(text) => OptionConfig::Text(text.to_string()),
        Value::List(items) => match texts(items) {
            Some(texts) => OptionConfig::Texts(texts),
            None => OptionConfig::Other("a list of something else"),
        },
        _ => OptionConfig::Other(found(node)),
    };
    Spanned::new(value, node.span)
}

fn unknown(member: &Member<'_>, keys: &[Key]) -> Complaint {
    let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
    let complaint = Complaint::new(member.key_span, format!("`{}` is no key that is known here", member.key));
    match nearest(&member.key, &names) {
        Some(meant) => complaint.label(format!("did you mean `{meant}`?")),
        None => complaint.help(format!("the keys are {}", names.join(", "))),
    }
}

/// The name that a misspelt word was probably meant to be.
fn nearest<'w>(word: &str, names: &[&'w str]) -> Option<&'w str> {
    spelling::by_likeness(&word.replace('_', "-"), names.iter().copied())
}

/// What is wrong with a key's value.
fn fault(key: &Key, node: &Node<'_>) -> Option<Complaint> {
    match key.shape {
        Shape::Text => wanted(node.as_str().is_some(), node, key, "a string"),
        Shape::Flag => wanted(matches!(node.value, Value::Bool(_)), node, key, "true or false"),
        Shape::Texts => node
            .items()
            .iter()
            .find_map(|item| wanted(item.as_str().is_some(), item, key, "a string or a list of strings")),
        Shape::Word(words) => word(key.name, node, words),
        Shape::Day => {
            let is_day = node.as_str().is_some_and(|text| calendar::day(text).is_some());
            wanted(is_day, node, key, "a day such as 2027-01-31")
        }
        Shape::Words(words) => match node.as_map() {
            Some(members) => members.iter().find_map(|member| word(&member.key, &member.value, words)),
            None => wanted(false, node, key, "a table of rules, each with its level"),
        },
        Shape::TextsOrOptions(inner) => match node.as_map() {
            Some(members) => members.iter().find_map(|member| rule_table(member, inner, key)),
            None => fault(&Key { shape: Shape::Texts, ..*key }, node),
        },
        Shape::Tables(_) => match node.as_list() {
            Some(items) => items.iter().find_map(|item| wanted(item.as_map().is_some(), item, key, "a list of tables")),
            None => wanted(false, node, key, "a list of tables, each under its own heading in two brackets"),
        },
        Shape::TextsAndTables(_) => {
            let fits =
                |item: &Node<'_>| item.as_str().is_some() || (item.as_map().is_some() && node.as_list().is_some());
            node.items().iter().find_map(|item| wanted(fits(item), item, key, "a list of strings or of tables"))
        }
    }
}

/// What is wrong with a member of a table of options.
fn rule_table(member: &Member<'_>, inner: &'static str, key: &Key) -> Option<Complaint> {
    if member.key == inner {
        return fault(&Key { name: inner, shape: Shape::Texts, ..*key }, &member.value);
    }
    if member.value.as_map().is_some() {
        return None;
    }
    let message = format!("`{}.{}` is a table of options", key.name, member.key);
    Some(match nearest(&member.key, &[inner]) {
        Some(meant) => Complaint::new(member.key_span, message).label(format!("did you mean `{meant}`?")),
        None => Complaint::new(member.value.span, message).label(format!("this is {}", found(&member.value))),
    })
}

fn wanted(fits: bool, node: &Node<'_>, key: &Key, what: &str) -> Option<Complaint> {
    if fits {
        return None;
    }
    let message = format!("`{}` is {what}", key.name);
    Some(Complaint::new(node.span, message).label(format!("this is {}", found(node))))
}

fn word(name: &str, node: &Node<'_>, words: &[&str]) -> Option<Complaint> {
    let found: Cow<'_, str> = match node.as_str() {
        Some(text) if words.contains(&text) => return None,
        Some(text) => Cow::Owned(format!("`{text}`")),
        None => Cow::Borrowed(found(node)),
    };
    let complaint = Complaint::new(node.span, format!("`{name}` is one of {}", words.join(", ")));
    Some(match node.as_str().and_then(|text| nearest(text, words)) {
        Some(meant) => complaint.label(format!("did you mean `{meant}`?")),
        None => complaint.label(format!("this is {found}")),
    })
}

/// What a value is, in TOML's words.
fn found(node: &Node<'_>) -> &'static str {
    match &node.value {
        Value::Map(_) => "a table",
        _ => node.kind(),
    }
}
