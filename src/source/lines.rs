//! From an offset to a line and a column.

use std::ops::Range;

/// A place as a person counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in Unicode scalar values, from 1.
    pub column: usize,
    /// The byte in the file, from 0.
    pub offset: u32,
}

/// Where the lines of a text start, and how far into it counts may be resumed.
#[derive(Debug)]
pub(super) struct LineIndex {
    starts: Vec<u32>,
    ascii: bool,
    /// Whether a byte order mark stands before the first line; it takes no column.
    marked: bool,
    /// What stands before every multiple of [`STRIDE`] bytes; empty where the text is ASCII.
    counts: Vec<Count>,
}

/// How much text stands before a place.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    characters: usize,
    utf16_units: usize,
}

impl Count {
    /// Counts the characters that start in these bytes of UTF-8; those of four bytes are two units of UTF-16.
    fn add(self, bytes: &[u8]) -> Self {
        let characters = bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
        let long = bytes.iter().filter(|byte| **byte >= 0xf0).count();
        Self { characters: self.characters + characters, utf16_units: self.utf16_units + characters + long }
    }
}

/// So that many findings on one long line cost no more than few.
const STRIDE: usize = 4096;

impl LineIndex {
    pub(super) fn new(text: &str) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| offset(at + 1)));
        let ascii = text.is_ascii();
        let mut counts = Vec::new();
        if !ascii {
            let mut before = Count::default();
            for chunk in text.as_bytes().chunks(STRIDE) {
                counts.push(before);
                before = before.add(chunk);
            }
            counts.push(before);
        }
        Self { starts, ascii, marked: text.starts_with('\u{feff}'), counts }
    }

    pub(super) fn line_of(&self, offset: u32) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    pub(super) fn line_range(&self, text: &str, line: usize) -> Range<usize> {
        let line = line.min(self.starts.len() - 1);
        let start = self.starts[line] as usize;
        let end = self.starts.get(line + 1).map_or(text.len(), |next| *next as usize - 1);
        let end = if end > start && text.as_bytes()[end - 1] == b'\r' { end - 1 } else { end };
        start..end
    }

    pub(super) fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.line_of(offset);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let column = self.count(text, offset).characters - self.count(text, start).characters;
        let mark = usize::from(self.marked && line == 0 && column > 0);
        Position { line: line + 1, column: column + 1 - mark, offset }
    }

    /// How many bytes of UTF-16 stand before an offset.
    pub(super) fn utf16_offset(&self, text: &str, offset: u32) -> u32 {
        u32::try_from(self.count(text, offset).utf16_units * 2).unwrap_or(u32::MAX)
    }

    /// What starts before an offset.
    fn count(&self, text: &str, offset: u32) -> Count {
        let offset = (offset as usize).min(text.len());
        if self.ascii {
            return Count { characters: offset, utf16_units: offset };
        }
        let stride = offset / STRIDE;
        let before = self.counts.get(stride).copied().unwrap_or_default();
        before.add(&text.as_bytes()[stride * STRIDE..offset])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_offsets_bytes() {
        let text = "{\r\n \u{a0}\"é\": 1";
        let index = LineIndex::new(text);
        let at = u32::try_from(text.find('1').unwrap()).unwrap();
        assert_eq!(index.position(text, at), Position { line: 2, column: 8, offset: 12 });
        assert_eq!(&text[index.line_range(text, 0)], "{");
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let text = "\u{feff}{\n{";
        let index = LineIndex::new(text);
        assert_eq!([0, 3, 5].map(|at| index.position(text, at).column), [1, 1, 1]);
    }

    #[test]
    fn offsets_in_utf16_count_the_bytes_of_the_file() {
        let text = "\u{feff}é😀{";
        assert_eq!(LineIndex::new(text).utf16_offset(text, 9), 8);
    }

    #[test]
    fn a_column_far_along_a_long_line_is_exact() {
        let text = "é".repeat(10_000);
        let index = LineIndex::new(&text);
        assert_eq!(index.position(&text, 19_998).column, 10_000);
    }
}
