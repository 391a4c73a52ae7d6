//! Scenario files: requests, and what is expected of them. `check` only tells that a file is one; `test` runs it.

use super::{Document, Notation};
use crate::{source::Source, syntax::Node};

/// What such a file is called.
const KIND: &str = "scenarios";

/// Notes that a file is one of scenarios; false where the tree is none.
pub(super) fn recognise(root: &Node<'_>, document: &mut Document<'_>) -> bool {
    let cases = root.get("cases").and_then(Node::as_list).unwrap_or_default();
    if cases.is_empty() || !cases.iter().all(|case| case.get("request").is_some() || case.get("expect").is_some()) {
        return false;
    }
    (document.kind, document.because) = (KIND, "it has a list of `cases`, each with a `request`");
    document.told.expected = cases.iter().filter_map(expected).collect();
    true
}

/// The principal of a case that expects it to be let in to a key.
fn expected(case: &Node<'_>) -> Option<String> {
    let request = case.get("request")?;
    let is_of_kms = request.get("action")?.as_str()?.starts_with("kms:");
    let is_allowed = case.get("expect")?.as_str()? == "allowed";
    (is_of_kms && is_allowed).then(|| request.get("principal")?.as_str().map(str::to_owned)).flatten()
}

/// Whether a file's name tells that it holds a scenario a line.
pub(super) fn is_lines(name: &str) -> bool {
    super::ends_with(name, ".kpl-test.jsonl")
}

/// A file of a scenario a line.
pub(super) fn lines(source: &Source) -> Document<'_> {
    let mut document = Document::new(source, Notation::Json);
    (document.kind, document.because) = (KIND, "its name ends with .kpl-test.jsonl");
    document
}
