//! A text inside a string of another: where each of its bytes stands outside, and how a change to it is written there.
//!
//! `aws kms get-key-policy` answers with a policy in a string, `aws iam get-role` with a percent-encoded one. Findings
//! point into the file that the user has.

use std::borrow::Cow;

use super::{
    Fault, Node,
    json::{self, Escape, unescape},
    print,
};
use crate::source::{Edit, SourceId, Span, percent_decoded, percent_encoded};

/// A text that stands encoded inside another.
#[derive(Debug)]
pub struct Inner {
    text: String,
    source: SourceId,
    layers: Vec<Layer>,
}

/// One encoding around a text.
#[derive(Clone, Debug)]
struct Layer {
    encoding: Encoding,
    /// Where offsets stop running in step: the inner offset and the outer one it stands for, both increasing.
    breaks: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    JsonString,
    Percent,
    /// A scalar of YAML without escapes: what is on one line stands there as it is.
    Scalar,
    /// A scalar of YAML in single quotes.
    SingleQuoted,
}

/// How a change to an inner text is written in the outer one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writing(Vec<Encoding>);

impl Writing {
    /// Whether the text stands in its file as it is.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.is_empty()
    }

    /// The text as the outer file must hold it.
    #[must_use]
    pub fn encode(&self, text: &str) -> String {
        self.0.iter().rev().fold(text.to_owned(), |text, encoding| match encoding {
            Encoding::JsonString => print::escaped(&text).into_owned(),
            Encoding::Percent => percent_encoded(&text),
            Encoding::Scalar => text,
            Encoding::SingleQuoted => text.replace('\'', "''"),
        })
    }
}

impl Inner {
    /// The text of a JSON string from its spelling, quotes included; `None` where that is no such string.
    #[must_use]
    pub fn of_json_string(raw: &str, place: Span) -> Option<Self> {
        let body = raw.strip_prefix('"')?.strip_suffix('"')?;
        let (text, breaks) = unescaped(body, place.start + 1);
        let layers = vec![Layer { encoding: Encoding::JsonString, breaks }];
        Some(Self { text, source: place.source, layers })
    }

    /// The inner text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes percent-encoding off, if the text has it: IAM's own answers are encoded so (RFC 3986, where `+` is no
    /// blank).
    ///
    /// Source: IAM API Reference, `GetRolePolicy`.
    #[must_use]
    pub fn percent_decoded(self) -> Self {
        if looks_like_json(&self.text) || !self.text.trim_start().starts_with('%') {
            return self;
        }
        let (text, breaks) = percent_decoded(&self.text);
        self.wrapped(Encoding::Percent, text, breaks)
    }

    /// Takes further layers off, where the text is itself one JSON string that holds a document.
    #[must_use]
    pub fn unwrapped(mut self) -> Self {
        // Nobody encodes a document more often; each turn shortens the text.
        for _ in 0..4 {
            let trimmed = self.text.trim();
            let start = self.text.len() - self.text.trim_start().len();
            let Some(body) = trimmed.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { break };
            let (text, breaks) = unescaped(body, offset(start + 1));
            self = self.wrapped(Encoding::JsonString, text, breaks);
        }
        self
    }

    fn wrapped(mut self, encoding: Encoding, text: String, breaks: Vec<(u32, u32)>) -> Self {
        self.layers.push(Layer { encoding, breaks });
        self.text = text;
        self
    }

    /// How a change to the text is written in the outer file.
    #[must_use]
    pub fn writing(&self) -> Writing {
        Writing(self.layers.iter().map(|layer| layer.encoding).collect())
    }

    /// The place in the outer file of a place in the inner text.
    #[must_use]
    pub fn place(&self, span: Span) -> Span {
        Span { source: self.source, start: self.outer(span.start), end: self.outer(span.end) }
    }

    fn outer(&self, inner: u32) -> u32 {
        self.layers.iter().rev().fold(inner, |at, layer| {
            let after = layer.breaks.partition_point(|(inner, _)| *inner <= at);
            let Some((inner, outer)) = after.checked_sub(1).and_then(|index| layer.breaks.get(index)) else {
                return at;
            };
            outer + (at - inner)
        })
    }

    /// Reads the text as JSON, with every place and every repair in the outer file.
    #[must_use]
    pub fn read(&self) -> (Node<'static>, Vec<Fault>) {
        let tree = json::read_text(&self.text, self.source);
        let mut node = tree.root.into_owned();
        node.map_spans(&|span| self.place(span));
        let writing = self.writing();
        let mut faults = tree.faults;
        for fault in &mut faults {
            fault.span = self.place(fault.span);
            for edit in fault.repair.iter_mut().flat_map(|repair| &mut repair.edits) {
                *edit = Edit::replace(self.place(edit.span), writing.encode(&edit.text));
            }
        }
        (node, faults)
    }
}

/// Whether a text looks like a JSON document rather than a plain value.
#[must_use]
pub fn looks_like_json(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').starts_with(['{', '['])
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A JSON string's text from its spelling without quotes, and where its offsets jump. `at` is the body's outer offset.
fn unescaped(body: &str, at: u32) -> (String, Vec<(u32, u32)>) {
    let mut text = String::with_capacity(body.len());
    let mut breaks = vec![(0, at)];
    let mut done = 0;
    while let Some(next) = memchr::memchr(b'\\', &body.as_bytes()[done..]) {
        let escape = done + next;
        text.push_str(&body[done..escape]);
        let (character, length) = match unescape(&body[escape..]) {
            Escape::Is(character, length) => (character, length),
            Escape::LoneSurrogate => (char::REPLACEMENT_CHARACTER, 6),
            Escape::Unknown(_) | Escape::Ended => ('\\', 1),
        };
        text.push(character);
        done = escape + length;
        breaks.push((offset(text.len()), at + offset(done)));
    }
    text.push_str(&body[done..]);
    (text, breaks)
}

/// A string node's text as an inner text. `raw` is its spelling in the file.
///
/// A JSON string is mapped byte by byte; a scalar of YAML by its characters, wherever its lines are folded or indented.
/// `None` where the two cannot be held against each other.
#[must_use]
pub fn inner_of(node: &Node<'_>, raw: &str) -> Option<Inner> {
    let text: Cow<'_, str> = Cow::Borrowed(node.as_str()?);
    if let Some(inner) = Inner::of_json_string(raw, node.span).filter(|inner| inner.text() == text) {
        return Some(inner);
    }
    let encoding = if raw.starts_with('\'') { Encoding::SingleQuoted } else { Encoding::Scalar };
    let breaks = aligned(&text, raw, encoding, node.span.start)?;
    Some(Inner { text: text.into_owned(), source: node.span.source, layers: vec![Layer { encoding, breaks }] })
}

/// Where a scalar's offsets jump against its spelling, which begins at `at`; blanks and line ends may differ.
fn aligned(text: &str, raw: &str, encoding: Encoding, at: u32) -> Option<Vec<(u32, u32)>> {
    const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];
    let (mut inner, mut outer) = (0, usize::from(encoding == Encoding::SingleQuoted));
    let mut breaks = vec![(0, at + offset(outer))];
    loop {
        let (rest, spelt) = (text.get(inner..)?, raw.get(outer..)?);
        let words = rest.bytes().zip(spelt.bytes()).take_while(|(one, other)| one == other);
        // In single quotes a quote is spelt twice; the first of the two ends the stretch.
        let quote = words.clone().position(|(byte, _)| byte == b'\'' && encoding == Encoding::SingleQuoted);
        let length = quote.map_or_else(|| words.count(), |quote| quote + 1);
        (inner, outer) = (inner + length, outer + length);
        if inner >= text.len() {
            return Some(breaks);
        }
        let (rest, spelt) = (text.get(inner..)?, raw.get(outer..)?);
        if quote.is_some() {
            outer += 1;
        } else {
            let blanks = |text: &str| text.len() - text.trim_start_matches(BLANKS).len();
            let step = (blanks(rest), blanks(spelt));
            // A block scalar's last line end is no part of its place.
            if step.0 == rest.len() {
                return Some(breaks);
            }
            if step == (0, 0) {
                return None;
            }
            (inner, outer) = (inner + step.0, outer + step.1);
        }
        breaks.push((offset(inner), at + offset(outer)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(raw: &str) -> Inner {
        let end = offset(raw.len());
        Inner::of_json_string(raw, Span { source: SourceId(0), start: 0, end }).unwrap()
    }

    fn outer_text<'a>(raw: &'a str, inner: &Inner, wanted: &str) -> &'a str {
        let start = inner.text().find(wanted).unwrap();
        let span = Span { source: SourceId(0), start: offset(start), end: offset(start + wanted.len()) };
        &raw[inner.place(span).range()]
    }

    #[test]
    fn a_place_behind_escapes_is_found_outside() {
        let raw = r#""{\"a\":\"\u00e9\",\n\"b\":1}""#;
        let inner = inner(raw);
        assert_eq!(inner.text(), "{\"a\":\"é\",\n\"b\":1}");
        assert_eq!(outer_text(raw, &inner, "\"é\""), r#"\"\u00e9\""#);
        assert_eq!(outer_text(raw, &inner, "\"b\""), r#"\"b\""#);
    }

    #[test]
    fn percent_encoding_is_undone_and_plus_stays() {
        let raw = r#""%7B%22a%22%3A%22x+y%22%7D""#;
        let inner = inner(raw).percent_decoded();
        assert_eq!(inner.text(), "{\"a\":\"x+y\"}");
        assert_eq!(outer_text(raw, &inner, "\"x+y\""), "%22x+y%22");
        assert_eq!(inner.writing().encode("{"), "%7B");
    }

    #[test]
    fn a_text_that_starts_like_json_is_not_decoded() {
        assert_eq!(inner(r#""{\"a\":\"%7B\"}""#).percent_decoded().text(), "{\"a\":\"%7B\"}");
    }

    #[test]
    fn a_string_in_a_string_is_unwrapped_with_its_places() {
        let raw = r#""\"{\\\"a\\\":1}\"""#;
        let inner = inner(raw).unwrapped();
        assert_eq!(inner.text(), "{\"a\":1}");
        assert_eq!(outer_text(raw, &inner, "\"a\""), r#"\\\"a\\\""#);
        assert_eq!(inner.writing().encode("\""), r#"\\\""#);
    }

    /// What a YAML scalar's text holds, as it is spelt in the file.
    fn spelt<'a>(source: &'a crate::source::Source, wanted: &str) -> &'a str {
        let root = crate::syntax::yaml::read(source).root;
        let node = root.get("p").unwrap();
        let inner = inner_of(node, source.slice(node.span)).unwrap();
        let start = inner.text().find(wanted).unwrap();
        let span = Span { source: source.id, start: offset(start), end: offset(start + wanted.len()) };
        source.slice(inner.place(span))
    }

    #[test]
    fn a_text_in_a_block_scalar_is_found_on_its_lines() {
        let yaml = |text: &str| crate::source::Source::of_text(crate::source::Origin::Stdin(None), text.to_owned());
        let literal = yaml("p: |\n  {\r\n    \"a\": \"é\",\n\n    \"b\": 1\n  }\nq: 1\n");
        assert_eq!((spelt(&literal, "\"é\""), spelt(&literal, "\"b\": 1")), ("\"é\"", "\"b\": 1"));
        let folded = yaml("p: >-\n  {\"a\":\n  1,\n  \"b\": 2}\n");
        assert_eq!((spelt(&folded, "1"), spelt(&folded, "\"b\"")), ("1", "\"b\""));
        let single = yaml("p: '{\"a\": \"it''s\", \"b\": 1}'\n");
        assert_eq!((spelt(&single, "\"it's\""), spelt(&single, "\"b\"")), ("\"it''s\"", "\"b\""));
    }
}
