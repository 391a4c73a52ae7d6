//! The kpl command.

use std::process::ExitCode;

fn main() -> ExitCode {
    kpl::cli::run().into()
}
