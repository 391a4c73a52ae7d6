//! What it takes to prove that a version of a policy grants no access that the version before it did not.
//!
//! The versions are lines of JSON in the file that is named: `cargo bench --bench access -- FILE`, each with `policy` (its
//! name), `date` and `document` (the policy's text). Of each pair in order of date the shortest of five runs counts, which
//! is what it takes of the processor where other programs interrupt.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that cannot run says why, and prints")]

use std::{collections::BTreeMap, env, fs, time::Instant};

use kpl::{
    policy::{self, Policy, PolicyKind},
    prove::{Answer, Budget, Claim, Question, Verdict, prove},
    reference::Reference,
    source::SourceId,
    syntax::json,
};

const RUNS: usize = 5;

/// What a pair took.
struct Took {
    milliseconds: f64,
    bytes: usize,
    name: String,
    verdict: Verdict,
}

fn main() {
    let Some(file) = env::args().skip(1).find(|word| !word.starts_with("--")) else {
        println!("name a file with versions of policies: cargo bench --bench access -- FILE");
        return;
    };
    let mut all = Vec::new();
    for (name, versions) in versions(&fs::read_to_string(file).unwrap()) {
        let dates: Vec<&String> = versions.keys().collect();
        let texts: Vec<&String> = versions.values().collect();
        for (pair, date) in texts.windows(2).zip(&dates[1..]) {
            all.push(measured(format!("{name} of {date}"), pair));
        }
    }
    print_verdicts(&all);
    print_times("all", all.iter());
    print_times("under 2 kB", all.iter().filter(|took| took.bytes < 2_000));
    all.sort_by(|one, other| other.milliseconds.total_cmp(&one.milliseconds));
    for took in all.iter().take(10) {
        println!("{:>9.3} ms  {} bytes  {}  {}", took.milliseconds, took.bytes, took.name, took.verdict.word());
    }
}

/// The versions of each policy, by their date.
fn versions(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| line[name].as_str().unwrap().to_owned();
        all.entry(field("policy")).or_default().insert(field("date"), field("document"));
    }
    all
}

fn measured(name: String, pair: &[&String]) -> Took {
    let [old, new] = [pair[0], pair[1]].map(|text| policy::read(&json::read_text(text, SourceId(0)).root).0);
    let mut milliseconds = f64::MAX;
    let mut verdict = Verdict::Proven;
    for _ in 0..RUNS {
        let start = Instant::now();
        verdict = compared(&old, &new).verdict;
        milliseconds = milliseconds.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Took { milliseconds, bytes: pair[0].len().max(pair[1].len()), name, verdict }
}

fn compared(old: &Policy, new: &Policy) -> Answer {
    let claim = Claim::NoNewAccess { old, new };
    let question = Question { claim, kind: PolicyKind::Identity, account: None, resource_type: None };
    prove(&question, Reference::embedded(), Budget::default()).unwrap()
}

/// How many of each verdict; what is undecided by name.
fn print_verdicts(all: &[Took]) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for took in all {
        *counts.entry(took.verdict.word()).or_default() += 1;
        if let Verdict::Undecided { reasons } = &took.verdict {
            let reasons: Vec<&str> = reasons.iter().map(|reason| reason.message.as_str()).collect();
            println!("undecided: {}: {}", took.name, reasons.join("; "));
        }
    }
    println!("{counts:?}");
}

fn print_times<'t>(name: &str, took: impl Iterator<Item = &'t Took>) {
    let mut times: Vec<f64> = took.map(|took| took.milliseconds).collect();
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times.get((times.len().saturating_sub(1)) * percent / 100).copied().unwrap_or(0.0);
    let [p50, p90, p95, p99, max] = [50, 90, 95, 99, 100].map(at);
    let count = times.len();
    println!("{name}: {count} pairs, p50 {p50:.3} ms, p90 {p90:.3}, p95 {p95:.3}, p99 {p99:.3}, max {max:.1}");
}
