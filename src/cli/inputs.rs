//! From what was typed to texts.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs,
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use ignore::WalkBuilder;

use super::args::CheckArgs;
use crate::{
    finding::Problem,
    lint::Input,
    source::{Origin, Source, Sources},
};

/// How many bytes one file may have, unless the user says otherwise.
const MAX_FILE: u64 = 512 << 20;

/// The endings of files that a walk opens.
const ENDINGS: [&str; 5] = ["json", "jsonc", "yaml", "yml", "template"];

/// The texts of a run, and what could not be read.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) sources: Sources,
    pub(super) inputs: Vec<Input>,
    pub(super) problems: Vec<Problem>,
}

/// Reads every file that the arguments name.
pub(super) fn load(args: &CheckArgs) -> Loaded {
    let mut loader = Loader {
        loaded: Loaded::default(),
        seen: HashSet::new(),
        max_file: args.max_size.unwrap_or(MAX_FILE).max(MAX_FILE),
    };
    let here = [PathBuf::from(".")];
    let paths = if args.paths.is_empty() { &here[..] } else { &args.paths };
    for path in paths {
        if path.as_os_str() == "-" {
            loader.stdin(args.stdin_filename.clone());
        } else {
            loader.path(path, true);
        }
    }
    for pattern in &args.context {
        loader.glob(pattern, false);
    }
    loader.loaded
}

struct Loader {
    loaded: Loaded,
    seen: HashSet<PathBuf>,
    max_file: u64,
}

impl Loader {
    fn path(&mut self, path: &Path, reported: bool) {
        match fs::metadata(path) {
            Ok(about) if about.is_dir() => self.folder(path, reported),
            Ok(about) => self.file(path, about.len(), true, reported),
            Err(error) if error.kind() == ErrorKind::NotFound && is_pattern(path) => {
                self.glob(&path.to_string_lossy(), reported);
            }
            Err(error) => self.unreadable(path, &error, true),
        }
    }

    fn glob(&mut self, pattern: &str, reported: bool) {
        let matches = match glob::glob(pattern) {
            Ok(matches) => matches,
            Err(error) => {
                return self.problem(Path::new(pattern), format!("the pattern is broken: {}", error.msg), None, true);
            }
        };
        let paths: Vec<PathBuf> = matches.filter_map(Result::ok).collect();
        if paths.is_empty() {
            self.problem(Path::new(pattern), "no file matches".to_owned(), None, reported);
        }
        for path in paths {
            self.path(&path, reported);
        }
    }

    /// Walks a folder in the order of names, leaving out what .gitignore leaves out.
    fn folder(&mut self, folder: &Path, reported: bool) {
        let walk = WalkBuilder::new(folder).require_git(false).sort_by_file_path(Ord::cmp).build();
        for entry in walk {
            match entry {
                Ok(entry) if is_opened(entry.path()) => self.found(entry.path(), reported),
                Ok(_) => {}
                Err(error) => {
                    let message = error.io_error().map_or_else(|| error.to_string(), cause);
                    self.problem(folder, message, None, false);
                }
            }
        }
    }

    fn found(&mut self, path: &Path, reported: bool) {
        let path = path.strip_prefix(".").unwrap_or(path);
        match fs::metadata(path) {
            Ok(about) if about.is_file() => self.file(path, about.len(), false, reported),
            Ok(_) => {}
            Err(error) => self.unreadable(path, &error, false),
        }
    }

    fn file(&mut self, path: &Path, size: u64, named: bool, reported: bool) {
        let path = path.strip_prefix(".").unwrap_or(path);
        if !self.seen.insert(path.to_owned()) {
            return;
        }
        if size > self.max_file {
            let message = format!("it has {size} bytes, more than {}", self.max_file);
            return self.problem(path, message, Some("--max-size BYTES raises the bound"), named);
        }
        match fs::read(path) {
            Ok(bytes) => self.text(Origin::File(path.to_owned()), bytes, named, reported),
            Err(error) => self.unreadable(path, &error, named),
        }
    }

    fn stdin(&mut self, name: Option<String>) {
        let mut bytes = Vec::new();
        let origin = Origin::Stdin(name);
        match io::stdin().lock().take(self.max_file + 1).read_to_end(&mut bytes) {
            Ok(size) if size as u64 > self.max_file => {
                let message = format!("it has more than {} bytes", self.max_file);
                self.problem(Path::new("<stdin>"), message, Some("--max-size BYTES raises the bound"), true);
            }
            Ok(_) => self.text(origin, bytes, true, true),
            Err(error) => self.unreadable(Path::new("<stdin>"), &error, true),
        }
    }

    fn text(&mut self, origin: Origin, bytes: Vec<u8>, named: bool, reported: bool) {
        let id = self.loaded.sources.next_id();
        let name = match &origin {
            Origin::File(path) => path.clone(),
            Origin::Stdin(_) => PathBuf::from("<stdin>"),
        };
        match Source::read(id, origin, bytes) {
            Ok(source) => {
                self.loaded.sources.push(source);
                self.loaded.inputs.push(Input { source: id, named, reported });
            }
            Err(error) if named => self.problem(&name, error.to_string(), Some("name a file of JSON or YAML"), true),
            // A picture under another file's name is nothing that a walk should remark on.
            Err(_) => {}
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error, fatal: bool) {
        let is_link = fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_symlink());
        let message = match fs::read_link(path) {
            Ok(target) if is_link && error.kind() == ErrorKind::NotFound => {
                format!("a link to {}, which does not exist", target.display())
            }
            _ => cause(error),
        };
        self.problem(path, message, None, fatal);
    }

    fn problem(&mut self, path: &Path, message: String, help: Option<&str>, fatal: bool) {
        let file = path.display().to_string();
        self.loaded.problems.push(Problem { file, message, help: help.map(str::to_owned), fatal });
    }
}

/// Why a file could not be read, in the user's words.
fn cause(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file or folder".to_owned(),
        ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

fn is_opened(path: &Path) -> bool {
    let ending = path.extension().map(OsStr::to_ascii_lowercase);
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}
