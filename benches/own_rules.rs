//! What rules as data cost: those of fixtures/declarative and of the packs, each under many names.
//!
//! `cargo bench --bench own_rules` prints a row for reading 500 rules, and for each rule a row for asking it of one policy:
//! the throughput counts rules, so that 1 Mitem/s is 1 µs a rule. One thread asks; several read.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run says why")]

use std::{fmt, fs, path::Path, sync::LazyLock};

use divan::{Bencher, counter::ItemsCount};
use kpl::{
    finding::Family,
    lint::{self, Input, Options, Selection, Selector},
    rules::declarative::{Want, load},
    source::{Origin, Source, Sources},
};

/// The text of a rule, under its name.
struct Rule {
    name: String,
    text: String,
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)
    }
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packs = ["kms", "kasten", "security-hub", "data-perimeter"].map(|pack| format!("rules/{pack}"));
    let folders = std::iter::once("fixtures/declarative".to_owned()).chain(packs);
    let mut rules = Vec::new();
    for folder in folders {
        let mut paths: Vec<_> = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.file_stem().is_some_and(|name| name != "pack")) {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            rules.push(Rule { name, text: fs::read_to_string(path).unwrap() });
        }
    }
    rules
});

/// A rule again and again, each time under another name.
fn copies<'r>(rules: impl IntoIterator<Item = &'r Rule>, times: usize) -> Sources {
    let mut sources = Sources::default();
    for rule in rules {
        for copy in 0..times {
            let text = rule.text.replacen(&rule.name, &format!("{}-{copy}", rule.name), 1);
            sources.push(Source::of_text(Origin::File(format!("{}-{copy}.yaml", rule.name).into()), text));
        }
    }
    sources
}

/// From the texts of 500 rules to rules that may be asked, their examples included.
#[divan::bench]
fn a_read(bencher: Bencher<'_, '_>) {
    let sources = copies(RULES.iter().take(10), 50);
    bencher.counter(ItemsCount::new(sources.iter().count())).bench_local(|| load(&sources, Want::Own).is_ok());
}

/// Paths that need the library, as rules without predicates.
static PATHS: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let demands = [
        ("an-item", "$.Statement[?@.Effect == 'Allow'].Principal.AWS[?@ == 'arn:aws:iam::111122223333:user/ada']"),
        ("a-value", "$.Statement[*].Condition.StringEquals['kms:ViaService'][0]"),
        ("anywhere", "$..Federated"),
    ];
    let allow = |principal: &str| {
        let condition = "{ StringEquals: { kms:ViaService: s3.eu-central-1.amazonaws.com } }";
        format!(
            "{{ Statement: {{ Effect: Allow, Principal: {principal}, Action: kms:Decrypt, Resource: '*', Condition: {condition} }} }}"
        )
    };
    let rule = |(name, path): (&str, &str)| {
        let principal = "{ AWS: [ 'arn:aws:iam::111122223333:user/ada' ], Federated: [ example.com ] }";
        let fail = allow(principal);
        let text = format!(
            "id: {name}\nseverity: note\nsummary: s\nforbid: {{ select: \"{path}\" }}\napplies_to: key\nwhy: w\nfix: f\nexamples: {{ fail: {fail}, pass: {{ Statement: [] }} }}\n"
        );
        Rule { name: name.to_owned(), text }
    };
    demands.into_iter().map(rule).collect()
});

/// The same key policy; these find nothing in it, and walk all of it.
#[divan::bench(args = PATHS.iter())]
fn d_walk_a_key_policy(bencher: Bencher<'_, '_>, rule: &Rule) {
    ask(bencher, rule, "fixtures/seed/mended/key-policy.json");
}

/// A key policy of two statements.
#[divan::bench(args = RULES.iter())]
fn b_ask_of_a_key_policy(bencher: Bencher<'_, '_>, rule: &Rule) {
    ask(bencher, rule, "fixtures/seed/mended/key-policy.json");
}

/// The policy of the role beside it, of four.
#[divan::bench(args = RULES.iter())]
fn c_ask_of_an_identity_policy(bencher: Bencher<'_, '_>, rule: &Rule) {
    ask(bencher, rule, "fixtures/seed/mended/kasten-iam-policy.json");
}

/// So often each rule is asked in a run, so that what the run itself costs counts little.
const TIMES: usize = 200;

fn ask(bencher: Bencher<'_, '_>, rule: &Rule, file: &str) {
    let catalogue = load(&copies([rule], TIMES), Want::Own).unwrap().catalogue;
    let selection = Selection { select: vec![Selector::Family(Family::Declarative)], ..Selection::default() };
    let options = Options { catalogue, selection, ..Options::default() };
    let mut sources = Sources::default();
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let source = sources.push(Source::of_text(Origin::File(file.into()), text));
    let inputs = [Input { source, named: true, reported: true }];
    bencher.counter(ItemsCount::new(TIMES)).bench_local(|| lint::lint(&sources, &inputs, &options));
}

fn main() {
    divan::main();
}
