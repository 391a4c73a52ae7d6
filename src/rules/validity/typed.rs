//! Values that their operator cannot compare: no number, no date, no address.

use std::cmp::Ordering;

use crate::{
    finding::{Applicability, Finding, RuleInfo, Severity},
    policy::{Comparison, Condition, Policy, PolicyVersion, Statement, is_placeholder},
    rules::{Check, Findings, RuleContext, declare::declare_rules, edits},
    source::Spanned,
    syntax::{Node, Value},
};

use super::{address, shape::statement_node};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a value that its operator cannot read: a word under `Bool`, `Numeric…` or `Date…`, text that is no base64 under
    /// `BinaryEquals`, and what is no address or range under `IpAddress`.
    ///
    /// ## Why it matters
    /// No request ever has this value: the condition never holds, or with a negated operator always.
    ///
    /// ## How to fix it
    /// Write `true` or `false`, a number, a date such as `2026-10-27` or `2026-10-27T12:00:00Z`, bytes in base64, or a range
    /// such as `203.0.113.0/24`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", type mismatch Boolean, date, number, string and IP range;
    /// "IAM JSON policy elements: Condition operators".
    pub VALUE_OF_WRONG_TYPE = {
        id: "value-of-wrong-type", code: Some("TYPE_MISMATCH_NUMBER"),
        further_codes: &[
            "TYPE_MISMATCH_BOOLEAN",
            "TYPE_MISMATCH_DATE",
            "TYPE_MISMATCH_IP_RANGE",
            "TYPE_MISMATCH_STRING",
        ],
        severity: Warning, confidence: High, persona: Regular,
        summary: "a value that its operator cannot read",
    }

    /// ## What it does
    /// Flags a date that is written as the seconds since 1970 under a `Date…` operator. `aws:EpochTime` is left out: it is
    /// made of such seconds.
    ///
    /// ## Why it matters
    /// AWS takes it, and warns that it might not be the instant that is meant; nobody can read it.
    ///
    /// ## How to fix it
    /// Write the date as `YYYY-MM-DD`, with the time behind it where that counts.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", invalid date value.
    pub DATE_IN_SECONDS = {
        id: "date-in-seconds", code: Some("INVALID_DATE_VALUE"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "a date is written in seconds",
    }

    /// ## What it does
    /// Flags several values under `Bool`.
    ///
    /// ## Why it matters
    /// The key has one value. `["true", "false"]` is met by every request that carries it.
    ///
    /// ## How to fix it
    /// Keep the one that is meant.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", invalid condition multiple Boolean.
    pub SEVERAL_BOOLEANS = {
        id: "several-booleans", code: Some("INVALID_CONDITION_MULTIPLE_BOOLEAN"),
        severity: Error, confidence: High, persona: Regular,
        summary: "several values under Bool",
    }

    /// ## What it does
    /// Flags values of a condition of which some are JSON strings and others numbers or Booleans.
    ///
    /// ## Why it matters
    /// AWS refuses the policy.
    ///
    /// ## How to fix it
    /// Write all of them with quotes, or none.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", invalid condition data type.
    pub VALUES_OF_SEVERAL_TYPES = {
        id: "values-of-several-types", code: Some("INVALID_CONDITION_DATA_TYPE"),
        severity: Error, confidence: High, persona: Regular,
        summary: "values of a condition with and without quotes",
    }

    /// ## What it does
    /// Flags several numbers under an operator for which only the greatest or the least of them counts.
    ///
    /// ## Why it matters
    /// The others limit nothing. Whoever adds a smaller one to narrow the statement changes nothing.
    ///
    /// ## How to fix it
    /// Keep the greatest under `NumericLessThan`, the least under `NumericGreaterThan`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", redundant condition value num.
    pub REDUNDANT_NUMBER = {
        id: "redundant-number", code: Some("REDUNDANT_CONDITION_VALUE_NUM"),
        severity: Note, confidence: High, persona: Pedantic,
        summary: "numbers of which only one counts",
    }

    /// ## What it does
    /// Flags a policy variable under an operator that takes none: all but those on texts and ARNs.
    ///
    /// ## Why it matters
    /// AWS refuses the policy, or the condition never holds.
    ///
    /// ## How to fix it
    /// Write the value out, or compare it as a text.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", invalid variable for operator; "IAM policy elements:
    /// Variables and tags".
    pub VARIABLE_UNDER_OPERATOR = {
        id: "variable-under-operator", code: Some("INVALID_VARIABLE_FOR_OPERATOR"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a policy variable under an operator that takes none",
    }
}

/// The values of conditions that are no texts.
pub(crate) struct Typed;

impl Check for Typed {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in &statement.conditions {
            several_types(condition, statement, cx, out);
            let Some(kind) = Kind::of(condition.operator.value.comparison) else { continue };
            let has_variables = has_variables(&cx.document.policy);
            for value in &condition.values.read {
                if value.value.contains("${") {
                    if has_variables {
                        let message =
                            format!("`{}` takes no policy variable", condition.operator.value.comparison.name());
                        let finding = Finding::new(&VARIABLE_UNDER_OPERATOR, value.span, message);
                        out.push(
                            finding.help("write the value out; variables stand under operators on texts and ARNs"),
                        );
                    }
                } else if !is_placeholder(&value.value) {
                    one(kind, value, condition, out);
                }
            }
            together(kind, condition, out);
        }
    }
}

fn has_variables(policy: &Policy) -> bool {
    policy.version.as_ref().is_some_and(|version| version.value == PolicyVersion::V2012) || policy.fragment
}

/// What a value must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boolean,
    /// The value of `Null`.
    Presence,
    Number,
    Date,
    Bytes,
    Address,
}

impl Kind {
    fn of(comparison: Comparison) -> Option<Self> {
        use Comparison as C;
        Some(match comparison {
            C::Bool => Self::Boolean,
            C::Null => Self::Presence,
            C::NumericEquals
            | C::NumericNotEquals
            | C::NumericLessThan
            | C::NumericLessThanEquals
            | C::NumericGreaterThan
            | C::NumericGreaterThanEquals => Self::Number,
            C::DateEquals
            | C::DateNotEquals
            | C::DateLessThan
            | C::DateLessThanEquals
            | C::DateGreaterThan
            | C::DateGreaterThanEquals => Self::Date,
            C::BinaryEquals => Self::Bytes,
            C::IpAddress | C::NotIpAddress => Self::Address,
            _ => return None,
        })
    }

    /// What is to be written, and the code where it is not.
    const fn expected(self) -> (&'static str, &'static str) {
        match self {
            Self::Boolean | Self::Presence => ("`true` or `false`", "TYPE_MISMATCH_BOOLEAN"),
            Self::Number => ("a number", "TYPE_MISMATCH_NUMBER"),
            Self::Date => ("a date such as 2026-10-27 or 2026-10-27T12:00:00Z", "TYPE_MISMATCH_DATE"),
            Self::Bytes => ("bytes in base64", "TYPE_MISMATCH_STRING"),
            Self::Address => ("a range such as 203.0.113.0/24", "TYPE_MISMATCH_IP_RANGE"),
        }
    }

    fn reads(self, text: &str) -> bool {
        match self {
            Self::Boolean | Self::Presence => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
            Self::Number => number(text).is_some(),
            Self::Date => is_seconds(text) || is_date(text),
            Self::Bytes => is_base64(text),
            Self::Address => address::Range::read(text).is_some(),
        }
    }
}

fn one(kind: Kind, value: &Spanned<String>, condition: &Condition, out: &mut Findings<'_>) {
    let text = value.value.as_str();
    if !kind.reads(text) {
        let (expected, code) = kind.expected();
        let message = format!("`{}` cannot compare `{text}`", condition.operator.value.comparison.name());
        let finding = Finding::new(&VALUE_OF_WRONG_TYPE, value.span, message).code(code);
        let finding = finding.help(format!("write {expected}"));
        out.push(if kind == Kind::Address { finding.severity(Severity::Error) } else { finding });
    } else if kind == Kind::Date && is_seconds(text) && !condition.key.value.is("aws:EpochTime") {
        let finding = Finding::new(&DATE_IN_SECONDS, value.span, format!("`{text}` is read as seconds since 1970"));
        out.push(finding.help("write the date as YYYY-MM-DD, or as YYYY-MM-DDThh:mm:ssZ"));
    }
}

fn several_types(condition: &Condition, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    // Only a number or a Boolean can stand without quotes.
    let is_bare = |value: &String| Kind::Boolean.reads(value) || number(value).is_some();
    if condition.values.read.len() < 2 || !condition.values.values().any(is_bare) {
        return;
    }
    let Some(items) = value_nodes(condition, statement, &cx.document.node) else { return };
    let mut read =
        items.iter().filter(|node| matches!(node.value, Value::String(_) | Value::Number(_) | Value::Bool(_)));
    let Some(first) = read.next() else { return };
    if let Some(other) = read.find(|node| node.kind() != first.kind()) {
        let finding = Finding::new(&VALUES_OF_SEVERAL_TYPES, other.span, "this value is of another JSON type")
            .related(first.span, "than this one");
        out.push(finding.help("write all values with quotes, or none"));
    }
}

fn value_nodes<'n, 'a>(condition: &Condition, statement: &Statement, root: &'n Node<'a>) -> Option<&'n [Node<'a>]> {
    let member = |node: &'n Node<'a>, key| node.as_map()?.iter().find(|member| member.key_span == key);
    let conditions = statement_node(statement, root)?.get("Condition")?;
    let operator = member(conditions, condition.operator.span)?;
    Some(member(&operator.value, condition.key.span)?.value.items())
}

fn together(kind: Kind, condition: &Condition, out: &mut Findings<'_>) {
    if condition.values.len() < 2 {
        return;
    }
    if kind == Kind::Boolean {
        let message = format!("{} has one value, not {}", condition.key.value.as_str(), condition.values.len());
        out.push(Finding::new(&SEVERAL_BOOLEANS, condition.key.span, message).help("keep the value that is meant"));
    }
    let wanted = match condition.operator.value.comparison {
        Comparison::NumericLessThan | Comparison::NumericLessThanEquals => Ordering::Greater,
        Comparison::NumericGreaterThan | Comparison::NumericGreaterThanEquals => Ordering::Less,
        _ => return,
    };
    redundant_numbers(wanted, condition, out);
}

fn redundant_numbers(wanted: Ordering, condition: &Condition, out: &mut Findings<'_>) {
    let values = &condition.values.read;
    let numbers: Option<Vec<f64>> = values.iter().map(|value| number(&value.value)).collect();
    let Some(numbers) = numbers.filter(|numbers| numbers.len() == condition.values.len()) else { return };
    let best = (1..numbers.len())
        .fold(0, |best, index| if numbers[index].total_cmp(&numbers[best]) == wanted { index } else { best });
    let (which, kept) = (if wanted == Ordering::Greater { "greatest" } else { "least" }, &values[best]);
    let message = format!("only the {which} of these counts, {}", kept.value);
    let finding = Finding::new(&REDUNDANT_NUMBER, condition.values.element.value, message).help("keep that one");
    let others: Vec<_> =
        values.iter().enumerate().filter(|(index, _)| *index != best).map(|(_, value)| value.span).collect();
    out.push(match edits::remove_all_from(&condition.values, &others) {
        Some(edits) => finding.fix(format!("keep {}", kept.value), Applicability::Safe, edits),
        None => finding,
    });
}

/// An integer or a decimal, as IAM reads it.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

fn is_seconds(text: &str) -> bool {
    // Four digits are a year.
    text.len() > 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is a date of W3C's profile of ISO 8601: from a year to a second with its fraction.
fn is_date(text: &str) -> bool {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let part = |part: Option<&str>, length: usize, range: std::ops::RangeInclusive<u32>| {
        part.is_none_or(|part| digits(part, length).is_some_and(|number| range.contains(&number)))
    };
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let is_day = part(year, 4, 0..=9999) && part(month, 2, 1..=12) && part(day, 2, 1..=31) && parts.next().is_none();
    is_day && time.is_none_or(|time| day.is_some() && is_time(time))
}

fn is_time(text: &str) -> bool {
    let clock = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => {
            let (clock, zone) = text.split_at(at);
            let offset = zone.trim_start_matches(['+', '-']);
            let is_zone = zone.eq_ignore_ascii_case("z")
                || digits(&offset.replace(':', ""), 4).is_some_and(|offset| offset <= 1_500);
            if !is_zone {
                return false;
            }
            clock
        }
        None => text,
    };
    let (clock, fraction) = clock.split_once('.').map_or((clock, "0"), |(clock, fraction)| (clock, fraction));
    let parts: Vec<Option<u32>> = clock.split(':').map(|part| digits(part, 2)).collect();
    let is_clock = match parts[..] {
        [Some(hour), Some(minute)] => hour < 25 && minute < 60,
        [Some(hour), Some(minute), Some(second)] => hour < 25 && minute < 60 && second < 61,
        _ => false,
    };
    is_clock && !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits(text: &str, length: usize) -> Option<u32> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}
