//! Holds the code to its layers: a module imports only from layers below its own. And to its walls: what only some
//! modules may name.

use std::{
    fs,
    path::{Path, PathBuf},
};

use syn::visit::Visit;

/// From the ground up. Modules in one layer may not import each other.
const LAYERS: &[&[&str]] = &[
    &["calendar", "source", "spelling"],
    &["syntax", "finding", "key", "live"],
    &["policy", "config", "render"],
    &["document", "reference", "semantics"],
    &["simulate"],
    &["prove"],
    &["rules"],
    &["lint"],
    &["kasten"],
    &["cli"],
];

#[test]
fn modules_import_only_from_lower_layers() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in rust_files(&src) {
        let Some((here, layer)) = place(&src, &file) else { continue };
        let mut imports = Imports::of(&src, &file);
        imports.visit_file(&syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap());
        for module in imports.names.iter().filter(|module| **module != here) {
            let below = layer_of(module).is_some_and(|other| other < layer);
            assert!(below, "{}: `{here}` may not import `{module}`", file.display());
        }
    }
}

/// Crates and macros that only these places may name.
const WALLS: &[(&str, &[&str])] = &[
    ("miette::", &["render/human.rs"]),
    ("granit_parser", &["syntax/yaml"]),
    ("jsonpath_rust", &["policy/view.rs", "rules/declarative"]),
    ("pest::", &["rules/declarative"]),
    ("toml::{", &["config/toml.rs"]),
    ("clap::", &["cli"]),
    ("aws_sdk", &["live"]),
    ("aws_config", &["live"]),
    ("tokio", &["live"]),
    ("std::fs", &["cli"]),
    ("fs::", &["cli"]),
    ("println!", &[]),
    ("eprintln!", &[]),
    ("stdout()", &["cli"]),
    ("stderr()", &["cli"]),
    ("std::env", &["cli"]),
    // What an operator means is for `semantics` to say, and who gets in for `simulate`: rules name comparisons only where
    // they speak of the way a condition is written.
    (
        "Comparison::",
        &[
            "policy/condition.rs",
            "policy/read.rs",
            "semantics/operator.rs",
            "rules/validity",
            "rules/alias/condition.rs",
            "rules/alias/rows.rs",
            "rules/security/condition.rs",
        ],
    ),
    (".unwrap()", &[]),
    (".expect(", &[]),
];

#[test]
fn what_is_walled_in_is_named_nowhere_else() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in rust_files(&src) {
        let name = file.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code: String =
            code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        if name.ends_with("tests.rs") || name.ends_with("samples.rs") {
            continue;
        }
        for (word, homes) in WALLS {
            let at_home = homes.iter().any(|home| name.starts_with(home));
            assert!(at_home || !code.contains(word), "src/{name} names `{word}`, which is for {homes:?}");
        }
    }
}

/// The top module of `file` and its layer; `None` for `lib.rs` and `main.rs`.
///
/// Panics on a top module that stands in no layer: give it one, or put its content where it belongs.
fn place(src: &Path, file: &Path) -> Option<(String, usize)> {
    let first = file.strip_prefix(src).unwrap().iter().next()?.to_str()?;
    if first == "lib.rs" || first == "main.rs" {
        return None;
    }
    let module = first.trim_end_matches(".rs").to_owned();
    let layer = layer_of(&module).unwrap_or_else(|| panic!("`{module}` stands in no layer"));
    Some((module, layer))
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The top modules that a file names after `crate::`, or by climbing there with `super`. What cannot be told (`crate::*`)
/// is recorded under a name that stands in no layer, so that it fails.
struct Imports {
    names: Vec<String>,
    /// How many modules the code stands in: one `super` fewer than that stays within its top module.
    depth: usize,
}

impl Imports {
    fn of(src: &Path, file: &Path) -> Self {
        let steps = file.strip_prefix(src).unwrap().iter().count();
        let depth = if file.ends_with("mod.rs") { steps - 1 } else { steps };
        Self { names: Vec::new(), depth }
    }

    fn add(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => self.names.push(path.ident.to_string()),
            syn::UseTree::Name(name) => self.names.push(name.ident.to_string()),
            syn::UseTree::Rename(rename) => self.names.push(rename.ident.to_string()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.add(item)),
            syn::UseTree::Glob(_) => self.names.push("*".to_owned()),
        }
    }

    /// Follows `super::super::…`; where it climbs out of the top module, what is named there counts.
    fn climb(&mut self, tree: &syn::UseTree, climbed: usize) {
        match tree {
            syn::UseTree::Path(path) if path.ident == "super" && climbed < self.depth => {
                self.climb(&path.tree, climbed + 1);
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.climb(item, climbed)),
            _ if climbed == self.depth => self.add(tree),
            _ => {}
        }
    }
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        match &item.tree {
            syn::UseTree::Path(path) if path.ident == "crate" => self.add(&path.tree),
            tree => self.climb(tree, 0),
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.depth += 1;
        syn::visit::visit_item_mod(self, module);
        self.depth -= 1;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let climbed = names.iter().take_while(|name| *name == "super").count();
        if names.first().is_some_and(|first| first == "crate") {
            self.names.extend(names.get(1).cloned());
        } else if climbed > 0 && climbed == self.depth {
            self.names.extend(names.get(climbed).cloned());
        }
        syn::visit::visit_path(self, path);
    }
}

/// The test itself can fail: a climb out of the top module is seen, one within it is not.
#[test]
fn a_climb_out_of_the_top_module_is_an_import() {
    let names = |code: &str| {
        let mut imports = Imports { names: Vec::new(), depth: 2 };
        imports.visit_file(&syn::parse_file(code).unwrap());
        imports.names
    };
    assert_eq!(names("use super::{Sibling, super::rules::Rule};"), ["rules"]);
    assert_eq!(names("fn f() { super::super::cli::run(); crate::lint::lint() }"), ["cli", "lint"]);
    assert_eq!(names("use super::Sibling; mod tests { use super::super::Sibling; }"), Vec::<String>::new());
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect()
}

/// What the default build compiles, by the manifest and the lock file: what only a feature asks for is left out.
#[test]
fn the_default_build_has_no_aws_crate_and_no_async() {
    let read = |file: &str| -> toml::Table {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap().parse().unwrap()
    };
    let (manifest, lock) = (read("Cargo.toml"), read("Cargo.lock"));
    let is_optional = |value: &toml::Value| value.get("optional").and_then(toml::Value::as_bool) == Some(true);
    let direct = manifest["dependencies"].as_table().unwrap();
    let mut waiting: Vec<String> =
        direct.iter().filter(|(_, value)| !is_optional(value)).map(|(name, _)| name.clone()).collect();
    let mut seen = std::collections::BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for package in lock["package"].as_array().unwrap().iter().filter(|one| one["name"].as_str() == Some(&name)) {
            let needs = package.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
            waiting.extend(needs.filter_map(|need| need.as_str()?.split(' ').next().map(str::to_owned)));
        }
    }
    assert!(seen.contains("serde_json") && seen.contains("itoa"), "the walk goes from crate to crate");
    for name in &seen {
        assert!(!name.starts_with("aws-") && name != "tokio", "{name} is in the default build");
    }
}
