//! The kpl command.

use std::process::ExitCode;

/// A run over many files makes millions of small values on several threads. glibc's allocator asks the kernel for each 4 KiB
/// that a thread needs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kpl::cli::run().into()
}
