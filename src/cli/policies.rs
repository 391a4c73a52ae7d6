//! The files of policies that scenarios and options name, each read once.

use std::path::Path;

use super::inputs;
use crate::{
    finding::{Complaint, Problem},
    render::{self, Style},
    simulate::{Library, PolicyId, read_policy, scenario::PolicyShelf},
    source::{Origin, Source, SourceId, Sources},
};

/// Texts and policies of a run, and what is wrong with them.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) sources: Sources,
    pub(super) library: Library,
    pub(super) complaints: Vec<Complaint>,
    pub(super) problems: Vec<Problem>,
}

impl Shelf {
    /// Reads a file as text.
    pub(super) fn open(&mut self, path: &Path) -> Result<SourceId, String> {
        let bytes = inputs::bytes(path)?;
        let source = Source::read(Origin::File(path.to_owned()), bytes).map_err(|error| error.to_string())?;
        Ok(self.sources.push(source))
    }

    /// Reads a file as a policy. `Ok(None)`: what is wrong with it has been told.
    pub(super) fn policy(&mut self, path: &Path) -> Result<Option<PolicyId>, String> {
        let name = path.to_string_lossy().into_owned();
        if let Some(known) = self.library.known(&name) {
            return Ok(known);
        }
        let source = self.open(path)?;
        let id = match self.sources.get(source).map(read_policy) {
            Some(Ok(policy)) => Some(self.library.add(policy)),
            Some(Err(complaints)) => {
                self.complaints.extend(complaints);
                None
            }
            None => None,
        };
        self.library.note(name, id);
        Ok(id)
    }

    /// Says what is wrong, each at its place; whether there was anything.
    pub(super) fn tell(&self, style: &Style) -> bool {
        let problems = self.problems.iter().map(|problem| render::problem_line(problem, style));
        let complaints = self.complaints.iter().filter_map(|complaint| {
            let source = self.sources.get(complaint.place.span.source)?;
            Some(render::complaint(complaint, source, style))
        });
        let all: Vec<String> = problems.chain(complaints).collect();
        super::screen::complain(&all.join("\n"));
        !all.is_empty()
    }
}

impl PolicyShelf for Shelf {
    fn library(&mut self) -> &mut Library {
        &mut self.library
    }

    fn load(&mut self, path: &str, from: SourceId) -> Result<Option<PolicyId>, String> {
        let path = self.sources.get(from).map_or_else(|| path.into(), |source| beside(path, source));
        self.policy(&path).map_err(|message| format!("{}: {message}", path.display()))
    }
}

/// A path that a file names, as it is reached from the current folder.
fn beside(path: &str, from: &Source) -> std::path::PathBuf {
    match &from.origin {
        Origin::File(file) => file.parent().unwrap_or(Path::new("")).join(path),
        Origin::Stdin(_) => path.into(),
    }
}
