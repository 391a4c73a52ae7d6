//! Packs the text form of the reference, one record a line, into bytes that are read in place.
//!
//! `data/service-reference.tsv` says in its first lines what each record holds. The build script packs it into the
//! library, and the library packs what a user names with `--reference`: so this module needs nothing but std, and takes
//! the text for untrusted. Whatever a record names must exist; then the reader need not doubt what it finds.

mod kind;
pub(crate) mod layout;
mod parts;
mod records;
mod tables;

use std::{error::Error, fmt, ops::RangeInclusive};

pub use kind::{AccessLevel, KeyType};
use parts::{Written, word};
use records::{Record, Records};
use tables::Names;

/// How long a text form may be, in bytes: thirty times today's, and too short for any number to outgrow four bytes.
pub(crate) const LARGEST: usize = 64 << 20;

/// Why a text is no reference, and on which line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReferenceError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl Error for ReferenceError {}

/// Packs a text form into bytes, laid out as [`layout`] says. The same text gives the same bytes.
///
/// # Errors
///
/// Names the line that is no record, stands twice, or names what the text does not define.
pub(crate) fn pack(text: &str) -> Result<Vec<u8>, ReferenceError> {
    if text.len() > LARGEST {
        return Err(ReferenceError { line: 1, message: format!("the text is longer than {LARGEST} bytes") });
    }
    let records = Records::read(text)?;
    let mut written = Written::default();
    let date = written.texts.put(date(&records.dates, text)?);
    let sources = sources(&records.sources, &mut written);
    let tables = Names::sort(records)?.tables(&mut written)?;

    let mut header = [0; layout::HEADER];
    let mut end = layout::HEADER + written.lists.words.len();
    for (table, rows) in &tables {
        let entry = layout::TABLES + 2 * table.index;
        (header[entry], header[entry + 1]) = (word(end), word(rows.len() / table.width));
        end += rows.len();
    }
    (header[layout::DATE], header[layout::SOURCES], header[layout::TEXTS]) = (date, sources, word(4 * end));

    let words = header.iter().chain(&written.lists.words).chain(tables.iter().flat_map(|(_, rows)| rows));
    Ok(words.flat_map(|word| word.to_le_bytes()).chain(written.texts.bytes).collect())
}

fn sources<'t>(sources: &[Record<'t, 1>], written: &mut Written<'t>) -> u32 {
    let texts = sources.iter().flat_map(|source| [source.name, source.columns[0]]);
    let places = texts.map(|text| written.texts.put(text)).collect();
    written.lists.put(places)
}

/// The one date, `2026-10-27`.
fn date<'t>(dates: &[Record<'t, 0>], text: &str) -> Result<&'t str, ReferenceError> {
    match dates {
        [date] if is_date(date.name) => Ok(date.name),
        [date] => Err(date.error(format!("`{}` is no date like 2026-10-27", date.name))),
        [_, second, ..] => Err(second.error("a second date")),
        [] => Err(ReferenceError {
            line: text.lines().count().max(1),
            message: "the text ends without a date".to_owned(),
        }),
    }
}

fn is_date(text: &str) -> bool {
    let number = |part: &str, length, range: RangeInclusive<u32>| {
        let digits = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        digits && part.parse().is_ok_and(|number| range.contains(&number))
    };
    let parts: Vec<&str> = text.split('-').collect();
    matches!(*parts, [y, m, d] if number(y, 4, 1..=9999) && number(m, 2, 1..=12) && number(d, 2, 1..=31))
}
