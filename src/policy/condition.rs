//! One row of a `Condition` element: operator, key, values.

use std::{fmt, str::FromStr};

use super::{Element, Listed, glob};
use crate::source::Spanned;

/// One row of a `Condition` element.
#[derive(Clone, Debug)]
pub struct Condition {
    /// `ForAnyValue:StringEquals`.
    pub operator: Spanned<Operator>,
    /// `kms:ResourceAliases`.
    pub key: Spanned<ConditionKey>,
    /// The values, as text: IAM compares a number or a Boolean by its spelling.
    pub values: Listed<String>,
    /// The key with its values.
    pub element: Element,
}

impl Condition {
    /// Whether it lets through only some values of its key: neither negated nor `Null`, and no value that takes any text.
    #[must_use]
    pub fn names_values(&self) -> bool {
        let comparison = self.operator.value.comparison;
        if comparison.asks_presence() || comparison.is_negated() {
            return false;
        }
        !(comparison.takes_wildcards() && self.values.values().any(|value| glob::is_stars(value)))
    }

    /// Whether a request without its key fails it.
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", `IfExists` and `Null`; "Set operators for
    /// multivalued context keys".
    #[must_use]
    pub fn demands_key(&self) -> bool {
        let Operator { comparison, quantifier, if_exists } = self.operator.value;
        match comparison {
            Comparison::Null => self.values.values().all(|value| value.eq_ignore_ascii_case("false")),
            _ if if_exists || quantifier == Some(Quantifier::ForAllValues) => false,
            _ => !comparison.is_negated() || quantifier == Some(Quantifier::ForAnyValue),
        }
    }
}

/// The name of a condition key. Letter case does not count, in its tag or context part either.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionKey(String);

impl ConditionKey {
    /// A key, as it is spelt.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The key as it is spelt.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is this key.
    #[must_use]
    pub fn is(&self, key: &str) -> bool {
        self.0.eq_ignore_ascii_case(key)
    }
}

/// A condition operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    /// How values are compared.
    pub comparison: Comparison,
    /// How many of the request's values must match.
    pub quantifier: Option<Quantifier>,
    /// Whether a request without the key matches too.
    pub if_exists: bool,
}

impl fmt::Display for Operator {
    /// As IAM spells it: `ForAnyValue:StringLikeIfExists`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quantifier = match self.quantifier {
            Some(Quantifier::ForAllValues) => "ForAllValues:",
            Some(Quantifier::ForAnyValue) => "ForAnyValue:",
            None => "",
        };
        let suffix = if self.if_exists { "IfExists" } else { "" };
        write!(out, "{quantifier}{}{suffix}", self.comparison.name())
    }
}

/// How many values of a multi-valued key must match.
///
/// Source: IAM User Guide, "Set operators for multivalued context keys".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// Every one; also where there is none.
    ForAllValues,
    /// At least one.
    ForAnyValue,
}

/// Declares the comparisons with their names.
macro_rules! comparisons {
    ($($(#[$doc:meta])* $variant:ident,)+) => {
        /// How a condition operator compares.
        ///
        /// Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Comparison {
            $($(#[$doc])* $variant,)+
        }

        impl Comparison {
            /// Every comparison.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name in a policy.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }
        }
    };
}

comparisons! {
    /// The same text.
    StringEquals,
    /// Another text.
    StringNotEquals,
    /// The same text, letter case not counting.
    StringEqualsIgnoreCase,
    /// Another text, letter case not counting.
    StringNotEqualsIgnoreCase,
    /// A text that the pattern matches.
    StringLike,
    /// A text that the pattern does not match.
    StringNotLike,
    /// The same number.
    NumericEquals,
    /// Another number.
    NumericNotEquals,
    /// A smaller number.
    NumericLessThan,
    /// A number no greater.
    NumericLessThanEquals,
    /// A greater number.
    NumericGreaterThan,
    /// A number no smaller.
    NumericGreaterThanEquals,
    /// The same instant.
    DateEquals,
    /// Another instant.
    DateNotEquals,
    /// An earlier instant.
    DateLessThan,
    /// An instant no later.
    DateLessThanEquals,
    /// A later instant.
    DateGreaterThan,
    /// An instant no earlier.
    DateGreaterThanEquals,
    /// True or false.
    Bool,
    /// The same bytes.
    BinaryEquals,
    /// An address in the range.
    IpAddress,
    /// An address outside of the range.
    NotIpAddress,
    /// An ARN that the pattern matches, part by part.
    ArnEquals,
    /// The same as `ArnEquals`.
    ArnLike,
    /// An ARN that the pattern does not match.
    ArnNotEquals,
    /// The same as `ArnNotEquals`.
    ArnNotLike,
    /// Whether the request carries the key.
    Null,
}

impl Comparison {
    /// Whether it holds when no value matches: `StringNotEquals` and its kin.
    #[must_use]
    pub fn is_negated(self) -> bool {
        self.name().contains("Not")
    }

    /// Whether `*` and `?` in its values are wildcards.
    #[must_use]
    pub const fn takes_wildcards(self) -> bool {
        matches!(
            self,
            Self::StringLike
                | Self::StringNotLike
                | Self::ArnEquals
                | Self::ArnLike
                | Self::ArnNotEquals
                | Self::ArnNotLike
        )
    }
}

impl Comparison {
    /// Whether it looks at no value, but asks whether the request carries the key.
    #[must_use]
    pub const fn asks_presence(self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it compares texts, be it in search of another one.
    #[must_use]
    pub const fn is_of_text(self) -> bool {
        matches!(
            self,
            Self::StringEquals
                | Self::StringNotEquals
                | Self::StringEqualsIgnoreCase
                | Self::StringNotEqualsIgnoreCase
                | Self::StringLike
                | Self::StringNotLike
        )
    }

    /// Whether it asks for one of its texts, letter case counting.
    #[must_use]
    pub const fn asks_for_text(self) -> bool {
        matches!(self, Self::StringEquals | Self::StringLike)
    }
}

impl Operator {
    /// Whether it asks for one of its texts, letter case counting, of every request, also of one without the key.
    #[must_use]
    pub fn demands_text(self) -> bool {
        self.comparison.asks_for_text() && !self.if_exists && self.quantifier != Some(Quantifier::ForAllValues)
    }
}

/// The text names no condition operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownOperator;

impl FromStr for Operator {
    type Err = UnknownOperator;

    /// Reads `ForAnyValue:StringLikeIfExists`; letter case does not count.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (quantifier, rest) = match text.split_once(':') {
            Some((word, rest)) if word.eq_ignore_ascii_case("ForAllValues") => (Some(Quantifier::ForAllValues), rest),
            Some((word, rest)) if word.eq_ignore_ascii_case("ForAnyValue") => (Some(Quantifier::ForAnyValue), rest),
            Some(_) => return Err(UnknownOperator),
            None => (None, text),
        };
        let known = |name: &str| Comparison::ALL.iter().copied().find(|c| c.name().eq_ignore_ascii_case(name));
        if let Some(comparison) = known(rest) {
            return Ok(Self { comparison, quantifier, if_exists: false });
        }
        let base = rest.len().checked_sub("IfExists".len()).and_then(|at| rest.split_at_checked(at));
        let comparison = match base {
            Some((base, suffix)) if suffix.eq_ignore_ascii_case("IfExists") => known(base),
            _ => None,
        };
        comparison.map(|comparison| Self { comparison, quantifier, if_exists: true }).ok_or(UnknownOperator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_read_in_its_three_parts() {
        let operator: Operator = "ForAnyValue:StringLikeIfExists".parse().unwrap();
        let parts = (operator.comparison, operator.quantifier, operator.if_exists);
        assert_eq!(parts, (Comparison::StringLike, Some(Quantifier::ForAnyValue), true));
        assert_eq!("StringMatches".parse::<Operator>(), Err(UnknownOperator));
        assert_eq!(operator.to_string(), "ForAnyValue:StringLikeIfExists");
    }
}
