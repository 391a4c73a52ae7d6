//! From one input to its documents, or to the reason why there are none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Input, Options};
use crate::{
    document::{self, Document, PolicyDocument},
    finding::Problem,
    source::{Source, Sources},
    syntax::{Cause, Fault},
};

/// What is said of a plan without changes where only changes are looked at.
const UNCHANGED: &str = "this plan changes nothing, so that --changed-only leaves nothing to check";

/// What became of one input.
#[derive(Default)]
pub(super) struct Opened<'a> {
    pub(super) documents: Vec<Document<'a>>,
    pub(super) problems: Vec<Problem>,
    pub(super) skipped: Option<Problem>,
}

/// Opens inputs.
pub(super) struct Opening<'a> {
    pub(super) sources: &'a Sources,
    pub(super) options: &'a Options,
}

impl<'a> Opening<'a> {
    pub(super) fn open(&self, input: Input) -> Opened<'a> {
        let Some(source) = self.sources.get(input.source) else { return Opened::default() };
        let Ok(opened) = catch_unwind(AssertUnwindSafe(|| document::open(source, self.options.kind_of(source)))) else {
            let problem = problem(source, "internal error while it was read", None, true);
            return Opened { problems: vec![problem], ..Opened::default() };
        };
        match opened {
            Ok(documents) if documents.iter().flat_map(faults).any(|fault| fault.cause == Cause::TooDeep) => {
                let problem = problem(source, Cause::TooDeep.message(1), Cause::TooDeep.help(), input.named);
                Opened { problems: vec![problem], ..Opened::default() }
            }
            Ok(mut documents) if input.named || documents.iter().any(|document| is_for_rules(document, source)) => {
                let mut problems = Vec::new();
                for document in &mut documents {
                    document.reported = input.reported;
                    problems.extend(self.bound(document, source, input.named));
                    problems.extend(document.note.map(|note| problem(source, note, None, false)));
                    let is_still = document.plan.as_ref().is_some_and(|plan| !plan.changes);
                    if self.options.changed_only && is_still {
                        problems.push(problem(source, UNCHANGED, None, false));
                    }
                }
                Opened { documents, problems, skipped: None }
            }
            Err(error) if error.is_recognised() || (input.named && !self.options.if_policy) => {
                let problem = problem(source, error.to_string(), Some(error.help()), input.named);
                Opened { problems: vec![problem], ..Opened::default() }
            }
            Ok(_) | Err(_) => {
                let skipped = problem(source, "no policy, key or alias in it", None, false);
                Opened { skipped: Some(skipped), ..Opened::default() }
            }
        }
    }

    /// Leaves out policies that are larger than the bound.
    fn bound(&self, document: &mut Document<'a>, source: &Source, named: bool) -> Option<Problem> {
        let max = self.options.max_policy;
        let fits = |policy: &PolicyDocument<'_>| {
            u64::from(policy.policy.span.end) - u64::from(policy.policy.span.start) <= max
        };
        let before = document.policies.len();
        document.policies.retain(fits);
        if document.policies.len() == before {
            return None;
        }
        document.reported &= !document.policies.is_empty();
        let message = format!("a policy in it has more than {max} bytes");
        Some(problem(source, message, Some("--max-size BYTES raises the bound"), named))
    }
}

/// A problem with a file.
pub(super) fn problem(source: &Source, message: impl Into<String>, help: Option<&str>, fatal: bool) -> Problem {
    Problem { file: source.name(), message: message.into(), help: help.map(str::to_owned), fatal }
}

fn faults<'d>(document: &'d Document<'_>) -> impl Iterator<Item = &'d Fault> {
    document.faults.iter().chain(&document.embedded_faults)
}

/// Whether a document that nobody named is more than a file that happens to stand in the folder.
fn is_for_rules(document: &Document<'_>, source: &Source) -> bool {
    let is_broken = !document.faults.is_empty() || document.note.is_some();
    document.holds_something() || (is_broken && document::promises_policy(source))
}
