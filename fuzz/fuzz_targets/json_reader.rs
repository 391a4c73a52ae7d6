//! What the JSON reader holds for any bytes: places lie in the text, sound text reads as `serde_json` reads it, and
//! repairs keep what they say.

#![no_main]

use kpl::{
    source::{Edit, Encoding, Origin, Source, SourceId, Span},
    syntax::{
        Cause, Fault, Node, Tree, Value,
        json::{self, Dialect},
        print,
    },
};
use libfuzzer_sys::fuzz_target;

const ID: SourceId = SourceId(0);

/// How many faults of one text the reader tells; it passes over further ones.
const SHOWN_FAULTS: usize = 100;

/// How many there may be in all: those of a text and of a document encoded in it, damaged bytes, and that encoding.
const MANY_FAULTS: usize = 2 * SHOWN_FAULTS + 2;

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = Source::read(Origin::Stdin(None), bytes.to_vec()) else { return };
    let tree = json::read(&source, Dialect::Json);
    places_hold(&tree, source.text());
    places_hold(&json::read(&source, Dialect::Jsonc), source.text());
    agrees_with_serde_json(&tree, &source);
    if tree.faults.is_empty() {
        reads_back(&tree.root);
    }
    mends(&tree, &source);
});

/// Every place lies in the text between characters, in order, and each within the place that holds it.
fn places_hold(tree: &Tree<'_>, text: &str) {
    assert!(tree.faults.len() <= MANY_FAULTS, "{} faults", tree.faults.len());
    assert!(tree.faults.is_sorted_by_key(|fault| fault.span.start), "faults out of order: {:?}", tree.faults);
    node_lies_in(&tree.root, text);
    for fault in &tree.faults {
        lies_in(fault.span, text);
        assert!(fault.count > 0, "no place has this fault: {fault:?}");
        let edits = fault.repair.iter().flat_map(|repair| &repair.edits);
        edits.clone().for_each(|edit| lies_in(edit.span, text));
        assert!(edits.is_sorted_by_key(|edit| edit.span.start), "edits out of order: {fault:?}");
    }
}

fn lies_in(span: Span, text: &str) {
    assert_eq!(span.source, ID);
    assert!(text.get(span.range()).is_some(), "{span:?} is no place of the text");
}

fn node_lies_in(node: &Node<'_>, text: &str) {
    lies_in(node.span, text);
    let mut done = node.span.start;
    let mut part = |span: Span| {
        lies_in(span, text);
        assert!(done <= span.start && span.end <= node.span.end, "{span:?} lies not in {:?} after {done}", node.span);
        done = span.end;
    };
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| part(item.span)),
        Value::Map(members) => members.iter().for_each(|member| {
            part(member.key_span);
            part(member.value.span);
        }),
        _ => {}
    }
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| node_lies_in(item, text)),
        Value::Map(members) => members.iter().for_each(|member| node_lies_in(&member.value, text)),
        _ => {}
    }
}

/// `serde_json` takes a text exactly where the reader finds no fault, and reads the same from it.
fn agrees_with_serde_json(tree: &Tree<'_>, source: &Source) {
    // What the encoding of the file is concerns its bytes; here is its text.
    let mut text = source.text();
    let mut faults: Vec<&Cause> = tree.faults.iter().map(|fault| &fault.cause).collect();
    if source.encoding != Encoding::Utf8 {
        faults.retain(|cause| !matches!(cause, Cause::Encoding(_)));
        text = text.strip_prefix('\u{feff}').unwrap_or(text);
    }
    let outer;
    if faults.contains(&&Cause::EncodedTwice) {
        if faults.len() > 1 {
            return;
        }
        faults.clear();
        outer = serde_json::from_str::<String>(text).expect("a document encoded twice is a string");
        text = &outer;
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => {
            assert!(faults.is_empty(), "serde_json takes it: {faults:?}");
            let printed = print::compact(&tree.root);
            assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).ok(), Some(value), "{printed}");
        }
        Err(error) if is_beyond_serde_json(&error) => {}
        Err(error) => assert!(!faults.is_empty(), "serde_json refuses it: {error}"),
    }
}

/// Whether `serde_json` refuses what is JSON all the same: 128 levels, and numbers that no `f64` holds.
fn is_beyond_serde_json(error: &serde_json::Error) -> bool {
    let message = error.to_string();
    message.starts_with("recursion limit exceeded") || message.starts_with("number out of range")
}

/// What is printed of a tree reads as that tree.
fn reads_back(root: &Node<'_>) {
    for printed in [print::compact(root), print::pretty(root)] {
        let source = source(printed);
        let tree = json::read(&source, Dialect::Json);
        assert_eq!(tree.faults, [], "{}", source.text());
        assert_eq!(placeless(&tree.root), placeless(root), "{}", source.text());
    }
}

/// Where every fault has a safe repair, all of them together make sound text that means what was read.
///
/// Repairs of other texts must only not make the reader fail: what cannot be mended may change what the rest means.
fn mends(tree: &Tree<'_>, source: &Source) {
    let everything = repaired(source, tree.faults.iter());
    places_hold(&json::read(&everything, Dialect::Json), everything.text());
    // What replaces the whole text goes first, alone.
    let replacing = tree.faults.iter().find(|fault| matches!(fault.cause, Cause::Encoding(_) | Cause::EncodedTwice));
    let mended = match replacing {
        Some(fault) => repaired(source, [fault].into_iter()),
        None => repaired(source, tree.faults.iter().filter(|fault| is_safe(fault))),
    };
    let read = json::read(&mended, Dialect::Json);
    places_hold(&read, mended.text());
    if tree.faults.len() < SHOWN_FAULTS && tree.faults.iter().all(is_safe) && !is_newly_seen(&read, tree) {
        assert_eq!(placeless(&read.root), placeless(&tree.root), "{}", mended.text());
        assert!(replacing.is_some() || read.faults.is_empty(), "{:?} in {}", read.faults, mended.text());
    }
    if replacing.is_some() {
        mends(&read, &mended);
    }
}

fn is_safe(fault: &Fault) -> bool {
    fault.repair.as_ref().is_some_and(|repair| repair.safe)
}

/// Whether a document in a string is seen only now that its quotation marks are straight.
fn is_newly_seen(read: &Tree<'_>, before: &Tree<'_>) -> bool {
    let is_encoded = |tree: &Tree<'_>| tree.faults.iter().any(|fault| fault.cause == Cause::EncodedTwice);
    is_encoded(read) && !is_encoded(before)
}

fn repaired<'f>(broken: &Source, faults: impl Iterator<Item = &'f Fault>) -> Source {
    let edits: Vec<Edit> =
        faults.filter_map(|fault| fault.repair.as_ref()).flat_map(|repair| repair.edits.clone()).collect();
    source(Edit::apply(broken.text(), &edits))
}

fn source(text: String) -> Source {
    Source::of_text(Origin::Stdin(None), text)
}

/// The tree with all its places set aside.
fn placeless(root: &Node<'_>) -> Node<'static> {
    let mut root = root.clone().into_owned();
    root.map_spans(&|_| Span { source: ID, start: 0, end: 0 });
    root
}
