//! What the terminal can show, and writing to it.

use std::{
    io::{self, ErrorKind, IsTerminal, Write, stderr, stdout},
    sync::OnceLock,
};

use super::{args::ColorWhen, inputs::cause};
use crate::render::Style;

/// The width where none is told: a pipe, a file.
const WIDTH: usize = 80;

/// How to write to stdout.
pub(super) fn style(color: ColorWhen) -> Style {
    let width = terminal_size::terminal_size_of(stdout()).map_or(WIDTH, |(width, _)| usize::from(width.0));
    let width = if stdout().is_terminal() { width } else { WIDTH };
    let unicode = variable("TERM").as_deref() != Some("dumb");
    Style {
        color: is_coloured(color),
        unicode,
        width,
        most: usize::MAX,
        verbose: false,
        suppressed: false,
        quiet: false,
    }
}

/// How to write to a file.
pub(super) fn plain(color: bool) -> Style {
    Style { color, unicode: true, width: WIDTH, most: usize::MAX, verbose: false, suppressed: false, quiet: false }
}

/// `--color` wins; then `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb`, then what stdout is.
fn is_coloured(color: ColorWhen) -> bool {
    match color {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if variable("NO_COLOR").is_some() => false,
        ColorWhen::Auto if variable("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        ColorWhen::Auto => variable("TERM").as_deref() != Some("dumb") && stdout().is_terminal(),
    }
}

/// An environment variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Why something did not get to stdout, where that happened.
static LOST: OnceLock<String> = OnceLock::new();

/// Writes a report. A reader that has gone away, as `head` does, is no failure.
pub(super) fn print(text: &str) {
    print_bytes(text.as_bytes());
}

/// Writes bytes as they are.
pub(super) fn print_bytes(bytes: &[u8]) {
    note(&stdout().lock().write_all(bytes));
}

fn note(written: &io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        LOST.get_or_init(|| cause(error));
    }
}

/// Why what was printed did not all get to stdout: a run whose report is lost has failed.
pub(super) fn lost() -> Option<&'static str> {
    note(&stdout().lock().flush());
    LOST.get().map(String::as_str)
}

/// Writes a complaint.
pub(super) fn complain(text: &str) {
    let _ = stderr().lock().write_all(text.as_bytes());
}
