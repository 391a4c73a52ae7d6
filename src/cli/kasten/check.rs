//! `kpl kasten check`.

use crate::{
    cli::{Exit, args::CheckArgs, check},
    kasten,
};

pub(super) fn run(args: &CheckArgs) -> Exit {
    check::run_with(args, kasten::check)
}
