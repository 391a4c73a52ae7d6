//! Places that nothing may show.

use super::Span;

/// The places of values that no report may show: in order, and none overlaps another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(Vec<Span>);

impl Secrets {
    /// Places in any order; those that overlap become one.
    #[must_use]
    pub fn new(mut places: Vec<Span>) -> Self {
        places.sort_unstable();
        let mut merged: Vec<Span> = Vec::with_capacity(places.len());
        for place in places {
            match merged.last_mut().filter(|last| last.source == place.source && place.start < last.end) {
                Some(last) => last.end = last.end.max(place.end),
                None => merged.push(place),
            }
        }
        Self(merged)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that share a byte with a place, in order.
    pub fn touching(&self, place: Span) -> impl Iterator<Item = Span> {
        let before = |secret: &Span| (secret.source, secret.end) <= (place.source, place.start);
        let first = self.0.partition_point(before);
        let rest = self.0.get(first..).unwrap_or_default().iter().copied();
        rest.take_while(move |secret| secret.source == place.source && secret.start < place.end)
    }

    /// Whether any shares a byte with a place.
    #[must_use]
    pub fn touch(&self, place: Span) -> bool {
        self.touching(place).next().is_some()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Span> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn span(source: u32, start: u32, end: u32) -> Span {
        Span { source: SourceId(source), start, end }
    }

    #[test]
    fn places_within_and_over_one_another_become_one() {
        let secrets = Secrets::new(vec![span(0, 8, 12), span(0, 2, 9), span(0, 3, 4), span(1, 3, 4)]);
        assert_eq!(secrets, Secrets(vec![span(0, 2, 12), span(1, 3, 4)]));
    }

    #[test]
    fn a_place_is_touched_by_what_shares_a_byte_with_it() {
        let secrets = Secrets::new(vec![span(0, 2, 4), span(0, 6, 8)]);
        assert!(secrets.touch(span(0, 3, 9)) && secrets.touch(span(0, 7, 8)));
        assert!(!secrets.touch(span(0, 4, 6)) && !secrets.touch(span(1, 2, 4)) && !secrets.touch(span(0, 8, 9)));
        assert_eq!(secrets.touching(span(0, 0, 7)).count(), 2);
    }
}
