//! Holds the prover to random requests of random policies of every kind: whatever is proven, the naive interpreter finds no
//! request that says otherwise, and it confirms each request that is shown against a claim.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use kpl::{
    policy::{self, Policy, PolicyKind},
    prove::{Budget, Claim, Question, Verdict, prove},
    reference::Reference,
    semantics::{self, Value},
    source::SourceId,
    syntax::json,
};

use crate::naive::{
    Caller, Decision, Held, Layers, Request, Twist, decide,
    generate::{Dice, OWN, Versions, request, versions},
};

const SEEDS: [u64; 4] = [31, 32, 33, 34];
const CLAIMS: usize = 500;
const REQUESTS: usize = 120;

fn agreeing(principal: &str) -> Policy {
    let text = format!(r#"{{"Statement":[{{"Effect":"Allow",{principal}"Action":"*","Resource":"*"}}]}}"#);
    policy::read(&json::read_text(&text, SourceId(0)).root).0
}

/// The layers of a version; those of a resource's policy with the caller's own, where these agree.
fn layers(kind: PolicyKind, version: &Policy, with_own: bool) -> Layers {
    let version = version.clone();
    if is_attached(kind) {
        let identity = if with_own { vec![agreeing("")] } else { Vec::new() };
        return Layers { identity, resource: Some(version), ..Layers::default() };
    }
    let resource = Some(agreeing(r#""Principal":{"AWS":["111122223333","444455556666"]},"#));
    let own = Layers { identity: vec![agreeing("")], resource, ..Layers::default() };
    match kind {
        PolicyKind::Boundary => Layers { boundary: Some(version), ..own },
        PolicyKind::Session => Layers { session: Some(vec![version]), ..own },
        PolicyKind::ServiceControl => Layers { scps: Some(vec![vec![version]]), ..own },
        _ => Layers { identity: vec![version], ..own },
    }
}

const fn is_attached(kind: PolicyKind) -> bool {
    matches!(kind, PolicyKind::Key | PolicyKind::Trust | PolicyKind::Resource)
}

/// What each version says of a request: alone, and where the caller's own policies agree.
fn decisions(versions: &Versions, request: &Request) -> Vec<[Decision; 2]> {
    let sides: &[bool] = if is_attached(versions.kind) { &[false, true] } else { &[true] };
    let decided = |with_own: &bool| {
        versions.policies.each_ref().map(|policy| {
            let layers = layers(versions.kind, policy, *with_own);
            decide(request, &layers, Twist::Nothing)
        })
    };
    sides.iter().map(decided).collect()
}

/// Whether the second version allows a request that the first does not.
fn is_new(versions: &Versions, request: &Request) -> bool {
    decisions(versions, request).into_iter().any(|[old, new]| {
        new == Decision::Allowed && matches!(old, Decision::ImplicitlyDenied | Decision::ExplicitlyDenied)
    })
}

/// Whether it may be: which kind of denial the first ends with may be open.
fn may_be_new(versions: &Versions, request: &Request) -> bool {
    decisions(versions, request).into_iter().any(|[old, new]| new == Decision::Allowed && old != Decision::Allowed)
}

fn proved(versions: &Versions) -> Verdict {
    let [old, new] = &versions.policies;
    let account = is_attached(versions.kind).then(|| OWN.parse().unwrap());
    let claim = Claim::NoNewAccess { old, new };
    let question = Question { claim, kind: versions.kind, account, resource_type: None };
    let answer = prove(&question, Reference::embedded(), Budget::of_milliseconds(2_000));
    answer.unwrap_or_else(|error| panic!("{:?}: {error}\n{}", versions.kind, versions.texts.join("\n"))).verdict
}

/// Whether a request is one that the claim is about.
fn is_meant(kind: PolicyKind, request: &Request) -> bool {
    let is_carrier = matches!(request.caller, Caller::User { .. } | Caller::Role { .. });
    let is_plain = !request.is_management_account && !request.is_service_linked_role;
    let is_retiring = request.action == "kms:RetireGrant";
    is_plain && is_sent(request) && (is_attached(kind) && !is_retiring || !is_attached(kind) && is_carrier)
}

/// Whether AWS sends such a request: it carries no two values of a key that has one.
fn is_sent(request: &Request) -> bool {
    let has_one = |key: &str| Reference::embedded().condition_key(key).is_some_and(|info| !info.is_multi_valued());
    !request.context.iter().any(|(key, held)| matches!(held, Held::Many(_)) && has_one(&key.to_ascii_lowercase()))
}

/// The prover's request, for the naive interpreter.
fn told(request: &semantics::Request) -> Request {
    let name_of = |text: &str| text.split_once('/').map_or(text, |(_, name)| name).to_owned();
    let of = |arn: &policy::PrincipalArn| (arn.account().to_string(), name_of(arn.as_str()));
    let caller = match &request.caller {
        semantics::Caller::User(arn) => {
            let (account, name) = of(arn);
            Caller::User { account, name }
        }
        semantics::Caller::Role(arn) => {
            let (account, name) = of(arn);
            Caller::Role { account, name }
        }
        other => panic!("{other:?}"),
    };
    let owner = request.resource_account().or(request.caller.account());
    let derived =
        ["aws:principalaccount", "aws:principalarn", "aws:principaltype", "aws:username", "kms:calleraccount"];
    let carried = request.context.iter().filter(|(key, _)| !derived.contains(&key.to_ascii_lowercase().as_str()));
    let held = |value: &Value| match value {
        Value::One(value) => Held::One(value.clone()),
        Value::Many(values) => Held::Many(values.clone()),
        Value::Unknown => Held::Unknown,
    };
    let context = carried.map(|(key, value)| (key.to_owned(), held(value))).collect();
    Request {
        owner: owner.map(|owner| owner.to_string()).filter(|_| request.resource() != "*"),
        caller,
        action: request.action().to_owned(),
        resource: request.resource().to_owned(),
        context,
        is_management_account: false,
        is_service_linked_role: false,
    }
}

/// Whether the naive interpreter knows such a request: it has no paths of names, and of STS one call on a role alone.
fn is_understood(kind: PolicyKind, request: &semantics::Request) -> bool {
    let is_of_sts = request.lower_action().starts_with("sts:");
    let is_assuming = is_of_sts == (kind == PolicyKind::Trust) && (!is_of_sts || request.action() == "sts:AssumeRole");
    match &request.caller {
        semantics::Caller::User(arn) | semantics::Caller::Role(arn) => {
            arn.as_str().matches('/').count() == 1 && is_assuming
        }
        _ => false,
    }
}

fn objection(versions: &Versions, verdict: &Verdict, dice: &mut Dice) -> Option<String> {
    match verdict {
        Verdict::Proven => {
            let mut requests = (0..REQUESTS).map(|_| request(dice, versions.theme));
            requests.find(|request| is_meant(versions.kind, request) && is_new(versions, request))
        }
        .map(|request| format!("proven, and yet this is new: {request:?}")),
        Verdict::Refuted { witness: Some(witness) } => {
            let is_wrong =
                is_understood(versions.kind, &witness.request) && !may_be_new(versions, &told(&witness.request));
            is_wrong.then(|| format!("this is not new: {:?}", witness.request))
        }
        _ => None,
    }
}

#[test]
fn no_random_request_contradicts_a_proof() {
    let counts: Mutex<BTreeMap<(String, &str), usize>> = Mutex::default();
    std::thread::scope(|scope| {
        for seed in SEEDS {
            let counts = &counts;
            scope.spawn(move || {
                let mut dice = Dice::new(seed);
                for _ in 0..CLAIMS {
                    let versions = versions(&mut dice);
                    let verdict = proved(&versions);
                    let objection = objection(&versions, &verdict, &mut dice);
                    assert!(
                        objection.is_none(),
                        "{:?}\n{}\n{}",
                        versions.kind,
                        versions.texts.join("\n"),
                        objection.unwrap_or_default()
                    );
                    let key = (versions.kind.to_string(), verdict.word());
                    *counts.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
                }
            });
        }
    });
    let counts = counts.into_inner().unwrap_or_else(PoisonError::into_inner);
    let of = |word| counts.iter().filter(|((_, other), _)| *other == word).map(|(_, count)| count).sum::<usize>();
    let all = SEEDS.len() * CLAIMS;
    assert!(of("proven") * 5 >= all && of("refuted") * 5 >= all, "{counts:?}");
    assert!(of("undecided") * 5 <= all, "{counts:?}");
}
