//! Days of the civil calendar, counted from 1970.

/// A day such as `2026-10-27`, counted from 1970; `None` where the text is no such day.
#[must_use]
pub fn day(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    days(number(year, 4)?, number(month, 2)?, number(day, 2)?)
}

/// A number of exactly so many digits.
#[must_use]
pub fn number(text: &str, digits: usize) -> Option<i64> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// Days from 1970 to a date; `None` where there is no such day.
#[must_use]
pub fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // March begins the year, so that a leap day ends it.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

/// The year, month and day of a day counted from 1970.
#[must_use]
pub fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, day_of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let date = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = (year + era * 400, if month < 10 { month + 3 } else { month - 9 });
    (if month <= 2 { year + 1 } else { year }, month, date)
}

/// A second counted from 1970, such as `2026-03-07T12:30:00`, in UTC.
#[must_use]
pub fn second(seconds: i64) -> String {
    let (year, month, day) = date(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// The second, counted from 1970, of a moment in ISO 8601 such as `2026-03-07T12:30:00.25+01:00`; without an offset it is in
/// UTC.
#[must_use]
pub fn instant(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once('T')?;
    let clock = rest.get(..8)?;
    let mut parts = clock.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let rest = rest.get(8..)?;
    let fraction = rest.strip_prefix('.').unwrap_or(rest).trim_start_matches(|digit: char| digit.is_ascii_digit());
    let rest = if rest.starts_with('.') { fraction } else { rest };
    let offset = match rest.strip_prefix(['+', '-']) {
        None if matches!(rest, "" | "Z" | "z") => 0,
        None => return None,
        Some(offset) => {
            let (hours, minutes) = offset.split_once(':').or_else(|| offset.split_at_checked(2))?;
            let seconds = (number(hours, 2)? * 60 + number(minutes, 2)?) * 60;
            if rest.starts_with('-') { -seconds } else { seconds }
        }
    };
    Some(day(date)? * 86_400 + (hour * 60 + minute) * 60 + second - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_by_the_civil_calendar() {
        assert_eq!([day("1970-01-01"), day("2000-03-01"), day("2026-10-27")], [Some(0), Some(11_017), Some(20_753)]);
        assert_eq!(day("soon"), None);
    }

    #[test]
    fn what_stands_in_no_calendar_is_no_day() {
        assert_eq!([day("2026-02-29"), day("2026-13-01"), day("2026-1-1"), day("2026-01-01-01")], [None; 4]);
        assert!(day("2024-02-29").is_some());
    }

    #[test]
    fn a_moment_is_counted_in_utc_whatever_its_offset() {
        let noon = Some(1_772_884_800);
        for text in [
            "2026-03-07T12:00:00Z",
            "2026-03-07T12:00:00",
            "2026-03-07T13:00:00.123456+01:00",
            "2026-03-07T06:30:00-0530",
        ] {
            assert_eq!(instant(text), noon, "{text}");
        }
        for text in ["2026-03-07", "2026-03-07T12:00", "2026-03-07T12:00:00 UTC", "2026-03-07T12:00:00+1", "noon"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_and_its_date_are_one() {
        assert_eq!([date(0), date(20_753)], [(1970, 1, 1), (2026, 10, 27)]);
    }
}
