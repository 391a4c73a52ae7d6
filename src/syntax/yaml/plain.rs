//! YAML as most files have it, read in one pass.
//!
//! The scanner reads all of YAML and takes its time. What people write is mostly a small part of it: maps and lists by
//! indentation, `{ … }` and `[ … ]` on one line, strings on one line, comments on lines of their own. That part is read
//! here; at anything else the reader gives up and the scanner reads the text. It accepts only what the scanner reads
//! without a fault, and reads it alike: tests hold both together. Source: the YAML 1.2 specification.

use std::borrow::Cow;

use super::{Member, Node, Value, resolved, scan::Stretch};
use crate::source::{Source, Span};

/// How deep lists and maps may be nested here.
const DEEPEST: usize = 64;

/// Reads a document; `None` where it has anything out of the ordinary.
pub(super) fn read<'a>(source: &'a Source, stretch: Stretch<'_>) -> Option<Node<'a>> {
    let text = source.text().get(stretch.base..stretch.base + stretch.text.len())?;
    if text != stretch.text || !source.damaged.is_empty() || !text.chars().all(is_ordinary) {
        return None;
    }
    let mut reader = Reader { source, text, base: stretch.base, at: 0, line: 0, column: None };
    reader.content(0)?;
    reader.column.filter(|column| *column == 0)?;
    let root = reader.map(0)?;
    reader.column.is_none().then_some(root)
}

/// Whether a character means itself wherever it stands in a string, or is a line end.
fn is_ordinary(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a1}'..='\u{1fff}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{d7ff}')
}

struct Reader<'a> {
    source: &'a Source,
    text: &'a str,
    /// Where the text begins in the source.
    base: usize,
    at: usize,
    /// Where the line at hand begins.
    line: usize,
    /// The column of the line's first character that is no blank; `None` at the end of the text.
    column: Option<usize>,
}

/// Where a string without quotes stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Block,
    Flow,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        self.source.place(self.base + start, self.base + end)
    }

    fn blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Whether nothing stands from here to the end of the line.
    fn is_at_end(&self) -> bool {
        matches!(self.peek(), None | Some(b'\n'))
    }

    /// Whether a blank or the end of the line stands at an offset.
    fn is_blank_at(&self, at: usize) -> bool {
        matches!(self.text.as_bytes().get(at), None | Some(b' ' | b'\n'))
    }

    /// Whether an item of a list begins here.
    fn is_item(&self) -> bool {
        self.peek() == Some(b'-') && self.is_blank_at(self.at + 1)
    }

    /// Moves to the first line from an offset on that holds more than blanks and a comment.
    fn content(&mut self, from: usize) -> Option<()> {
        self.at = from;
        loop {
            self.line = self.at;
            self.blanks();
            match self.peek() {
                None => {
                    self.column = None;
                    return Some(());
                }
                Some(b'\n') => self.at += 1,
                Some(b'#') => {
                    self.at += memchr::memchr(b'\n', self.rest().as_bytes()).map_or(self.rest().len(), |end| end + 1);
                }
                Some(_) => {
                    self.column = Some(self.at - self.line);
                    return Some(());
                }
            }
        }
    }

    /// Leaves a line behind whose value is read; what is indented deeper than the value's owner would belong to it.
    fn end_line(&mut self, owner: usize) -> Option<()> {
        self.blanks();
        if !self.is_at_end() {
            return None;
        }
        self.content(self.at)?;
        self.column.is_none_or(|column| column <= owner).then_some(())
    }

    /// A map whose names stand in a column.
    fn map(&mut self, depth: usize) -> Option<Node<'a>> {
        let (start, column) = (self.at, self.at - self.line);
        let mut members = Vec::new();
        loop {
            let (key, key_span) = self.name()?;
            let value = self.value_of_member(column, depth)?;
            members.push(Member { key, key_span, value });
            match self.column {
                Some(next) if next == column && !self.is_item() => {}
                Some(next) if next >= column => return None,
                _ => break,
            }
        }
        let end = members.last().map_or(self.base + start, |last| last.value.span.end as usize) - self.base;
        Some(Node { value: Value::Map(members), span: self.span(start, end) })
    }

    /// The name of a member, its colon included.
    fn name(&mut self) -> Option<(Cow<'a, str>, Span)> {
        let end = self.name_end()?;
        let (start, text) = (self.at, self.text.get(self.at..end)?);
        self.at = end + 1;
        let inside = if text.starts_with('"') { text.get(1..text.len() - 1)? } else { text };
        Some((Cow::Borrowed(inside), self.span(start, end)))
    }

    /// Where the colon stands behind the name that begins here; `None` where none does.
    fn name_end(&self) -> Option<usize> {
        const LONGEST: usize = 200;
        let rest = self.rest().as_bytes();
        let mut length = 0;
        if rest.first() == Some(&b'"') {
            length = 2 + string_length(rest.get(1..)?, b'"')?;
        } else if rest.first().is_some_and(|first| first.is_ascii_alphanumeric() || matches!(first, b'_' | b'$')) {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.' | b'/' | b'-');
            loop {
                match rest.get(length) {
                    Some(b':') if self.is_blank_at(self.at + length + 1) => break,
                    Some(byte) if length <= LONGEST && (*byte == b':' || is_part(*byte)) => length += 1,
                    _ => return None,
                }
            }
        }
        let is_name = length > 0 && length <= LONGEST && rest.get(length) == Some(&b':');
        (is_name && self.is_blank_at(self.at + length + 1)).then_some(self.at + length)
    }

    fn value_of_member(&mut self, column: usize, depth: usize) -> Option<Node<'a>> {
        self.blanks();
        if !self.is_at_end() {
            let value = self.inline(Within::Block, depth)?;
            self.end_line(column)?;
            return Some(value);
        }
        self.content(self.at)?;
        let next = self.column?;
        match self.is_item() {
            _ if depth >= DEEPEST => None,
            true if next >= column => self.list(depth + 1),
            false if next > column => self.map(depth + 1),
            _ => None,
        }
    }

    /// A list whose dashes stand in a column.
    fn list(&mut self, depth: usize) -> Option<Node<'a>> {
        let (start, column) = (self.at, self.at - self.line);
        let mut items: Vec<Node<'a>> = Vec::new();
        if depth > DEEPEST {
            return None;
        }
        loop {
            self.at += 1;
            self.blanks();
            let item = if self.name_end().is_some() {
                self.map(depth + 1)?
            } else {
                let item = self.inline(Within::Block, depth)?;
                self.end_line(column)?;
                item
            };
            items.push(item);
            match self.column {
                Some(next) if next == column && self.is_item() => {}
                Some(next) if next > column => return None,
                _ => break,
            }
        }
        let end = items.last().map_or(self.base + start, |last| last.span.end as usize) - self.base;
        Some(Node { value: Value::List(items), span: self.span(start, end) })
    }

    /// A value that stands on one line.
    fn inline(&mut self, within: Within, depth: usize) -> Option<Node<'a>> {
        match self.peek()? {
            _ if depth > DEEPEST => None,
            b'{' => self.flow_map(depth + 1),
            b'[' => self.flow_list(depth + 1),
            quote @ (b'"' | b'\'') => self.quoted(quote),
            _ => self.unquoted(within),
        }
    }

    fn quoted(&mut self, quote: u8) -> Option<Node<'a>> {
        let start = self.at;
        let length = string_length(self.rest().as_bytes().get(1..)?, quote)?;
        self.at += length + 2;
        // Two single quotes stand for one inside of a string.
        if self.peek() == Some(quote) {
            return None;
        }
        let text = self.text.get(start + 1..start + 1 + length)?;
        Some(Node { value: Value::String(Cow::Borrowed(text)), span: self.span(start, self.at) })
    }

    fn unquoted(&mut self, within: Within) -> Option<Node<'a>> {
        const INDICATORS: &[u8] = b"-?:,[]{}#&*!|>'\"%@`=<\n";
        let rest = self.rest().as_bytes();
        if rest.first().is_none_or(|first| INDICATORS.contains(first)) {
            return None;
        }
        let mut length = 0;
        loop {
            match rest.get(length) {
                None | Some(b'\n') => break,
                Some(b',' | b'[' | b']' | b'{' | b'}') if within == Within::Flow => break,
                Some(b':') if self.is_blank_at(self.at + length + 1) => return None,
                Some(b':') if within == Within::Flow && b",[]{}".contains(rest.get(length + 1)?) => return None,
                Some(b'#') if length > 0 && rest[length - 1] == b' ' => return None,
                Some(_) => length += 1,
            }
        }
        let text = self.rest().get(..length)?.trim_end_matches(' ');
        let start = self.at;
        self.at += text.len();
        Some(Node { value: resolved(Cow::Borrowed(text)), span: self.span(start, self.at) })
    }

    fn flow_map(&mut self, depth: usize) -> Option<Node<'a>> {
        let start = self.at;
        let mut members = Vec::new();
        self.at += 1;
        self.blanks();
        while self.peek()? != b'}' {
            let (key, key_span) = self.name()?;
            self.blanks();
            let value = self.inline(Within::Flow, depth)?;
            members.push(Member { key, key_span, value });
            self.next_of_flow(b'}')?;
        }
        self.at += 1;
        Some(Node { value: Value::Map(members), span: self.span(start, self.at) })
    }

    fn flow_list(&mut self, depth: usize) -> Option<Node<'a>> {
        let start = self.at;
        let mut items = Vec::new();
        self.at += 1;
        self.blanks();
        while self.peek()? != b']' {
            items.push(self.inline(Within::Flow, depth)?);
            self.next_of_flow(b']')?;
        }
        self.at += 1;
        Some(Node { value: Value::List(items), span: self.span(start, self.at) })
    }

    /// Moves to the next item of a list or map in brackets, or to what closes it.
    fn next_of_flow(&mut self, closer: u8) -> Option<()> {
        self.blanks();
        if self.peek()? == closer {
            return Some(());
        }
        if self.peek()? != b',' {
            return None;
        }
        self.at += 1;
        self.blanks();
        (self.peek()? != closer).then_some(())
    }
}

/// How long a string is whose opening quote stands before a text; `None` where it has an escape, or goes on on the next
/// line.
fn string_length(text: &[u8], quote: u8) -> Option<usize> {
    let length = memchr::memchr3(quote, b'\\', b'\n', text)?;
    (text.get(length) == Some(&quote)).then_some(length)
}

#[cfg(test)]
mod tests;
