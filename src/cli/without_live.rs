//! `kpl fetch` where kpl was built without it.

use super::{
    Exit,
    args::{ColorWhen, WithoutArgs},
    screen,
};
use crate::{finding::Problem, render};

/// Says how to get a kpl that fetches.
pub(super) fn run(args: &WithoutArgs) -> Exit {
    let asked = args.words.first().map(|word| format!(" {word}")).unwrap_or_default();
    let problem = Problem {
        file: format!("kpl fetch{asked}"),
        message: "this kpl was built without it".to_owned(),
        help: Some("cargo install --path . --features live builds one that talks to AWS".to_owned()),
        fatal: true,
    };
    screen::complain(&render::problem_line(&problem, &screen::style(ColorWhen::Auto)));
    Exit::Failure
}
