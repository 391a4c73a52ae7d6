//! Entries of `kpl.toml` that say which findings are accepted.

use crate::{
    calendar,
    config::IgnoreConfig,
    document::PolicyDocument,
    finding::{Complaint, Finding},
    lint::{Globs, Home, Selector},
    policy::{ActionPattern, Statement, glob},
    rules::Catalogue,
    source::{Source, SourceId, Span, Spanned},
};

/// Findings that are accepted, and why.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Where the entry stands.
    pub span: Span,
    /// Of which rules.
    pub rules: Vec<Selector>,
    /// In which files; `None` is any. So is an empty list below.
    pub path: Option<Globs>,
    /// In which documents of a file, by IAM's wildcards.
    pub address: Vec<String>,
    /// About which ARNs: the one that is underlined, or that of the document.
    pub arn: Vec<String>,
    /// In which statements.
    pub sid: Vec<String>,
    /// About which actions: the one that is underlined, or one that the statement lists.
    pub action: Vec<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, counted from 1970, and where that stands.
    pub expires: Option<(i64, Span)>,
}

/// Where a finding stands, as far as entries ask.
pub(super) struct Scene<'p> {
    pub(super) source: &'p Source,
    /// The document's address in its file.
    pub(super) address: Option<&'p str>,
    pub(super) policy: Option<&'p PolicyDocument<'p>>,
}

impl Accepted {
    /// An entry as it is written; its patterns of files count from a folder.
    ///
    /// # Errors
    /// A rule that does not exist, a pattern that is broken.
    pub fn read(written: &IgnoreConfig, home: &Home, catalogue: &Catalogue) -> Result<Self, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let mut rules = Vec::new();
        for rule in &written.rule {
            match Selector::read(&rule.value, catalogue) {
                Ok(selector) => rules.push(selector),
                Err(error) => complaints.push(unusable("rule", rule, &error)),
            }
        }
        let path = match Globs::new(home, written.path.iter().map(|pattern| pattern.value.as_str())) {
            Ok(globs) => Some(globs).filter(|globs| !globs.is_empty()),
            Err((number, why)) => {
                complaints.extend(written.path.get(number).map(|pattern| unusable("path", pattern, &why)));
                None
            }
        };
        let texts = |values: &[Spanned<String>]| values.iter().map(|value| value.value.clone()).collect();
        let expires = written.expires.as_ref().and_then(|expires| Some((calendar::day(&expires.value)?, expires.span)));
        let accepted = Self {
            span: written.span,
            rules,
            path,
            address: texts(&written.address),
            arn: texts(&written.arn),
            sid: texts(&written.sid),
            action: texts(&written.action),
            reason: written.reason.value.clone(),
            expires,
        };
        if complaints.is_empty() { Ok(accepted) } else { Err(complaints) }
    }

    /// The entry, once its file has its number among the sources of the run.
    #[must_use]
    pub fn placed(mut self, source: SourceId) -> Self {
        self.span.source = source;
        if let Some((_, span)) = &mut self.expires {
            span.source = source;
        }
        self
    }

    /// Whether it means a finding.
    pub(super) fn means(&self, finding: &Finding, scene: &Scene<'_>) -> bool {
        self.rules.iter().any(|rule| rule.names(finding))
            && self.means_document(&scene.source.name(), scene.address)
            && self.means_arn(finding, scene)
            && self.means_statement(finding, scene)
    }

    /// Whether it means a document, by its file and its address alone.
    pub(super) fn means_document(&self, file: &str, address: Option<&str>) -> bool {
        let here = |address: &str| self.address.iter().any(|pattern| glob::matches(pattern, address));
        self.path.as_ref().is_none_or(|globs| globs.cover(file))
            && (self.address.is_empty() || address.is_some_and(here))
    }

    fn means_arn(&self, finding: &Finding, scene: &Scene<'_>) -> bool {
        let text = scene.source.slice(finding.primary.span).trim_matches(['"', '\'']);
        let is_meant = |arn: &str| self.arn.iter().any(|pattern| glob::matches(pattern, arn));
        self.arn.is_empty() || is_meant(text) || scene.address.is_some_and(is_meant)
    }

    fn means_statement(&self, finding: &Finding, scene: &Scene<'_>) -> bool {
        if self.sid.is_empty() && self.action.is_empty() {
            return true;
        }
        let place = finding.primary.span;
        let statements = scene.policy.map_or(&[][..], |policy| &policy.policy.statements);
        let Some(statement) = statements.iter().find(|statement| statement.span.contains(place)) else { return false };
        let sid = statement.sid.as_ref().map_or("", |sid| &sid.value);
        let by_sid = self.sid.is_empty() || self.sid.iter().any(|pattern| glob::matches(pattern, sid));
        by_sid && (self.action.is_empty() || self.means_action(statement, place))
    }

    fn means_action(&self, statement: &Statement, place: Span) -> bool {
        let Some(clause) = &statement.actions else { return false };
        let actions = &clause.listed().read;
        let is_meant = |action: &ActionPattern| {
            self.action.iter().any(|pattern| glob::matches_ignoring_case(pattern, action.as_str()))
        };
        match actions.iter().find(|action| action.span.contains(place)) {
            Some(underlined) => is_meant(&underlined.value),
            None => actions.iter().any(|action| is_meant(&action.value)),
        }
    }
}

fn unusable(key: &str, value: &Spanned<String>, why: &impl std::fmt::Display) -> Complaint {
    Complaint::new(value.span, format!("`{key}` does not take this value")).label(why.to_string())
}
