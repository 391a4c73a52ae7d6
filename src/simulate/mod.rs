//! What a request gets, and why: evaluates the formulas of `semantics`.
//!
//! A policy set is laid out once ([`Compiled`]); a decision on it takes about a microsecond and allocates nothing. What
//! decided, and what could change the answer, is asked for apart ([`Compiled::decide`]), of the same formulas.

mod compiled;
mod decision;
mod facts;
mod library;
pub mod scenario;
#[cfg(test)]
mod tests;
mod trace;

pub use compiled::{Compiled, Scratch};
pub use decision::{Decision, Explained, Outcome, UnknownOutcome};
pub use facts::Reason;
pub use library::{Library, PolicyId, read_policy};
pub use trace::{LayerTrace, Matched, StatementTrace};

pub use crate::semantics::Because;
