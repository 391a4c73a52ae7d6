//! Which condition keys a request lacks that could change its answer.
//!
//! A key is named where some value of it changes the answer, among values that the policies themselves suggest, be it
//! together with other keys that the request lacks. A key for which none is found is not named.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Compiled, Scratch, decision::Outcome, facts};
use crate::semantics::{
    FOLLOWING, Fact, Found, KeyTest, Request, Value,
    operator::{Base, Operand, Reach},
    pattern::{Pattern, Piece},
};

/// A key that the request lacks, as a policy spells it, and values that it could have.
struct Lacking {
    key: String,
    values: Vec<Value>,
}

/// So many requests are tried at most for a key.
const MOST_TRIED: usize = 1024;
/// So many are tried for all keys together, as far as each gets a few.
const MOST_TRIED_IN_ALL: usize = 16 * MOST_TRIED;
/// So many values of a key are tried at most, besides that it is absent.
const MOST_VALUES: usize = 7;

impl Compiled {
    /// The keys that the request lacks, by its own account, and that could change the answer, as the policies spell them.
    pub(super) fn missing(&self, request: &Request) -> Vec<String> {
        let mut scratch = Scratch::default();
        let keys = self.candidates(request, &mut scratch);
        let lacking: Vec<Lacking> = keys.into_iter().map(|key| self.lacking_values(key, request)).collect();
        let mut missing: Vec<String> = Vec::new();
        for (at, one) in lacking.iter().enumerate() {
            if self.turns_on(at, &lacking, request, &mut scratch) {
                missing.push(one.key.clone());
            }
        }
        missing.sort();
        missing
    }

    /// The keys that leave the answer open where nothing is known of any: no other can change it.
    fn candidates(&self, request: &Request, scratch: &mut Scratch) -> Vec<String> {
        let mut supposed = request.clone();
        let mut absent: Vec<String> = Vec::new();
        for key in self.facts.iter().flat_map(facts::keys_of) {
            let lower = key.to_ascii_lowercase();
            if request.context.find(&lower) == Found::Absent
                && !FOLLOWING.contains(&lower.as_str())
                && !absent.iter().any(|other| other.eq_ignore_ascii_case(&key))
            {
                supposed.carry(&key, Value::Unknown);
                absent.push(key);
            }
        }
        if absent.is_empty() || self.outcome(&supposed, scratch) != Outcome::Undecided {
            return Vec::new();
        }
        let mut open: Vec<String> = Vec::new();
        self.open_facts(&supposed, scratch, &mut |fact| {
            for key in facts::keys_of(fact) {
                let spelt = absent.iter().find(|other| other.eq_ignore_ascii_case(&key));
                open.extend(spelt.filter(|key| !open.contains(key)).cloned());
            }
        });
        open
    }

    /// Whether some value of a key gives another answer than its absence, whatever the other keys are.
    fn turns_on(&self, at: usize, lacking: &[Lacking], request: &Request, scratch: &mut Scratch) -> bool {
        let Some(key) = lacking.get(at) else { return false };
        let others: Vec<&Lacking> =
            lacking.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, o)| o).collect();
        let tried = MOST_TRIED.min(MOST_TRIED_IN_ALL / lacking.len());
        let settings = settings(&others, tried / (key.values.len() + 1));
        settings.into_iter().any(|setting| {
            let mut without = request.clone();
            for (other, value) in others.iter().zip(setting) {
                if let Some(value) = value.checked_sub(1).and_then(|value| other.values.get(value)) {
                    without.carry(&other.key, value.clone());
                }
            }
            let answer = self.outcome(&without, scratch);
            key.values.iter().any(|value| {
                let mut with = without.clone();
                with.carry(&key.key, value.clone());
                self.outcome(&with, scratch) != answer
            })
        })
    }

    /// The values of a key that the tests of it suggest.
    fn lacking_values(&self, key: String, request: &Request) -> Lacking {
        let is_it = |other: &str| other.eq_ignore_ascii_case(&key);
        let mut texts: Vec<String> = Vec::new();
        let mut has_set_operator = false;
        for fact in &self.facts {
            match fact {
                Fact::Key(test) if is_it(&test.key.spelt) => {
                    has_set_operator |= test.reach != Reach::Single;
                    test.operands.iter().for_each(|operand| suggest(operand, request, &mut texts));
                    texts.extend(others(test.base).iter().map(|text| (*text).to_owned()));
                }
                Fact::Key(test) if fills(test, &key) => texts.extend(parts_of_value(test, request)),
                Fact::Resource(test) if test.pattern.variables().any(is_it) => texts.extend(parts(request.resource())),
                Fact::EncryptionContext(test) => {
                    let of_key = |(name, _): &&(String, String)| is_it(&format!("{}{name}", facts::CONTEXT));
                    texts.extend(test.pairs.iter().filter(of_key).map(|(_, value)| value.clone()));
                }
                _ => {}
            }
        }
        texts.push("example".to_owned());
        let mut seen = std::collections::BTreeSet::new();
        texts.retain(|text| seen.insert(text.clone()));
        texts.truncate(MOST_VALUES);
        let value = |text: String| if has_set_operator { Value::Many(vec![text]) } else { Value::One(text) };
        Lacking { key, values: texts.into_iter().map(value).collect() }
    }
}

/// The values that several keys have at once, by their numbers from 1; 0 is that the request lacks the key. All of them
/// where they are few; else none, each alone, and all at their first, which a condition of its own asks for.
fn settings(keys: &[&Lacking], most: usize) -> Vec<Vec<usize>> {
    let all = keys.iter().try_fold(1_usize, |all, key| all.checked_mul(key.values.len() + 1));
    if let Some(all) = all.filter(|all| *all <= most) {
        let setting = |mut number: usize| {
            let digit = |key: &&Lacking| {
                let digit = number % (key.values.len() + 1);
                number /= key.values.len() + 1;
                digit
            };
            keys.iter().map(digit).collect()
        };
        return (0..all).map(setting).collect();
    }
    let none = vec![0; keys.len()];
    let each = keys.iter().enumerate().flat_map(|(at, key)| (1..=key.values.len()).map(move |value| (at, value)));
    let alone = each.map(|(at, value)| {
        let mut alone = none.clone();
        alone[at] = value;
        alone
    });
    [none.clone(), vec![1; keys.len()]].into_iter().chain(alone.take(most.saturating_sub(2))).collect()
}

/// Values that a test does not match where its own are matched.
fn others(base: Base) -> &'static [&'static str] {
    match base {
        Base::Number(_) => &["-1000000000000", "1000000000000"],
        Base::Address => &["192.0.2.1"],
        Base::Arn => &["arn:aws:example:::example"],
        _ => &[],
    }
}

/// Values that one value of a policy suggests.
fn suggest(operand: &Operand, request: &Request, texts: &mut Vec<String>) {
    match operand {
        Operand::Pattern(pattern) => texts.push(filled(pattern, request)),
        Operand::Number(text) => texts.push(text.clone()),
        Operand::Instant(instant) => {
            let around = [Some(*instant), instant.before(), instant.after()];
            texts.extend(around.into_iter().flatten().filter_map(crate::semantics::Instant::spelt));
        }
        Operand::Flag(flag) => texts.extend([flag.to_string(), (!flag).to_string()]),
        Operand::Bytes(bytes) => texts.extend(String::from_utf8(bytes.clone())),
        Operand::Range(range) => {
            let (first, _) = range.bounds();
            let address = match u32::try_from(first) {
                Ok(short) if range.is_v4() => IpAddr::V4(Ipv4Addr::from(short)),
                _ => IpAddr::V6(Ipv6Addr::from(first)),
            };
            texts.push(address.to_string());
        }
        Operand::Broken => {}
    }
}

/// A text that a pattern matches.
fn filled(pattern: &Pattern, request: &Request) -> String {
    let mut text = String::new();
    for piece in pattern.pieces().iter() {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Any => text.push_str("example"),
            Piece::One => text.push('x'),
            Piece::Variable { key, default } => match (request.context.find(key), default) {
                (Found::One(value), _) => text.push_str(value),
                (_, Some(default)) => text.push_str(default),
                _ => text.push_str("example"),
            },
        }
    }
    text
}

/// Whether a value of a test is filled with a key.
fn fills(test: &KeyTest, key: &str) -> bool {
    let is_filled = |operand: &Operand| match operand {
        Operand::Pattern(pattern) => pattern.variables().any(|variable| variable.eq_ignore_ascii_case(key)),
        _ => false,
    };
    test.operands.iter().any(is_filled)
}

fn parts_of_value(test: &KeyTest, request: &Request) -> Vec<String> {
    match request.context.find(&test.key.lower) {
        Found::One(value) => std::iter::once(value.to_owned()).chain(parts(value)).collect(),
        Found::Many(values) => values.to_vec(),
        Found::Absent | Found::Unknown | Found::Ambiguous => Vec::new(),
    }
}

/// The parts of a name, of which a variable may stand for one.
fn parts(text: &str) -> impl Iterator<Item = String> + '_ {
    let name = text.splitn(6, ':').last().unwrap_or_default();
    name.split(['/', ':']).filter(|part| !part.is_empty()).map(str::to_owned)
}
