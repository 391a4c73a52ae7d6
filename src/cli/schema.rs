//! `kpl schema`.

use super::{
    Exit,
    args::{SchemaArgs, SchemaName},
    screen,
};
use crate::config;

/// Prints a JSON Schema.
pub(super) fn run(args: &SchemaArgs) -> Exit {
    let schema = match args.name {
        SchemaName::Config => config::schema(),
    };
    screen::print(&format!("{schema:#}\n"));
    Exit::Clean
}
