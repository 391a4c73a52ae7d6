//! From what was typed to texts.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs,
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use ignore::{DirEntry, WalkBuilder};
use rayon::prelude::*;

use super::{args::CheckArgs, settings::Settings};
use crate::{
    config,
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
    /// Files that a walk opened and that are no text.
    pub(super) skipped: Vec<Problem>,
}

/// The text of one file, or why there is none.
pub(super) fn text(path: &Path) -> Result<String, String> {
    String::from_utf8(bytes(path)?).map_err(|_| "it is not text in UTF-8".to_owned())
}

/// The bytes of one file, or why there are none.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    match whole(path, MAX_FILE).map_err(|error| cause(&error))? {
        Whole::TooLarge(size) => Err(format!("it has {size} bytes, more than {MAX_FILE}")),
        Whole::Read(bytes) if bytes.len() as u64 > MAX_FILE => Err(format!("it has more than {MAX_FILE} bytes")),
        Whole::Read(bytes) => Ok(bytes),
    }
}

/// Reads every file that the arguments name.
pub(super) fn load(args: &CheckArgs, settings: &Settings) -> Loaded {
    load_from(&args.paths, args.stdin_filename.as_deref(), args.max_size, settings)
}

/// Reads every file of these paths; of none, those of the current folder.
pub(super) fn load_from(
    paths: &[PathBuf],
    stdin_name: Option<&str>,
    max_size: Option<u64>,
    settings: &Settings,
) -> Loaded {
    let mut finder = Finder {
        settings,
        targets: Vec::new(),
        problems: Vec::new(),
        skipped: Vec::new(),
        seen: HashSet::new(),
        max_file: max_size.unwrap_or(MAX_FILE).max(MAX_FILE),
    };
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    for path in paths {
        if path.as_os_str() == "-" {
            finder.stdin(stdin_name.map(str::to_owned));
        } else {
            finder.path(path, true);
        }
    }
    for pattern in &settings.context {
        finder.glob(pattern, false);
    }
    finder.read()
}

/// One text to read.
struct Target {
    from: From,
    /// Whether the user named it, rather than a walk finding it.
    named: bool,
    reported: bool,
}

enum From {
    File(PathBuf),
    Stdin(Option<String>),
}

/// Finds the files that the arguments mean, each name once.
struct Finder<'s> {
    settings: &'s Settings,
    targets: Vec<Target>,
    problems: Vec<Problem>,
    skipped: Vec<Problem>,
    seen: HashSet<PathBuf>,
    max_file: u64,
}

impl Finder<'_> {
    fn stdin(&mut self, name: Option<String>) {
        if let Some(name) = name.as_deref().filter(|name| self.settings.force_exclude && self.excludes(Path::new(name)))
        {
            return self.pass_over(Path::new(name));
        }
        self.targets.push(Target { from: From::Stdin(name), named: true, reported: true });
    }

    fn excludes(&self, path: &Path) -> bool {
        self.settings.exclude.cover(&path.to_string_lossy())
    }

    fn pass_over(&mut self, path: &Path) {
        self.skipped.push(problem(path, format!("{} excludes it", config::FILE_NAME), None, false));
    }

    fn path(&mut self, path: &Path, reported: bool) {
        match fs::metadata(path) {
            Ok(_) if reported && self.settings.force_exclude && self.excludes(path) => self.pass_over(path),
            Ok(about) if about.is_dir() => self.folder(path, reported),
            Ok(about) => self.file(path, about.len(), true, reported),
            Err(error) if error.kind() == ErrorKind::NotFound && is_pattern(path) => {
                self.glob(&path.to_string_lossy(), reported);
            }
            Err(error) => self.problems.push(unreadable(path, &error, true)),
        }
    }

    fn glob(&mut self, pattern: &str, reported: bool) {
        let matches = match glob::glob(pattern) {
            Ok(matches) => matches,
            Err(error) => {
                let message = format!("the pattern is broken: {}", error.msg);
                return self.problems.push(problem(Path::new(pattern), message, None, true));
            }
        };
        let paths: Vec<PathBuf> = matches.filter_map(Result::ok).collect();
        if paths.is_empty() {
            self.problems.push(problem(Path::new(pattern), "no file matches".to_owned(), None, reported));
        }
        for path in paths {
            self.path(&path, reported);
        }
    }

    /// Walks a folder in the order of names, leaving out what .gitignore leaves out.
    fn folder(&mut self, folder: &Path, reported: bool) {
        let mut walk = WalkBuilder::new(folder);
        walk.require_git(false).sort_by_file_name(Ord::cmp);
        // Who names a folder that is excluded means it; and what is only context is named by itself.
        if reported && !self.excludes(folder) {
            let exclude = self.settings.exclude.clone();
            walk.filter_entry(move |entry| !exclude.cover(&entry.path().to_string_lossy()));
        }
        let walk = walk.build();
        for entry in walk {
            match entry {
                Ok(entry) if is_opened(entry.path()) => self.found(&entry, reported),
                Ok(_) => {}
                Err(error) => {
                    let message = error.io_error().map_or_else(|| error.to_string(), cause);
                    self.problems.push(problem(folder, message, None, false));
                }
            }
        }
    }

    fn found(&mut self, entry: &DirEntry, reported: bool) {
        let path = entry.path();
        // The walk knows what is a plain file; its size is told when it is opened.
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            return self.file(path, 0, false, reported);
        }
        match fs::metadata(path) {
            Ok(about) if about.is_file() => self.file(path, about.len(), false, reported),
            Ok(_) => {}
            Err(error) => self.problems.push(unreadable(path.strip_prefix(".").unwrap_or(path), &error, false)),
        }
    }

    fn file(&mut self, path: &Path, size: u64, named: bool, reported: bool) {
        let path = path.strip_prefix(".").unwrap_or(path);
        if !self.seen.insert(path.to_owned()) {
            return;
        }
        if size > self.max_file {
            self.problems.push(too_large(path, size, self.max_file, named));
        } else {
            self.targets.push(Target { from: From::File(path.to_owned()), named, reported });
        }
    }

    /// Reads what was found, several files at a time, in the order in which they were found.
    fn read(self) -> Loaded {
        let max = self.max_file;
        let texts: Vec<Result<Source, Trouble>> = if self.targets.len() < FEW {
            self.targets.iter().map(|target| target.read(max)).collect()
        } else {
            self.targets.par_iter().map(|target| target.read(max)).collect()
        };
        let mut loaded = Loaded { problems: self.problems, skipped: self.skipped, ..Loaded::default() };
        for (target, text) in self.targets.iter().zip(texts) {
            match text {
                Ok(source) => {
                    let source = loaded.sources.push(source);
                    loaded.inputs.push(Input { source, named: target.named, reported: target.reported });
                }
                // A picture under another file's name is nothing that a walk should remark on.
                Err(Trouble::NotText(problem)) if !target.named => loaded.skipped.push(problem),
                Err(Trouble::NotText(problem) | Trouble::Failed(problem)) => loaded.problems.push(problem),
            }
        }
        loaded
    }
}

/// So few files are read sooner than threads are started.
const FEW: usize = 16;

const ARCHIVED: &str = "`terraform show -json FILE` prints a plan as JSON, which kpl reads";

const RAISES: &str = "--max-size BYTES raises the bound";

/// Why there is no text.
enum Trouble {
    Failed(Problem),
    NotText(Problem),
}

impl Target {
    fn read(&self, max_file: u64) -> Result<Source, Trouble> {
        let (origin, name, bytes) = match &self.from {
            From::File(path) => (Origin::File(path.clone()), path.as_path(), whole(path, max_file)),
            From::Stdin(name) => {
                let mut bytes = Vec::new();
                let read = io::stdin().lock().take(max_file + 1).read_to_end(&mut bytes);
                (Origin::Stdin(name.clone()), Path::new("<stdin>"), read.map(|_| bytes).map(Whole::Read))
            }
        };
        let bytes = match bytes.map_err(|error| Trouble::Failed(unreadable(name, &error, self.named)))? {
            Whole::TooLarge(size) => return Err(Trouble::Failed(too_large(name, size, max_file, self.named))),
            Whole::Read(bytes) => bytes,
        };
        if bytes.len() as u64 > max_file {
            let message = format!("it has more than {max_file} bytes");
            return Err(Trouble::Failed(problem(name, message, Some(RAISES), self.named)));
        }
        if bytes.starts_with(b"PK\x03\x04") {
            let message = "it is an archive, as `terraform plan -out` writes".to_owned();
            return Err(Trouble::NotText(problem(name, message, Some(ARCHIVED), self.named)));
        }
        Source::read(origin, bytes).map_err(|error| {
            Trouble::NotText(problem(name, error.to_string(), Some("name a file of JSON or YAML"), self.named))
        })
    }
}

/// What a file holds.
enum Whole {
    Read(Vec<u8>),
    /// It has so many bytes, and none was read.
    TooLarge(u64),
}

/// Reads a file that is no larger than a bound; of what tells no size, such as a pipe, one byte more than the bound.
fn whole(path: &Path, max: u64) -> io::Result<Whole> {
    let mut file = fs::File::open(path)?;
    let about = file.metadata()?;
    if about.len() > max {
        return Ok(Whole::TooLarge(about.len()));
    }
    let mut bytes = Vec::new();
    match usize::try_from(about.len()) {
        Ok(size) if about.is_file() && size > 0 => {
            bytes.resize(size, 0);
            let read = fill(&mut file, &mut bytes)?;
            bytes.truncate(read);
        }
        _ => drop(file.take(max + 1).read_to_end(&mut bytes)?),
    }
    Ok(Whole::Read(bytes))
}

/// Reads until a buffer is full or the file ends.
fn fill(file: &mut fs::File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read(&mut buffer[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

fn too_large(path: &Path, size: u64, max: u64, fatal: bool) -> Problem {
    problem(path, format!("it has {size} bytes, more than {max}"), Some(RAISES), fatal)
}

fn unreadable(path: &Path, error: &io::Error, fatal: bool) -> Problem {
    let is_link = fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_symlink());
    let message = match fs::read_link(path) {
        Ok(target) if is_link && error.kind() == ErrorKind::NotFound => {
            format!("a link to {}, which does not exist", target.display())
        }
        _ => cause(error),
    };
    problem(path, message, None, fatal)
}

fn problem(path: &Path, message: String, help: Option<&str>, fatal: bool) -> Problem {
    Problem { file: path.display().to_string(), message, help: help.map(str::to_owned), fatal }
}

/// Why a file could not be read or written, in the user's words.
pub(super) fn cause(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file or folder".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}

/// The files below a folder that may hold policies, in the order of names, and what kept the walk from some.
pub(super) fn files_below(folder: &Path) -> (Vec<PathBuf>, Vec<Problem>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for entry in WalkBuilder::new(folder).require_git(false).sort_by_file_path(Ord::cmp).build() {
        match entry {
            Ok(entry) if is_opened(entry.path()) && entry.path().is_file() => files.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => {
                let message = error.io_error().map_or_else(|| error.to_string(), cause);
                problems.push(problem(folder, message, None, false));
            }
        }
    }
    (files, problems)
}

pub(super) fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

fn is_opened(path: &Path) -> bool {
    let ending = path.extension().map(OsStr::to_ascii_lowercase);
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}
