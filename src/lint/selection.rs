//! Which rules speak, and how loud.

use std::collections::HashMap;

use super::Globs;
use crate::{
    finding::{Confidence, Family, Finding, Persona, RuleInfo, Severity},
    policy::PolicyKind,
    rules::{
        Catalogue,
        declarative::{Pack, shipped_names},
    },
    spelling,
};

/// What `--select` and `--ignore` may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// One rule.
    Rule(&'static str),
    /// Every rule of a family.
    Family(Family),
    /// Every rule of a pack.
    Pack(&'static Pack),
    /// Every finding that answers to an Access Analyzer code.
    Code(&'static str),
}

/// The word names no rule, family or code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no rule, family, pack or Access Analyzer code{}", meant.map_or(String::new(), |meant| format!("; did you mean `{meant}`?")))]
pub struct UnknownSelector {
    word: String,
    meant: Option<&'static str>,
}

impl std::str::FromStr for Selector {
    type Err = UnknownSelector;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::read(word, &Catalogue::default())
    }
}

impl Selector {
    /// What a word names, of the rules and packs of a run.
    ///
    /// # Errors
    /// [`UnknownSelector`] where it names nothing.
    pub fn read(word: &str, catalogue: &Catalogue) -> Result<Self, UnknownSelector> {
        if let Some(id) = catalogue.name(word) {
            return Ok(Self::Rule(id));
        }
        if let Some(pack) = catalogue.pack(word) {
            return Ok(Self::Pack(pack));
        }
        if let Ok(family) = word.parse() {
            return Ok(Self::Family(family));
        }
        if let Some(code) = catalogue.rules().flat_map(RuleInfo::codes).find(|code| *code == word) {
            return Ok(Self::Code(code));
        }
        Err(UnknownSelector { word: word.to_owned(), meant: nearest(word, catalogue) })
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rule(name) | Self::Code(name) => out.pad(name),
            Self::Family(family) => family.fmt(out),
            Self::Pack(pack) => out.pad(pack.name),
        }
    }
}

impl Selector {
    /// Whether it names a rule, or the code of some of its cases.
    pub(super) fn touches(self, rule: &RuleInfo) -> bool {
        match self {
            Self::Code(code) => rule.codes().any(|one| one == code),
            _ => self.covers(rule),
        }
    }

    /// Whether it names a rule with all of its cases.
    fn covers(self, rule: &RuleInfo) -> bool {
        match self {
            Self::Rule(id) => rule.id == id,
            Self::Family(family) => rule.family == family,
            // A pack with the name of a family holds the family too.
            Self::Pack(pack) => pack.rules.contains(&rule.id) || rule.family.word() == pack.name,
            Self::Code(_) => false,
        }
    }

    /// Whether it names the rule of a finding, or its code.
    pub(super) fn names(self, finding: &Finding) -> bool {
        match self {
            Self::Code(code) => finding.code == Some(code),
            _ => self.covers(finding.rule),
        }
    }
}

/// The rule or family that a misspelt word was probably meant to be.
#[must_use]
pub fn nearest(word: &str, catalogue: &Catalogue) -> Option<&'static str> {
    let families = Family::ALL.iter().map(|family| family.word());
    let packs = shipped_names().filter(|file| file.rule.is_none()).map(|file| file.pack);
    let names = catalogue.rules().map(|rule| rule.id).chain(families).chain(packs);
    spelling::by_likeness(word, names)
}

/// Which rules speak, and how loud.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The rules that speak; all of the persona's where it is empty.
    pub select: Vec<Selector>,
    /// Rules that keep silent all the same.
    pub ignore: Vec<Selector>,
    /// Severities that the user gives.
    pub severity: HashMap<&'static str, Severity>,
    /// Who reads the report.
    pub persona: Persona,
}

/// What holds for some files alone.
#[derive(Clone, Debug)]
pub struct PathSettings {
    /// Which files.
    pub files: Globs,
    /// What kind of policy they hold.
    pub kind: Option<PolicyKind>,
    /// Rules that keep silent about them.
    pub ignore: Vec<Selector>,
    /// Severities of rules there.
    pub severity: HashMap<&'static str, Severity>,
}

impl Default for Selection {
    fn default() -> Self {
        Self { select: Vec::new(), ignore: Vec::new(), severity: HashMap::new(), persona: Persona::Regular }
    }
}

impl Selection {
    /// Whether a rule may speak at all: it is selected, and the persona sees it. A case may be for a later persona than its
    /// rule, never for an earlier one.
    #[must_use]
    pub fn includes(&self, rule: &RuleInfo) -> bool {
        let selected = self.select.is_empty() || self.select.iter().any(|selector| selector.touches(rule));
        let seen = rule.persona <= self.persona || self.select.contains(&Selector::Rule(rule.id));
        selected && seen && !self.ignore.iter().any(|selector| selector.covers(rule))
    }

    /// Whether every rule speaks that its persona sees, and no other.
    pub(super) fn is_of_persona(&self) -> bool {
        self.select.is_empty() && self.ignore.is_empty()
    }

    /// Whether it names so much that to ask it of a rule takes long.
    pub(super) fn is_long(&self) -> bool {
        self.select.len() + self.ignore.len() > 4
    }

    /// Whether a finding of a rule that may speak is shown: its code, where the rule was named by codes alone, and its
    /// persona. A rule that is selected by its own name is shown to every persona.
    #[must_use]
    pub(super) fn shows(&self, finding: &Finding) -> bool {
        let selected = self.select.is_empty() || self.select.iter().any(|selector| selector.names(finding));
        if !selected || self.ignore.iter().any(|selector| selector.names(finding)) {
            return false;
        }
        let by_name = self.select.contains(&Selector::Rule(finding.rule.id));
        let for_persona = finding.persona <= self.persona;
        let sure = finding.confidence > Confidence::Low || self.persona == Persona::Auditor;
        by_name || (for_persona && sure)
    }
}
