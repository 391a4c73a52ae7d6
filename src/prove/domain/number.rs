//! Numbers, parted at those that a policy names.

use std::cmp::Ordering;

use crate::semantics::Number;

/// A number of each class: each that is named, one below and one above all, and one in every gap. Whole ones where the gap
/// has any.
#[must_use]
pub(in crate::prove) fn classes(named: &[&str]) -> Vec<String> {
    let mut points: Vec<&str> = named.iter().copied().filter(|text| Number::read(text).is_some()).collect();
    points.sort_by(|one, other| order(one, other));
    points.dedup_by(|one, other| order(one, other).is_eq());
    let mut all = Vec::with_capacity(points.len() * 2 + 1);
    let Some((first, last)) = points.first().zip(points.last()) else { return vec!["0".to_owned()] };
    all.push(below(first));
    for pair in points.windows(2) {
        if let [one, other] = pair {
            all.push((*one).to_owned());
            all.push(between(one, other));
        }
    }
    all.push((*last).to_owned());
    all.push(above(last));
    all
}

fn order(one: &str, other: &str) -> Ordering {
    match (Number::read(one), Number::read(other)) {
        (Some(one), Some(other)) => one.compare(&other),
        _ => Ordering::Equal,
    }
}

/// A number's sign and its digits before and behind the point.
fn split(text: &str) -> (bool, &str, &str) {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    (is_negative, whole, fraction)
}

/// The next whole number further from zero.
fn further(whole: &str) -> String {
    let mut digits: Vec<u8> = whole.bytes().collect();
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return String::from_utf8(digits).unwrap_or_default();
        }
        *digit = b'0';
    }
    format!("1{}", "0".repeat(whole.len()))
}

fn above(text: &str) -> String {
    let (is_negative, whole, _) = split(text);
    if is_negative { "1".to_owned() } else { further(whole) }
}

fn below(text: &str) -> String {
    let (is_negative, whole, _) = split(text);
    if is_negative {
        format!("-{}", further(whole))
    } else if order(text, "0").is_gt() {
        "0".to_owned()
    } else {
        "-1".to_owned()
    }
}

/// A number between two: a whole one if there is one, else the smaller with one more digit.
fn between(low: &str, high: &str) -> String {
    let (is_negative, whole, fraction) = split(low);
    let next = if is_negative {
        if order(high, "0").is_gt() { "0".to_owned() } else { format!("-{}", split(high).1) }
    } else {
        further(whole)
    };
    if order(&next, low).is_gt() && order(&next, high).is_lt() {
        return next;
    }
    if is_negative {
        // Towards zero from `low` is away from zero from `high`.
        let (_, whole, fraction) = split(high);
        return nudged(whole, fraction, &|text| order(&format!("-{text}"), low).is_gt(), "-");
    }
    nudged(whole, fraction, &|text| order(text, high).is_lt(), "")
}

/// A number a little further from zero than digits say.
fn nudged(whole: &str, fraction: &str, fits: &dyn Fn(&str) -> bool, sign: &str) -> String {
    let mut digits = fraction.to_owned();
    // Each zero makes the step a tenth; the gap is no narrower than its ends are long. Past a few, twice as many are tried
    // each time: to try every number of them would take the square of it.
    let mut zeros = 1;
    loop {
        let text = format!("{whole}.{digits}1");
        if fits(&text) || digits.len() > LONGEST {
            return format!("{sign}{text}");
        }
        digits.extend(std::iter::repeat_n('0', zeros));
        zeros = if digits.len() < FEW { 1 } else { digits.len() };
    }
}

/// So many zeros are tried one by one.
const FEW: usize = 16;

/// Longer than any number that a policy within its bound can name.
const LONGEST: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fall_into_points_and_gaps() {
        assert_eq!(classes(&["10", "3600", "10.0"]), ["0", "10", "11", "3600", "3601"]);
        assert_eq!(classes(&["0", "1"]), ["-1", "0", "0.1", "1", "2"]);
        assert_eq!(classes(&["1.5", "1.6"]), ["0", "1.5", "1.51", "1.6", "2"]);
    }

    #[test]
    fn gaps_below_zero_hold_a_number_too() {
        for (low, high) in [("-2", "-1"), ("-1", "0"), ("-10", "5"), ("-1.2", "-1.1"), ("-0.1", "0.1"), ("-3", "-2.5")]
        {
            let middle = between(low, high);
            assert!(order(low, &middle).is_lt() && order(&middle, high).is_lt(), "{low} {middle} {high}");
        }
    }

    #[test]
    fn a_gap_as_narrow_as_a_policy_can_write_holds_a_number() {
        let narrow = format!("1.{}1", "0".repeat(200_000));
        for (low, high) in [("1", narrow.as_str()), (&format!("-{narrow}"), "-1")] {
            let middle = between(low, high);
            assert!(order(low, &middle).is_lt() && order(&middle, high).is_lt());
        }
    }
}
