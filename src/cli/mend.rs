//! `kpl check --fix` and `--diff`: mended texts go to where they came from, or are shown.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use super::{args::CheckArgs, inputs::cause, screen};
use crate::{
    finding::Problem,
    lint::{HeldBack, Mended},
    render,
    source::{Origin, Source, Sources, Span},
};

/// Prints what would change, file by file.
pub(super) fn show(mended: &Mended, sources: &Sources, args: &CheckArgs) {
    let style = screen::style(args.color);
    for (id, before) in &mended.before {
        if let Some(source) = sources.get(*id) {
            let before = (before.text.as_str(), before.hidden.as_slice());
            let hidden: Vec<Span> = mended.report.hidden.touching(source.span()).collect();
            screen::print(&render::diff(&source.name(), before, (source.text(), &hidden), &style));
        }
    }
    if !args.quiet {
        tell_held_back(mended);
        screen::complain(&match mended.fixed {
            0 => "nothing would change\n".to_owned(),
            fixed => format!("would fix {fixed}\n"),
        });
    }
}

/// Writes what changed, and says what could not be written. What came from stdin goes to stdout, changed or not.
pub(super) fn write(mended: &Mended, sources: &Sources) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in sources {
        match (&source.origin, mended.before.get(&source.id)) {
            (Origin::Stdin(_), _) => screen::print_bytes(&source.bytes()),
            (Origin::File(path), Some(before)) => {
                let before = source.with_text(before.text.clone());
                problems.extend(replace(path, &before, source).err().map(|message| unwritten(path, message)));
            }
            (Origin::File(_), None) => {}
        }
    }
    problems
}

/// Says how much was fixed and how much is left.
pub(super) fn tell(mended: &Mended, args: &CheckArgs) {
    if args.quiet {
        return;
    }
    tell_held_back(mended);
    let left = mended.report.counted().count();
    let remain = if left == 1 { "remains" } else { "remain" };
    screen::complain(&format!("fixed {}, {left} {remain}\n", mended.fixed));
}

/// Says what was not applied as safe, and why.
fn tell_held_back(mended: &Mended) {
    for held in &mended.held_back {
        let HeldBack { rule, place, title, reason, .. } = held;
        screen::complain(&format!(
            "{place}: not fixed [{rule}]: to {title} is not proven to keep access\n  {reason}\n  help: --unsafe-fixes applies it\n"
        ));
    }
}

fn unwritten(path: &Path, message: String) -> Problem {
    Problem { file: path.display().to_string(), message, help: None, fatal: true }
}

/// Puts a new file in the place of one that holds what was read; a link is followed, and permissions are kept.
fn replace(path: &Path, before: &Source, after: &Source) -> Result<(), String> {
    let failed = |error: io::Error| format!("it cannot be written: {}", cause(&error));
    let path = fs::canonicalize(path).map_err(failed)?;
    let about = fs::metadata(&path).map_err(failed)?;
    let (found, wanted) = (fs::read(&path).map_err(failed)?, after.bytes());
    // One file under two names is written once.
    if found == wanted {
        return Ok(());
    }
    if found != before.bytes() {
        return Err("it is not what it was when it was checked, so nothing was written".to_owned());
    }
    if about.permissions().readonly() {
        return Err("it is read-only, so nothing was written".to_owned());
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".kpl-{}", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fill(&temporary, &wanted, about.permissions()).and_then(|()| fs::rename(&temporary, &path));
    written.map_err(|error| {
        // What could not be finished must not lie about.
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

fn fill(path: &Path, bytes: &[u8], permissions: fs::Permissions) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.set_permissions(permissions)?;
    file.write_all(bytes)?;
    file.sync_all()
}
