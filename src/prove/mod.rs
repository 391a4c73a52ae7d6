//! Whether a claim holds for every request: solves the formulas that `simulate` evaluates.
//!
//! The requests of a question are parted into classes that no test of its policies tells apart (`partition`); what a test
//! says of a class is asked of `simulate`, by one request of it. So no operator has a second meaning here. The formulas
//! become a decision diagram over the classes (`solver`); one that nothing satisfies is a proof, and what satisfies
//! another is a request that `simulate` replays before it is shown.

mod bdd;
mod budget;
mod candidates;
mod carried;
mod claim;
mod claims;
mod domain;
mod inclusion;
mod partition;
mod public;
mod resource_type;
mod search;
mod solver;

pub use budget::{Budget, Exhausted};
pub use claim::{Answer, Carried, Claim, ProveError, Question, Verdict, Witness};
pub use claims::prove;
pub use resource_type::ResourceType;
