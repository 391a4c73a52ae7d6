//! Reads the packed form in place. What the bytes mean stands in [`layout`](super::layout).

use std::{borrow::Cow, cmp::Ordering, ops::Range};

use super::layout::{self, Table};
use crate::source::scan;

/// The packed bytes. They come from the packer alone; should they be cut short, a read gives nothing.
#[derive(Clone)]
pub(super) struct Blob(Cow<'static, [u8]>);

impl Blob {
    pub(super) const fn embedded(bytes: &'static [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }

    pub(super) const fn owned(bytes: Vec<u8>) -> Self {
        Self(Cow::Owned(bytes))
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The word at a place counted in words.
    pub(super) fn word(&self, place: usize) -> usize {
        number_at(&self.0, 4 * place)
    }

    /// The text at a place of the text part.
    pub(super) fn text(&self, place: usize) -> &str {
        std::str::from_utf8(self.text_bytes(place)).unwrap_or_default()
    }

    pub(super) fn text_bytes(&self, place: usize) -> &[u8] {
        text_at(self.texts(), place)
    }

    /// The items of the list at a place counted in words.
    pub(super) fn list(&self, place: usize) -> impl Iterator<Item = usize> {
        let start = place + 1;
        (start..start + self.word(place)).map(|item| self.word(item))
    }

    /// Every row of a table.
    pub(super) fn rows(&self, table: Table) -> Range<usize> {
        0..self.word(layout::TABLES + 2 * table.index + 1)
    }

    pub(super) fn cell(&self, table: Table, row: usize, column: usize) -> usize {
        self.word(self.word(layout::TABLES + 2 * table.index) + row * table.width + column)
    }

    pub(super) fn cell_text(&self, table: Table, row: usize, column: usize) -> &str {
        self.text(self.cell(table, row, column))
    }

    pub(super) fn cell_list(&self, table: Table, row: usize, column: usize) -> impl Iterator<Item = usize> {
        self.list(self.cell(table, row, column))
    }

    /// The row with a name, among rows that are in the order of their names.
    pub(super) fn find(&self, table: Table, rows: Range<usize>, column: usize, name: &str) -> Option<usize> {
        let column = self.column(table, column);
        let Range { mut start, mut end } = rows;
        while start < end {
            let middle = start.midpoint(end);
            match compare(column.text(middle), name.as_bytes()) {
                Ordering::Less => start = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => end = middle,
            }
        }
        None
    }

    /// The row with a name, by the table of its slots.
    pub(super) fn find_in_slots(&self, table: Table, slots: Range<usize>, name: &str) -> Option<usize> {
        let Range { start: first, end } = slots;
        let name = name.as_bytes();
        let rows = self.column(table, layout::slot::ROW);
        let names = self.column(table, layout::slot::NAME);
        let (place, mark) = layout::slot_of(name, end.saturating_sub(first));
        let start = first + place;
        for slot in (start..end).chain(first..start) {
            let found = rows.number(slot);
            if found == 0 {
                return None;
            }
            if found >> layout::slot::ROW_BITS == mark && is_same(names.text(slot), name) {
                return (found & ((1 << layout::slot::ROW_BITS) - 1)).checked_sub(1);
            }
        }
        None
    }

    /// The rows whose names start with a prefix, among rows that are in the order of their names.
    pub(super) fn starting_with(&self, table: Table, rows: Range<usize>, column: usize, prefix: &str) -> Range<usize> {
        if prefix.is_empty() {
            return rows;
        }
        let column = self.column(table, column);
        let order = |row| {
            let name = column.text(row);
            compare(name.get(..prefix.len()).unwrap_or(name), prefix.as_bytes())
        };
        let first = partition_point(rows.clone(), |row| order(row) == Ordering::Less);
        first..partition_point(first..rows.end, |row| order(row) == Ordering::Equal)
    }

    /// Whether any name starts with a prefix, among rows that are in the order of their names.
    pub(super) fn has_start(&self, table: Table, rows: Range<usize>, column: usize, prefix: &str) -> bool {
        let (column, end) = (self.column(table, column), rows.end);
        let start = |row| {
            let name = column.text(row);
            name.get(..prefix.len()).unwrap_or(name)
        };
        let first = partition_point(rows, |row| compare(start(row), prefix.as_bytes()) == Ordering::Less);
        first < end && is_same(start(first), prefix.as_bytes())
    }

    /// A column, with what every read of it needs looked up once.
    fn column(&self, table: Table, column: usize) -> Column<'_> {
        let first = self.word(layout::TABLES + 2 * table.index) + column;
        Column { words: self.0.get(4 * first..).unwrap_or_default(), width: table.width, texts: self.texts() }
    }

    fn texts(&self) -> &[u8] {
        self.0.get(self.word(layout::TEXTS)..).unwrap_or_default()
    }
}

/// A column: the words from its first on, and the text part.
struct Column<'b> {
    words: &'b [u8],
    width: usize,
    texts: &'b [u8],
}

impl<'b> Column<'b> {
    fn number(&self, row: usize) -> usize {
        number_at(self.words, 4 * row * self.width)
    }

    fn text(&self, row: usize) -> &'b [u8] {
        text_at(self.texts, self.number(row))
    }
}

fn number_at(bytes: &[u8], start: usize) -> usize {
    let bytes = bytes.get(start..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
}

fn text_at(texts: &[u8], start: usize) -> &[u8] {
    let text = texts.get(start + 4..).unwrap_or_default();
    text.get(..number_at(texts, start)).unwrap_or_default()
}

/// The first of the rows that no longer is before what is sought; their end where all are.
pub(super) fn partition_point(rows: Range<usize>, is_before: impl Fn(usize) -> bool) -> usize {
    let Range { mut start, mut end } = rows;
    while start < end {
        let middle = start.midpoint(end);
        if is_before(middle) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    start
}

/// Whether two names are one, letter case not counting. Most are spelt alike.
pub(super) fn is_same(a: &[u8], b: &[u8]) -> bool {
    a == b || a.eq_ignore_ascii_case(b)
}

/// The order of names: byte by byte, ASCII letter case not counting.
pub(super) fn compare(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while let (Some((one, rest)), Some((other, others))) = (a.split_first_chunk(), b.split_first_chunk()) {
        let (one, other) = (in_small_letters(*one), in_small_letters(*other));
        if one != other {
            return one.cmp(&other);
        }
        (a, b) = (rest, others);
    }
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
        if a != b {
            return a.cmp(&b);
        }
    }
    a.len().cmp(&b.len())
}

/// Eight bytes as a number that is in their order, letter case not counting.
fn in_small_letters(bytes: [u8; 8]) -> u64 {
    let word = u64::from_be_bytes(bytes);
    // The mark of a byte is its highest bit; a small letter differs from its capital by the third.
    word | scan::is_within(word, b'A', b'Z') >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_their_small_letters() {
        let names = [
            "",
            "Get",
            "get-x",
            "GETALL",
            "getAllThings",
            "getAllThings_",
            "GetAllThingsa",
            "get\u{e9}",
            "zzzzzzzz[",
            "ZZZZZZZZ{",
        ];
        let by_bytes = |a: &str, b: &str| a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase());
        for a in names {
            for b in names {
                assert_eq!(compare(a.as_bytes(), b.as_bytes()), by_bytes(a, b), "{a} {b}");
            }
        }
    }
}
