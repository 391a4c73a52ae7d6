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

/// Where the lines of a text start, and how far into long lines a column count may be resumed.
#[derive(Debug)]
pub(super) struct LineIndex {
    starts: Vec<u32>,
    ascii: bool,
    /// How many characters stand before every multiple of [`STRIDE`] bytes; empty where the text is ASCII.
    counts: Vec<u32>,
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
            let mut before = 0;
            for chunk in text.as_bytes().chunks(STRIDE) {
                counts.push(offset(before));
                before += characters(chunk);
            }
            counts.push(offset(before));
        }
        Self { starts, ascii, counts }
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
        let start = self.starts[line];
        let column = self.count(text, offset) - self.count(text, start);
        Position { line: line + 1, column: column + 1, offset }
    }

    /// How many characters start before an offset.
    fn count(&self, text: &str, offset: u32) -> usize {
        let offset = (offset as usize).min(text.len());
        if self.ascii {
            return offset;
        }
        let stride = offset / STRIDE;
        let before = self.counts.get(stride).copied().unwrap_or_default() as usize;
        before + characters(&text.as_bytes()[stride * STRIDE..offset])
    }
}

/// How many characters start in these bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
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
    fn a_column_far_along_a_long_line_is_exact() {
        let text = "é".repeat(10_000);
        let index = LineIndex::new(&text);
        assert_eq!(index.position(&text, 19_998).column, 10_000);
    }
}
