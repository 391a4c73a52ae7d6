//! What each condition operator means: one table, and the few words that its rows are made of.
//!
//! An operator is a base comparison, which may be negated, a reach (how many of the request's values it is about), and
//! `IfExists`. No other module asks what a [`Comparison`] means.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context
//! keys".

use std::cmp::Ordering;

use super::{
    operand::{AddressRange, Instant, Number, bytes_of_base64},
    pattern::{self, Filled, Pattern, Reading},
    request::Context,
};
use crate::policy::{Comparison, PolicyVersion, Quantifier};

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The operator.
    pub comparison: Comparison,
    /// How one value of the request is held against one of the policy.
    pub base: Base,
    /// Whether it holds where no value of the policy matches.
    pub negated: bool,
    /// The section of "IAM JSON policy elements: Condition operators" that says so.
    pub section: &'static str,
}

/// How one value of the request is held against one of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Character by character; `*` and `?` are no wildcards.
    Text,
    /// Likewise, letter case not counting.
    TextWhateverCase,
    /// By a pattern, letter case counting; wildcards cross everything.
    TextPattern,
    /// As exact decimal numbers.
    Number(Order),
    /// As instants.
    Instant(Order),
    /// As true or false, whatever the letter case.
    Flag,
    /// The policy's value being the base 64 of the request's.
    Bytes,
    /// As an address in a range.
    Address,
    /// By a pattern, part by part.
    Arn,
    /// Not at all: whether the request carries the key.
    Presence,
}

/// How the request's value stands to the policy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The same.
    Equal,
    /// Smaller, or earlier.
    Less,
    /// No greater, or no later.
    LessOrEqual,
    /// Greater, or later.
    Greater,
    /// No smaller, or no earlier.
    GreaterOrEqual,
}

impl Order {
    const fn holds(self, found: Ordering) -> bool {
        match self {
            Self::Equal => found.is_eq(),
            Self::Less => found.is_lt(),
            Self::LessOrEqual => found.is_le(),
            Self::Greater => found.is_gt(),
            Self::GreaterOrEqual => found.is_ge(),
        }
    }
}

const STRING: &str = "String condition operators";
const NUMERIC: &str = "Numeric condition operators";
const DATE: &str = "Date condition operators";
const ADDRESS: &str = "IP address condition operators";
const ARN: &str = "Amazon Resource Name (ARN) condition operators";

const fn is(comparison: Comparison, base: Base, section: &'static str) -> Row {
    Row { comparison, base, negated: false, section }
}

const fn is_not(comparison: Comparison, base: Base, section: &'static str) -> Row {
    Row { comparison, base, negated: true, section }
}

/// Every operator, in the order of [`Comparison::ALL`].
pub static TABLE: [Row; 27] = {
    use Comparison as C;
    use Order::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    [
        is(C::StringEquals, Base::Text, STRING),
        is_not(C::StringNotEquals, Base::Text, STRING),
        is(C::StringEqualsIgnoreCase, Base::TextWhateverCase, STRING),
        is_not(C::StringNotEqualsIgnoreCase, Base::TextWhateverCase, STRING),
        is(C::StringLike, Base::TextPattern, STRING),
        is_not(C::StringNotLike, Base::TextPattern, STRING),
        is(C::NumericEquals, Base::Number(Equal), NUMERIC),
        is_not(C::NumericNotEquals, Base::Number(Equal), NUMERIC),
        is(C::NumericLessThan, Base::Number(Less), NUMERIC),
        is(C::NumericLessThanEquals, Base::Number(LessOrEqual), NUMERIC),
        is(C::NumericGreaterThan, Base::Number(Greater), NUMERIC),
        is(C::NumericGreaterThanEquals, Base::Number(GreaterOrEqual), NUMERIC),
        is(C::DateEquals, Base::Instant(Equal), DATE),
        is_not(C::DateNotEquals, Base::Instant(Equal), DATE),
        is(C::DateLessThan, Base::Instant(Less), DATE),
        is(C::DateLessThanEquals, Base::Instant(LessOrEqual), DATE),
        is(C::DateGreaterThan, Base::Instant(Greater), DATE),
        is(C::DateGreaterThanEquals, Base::Instant(GreaterOrEqual), DATE),
        is(C::Bool, Base::Flag, "Boolean condition operators"),
        is(C::BinaryEquals, Base::Bytes, "Binary condition operators"),
        is(C::IpAddress, Base::Address, ADDRESS),
        is_not(C::NotIpAddress, Base::Address, ADDRESS),
        is(C::ArnEquals, Base::Arn, ARN),
        is(C::ArnLike, Base::Arn, ARN),
        is_not(C::ArnNotEquals, Base::Arn, ARN),
        is_not(C::ArnNotLike, Base::Arn, ARN),
        is(C::Null, Base::Presence, "Condition operator to check existence of condition keys"),
    ]
};

/// The row of an operator.
#[must_use]
pub fn row(comparison: Comparison) -> Row {
    TABLE[comparison as usize]
}

/// How many of the request's values an operator is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The one value of a single-valued key.
    Single,
    /// At least one: `ForAnyValue`.
    Some,
    /// Every one, also where there is none: `ForAllValues`.
    Every,
}

impl Reach {
    /// The reach of a set operator, or of none.
    #[must_use]
    pub const fn of(quantifier: Option<Quantifier>) -> Self {
        match quantifier {
            None => Self::Single,
            Some(Quantifier::ForAnyValue) => Self::Some,
            Some(Quantifier::ForAllValues) => Self::Every,
        }
    }

    /// What an operator answers where the request carries no value of the key.
    ///
    /// Source: "Condition operators", negated matching; "Set operators for multivalued context keys".
    #[must_use]
    pub const fn without_values(self, negated: bool) -> bool {
        match self {
            Self::Single => negated,
            Self::Some => false,
            Self::Every => true,
        }
    }
}

/// A value of a condition, ready to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A text with wildcards and variables, as the operator takes them.
    Pattern(Pattern),
    /// A number, as it is spelt.
    Number(String),
    /// An instant.
    Instant(Instant),
    /// True or false.
    Flag(bool),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A range of addresses.
    Range(AddressRange),
    /// What is no value of the operator's kind.
    Broken,
}

impl Operand {
    /// Reads a policy's value for a base comparison. Variables count in texts and ARNs alone.
    ///
    /// Source: IAM User Guide, "IAM policy elements: Variables and tags", where you can use policy variables.
    #[must_use]
    pub fn read(base: Base, text: &str, version: Option<PolicyVersion>) -> Self {
        let found = match base {
            Base::Text | Base::TextWhateverCase => {
                Some(Self::Pattern(Pattern::read(text, Reading::of(version, false))))
            }
            Base::TextPattern | Base::Arn => Some(Self::Pattern(Pattern::read(text, Reading::of(version, true)))),
            Base::Number(_) => Number::read(text).map(|_| Self::Number(text.to_owned())),
            Base::Instant(_) => Instant::read(text).map(Self::Instant),
            Base::Flag | Base::Presence => flag(text).map(Self::Flag),
            Base::Bytes => bytes_of_base64(text).map(Self::Bytes),
            Base::Address => AddressRange::read(text).map(Self::Range),
        };
        found.unwrap_or(Self::Broken)
    }
}

fn flag(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// How one value of the request stands to one of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// They match.
    Yes,
    /// They do not.
    No,
    /// One of them is no value of the operator's kind. They do not match; what a negated operator makes of that is not
    /// documented.
    Broken,
    /// A variable's value is not known.
    Unknown,
    /// A variable stands for an empty text; whether that counts as a value is not documented.
    Doubtful,
}

impl From<bool> for Match {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

/// Holds one value of the request against one of the policy.
pub fn compare(base: Base, operand: &Operand, value: &str, context: &Context, buffer: &mut Vec<u8>) -> Match {
    match (base, operand) {
        (_, Operand::Broken) => Match::Broken,
        // What a pattern matches of such a value is not documented, whatever its variables are.
        (Base::Arn, _) if !pattern::has_six_parts(value.as_bytes()) => Match::Broken,
        (_, Operand::Pattern(pattern)) => match pattern.fill(context, buffer) {
            Filled::Bytes(bytes) => compare_text(base, bytes, value),
            // Read as a text the value may match; read as missing it does not.
            Filled::Doubtful(bytes) => match compare_text(base, bytes, value) {
                Match::Yes => Match::Doubtful,
                other => other,
            },
            Filled::Open(bytes) if may_match(base, bytes, value) => Match::Unknown,
            Filled::Null | Filled::Open(_) => Match::No,
        },
        (Base::Number(order), Operand::Number(text)) => match (Number::read(value), Number::read(text)) {
            (Some(found), Some(listed)) => order.holds(found.compare(&listed)).into(),
            _ => Match::Broken,
        },
        (Base::Instant(order), Operand::Instant(listed)) => {
            Instant::read(value).map_or(Match::Broken, |found| order.holds(found.cmp(listed)).into())
        }
        (Base::Flag, Operand::Flag(listed)) => flag(value).map_or(Match::Broken, |found| (found == *listed).into()),
        (Base::Bytes, Operand::Bytes(listed)) => (value.as_bytes() == listed).into(),
        (Base::Address, Operand::Range(listed)) => {
            AddressRange::read(value).map_or(Match::Broken, |found| listed.holds(&found).into())
        }
        _ => Match::No,
    }
}

/// Whether a value that lacks a path would match, had it the one that the policy names.
pub fn may_match_with_path(operand: &Operand, value: &str, context: &Context, buffer: &mut Vec<u8>) -> bool {
    let Operand::Pattern(pattern) = operand else { return false };
    match pattern.fill(context, buffer) {
        Filled::Bytes(bytes) | Filled::Doubtful(bytes) | Filled::Open(bytes) => {
            pattern::matches_with_path(bytes, value.as_bytes())
        }
        Filled::Null => false,
    }
}

fn compare_text(base: Base, bytes: &[u8], value: &str) -> Match {
    match base {
        Base::Text => (bytes == value.as_bytes()).into(),
        Base::TextWhateverCase => match std::str::from_utf8(bytes) {
            Ok(listed) => same_in_small_letters(listed, value).into(),
            Err(_) => Match::No,
        },
        Base::Arn => pattern::matches_by_parts(bytes, value.as_bytes()).map_or(Match::Broken, Match::from),
        _ => pattern::matches(bytes, value.as_bytes()).into(),
    }
}

/// Whether a text could match, were the wildcards that stand for unknown variables the right text.
fn may_match(base: Base, bytes: &[u8], value: &str) -> bool {
    match base {
        Base::TextWhateverCase => {
            pattern::matches(&pattern::in_small_letters(bytes), &pattern::in_small_letters(value.as_bytes()))
        }
        _ => pattern::matches(bytes, value.as_bytes()),
    }
}

/// Whether two texts are one in small letters, each letter by itself: `ß` is not `ss`.
fn same_in_small_letters(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_operator_in_its_place() {
        for (index, comparison) in Comparison::ALL.iter().enumerate() {
            assert_eq!(row(*comparison).comparison, *comparison, "row {index}");
            assert_eq!(row(*comparison).negated, comparison.is_negated(), "{}", comparison.name());
            let takes_wildcards = matches!(row(*comparison).base, Base::TextPattern | Base::Arn);
            assert_eq!(takes_wildcards, comparison.takes_wildcards(), "{}", comparison.name());
        }
    }

    fn held(comparison: Comparison, listed: &str, value: &str) -> Match {
        let base = row(comparison).base;
        let operand = Operand::read(base, listed, Some(PolicyVersion::V2012));
        compare(base, &operand, value, &Context::default(), &mut Vec::new())
    }

    #[test]
    fn an_arn_is_compared_part_by_part_and_a_text_is_not() {
        let (pattern, arn) =
            ("arn:aws:someservice:*:111122223333:finance/*", "arn:aws:someservice:a:b:111122223333:finance/x");
        assert_eq!(held(Comparison::StringLike, pattern, arn), Match::Yes);
        assert_eq!(held(Comparison::ArnLike, pattern, arn), Match::No);
        assert_eq!(held(Comparison::ArnEquals, "arn:aws:s3:::b/*", "arn:aws:s3:::b/x"), Match::Yes);
        assert_eq!(held(Comparison::ArnNotLike, "arn:aws:s3:::b/*", "b/x"), Match::Broken);
    }

    #[test]
    fn an_unknown_variable_is_open_only_where_some_value_would_match() {
        let mut context = Context::default();
        context.set("aws:PrincipalTag/team", crate::semantics::Value::Unknown);
        let held = |comparison, value| {
            let base = row(comparison).base;
            let operand = Operand::read(base, "Team-${aws:PrincipalTag/team}", Some(PolicyVersion::V2012));
            compare(base, &operand, value, &context, &mut Vec::new())
        };
        assert_eq!(held(Comparison::StringEquals, "Team-red"), Match::Unknown);
        assert_eq!(held(Comparison::StringEquals, "team-red"), Match::No);
        assert_eq!(held(Comparison::StringEqualsIgnoreCase, "TEAM-red"), Match::Unknown);
    }

    #[test]
    fn small_letters_are_compared_one_by_one() {
        assert_eq!(held(Comparison::StringEqualsIgnoreCase, "Ärger", "äRGER"), Match::Yes);
        assert_eq!(held(Comparison::StringEqualsIgnoreCase, "straße", "STRASSE"), Match::No);
        assert_eq!(held(Comparison::StringEquals, "a*", "ab"), Match::No);
    }
}
