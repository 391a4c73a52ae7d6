//! How bad, how sure, for whom, and what a fix may claim.

use std::{fmt, str::FromStr};

/// A word that is none of the words expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is none of {expected}")]
pub struct UnknownWord {
    found: String,
    expected: &'static str,
}

/// Declares an enum of words: how each is written, and how it is read back.
macro_rules! words {
    ($(#[$about:meta])* $name:ident, $expected:literal { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// The word that the command line and the JSON use.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(self.word())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { found: text.to_owned(), expected: $expected }),
                }
            }
        }
    };
}

words! {
    /// How bad it is. Ordered: a note is less than a warning, a warning less than an error.
    Severity, "error, warning, note" {
        /// Good to know.
        Note = "note",
        /// A reviewer would want it changed.
        Warning = "warning",
        /// Broken or plainly dangerous.
        Error = "error",
    }
}

words! {
    /// How sure a rule is. Ordered from a guess upward.
    Confidence, "high, medium, low" {
        /// A guess: only the auditor sees it.
        Low = "low",
        /// Nearly always right.
        Medium = "medium",
        /// Rests on a page of AWS's documentation and on nothing else.
        High = "high",
    }
}

words! {
    /// Who reads the report. Each sees what those before it see. A persona filters; it changes no severity.
    Persona, "regular, pedantic, auditor" {
        /// What a reviewer acts on.
        Regular = "regular",
        /// Style and hygiene too.
        Pedantic = "pedantic",
        /// Guesses too.
        Auditor = "auditor",
    }
}

words! {
    /// What a fix may claim.
    Applicability, "safe, unsafe, display-only" {
        /// The meaning of the policy cannot change.
        Safe = "safe",
        /// It may change who is let in; a person decides.
        Unsafe = "unsafe",
        /// Shown, never applied: the file is a copy of what stands elsewhere.
        DisplayOnly = "display-only",
    }
}
