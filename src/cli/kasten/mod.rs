//! `kpl kasten`.

mod check;
mod commands;
mod generate;
mod rotate_plan;
mod rotation_script;

use super::{Exit, args::KastenCommand};

pub(super) fn run(command: &KastenCommand) -> Exit {
    match command {
        KastenCommand::Check(args) => check::run(args),
        KastenCommand::Generate(args) => generate::run(args),
        KastenCommand::RotatePlan(args) => rotate_plan::run(args),
    }
}
