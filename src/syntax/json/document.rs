//! The text as a whole: what stands around its one value.

use super::{Cause, Edit, Fault, Node, Reader, Repair, Room, Tree, Value};
use crate::{
    source::Span,
    syntax::embed::{self, Inner},
};

impl<'a> Reader<'a> {
    pub(super) fn document(mut self) -> Tree<'a> {
        if self.rest_starts_with("\u{feff}") {
            self.at += '\u{feff}'.len_utf8();
        }
        self.fence();
        self.last_quote = memchr::memrchr(b'"', &self.text.as_bytes()[..self.end]).unwrap_or(0);
        self.blanks();
        if self.peek().is_none() {
            let whole = self.span(0, self.end);
            self.fault(Cause::Empty, whole, None);
            return self.finish(Node { value: Value::Null, span: whole });
        }
        let mut root = self.value();
        while self.at < self.end && matches!(root.value, Value::Null) && self.at == root.span.start as usize {
            self.stray();
            self.blanks();
            root = self.value();
        }
        self.trailing();
        self.finish(root)
    }

    fn finish(mut self, root: Node<'a>) -> Tree<'a> {
        let root = self.encoded_twice(root);
        self.faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
        Room { open: self.open, members: self.members, items: self.items }.keep();
        Tree { root, faults: self.faults }
    }

    /// Leaves a Markdown fence, and the prose before it, out of what is read.
    fn fence(&mut self) {
        let rest = &self.text[self.at..];
        let content = rest.trim_start();
        let fenced = content.starts_with("```");
        if !fenced && content.starts_with(['{', '[', '"']) {
            return;
        }
        let Some(opening) = fence_line(rest, 0) else { return };
        let start = self.at + opening.end;
        let closing = fence_line(self.text, start);
        let mut edits = vec![Edit::remove(self.span(self.at, start))];
        if let Some(closing) = closing {
            self.end = closing.start;
            edits.push(Edit::remove(self.span(closing.start, self.text.len())));
        }
        let place = self.span(self.at + opening.start, self.at + opening.end);
        let place = Span { end: place.start + 3, ..place };
        let after = edits.last().map_or("", |edit| &self.text[edit.span.range()]);
        let only_fence = fenced && after.trim_end().lines().count() <= 1;
        let repair = Repair { title: "keep only what stands in the fence".to_owned(), safe: only_fence, edits };
        self.fault(Cause::Fence, place, Some(repair));
        self.at = start;
    }

    /// Tells of what stands behind the value.
    fn trailing(&mut self) {
        self.blanks();
        let Some(byte) = self.peek() else { return };
        let start = self.at;
        let rest = &self.text[start..self.end];
        if matches!(byte, b'}' | b']' | b',') && rest.trim_matches(['}', ']', ',', ' ', '\n', '\r', '\t']).is_empty() {
            let edits = vec![Edit::remove(self.span(start, start + rest.trim_end().len()))];
            let repair = Repair { title: "take it away".to_owned(), safe: false, edits };
            let cause = if byte == b',' { Cause::TrailingComma } else { Cause::Unopened(char::from(byte)) };
            self.fault(cause, self.span(start, start + 1), Some(repair));
            return;
        }
        let line = rest.lines().next().unwrap_or(rest).trim_end();
        self.fault(Cause::Trailing, self.span(start, start + line.len()), None);
    }

    /// A document that is one string which holds a document: that one is read, in its place.
    fn encoded_twice(&mut self, root: Node<'a>) -> Node<'a> {
        let Value::String(text) = &root.value else { return root };
        if !embed::looks_like_json(text) {
            return root;
        }
        let raw = self.text.get(root.span.range()).unwrap_or("");
        let Some(inner) = Inner::of_json_string(raw, root.span) else { return root };
        let edits = vec![Edit::replace(root.span, inner.text())];
        let repair = Repair { title: "write the document itself".to_owned(), safe: true, edits };
        let first = Span { end: root.span.start + 1, ..root.span };
        let (node, faults) = inner.read();
        self.faults.push(Fault { cause: Cause::EncodedTwice, span: first, count: 1, repair: Some(repair) });
        self.faults.extend(faults);
        node
    }
}

/// The range of the first line at or after an offset that starts with a Markdown fence, line end included.
fn fence_line(text: &str, from: usize) -> Option<std::ops::Range<usize>> {
    let mut start = from;
    for line in text.get(from..)?.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if line[indent..].starts_with("```") {
            return Some(start + indent..start + line.len());
        }
        start += line.len();
    }
    None
}
