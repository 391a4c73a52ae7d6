//! Everything that one run has to say.

use super::{Finding, Severity, Standing, State};
use crate::source::{Secrets, SourceId, Span};

/// A document that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentInfo {
    /// The file it stands in.
    pub source: SourceId,
    /// Its address in that file, where the file holds several.
    pub name: Option<String>,
    /// What kind of file it is.
    pub kind: &'static str,
    /// What kind of policy it is; `None` for what is no policy.
    pub policy_kind: Option<&'static str>,
    /// What in the file told its kind.
    pub because: String,
    /// Whether findings about it are reported; otherwise it only gives context to others.
    pub reported: bool,
    /// Whether it is left out because a plan leaves it as it is.
    pub unchanged: bool,
}

/// A rule that could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotEvaluated {
    /// The rule.
    pub rule: &'static str,
    /// The document it would have looked at: an index into [`Report::documents`].
    pub document: usize,
    /// What it would have needed.
    pub reason: String,
}

/// An input that could not be read, or a fault of kpl's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as the user named it.
    pub file: String,
    /// What went wrong, one clause.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the run ends with 2 because of it; otherwise it is only told.
    pub fatal: bool,
}

/// How many findings count, of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FindingCount {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

/// Everything that one run has to say, in the order of the files and of the places in them.
#[derive(Debug, Default)]
pub struct Report {
    /// What the rules object to.
    pub findings: Vec<Finding>,
    /// What was looked at.
    pub documents: Vec<DocumentInfo>,
    /// What could not be asked.
    pub not_evaluated: Vec<NotEvaluated>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What was passed over because it holds nothing to check; told only when asked for.
    pub skipped: Vec<Problem>,
    /// How many files were understood.
    pub files: usize,
    /// Where secrets stand; whatever shows a part of a file hides them.
    pub hidden: Secrets,
    /// How the places of a Kasten set-up stand; empty where that was not asked.
    pub set_up: Vec<Standing>,
    /// How many findings of the baseline are no longer there, of the files that were looked at.
    pub gone: usize,
}

impl Report {
    /// The findings that count: those that nothing suppresses.
    pub fn counted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.suppressed.is_none())
    }

    /// How many findings are suppressed.
    #[must_use]
    pub fn suppressed(&self) -> usize {
        self.findings.iter().filter(|finding| finding.suppressed.is_some()).count()
    }

    /// How many findings count, of each severity.
    #[must_use]
    pub fn count(&self) -> FindingCount {
        let of = |severity| self.counted().filter(|finding| finding.severity == severity).count();
        FindingCount { errors: of(Severity::Error), warnings: of(Severity::Warning), notes: of(Severity::Note) }
    }

    /// How many of the documents are policies that were reported on.
    #[must_use]
    pub fn policies(&self) -> usize {
        self.documents.iter().filter(|document| document.policy_kind.is_some() && document.reported).count()
    }

    /// How many policies are left out because a plan leaves them as they are.
    #[must_use]
    pub fn unchanged(&self) -> usize {
        self.documents.iter().filter(|document| document.policy_kind.is_some() && document.unchanged).count()
    }

    /// Whether any part of a place is a secret.
    #[must_use]
    pub fn hides(&self, place: Span) -> bool {
        self.hidden.touch(place)
    }

    /// Whether anything was left open: a rule that could not be asked, or a place of a set-up that no file shows.
    #[must_use]
    pub fn leaves_open(&self) -> bool {
        !self.not_evaluated.is_empty() || self.set_up.iter().any(|standing| standing.state == State::Unknown)
    }

    /// Whether a place of a set-up is wrong.
    #[must_use]
    pub fn is_set_up_wrong(&self) -> bool {
        self.set_up.iter().any(|standing| standing.state == State::Wrong)
    }

    /// Whether any finding that counts is at or above a severity.
    #[must_use]
    pub fn reaches(&self, severity: Severity) -> bool {
        self.counted().any(|finding| finding.severity >= severity)
    }
}
