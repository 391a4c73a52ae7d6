//! A report as text, for a person or for a program.
//!
//! A [`Report`](crate::finding::Report) goes in and a string comes out, the same for the same input. This module prints
//! nothing and knows no rule and no policy: it shows what a finding says, at the place that the finding names.

mod closing;
mod concise;
mod excerpt;
mod human;
mod json;
mod page;
#[cfg(test)]
mod samples;
mod screen;
mod window;

use std::{fmt, str::FromStr};

pub use closing::problem_line;
pub use concise::concise;
pub use human::text;
pub use json::{Tool, json, jsonl};
pub use page::{document, heading, paragraph};

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Findings with the lines they are about, for a person.
    Text,
    /// A line for each finding.
    Concise,
    /// One JSON document, for a program.
    Json,
    /// A finding a line, each a JSON object.
    Jsonl,
}

impl Format {
    /// Every format, in the order of the command line's help.
    pub const ALL: [Self; 4] = [Self::Text, Self::Concise, Self::Json, Self::Jsonl];

    /// The word that the command line uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// The word names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is none of text, concise, json, jsonl")]
pub struct UnknownFormat {
    found: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|format| format.word() == text);
        found.ok_or_else(|| UnknownFormat { found: text.to_owned() })
    }
}

/// How text for a person looks.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, named where it is set")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether escape codes for colours are written.
    pub color: bool,
    /// Whether kpl's own lines and marks may be other than ASCII; what a file holds is shown either way.
    pub unicode: bool,
    /// How many columns a line may take.
    pub width: usize,
    /// How many findings are shown in full; the worst first, where there are more.
    pub most: usize,
    /// Whether the documents and what was not evaluated are listed too.
    pub verbose: bool,
    /// Whether the findings stand alone, without a summary.
    pub quiet: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_read_back_from_its_word() {
        assert_eq!(Format::ALL.map(|format| format.to_string().parse()), Format::ALL.map(Ok));
        assert_eq!("xml".parse::<Format>().unwrap_err().to_string(), "`xml` is none of text, concise, json, jsonl");
    }
}
