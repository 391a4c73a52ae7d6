//! Where the `kpl.toml` is that holds here.

use std::path::{Path, PathBuf};

use crate::{
    cli::{Exit, args::SettingsArgs, inputs, screen},
    config::{self, Config, FILE_NAME},
    finding::{Complaint, Problem},
    lint::Home,
    render::{self, Style},
    source::{Origin, Source, Sources},
};

/// So many folders above the current one are searched at most.
const HIGHEST: usize = 64;

/// A `kpl.toml`, read.
pub(in crate::cli) struct ConfigFile {
    pub(in crate::cli) source: Source,
    pub(in crate::cli) config: Config,
    /// Its folder, from which its paths count.
    pub(in crate::cli) home: Home,
    /// Its folder as it is reached from the current one; empty for that one.
    folder: PathBuf,
}

impl ConfigFile {
    /// A path beside the file, as it is reached from the current folder.
    pub(super) fn beside(&self, path: &str) -> String {
        self.folder.join(path).to_string_lossy().into_owned()
    }
}

/// The folders by which a run names its files.
pub(in crate::cli) struct Folders {
    here: PathBuf,
    /// The root of the repository, from the current folder; `None` outside of one.
    root: Option<PathBuf>,
    /// The `kpl.toml` that was found on the way.
    found: Option<PathBuf>,
}

/// Why there is no configuration to go by.
pub(in crate::cli) enum Trouble {
    Unreadable(Problem),
    Wrong(Box<Source>, Vec<Complaint>),
    /// Mistakes in files of rules.
    Rules(Box<Sources>, Vec<Complaint>),
}

impl Trouble {
    /// Says what it is; the run has failed.
    pub(in crate::cli) fn tell(&self, style: &Style) -> Exit {
        let text = match self {
            Self::Unreadable(problem) => render::problem_line(problem, style),
            Self::Wrong(source, complaints) => {
                let shown = complaints.iter().map(|complaint| render::complaint(complaint, source, style));
                shown.collect::<Vec<_>>().join("\n")
            }
            Self::Rules(sources, complaints) => {
                let shown = complaints.iter().filter_map(|complaint| {
                    let source = sources.get(complaint.place.span.source)?;
                    Some(render::complaint(complaint, source, style))
                });
                shown.collect::<Vec<_>>().join("\n")
            }
        };
        screen::complain(&text);
        Exit::Failure
    }
}

impl Folders {
    /// Searches from the current folder upward to the root of the repository; outside of a repository nowhere else.
    pub(in crate::cli) fn search() -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let mut found = None;
        let mut folder = PathBuf::new();
        for _ in here.ancestors().take(HIGHEST) {
            let file = folder.join(FILE_NAME);
            if found.is_none() && file.is_file() {
                found = Some(file);
            }
            if folder.join(".git").exists() {
                return Self { here, root: Some(folder), found };
            }
            folder.push("..");
        }
        let found = found.filter(|file| file.as_path() == Path::new(FILE_NAME));
        Self { here, root: None, found }
    }

    /// From where a run names its files: the repository's root, else the folder of its configuration, else the current.
    pub(in crate::cli) fn home(&self, file: Option<&ConfigFile>) -> Home {
        match (&self.root, file) {
            (Some(root), _) => Home::new(&self.here, &self.here.join(root)),
            (None, Some(file)) => file.home.clone(),
            (None, None) => Home::new(&self.here, &self.here),
        }
    }

    /// Reads the configuration that holds: the one that was named, else the one that was found.
    ///
    /// # Errors
    /// Where it cannot be read, or something is wrong with it.
    pub(in crate::cli) fn config(&self, args: &SettingsArgs) -> Result<Option<ConfigFile>, Trouble> {
        let found = self.found.as_ref().filter(|_| !args.isolated);
        let Some(path) = args.config.as_ref().or(found) else { return Ok(None) };
        let source = source(path, "a configuration is a file of TOML")?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let home = Home::new(&self.here, &self.here.join(&folder));
        match config::read(&source) {
            Ok(config) => Ok(Some(ConfigFile { source, config, home, folder })),
            Err(complaints) => Err(Trouble::Wrong(Box::new(source), complaints)),
        }
    }
}

/// Reads a file that tells kpl what to do.
///
/// # Errors
/// Where it cannot be read, or is no text; `help` then says what it should be.
pub(in crate::cli) fn source(path: &Path, help: &str) -> Result<Source, Trouble> {
    let unreadable = |message: String| {
        Trouble::Unreadable(Problem {
            file: path.display().to_string(),
            message,
            help: Some(help.to_owned()),
            fatal: true,
        })
    };
    let bytes = inputs::bytes(path).map_err(unreadable)?;
    Source::read(Origin::File(path.to_owned()), bytes).map_err(|error| unreadable(error.to_string()))
}
