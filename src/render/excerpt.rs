//! The few lines of a source that a finding points at, as a terminal may show them.
//!
//! An excerpt is a text of its own: what a terminal must not get is replaced, and of a line that is too long only what
//! stands around its mark is kept. So its marks are offsets in the excerpt, never in the file. To make one costs as
//! much as what it shows, however long the file or its line.

use std::{borrow::Cow, ops::Range};

use super::{
    Style,
    screen::{columns, push_shown, wrapped},
    window::{HOOK, Room, Window},
};
use crate::{
    finding::Label,
    source::{Secrets, Source},
};

/// How many lines apart two places may be to be shown together.
const NEAR: usize = 10;
/// How few columns of a line are shown, however narrow the screen.
const LEAST: usize = 20;
/// How few columns a label's words are wrapped to.
const LEAST_WORDS: usize = 12;
/// Shown where it is what a label is about, otherwise left out.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A few lines of a source, with marks.
#[derive(Debug)]
pub(super) struct Excerpt<'a> {
    /// The number of the first line, from 0.
    pub(super) first_line: usize,
    /// The lines as they are shown.
    pub(super) text: String,
    /// What is underlined, in the order of the text; no two overlap and none is empty.
    pub(super) marks: Vec<Mark>,
    /// The labels that found no room: far away, in another source, or where another mark already stands.
    pub(super) elsewhere: Vec<&'a Label>,
}

/// A stretch of an excerpt's line to underline.
#[derive(Debug)]
pub(super) struct Mark {
    /// Bytes of the excerpt's text.
    pub(super) range: Range<usize>,
    /// The words under it, broken into lines; empty where there is nothing to say.
    pub(super) words: String,
    /// Whether it is what the finding is about.
    pub(super) primary: bool,
}

/// What a label points at, within one line of its source.
struct Place<'a> {
    label: &'a Label,
    line: usize,
    /// The last line to show for it.
    last_line: usize,
    /// Bytes of the source's text.
    range: Range<usize>,
    primary: bool,
}

impl<'a> Place<'a> {
    /// A label's place on the first of its lines; an empty one is widened to a character.
    ///
    /// If that line holds no more of it than the bracket that opens it, the next is shown too.
    fn new(source: &Source, label: &'a Label, primary: bool) -> Self {
        let text = source.text();
        let line = source.line_of(label.span.start);
        let whole = source.line_range(line);
        let span = label.span.range();
        let start = boundary(text, span.start.clamp(whole.start, whole.end));
        let mut end = boundary(text, span.end.clamp(start, whole.end));
        let mut last_line = line;
        if span.end > whole.end {
            end = start + text[start..end].trim_end().len();
            last_line += usize::from(end == start + 1 && source.line_range(line + 1).end < span.end);
        }
        if end == start {
            end += text[start..whole.end].chars().next().map_or(0, char::len_utf8);
        }
        Self { label, line, last_line, range: start..end, primary }
    }

    fn is_clear_of(&self, other: &Self) -> bool {
        self.range != other.range && (self.range.end <= other.range.start || other.range.end <= self.range.start)
    }
}

/// The last character boundary at or before an offset.
fn boundary(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

impl<'a> Excerpt<'a> {
    /// The lines of what a finding is about, with those related places that stand near it. Of `secrets` stars are shown.
    pub(super) fn new(
        source: &Source,
        primary: &'a Label,
        related: &'a [Label],
        secrets: &Secrets,
        style: &Style,
    ) -> Self {
        let primary = Place::new(source, primary, true);
        let line = primary.line;
        let is_near = |place: &Place| place.line.abs_diff(line) <= NEAR;
        let mut places = vec![primary];
        let mut elsewhere = Vec::new();
        for label in related {
            let place = (label.span.source == source.id).then(|| Place::new(source, label, false));
            match place.filter(is_near) {
                Some(place) => places.push(place),
                None => elsewhere.push(label),
            }
        }
        places.sort_by_key(|place| (place.line, place.range.start));
        let first_line = places.first().map_or(line, |place| place.line);
        let mut excerpt = Self { first_line, text: String::new(), marks: Vec::new(), elsewhere };
        excerpt.push_lines(source, &places, secrets, style);
        excerpt
    }

    fn push_lines(&mut self, source: &Source, places: &[Place<'a>], secrets: &Secrets, style: &Style) {
        let last_line = places.iter().map(|place| place.last_line).max().unwrap_or(self.first_line);
        // The number of the last line and what the frame puts around it: ` 12 │ `.
        let gutter = (last_line + 1).to_string().len() + 4;
        let view = View { source, secrets, style, columns: style.width.saturating_sub(gutter).max(LEAST) };
        let mut rest = places;
        for line in self.first_line..=last_line {
            let (here, below) = rest.split_at(rest.partition_point(|place| place.line == line));
            rest = below;
            if line > self.first_line {
                self.text.push('\n');
            }
            self.push_line(&view, line, here);
        }
    }

    fn push_line(&mut self, view: &View, line: usize, places: &[Place<'a>]) {
        let line_start = self.text.len();
        let anchor = places.iter().find(|place| place.primary).or(places.first());
        let window = view.window(line, anchor);
        if window.cut_before {
            self.text.push_str(view.cut());
        }
        let mut at = window.range.start;
        for place in places {
            let is_free = anchor.is_some_and(|anchor| std::ptr::eq(anchor, place) || place.is_clear_of(anchor));
            if !is_free || place.range.start < at || !window.shows(place.range.start) {
                self.elsewhere.push(place.label);
                continue;
            }
            let marked = place.range.start..place.range.end.min(window.range.end);
            push_shown(&mut self.text, &view.text(at..marked.start), view.style);
            at = marked.end;
            self.push_mark(view, line_start, place, &view.text(marked));
        }
        push_shown(&mut self.text, &view.text(at..window.range.end), view.style);
        if window.cut_after {
            self.text.push_str(view.cut());
        }
    }

    /// Writes what is underlined, at the end of a line a blank for it, and lays out the words below it.
    fn push_mark(&mut self, view: &View, line_start: usize, place: &Place, text: &str) {
        let before = columns(&self.text[line_start..]);
        let start = self.text.len();
        push_shown(&mut self.text, if text.is_empty() { " " } else { text }, view.style);
        let hook = before + columns(&self.text[start..]) / 2 + HOOK;
        let narrow = Style { width: view.columns.max(hook + LEAST_WORDS), ..*view.style };
        let words = wrapped(&place.label.message, hook, hook, &narrow).join("\n");
        self.marks.push(Mark { range: start..self.text.len(), words, primary: place.primary });
    }
}

/// How a source is looked at: in how many columns, in which style.
struct View<'a> {
    source: &'a Source,
    /// What must not be shown.
    secrets: &'a Secrets,
    style: &'a Style,
    columns: usize,
}

impl<'a> View<'a> {
    /// A part of the source's text, with a star for each character of a secret.
    fn text(&self, range: Range<usize>) -> Cow<'a, str> {
        let text: &'a str = self.source.text().get(range.clone()).unwrap_or_default();
        let mut secrets = self.secrets.touching(self.source.place(range.start, range.end)).peekable();
        if secrets.peek().is_none() {
            return Cow::Borrowed(text);
        }
        let secrets: Vec<_> = secrets.collect();
        let is_secret = |at: usize| secrets.iter().any(|secret| secret.range().contains(&(range.start + at)));
        let star = |(at, character)| if is_secret(at) { '*' } else { character };
        Cow::Owned(text.char_indices().map(star).collect())
    }

    /// What stands where a line is cut.
    fn cut(&self) -> &'static str {
        if self.style.unicode { "…" } else { "..." }
    }

    /// The part of a line that is shown: around a place, or from its start.
    fn window(&self, line: usize, anchor: Option<&Place>) -> Window {
        let text = self.source.text();
        let mut whole = self.source.line_range(line);
        let (mark, words) = match anchor {
            Some(anchor) => (anchor.range.clone(), columns(&anchor.label.message)),
            None => (whole.start..whole.start, 0),
        };
        if mark.start > 0 && whole.start == 0 && text.starts_with(BYTE_ORDER_MARK) {
            whole.start = BYTE_ORDER_MARK.len_utf8();
        }
        let room = Room { columns: self.columns, cut: self.cut().chars().count() };
        Window::around(text, whole, &mark, words, room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::{PLAIN, finding, sources};

    /// The excerpt's lines, and what is underlined in them.
    fn shown(text: &str, primary: &str, related: &[&str]) -> (String, Vec<String>) {
        let sources = sources(&[("key.json", text)]);
        let related: Vec<Label> = related.iter().map(|marked| finding(&sources, 0, marked).primary).collect();
        let primary = finding(&sources, 0, primary).primary;
        let excerpt = Excerpt::new(sources.iter().next().unwrap(), &primary, &related, &Secrets::default(), &PLAIN);
        let marks = excerpt.marks.iter().map(|mark| excerpt.text[mark.range.clone()].to_owned()).collect();
        (excerpt.text, marks)
    }

    #[test]
    fn marks_keep_their_characters_where_those_before_them_are_replaced() {
        let (text, marks) = shown("\u{a0}\u{1b}[1m\té \u{202e}: \"*\"", "\"*\"", &["\u{202e}"]);
        assert_eq!((text.as_str(), marks), ("·␛[1m    é �: \"*\"", vec!["�".to_owned(), "\"*\"".to_owned()]));
    }

    #[test]
    fn of_a_place_that_covers_several_lines_the_first_is_marked_without_its_trailing_blanks() {
        let (text, marks) = shown("{ \"a\": [ \r\n  1\r\n] }", "\"a\": [ \r\n  1\r\n]", &[]);
        assert_eq!((text.as_str(), marks), ("{ \"a\": [ ", vec!["\"a\": [".to_owned()]));
    }

    #[test]
    fn below_a_lone_opening_bracket_the_next_line_is_shown() {
        let (text, marks) = shown("[\n  {\n    \"Sid\": \"A\"\n  }\n]", "{\n    \"Sid\": \"A\"\n  }", &[]);
        assert_eq!((text.as_str(), marks), ("  {\n    \"Sid\": \"A\"", vec!["{".to_owned()]));
    }

    #[test]
    fn an_overlapping_place_gives_way_to_what_the_finding_is_about() {
        let (_, marks) = shown("{ \"Principal\": \"*\" }", "\"*\"", &["\"Principal\": \"*\"", "{"]);
        assert_eq!(marks, ["{", "\"*\""]);
    }

    #[test]
    fn a_byte_order_mark_is_shown_only_where_it_is_the_matter() {
        assert_eq!(shown("\u{feff}{}", "}", &[]).0, "{}");
        assert_eq!(shown("\u{feff}{}", "\u{feff}", &[]), ("�{}".to_owned(), vec!["�".to_owned()]));
    }

    #[test]
    fn a_place_past_the_end_of_the_text_marks_a_blank_at_its_end() {
        let sources = sources(&[("key.json", "é\n{")]);
        let source = sources.iter().next().unwrap();
        let beyond = Label { span: source.place(90, 99), message: String::new(), path: String::new() };
        let excerpt = Excerpt::new(source, &beyond, &[], &Secrets::default(), &PLAIN);
        assert_eq!((excerpt.text.as_str(), excerpt.marks[0].range.clone()), ("{ ", 1..2));
    }
}
