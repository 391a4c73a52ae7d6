//! Which keys a request lacks that could change its answer, by trying values for them, all keys at once.

use std::collections::BTreeSet;

use kpl::policy::{Clause, Policy, ResourcePattern, Statement};

use super::{Held, Layers, Request, Twist, decide, material};

/// The keys that follow from the caller and the resource: what is absent of them stays so.
const FOLLOWING: [&str; 7] = [
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:resourceaccount",
    "aws:username",
    "kms:calleraccount",
];

/// The keys, in small letters; `None` where there are too many values to try.
pub(crate) fn missing(request: &Request, layers: &Layers, most: usize) -> Option<BTreeSet<String>> {
    let carried = |key: &str| request.context.iter().any(|(name, _)| name.eq_ignore_ascii_case(key));
    let keys: Vec<String> = mentioned(layers)
        .into_iter()
        .filter(|key| !carried(key) && !FOLLOWING.contains(&key.to_ascii_lowercase().as_str()))
        .collect();
    let values: Vec<Vec<Held>> = keys.iter().map(|key| material::tried(key, takes_lists(key, layers))).collect();
    let all = values.iter().try_fold(1_usize, |all, values| all.checked_mul(values.len() + 1))?;
    if all > most {
        return None;
    }
    // Every request, by which value each key has: 0 is that it is absent.
    let mut answers = Vec::new();
    for mut number in 0..all {
        let mut request = request.clone();
        for (key, values) in keys.iter().zip(&values) {
            let choice = number % (values.len() + 1);
            number /= values.len() + 1;
            request.context.extend(choice.checked_sub(1).map(|at| (key.clone(), values[at].clone())));
        }
        answers.push(decide(&request, layers, Twist::Nothing));
    }
    let mut found = BTreeSet::new();
    let mut step = 1;
    for (key, values) in keys.iter().zip(&values) {
        let choices = values.len() + 1;
        let turns = |at: usize| {
            let absent = at - (at / step % choices) * step;
            answers[at] != answers[absent]
        };
        if (0..all).any(turns) {
            found.insert(key.to_ascii_lowercase());
        }
        step *= choices;
    }
    Some(found)
}

/// The keys that policies and grants name, in conditions and as variables, each once.
fn mentioned(layers: &Layers) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for policy in policies(layers) {
        policy.statements.iter().for_each(|statement| of_statement(statement, &mut keys));
    }
    for grant in &layers.grants {
        keys.extend(grant.equals.iter().chain(&grant.subset).map(|(name, _)| format!("kms:EncryptionContext:{name}")));
    }
    let mut seen = BTreeSet::new();
    keys.retain(|key| seen.insert(key.to_ascii_lowercase()));
    keys
}

/// Whether a key is one of several values by its nature, or by a set operator that asks for it.
fn takes_lists(key: &str, layers: &Layers) -> bool {
    let mut rows = policies(layers).flat_map(|policy| &policy.statements).flat_map(|statement| &statement.conditions);
    let is_it = |name: &str| name.eq_ignore_ascii_case(key);
    is_it("aws:TagKeys") || rows.any(|row| row.operator.value.quantifier.is_some() && is_it(row.key.value.as_str()))
}

fn policies(layers: &Layers) -> impl Iterator<Item = &Policy> {
    let levels = layers.scps.iter().chain(&layers.rcps).flatten().flatten();
    let lists = layers.session.iter().chain(&layers.endpoint).flatten();
    layers.identity.iter().chain(&layers.resource).chain(&layers.boundary).chain(levels).chain(lists)
}

fn of_statement(statement: &Statement, keys: &mut Vec<String>) {
    let mut texts: Vec<&str> = Vec::new();
    match &statement.resources {
        Some(Clause::Only(listed) | Clause::AllBut(listed)) => {
            texts.extend(listed.values().map(ResourcePattern::as_str));
        }
        None => {}
    }
    for row in &statement.conditions {
        keys.push(row.key.value.as_str().to_owned());
        texts.extend(row.values.values().map(String::as_str));
    }
    for text in texts {
        for variable in text.split("${").skip(1) {
            let name = variable.split(['}', ',']).next().unwrap_or_default();
            keys.extend(Some(name.to_owned()).filter(|name| name.contains(':')));
        }
    }
}
