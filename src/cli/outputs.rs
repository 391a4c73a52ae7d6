//! Where a run's reports go: the screen, files, or both.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    args::{CheckArgs, ColorWhen, Output},
    screen,
};
use crate::{
    finding::{Problem, Report},
    render::{Format, Style, Tool},
    source::{Origin, Sources},
};

/// How many findings a person is shown in full, unless all are asked for.
const SHOWN: usize = 100;

/// The reports that a run writes.
pub(super) struct Outputs {
    /// What stdout gets; nothing where the only report goes to a file by `--output`.
    screen: Option<Format>,
    files: Vec<(Format, PathBuf)>,
}

impl Outputs {
    /// What the arguments ask for. Where every format has a file of its own, the screen gets the text too.
    pub(super) fn new(args: &CheckArgs) -> Result<Self, Problem> {
        let mut bare = args.format.iter().filter(|output| output.file.is_none()).map(|output| output.format);
        let main = bare.next().unwrap_or(Format::Text);
        if let Some(other) = bare.next() {
            return Err(misused(
                "--format",
                format!("{main} and {other} cannot both go to one place"),
                "FORMAT=FILE writes one of them to a file",
            ));
        }
        let mut files: Vec<(Format, PathBuf)> = args.format.iter().filter_map(of_file).collect();
        files.extend(args.output.as_ref().map(|file| (main, file.clone())));
        for (index, (_, file)) in files.iter().enumerate() {
            if files[..index].iter().any(|(_, other)| other == file) {
                let help = "each format needs a file of its own";
                return Err(misused(&file.display().to_string(), "two reports would go to it".to_owned(), help));
            }
        }
        Ok(Self { screen: args.output.is_none().then_some(main), files })
    }

    /// Writes all of them, and says what could not be written.
    pub(super) fn write(&self, report: &Report, sources: &Sources, reference: &str, args: &CheckArgs) -> Vec<Problem> {
        let base = std::env::current_dir().ok().map(|folder| folder.display().to_string().replace('\\', "/"));
        let tool = Tool { version: env!("CARGO_PKG_VERSION"), reference, base: base.as_deref() };
        if let Some(format) = self.screen {
            let most = if args.all { usize::MAX } else { SHOWN };
            let style = Style {
                most,
                verbose: args.verbose,
                suppressed: args.show_suppressed,
                quiet: args.quiet,
                ..screen::style(args.color)
            };
            let text = format.write(report, sources, &style, &tool);
            // A mended text from stdin has stdout for itself.
            if args.fix && sources.iter().any(|source| matches!(source.origin, Origin::Stdin(_))) {
                screen::complain(&text);
            } else {
                screen::print(&text);
            }
        }
        let style = Style {
            verbose: args.verbose,
            suppressed: args.show_suppressed,
            quiet: args.quiet,
            ..screen::plain(args.color == ColorWhen::Always)
        };
        let written = self.files.iter().map(|(format, file)| {
            fs::write(file, format.write(report, sources, &style, &tool)).map_err(|error| unwritable(file, &error))
        });
        written.filter_map(Result::err).collect()
    }
}

fn of_file(output: &Output) -> Option<(Format, PathBuf)> {
    Some((output.format, output.file.clone()?))
}

fn misused(what: &str, message: String, help: &str) -> Problem {
    Problem { file: what.to_owned(), message, help: Some(help.to_owned()), fatal: true }
}

fn unwritable(file: &Path, error: &std::io::Error) -> Problem {
    let message = format!("the report cannot be written: {}", super::inputs::cause(error));
    Problem { file: file.display().to_string(), message, help: None, fatal: true }
}
