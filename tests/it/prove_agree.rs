//! Holds the prover to brute force: 10,000 random claims, each decided by trying every request of a small alphabet with the
//! naive interpreter, which shares no code with the prover, nor with the formulas that it solves.

use std::sync::{
    LazyLock,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use kpl::{
    policy::{self, Policy, PolicyKind},
    prove::{Budget, Claim, Question, Verdict, prove},
    reference::Reference,
    semantics::{self, Value},
    source::SourceId,
    syntax::json,
};

use crate::naive::{Caller, Decision, Held, Layers, Request, Twist, decide, generate::Dice};

/// What the conditions of a claim are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Domain {
    Text,
    Arn,
    Address,
    Number,
    Date,
    Boolean,
    Presence,
    Several,
    Principal,
}

impl Domain {
    const ALL: [Self; 9] = [
        Self::Text,
        Self::Arn,
        Self::Address,
        Self::Number,
        Self::Date,
        Self::Boolean,
        Self::Presence,
        Self::Several,
        Self::Principal,
    ];

    /// A row of a condition: operator, key, values.
    fn row(self, dice: &mut Dice) -> (String, &'static str, Vec<String>) {
        let (operators, key): (&[&str], &str) = match self {
            Self::Text => (
                &["StringLike", "StringNotLike", "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase"],
                "aws:RequestTag/a",
            ),
            Self::Arn => (&["ArnLike", "ArnNotLike", "ArnEquals"], "aws:SourceArn"),
            Self::Address => (&["IpAddress", "IpAddress", "NotIpAddress"], "aws:SourceIp"),
            Self::Number => (
                &[
                    "NumericLessThan",
                    "NumericLessThanEquals",
                    "NumericGreaterThan",
                    "NumericGreaterThanEquals",
                    "NumericEquals",
                    "NumericNotEquals",
                ],
                "s3:max-keys",
            ),
            Self::Date => (
                &[
                    "DateLessThan",
                    "DateLessThanEquals",
                    "DateGreaterThan",
                    "DateGreaterThanEquals",
                    "DateEquals",
                    "DateNotEquals",
                ],
                "aws:CurrentTime",
            ),
            Self::Boolean => (&["Bool"], dice.pick(&["aws:MultiFactorAuthPresent", "aws:SecureTransport"])),
            Self::Presence => (&["Null"], dice.pick(&["aws:RequestTag/a", "aws:RequestTag/b"])),
            Self::Several => (
                &[
                    "ForAllValues:StringEquals",
                    "ForAnyValue:StringEquals",
                    "ForAllValues:StringLike",
                    "ForAnyValue:StringLike",
                    "ForAllValues:StringNotEquals",
                    "ForAnyValue:StringNotEquals",
                ],
                "aws:TagKeys",
            ),
            Self::Principal => match dice.below(3) {
                0 => (&["ArnLike", "StringLike", "ArnNotLike"], "aws:PrincipalArn"),
                1 => (&["StringEquals", "StringNotEquals", "StringLike"], "aws:PrincipalAccount"),
                _ => (&["StringEquals", "StringLike", "StringNotLike"], "aws:username"),
            },
        };
        let operator = dice.pick(operators);
        let can_lack = !matches!(self, Self::Presence);
        let if_exists = if can_lack && dice.percent(20) { "IfExists" } else { "" };
        let values = (0..=dice.below(2)).map(|_| self.value(operator, key, dice)).collect();
        (format!("{operator}{if_exists}"), key, values)
    }

    fn value(self, operator: &str, key: &str, dice: &mut Dice) -> String {
        let is_like = operator.contains("Like");
        let letters: &[char] = if is_like { &['a', 'b', ':', '*', '?', '*'] } else { &['a', 'b', 'A'] };
        let word = |dice: &mut Dice| (0..=dice.below(3)).map(|_| dice.pick(letters)).collect::<String>();
        match self {
            Self::Text => word(dice),
            Self::Arn => {
                let region = dice.pick(&["", "*", "a"]);
                let account = dice.pick(&["", "*", "111122223333"]);
                let letters = ['a', 'b', ':', '*', '?', '*'];
                let rest: String = (0..=dice.below(3)).map(|_| dice.pick(&letters)).collect();
                format!("arn:aws:s3:{region}:{account}:{rest}")
            }
            Self::Address => dice
                .pick(&[
                    "203.0.113.0/24",
                    "203.0.113.128/25",
                    "203.0.113.7",
                    "203.0.0.0/16",
                    "0.0.0.0/0",
                    "::/0",
                    "2001:db8::/32",
                    "2001:DB8:1::/48",
                    "2001:db8:1::7",
                ])
                .to_owned(),
            Self::Number => dice.pick(&["0", "1", "1.50", "2", "10", "-1"]).to_owned(),
            Self::Date => dice.pick(&["2026-01-01T00:00:00Z", "1767225601", "2026-06-30", "2027"]).to_owned(),
            Self::Boolean | Self::Presence => dice.pick(&["true", "false"]).to_owned(),
            Self::Several => {
                dice.pick(if is_like { &["a*", "b", "*b", "?"] } else { &["a", "b", "c", "ab"] }).to_owned()
            }
            Self::Principal => match key {
                "aws:PrincipalArn" if operator == "StringLike" => dice.pick(&["*b", "*/a*", "*:role/?"]),
                "aws:PrincipalArn" => dice.pick(&[
                    "arn:aws:iam::111122223333:role/*",
                    "arn:aws:iam::*:role/a*",
                    "arn:aws:iam::444455556666:user/ab",
                    "arn:aws:iam::*:user/?b",
                    "arn:aws:iam::111122223333:*",
                ]),
                "aws:PrincipalAccount" if is_like => dice.pick(&["1111*", "*3", "4444????6666"]),
                "aws:PrincipalAccount" => dice.pick(&["111122223333", "444455556666"]),
                _ if is_like => dice.pick(&["a*", "*b", "?"]),
                _ => dice.pick(&["a", "ab", "b"]),
            }
            .to_owned(),
        }
    }

    /// What requests carry: every combination is tried.
    fn contexts(self) -> Vec<Vec<(String, Held)>> {
        let one = |key: &str, values: &[&str], can_lack: bool| -> Vec<Vec<(String, Held)>> {
            let absent = can_lack.then(Vec::new);
            let held = values.iter().map(|value| vec![(key.to_owned(), Held::One((*value).to_owned()))]);
            absent.into_iter().chain(held).collect()
        };
        match self {
            Self::Text => {
                let texts = words(&['a', 'b', ':'], 4, &["", "A", "aA", "AA"]);
                one("aws:RequestTag/a", &texts.iter().map(String::as_str).collect::<Vec<_>>(), true)
            }
            Self::Arn => {
                let mut arns = Vec::new();
                for head in ["::", "a::", "b::", ":111122223333:", "a:111122223333:", "b:444455556666:"] {
                    arns.extend(
                        words(&['a', 'b', ':'], 2, &["aba", "aab", "b:a", "abb"])
                            .iter()
                            .map(|rest| format!("arn:aws:s3:{head}{rest}")),
                    );
                }
                one("aws:SourceArn", &arns.iter().map(String::as_str).collect::<Vec<_>>(), true)
            }
            Self::Address => one(
                "aws:SourceIp",
                &[
                    "203.0.113.1",
                    "203.0.113.7",
                    "203.0.113.200",
                    "203.0.9.9",
                    "9.9.9.9",
                    "2001:db8::1",
                    "2001:db8:1::1",
                    "2001:db8:1::7",
                    "2002::1",
                ],
                true,
            ),
            Self::Number => one(
                "s3:max-keys",
                &["-2", "-1", "-0.5", "0", "0.5", "1", "1.2", "1.5", "1.7", "2", "5", "10.0", "11"],
                true,
            ),
            Self::Date => one(
                "aws:CurrentTime",
                &[
                    "2025-01-01",
                    "2026-01-01",
                    "2026-01-01T00:00:00.5Z",
                    "2026-01-01T00:00:01Z",
                    "2026-02-01",
                    "2026-06-30",
                    "2026-12-01",
                    "2027-01-01",
                    "2028",
                ],
                false,
            ),
            Self::Boolean => pairs(
                &one("aws:MultiFactorAuthPresent", &["true", "false"], true),
                &one("aws:SecureTransport", &["true", "false"], false),
            ),
            Self::Presence => pairs(&one("aws:RequestTag/a", &["", "x"], true), &one("aws:RequestTag/b", &["x"], true)),
            Self::Several => {
                let all = ["a", "b", "c", "ab", "ac"];
                let set = |bits: usize| {
                    let values = all.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
                    vec![("aws:TagKeys".to_owned(), Held::Many(values.map(|(_, value)| (*value).to_owned()).collect()))]
                };
                std::iter::once(Vec::new()).chain((0..1 << all.len()).map(set)).collect()
            }
            Self::Principal => vec![Vec::new()],
        }
    }

    /// Every request of the alphabet.
    fn requests(self) -> &'static [Request] {
        static ALL: LazyLock<Vec<Vec<Request>>> = LazyLock::new(|| Domain::ALL.map(Domain::all_requests).to_vec());
        let at = Self::ALL.iter().position(|domain| *domain == self).unwrap();
        &ALL[at]
    }

    fn all_requests(self) -> Vec<Request> {
        let mut all = Vec::new();
        for context in self.contexts() {
            for caller in self.callers() {
                for action in ["s3:GetObject", "s3:PutObject"] {
                    for resource in ["arn:aws:s3:::a", "arn:aws:s3:::b"] {
                        all.push(request(&caller, action, resource, context.clone()));
                    }
                }
            }
        }
        all
    }

    fn callers(self) -> Vec<Caller> {
        let role = |account: &str, name: &str| Caller::Role { account: account.to_owned(), name: name.to_owned() };
        if self != Self::Principal {
            return vec![role("111122223333", "a")];
        }
        let mut all = Vec::new();
        for account in ["111122223333", "444455556666", "111133333333", "777788889999"] {
            for name in ["a", "b", "ab", "bb", "ba", "c"] {
                all.push(role(account, name));
                all.push(Caller::User { account: account.to_owned(), name: name.to_owned() });
            }
        }
        all
    }
}

/// Every word up to a length, and some more.
fn words(letters: &[char], longest: usize, more: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = more.iter().map(|text| (*text).to_owned()).collect();
    let mut last = vec![String::new()];
    for _ in 0..longest {
        last = last.iter().flat_map(|word| letters.iter().map(move |letter| format!("{word}{letter}"))).collect();
        all.extend(last.iter().cloned());
    }
    all
}

fn pairs(one: &[Vec<(String, Held)>], other: &[Vec<(String, Held)>]) -> Vec<Vec<(String, Held)>> {
    one.iter().flat_map(|first| other.iter().map(move |second| [first.clone(), second.clone()].concat())).collect()
}

/// A policy of one or two statements, as text.
fn statements(domain: Domain, dice: &mut Dice) -> Vec<String> {
    (0..=dice.below(2)).map(|at| statement(domain, at == 0 || dice.percent(50), dice)).collect()
}

fn statement(domain: Domain, allows: bool, dice: &mut Dice) -> String {
    let action = dice.pick(&["s3:*", "s3:*", "s3:*", "s3:Get*", "*"]);
    let resource = dice.pick(&["*", "*", "*", "arn:aws:s3:::a*"]);
    let mut rows: Vec<(String, &str, Vec<String>)> = Vec::new();
    for _ in 0..=dice.below(2) {
        let row = domain.row(dice);
        if rows.iter().all(|(operator, ..)| *operator != row.0) {
            rows.push(row);
        }
    }
    let rows: Vec<String> =
        rows.iter().map(|(operator, key, values)| format!(r#""{operator}":{{"{key}":{values:?}}}"#)).collect();
    let effect = if allows { "Allow" } else { "Deny" };
    format!(r#"{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}","Condition":{{{}}}}}"#, rows.join(","))
}

fn read(statements: &[String]) -> Policy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    let tree = json::read_text(&text, SourceId(0));
    let (policy, faults) = policy::read(&tree.root);
    assert!(tree.faults.is_empty() && faults.is_empty(), "{text}: {faults:?}");
    policy
}

/// A claim that the second policy allows nothing new, and the domain that it is about.
struct Random {
    domain: Domain,
    texts: [Vec<String>; 2],
}

impl Random {
    fn new(dice: &mut Dice) -> Self {
        let domain = dice.pick(&Domain::ALL);
        let old = statements(domain, dice);
        let new = match dice.below(4) {
            // Less is allowed: another Deny, or one Allow less.
            0 => [old.clone(), vec![statement(domain, false, dice)]].concat(),
            1 if old.len() > 1 => old[..1].to_vec(),
            _ => statements(domain, dice),
        };
        Self { domain, texts: [old, new] }
    }

    /// Both without the conditions of one or both sides.
    fn bare(&self, sides: [bool; 2]) -> Self {
        let strip = |text: &String| {
            let at = text.find(r#","Condition""#).unwrap_or(text.len());
            format!("{}}}", &text[..at].trim_end_matches('}'))
        };
        let [old, new] = &self.texts;
        let of = |texts: &Vec<String>, is: bool| if is { texts.iter().map(strip).collect() } else { texts.clone() };
        Self { domain: self.domain, texts: [of(old, sides[0]), of(new, sides[1])] }
    }

    /// Whether some request of the alphabet is allowed by the new policy and not by the old one.
    fn is_refuted(&self) -> bool {
        let [old, new] = self.texts.each_ref().map(|texts| layers(texts));
        let (requests, old, new) = (self.domain.requests(), &old, &new);
        requests.iter().any(|request| is_new(request, old, new))
    }
}

fn layers(texts: &[String]) -> Layers {
    Layers { identity: vec![read(texts)], ..Layers::default() }
}

fn request(caller: &Caller, action: &str, resource: &str, context: Vec<(String, Held)>) -> Request {
    Request {
        owner: caller.account().map(str::to_owned),
        caller: caller.clone(),
        action: action.to_owned(),
        resource: resource.to_owned(),
        context,
        is_management_account: false,
        is_service_linked_role: false,
    }
}

fn is_new(request: &Request, old: &Layers, new: &Layers) -> bool {
    let is_denied =
        matches!(decide(request, old, Twist::Nothing), Decision::ImplicitlyDenied | Decision::ExplicitlyDenied);
    is_denied && decide(request, new, Twist::Nothing) == Decision::Allowed
}

/// The prover's witness, for the naive interpreter.
fn told(witness: &semantics::Request) -> Request {
    let (account, name) = match &witness.caller {
        semantics::Caller::User(arn) | semantics::Caller::Role(arn) => {
            let name = arn.as_str().split_once(":role/").or_else(|| arn.as_str().split_once(":user/")).unwrap().1;
            (arn.account().to_string(), name.to_owned())
        }
        other => panic!("{other:?} carries no identity policy"),
    };
    let caller = match &witness.caller {
        semantics::Caller::User(_) => Caller::User { account, name },
        _ => Caller::Role { account, name },
    };
    let derived = ["principal", "username", "resourceaccount"];
    let carried = witness.context.iter().filter(|(key, _)| {
        let lower = key.to_ascii_lowercase();
        derived.iter().all(|start| !lower.starts_with(&format!("aws:{start}")))
    });
    let held = |value: &Value| match value {
        Value::One(value) => Held::One(value.clone()),
        Value::Many(values) => Held::Many(values.clone()),
        Value::Unknown => Held::Unknown,
    };
    let context = carried.map(|(key, value)| (key.to_owned(), held(value))).collect();
    request(&caller, witness.action(), witness.resource(), context)
}

fn proved(random: &Random) -> Verdict {
    let [old, new] = random.texts.each_ref().map(|texts| read(texts));
    let claim = Claim::NoNewAccess { old: &old, new: &new };
    let question = Question { claim, kind: PolicyKind::Identity, account: None, resource_type: None };
    prove(&question, Reference::embedded(), Budget::default()).unwrap().verdict
}

/// What speaks against a verdict; `None` where nothing does.
fn objection(random: &Random, verdict: &Verdict, is_refuted: bool) -> Option<String> {
    let text = || random.texts.each_ref().map(|texts| texts.join(",\n  ")).join("\n->\n  ");
    match verdict {
        Verdict::Proven if is_refuted => Some(format!("proven, and yet a request is new:\n  {}", text())),
        Verdict::Refuted { witness: Some(witness) } => {
            let [old, new] = random.texts.each_ref().map(|texts| layers(texts));
            let request = told(&witness.request);
            (!is_new(&request, &old, &new)).then(|| format!("{request:?}\nis not new:\n  {}", text()))
        }
        Verdict::Undecided { reasons } => Some(format!("undecided: {reasons:?}\n  {}", text())),
        _ => None,
    }
}

const SEEDS: [u64; 4] = [21, 22, 23, 24];
const CLAIMS: usize = 2_500;

#[test]
fn the_prover_agrees_with_brute_force() {
    let counts = [const { AtomicUsize::new(0) }; 2];
    let decisive = [const { AtomicUsize::new(0) }; 9];
    std::thread::scope(|scope| {
        for seed in SEEDS {
            let (counts, decisive) = (&counts, &decisive);
            scope.spawn(move || {
                let mut dice = Dice::new(seed);
                for _ in 0..CLAIMS {
                    let random = Random::new(&mut dice);
                    let (verdict, is_refuted) = (proved(&random), random.is_refuted());
                    let objection = objection(&random, &verdict, is_refuted);
                    assert!(objection.is_none(), "{}", objection.unwrap_or_default());
                    counts[usize::from(matches!(verdict, Verdict::Refuted { .. }))].fetch_add(1, Relaxed);
                    let at = Domain::ALL.iter().position(|domain| *domain == random.domain).unwrap();
                    let turns = |sides| random.bare(sides).is_refuted() != is_refuted;
                    if decisive[at].load(Relaxed) < ENOUGH
                        && (turns([true, true]) || turns([true, false]) || turns([false, true]))
                    {
                        decisive[at].fetch_add(1, Relaxed);
                    }
                }
            });
        }
    });
    let all = SEEDS.len() * CLAIMS;
    for (count, word) in counts.iter().zip(["proven", "refuted"]) {
        let count = count.load(Relaxed);
        assert!(count * 10 >= all * 3, "{count} of {all} are {word}");
    }
    for (count, domain) in decisive.iter().zip(Domain::ALL) {
        let count = count.load(Relaxed);
        assert!(count >= ENOUGH, "{domain:?} decided {count} times of at least {ENOUGH}");
    }
}

/// How often each domain must decide.
const ENOUGH: usize = 300;

/// A prover that takes `?` for `*` is found out.
#[test]
fn a_broken_test_of_inclusion_is_caught() {
    let mut dice = Dice::new(25);
    let is_caught = (0..2_000).any(|_| {
        let random = Random::new(&mut dice);
        let broken = Random {
            domain: random.domain,
            texts: random.texts.each_ref().map(|texts| texts.iter().map(|text| text.replace('?', "*")).collect()),
        };
        random.domain == Domain::Text && objection(&random, &proved(&broken), random.is_refuted()).is_some()
    });
    assert!(is_caught);
}
