//! Asks the rules of a run about its documents, one after the other, and keeps a rule that crashes from the others.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{checks::Checks, opening::problem, write};
use crate::{
    document::{Document, PolicyDocument, Project},
    finding::{Family, Finding, Problem, RuleInfo, RuleOptions},
    policy::Statement,
    rules::{Aws, Check, Findings, POLICY_UNKNOWN_AT_PLAN, RuleContext, Subject, Unasked},
    source::Source,
};

/// Why no rule could look at a policy of a plan.
const UNKNOWN: &str = "the policy is not known until apply: no rule has looked at it";
/// Why rules could not look at all of a policy of a plan.
const UNKNOWN_IN_PART: &str = "a part of the policy is not known until apply";

/// What the rules said of one document, or of all.
#[derive(Default)]
pub(super) struct Said {
    pub(super) found: Vec<Finding>,
    pub(super) unasked: Vec<Unasked>,
    pub(super) crashes: Vec<Problem>,
}

/// The checks of a run, and what they may ask.
pub(super) struct Asking<'r, 'a> {
    pub(super) checks: &'r Checks,
    pub(super) is_selected: &'r (dyn Fn(&'static RuleInfo) -> bool + Sync),
    pub(super) options: &'r RuleOptions,
    pub(super) project: &'r Project<'a>,
    pub(super) aws: Aws<'r>,
    pub(super) changed_only: bool,
}

impl Asking<'_, '_> {
    /// Asks every check about one file; `first` is the number of its first document.
    pub(super) fn ask(&self, document: &Document<'_>, first: usize, source: &Source) -> Said {
        let mut said = Said::default();
        self.gather(&mut said, &self.checks.all, Some(first), source, |check, asked| {
            check.document(document, source, asked);
            document.keys.iter().for_each(|key| check.key(key, self.project, asked));
            document.rotations.iter().for_each(|rotation| check.rotation(rotation, self.project, asked));
        });
        for finding in &mut said.found {
            finding.document = document.entry_at(finding.primary.span).map_or(first, |entry| first + entry);
        }
        if !document.facts.is_empty() {
            let (before, number) = (said.found.len(), first + document.policies.len());
            self.gather(&mut said, &self.checks.all, Some(number), source, |check, asked| {
                check.facts(&document.facts, asked);
            });
            for finding in &mut said.found[before..] {
                finding.document = document.entry_at(finding.primary.span).map_or(number, |entry| first + entry);
                write::beside_policies(finding, document, source);
            }
        }
        let is_asked_of = |policy: &PolicyDocument<'_>| !(self.changed_only && document.leaves(policy.node.span));
        for (number, policy) in document.policies.iter().enumerate().filter(|(_, policy)| is_asked_of(policy)) {
            let before = said.found.len();
            let may_be_kms = policy.policy.statements.iter().any(|statement| statement.may_speak_of("kms"));
            let context = RuleContext { document: policy, project: self.project, aws: self.aws, may_be_kms };
            self.gather(&mut said, self.checks.of_kind(policy.kind), Some(first + number), source, |check, asked| {
                if check.speaks_of_kms_alone() && !may_be_kms {
                    return;
                }
                check.policy(&policy.policy, &context, asked);
                for statement in &policy.policy.statements {
                    check.statement(statement, &context, asked);
                }
            });
            if let Some(broken_off) = policy.policy.broken_off() {
                let found = said.found.split_off(before);
                said.found.extend(found.into_iter().filter(|finding| is_sure_of(broken_off, finding)));
            }
            for finding in &mut said.found[before..] {
                write::in_policy(finding, policy, document.notation, source);
            }
        }
        for (number, policy) in document.policies.iter().enumerate().filter(|(_, policy)| !policy.awaits.is_empty()) {
            let (rule, of) = (&POLICY_UNKNOWN_AT_PLAN, Subject::Document(first + number));
            let reason = if policy.policy.is_unknown() { UNKNOWN } else { UNKNOWN_IN_PART };
            said.unasked.push(Unasked { rule, of, reason: reason.to_owned() });
        }
        said
    }

    /// Asks every check about all documents together; a crash is told of the first file.
    pub(super) fn ask_project(&self, source: &Source) -> Said {
        let mut said = Said::default();
        self.gather(&mut said, &self.checks.all, None, source, |check, asked| check.project(self.project, asked));
        said
    }

    /// Gathers what checks say, one after the other. One that crashes is told of as a fault of kpl's own, and the next
    /// goes on.
    fn gather(
        &self,
        said: &mut Said,
        checks: &[&'static dyn Check],
        document: Option<usize>,
        source: &Source,
        ask: impl Fn(&dyn Check, &mut Findings<'_>),
    ) {
        let mut asked = Findings::new(document, self.is_selected, self.options);
        let mut left = checks.iter();
        loop {
            let mut asking = None;
            let all = catch_unwind(AssertUnwindSafe(|| {
                for check in left.by_ref() {
                    asking = Some(check);
                    ask(*check, &mut asked);
                }
            }));
            if all.is_ok() {
                break;
            }
            let rule = asking.and_then(|check| check.rules().first()).map_or("", |rule| rule.id);
            let help = "what other rules found is told all the same; please report this with the file";
            said.crashes.push(problem(source, format!("internal error in rule {rule}"), Some(help), true));
        }
        let (mut found, mut unasked) = asked.into_parts();
        said.found.append(&mut found);
        said.unasked.append(&mut unasked);
    }
}

/// Whether a finding stands whatever follows in a statement in which the text breaks off: a condition may have followed.
fn is_sure_of(broken_off: &Statement, finding: &Finding) -> bool {
    finding.rule.family == Family::Validity || !broken_off.span.contains(finding.primary.span)
}
