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
    true
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
