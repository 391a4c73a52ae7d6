//! Changes that several rules offer.

use crate::{
    policy::Listed,
    source::{Edit, Span},
};

/// Takes one item out of a list, with the comma that goes with it; `None` where it is the only one.
///
/// `items` are the places of all items of the list.
pub(super) fn remove_item(mut items: Vec<Span>, item: Span) -> Option<Edit> {
    items.sort();
    let index = items.iter().position(|place| *place == item)?;
    let removed = match (index.checked_sub(1).and_then(|before| items.get(before)), items.get(index + 1)) {
        (Some(before), _) => Span { start: before.end, ..item },
        (None, Some(after)) => Span { end: after.start, ..item },
        (None, None) => return None,
    };
    Some(Edit::remove(removed))
}

/// The places of all items of a list.
pub(super) fn places<T>(listed: &Listed<T>) -> Vec<Span> {
    let read = listed.read.iter().map(|value| value.span);
    let malformed = listed.malformed.iter().map(|value| value.span);
    read.chain(malformed).chain(listed.unknown.iter().copied()).collect()
}

/// Takes one item out of a list, if others remain.
pub(super) fn remove_from<T>(listed: &Listed<T>, item: Span) -> Option<Edit> {
    listed.is_list.then(|| remove_item(places(listed), item))?
}
