//! What a request gets, and why.

use std::{fmt, str::FromStr};

use super::{Compiled, Scratch, facts::Reason};
use crate::semantics::{Because, Request, Trait, Truth};

/// What a request gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is let through.
    Allowed,
    /// A statement denies it.
    ExplicitlyDenied,
    /// Nothing denies it, and what it needs is missing.
    ImplicitlyDenied,
    /// What is known does not settle it.
    Undecided {
        /// What is not known, or not documented.
        reasons: Vec<Reason>,
    },
}

/// The word of a decision, without its reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is let through.
    Allowed,
    /// A statement denies it.
    ExplicitlyDenied,
    /// Nothing denies it, and what it needs is missing.
    ImplicitlyDenied,
    /// What is known does not settle it.
    Undecided,
}

impl Outcome {
    /// Every one, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Allowed, Self::ExplicitlyDenied, Self::ImplicitlyDenied, Self::Undecided];

    /// The word in scenario files and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitlyDenied => "explicitly-denied",
            Self::ImplicitlyDenied => "implicitly-denied",
            Self::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// The word names no decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownOutcome;

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == text).ok_or(UnknownOutcome)
    }
}

impl Decision {
    /// Its word.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Allowed => Outcome::Allowed,
            Self::ExplicitlyDenied => Outcome::ExplicitlyDenied,
            Self::ImplicitlyDenied => Outcome::ImplicitlyDenied,
            Self::Undecided { .. } => Outcome::Undecided,
        }
    }
}

/// A decision with what decided it.
#[derive(Clone, Debug)]
pub struct Explained {
    /// What the request gets.
    pub decision: Decision,
    /// What decided; `None` for a call that no policy decides on.
    pub because: Option<Because>,
    /// Which level, where an organisation's policies decided.
    pub level: Option<usize>,
    /// The keys that the request lacks and that could change the answer, as the policies spell them.
    pub missing: Vec<String>,
}

impl Compiled {
    /// The decision on a request, and what decided it.
    #[must_use]
    pub fn decide(&self, request: &Request) -> Explained {
        let mut scratch = Scratch::default();
        let outcome = self.outcome(request, &mut scratch);
        self.start(&mut scratch);
        let decision = match outcome {
            Outcome::Allowed => Decision::Allowed,
            Outcome::ExplicitlyDenied => Decision::ExplicitlyDenied,
            Outcome::ImplicitlyDenied => Decision::ImplicitlyDenied,
            Outcome::Undecided => Decision::Undecided { reasons: self.reasons(request, &mut scratch) },
        };
        self.start(&mut scratch);
        let (because, level) = match self.because(outcome, request, &mut scratch) {
            Some((because, level)) => (Some(named(because, request)), level),
            None => (None, None),
        };
        Explained { decision, because, level, missing: self.missing(request) }
    }

    fn because(&self, outcome: Outcome, request: &Request, scratch: &mut Scratch) -> Option<(Because, Option<usize>)> {
        if self.is_free(request, scratch) {
            return None;
        }
        match outcome {
            Outcome::Allowed => {
                let path = self.paths.iter().find(|path| self.truth(path.whole, request, scratch) == Truth::True)?;
                Some((path.because, None))
            }
            Outcome::ExplicitlyDenied => self.first(&self.denials, Truth::True, request, scratch),
            Outcome::ImplicitlyDenied => self
                .first(&self.gates, Truth::False, request, scratch)
                .or_else(|| self.lacking(Truth::False, request, scratch)),
            Outcome::Undecided => self
                .first(&self.denials, Truth::Unknown, request, scratch)
                .or_else(|| self.first(&self.gates, Truth::Unknown, request, scratch))
                .or_else(|| self.lacking(Truth::Unknown, request, scratch)),
        }
    }

    /// The first of several needs that has this truth; among an organisation's levels also which.
    fn first(
        &self,
        needs: &[(Because, u32)],
        truth: Truth,
        request: &Request,
        scratch: &mut Scratch,
    ) -> Option<(Because, Option<usize>)> {
        let at = needs.iter().position(|(_, node)| self.truth(*node, request, scratch) == truth)?;
        let (because, _) = *needs.get(at)?;
        let is_level = matches!(because, Because::Scp | Because::Rcp);
        let level = needs.iter().take(at).filter(|(other, _)| *other == because).count();
        Some((because, is_level.then_some(level)))
    }

    /// What the first path that is open to the request lacks.
    fn lacking(&self, truth: Truth, request: &Request, scratch: &mut Scratch) -> Option<(Because, Option<usize>)> {
        for path in &self.paths {
            let applies = self.truth(path.applies, request, scratch);
            if applies == Truth::False || self.truth(path.whole, request, scratch) != truth {
                continue;
            }
            let mut needs = path.needs.iter();
            if let Some((because, _)) = needs.find(|(_, need)| self.truth(*need, request, scratch) == truth) {
                return Some((*because, None));
            }
            if applies == Truth::Unknown {
                return Some((path.because, None));
            }
        }
        None
    }
}

/// A role's resource policy is its trust policy.
fn named(because: Because, request: &Request) -> Because {
    match because {
        Because::Resource | Because::Delegation if request.is(Trait::OnRole) => Because::Trust,
        other => other,
    }
}
