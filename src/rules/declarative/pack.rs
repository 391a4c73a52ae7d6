//! A pack: rules that are chosen together, by one name.

use crate::{finding::Complaint, simulate::scenario::fields, source::Spanned, syntax::Node};

/// Rules that are chosen together.
#[derive(Debug, PartialEq, Eq)]
pub struct Pack {
    /// The name by which `--select` knows it.
    pub name: &'static str,
    /// One line for the catalogue.
    pub summary: &'static str,
    /// Every rule in it, those of the packs that it includes too.
    pub rules: Vec<&'static str>,
    /// The controls of a standard, and the rules that stand for them.
    pub controls: Vec<Control>,
}

/// A control of a standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its id there, such as `KMS.1`.
    pub id: &'static str,
    /// The rules that stand for it.
    pub rules: Vec<&'static str>,
    /// Where the control and the rules differ; empty where they do not.
    pub note: &'static str,
}

/// A pack as its file says it.
pub(super) struct PackFile {
    pub(super) name: Spanned<String>,
    summary: String,
    includes: Vec<Spanned<String>>,
    rules: Vec<Spanned<String>>,
    controls: Vec<ControlFile>,
    /// Whether kpl ships it: what is wrong with it is not the user's.
    is_shipped: bool,
}

struct ControlFile {
    id: String,
    rules: Vec<Spanned<String>>,
    note: String,
}

/// The fields of a pack.
pub(super) const FIELDS: [&str; 5] = ["pack", "summary", "includes", "rules", "controls"];
const CONTROL: [&str; 3] = ["id", "rules", "note"];

impl PackFile {
    pub(super) fn shipped(mut self) -> Self {
        self.is_shipped = true;
        self
    }
}

/// Reads a pack.
///
/// # Errors
/// All that is wrong with it but what it names, which [`resolve`] looks for.
pub(super) fn read(root: &Node<'_>) -> Result<PackFile, Vec<Complaint>> {
    let mut complaints = Vec::new();
    let fields = fields::of(root, "a pack", &FIELDS, &mut complaints);
    let name = fields.get("pack").and_then(|node| text(node, "`pack`", &mut complaints));
    let summary = fields.get("summary").and_then(|node| text(node, "`summary`", &mut complaints));
    let mut list = |name: &str| fields.get(name).map_or_else(Vec::new, |node| texts(node, name, &mut complaints));
    let (includes, rules) = (list("includes"), list("rules"));
    let controls = fields.get("controls").map(Node::items).unwrap_or_default();
    let controls = controls.iter().filter_map(|node| control(node, &mut complaints)).collect();
    match name {
        Some(name) if complaints.is_empty() => {
            let summary = summary.map(|summary| summary.value).unwrap_or_default();
            Ok(PackFile { name, summary, includes, rules, controls, is_shipped: false })
        }
        _ => Err(complaints),
    }
}

fn control(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Option<ControlFile> {
    let fields = fields::of(node, "a control", &CONTROL, complaints);
    let id = text(fields.need("id", "a control", node, complaints)?, "`id`", complaints)?;
    let rules = fields.get("rules").map_or_else(Vec::new, |node| texts(node, "rules", complaints));
    let remark = fields.get("note").and_then(|node| text(node, "`note`", complaints));
    Some(ControlFile { id: id.value, rules, note: remark.map(|remark| remark.value).unwrap_or_default() })
}

fn text(node: &Node<'_>, what: &str, complaints: &mut Vec<Complaint>) -> Option<Spanned<String>> {
    fields::text(node, what, complaints).map(|text| Spanned::new(text.trim().to_owned(), node.span))
}

fn texts(node: &Node<'_>, name: &str, complaints: &mut Vec<Complaint>) -> Vec<Spanned<String>> {
    node.items().iter().filter_map(|item| text(item, &format!("`{name}`"), complaints)).collect()
}

/// Finds what packs name, and tells of what is not there and of packs that include themselves.
pub(super) fn resolve(
    files: &[PackFile],
    known: &dyn Fn(&str) -> Option<&'static str>,
    complaints: &mut Vec<Complaint>,
) -> Vec<&'static Pack> {
    let mut packs = Vec::new();
    for file in files {
        let mut rules = Vec::new();
        for part in closure(file, files, complaints) {
            let named = part.rules.iter().chain(part.controls.iter().flat_map(|control| &control.rules));
            for rule in named {
                match known(&rule.value) {
                    Some(id) => rules.push(id),
                    None if std::ptr::eq(part, file) && !file.is_shipped => {
                        let message = format!("there is no rule `{}`", fields::shortened(&rule.value));
                        complaints.push(Complaint::new(rule.span, message).help("`kpl rules` lists the rules of kpl"));
                    }
                    None => {}
                }
            }
        }
        rules.sort_unstable();
        rules.dedup();
        let controls = file.controls.iter().map(|control| Control {
            id: leaked(&control.id),
            rules: control.rules.iter().filter_map(|rule| known(&rule.value)).collect(),
            note: leaked(&control.note),
        });
        let pack = Pack {
            name: leaked(&file.name.value),
            summary: leaked(&file.summary),
            rules,
            controls: controls.collect(),
        };
        // INVARIANT: packs are read once in a run.
        packs.push(&*Box::leak(Box::new(pack)));
    }
    packs
}

fn leaked(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// A pack and all that it includes, each once.
fn closure<'f>(file: &'f PackFile, files: &'f [PackFile], complaints: &mut Vec<Complaint>) -> Vec<&'f PackFile> {
    let mut all = vec![file];
    let mut next = 0;
    while let Some(part) = all.get(next).copied() {
        next += 1;
        for include in &part.includes {
            let own = std::ptr::eq(part, file);
            match files.iter().find(|other| other.name.value == include.value) {
                Some(other) if other.name.value == file.name.value => {
                    let message = if own {
                        format!("the pack `{}` includes itself", file.name.value)
                    } else {
                        format!("`{}` includes `{}`, which includes it again", file.name.value, part.name.value)
                    };
                    complaints.push(Complaint::new(include.span, message).help(if own {
                        "take it away"
                    } else {
                        "take one of the two away"
                    }));
                }
                Some(other) if all.iter().any(|seen| std::ptr::eq(*seen, other)) => {}
                Some(other) => all.push(other),
                None if own => {
                    let message = format!("there is no pack `{}`", fields::shortened(&include.value));
                    let help = format!("kpl's own are {}", super::shipped::pack_names().join(", "));
                    complaints.push(Complaint::new(include.span, message).help(help));
                }
                None => {}
            }
        }
    }
    all
}
