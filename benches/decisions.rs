//! How many requests a second one core decides: from a policy set that is laid out once, and from the text of the
//! policies. The requests are those of `fixtures/bench`; `benches/peers` decides them by another simulator.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run says why")]

mod fixture;

use std::fs;

use divan::{Bencher, counter::ItemsCount};
use fixture::{Fixture, folder};
use kpl::{
    policy::{self, PolicyKind, PolicySet},
    simulate::{Scratch, outcome},
    source::SourceId,
    syntax::json,
};

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// All requests, from a policy set that is laid out.
#[divan::bench]
fn a_compiled(bencher: Bencher<'_, '_>) {
    let fixture = Fixture::read();
    let (compiled, requests) = (fixture.compiled(), fixture.requests());
    let mut scratch = Scratch::default();
    bencher.counter(ItemsCount::new(requests.len())).bench_local(|| {
        for request in &requests {
            divan::black_box(compiled.outcome(request, &mut scratch));
        }
    });
}

/// All requests, each from the text of the policies.
#[divan::bench]
fn b_cold(bencher: Bencher<'_, '_>) {
    let fixture = Fixture::read();
    let requests = fixture.requests();
    let texts = ["../seed/mended/kasten-iam-policy.json", "key-policy.json", "scp.json"]
        .map(|name| fs::read_to_string(folder().join(name)).unwrap());
    bencher.counter(ItemsCount::new(requests.len())).bench_local(|| {
        for request in &requests {
            let [identity, key, scp] =
                texts.each_ref().map(|text| policy::read(&json::read_text(text, SourceId(0)).root).0);
            let set = PolicySet {
                identity: vec![&identity],
                resource: Some(&key),
                resource_kind: PolicyKind::Key,
                scps: Some(vec![vec![&scp]]),
                ..PolicySet::default()
            };
            divan::black_box(outcome(&set, request));
        }
    });
}

fn main() {
    divan::main();
}
