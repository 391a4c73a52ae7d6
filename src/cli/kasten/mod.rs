//! `kpl kasten`.

mod check;

use super::{Exit, args::KastenCommand};

pub(super) fn run(command: &KastenCommand) -> Exit {
    match command {
        KastenCommand::Check(args) => check::run(args),
    }
}
