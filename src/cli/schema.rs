//! `kpl schema`.

use super::{
    Exit,
    args::{SchemaArgs, SchemaName},
    screen, settings,
};
use crate::{config, render, rules::declarative};

/// Prints a JSON Schema.
pub(super) fn run(args: &SchemaArgs) -> Exit {
    let schema = match args.name {
        SchemaName::Config => format!("{:#}\n", config::schema(&settings::option_schemas())),
        SchemaName::Rule => format!("{:#}\n", declarative::schema()),
        SchemaName::Report => render::REPORT_SCHEMA.to_owned(),
    };
    screen::print(&schema);
    Exit::Clean
}
