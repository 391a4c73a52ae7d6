//! TOML as the tree that every notation is read into. No other file names the crate.

use std::borrow::Cow;

use ::toml::{
    Spanned as TomlSpanned,
    de::{DeTable, DeValue, Error},
};

use crate::{
    finding::Complaint,
    source::Source,
    syntax::{Member, Node, Value},
};

/// Reads a text.
///
/// # Errors
/// What is no TOML, each at its place.
pub(super) fn read(source: &Source) -> Result<Node<'static>, Vec<Complaint>> {
    // A byte order mark is no part of the text; the places count it.
    let text = source.text();
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = Reader { source, shift: text.len() - bare.len() };
    let (table, errors) = DeTable::parse_recoverable(bare);
    if errors.is_empty() {
        let mut root = reader.table(table.into_inner(), 0..bare.len());
        root.span = source.span();
        return Ok(root);
    }
    let mut complaints: Vec<Complaint> = errors.iter().map(|error| reader.complaint(error)).collect();
    // An array in an array that nothing closes is told once for each of them, all at one place.
    complaints.dedup();
    Err(complaints)
}

struct Reader<'s> {
    source: &'s Source,
    shift: usize,
}

impl Reader<'_> {
    fn place(&self, range: std::ops::Range<usize>) -> crate::source::Span {
        self.source.place(range.start + self.shift, range.end + self.shift)
    }

    fn complaint(&self, error: &Error) -> Complaint {
        let place = self.place(error.span().unwrap_or(0..0));
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        Complaint::new(place, message).help("kpl.toml is written in TOML: https://toml.io")
    }

    fn node(&self, value: TomlSpanned<DeValue<'_>>) -> Node<'static> {
        let range = value.span();
        let value = match value.into_inner() {
            DeValue::Table(table) => return self.table(table, range),
            DeValue::Array(items) => Value::List(items.into_iter().map(|item| self.node(item)).collect()),
            DeValue::String(text) => Value::String(Cow::Owned(text.into_owned())),
            DeValue::Integer(number) => Value::Number(Cow::Owned(number.to_string())),
            DeValue::Float(number) => Value::Number(Cow::Owned(number.to_string())),
            DeValue::Boolean(value) => Value::Bool(value),
            // A date is read where one is wanted; it is told from a string by nobody.
            DeValue::Datetime(date) => Value::String(Cow::Owned(date.to_string())),
        };
        Node { value, span: self.place(range) }
    }

    /// A table, its members in the order of the text.
    fn table(&self, table: DeTable<'_>, range: std::ops::Range<usize>) -> Node<'static> {
        let mut members: Vec<Member<'static>> = table
            .into_iter()
            .map(|(key, value)| Member {
                key_span: self.place(key.span()),
                key: Cow::Owned(key.into_inner().into_owned()),
                value: self.node(value),
            })
            .collect();
        members.sort_by_key(|member| member.key_span);
        Node { value: Value::Map(members), span: self.place(range) }
    }
}
