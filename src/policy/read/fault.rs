//! What the grammar does not allow.

use crate::{policy::Effect, source::Span};

/// Where in the grammar an element stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The policy itself.
    Policy,
    /// A statement.
    Statement,
    /// A `Principal` or `NotPrincipal` object.
    Principal,
    /// The `Condition` object: operators.
    Condition,
    /// One operator of it: condition keys.
    Operator,
}

impl Level {
    /// What the level is called in a message.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy => "a policy",
            Self::Statement => "a statement",
            Self::Principal => "a principal",
            Self::Condition => "a condition",
            Self::Operator => "a condition operator",
        }
    }
}

/// One thing that the grammar does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What it is.
    pub trouble: Trouble,
    /// Where.
    pub span: Span,
}

/// What the grammar does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A member twice in one object.
    DuplicateMember {
        /// Its name, as it is spelt here.
        name: String,
        /// Where it stands first.
        first: Span,
        /// Whether the two differ in letter case, in names for which IAM ignores it.
        other_case: bool,
    },
    /// A member that the grammar does not know here.
    UnknownElement {
        /// Its name.
        name: String,
        /// Where in the grammar.
        level: Level,
        /// The name that was probably meant.
        meant: Option<&'static str>,
    },
    /// A value of the wrong type.
    WrongType {
        /// The element.
        element: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// An effect that is neither word.
    Effect {
        /// What stands there.
        found: String,
        /// The word, where only letter case differs.
        meant: Option<Effect>,
    },
    /// A version that is neither date.
    Version {
        /// What stands there.
        found: String,
    },
    /// `Action` and `NotAction`, or their kin, in one statement.
    BothForms {
        /// The two names.
        names: [&'static str; 2],
        /// Where the first stands.
        first: Span,
    },
    /// A condition operator that IAM does not know.
    Operator {
        /// What stands there.
        found: String,
        /// The operator that was probably meant.
        meant: Option<String>,
    },
}
