//! What stands in brackets: the commas between its items, and how it is closed.

use super::{BreakOff, Cause, Dialect, Edit, MAX_DEPTH, Member, Node, Reader, Repair, Span, Value};

/// Whether a comma stands between the last item and what comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comma {
    /// There is no last item.
    NotNeeded,
    /// An item was read and no comma yet.
    Missing,
    /// An item was read, and that no comma follows it was told.
    Told,
    /// A comma was read, here.
    Seen(Span),
}

impl<'a> Reader<'a> {
    /// Reads what stands between two brackets, or passes over it where nesting has gone too deep.
    pub(super) fn bracketed(&mut self, bracket: u8, content: fn(&mut Self) -> Value<'a>) -> Node<'a> {
        let start = self.at;
        if self.open.len() >= MAX_DEPTH {
            self.fault(Cause::TooDeep, self.span(start, start + 1), None);
            self.at = self.end;
            self.ended_early = true;
            return Node { value: Value::Null, span: self.span(start, start + 1) };
        }
        self.open.push((bracket, start));
        self.at += 1;
        let value = content(self);
        self.open.pop();
        Node { value, span: self.span(start, self.at) }
    }

    pub(super) fn members(&mut self) -> Value<'a> {
        let first = self.members.len();
        let mut comma = Comma::NotNeeded;
        while self.before_item(b'}', &mut comma, self.members[first..].last().map(Member::span)) {
            if let Some(member) = self.member() {
                self.members.push(member);
                comma = Comma::Missing;
            }
        }
        let members: Vec<Member<'a>> = self.members.drain(first..).collect();
        if members.is_empty() && self.is_cut_inside() { Value::Unknown } else { Value::Map(members) }
    }

    pub(super) fn items(&mut self) -> Value<'a> {
        let first = self.items.len();
        let mut comma = Comma::NotNeeded;
        while self.before_item(b']', &mut comma, self.items[first..].last().map(|last| last.span)) {
            let before = self.at;
            let item = self.value();
            if self.at == before {
                self.stray();
                continue;
            }
            self.items.push(item);
            comma = Comma::Missing;
        }
        let items: Vec<Node<'a>> = self.items.drain(first..).collect();
        if items.is_empty() && self.is_cut_inside() { Value::Unknown } else { Value::List(items) }
    }

    /// Whether the text has ended inside a bracket that stands in another one: what it would hold is not known.
    fn is_cut_inside(&self) -> bool {
        self.ended_early && self.open.len() > 1
    }

    /// Passes over blanks and commas up to the next item; false when the bracket is closed or the text has ended.
    fn before_item(&mut self, closer: u8, comma: &mut Comma, last: Option<Span>) -> bool {
        loop {
            self.blanks();
            let Some(byte) = self.peek() else {
                self.end_inside();
                return false;
            };
            match byte {
                b',' => self.comma(comma),
                b'}' | b']' => {
                    if self.close(byte, closer, *comma) {
                        return false;
                    }
                }
                _ => {
                    if *comma == Comma::Missing {
                        self.missing_comma(last);
                        *comma = Comma::Told;
                    }
                    return true;
                }
            }
        }
    }

    fn comma(&mut self, comma: &mut Comma) {
        let place = self.span(self.at, self.at + 1);
        self.at += 1;
        if matches!(comma, Comma::Missing | Comma::Told) {
            *comma = Comma::Seen(place);
        } else {
            let repair =
                Repair { title: "take the comma away".to_owned(), safe: true, edits: vec![Edit::remove(place)] };
            self.fault(Cause::ExtraComma, place, Some(repair));
        }
    }

    fn missing_comma(&mut self, last: Option<Span>) {
        let Some(last) = last else { return };
        let before = &self.text[..last.end as usize];
        let width = before.chars().next_back().map_or(0, char::len_utf8);
        let place = self.span(before.len() - width, before.len());
        self.shared_fault(Cause::MissingComma, place, "put the commas in", vec![Edit::after(last, ",")]);
    }

    /// Takes a closing bracket; false when it closes nothing here and was passed over.
    ///
    /// A bracket of the wrong kind closes this one if no open bracket waits for it; otherwise this one was left open.
    fn close(&mut self, byte: u8, closer: u8, comma: Comma) -> bool {
        let place = self.span(self.at, self.at + 1);
        if byte == closer {
            self.at += 1;
            self.trailing_comma(comma);
            return true;
        }
        let opener = if byte == b'}' { b'{' } else { b'[' };
        let awaited = self.open.iter().any(|(bracket, _)| *bracket == opener);
        if !awaited {
            self.at += 1;
            let title = "take it away".to_owned();
            let repair = Repair { title, safe: false, edits: vec![Edit::remove(place)] };
            self.fault(Cause::Unopened(char::from(byte)), place, Some(repair));
            return false;
        }
        if let Some((bracket, at)) = self.open.last().copied() {
            let title = format!("close it with `{}`", char::from(closer));
            let edits = vec![Edit::before(place, char::from(closer).to_string())];
            let repair = Repair { title, safe: false, edits };
            self.fault(Cause::Unclosed(char::from(bracket)), self.span(at, at + 1), Some(repair));
        }
        true
    }

    fn trailing_comma(&mut self, comma: Comma) {
        let Comma::Seen(place) = comma else { return };
        if self.dialect == Dialect::Json {
            let repair =
                Repair { title: "take the comma away".to_owned(), safe: true, edits: vec![Edit::remove(place)] };
            self.fault(Cause::TrailingComma, place, Some(repair));
        }
    }

    /// The text has ended inside a bracket: told once, at the innermost one, with all the closers that are missing.
    fn end_inside(&mut self) {
        if std::mem::replace(&mut self.ended_early, true) {
            return;
        }
        let closers: String =
            self.open.iter().rev().map(|(bracket, _)| if *bracket == b'{' { '}' } else { ']' }).collect();
        let Some((bracket, at)) = self.open.last().copied() else { return };
        let content = self.text[..self.end].trim_end().len();
        let edits = vec![Edit::replace(self.span(content, content), closers.clone())];
        let repair = Repair { title: format!("put `{closers}` at the end"), safe: false, edits };
        let repair = (self.broken_off != Some(BreakOff::Member)).then_some(repair);
        self.fault(Cause::Unclosed(char::from(bracket)), self.span(at, at + 1), repair);
    }
}
