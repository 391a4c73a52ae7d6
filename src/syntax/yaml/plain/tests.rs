//! What is read in one pass is read as the scanner reads it.

use std::{fs, path::Path};

use proptest::prelude::{Strategy, prop};

use super::*;
use crate::{
    source::Origin,
    syntax::yaml::{Templates, part, read_filled, split},
};

/// Whether a text was read here, and, where it was, whether the scanner reads it alike and without a fault.
fn read_alike(text: &str) -> (bool, bool) {
    let source = Source::of_text(Origin::Stdin(None), text.to_owned());
    let stretch = Stretch { text, base: 0 };
    if split::documents(text).len() > 1 {
        return (false, true);
    }
    let Some(root) = read(&source, stretch) else { return (false, true) };
    let scanned = read_filled(&source, stretch, &[]);
    (true, scanned.is_some_and(|scanned| scanned.tree.root == root && scanned.tree.faults.is_empty()))
}

fn files(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, texts);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            texts.extend(fs::read_to_string(path));
        }
    }
}

#[test]
fn rules_of_an_organisation_are_read_here_and_every_file_alike() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut own, mut others) = (Vec::new(), Vec::new());
    files(&root.join("fixtures/declarative"), &mut own);
    files(&root.join("fixtures/seed"), &mut others);
    files(&root.join("rules"), &mut others);
    assert!(own.len() >= 10 && own.iter().all(|text| read_alike(text) == (true, true)));
    for text in &others {
        assert!(read_alike(text).1, "{text}");
    }
}

#[test]
fn a_stretch_behind_others_has_the_places_of_the_whole_text() {
    let source = Source::of_text(Origin::Stdin(None), "a: 1\n...\nb: [x, 'y']\n".to_owned());
    let stretches = split::documents(source.text());
    let last = stretches.last().unwrap().clone();
    let read = part(&source, source.text(), last, Templates::Filled).unwrap();
    assert_eq!(source.slice(read.tree.root.span), "b: [x, 'y']");
}

#[test]
fn however_deep_a_text_is_nested_the_reader_gives_up_at_its_bound() {
    let lines: Vec<String> = (0..2000).map(|depth| format!("{:depth$}a:\n", "")).collect();
    let text = lines.concat();
    let read = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
        let source = Source::of_text(Origin::Stdin(None), text);
        read(&source, Stretch { text: source.text(), base: 0 }).is_some()
    });
    assert!(!read.unwrap().join().unwrap());
}

/// Texts of what YAML is made of, most of them broken.
fn texts() -> impl Strategy<Value = String> {
    let pieces = [
        "a: ",
        "b:",
        "\"c\": ",
        "\n",
        "\n",
        "\n  ",
        "\n    ",
        "\n- ",
        "\n  - ",
        "- ",
        "{ ",
        " }",
        "[",
        "]",
        ", ",
        "\"x y\"",
        "'y'",
        "kms:Decrypt",
        "word",
        "two words",
        "*",
        "# c",
        " # c",
        "null",
        "12",
        "012",
        "~",
        ":",
        "-",
        "? ",
        "| ",
        ">",
        "&x ",
        "!t ",
        "\t",
        "\r\n",
        "é",
        "<<: ",
        "true",
        "''",
        "\\",
        "@",
        "%",
        "...",
        "---",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 1..14).prop_map(|pieces| pieces.concat())
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 4096, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_is_read_here_the_scanner_reads_alike(text in texts()) {
        proptest::prop_assert!(read_alike(&text).1, "{text:?}");
        let nested = format!("a:\n  b: {text}");
        proptest::prop_assert!(read_alike(&nested).1, "{nested:?}");
    }
}
