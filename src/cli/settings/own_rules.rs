//! The rules as data that a run goes by: those of the folders that the user names, and of kpl's packs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::file::{ConfigFile, Trouble, source};
use crate::{
    cli::{args::SettingsArgs, inputs},
    config::Config,
    finding::Problem,
    lint::Selector,
    rules::{
        Catalogue,
        declarative::{Loaded, Want, load},
    },
    source::{Source, Sources},
};

/// So many folders within each other are looked through.
const DEEPEST: usize = 16;

/// So few files are read sooner than threads are started.
const FEW: usize = 16;

/// The rules that may be named in a run.
///
/// # Errors
/// A folder that cannot be read, and whatever is wrong with the rules in it.
pub(super) fn catalogue(args: &SettingsArgs, file: Option<&ConfigFile>) -> Result<Catalogue, Trouble> {
    let written = file.and_then(|file| Some((file, file.config.rules.as_ref()?)));
    let folders: Vec<PathBuf> = match written.filter(|_| args.rules.is_empty()) {
        Some((file, texts)) => texts.values.iter().map(|text| file.beside(&text.value).into()).collect(),
        None => args.rules.clone(),
    };
    let config = file.map(|file| &file.config);
    let mut chosen: Vec<String> = args.select.clone();
    chosen.extend(config.into_iter().flat_map(chosen_by));
    let mut mentioned: Vec<String> = args.ignore.clone();
    mentioned.extend(args.severity.iter().map(|(rule, _)| rule.clone()));
    mentioned.extend(config.into_iter().flat_map(mentioned_by));
    loaded(&folders, Want::Named { chosen: &chosen, mentioned: &mentioned }).map(|loaded| loaded.catalogue)
}

/// Every rule, with those of some folders.
///
/// # Errors
/// As for [`catalogue`].
pub(in crate::cli) fn catalogue_of(folders: &[PathBuf]) -> Result<Catalogue, Trouble> {
    loaded(folders, Want::All).map(|loaded| loaded.catalogue)
}

/// What the folders hold.
pub(in crate::cli) fn loaded(folders: &[PathBuf], want: Want<'_>) -> Result<Loaded, Trouble> {
    let mut files = Vec::new();
    for folder in folders {
        let before = files.len();
        gather(folder, 0, &mut files)?;
        if files.len() == before {
            return Err(unreadable(folder, "there is no rule in it".to_owned()));
        }
    }
    files.sort();
    files.dedup();
    let read = |file: &PathBuf| source(file, "a rule is a file of YAML");
    let read: Vec<Result<Source, Trouble>> =
        if files.len() < FEW { files.iter().map(read).collect() } else { files.par_iter().map(read).collect() };
    let mut sources = Sources::default();
    for source in read {
        sources.push(source?);
    }
    load(&sources, want).map_err(|rejected| Trouble::Rules(Box::new(sources), rejected.0))
}

/// The words by which a configuration chooses rules.
fn chosen_by(config: &Config) -> impl Iterator<Item = String> {
    let lists = [&config.select, &config.packs];
    lists.into_iter().flatten().flat_map(|texts| &texts.values).map(|text| text.value.clone())
}

/// The words by which a configuration names rules that it does not choose.
fn mentioned_by(config: &Config) -> impl Iterator<Item = String> {
    let listed = config.ignore.iter().flat_map(|texts| &texts.values);
    let entries = config.accepted.iter().flat_map(|entry| &entry.rule);
    let of_paths = config.paths.iter().flat_map(|path| &path.ignore);
    let levels = config.severity.iter().map(|(rule, _)| rule);
    listed.chain(entries).chain(of_paths).chain(levels).map(|text| text.value.clone())
}

/// The files of rules in a folder, or the one that was named.
fn gather(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Trouble> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    let told = |error: &std::io::Error| unreadable(path, inputs::cause(error));
    for entry in fs::read_dir(path).map_err(|error| told(&error))? {
        let entry = entry.map_err(|error| told(&error))?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(|error| told(&error))?);
        let is_rule = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        if kind.is_dir() || kind.is_symlink() && path.is_dir() {
            if depth < DEEPEST && !is_hidden(&path) {
                gather(&path, depth + 1, files)?;
            }
        } else if is_rule && (kind.is_file() || path.is_file()) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn unreadable(path: &Path, message: String) -> Trouble {
    let help = Some("`--rules` names a folder of rules as data, each a file of YAML".to_owned());
    Trouble::Unreadable(Problem { file: path.display().to_string(), message, help, fatal: true })
}

/// Whether what was typed names rules.
///
/// # Errors
/// The first word that names none.
pub(super) fn typed(args: &SettingsArgs, catalogue: &Catalogue) -> Result<(), Trouble> {
    let wrong = |option: &str, message: String| {
        let help = Some("`kpl rules` lists the rules".to_owned());
        Err(Trouble::Unreadable(Problem { file: option.to_owned(), message, help, fatal: true }))
    };
    for (option, words) in [("--select", &args.select), ("--ignore", &args.ignore)] {
        if let Some(error) = words.iter().find_map(|word| Selector::read(word, catalogue).err()) {
            return wrong(option, error.to_string());
        }
    }
    for (rule, _) in &args.severity {
        if let Err(message) = super::rule(rule, catalogue) {
            return wrong("--severity", message);
        }
    }
    Ok(())
}
