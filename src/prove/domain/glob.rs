//! Wildcard patterns, step by step.

use crate::semantics::pattern::{Pattern, Piece};

/// Which characters a wildcard takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::prove) enum Kind {
    /// Every one.
    Any,
    /// Every one but `:`.
    NoColon,
    /// Every one but `/` and `:`.
    Name,
    /// Small letters, digits and `-`.
    Label,
    /// Digits.
    Digit,
}

impl Kind {
    pub(super) fn takes(self, character: char) -> bool {
        match self {
            Self::Any => true,
            Self::NoColon => character != ':',
            Self::Name => character != ':' && character != '/',
            Self::Label => character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-',
            Self::Digit => character.is_ascii_digit(),
        }
    }
}

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::prove) enum Step {
    /// This character.
    Is(char),
    /// This character in small letters, or one whose small letter it is.
    IsWhateverCase(char),
    /// One character of a kind.
    One(Kind),
    /// Any number of characters of a kind, none included.
    Many(Kind),
}

/// A pattern, step by step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::prove) struct Glob(pub(in crate::prove) Vec<Step>);

impl Glob {
    /// A literal text.
    #[must_use]
    pub(in crate::prove) fn literal(text: &str) -> Self {
        Self(text.chars().map(Step::Is).collect())
    }

    /// A text with `*` and `?`, which cross everything.
    #[must_use]
    pub(in crate::prove) fn wild(text: &str) -> Self {
        Self(
            text.chars()
                .map(|character| match character {
                    '*' => Step::Many(Kind::Any),
                    '?' => Step::One(Kind::Any),
                    other => Step::Is(other),
                })
                .collect(),
        )
    }

    /// A pattern whose wildcards cross everything. `filled` says what stands for a variable; `*` where it says nothing.
    #[must_use]
    pub(in crate::prove) fn whole(pattern: &Pattern, filled: &impl Fn(&str) -> Option<String>) -> Self {
        Self::of(pattern, filled, |_| Kind::Any)
    }

    /// A pattern whose wildcards stay within the first five parts of an ARN.
    #[must_use]
    pub(in crate::prove) fn by_parts(pattern: &Pattern, filled: &impl Fn(&str) -> Option<String>) -> Self {
        Self::of(pattern, filled, |colons| if colons < 5 { Kind::NoColon } else { Kind::Any })
    }

    /// A pattern of fewer than six parts, each missing one being `*`.
    #[must_use]
    pub(in crate::prove) fn completed(pattern: &Pattern, filled: &impl Fn(&str) -> Option<String>) -> Self {
        let mut glob = Self::of(pattern, filled, |_| Kind::NoColon);
        glob.0.extend([Step::Is(':'), Step::Many(Kind::Any)]);
        glob
    }

    fn of(pattern: &Pattern, filled: &impl Fn(&str) -> Option<String>, kind: impl Fn(usize) -> Kind) -> Self {
        let mut steps = Vec::new();
        let mut colons = 0;
        for piece in pattern.pieces().iter() {
            match piece {
                Piece::Text(text) => {
                    colons += text.matches(':').count();
                    steps.extend(text.chars().map(Step::Is));
                }
                Piece::Any => steps.push(Step::Many(kind(colons))),
                Piece::One => steps.push(Step::One(kind(colons))),
                Piece::Variable { key, .. } => match filled(key) {
                    Some(text) => steps.extend(text.chars().map(Step::Is)),
                    None => steps.push(Step::Many(Kind::Any)),
                },
            }
        }
        Self(steps)
    }

    /// The same, letter case not counting.
    #[must_use]
    pub(in crate::prove) fn whatever_case(mut self) -> Self {
        for step in &mut self.0 {
            if let Step::Is(character) = *step {
                *step = Step::IsWhateverCase(small(character));
            }
        }
        self
    }

    /// The pattern with something readable in the place of its wildcards.
    #[must_use]
    pub(in crate::prove) fn example(&self, many: &str, one: char) -> String {
        let mut text = String::new();
        for step in &self.0 {
            match step {
                Step::Is(character) | Step::IsWhateverCase(character) => text.push(*character),
                Step::One(_) => text.push(one),
                Step::Many(_) => text.push_str(many),
            }
        }
        text
    }
}

/// A character in small letters, where that is one character.
pub(super) fn small(character: char) -> char {
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}
