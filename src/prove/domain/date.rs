//! Instants, parted at those that a policy names.

use crate::semantics::Instant;

/// An instant of each class, as a date: each that is named, one before and one after all, and one in every gap.
#[must_use]
pub(in crate::prove) fn classes(named: &[Instant]) -> Vec<String> {
    let mut points = named.to_vec();
    points.sort_unstable();
    points.dedup();
    let Some((first, last)) = points.first().zip(points.last()) else { return vec![DEFAULT.to_owned()] };
    let mut all = Vec::with_capacity(points.len() * 2 + 1);
    all.extend(first.before().and_then(Instant::spelt));
    for pair in points.windows(2) {
        if let [one, other] = pair {
            all.extend(one.spelt());
            all.extend(one.between(*other).and_then(Instant::spelt));
        }
    }
    all.extend(last.spelt());
    all.extend(last.after().and_then(Instant::spelt));
    all
}

const DEFAULT: &str = "2026-01-01T00:00:00Z";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Instant {
        Instant::read(text).unwrap()
    }

    #[test]
    fn dates_fall_into_points_and_gaps() {
        let found = classes(&[read("2026-06-30T00:00:00Z"), read("2026-01-01"), read("1767225600")]);
        let order: Vec<Instant> = found.iter().map(|text| read(text)).collect();
        assert_eq!(found.len(), 5, "{found:?}");
        assert!(order.is_sorted() && found[1] == "2026-01-01T00:00:00Z", "{found:?}");
    }

    #[test]
    fn instants_a_nanosecond_apart_have_none_between_them() {
        let near = [read("2026-01-01T00:00:00Z"), read("2026-01-01T00:00:00.000000001Z")];
        assert_eq!(classes(&near).len(), 4);
    }
}
