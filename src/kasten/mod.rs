//! A set-up of Kasten K10 as a whole: how its places stand.

mod credentials;
pub mod generate;
mod given;
mod policies;
pub mod rotation;
mod set_up;
mod things;

use crate::{
    finding::Report,
    lint::{self, Input, Joined, Options},
    source::Sources,
};

/// Lints all inputs, and says of each place of the set-up how it stands.
#[must_use]
pub fn check(sources: &Sources, inputs: &[Input], options: &Options, tick: &(dyn Fn() + Sync)) -> Report {
    let Joined { mut report, project } = lint::join(sources, inputs, options, tick);
    report.set_up = set_up::look(&project, &report);
    report
}
