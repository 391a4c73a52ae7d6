//! Text with a name, and places in it.
//!
//! A file is read into a [`Source`] once; everything later points into it with a [`Span`]. This module knows how
//! bytes become text (UTF-8, with or without a byte order mark, and UTF-16) and how a place becomes a line and a
//! column. It knows no notation and does no I/O.

mod decode;
mod edit;
mod hash;
mod lines;
mod percent;
mod repeated;
pub(crate) mod scan;
mod secret;

use std::{path::PathBuf, sync::OnceLock};

pub use decode::{Encoding, NotText};
pub use edit::Edit;
pub(crate) use hash::hash;
pub use lines::Position;
pub(crate) use percent::{percent_decoded, percent_encoded};
pub(crate) use repeated::shortened;
pub use secret::{Secrets, access_keys, without_access_keys};

use lines::LineIndex;

/// Which source of a run a place belongs to: its index in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A half-open byte range of one source's text. Offsets count UTF-8 bytes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The source that the offsets count in.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Whether every byte of `other` lies in this span.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }

    /// The offsets as indices of the source's text.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The place from the start of this span to the end of `last`; either may stand first.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        Self { start: self.start.min(last.start), end: self.end.max(last.end), ..self }
    }
}

/// A value and the place it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was read.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value with its place.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// Where a text came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file, by the path that the user gave or that a walk found.
    File(PathBuf),
    /// Standard input, under the name that the user gave it.
    Stdin(Option<String>),
}

/// One text of a run: its name, its characters, and how its bytes were read.
#[derive(Debug)]
pub struct Source {
    /// Its index in [`Sources`]; 0 until it is put there.
    pub id: SourceId,
    /// Where it came from.
    pub origin: Origin,
    /// How its bytes encode the text.
    pub encoding: Encoding,
    /// Offsets of bytes that are no UTF-8; each stands in the text as U+001A, one byte long, so that places hold.
    pub damaged: Vec<u32>,
    text: String,
    lines: OnceLock<LineIndex>,
}

impl Source {
    /// Reads bytes as text.
    ///
    /// # Errors
    /// [`NotText`] when the bytes hold a zero byte and are no UTF-16, as pictures and archives do.
    pub fn read(origin: Origin, bytes: Vec<u8>) -> Result<Self, NotText> {
        let decoded = decode::decode(bytes)?;
        let decode::Decoded { text, encoding, damaged } = decoded;
        Ok(Self { id: SourceId(0), origin, encoding, damaged, text, lines: OnceLock::new() })
    }

    /// A text that is known to be text.
    #[must_use]
    pub fn of_text(origin: Origin, text: String) -> Self {
        Self { id: SourceId(0), origin, encoding: Encoding::Utf8, damaged: Vec::new(), text, lines: OnceLock::new() }
    }

    /// Another text under the same name and in the same encoding.
    #[must_use]
    pub fn with_text(&self, text: String) -> Self {
        let (id, origin, encoding) = (self.id, self.origin.clone(), self.encoding);
        Self { id, origin, encoding, damaged: Vec::new(), text, lines: OnceLock::new() }
    }

    /// The text as bytes of its encoding: those that were read, unless some of them were no text.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self.encoding {
            Encoding::Utf8 => self.text.as_bytes().to_vec(),
            Encoding::Utf16Le => self.text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Be => self.text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }

    /// The whole text. A byte order mark, where there is one, is its first character.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name that messages use: the path as given, with `/` between its parts.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.origin {
            Origin::File(path) => match path.to_str() {
                Some(name) if !name.contains('\\') => name.to_owned(),
                _ => path.display().to_string().replace('\\', "/"),
            },
            Origin::Stdin(Some(name)) => name.clone(),
            Origin::Stdin(None) => "<stdin>".to_owned(),
        }
    }

    /// The whole text's place.
    #[must_use]
    pub fn span(&self) -> Span {
        self.place(0, self.text.len())
    }

    /// A place in this text, from byte offsets; offsets past 4 GiB end at 4 GiB.
    #[must_use]
    pub fn place(&self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { source: self.id, start: offset(start), end: offset(end) }
    }

    /// The characters at a place; what lies outside the text or splits a character is left out.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Line, column and byte offset in the file, as a person counts them. A byte order mark takes no column.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let index = self.line_index();
        let position = index.position(&self.text, offset);
        match self.encoding {
            Encoding::Utf8 => position,
            Encoding::Utf16Le | Encoding::Utf16Be => {
                Position { offset: index.utf16_offset(&self.text, offset), ..position }
            }
        }
    }

    /// The byte range of a line's text, without its line end. Lines count from 0; past the last, the last is meant.
    #[must_use]
    pub fn line_range(&self, line: usize) -> std::ops::Range<usize> {
        self.line_index().line_range(&self.text, line)
    }

    /// The line, counted from 0, on which an offset stands.
    #[must_use]
    pub fn line_of(&self, offset: u32) -> usize {
        self.line_index().line_of(offset)
    }

    fn line_index(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }
}

/// The texts of a run, in the order in which they were read.
#[derive(Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a source and gives it its id.
    pub fn push(&mut self, mut source: Source) -> SourceId {
        let id = SourceId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        source.id = id;
        self.0.push(source);
        id
    }

    /// Puts a source in the place of the one that has its id.
    pub fn replace(&mut self, source: Source) {
        if let Some(place) = self.0.get_mut(source.id.0 as usize) {
            *place = source;
        }
    }

    /// The source of a span; a run holds every source that its spans name.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.0.get(id.0 as usize)
    }

    /// All sources, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Source> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Sources {
    type Item = &'a Source;
    type IntoIter = std::slice::Iter<'a, Source>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
