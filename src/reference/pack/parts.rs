//! What the packed form is put together from: sorted records, texts and lists that stand once.

use std::{collections::HashMap, ops::Range};

use super::{ReferenceError, layout, records::Record};

/// A number of the packed form. A text form of at most [`super::LARGEST`] bytes cannot make one that does not fit.
pub(super) fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Records in the order of their names, each name once. Letter case does not count.
pub(super) struct Sorted<'t, const N: usize> {
    rows: Vec<(String, Record<'t, N>)>,
    fold: fn(&str) -> String,
}

impl<'t, const N: usize> Sorted<'t, N> {
    pub(super) fn by_name(records: Vec<Record<'t, N>>) -> Result<Self, ReferenceError> {
        Self::new(records, str::to_ascii_lowercase)
    }

    /// Where the names are `service:name`: those of a service stand together, in the order of the services.
    pub(super) fn by_service(records: Vec<Record<'t, N>>) -> Result<Self, ReferenceError> {
        Self::new(records, |name| name.to_ascii_lowercase().replacen(':', "\0", 1))
    }

    fn new(records: Vec<Record<'t, N>>, fold: fn(&str) -> String) -> Result<Self, ReferenceError> {
        let mut rows: Vec<_> = records.into_iter().map(|record| (fold(record.name), record)).collect();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        let twice = rows.windows(2).find_map(|pair| match pair {
            [(a, _), (b, record)] if a == b => Some(record),
            _ => None,
        });
        if let Some(record) = twice {
            return Err(record.error(format!("`{}` stands twice", record.name)));
        }
        Ok(Self { rows, fold })
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &Record<'t, N>> {
        self.rows.iter().map(|(_, record)| record)
    }

    /// The row of a name.
    pub(super) fn row(&self, name: &str) -> Option<usize> {
        let name = (self.fold)(name);
        self.rows.binary_search_by(|(other, _)| other.cmp(&name)).ok()
    }

    /// The rows whose names start with a service's prefix and a colon.
    pub(super) fn rows_of(&self, service: &str) -> Range<usize> {
        let start = (self.fold)(&format!("{service}:"));
        let first = self.rows.partition_point(|(name, _)| *name < start);
        let count = self.rows.iter().skip(first).take_while(|(name, _)| name.starts_with(&start)).count();
        first..first + count
    }
}

/// The texts and the lists that are written so far.
#[derive(Default)]
pub(super) struct Written<'t> {
    pub(super) texts: Texts<'t>,
    pub(super) lists: Lists,
}

/// The text part. Equal texts stand once.
#[derive(Default)]
pub(super) struct Texts<'t> {
    pub(super) bytes: Vec<u8>,
    places: HashMap<&'t str, u32>,
}

impl<'t> Texts<'t> {
    /// Where a text stands.
    pub(super) fn put(&mut self, text: &'t str) -> u32 {
        *self.places.entry(text).or_insert_with(|| {
            let place = word(self.bytes.len());
            self.bytes.extend(word(text.len()).to_le_bytes());
            self.bytes.extend(text.as_bytes());
            place
        })
    }
}

/// The lists, which follow the header. Equal lists stand once.
#[derive(Default)]
pub(super) struct Lists {
    pub(super) words: Vec<u32>,
    places: HashMap<Vec<u32>, u32>,
}

impl Lists {
    /// The word at which a list stands.
    pub(super) fn put(&mut self, items: Vec<u32>) -> u32 {
        *self.places.entry(items).or_insert_with_key(|items| {
            let place = word(layout::HEADER + self.words.len());
            self.words.push(word(items.len()));
            self.words.extend(items);
            place
        })
    }
}
