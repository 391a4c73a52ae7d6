//! What a rule may ask, and where it says what it found.

use crate::{
    document::{Carrier, PolicyDocument, Project},
    finding::{Finding, RuleInfo, RuleOptions},
    policy::{Policy, PolicyKind, Principal},
    reference::Reference,
    source::Span,
};

/// What a rule that looks at one policy may ask besides it.
#[derive(Clone, Copy, Debug)]
pub struct RuleContext<'p, 'a> {
    /// The policy's document.
    pub document: &'p PolicyDocument<'a>,
    /// All documents of the run.
    pub project: &'p Project<'a>,
    /// What AWS has.
    pub aws: Aws<'p>,
    /// Whether any of its statements [may speak of](crate::policy::Statement::may_speak_of) KMS.
    pub may_be_kms: bool,
}

/// What is known of AWS, and whether it may have become old.
#[derive(Clone, Copy)]
pub struct Aws<'r> {
    /// Actions, resource types, condition keys, partitions.
    pub reference: &'r Reference,
    /// Whether the reference is so old that a name which it lacks may be new: by the option `reference-days` of
    /// `unknown-action`, 120 days unless it is set.
    pub is_old: bool,
}

impl std::fmt::Debug for Aws<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Aws").field("date", &self.reference.date()).field("is_old", &self.is_old).finish()
    }
}

impl RuleContext<'_, '_> {
    /// Which kind of policy it is.
    #[must_use]
    pub fn kind(&self) -> PolicyKind {
        self.document.kind
    }

    /// What a resource policy hangs on, as CloudFormation names it, where the user says it.
    #[must_use]
    pub fn resource_type(&self) -> Option<&str> {
        self.project.declared.resource_type.as_deref()
    }

    /// Whether the file says who carries the policy, and all of them are administrators.
    #[must_use]
    pub fn is_carried_by_admins(&self) -> bool {
        let admins = self.project.declared.admins.iter().filter_map(Principal::arn);
        let is_admin = |holder: &Carrier| admins.clone().any(|admin| holder.is(admin));
        !self.document.holders.is_empty() && self.document.holders.iter().all(is_admin)
    }

    /// Whether a rule that argues from absence may be asked of the policy: it is whole and every part is known.
    ///
    /// Where a part is unknown, the rule is recorded as not evaluated; a bare statement is no policy that could lack
    /// anything.
    pub fn is_complete(&self, policy: &Policy, rule: &'static RuleInfo, out: &mut Findings<'_>) -> bool {
        if policy.fragment {
            return false;
        }
        if !policy.is_complete() {
            out.not_evaluated(rule, "a part of the policy is not known from this file");
            return false;
        }
        true
    }
}

/// Where rules say what they found.
///
/// What a rule says that the user did not select is dropped here, so that no rule needs to ask.
pub struct Findings<'s> {
    is_selected: &'s dyn Fn(&'static RuleInfo) -> bool,
    options: &'s RuleOptions,
    /// `None` where the rules look at all documents: each place then tells its document.
    document: Option<usize>,
    found: Vec<Finding>,
    not_evaluated: Vec<Unasked>,
}

/// A rule that could not be asked, and of what.
#[derive(Debug)]
pub struct Unasked {
    /// The rule.
    pub rule: &'static RuleInfo,
    /// The document, by its number or by a place in it.
    pub of: Subject,
    /// What it would have needed.
    pub reason: String,
}

/// What a rule was to be asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A document, by its index in the report.
    Document(usize),
    /// Whatever document holds this place.
    Place(Span),
}

impl std::fmt::Debug for Findings<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Findings").field("found", &self.found).finish_non_exhaustive()
    }
}

impl<'s> Findings<'s> {
    /// Nothing found yet: in one document of the run, or in all of them.
    pub fn new(
        document: Option<usize>,
        is_selected: &'s dyn Fn(&'static RuleInfo) -> bool,
        options: &'s RuleOptions,
    ) -> Self {
        Self { is_selected, options, document, found: Vec::new(), not_evaluated: Vec::new() }
    }

    /// What the project settles of the rules' options.
    #[must_use]
    pub const fn options(&self) -> &'s RuleOptions {
        self.options
    }

    /// Whether a rule was asked for at all, where finding out costs something.
    #[must_use]
    pub fn asks(&self, rule: &'static RuleInfo) -> bool {
        (self.is_selected)(rule)
    }

    /// Says one thing.
    pub fn push(&mut self, mut finding: Finding) {
        if (self.is_selected)(finding.rule) {
            finding.document = self.document.unwrap_or(usize::MAX);
            self.found.push(finding);
        }
    }

    /// Says that a rule could not be asked of the document at hand, and what it would have needed.
    pub fn not_evaluated(&mut self, rule: &'static RuleInfo, reason: impl Into<String>) {
        if let Some(document) = self.document {
            self.unasked(rule, Subject::Document(document), reason.into());
        }
    }

    /// Says that a rule could not be asked of the document that holds a place.
    pub fn not_evaluated_at(&mut self, rule: &'static RuleInfo, place: Span, reason: impl Into<String>) {
        self.unasked(rule, Subject::Place(place), reason.into());
    }

    fn unasked(&mut self, rule: &'static RuleInfo, of: Subject, reason: String) {
        if (self.is_selected)(rule) {
            self.not_evaluated.push(Unasked { rule, of, reason });
        }
    }

    /// All that was said.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Finding>, Vec<Unasked>) {
        (self.found, self.not_evaluated)
    }
}
