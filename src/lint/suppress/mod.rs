//! Findings that the user has accepted: by an entry of `kpl.toml`, by a comment in the file, by a baseline.
//!
//! A suppressed finding stays in the report and says by what it is suppressed. What suppresses nothing, or no longer, or
//! without a reason, is a finding of its own.

mod accepted;
mod baseline;
mod comment;

pub use accepted::Accepted;
pub use baseline::{Baseline, write as write_baseline};

use accepted::Scene;
use comment::Comment;

use super::{Options, finish::Places};
use crate::{
    document::{self, Notation, Project},
    finding::{DocumentInfo, Finding, Report, RuleInfo, Suppression, SuppressionKind},
    rules::{
        Catalogue, Unasked,
        suppression::entries::{EXPIRED_SUPPRESSION, UNUSED_SUPPRESSION},
    },
    source::{Source, SourceId, Sources, Span},
    syntax::{json, yaml},
};

/// What the user has accepted.
#[derive(Clone, Debug, Default)]
pub struct Acceptance {
    /// The entries of `kpl.toml`.
    pub entries: Vec<Accepted>,
    /// Findings that are known.
    pub baseline: Option<Baseline>,
    /// Whether the run looks at the whole folder of `kpl.toml`, so that what is not found is not there.
    pub whole: bool,
}

/// Suppresses findings, and remembers what has suppressed any.
pub(super) struct Suppressor<'r> {
    options: &'r Options,
    report: &'r Report,
    sources: &'r Sources,
    entry_used: Vec<bool>,
    comments: Vec<Comment>,
    comment_used: Vec<bool>,
    /// What is wrong with comments.
    found: Vec<Finding>,
}

impl<'r> Suppressor<'r> {
    pub(super) fn new(report: &'r Report, project: &Project<'_>, sources: &'r Sources, options: &'r Options) -> Self {
        let (mut comments, mut found) = (Vec::new(), Vec::new());
        let reported = project.documents.iter().filter(|document| document.reported);
        // A file may hold several documents, one after the other.
        let mut files: Vec<(SourceId, Notation)> =
            reported.map(|document| (document.source, document.notation)).collect();
        files.dedup();
        for (source, notation) in files.into_iter().filter_map(|(file, notation)| Some((sources.get(file)?, notation)))
        {
            for read in comments_of(source, notation, &options.catalogue) {
                match read {
                    Ok(comment) => comments.push(comment),
                    Err(finding) => found.push(*finding),
                }
            }
        }
        let entry_used = vec![false; options.acceptance.entries.len()];
        let comment_used = vec![false; comments.len()];
        Self { options, report, sources, entry_used, comments, comment_used, found }
    }

    /// Suppresses what entries and comments mean.
    pub(super) fn suppress(&mut self, found: &mut [Finding], places: &Places<'_, '_>) {
        if self.options.acceptance.entries.is_empty() && self.comments.is_empty() {
            return;
        }
        for finding in found {
            let by_comment = self.comment(finding);
            let by_entry = self.entry(finding, places);
            finding.suppressed = by_comment.or(by_entry);
        }
    }

    fn comment(&mut self, finding: &Finding) -> Option<Suppression> {
        let span = finding.primary.span;
        let first = self.comments.partition_point(|comment| comment.span.source < span.source);
        let of_source = self.comments.get(first..)?.iter().take_while(|comment| comment.span.source == span.source);
        let line = self.sources.get(span.source)?.line_of(span.start);
        let mut reason = None;
        for (index, comment) in of_source.enumerate() {
            if comment.line == line && comment.rules.iter().any(|rule| rule.names(finding)) {
                self.comment_used[first + index] = true;
                reason.get_or_insert(&comment.reason);
            }
        }
        reason.map(|reason| Suppression { kind: SuppressionKind::Comment, reason: reason.clone() })
    }

    fn entry(&mut self, finding: &Finding, places: &Places<'_, '_>) -> Option<Suppression> {
        let source = self.sources.get(finding.primary.span.source)?;
        let address = self.report.documents.get(finding.document).and_then(|document| document.name.as_deref());
        let scene = Scene { source, address, policy: places.policy(finding.document) };
        let mut reason = None;
        for (entry, used) in self.options.acceptance.entries.iter().zip(&mut self.entry_used) {
            if !self.options.is_past(entry) && entry.means(finding, &scene) {
                *used = true;
                reason.get_or_insert(&entry.reason);
            }
        }
        reason.map(|reason| Suppression { kind: SuppressionKind::Config, reason: reason.clone() })
    }

    /// What is to be said of the entries and the comments themselves.
    pub(super) fn say(mut self, unasked: &[Unasked], places: &Places<'_, '_>) -> Vec<Finding> {
        let mut found = std::mem::take(&mut self.found);
        for (comment, used) in self.comments.iter().zip(&self.comment_used) {
            if !used && self.were_asked(&comment.rules) {
                found.push(unused(comment.span, "this comment suppresses nothing"));
            }
        }
        for (entry, used) in self.options.acceptance.entries.iter().zip(&self.entry_used) {
            if let Some((_, span)) = entry.expires.filter(|_| self.options.is_past(entry)) {
                let message = "this entry has expired, and suppresses nothing";
                let help = "mend what it suppressed and take it away, or set another day";
                found.push(Finding::new(&EXPIRED_SUPPRESSION, span, message).help(help));
            } else if !used && self.was_looked_for(entry, unasked, places) {
                found.push(unused(entry.span, "this entry suppresses nothing"));
            }
        }
        let is_selected = |finding: &Finding| self.options.selection.includes(finding.rule);
        found.retain(is_selected);
        for finding in &mut found {
            // Comments stand in files that the report has; entries do not.
            finding.document = places.document_in(finding.primary.span).unwrap_or(usize::MAX);
        }
        found
    }

    /// Whether every rule that is meant was asked in this run.
    fn were_asked(&self, selectors: &[crate::lint::Selector]) -> bool {
        let meant = |rule: &&RuleInfo| selectors.iter().any(|selector| selector.touches(rule));
        let seen = |rule: &&RuleInfo| rule.persona <= self.options.selection.persona;
        let mut rules = self.options.catalogue.rules().filter(meant).filter(seen).peekable();
        rules.peek().is_some() && rules.all(|rule| self.options.selection.includes(rule))
    }

    /// Whether the run has looked where an entry's findings would be.
    fn was_looked_for(&self, entry: &Accepted, unasked: &[Unasked], places: &Places<'_, '_>) -> bool {
        if !self.were_asked(&entry.rules) {
            return false;
        }
        let file = |document: &DocumentInfo| self.sources.get(document.source).map(Source::name).unwrap_or_default();
        let means = |document: &DocumentInfo| entry.means_document(&file(document), document.name.as_deref());
        let is_open = |unasked: &Unasked| {
            let document = self.report.documents.get(places.document_of_subject(unasked.of));
            entry.rules.iter().any(|rule| rule.touches(unasked.rule)) && document.is_none_or(means)
        };
        let is_left_out = |document: &DocumentInfo| document.unchanged && means(document);
        if unasked.iter().any(is_open) || self.report.documents.iter().any(is_left_out) {
            return false;
        }
        if self.options.acceptance.whole && self.report.problems.is_empty() {
            return true;
        }
        let has_place = entry.path.is_some() || !entry.address.is_empty();
        has_place && self.report.documents.iter().any(|document| document.reported && means(document))
    }
}

fn unused(span: Span, message: &str) -> Finding {
    Finding::new(&UNUSED_SUPPRESSION, span, message).help("take it away, or correct what it is about")
}

/// The comments of a file that are for kpl, in its order.
fn comments_of(source: &Source, notation: Notation, catalogue: &Catalogue) -> Vec<Result<Comment, Box<Finding>>> {
    let find = match notation {
        Notation::Yaml => yaml::comments,
        Notation::Json if document::has_comments(source) => json::comments,
        Notation::Json => return Vec::new(),
    };
    if memchr::memmem::find(source.text().as_bytes(), comment::MARK.as_bytes()).is_none() {
        return Vec::new();
    }
    find(source).into_iter().filter_map(|span| comment::read(source, span, catalogue)).collect()
}

impl Options {
    /// Whether the last day of an entry has passed.
    fn is_past(&self, entry: &Accepted) -> bool {
        let today = self.today.unwrap_or(i64::MIN);
        entry.expires.is_some_and(|(day, _)| today > day)
    }
}
