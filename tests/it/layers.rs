//! Holds the code to its layers: a module imports only from layers below its own. And to its walls: what only some
//! modules may name.

use std::{
    fs,
    path::{Path, PathBuf},
};

use syn::visit::Visit;

/// From the ground up. Modules in one layer may not import each other.
const LAYERS: &[&[&str]] = &[
    &["source"],
    &["syntax", "finding", "key"],
    &["policy", "render"],
    &["document"],
    &["rules"],
    &["lint"],
    &["cli"],
];

#[test]
fn modules_import_only_from_lower_layers() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in rust_files(&src) {
        let Some((here, layer)) = place(&src, &file) else { continue };
        let mut imports = Imports::default();
        imports.visit_file(&syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap());
        for module in imports.0.iter().filter(|module| **module != here) {
            let below = layer_of(module).is_some_and(|other| other < layer);
            assert!(below, "{}: `{here}` may not import `{module}`", file.display());
        }
    }
}

/// Crates and macros that only these places may name.
const WALLS: &[(&str, &[&str])] = &[
    ("miette::", &["render/human.rs"]),
    ("granit_parser", &["syntax/yaml"]),
    ("clap::", &["cli"]),
    ("std::fs", &["cli"]),
    ("fs::", &["cli"]),
    ("println!", &[]),
    ("eprintln!", &[]),
    ("stdout()", &["cli"]),
    ("stderr()", &["cli"]),
    ("std::env", &["cli"]),
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

/// The top modules that a file names after `crate::`. What cannot be told (`crate::*`, a path that climbs with `super` out of
/// nested modules) is recorded under a name that stands in no layer, so that it fails.
#[derive(Default)]
struct Imports(Vec<String>);

impl Imports {
    fn add(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => self.0.push(path.ident.to_string()),
            syn::UseTree::Name(name) => self.0.push(name.ident.to_string()),
            syn::UseTree::Rename(rename) => self.0.push(rename.ident.to_string()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.add(item)),
            syn::UseTree::Glob(_) => self.0.push("*".to_owned()),
        }
    }
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        match &item.tree {
            syn::UseTree::Path(path) if path.ident == "crate" => self.add(&path.tree),
            syn::UseTree::Path(path) if path.ident == "super" => self.0.push("super".to_owned()),
            _ => {}
        }
    }

    // A module of unit tests may say `use super::*`.
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut names = path.segments.iter().map(|segment| segment.ident.to_string());
        match names.next().as_deref() {
            Some("crate") => self.0.extend(names.next()),
            Some("super") => self.0.push("super".to_owned()),
            _ => {}
        }
        syn::visit::visit_path(self, path);
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect()
}
