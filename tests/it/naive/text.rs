//! Texts, patterns, numbers, dates and addresses, read one character at a time.

use std::cmp::Ordering;

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// This character.
    Char(char),
    /// Any one character.
    One,
    /// Any run of characters.
    Run,
    /// Text that is not known.
    Unknown,
    /// An empty text that a variable stands for, which may count as no value.
    Nothing,
}

/// A text in which `*` and `?` stand for others.
pub(crate) fn pattern(text: &str) -> Vec<Step> {
    let step = |letter| match letter {
        '*' => Step::Run,
        '?' => Step::One,
        other => Step::Char(other),
    };
    text.chars().map(step).collect()
}

/// A text in which every character stands for itself.
pub(crate) fn plain(text: &str) -> Vec<Step> {
    text.chars().map(Step::Char).collect()
}

/// Whether a pattern matches a whole text, each run tried at every length.
pub(crate) fn matches(steps: &[Step], text: &str) -> bool {
    let Some((step, rest)) = steps.split_first() else { return text.is_empty() };
    let mut letters = text.chars();
    match step {
        Step::Run | Step::Unknown => {
            matches(rest, text) || letters.next().is_some_and(|_| matches(steps, letters.as_str()))
        }
        Step::Nothing => matches(rest, text),
        Step::One => letters.next().is_some_and(|_| matches(rest, letters.as_str())),
        Step::Char(wanted) => letters.next() == Some(*wanted) && matches(rest, letters.as_str()),
    }
}

/// Splits at the first five colons, those inside `${…}` not counted.
pub(crate) fn six_parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut inside = false;
    let mut before = ' ';
    for letter in text.chars() {
        inside = match letter {
            '{' if before == '$' => true,
            '}' => false,
            _ => inside,
        };
        before = letter;
        if letter == ':' && !inside && parts.len() < 6 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts
}

/// Compares two decimal numbers exactly; `None` where either is none.
pub(crate) fn compare_numbers(one: &str, other: &str) -> Option<Ordering> {
    let (one_below, one) = decimal(one)?;
    let (other_below, other) = decimal(other)?;
    Some(match (one_below, other_below) {
        (false, false) => magnitude(&one, &other),
        (true, true) => magnitude(&other, &one),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    })
}

/// Sign, digits before the point without leading zeros, digits behind it without trailing ones.
fn decimal(text: &str) -> Option<(bool, (String, String))> {
    let (below, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0').to_owned();
    let fraction = fraction.trim_end_matches('0').to_owned();
    let is_zero = whole.is_empty() && fraction.is_empty();
    Some((below && !is_zero, (whole, fraction)))
}

fn magnitude(one: &(String, String), other: &(String, String)) -> Ordering {
    one.0.len().cmp(&other.0.len()).then_with(|| one.cmp(other))
}

/// Seconds and nanoseconds since 1970, of epoch seconds or of an ISO date; `None` where it is neither.
pub(crate) fn instant(text: &str) -> Option<(i64, u32)> {
    if !text.contains('-') && text.len() > 4 {
        return text.parse().ok().map(|seconds| (seconds, 0));
    }
    let (date, clock) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let mut numbers = date.split('-').map(|part| part.parse::<i64>().ok());
    let year = numbers.next()??;
    let month = numbers.next().unwrap_or(Some(1))?;
    let day = numbers.next().unwrap_or(Some(1))?;
    let (clock, offset) = zone(clock)?;
    let mut units = clock.split(':');
    let hour: i64 = units.next()?.parse().ok()?;
    let minute: i64 = units.next()?.parse().ok()?;
    let (second, nanos) = match units.next() {
        Some(part) => second(part)?,
        None => (0, 0),
    };
    let days = days_before(year, month)? + day - 1;
    Some((days * 86_400 + hour * 3_600 + minute * 60 + second - offset, nanos))
}

fn zone(clock: &str) -> Option<(&str, i64)> {
    if let Some(clock) = clock.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let at = clock.rfind(['+', '-'])?;
    let (hours, minutes) = clock[at + 1..].split_once(':')?;
    let seconds = hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60;
    Some((&clock[..at], if clock[at..].starts_with('-') { -seconds } else { seconds }))
}

fn second(part: &str) -> Option<(i64, u32)> {
    let (whole, fraction) = part.split_once('.').unwrap_or((part, "0"));
    Some((whole.parse().ok()?, format!("{fraction:0<9}").parse().ok()?))
}

/// Days from 1970 to the first of a month, counted year by year.
fn days_before(year: i64, month: i64) -> Option<i64> {
    let is_leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let of_years: i64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let lengths = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let passed = usize::try_from(month).ok()?.checked_sub(1)?;
    Some(of_years + lengths.iter().take(passed).sum::<i64>())
}

/// Whether an address lies in a range; `None` where one of the two is no address.
pub(crate) fn in_range(address: &str, range: &str) -> Option<bool> {
    let (base, length) = range.split_once('/').unwrap_or((range, ""));
    let (address, base) = (bits(address)?, bits(base)?);
    let length = if length.is_empty() { base.len() } else { length.parse().ok()? };
    let base_start = base.get(..length)?;
    Some(address.len() == base.len() && address.starts_with(base_start))
}

/// An address, bit by bit.
fn bits(text: &str) -> Option<Vec<bool>> {
    let octets = match text.parse().ok()? {
        std::net::IpAddr::V4(address) => address.octets().to_vec(),
        std::net::IpAddr::V6(address) => address.octets().to_vec(),
    };
    Some(octets.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1)).collect())
}

/// The bytes of a base-64 text; `None` where it is none.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = Vec::new();
    for letter in text.trim_end_matches('=').chars() {
        let value = ALPHABET.find(letter)?;
        bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
    }
    let byte = |bits: &[bool]| bits.iter().fold(0_u8, |byte, bit| byte << 1 | u8::from(*bit));
    Some(bits.chunks_exact(8).map(byte).collect())
}
