//! Which scenario files are run.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use ignore::WalkBuilder;

use crate::{cli::inputs, finding::Problem};

/// The ends of the names of scenario files.
const ENDINGS: [&str; 4] = [".kpl-test.yaml", ".kpl-test.yml", ".kpl-test.json", ".kpl-test.jsonl"];

const HELP: &str = "kpl test --init POLICY writes a first one";

/// The files that paths mean, each once: named ones whatever their name, those of a folder by their name.
pub(super) fn find(paths: &[PathBuf], problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            folder(path, &mut found, &mut seen, problems);
            if found.len() == before {
                problems.push(problem(path, "there is no scenario file in it".to_owned(), Some(HELP)));
            }
        } else if path.exists() || !inputs::is_pattern(path) {
            add(path, &mut found, &mut seen);
        } else {
            pattern(path, &mut found, &mut seen, problems);
        }
    }
    found
}

fn add(path: &Path, found: &mut Vec<PathBuf>, seen: &mut HashSet<PathBuf>) {
    let path = path.strip_prefix(".").unwrap_or(path);
    if seen.insert(path.to_owned()) {
        found.push(path.to_owned());
    }
}

fn folder(folder: &Path, found: &mut Vec<PathBuf>, seen: &mut HashSet<PathBuf>, problems: &mut Vec<Problem>) {
    let is_scenario = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase());
        name.is_some_and(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)))
    };
    for entry in WalkBuilder::new(folder).require_git(false).sort_by_file_path(Ord::cmp).build() {
        match entry {
            Ok(entry) if is_scenario(entry.path()) && entry.path().is_file() => add(entry.path(), found, seen),
            Ok(_) => {}
            Err(error) => {
                let message = error.io_error().map_or_else(|| error.to_string(), inputs::cause);
                problems.push(problem(folder, message, None));
            }
        }
    }
}

fn pattern(path: &Path, found: &mut Vec<PathBuf>, seen: &mut HashSet<PathBuf>, problems: &mut Vec<Problem>) {
    match glob::glob(&path.to_string_lossy()) {
        Ok(matches) => {
            let before = found.len();
            for path in matches.filter_map(Result::ok) {
                if path.is_dir() {
                    folder(&path, found, seen, problems);
                } else {
                    add(&path, found, seen);
                }
            }
            if found.len() == before {
                problems.push(problem(path, "no file matches".to_owned(), None));
            }
        }
        Err(error) => problems.push(problem(path, format!("the pattern is broken: {}", error.msg), None)),
    }
}

fn problem(path: &Path, message: String, help: Option<&str>) -> Problem {
    Problem { file: path.display().to_string(), message, help: help.map(str::to_owned), fatal: true }
}
