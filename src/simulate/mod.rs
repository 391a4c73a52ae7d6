//! What a request gets, and why: evaluates the formulas of `semantics`.
//!
//! A policy set is laid out once ([`Compiled`]); a decision on it takes about a microsecond and allocates nothing. What
//! decided, and what could change the answer, is asked for apart ([`Compiled::decide`]), of the same formulas.

mod compiled;
mod decision;
mod facts;
mod library;
mod missing;
mod once;
pub mod scenario;
#[cfg(test)]
mod tests;
mod trace;

use crate::semantics::{Fact, Formula, Request, Truth};
pub use compiled::{Compiled, Scratch};
pub use decision::{Decision, Explained, Outcome, UnknownOutcome};
pub use facts::Reason;
pub(crate) use facts::holds as fact_holds;
pub use library::{Library, PolicyId, read_policy};
pub use once::outcome;
pub use trace::{LayerTrace, Matched, StatementTrace};

pub use crate::semantics::Because;

/// Whether a formula holds for a request.
#[must_use]
pub fn holds(formula: &Formula<Fact>, request: &Request) -> Truth {
    let mut buffer = Vec::new();
    formula.truth(&mut |fact| facts::holds(fact, request, &mut buffer))
}
