//! Changes that several rules offer.

use crate::{
    policy::{Condition, Listed, Operator, Statement},
    source::{Edit, Span},
    syntax::print,
};

/// Takes one item out of a list, with the comma that goes with it; `None` where it is the only one.
///
/// `items` are the places of all items of the list. Where another follows, what stands between the two goes, so that a
/// comment behind the one before stays with it.
fn remove_item(mut items: Vec<Span>, item: Span) -> Option<Edit> {
    items.sort();
    let index = items.iter().position(|place| *place == item)?;
    let removed = match (index.checked_sub(1).and_then(|before| items.get(before)), items.get(index + 1)) {
        (_, Some(after)) => Span { end: after.start, ..item },
        (Some(before), None) => Span { start: before.end, ..item },
        (None, None) => return None,
    };
    Some(Edit::remove(removed))
}

/// The places of all items of a list.
fn places<T>(listed: &Listed<T>) -> Vec<Span> {
    let read = listed.read.iter().map(|value| value.span);
    let malformed = listed.malformed.iter().map(|value| value.span);
    read.chain(malformed).chain(listed.unknown.iter().copied()).collect()
}

/// Takes one item out of a list, if others remain.
pub(super) fn remove_from<T>(listed: &Listed<T>, item: Span) -> Option<Edit> {
    if !listed.is_list {
        return None;
    }
    // A list that was read whole stands in the order of the file.
    if listed.is_read_whole() {
        let index = listed.read.partition_point(|value| value.span < item);
        let from = index.saturating_sub(1);
        let near = listed.read.get(from..(index + 2).min(listed.read.len()))?;
        return remove_item(near.iter().map(|value| value.span).collect(), item);
    }
    remove_item(places(listed), item)
}

/// Takes several items out of a list, if others remain. The list must have been read whole.
pub(super) fn remove_all_from<T>(listed: &Listed<T>, items: &[Span]) -> Option<Vec<Edit>> {
    if !listed.is_list || !listed.is_read_whole() {
        return None;
    }
    let mut edits = Vec::new();
    let mut kept: Option<Span> = None;
    let mut removed: Option<Span> = None;
    for place in listed.read.iter().map(|value| value.span) {
        if items.contains(&place) {
            removed = Some(removed.map_or(place, |from: Span| from.to(place)));
            continue;
        }
        if let Some(range) = removed.take() {
            edits.push(Edit::remove(Span { end: place.start, ..range }));
        }
        kept = Some(place);
    }
    let before = kept?;
    edits.extend(removed.map(|range| Edit::remove(Span { start: before.end, ..range })));
    Some(edits)
}

/// Writes another operator before a row's key; `None` where that would change other rows, or give the statement two
/// blocks of one operator.
pub(super) fn rename_operator(condition: &Condition, operator: Operator, statement: &Statement) -> Option<Edit> {
    let place = condition.operator.span;
    let mut others = statement.conditions.iter().filter(|other| other.element.key != condition.element.key);
    let is_alone = !others.any(|other| other.operator.span == place || other.operator.value == operator);
    (is_alone && statement.unread_conditions.is_empty())
        .then(|| Edit::replace(place, print::quoted(&operator.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    /// The text with the items taken away that `words` name.
    fn without(text: &str, items: &[&str], gone: &str) -> String {
        let place = |word: &str| {
            let start = u32::try_from(text.find(word).unwrap()).unwrap();
            Span { source: SourceId(0), start, end: start + u32::try_from(word.len()).unwrap() }
        };
        let edit = remove_item(items.iter().map(|word| place(word)).collect(), place(gone)).unwrap();
        Edit::apply(text, &[edit])
    }

    #[test]
    fn a_comment_behind_the_item_before_stays_with_it() {
        let text = "[\n  \"a\", // A\n  \"b\", // B\n  \"c\"\n]";
        assert_eq!(without(text, &["\"a\"", "\"b\"", "\"c\""], "\"b\""), "[\n  \"a\", // A\n  \"c\"\n]");
    }

    #[test]
    fn the_last_item_takes_the_comma_before_it_along() {
        assert_eq!(without("[\"a\", \"b\"]", &["\"a\"", "\"b\""], "\"b\""), "[\"a\"]");
    }
}
