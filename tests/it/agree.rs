//! Holds the simulator to a second opinion: `naive` must decide as it does, on 100,000 random pairs.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use kpl::{
    key,
    policy::{Comparison, Policy, PolicySet, Quantifier},
    reference::Reference,
    semantics::{Caller, Context, Organization, Request, ServiceFacts, Value},
    simulate::{self, Compiled, Outcome, Scratch},
    source::{SourceId, Span, Spanned},
};

use crate::naive::{
    self, Decision, Held, Layer, Layers, Twist, decide,
    generate::{Dice, Set, request, set},
    missing::missing,
};

/// One seed a thread.
const SEEDS: [u64; 4] = [6, 7, 8, 9];
const SETS: usize = 1_250;
const REQUESTS: usize = 20;

/// How often each part of the meaning decided.
struct Tally {
    decisions: [(Decision, AtomicUsize); 4],
    decisive: Vec<Part>,
}

/// A part of the meaning.
struct Part {
    twist: Twist,
    /// How often it must decide; it is not asked again when it did.
    enough: usize,
    count: AtomicUsize,
}

impl Tally {
    fn new() -> Self {
        let part = |twist, enough| Part { twist, enough, count: AtomicUsize::new(0) };
        let comparisons = Comparison::ALL.iter().map(|comparison| part(Twist::Comparison(*comparison), 200));
        let quantifiers = [None, Some(Quantifier::ForAllValues), Some(Quantifier::ForAnyValue)];
        let quantifiers = quantifiers.into_iter().map(|quantifier| part(Twist::Quantifier(quantifier), 200));
        let layers = Layer::ALL.into_iter().map(|layer| part(Twist::Layer(layer), 1_000));
        let decisions =
            [Decision::Allowed, Decision::ExplicitlyDenied, Decision::ImplicitlyDenied, Decision::Undecided];
        Self {
            decisions: decisions.map(|decision| (decision, AtomicUsize::new(0))),
            decisive: comparisons.chain(quantifiers).chain([part(Twist::IfExists, 200)]).chain(layers).collect(),
        }
    }

    /// Counts a decision, and which of some parts would turn it.
    fn count(&self, request: &naive::Request, layers: &Layers, decision: Decision, parts: &[&Part]) {
        for (_, count) in self.decisions.iter().filter(|(other, _)| *other == decision) {
            count.fetch_add(1, Relaxed);
        }
        for part in parts.iter().filter(|part| part.count.load(Relaxed) < part.enough) {
            if decide(request, layers, part.twist) != decision {
                part.count.fetch_add(1, Relaxed);
            }
        }
    }

    fn assert_enough(&self) {
        let pairs = SEEDS.len() * SETS * REQUESTS;
        for ((decision, count), percent) in self.decisions.iter().zip([15, 15, 0, 10]) {
            let count = count.load(Relaxed);
            assert!(count * 100 >= percent * pairs, "{count} of {pairs} are {decision:?}");
        }
        for Part { twist, enough, count } in &self.decisive {
            let count = count.load(Relaxed);
            assert!(count >= *enough, "{twist:?} decided {count} times of at least {enough}");
        }
    }
}

#[test]
fn the_simulator_decides_as_a_naive_reading_of_the_documentation_does() {
    let tally = Tally::new();
    std::thread::scope(|scope| {
        for seed in SEEDS {
            let tally = &tally;
            scope.spawn(move || compare(seed, tally));
        }
    });
    tally.assert_enough();
}

fn compare(seed: u64, tally: &Tally) {
    let mut dice = Dice::new(seed);
    let mut scratch = Scratch::default();
    for _ in 0..SETS {
        let set = set(&mut dice);
        let parts: Vec<&Part> = tally.decisive.iter().filter(|part| set.holds(part.twist)).collect();
        let grants: Vec<key::Grant> = set.layers.grants.iter().map(grant).collect();
        let compiled = Compiled::new(&policies(&set, &grants));
        for _ in 0..REQUESTS {
            let request = request(&mut dice, set.theme);
            let decision = decide(&request, &set.layers, Twist::Nothing);
            let asked = asked(&request);
            let found = compiled.outcome(&asked, &mut scratch);
            assert_eq!(simulate::outcome(&policies(&set, &grants), &asked), found, "laid out and not: {request:#?}");
            assert_eq!(found, outcome(decision), "{request:#?}\n{}\n{:#?}", set.texts.join("\n"), set.layers.grants);
            tally.count(&request, &set.layers, decision, &parts);
        }
    }
}

/// So many requests are asked for the keys that they lack, and so many others stand for each at most.
const LACKING: usize = 1_000;
const TRIED: usize = 700;

#[test]
fn the_keys_that_could_change_an_answer_are_those_for_which_some_value_does() {
    let mut dice = Dice::new(10);
    let (mut asked_for, mut named) = (0, 0);
    while asked_for < LACKING {
        let set = set(&mut dice);
        let grants: Vec<key::Grant> = set.layers.grants.iter().map(grant).collect();
        let compiled = Compiled::new(&policies(&set, &grants));
        for _ in 0..5 {
            let request = request(&mut dice, set.theme);
            let Some(expected) = missing(&request, &set.layers, TRIED) else { continue };
            let found = compiled.decide(&asked(&request)).missing;
            let found = found.iter().map(|key| key.to_ascii_lowercase()).collect();
            assert_eq!(expected, found, "{request:#?}\n{}\n{:#?}", set.texts.join("\n"), set.layers.grants);
            asked_for += 1;
            named += usize::from(!expected.is_empty());
        }
    }
    assert!(named * 10 >= asked_for, "{named} of {asked_for} lack a key that matters");
}

const fn outcome(decision: Decision) -> Outcome {
    match decision {
        Decision::Allowed => Outcome::Allowed,
        Decision::ExplicitlyDenied => Outcome::ExplicitlyDenied,
        Decision::ImplicitlyDenied => Outcome::ImplicitlyDenied,
        Decision::Undecided => Outcome::Undecided,
    }
}

/// The layers, as the simulator takes them.
fn policies<'p>(set: &'p Set, grants: &'p [key::Grant]) -> PolicySet<'p> {
    let Layers { identity, resource, boundary, session, scps, rcps, endpoint, .. } = &set.layers;
    let levels = |levels: &'p Vec<Vec<Policy>>| levels.iter().map(|level| level.iter().collect()).collect();
    PolicySet {
        identity: identity.iter().collect(),
        resource: resource.as_ref(),
        resource_kind: set.theme.resource_kind(),
        boundary: boundary.as_ref(),
        session: session.as_ref().map(|policies| policies.iter().collect()),
        scps: scps.as_ref().map(levels),
        rcps: rcps.as_ref().map(levels),
        endpoint: endpoint.as_ref().map(|policies| policies.iter().collect()),
        grants,
    }
}

fn grant(grant: &naive::Grant) -> key::Grant {
    let at = Span { source: SourceId(0), start: 0, end: 0 };
    let pairs = |pairs: &[(String, String)]| (!pairs.is_empty()).then(|| pairs.to_vec());
    key::Grant {
        grantee: Spanned::new(principal(&grant.grantee), at),
        operations: grant.operations.iter().map(|operation| Spanned::new(operation.clone(), at)).collect(),
        equals: pairs(&grant.equals),
        subset: pairs(&grant.subset),
        span: at,
    }
}

/// The request, as the simulator takes it.
fn asked(request: &naive::Request) -> Request {
    let mut context = Context::default();
    for (key, held) in &request.context {
        let value = match held {
            Held::Unknown => Value::Unknown,
            Held::One(value) => Value::One(value.clone()),
            Held::Many(values) => Value::Many(values.clone()),
        };
        context.set(key, value);
    }
    let owner = request.owner.as_ref().map(|owner| owner.parse().unwrap());
    let service = request.action.split(':').next().unwrap();
    let facts = ServiceFacts { takes_resource_control_policies: Reference::embedded().is_rcp_service(service) };
    let organization = Organization {
        management_account: request.is_management_account,
        service_linked_role: request.is_service_linked_role,
    };
    let asked = Request::new(caller(&request.caller), &request.action, &request.resource, owner, context);
    asked.within(organization, facts)
}

fn caller(caller: &naive::Caller) -> Caller {
    match caller {
        naive::Caller::Service(name) => Caller::Service(name.clone()),
        naive::Caller::WebIdentity(provider) => Caller::Federated(provider.clone()),
        naive::Caller::Anonymous => Caller::Anonymous,
        _ => {
            let text = principal(caller);
            Caller::of(&text.parse().unwrap(), &text).unwrap()
        }
    }
}

fn principal(caller: &naive::Caller) -> String {
    match caller {
        naive::Caller::User { account, name } => format!("arn:aws:iam::{account}:user/{name}"),
        naive::Caller::Role { account, name } => format!("arn:aws:iam::{account}:role/{name}"),
        naive::Caller::Session { account, role, name } => format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"),
        naive::Caller::FederatedUser { account, name } => format!("arn:aws:sts::{account}:federated-user/{name}"),
        naive::Caller::Root { account } => format!("arn:aws:iam::{account}:root"),
        naive::Caller::Service(name) | naive::Caller::WebIdentity(name) => name.clone(),
        naive::Caller::Anonymous => "*".to_owned(),
    }
}
