//! Scenario files: requests, the policies that decide them, and what is expected.
//!
//! A file is YAML or JSON (`{defaults, cases}`), or JSON Lines (a case a line). A mistake in it has a place, and keeps only
//! its own case from being run.

pub(crate) mod fields;
mod policies;
mod read;
mod request;

pub use policies::{CasePolicies, Grants, read_grants};
pub use read::{Contents, Expectation, Outline, PolicyShelf, read};
pub use request::{Wording, Wrong, caller_of_text, wrong_action, wrong_resource};

pub use super::library::{misplaced, of_grammar, of_syntax};
use super::{Because, Compiled, Decision, Explained, LayerTrace, Library, Outcome};
use crate::{
    policy::PolicyKind,
    semantics::{Request, Trait},
    source::{Span, Spanned},
};

/// One case of a scenario file.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name; by its number where it has none.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// What is asked: one request, or both that `kms:ReEncrypt` stands for.
    pub requests: Vec<Request>,
    /// The policies that decide.
    pub policies: CasePolicies,
    /// What is expected.
    pub expect: Option<Spanned<Outcome>>,
    /// What is expected to decide.
    pub because: Option<Spanned<Because>>,
}

/// What came of a case.
#[derive(Debug)]
pub struct Answer {
    /// Which of the case's requests decided.
    pub request: usize,
    /// The decision, and what decided.
    pub explained: Explained,
}

impl Case {
    /// Lays out the policies.
    #[must_use]
    pub fn compile(&self, library: &Library) -> Compiled {
        let kind = self.requests.first().map_or(PolicyKind::Resource, resource_kind);
        Compiled::new(&self.policies.set(library, kind))
    }

    /// Decides; of two requests the one that fares worse.
    #[must_use]
    pub fn decide(&self, compiled: &Compiled) -> Option<Answer> {
        let answers = self.requests.iter().enumerate();
        let answers = answers.map(|(request, asked)| Answer { request, explained: compiled.decide(asked) });
        answers.min_by_key(|answer| match answer.explained.decision {
            Decision::ExplicitlyDenied => 0,
            Decision::ImplicitlyDenied => 1,
            Decision::Undecided { .. } => 2,
            Decision::Allowed => 3,
        })
    }

    /// Whether an answer is the expected one.
    #[must_use]
    pub fn is_met(&self, answer: &Answer) -> bool {
        let explained = &answer.explained;
        self.expect.as_ref().is_none_or(|expect| expect.value == explained.decision.outcome())
            && self.because.as_ref().is_none_or(|because| Some(because.value) == explained.because)
    }

    /// What every statement did.
    #[must_use]
    pub fn trace(&self, compiled: &Compiled, answer: &Answer) -> Vec<LayerTrace> {
        self.requests.get(answer.request).map(|request| compiled.trace(request)).unwrap_or_default()
    }
}

/// What a resource's policy is, by what is asked.
#[must_use]
pub fn resource_kind(request: &Request) -> PolicyKind {
    if request.is(Trait::OnKey) {
        PolicyKind::Key
    } else if request.is(Trait::OnRole) {
        PolicyKind::Trust
    } else {
        PolicyKind::Resource
    }
}
