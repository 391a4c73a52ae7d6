//! Words in, exit code out. The only module that prints.

mod args;
mod argument;
mod check;
mod clock;
mod config;
mod explain;
#[cfg(feature = "live")]
mod fetch;
mod inputs;
mod kasten;
mod mend;
mod outputs;
mod policies;
mod progress;
mod prove;
mod rules;
mod schema;
mod screen;
mod settings;
mod simulate;
mod test;
#[cfg(not(feature = "live"))]
mod without_live;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

use crate::{finding::Problem, render};

/// How a run ended, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to report at or above the chosen severity.
    Clean,
    /// Findings were reported.
    Findings,
    /// The run could not be done: bad arguments, an unreadable file.
    Failure,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => Self::SUCCESS,
            Exit::Findings => Self::from(1),
            Exit::Failure => Self::from(2),
        }
    }
}

/// Does what the words of the command line ask for.
#[must_use]
pub fn run() -> Exit {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // A closed pipe is no reason to fail differently.
            let _ = error.print();
            return if error.use_stderr() { Exit::Failure } else { Exit::Clean };
        }
    };
    let exit = match args.command {
        Command::Check(args) => check::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Prove(args) => prove::run(&args),
        Command::Kasten(command) => kasten::run(&command),
        Command::Explain(args) => explain::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Config(command) => config::run(&command),
        Command::Schema(args) => schema::run(&args),
        #[cfg(feature = "live")]
        Command::Fetch(args) => fetch::run(*args),
        #[cfg(not(feature = "live"))]
        Command::Fetch(args) => without_live::run(&args),
    };
    let Some(why) = screen::lost() else { return exit };
    let (file, message) = ("stdout".to_owned(), format!("the report cannot be written: {why}"));
    let problem = Problem { file, message, help: None, fatal: true };
    screen::complain(&render::problem_line(&problem, &screen::plain(false)));
    Exit::Failure
}
