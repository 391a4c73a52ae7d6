//! Which actions a pattern covers.

use super::{Action, Reference, Service, layout};
use crate::policy::glob;

/// The actions that a pattern covers, in the order of the reference.
///
/// A name holds one colon, so a pattern with a colon covers what its two halves cover. Where it has none, as `*` has, a
/// wildcard stands for the colon too.
pub(super) fn actions<'r>(reference: &'r Reference, pattern: &str) -> impl Iterator<Item = Action<'r>> {
    let halves = pattern.split_once(':');
    let by_halves = halves.into_iter().flat_map(move |(service, name)| {
        services(reference, service)
            .filter(move |found| covers(service, found.prefix()))
            .flat_map(move |found| named(found, name))
    });
    let whole = halves.is_none().then_some(pattern);
    let by_whole = whole.into_iter().flat_map(move |pattern| {
        let is_every = glob::is_stars(pattern);
        services(reference, pattern)
            .flat_map(Service::actions)
            .filter(move |action| is_every || covers(pattern, &action.to_string()))
    });
    by_halves.chain(by_whole)
}

/// The services that start as a pattern does.
fn services<'r>(reference: &'r Reference, pattern: &str) -> impl Iterator<Item = Service<'r>> + use<'r> {
    let rows = reference.blob.rows(layout::SERVICES);
    let rows =
        reference.blob.starting_with(layout::SERVICES, rows, layout::service::PREFIX, glob::literal_start(pattern));
    rows.map(|row| Service { reference, row })
}

/// The actions of a service whose names a pattern covers.
pub(super) fn named<'r>(service: Service<'r>, pattern: &str) -> impl Iterator<Item = Action<'r>> {
    let blob = &service.reference.blob;
    let start = glob::literal_start(pattern);
    let rows = blob.starting_with(layout::ACTIONS, service.action_rows(), layout::action::NAME, start);
    let is_start = pattern.get(start.len()..).is_some_and(glob::is_stars);
    let found = rows.map(move |row| Action { service, row });
    found.filter(move |action| is_start || covers(pattern, action.name()))
}

/// Whether a pattern covers any action of a service.
pub(super) fn fits_any(service: Service<'_>, pattern: &str) -> bool {
    let start = glob::literal_start(pattern);
    if pattern.get(start.len()..).is_some_and(glob::is_stars) {
        let blob = &service.reference.blob;
        return blob.has_start(layout::ACTIONS, service.action_rows(), layout::action::NAME, start);
    }
    named(service, pattern).next().is_some()
}

fn covers(pattern: &str, text: &str) -> bool {
    glob::matches_ignoring_case(pattern, text)
}
