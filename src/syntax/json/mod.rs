//! JSON with places, as people really write it.
//!
//! Strict JSON is read in one pass without a copy. What is not JSON but plainly meant (no-break spaces from a web page,
//! curly quotes, comments, a comma too many or too few, a Markdown fence …) is read as it was meant; each cause becomes
//! a [`Fault`] with a repair. Every loop consumes at least one byte a turn, nesting ends at
//! [`MAX_DEPTH`].

mod blanks;
mod brackets;
mod comments;
mod document;
mod room;
mod scalar;
mod string;

pub use comments::comments;
pub(crate) use scalar::is_number;
pub(crate) use string::{Escape, escaped, unescape};

use std::borrow::Cow;

use self::room::Room;
use super::{Cause, Fault, MAX_DEPTH, Member, Node, Repair, Tree, Value};
use crate::source::{Edit, Encoding, Source, SourceId, Span};

/// How many different faults of one text are told; a text with more of them is no JSON at all.
const MAX_FAULTS: usize = 100;

/// How many places one repair mends; a text with more is left to its author.
const MAX_EDITS: usize = 100_000;

/// What a text may hold besides strict JSON without being faulted for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// JSON alone.
    Json,
    /// JSON with comments and commas behind the last item, as files named `.jsonc` announce.
    Jsonc,
}

/// Reads a source as JSON.
#[must_use]
pub fn read(source: &Source, dialect: Dialect) -> Tree<'_> {
    let mut reader = Reader::new(source.text(), source.id, dialect);
    reader.damaged = &source.damaged;
    reader.tell_encoding(source);
    reader.document()
}

/// Reads a text that stands inside another one; its places count from its own start.
#[must_use]
pub fn read_text(text: &str, source: SourceId) -> Tree<'_> {
    Reader::new(text, source, Dialect::Json).document()
}

/// Reads one text. `at` never decreases and never passes `end`.
struct Reader<'a> {
    text: &'a str,
    source: SourceId,
    dialect: Dialect,
    /// Where bytes stood that are no UTF-8; each is a U+001A of the text.
    damaged: &'a [u32],
    at: usize,
    end: usize,
    /// The brackets that are open, and where each stands.
    open: Vec<(u8, usize)>,
    /// What was read of the objects that are open, the innermost last: each takes what is its own when it closes, so that
    /// a tree has no room that it does not need.
    members: Vec<Member<'a>>,
    /// The same of the lists that are open.
    items: Vec<Node<'a>>,
    faults: Vec<Fault>,
    /// Whether the end of the text was met inside a bracket; it is told once.
    ended_early: bool,
    /// What the text breaks off in, where that was met.
    broken_off: Option<BreakOff>,
    /// Where the last straight double quotation mark stands.
    last_quote: usize,
    /// Whether a string was followed past the last quotation mark. No later one then goes over a line end: each would be
    /// followed through the rest of the text again.
    string_ran_out: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, source: SourceId, dialect: Dialect) -> Self {
        let Room { open, members, items } = Room::take();
        Self {
            text,
            source,
            dialect,
            damaged: &[],
            at: 0,
            end: text.len(),
            open,
            members,
            items,
            faults: Vec::new(),
            ended_early: false,
            broken_off: None,
            last_quote: 0,
            string_ran_out: false,
        }
    }

    /// Whether the character at an offset stands for a byte that is no UTF-8, which is told already.
    fn is_damaged(&self, at: usize) -> bool {
        u32::try_from(at).is_ok_and(|at| self.damaged.binary_search(&at).is_ok())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes()[..self.end].get(self.at).copied()
    }

    fn peek_char(&self) -> Option<char> {
        self.text[self.at..self.end].chars().next()
    }

    /// Takes one whole character.
    fn skip_char(&mut self) {
        self.at += self.peek_char().map_or(0, char::len_utf8);
    }

    fn rest_starts_with(&self, start: &str) -> bool {
        self.text[self.at..self.end].starts_with(start)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { source: self.source, start: offset(start), end: offset(end) }
    }

    /// Records a fault that is told on its own.
    fn fault(&mut self, cause: Cause, span: Span, repair: Option<Repair>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault { cause, span, count: 1, repair });
        }
    }

    /// Records a fault that is told once however often it occurs, with one repair for all places.
    fn shared_fault(&mut self, cause: Cause, span: Span, title: &str, edits: Vec<Edit>) {
        let Some(fault) = self.faults.iter_mut().rev().find(|fault| fault.cause == cause) else {
            // A line end or a tab in a name is seldom what its author meant to write.
            let safe = !matches!(cause, Cause::ControlCharacter(_));
            self.fault(cause, span, Some(Repair { title: title.to_owned(), safe, edits }));
            return;
        };
        fault.count += 1;
        if fault.count > MAX_EDITS {
            fault.repair = None;
        }
        if let Some(repair) = &mut fault.repair {
            repair.edits.extend(edits);
        }
    }

    fn value(&mut self) -> Node<'a> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => return self.bracketed(b'{', Self::members),
            Some(b'[') => return self.bracketed(b'[', Self::items),
            Some(b'"') => Value::String(self.string()),
            Some(_) => self.scalar(),
            None => Value::Null,
        };
        let value =
            if self.broken_off == Some(BreakOff::String) && !self.open.is_empty() { Value::Unknown } else { value };
        Node { value, span: self.span(start, self.at) }
    }

    fn member(&mut self) -> Option<Member<'a>> {
        let start = self.at;
        let Some(key) = self.name() else {
            self.stray();
            return None;
        };
        if self.broken_off == Some(BreakOff::String) {
            self.broken_off = Some(BreakOff::Member);
            if let Some(fault) = self.faults.iter_mut().rfind(|fault| fault.cause == Cause::UnclosedString) {
                fault.repair = None;
            }
            return None;
        }
        let key_span = self.span(start, self.at);
        self.blanks();
        let colon = self.peek() == Some(b':');
        if colon {
            self.at += 1;
            self.blanks();
        }
        let value = match self.peek() {
            None => {
                self.broken_off = Some(BreakOff::Member);
                Node { value: Value::Unknown, span: Span { start: key_span.end, ..key_span } }
            }
            Some(b',' | b'}' | b']') => {
                self.fault(Cause::MissingValue, key_span, None);
                Node { value: Value::Unknown, span: Span { start: key_span.end, ..key_span } }
            }
            Some(_) => {
                if !colon {
                    let edits = vec![Edit::after(key_span, ":")];
                    let repair = Repair { title: "put a colon in".to_owned(), safe: false, edits };
                    self.fault(Cause::MissingColon, key_span, Some(repair));
                }
                self.value()
            }
        };
        Some(Member { key, key_span, value })
    }

    /// A member's name; `None` where no name can begin.
    fn name(&mut self) -> Option<Cow<'a, str>> {
        match self.peek()? {
            b'"' => Some(self.string()),
            b'{' | b'[' | b':' => None,
            _ => self.loose_name(),
        }
    }

    /// Passes over one character, or one bracketed value, that begins nothing.
    fn stray(&mut self) {
        let start = self.at;
        let Some(character) = self.peek_char() else { return };
        if matches!(character, '{' | '[') {
            self.value();
        } else {
            self.skip_char();
        }
        self.fault(Cause::Stray(character), self.span(start, start + character.len_utf8()), None);
    }
}

/// What a text ends in before it is whole.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BreakOff {
    /// A string: what is missing of it is not known.
    String,
    /// A member that has no value yet: no bracket at the end would mend it.
    Member,
}

impl Reader<'_> {
    fn tell_encoding(&mut self, source: &Source) {
        let whole = source.span();
        if source.encoding != Encoding::Utf8 {
            let text = source.text().trim_start_matches('\u{feff}');
            let title = "save the file as UTF-8".to_owned();
            let repair = Repair { title, safe: true, edits: vec![Edit::replace(whole, text)] };
            let first = self.span(0, source.text().chars().next().map_or(0, char::len_utf8));
            self.fault(Cause::Encoding(source.encoding.name()), first, Some(repair));
        } else if source.text().starts_with('\u{feff}') {
            let place = self.span(0, 3);
            let title = "take the byte order mark away".to_owned();
            let repair = Repair { title, safe: true, edits: vec![Edit::remove(place)] };
            self.fault(Cause::ByteOrderMark, place, Some(repair));
        }
        if let Some(first) = source.damaged.first() {
            let first = *first as usize;
            let count = source.damaged.len();
            self.faults.push(Fault { cause: Cause::NotUtf8, span: self.span(first, first + 1), count, repair: None });
        }
    }
}

#[cfg(test)]
mod tests;
