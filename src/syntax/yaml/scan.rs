//! The scanner's events, each at the place where a reader of the text would point.

use std::ops::Range;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError};

use super::{Cause, Fault, fault, is_foreign};
use crate::{
    source::{Edit, Source, Span},
    syntax::Repair,
};

/// How often a text is read anew because of a `*` without quotes: each time costs as much as the first.
pub(super) const MAX_STARS: usize = 16;

/// Stands in the scanner's text for what would stop it; one byte long, so that places hold.
pub(super) const FILLER: &str = "_";

const STAR: &str = "a `*` that begins a value must stand in quotes";

const TAB: &str = "a tab where YAML takes spaces alone";

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// One event of the scanner, and where it stands. The end of a list or map stands behind its last value.
pub(super) struct Step<'t> {
    pub(super) event: Event<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A stretch of a text, which is scanned by itself: one document, as a rule. Offsets are those of the whole text.
#[derive(Clone, Copy)]
pub(super) struct Stretch<'t> {
    pub(super) text: &'t str,
    /// Where it begins.
    pub(super) base: usize,
}

impl<'t> Stretch<'t> {
    pub(super) fn get(self, range: Range<usize>) -> Option<&'t str> {
        self.text.get(range.start.checked_sub(self.base)?..range.end.checked_sub(self.base)?)
    }

    fn end(self) -> usize {
        self.base + self.text.len()
    }

    fn place(self, at: &granit_parser::Span) -> Range<usize> {
        let Range { start, end } = at.byte_range().unwrap_or_default();
        start + self.base..end + self.base
    }
}

/// The events of the first document of a stretch.
pub(super) struct Scan<'t> {
    pub(super) stretch: Stretch<'t>,
    pub(super) steps: Vec<Step<'t>>,
    /// For every open list or map the character before each of its values.
    open: Vec<char>,
    /// What ended the document before its time, or stands behind it.
    pub(super) stop: Option<Fault>,
}

impl<'t> Scan<'t> {
    pub(super) fn of(source: &Source, stretch: Stretch<'t>) -> Self {
        let options = granit_parser::options! {
            emit_comments: false,
            emit_unresolved_aliases: true,
            // The scanner does not recurse, and the tree has a bound of its own.
            flow_nesting_limit: usize::MAX,
            block_nesting_limit: usize::MAX,
        };
        let mut scan = Self { stretch, steps: Vec::new(), open: Vec::new(), stop: None };
        let (mut documents, mut further) = (0, None);
        for event in Parser::new_from_str_with_options(stretch.text, options) {
            match event {
                Err(error) => {
                    scan.stop = further.or_else(|| Some(scan.broken(source, &error, documents)));
                    return scan;
                }
                Ok((Event::DocumentStart(..), at)) => {
                    further =
                        (documents > 0).then(|| fault(Cause::Trailing, scan.line(source, stretch.place(&at).start)));
                    documents += 1;
                }
                // A `---` with nothing behind it, as templates leave them, is no further document.
                Ok((event, at)) if further.is_some() => {
                    if event.is_node() && !is_absent(&event, &stretch.place(&at)) {
                        scan.stop = further;
                        return scan;
                    }
                }
                Ok((event, at)) => scan.push(event, &at),
            }
        }
        scan
    }

    fn push(&mut self, event: Event<'t>, at: &granit_parser::Span) {
        let Range { start, end } = self.place(&event, at);
        match event {
            Event::SequenceStart(..) => self.open.push('-'),
            Event::MappingStart(..) => self.open.push(':'),
            Event::SequenceEnd | Event::MappingEnd => drop(self.open.pop()),
            Event::Scalar(..) | Event::Alias(_) | Event::UnresolvedAlias(_) => {}
            _ => return,
        }
        self.steps.push(Step { event, start, end });
    }

    /// Where an event stands, which is not always where the scanner says.
    fn place(&self, event: &Event<'_>, at: &granit_parser::Span) -> Range<usize> {
        let Range { start, end } = self.stretch.place(at);
        let tag = at.tag_span().map_or(start..start, |tag| self.stretch.place(&tag));
        let before = self.steps.last().map_or(self.stretch.base, |step| step.end);
        let empty = |offset: usize| offset..offset;
        let place = match (event, self.open.last()) {
            (Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..), _) => {
                let end = self.written(before, end);
                start.min(end)..end
            }
            _ if start < end => start..end,
            // Of a list that is indented no deeper than its key the scanner gives the first item, not its dash.
            (Event::SequenceStart(..), Some(':')) => empty(self.mark('-', before, start).unwrap_or(start)),
            (Event::SequenceEnd | Event::MappingEnd, _) => empty(before),
            // Of a value that is left out it gives the colon, and behind a dash what comes next.
            (Event::Scalar(_, _, 0, None), Some(':')) => match self.stretch.get(start..start + 1) {
                Some(":") => empty(start + 1),
                _ => empty(self.written(before, start)),
            },
            (Event::Scalar(_, _, 0, None), _) => empty(self.mark('-', before, start).map_or(start, |dash| dash + 1)),
            (Event::Scalar(.., Some(_)), _) => empty(tag.end),
            _ => empty(start),
        };
        if is_foreign(event) { tag.start..place.end } else { place }
    }

    /// Where a range ends without the blanks at its end.
    fn written(&self, from: usize, to: usize) -> usize {
        from + self.stretch.get(from..to).map_or(0, |text| text.trim_end_matches(BLANKS).len())
    }

    /// The first token between two events that begins with a character.
    fn mark(&self, mark: char, from: usize, to: usize) -> Option<usize> {
        let mut rest = self.stretch.get(from..to)?;
        loop {
            rest = rest.trim_start_matches(BLANKS);
            if rest.starts_with(mark) {
                return Some(to - rest.len());
            }
            let end = if rest.starts_with('#') { rest.find(['\r', '\n']) } else { rest.find(BLANKS) };
            rest = rest.get(end?..)?;
        }
    }

    fn line(&self, source: &Source, start: usize) -> Span {
        let line = self.stretch.get(start..self.stretch.end()).and_then(|rest| rest.lines().next()).unwrap_or_default();
        source.place(start, start + line.trim_end().len())
    }

    fn broken(&self, source: &Source, error: &ScanError, documents: usize) -> Fault {
        let start = self.stretch.base + error.marker().byte_offset().unwrap_or_default();
        if documents > 0 && *error.kind() == ErrorKind::ExpectedDocumentStart {
            return fault(Cause::Trailing, self.line(source, start));
        }
        let place = character(source, start);
        let cause = cause(error.kind(), source.slice(place));
        // The scanner stops behind a tab that indents.
        let is_behind = cause == Cause::Yaml(TAB.to_owned()) && source.text().as_bytes().get(start) != Some(&b'\t');
        let before = start.checked_sub(1).filter(|_| is_behind).map(|tab| source.place(tab, start));
        fault(cause, before.filter(|tab| source.slice(*tab) == "\t").unwrap_or(place))
    }

    /// The `*` without quotes at which the scanner stopped.
    pub(super) fn star(&self) -> Option<Span> {
        let stop = self.stop.as_ref()?;
        matches!(&stop.cause, Cause::Yaml(words) if words == STAR).then_some(stop.span)
    }

    /// What was wrong with the `*` that were read over, and the repair where each is a whole value.
    pub(super) fn unquoted(&self, stars: &[Span]) -> Option<Fault> {
        let alone = |star: &Span| self.steps.iter().any(|step| (step.start..step.end) == star.range());
        let edits = stars.iter().take(MAX_STARS).map(|star| Edit::replace(*star, "\"*\"")).collect();
        let repair = Repair { title: "put it in quotes".to_owned(), safe: true, edits };
        let repair = stars.iter().take(MAX_STARS).all(alone).then_some(repair);
        Some(Fault { count: stars.len(), repair, ..fault(Cause::Yaml(STAR.to_owned()), *stars.first()?) })
    }
}

/// The place of one character; at the end of a line an empty one.
pub(super) fn character(source: &Source, start: usize) -> Span {
    let next = source.text().get(start..).and_then(|rest| rest.chars().next());
    let length = next.filter(|next| !BLANKS.contains(next)).map_or(0, char::len_utf8);
    source.place(start, start + length)
}

/// Whether the scanner puts a null where nothing is written.
pub(super) fn is_absent(event: &Event<'_>, place: &Range<usize>) -> bool {
    place.is_empty() && matches!(event, Event::Scalar(_, ScalarStyle::Plain, 0, None))
}

/// Why the scanner stopped, in other words where its own say too little.
fn cause(kind: &ErrorKind, found: &str) -> Cause {
    use ErrorKind::{
        MismatchedFlowCollectionEnd, MisplacedFlowCollectionEnd, MissingAnchorOrAliasName, TabAtBlockScalarStart,
        TabInBlockIndentation, TabInIndentation, TabInPlainScalar, TabNotAllowed, UnclosedFlowCollection,
        UnexpectedCharacter,
    };
    match (kind, found) {
        (UnclosedFlowCollection { open } | MismatchedFlowCollectionEnd { open, .. }, _) => Cause::Unclosed(*open),
        (MisplacedFlowCollectionEnd, "]") => Cause::Unopened(']'),
        (MisplacedFlowCollectionEnd, "}") => Cause::Unopened('}'),
        (MissingAnchorOrAliasName, "*") => Cause::Yaml(STAR.to_owned()),
        (TabAtBlockScalarStart | TabInBlockIndentation | TabInIndentation | TabInPlainScalar | TabNotAllowed, _) => {
            Cause::Yaml(TAB.to_owned())
        }
        (UnexpectedCharacter { character }, _) if character.is_ascii_graphic() => {
            Cause::Yaml(format!("a value that begins with `{character}` must stand in quotes"))
        }
        (UnexpectedCharacter { character }, _) => {
            Cause::Yaml(format!("U+{:04X} is no character of YAML", u32::from(*character)))
        }
        (kind, _) => Cause::Yaml(kind.to_string()),
    }
}
