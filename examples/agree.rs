//! Compares the JSON reader with `serde_json` on a file of JSON Lines: each line, and the document in its `document`
//! member where it has one.
//!
//! `cargo run --release --example agree -- FILE.jsonl` prints how many documents were compared, and ends with 1 where
//! one is read differently.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it answers on the screen")]

use std::process::ExitCode;

use kpl::{
    source::{Origin, Source},
    syntax::{Node, Value, json, print},
};
use serde_json::Value as Serde;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: agree FILE.jsonl");
        return ExitCode::from(2);
    };
    let Ok(lines) = std::fs::read_to_string(&path) else {
        eprintln!("cannot read {path}");
        return ExitCode::from(2);
    };
    let (mut compared, mut differing) = (0, 0);
    for (number, line) in lines.lines().enumerate() {
        let inner =
            serde_json::from_str::<Serde>(line).ok().and_then(|row| Some(row.get("document")?.as_str()?.to_owned()));
        for text in [Some(line.to_owned()), inner].into_iter().flatten() {
            compared += 1;
            if !agrees(&text) {
                differing += 1;
                eprintln!("line {} is read differently", number + 1);
            }
        }
    }
    println!("{compared} documents compared, {differing} read differently");
    if differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether both readers take a text and read the same from it, also once it is printed.
fn agrees(text: &str) -> bool {
    let Ok(theirs) = serde_json::from_str::<Serde>(text) else { return false };
    let source = Source::of_text(Origin::Stdin(None), text.to_owned());
    let tree = json::read(&source, json::Dialect::Json);
    let again = serde_json::from_str::<Serde>(&print::pretty(&tree.root));
    tree.faults.is_empty() && same(&tree.root, &theirs) && again.is_ok_and(|again| again == theirs)
}

fn same(ours: &Node<'_>, theirs: &Serde) -> bool {
    match (&ours.value, theirs) {
        (Value::Null, Serde::Null) => true,
        (Value::Bool(one), Serde::Bool(other)) => one == other,
        (Value::Number(one), Serde::Number(other)) => one.parse::<f64>().ok() == other.as_f64(),
        (Value::String(one), Serde::String(other)) => one == other,
        (Value::List(one), Serde::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Map(one), Serde::Object(other)) => {
            one.iter().all(|member| other.get(&*member.key).is_some_and(|other| same(&member.value, other)))
        }
        _ => false,
    }
}
