//! What a rule declares about itself.

use std::{fmt, str::FromStr};

use super::{Confidence, Persona, RuleOption, Severity};

/// Which part of a set-up a rule is about; `--select` takes these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The grammar of IAM's JSON.
    Validity,
    /// What lets in too much.
    Security,
    /// What a KMS key policy must hold.
    KeyPolicy,
    /// Conditions on aliases.
    Alias,
    /// How the key itself is set up.
    Key,
    /// What Kasten K10 needs.
    Kasten,
    /// How Kasten's key is renewed, and what becomes of the old one.
    Rotation,
    /// What Terraform's plans and states tell.
    Terraform,
    /// What is written so that findings do not count.
    Suppression,
    /// Rules that were read as data: the user's, and those of packs.
    Declarative,
}

impl Family {
    /// Every family, in the order of the catalogue.
    pub const ALL: [Self; 10] = [
        Self::Validity,
        Self::Security,
        Self::KeyPolicy,
        Self::Alias,
        Self::Key,
        Self::Kasten,
        Self::Rotation,
        Self::Terraform,
        Self::Suppression,
        Self::Declarative,
    ];

    /// The name that the command line and the JSON use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Validity => "validity",
            Self::Security => "security",
            Self::KeyPolicy => "key-policy",
            Self::Alias => "alias",
            Self::Key => "key",
            Self::Kasten => "kasten",
            Self::Rotation => "rotation",
            Self::Terraform => "terraform",
            Self::Suppression => "suppression",
            Self::Declarative => "declarative",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// The word names no family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownFamily;

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|family| family.word() == text).ok_or(UnknownFamily)
    }
}

/// What a rule declares: its name, its weight, and the page that `kpl explain` prints.
#[derive(Debug)]
pub struct RuleInfo {
    /// The one name: of the fixture, the page, the configuration key and the SARIF rule.
    pub id: &'static str,
    /// The Access Analyzer issue code that it answers to.
    pub code: Option<&'static str>,
    /// Further codes to which some of its cases answer.
    pub further_codes: &'static [&'static str],
    /// Which part of a set-up it is about.
    pub family: Family,
    /// How bad it is, unless a case says otherwise.
    pub severity: Severity,
    /// How sure it is, unless a case says otherwise.
    pub confidence: Confidence,
    /// Who sees it.
    pub persona: Persona,
    /// One line for the catalogue.
    pub summary: &'static str,
    /// Rules that say less of the same place; where both speak, these stand under `also`.
    pub supersedes: &'static [&'static str],
    /// What a project may settle of it.
    pub options: &'static [RuleOption],
    /// Four headings of Markdown: what it does, why it matters, how to fix it, source.
    pub documentation: &'static str,
    /// The fixture file, whose first cases are the documentation's examples.
    pub fixture: &'static str,
}

impl RuleInfo {
    /// Every Access Analyzer code that a case of it may answer to.
    pub fn codes(&self) -> impl Iterator<Item = &'static str> {
        self.code.into_iter().chain(self.further_codes.iter().copied())
    }
}
