//! What a rule has to say, as plain data.
//!
//! A [`Finding`] names its rule, its place and its remedy; a [`Report`] is everything that one run has to say. This
//! module knows no rule, no policy and no screen.

mod complaint;
mod level;
mod report;
mod rule_info;
mod rule_option;
mod set_up;
mod suppression;

pub use complaint::Complaint;
pub use level::{Applicability, Confidence, Persona, Severity};
pub use report::{DocumentInfo, FindingCount, NotEvaluated, Problem, Report};
pub use rule_info::{Family, RuleInfo};
pub use rule_option::{OptionKind, OptionValue, RuleOption, RuleOptions};
pub use set_up::{Place, Standing, State};
pub use suppression::{Suppression, SuppressionKind};

use crate::source::{Edit, Span};

/// A place and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// A few words under the line; empty where the finding's message says it all.
    pub message: String,
    /// A JSON pointer inside the document; empty until the report is put in order, and for what is no policy.
    pub path: String,
}

impl Label {
    fn new(span: Span, message: String) -> Self {
        Self { span, message, path: String::new() }
    }
}

/// A change that would mend what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: `write "alias/kasten"`.
    pub title: String,
    /// What it may claim.
    pub applicability: Applicability,
    /// The changes, all in one source.
    pub edits: Vec<Edit>,
}

/// One thing that a rule objects to.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that speaks.
    pub rule: &'static RuleInfo,
    /// The Access Analyzer code that this case answers to; the rule's, unless the case says otherwise.
    pub code: Option<&'static str>,
    /// The rule's severity, or what the case or the user made of it.
    pub severity: Severity,
    /// How sure the rule is of this case.
    pub confidence: Confidence,
    /// Who sees it; whom the rule is for, unless the case says otherwise.
    pub persona: Persona,
    /// One short clause that names the thing.
    pub message: String,
    /// Where it is.
    pub primary: Label,
    /// Other places that take part.
    pub related: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// How to mend it.
    pub fix: Option<Fix>,
    /// The document of the run that it was found in: an index into [`Report::documents`].
    pub document: usize,
    /// The rules that would have said the same of the same place.
    pub also: Vec<&'static str>,
    /// What stays the same when the file is laid out anew.
    pub fingerprint: String,
    /// Why it does not count; `None` where it does.
    pub suppressed: Option<Suppression>,
}

impl Finding {
    /// A finding with its rule's own severity and confidence.
    pub fn new(rule: &'static RuleInfo, span: Span, message: impl Into<String>) -> Self {
        Self {
            rule,
            code: rule.code,
            severity: rule.severity,
            confidence: rule.confidence,
            persona: rule.persona,
            message: message.into(),
            primary: Label::new(span, String::new()),
            related: Vec::new(),
            help: None,
            fix: None,
            document: 0,
            also: Vec::new(),
            fingerprint: String::new(),
            suppressed: None,
        }
    }

    /// Says a few words under the underlined place.
    #[must_use]
    pub fn label(mut self, message: impl Into<String>) -> Self {
        self.primary.message = message.into();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names another place that takes part.
    #[must_use]
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Label::new(span, message.into()));
        self
    }

    /// Offers a change.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, applicability: Applicability, edits: Vec<Edit>) -> Self {
        self.fix = Some(Fix { title: title.into(), applicability, edits });
        self
    }

    /// Answers to another Access Analyzer code than the rule's.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Answers to no Access Analyzer code.
    #[must_use]
    pub fn no_code(mut self) -> Self {
        self.code = None;
        self
    }

    /// Speaks with another severity than the rule's.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Speaks with another confidence than the rule's.
    #[must_use]
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Speaks to another persona than the rule does.
    #[must_use]
    pub fn persona(mut self, persona: Persona) -> Self {
        self.persona = persona;
        self
    }
}
