//! Files by the names that `kpl.toml` and a baseline have for them, wherever kpl was started.

use std::path::{Component, Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// A folder from which files are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// The folder in which kpl runs.
    here: PathBuf,
    folder: PathBuf,
}

impl Home {
    /// A folder, and the one in which kpl runs; both absolute, or both empty.
    #[must_use]
    pub fn new(here: &Path, folder: &Path) -> Self {
        Self { here: normalised(here), folder: normalised(folder) }
    }

    /// Whether it lies in another folder, or is that.
    #[must_use]
    pub fn is_within(&self, folder: &str) -> bool {
        self.folder.starts_with(normalised(&self.here.join(folder)))
    }

    /// A file's name from this folder, with `/` between its parts; what lies outside keeps the name that it has.
    #[must_use]
    pub fn name(&self, file: &str) -> String {
        let path = normalised(&self.here.join(file));
        let inside = path.strip_prefix(&self.folder).unwrap_or(&path);
        if inside.is_absolute() && !Path::new(file).is_absolute() {
            return file.to_owned();
        }
        inside.to_string_lossy().replace('\\', "/")
    }
}

/// A path without `.` and, where what they climb is known, without `..`.
fn normalised(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

/// Patterns of files.
///
/// A pattern without `/` is the name of a file or a folder anywhere; one with `/` counts from its [`Home`]. Either way, a
/// folder stands for all that is in it. `*` stays within a name, `**` does not.
#[derive(Clone, Debug, Default)]
pub struct Globs {
    home: Home,
    set: GlobSet,
}

impl Globs {
    /// Patterns that count from a folder.
    ///
    /// # Errors
    /// The number of the first pattern that is broken, and why.
    pub fn new<'t>(home: &Home, patterns: impl IntoIterator<Item = &'t str>) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (number, pattern) in patterns.into_iter().enumerate() {
            for glob in globs(pattern).map_err(|error| (number, error.kind().to_string()))? {
                set.add(glob);
            }
        }
        let set = set.build().map_err(|error| (0, error.kind().to_string()))?;
        Ok(Self { home: home.clone(), set })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Whether one of them means a file, by the name under which kpl was given it.
    #[must_use]
    pub fn cover(&self, file: &str) -> bool {
        !self.is_empty() && self.set.is_match(self.home.name(file))
    }
}

/// The globs that one pattern stands for.
fn globs(pattern: &str) -> Result<[Glob; 2], globset::Error> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
    let is_name = !pattern.contains('/');
    let pattern = if is_name { format!("**/{pattern}") } else { pattern.trim_start_matches('/').to_owned() };
    let glob = |pattern: &str| GlobBuilder::new(pattern).literal_separator(true).build();
    Ok([glob(&pattern)?, glob(&format!("{pattern}/**"))?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, file: &str) -> bool {
        let home = Home::new(Path::new("/repo/sub"), Path::new("/repo"));
        Globs::new(&home, [pattern]).unwrap().cover(file)
    }

    #[test]
    fn a_file_is_named_from_its_home_wherever_kpl_runs() {
        let home = Home::new(Path::new("/repo/sub"), Path::new("/repo"));
        let named =
            ["./a.json", "../b/./c.json", "/repo/d.json", "../../e.json", "/f.json"].map(|file| home.name(file));
        assert_eq!(named, ["sub/a.json", "b/c.json", "d.json", "../../e.json", "/f.json"]);
        assert_eq!(Home::default().name("./a/b.json"), "a/b.json");
    }

    #[test]
    fn a_name_alone_means_files_and_folders_anywhere() {
        assert!(covers("legacy", "legacy/a.json") && covers("*.gen.json", "a.gen.json"));
        assert!(!covers("legacy", "legacy2/a.json"));
    }

    #[test]
    fn a_path_counts_from_its_home_and_a_folder_stands_for_what_is_in_it() {
        assert!(
            covers("sub/x", "x/y/a.json") && covers("./sub/", "a.json") && covers("other/*.json", "../other/a.json")
        );
        assert!(!covers("x/y", "x/y/a.json") && !covers("sub/*.json", "x/a.json"));
    }
}
