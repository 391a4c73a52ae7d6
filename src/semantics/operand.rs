//! The values that conditions compare: numbers, instants, addresses.

use std::{cmp::Ordering, net::IpAddr};

use base64::{
    Engine, alphabet,
    engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig},
};

use crate::calendar;

/// A decimal number of any length, compared exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'t> {
    is_negative: bool,
    /// Without leading zeros.
    whole: &'t str,
    /// Without trailing zeros.
    fraction: &'t str,
}

impl<'t> Number<'t> {
    /// Reads digits with an optional sign and an optional fraction, and nothing else.
    #[must_use]
    pub fn read(text: &'t str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        Some(Self { is_negative: is_negative && !(whole.is_empty() && fraction.is_empty()), whole, fraction })
    }

    fn magnitude(&self, other: &Number<'_>) -> Ordering {
        let longer = self.whole.len().cmp(&other.whole.len());
        longer.then_with(|| self.whole.cmp(other.whole)).then_with(|| self.fraction.cmp(other.fraction))
    }

    /// Which of two is greater.
    #[must_use]
    pub fn compare(&self, other: &Number<'_>) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
        }
    }
}

/// A point in time: seconds since 1970, and nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    seconds: i64,
    nanoseconds: u32,
}

impl Instant {
    /// Reads a date of the W3C's profile of ISO 8601, of which a shorter one means its first instant, or seconds since
    /// 1970.
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", date condition operators.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && text.len() != 4 {
            return Some(Self { seconds: text.parse().ok()?, nanoseconds: 0 });
        }
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let year = calendar::number(parts.next()?, 4)?;
        let (month, day) = (parts.next(), parts.next());
        if parts.next().is_some() || (time.is_some() && day.is_none()) {
            return None;
        }
        let month = month.map_or(Some(1), |month| calendar::number(month, 2))?;
        let day = day.map_or(Some(1), |day| calendar::number(day, 2))?;
        let midnight = calendar::days(year, month, day)?.checked_mul(86_400)?;
        let Some(time) = time else { return Some(Self { seconds: midnight, nanoseconds: 0 }) };
        let (seconds, nanoseconds) = time_of_day(time)?;
        Some(Self { seconds: midnight + seconds, nanoseconds })
    }

    /// An instant a day earlier, if there is one.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        Some(Self { seconds: self.seconds.checked_sub(86_400)?, ..self })
    }

    /// An instant a day later, if there is one.
    #[must_use]
    pub fn after(self) -> Option<Self> {
        Some(Self { seconds: self.seconds.checked_add(86_400)?, ..self })
    }

    /// An instant between this one and a later one, on a whole second if it can be.
    #[must_use]
    pub fn between(self, later: Self) -> Option<Self> {
        let whole = Self { seconds: self.seconds.checked_add(1)?, nanoseconds: 0 };
        let next = Self { seconds: self.seconds, nanoseconds: self.nanoseconds + 1 };
        [whole, next].into_iter().find(|middle| *middle > self && *middle < later && middle.nanoseconds < 1_000_000_000)
    }

    /// The instant as it is spelt in a request: a date, or seconds since 1970 where no date of four digits is meant.
    #[must_use]
    pub fn spelt(self) -> Option<String> {
        let (day, second) = (self.seconds.div_euclid(86_400), self.seconds.rem_euclid(86_400));
        let (year, month, date) = calendar::date(day);
        if !(0..=9999).contains(&year) {
            return (self.nanoseconds == 0).then(|| self.seconds.to_string());
        }
        let fraction = if self.nanoseconds == 0 { String::new() } else { format!(".{:09}", self.nanoseconds) };
        let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
        Some(format!("{year:04}-{month:02}-{date:02}T{hours:02}:{minutes:02}:{seconds:02}{fraction}Z"))
    }
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.s` with `Z` or an offset: seconds since midnight of the date at Greenwich.
fn time_of_day(text: &str) -> Option<(i64, u32)> {
    let at = text.find(['Z', '+', '-'])?;
    let (clock, zone) = text.split_at(at);
    let offset = if zone == "Z" {
        0
    } else {
        let (hours, minutes) = zone.get(1..)?.split_once(':')?;
        let minutes = calendar::number(hours, 2).filter(|hours| *hours < 24)? * 60
            + calendar::number(minutes, 2).filter(|m| *m < 60)?;
        if zone.starts_with('-') { -minutes * 60 } else { minutes * 60 }
    };
    let mut parts = clock.split(':');
    let hours = calendar::number(parts.next()?, 2).filter(|hours| *hours < 24)?;
    let minutes = calendar::number(parts.next()?, 2).filter(|minutes| *minutes < 60)?;
    let (seconds, fraction) = match parts.next() {
        Some(seconds) => seconds.split_once('.').map_or((seconds, None), |(whole, part)| (whole, Some(part))),
        None => ("00", None),
    };
    if parts.next().is_some() {
        return None;
    }
    let seconds = calendar::number(seconds, 2).filter(|seconds| *seconds < 60)?;
    let nanoseconds = match fraction {
        None => 0,
        Some(part) if part.is_empty() || part.len() > 9 => return None,
        Some(part) => {
            u32::try_from(calendar::number(part, part.len())?).ok()? * 10_u32.pow(9 - u32::try_from(part.len()).ok()?)
        }
    };
    Some((hours * 3600 + minutes * 60 + seconds - offset, nanoseconds))
}

/// A range of addresses; bits behind the prefix do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    prefix: u8,
}

impl AddressRange {
    /// Reads an address, or a range in CIDR notation.
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", IP address condition operators.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().ok()?;
        let width = if first.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(text) if text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
            Some(_) => return None,
        };
        (prefix <= width).then_some(Self { first, prefix })
    }

    /// Whether every address of another range lies in this one.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        let (width, own, their) = match (self.first, other.first) {
            (IpAddr::V4(own), IpAddr::V4(their)) => (32, u128::from(u32::from(own)), u128::from(u32::from(their))),
            (IpAddr::V6(own), IpAddr::V6(their)) => (128, u128::from(own), u128::from(their)),
            _ => return false,
        };
        let shift = u32::from(width - self.prefix);
        let network = |address: u128| address.checked_shr(shift).unwrap_or(0);
        self.prefix <= other.prefix && network(own) == network(their)
    }

    /// Whether its addresses are of IPv4.
    #[must_use]
    pub const fn is_v4(&self) -> bool {
        self.first.is_ipv4()
    }

    /// How many bits every address of it shares.
    #[must_use]
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Its first and its last address, as numbers.
    #[must_use]
    pub fn bounds(&self) -> (u128, u128) {
        let (width, address) = match self.first {
            IpAddr::V4(address) => (32, u128::from(u32::from(address))),
            IpAddr::V6(address) => (128, u128::from(address)),
        };
        let open = width - u32::from(self.prefix);
        let hosts = 1_u128.checked_shl(open).map_or(u128::MAX, |size| size - 1);
        (address & !hosts, address | hosts)
    }
}

/// Bits that are left over at the end of a text do not count.
const BASE_64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// The bytes of a text in base 64; `None` where it is none.
pub(super) fn bytes_of_base64(text: &str) -> Option<Vec<u8>> {
    BASE_64.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(one: &str, other: &str) -> Option<Ordering> {
        Some(Number::read(one)?.compare(&Number::read(other)?))
    }

    #[test]
    fn numbers_are_compared_exactly_and_read_strictly() {
        assert_eq!(order("0.1", "0.10"), Some(Ordering::Equal));
        assert_eq!(order("-0", "0.0"), Some(Ordering::Equal));
        assert_eq!(order("9007199254740993", "9007199254740992"), Some(Ordering::Greater));
        assert_eq!(order("-2", "-10"), Some(Ordering::Greater));
        assert_eq!(order("1.5", "1.45"), Some(Ordering::Greater));
        for text in ["", "10abc", "1e3", " 1", "1.", ".5", "0x10"] {
            assert!(Number::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_date_and_its_seconds_are_one_instant() {
        let same = |one: &str, other: &str| Instant::read(one).is_some() && Instant::read(one) == Instant::read(other);
        assert!(same("2020-01-01T00:00:00Z", "1577836800"));
        assert!(same("2020", "2020-01-01"));
        assert!(same("2020-01-01T02:00+02:00", "2020-01-01T00:00Z"));
        assert!(same("2020-02-29T23:59:59.50Z", "2020-02-29T23:59:59.5Z"));
        for text in ["2021-02-29", "2020-13", "2020-01-01T00:00", "yesterday", "", "2020-01-01T24:00Z"] {
            assert_eq!(Instant::read(text), None, "{text}");
        }
    }

    #[test]
    fn an_instant_is_read_as_it_is_spelt() {
        for text in
            ["1970-01-01", "2020-02-29T23:59:59.5Z", "0001-03-01", "9999-12-31T23:59:59Z", "-86401", "253402300800"]
        {
            let instant = Instant::read(text).unwrap();
            assert_eq!(instant.spelt().and_then(|spelt| Instant::read(&spelt)), Some(instant), "{text}");
        }
    }

    #[test]
    fn an_address_is_one_however_it_is_spelt() {
        let holds = |range: &str, address: &str| Some(AddressRange::read(range)?.holds(&AddressRange::read(address)?));
        assert_eq!(holds("2001:db8::1", "2001:DB8:0::1"), Some(true));
        assert_eq!(holds("203.0.113.77/24", "203.0.113.5"), Some(true));
        assert_eq!(holds("0.0.0.0/0", "2001:db8::1"), Some(false));
        assert_eq!(holds("::/0", "2001:db8::1"), Some(true));
        assert_eq!(holds("203.0.113.0/33", "203.0.113.5"), None);
    }

    #[test]
    fn base_64_is_read_strictly() {
        assert_eq!(bytes_of_base64("QmluYXJ5").as_deref(), Some(&b"Binary"[..]));
        assert_eq!(bytes_of_base64("aGk=").as_deref(), Some(&b"hi"[..]));
        assert_eq!(bytes_of_base64("aGk"), None);
        assert_eq!(bytes_of_base64("a*b="), None);
    }
}
