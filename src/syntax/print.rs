//! A tree as JSON text.

use std::borrow::Cow;

use super::{
    Node, Value,
    json::{escaped as escaped_control, is_number},
};
use crate::source::scan;

/// One line, no blanks.
#[must_use]
pub fn compact(node: &Node<'_>) -> String {
    let mut out = String::new();
    Printer { out: &mut out, indent: None }.node(node, 0);
    out
}

/// A member or item a line, two blanks a level.
#[must_use]
pub fn pretty(node: &Node<'_>) -> String {
    let mut out = String::new();
    Printer { out: &mut out, indent: Some(2) }.node(node, 0);
    out
}

/// How many characters [`compact`] writes.
#[must_use]
pub fn compact_length(node: &Node<'_>) -> usize {
    let quoted = |text: &str| escaped_length(text) + 2;
    match &node.value {
        Value::Null | Value::Unknown | Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(text) if is_number(text) => text.len(),
        Value::Number(text) | Value::String(text) => quoted(text),
        Value::List(items) => items.iter().map(|item| compact_length(item) + 1).sum::<usize>().max(1) + 1,
        Value::Map(members) => {
            let member = |member: &super::Member<'_>| quoted(&member.key) + compact_length(&member.value) + 2;
            members.iter().map(member).sum::<usize>().max(1) + 1
        }
    }
}

/// [`compact_length`] of a tree from strict JSON without an escape: its strings are as long as their places.
#[must_use]
pub fn compact_length_of_plain(node: &Node<'_>) -> usize {
    match &node.value {
        Value::List(items) => items.iter().map(|item| compact_length_of_plain(item) + 1).sum::<usize>().max(1) + 1,
        Value::Map(members) => {
            let member =
                |member: &super::Member<'_>| member.key_span.range().len() + compact_length_of_plain(&member.value) + 2;
            members.iter().map(member).sum::<usize>().max(1) + 1
        }
        Value::String(_) => node.span.range().len(),
        _ => compact_length(node),
    }
}

/// How many characters [`escaped`] makes of a text.
fn escaped_length(text: &str) -> usize {
    let special = |word| scan::is(word, b'"') | scan::is(word, b'\\') | scan::is_control(word) | scan::is_foreign(word);
    if scan::find(text.as_bytes(), special).is_none() { text.len() } else { escaped(text).chars().count() }
}

/// A text as a JSON string's body, without the quotes.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0'..'\u{20}' => out.push_str(&escaped_control(character)),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

/// A text as a JSON string, quotes included.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

struct Printer<'o> {
    out: &'o mut String,
    indent: Option<usize>,
}

impl Printer<'_> {
    fn node(&mut self, node: &Node<'_>, depth: usize) {
        match &node.value {
            Value::Null | Value::Unknown => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Number(text) if is_number(text) => self.out.push_str(text),
            Value::Number(text) | Value::String(text) => self.out.push_str(&quoted(text)),
            Value::List(items) => self.bracketed('[', ']', depth, items, Self::node),
            Value::Map(members) => self.bracketed('{', '}', depth, members, |printer, member, depth| {
                printer.out.push_str(&quoted(&member.key));
                printer.out.push_str(if printer.indent.is_some() { ": " } else { ":" });
                printer.node(&member.value, depth);
            }),
        }
    }

    fn bracketed<T>(&mut self, open: char, close: char, depth: usize, items: &[T], print: fn(&mut Self, &T, usize)) {
        self.out.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.line(depth + 1);
            print(self, item, depth + 1);
        }
        if !items.is_empty() {
            self.line(depth);
        }
        self.out.push(close);
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', indent * depth));
        }
    }
}
