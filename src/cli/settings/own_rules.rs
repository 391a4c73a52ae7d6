//! The rules as data that a run goes by: those of the folders that the user names, and of kpl's packs.

use std::{
    fs,
    path::{Path, PathBuf},
};

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
    source::Sources,
};

/// So many folders within each other are looked through.
const DEEPEST: usize = 16;

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
    let mut words: Vec<String> = args.select.iter().chain(&args.ignore).cloned().collect();
    words.extend(args.severity.iter().map(|(rule, _)| rule.clone()));
    words.extend(file.into_iter().flat_map(|file| words_of(&file.config)));
    loaded(&folders, Want::Named(&words)).map(|loaded| loaded.catalogue)
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
    let mut sources = Sources::default();
    for file in &files {
        sources.push(source(file, "a rule is a file of YAML")?);
    }
    load(&sources, want).map_err(|rejected| Trouble::Rules(Box::new(sources), rejected.0))
}

/// The words of a configuration that may name rules.
fn words_of(config: &Config) -> Vec<String> {
    let lists = [&config.select, &config.ignore, &config.packs];
    let listed = lists.into_iter().flatten().flat_map(|texts| &texts.values);
    let entries = config.accepted.iter().flat_map(|entry| &entry.rule);
    let levels = config.severity.iter().map(|(rule, _)| rule);
    listed.chain(entries).chain(levels).map(|text| text.value.clone()).collect()
}

/// The files of rules in a folder, or the one that was named.
fn gather(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Trouble> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    let told = |error: &std::io::Error| unreadable(path, inputs::cause(error));
    for entry in fs::read_dir(path).map_err(|error| told(&error))? {
        let entry = entry.map_err(|error| told(&error))?.path();
        let is_rule = entry.extension().is_some_and(|end| end == "yaml" || end == "yml");
        if entry.is_dir() && depth < DEEPEST && !is_hidden(&entry) {
            gather(&entry, depth + 1, files)?;
        } else if is_rule && entry.is_file() {
            files.push(entry);
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
