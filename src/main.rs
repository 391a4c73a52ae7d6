//! The kpl command.

fn main() {}
