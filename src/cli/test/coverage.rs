//! Which statements the cases of a run exercised.

use std::collections::HashSet;

use serde::Serialize;

use super::Runs;
use crate::{cli::policies::Shelf, policy::Statement, render, simulate::Matched, source::Span};

/// What the cases exercised.
pub(super) struct Coverage {
    /// How many statements there are.
    pub(super) statements: usize,
    /// Those that matched in no case.
    pub(super) unexercised: Vec<Unexercised>,
}

/// A statement that matched in no case.
#[derive(Serialize)]
pub(super) struct Unexercised {
    /// `file:line:column`.
    pub(super) place: String,
    /// Its `Sid`, or its number.
    pub(super) statement: String,
}

/// Holds the statements of all policies against the traces of all cases.
pub(super) fn of(runs: &Runs, shelf: &Shelf) -> Coverage {
    let traces = runs.cases().flat_map(|done| &done.trace);
    let matched = traces.flat_map(|layer| &layer.statements).filter(|statement| statement.matched_or_may());
    let exercised: HashSet<Span> = matched.map(|statement| statement.span).collect();
    let all: Vec<&Statement> = shelf.library.iter().flat_map(|policy| &policy.statements).collect();
    let missed = all.iter().filter(|statement| !exercised.contains(&statement.span));
    let unexercised = missed.map(|statement| Unexercised {
        place: render::place_of(statement.span, &shelf.sources).unwrap_or_default(),
        statement: match &statement.sid {
            Some(sid) => sid.value.clone(),
            None => format!("statement {}", statement.index + 1),
        },
    });
    Coverage { statements: all.len(), unexercised: unexercised.collect() }
}

impl crate::simulate::StatementTrace {
    fn matched_or_may(&self) -> bool {
        !matches!(self.matched, Matched::No { .. })
    }
}
