//! A decision allocates nothing once its scratch has served before.

use kpl::simulate::{Outcome, Scratch};

#[path = "../../benches/fixture/mod.rs"]
mod fixture;

use fixture::Fixture;

#[test]
fn a_decision_allocates_nothing() {
    let fixture = Fixture::read();
    let (compiled, requests) = (fixture.compiled(), fixture.requests());
    let mut scratch = Scratch::default();
    let warm: Vec<Outcome> = requests.iter().map(|request| compiled.outcome(request, &mut scratch)).collect();
    let allowed = warm.iter().filter(|outcome| **outcome == Outcome::Allowed).count();
    assert_eq!((warm.len(), allowed), (1000, 400));
    let counted = allocation_counter::measure(|| {
        for request in &requests {
            std::hint::black_box(compiled.outcome(request, &mut scratch));
        }
    });
    assert_eq!(counted.count_total, 0);
}
