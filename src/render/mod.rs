//! A report as text, for a person or for a program.
//!
//! A [`Report`] goes in and a string comes out, the same for the same input. This module prints
//! nothing and knows no rule and no policy: it shows what a finding says, at the place that the finding names.

mod argument;
mod closing;
mod concise;
mod diff;
mod excerpt;
mod file;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod page;
mod plain;
mod rdjson;
#[cfg(test)]
mod samples;
mod sarif;
mod screen;
mod set_up;
mod suites;
mod window;

use std::{fmt, str::FromStr};

pub use argument::{Argument, Point, Tone, argument, place_of, status};
pub use closing::{counted, problem_line};
pub use concise::concise;
pub use diff::diff;
pub use github::github;
pub use gitlab::gitlab;
pub use human::{complaint, text};
pub use json::{json, jsonl};
pub use junit::junit;
pub use page::{document, heading, paragraph, rows};
pub use rdjson::rdjson;
pub use sarif::sarif;
pub use suites::{TestCase, TestSuite, suites};

use crate::{finding::Report, source::Sources};

/// The JSON Schema of what [`json`] writes.
pub const REPORT_SCHEMA: &str = include_str!("report.schema.json");

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
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// A Code Quality report of GitLab.
    Gitlab,
    /// A `JUnit` report, for whatever shows tests.
    Junit,
    /// Reviewdog's diagnostic format.
    Rdjson,
}

impl Format {
    /// Every format, in the order of the command line's help.
    pub const ALL: [Self; 9] = [
        Self::Text,
        Self::Concise,
        Self::Json,
        Self::Jsonl,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Rdjson,
    ];

    /// The word that the command line uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Rdjson => "rdjson",
        }
    }

    /// The report in this format.
    #[must_use]
    pub fn write(self, report: &Report, sources: &Sources, style: &Style, tool: &Tool<'_>) -> String {
        match self {
            Self::Text => text(report, sources, style),
            Self::Concise => concise(report, sources, style),
            Self::Json => json(report, sources, tool),
            Self::Jsonl => jsonl(report, sources),
            Self::Sarif => sarif(report, sources, tool),
            Self::Github => github(report, sources, tool),
            Self::Gitlab => gitlab(report, sources, tool),
            Self::Junit => junit(report, sources, tool),
            Self::Rdjson => rdjson(report, sources, tool),
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
#[error("`{found}` is none of text, concise, json, jsonl, sarif, github, gitlab, junit, rdjson")]
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

/// Which kpl wrote a report, and where.
#[derive(Clone, Copy, Debug)]
pub struct Tool<'a> {
    /// Its version.
    pub version: &'a str,
    /// The date of the service reference that it went by.
    pub reference: &'a str,
    /// The folder that it was started in, with `/` between its parts: formats for other programs name files from there.
    pub base: Option<&'a str>,
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
    /// Whether what is suppressed is listed too.
    pub suppressed: bool,
    /// Whether the findings stand alone, without a summary.
    pub quiet: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_read_back_from_its_word() {
        assert_eq!(Format::ALL.map(|format| format.to_string().parse()), Format::ALL.map(Ok));
        assert_eq!("xml".parse::<Format>().unwrap_err().found, "xml");
    }
}
