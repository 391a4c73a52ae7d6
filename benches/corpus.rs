//! How long AWS's own managed policies take, beside `serde_json::Value` on the same bytes in the same process.
//!
//! `scripts/fetch-corpus` unpacks them into target/corpus; then `cargo bench` prints a row for each step: all policies,
//! one thread.

#![expect(clippy::print_stderr, clippy::unwrap_used, reason = "a bench that cannot run says why")]

use std::{fs, path::Path, sync::LazyLock};

use divan::{Bencher, counter::BytesCount};
use kpl::{
    document,
    lint::{self, Input, Options},
    policy,
    source::{Origin, Source, Sources},
    syntax::json,
};

static CORPUS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("there is no target/corpus: run scripts/fetch-corpus first");
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read_to_string(path).unwrap()).collect()
});

fn bytes() -> BytesCount {
    BytesCount::new(CORPUS.iter().map(String::len).sum::<usize>())
}

fn sources() -> Vec<Source> {
    CORPUS.iter().map(|text| Source::of_text(Origin::File("policy.json".into()), text.clone())).collect()
}

/// The measure: parsed into a tree of its own, without places.
#[divan::bench]
fn a_serde_json_value(bencher: Bencher<'_, '_>) {
    bencher.counter(bytes()).bench(|| {
        for text in CORPUS.iter() {
            divan::black_box(serde_json::from_str::<serde_json::Value>(text).unwrap());
        }
    });
}

/// A tree with places.
#[divan::bench]
fn b_read(bencher: Bencher<'_, '_>) {
    let sources = sources();
    bencher.counter(bytes()).bench_local(|| {
        for source in &sources {
            divan::black_box(json::read(source, json::Dialect::Json));
        }
    });
}

/// From the tree to the typed policy.
#[divan::bench]
fn c_type(bencher: Bencher<'_, '_>) {
    let sources = sources();
    let trees: Vec<_> = sources.iter().map(|source| json::read(source, json::Dialect::Json)).collect();
    bencher.counter(bytes()).bench_local(|| {
        for tree in &trees {
            divan::black_box(policy::read(&tree.root));
        }
    });
}

/// From the text to the document, all of the above.
#[divan::bench]
fn d_open(bencher: Bencher<'_, '_>) {
    let sources = sources();
    bencher.counter(bytes()).bench_local(|| {
        for source in &sources {
            divan::black_box(document::open(source, None).is_ok());
        }
    });
}

/// From the text to the report, every rule of the default persona, a run for each policy.
#[divan::bench]
fn e_lint(bencher: Bencher<'_, '_>) {
    let options = Options::default();
    let runs: Vec<(Sources, [Input; 1])> = sources()
        .into_iter()
        .map(|source| {
            let mut sources = Sources::default();
            let source = sources.push(source);
            (sources, [Input { source, named: true, reported: true }])
        })
        .collect();
    bencher.counter(bytes()).bench_local(|| {
        for (sources, inputs) in &runs {
            divan::black_box(lint::lint(sources, inputs, &options));
        }
    });
}

fn main() {
    divan::main();
}
