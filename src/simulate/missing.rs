//! Which condition keys a request lacks that could change its answer.
//!
//! A key is named where some value of it changes the answer, among values that the policies themselves suggest, be it
//! together with other keys that the request lacks. A key for which none is found is not named.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Compiled, Scratch, decision::Outcome, facts};
use crate::reference::{KeyInfo, Reference};
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
/// So many facts are asked of them all together, likewise.
const MOST_ASKED: usize = 4_000_000;
/// So many values of a key are tried at most, besides that it is absent.
const MOST_VALUES: usize = 7;

impl Compiled {
    /// The keys that the request lacks, by its own account, and that could change the answer, as the policies spell them.
    pub(super) fn missing(&self, request: &Request) -> Vec<String> {
        let mut scratch = Scratch::default();
        let keys = self.candidates(request, &mut scratch);
        let mut lacking: Vec<Lacking> = keys.into_iter().map(|key| self.lacking_values(key, request)).collect();
        for (at, more) in self.filled_by_others(&lacking, request) {
            if let Some(one) = lacking.get_mut(at) {
                let is_list = matches!(one.values.first(), Some(Value::Many(_)));
                one.values.extend(more.into_iter().map(|text| shaped(text, is_list)));
            }
        }
        let mut tries = Tries::new(request, &lacking);
        let turning =
            lacking.iter().enumerate().filter(|(at, _)| self.turns_on(*at, &lacking, &mut tries, &mut scratch));
        let mut missing: Vec<String> = turning.map(|(_, one)| one.key.clone()).collect();
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

    /// What keys could hold where the policies ask that they be as others that the request lacks too.
    fn filled_by_others(&self, lacking: &[Lacking], request: &Request) -> Vec<(usize, Vec<String>)> {
        let place = |key: &str| lacking.iter().position(|one| one.key.eq_ignore_ascii_case(key));
        let mut found = Vec::new();
        for test in self.facts.iter().filter_map(|fact| if let Fact::Key(test) = fact { Some(test) } else { None }) {
            let patterns = test.operands.iter().filter_map(|operand| match operand {
                Operand::Pattern(pattern) => Some(pattern),
                _ => None,
            });
            let filled = patterns.flat_map(|pattern| pattern.variables().map(move |variable| (pattern, variable)));
            for (pattern, other) in filled.filter_map(|(pattern, variable)| Some((pattern, place(variable)?))) {
                let (Some(at), Some(other)) = (place(&test.key.spelt), lacking.get(other)) else { continue };
                let texts = other.values.iter().filter_map(|value| {
                    let mut supposed = request.clone();
                    supposed.carry(&other.key, value.clone());
                    matches!(value, Value::One(_)).then(|| filled_in(pattern, &supposed))
                });
                found.push((at, texts.collect()));
            }
        }
        found
    }

    /// Whether some value of a key gives another answer than its absence, whatever the other keys are: all that they may
    /// be at once where that is little; else all absent, all at their first, which a condition of its own asks for, and each
    /// alone.
    fn turns_on(&self, at: usize, lacking: &[Lacking], tries: &mut Tries, scratch: &mut Scratch) -> bool {
        let Some(key) = lacking.get(at) else { return false };
        let others: Vec<&Lacking> =
            lacking.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, o)| o).collect();
        let in_all = MOST_TRIED_IN_ALL.min(MOST_ASKED / self.facts.len().max(1));
        let most = MOST_TRIED.min(in_all / lacking.len()) / (key.values.len() + 1);
        if let Some(settings) = settings(&others, most) {
            return settings.into_iter().any(|setting| {
                let mut without = tries.none.clone();
                for (other, value) in others.iter().zip(setting) {
                    if let Some(value) = value.checked_sub(1).and_then(|value| other.values.get(value)) {
                        without.carry(&other.key, value.clone());
                    }
                }
                self.turns(key, &mut without, scratch)
            });
        }
        if self.turns(key, &mut tries.none, scratch) {
            return true;
        }
        let turns = self.turns(key, &mut tries.first, scratch);
        if let Some(first) = key.values.first() {
            tries.first.carry(&key.key, first.clone());
        }
        let mut alone = others.iter().flat_map(|other| other.values.iter().map(|value| (&other.key, value)));
        turns
            || alone.by_ref().take(most.saturating_sub(2)).any(|(other, value)| {
                tries.none.carry(other, value.clone());
                let turns = self.turns(key, &mut tries.none, scratch);
                tries.none.lack(other);
                turns
            })
    }

    /// Whether some value of a key gives another answer than its absence, all else being as it is. The request lacks the
    /// key afterwards.
    fn turns(&self, key: &Lacking, request: &mut Request, scratch: &mut Scratch) -> bool {
        request.lack(&key.key);
        let answer = self.outcome(request, scratch);
        let turns = key.values.iter().any(|value| {
            request.carry(&key.key, value.clone());
            self.outcome(request, scratch) != answer
        });
        request.lack(&key.key);
        turns
    }

    /// The values of a key that the tests of it suggest: single ones where an operator takes one, lists where one takes
    /// several.
    fn lacking_values(&self, key: String, request: &Request) -> Lacking {
        let is_it = |other: &str| other.eq_ignore_ascii_case(&key);
        let mut texts: Vec<String> = Vec::new();
        let known = Reference::embedded().condition_key(&key.to_ascii_lowercase());
        let (mut takes_one, mut takes_several, mut takes_any_text) =
            (false, known.is_some_and(KeyInfo::is_multi_valued), true);
        for fact in &self.facts {
            match fact {
                Fact::Key(test) if is_it(&test.key.spelt) => {
                    let is_set = test.reach != Reach::Single;
                    takes_one |= !is_set;
                    takes_several |= is_set;
                    takes_any_text &=
                        !matches!(test.base, Base::Flag | Base::Number(_) | Base::Instant(_) | Base::Address);
                    test.operands.iter().for_each(|operand| suggest(operand, request, &mut texts));
                    texts.extend(others(test.base).iter().map(|text| (*text).to_owned()));
                }
                Fact::Key(test) if fills(test, &key) => {
                    takes_one = true;
                    texts.extend(parts_of_value(test, request));
                }
                Fact::Resource(test) if test.pattern.variables().any(is_it) => {
                    takes_one = true;
                    texts.extend(parts(request.resource()));
                }
                Fact::EncryptionContext(test) => {
                    let of_key = |(name, _): &&(String, String)| is_it(&format!("{}{name}", facts::CONTEXT));
                    texts.extend(test.pairs.iter().filter(of_key).map(|(_, value)| value.clone()));
                }
                _ => {}
            }
        }
        if takes_any_text {
            texts.push("example".to_owned());
        }
        let mut seen = std::collections::BTreeSet::new();
        texts.retain(|text| seen.insert(text.clone()));
        texts.truncate(MOST_VALUES);
        let lists = texts.iter().filter(|_| takes_several).map(|text| shaped(text.clone(), true));
        let ones = texts.iter().filter(|_| takes_one || !takes_several).map(|text| shaped(text.clone(), false));
        let values = lists.chain(ones).collect();
        Lacking { key, values }
    }
}

fn shaped(text: String, is_list: bool) -> Value {
    if is_list { Value::Many(vec![text]) } else { Value::One(text) }
}

/// The requests on which values are tried.
struct Tries {
    /// The request as it is.
    none: Request,
    /// With every key at its first value.
    first: Request,
}

impl Tries {
    fn new(request: &Request, lacking: &[Lacking]) -> Self {
        let mut first = request.clone();
        for key in lacking {
            if let Some(value) = key.values.first() {
                first.carry(&key.key, value.clone());
            }
        }
        Self { none: request.clone(), first }
    }
}

/// The values that several keys have at once, by their numbers from 1; 0 is that the request lacks the key. `None` where
/// there are more than so many.
fn settings(keys: &[&Lacking], most: usize) -> Option<Vec<Vec<usize>>> {
    let all = keys.iter().try_fold(1_usize, |all, key| all.checked_mul(key.values.len() + 1))?;
    let setting = |mut number: usize| {
        let digit = |key: &&Lacking| {
            let digit = number % (key.values.len() + 1);
            number /= key.values.len() + 1;
            digit
        };
        keys.iter().map(digit).collect()
    };
    (all <= most).then(|| (0..all).map(setting).collect())
}

/// Values that a test does not match where its own are matched.
fn others(base: Base) -> &'static [&'static str] {
    match base {
        Base::Number(_) => &["-1000000000000", "1000000000000"],
        Base::Instant(_) => &["2000-01-01T00:00:00Z"],
        Base::Address => &["192.0.2.1", "2001:db8::1"],
        Base::Arn => &["arn:aws:example:::example"],
        _ => &[],
    }
}

/// Values that one value of a policy suggests.
fn suggest(operand: &Operand, request: &Request, texts: &mut Vec<String>) {
    match operand {
        Operand::Pattern(pattern) => texts.push(filled_in(pattern, request)),
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
fn filled_in(pattern: &Pattern, request: &Request) -> String {
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
