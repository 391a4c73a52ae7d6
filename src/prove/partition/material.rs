//! What the formulas of a question ask of each part of a request, gathered from all policy sets that it is about.

use std::collections::HashMap;

use crate::{
    policy::Principal,
    semantics::{
        ActionTest, Authorization, Fact, Formula, KeyName, KeyTest, Naming, ResourceTest, operator::Operand,
        pattern::Pattern,
    },
};

/// The tests of a question, each once.
#[derive(Debug, Default)]
pub(in crate::prove) struct Material<'f> {
    /// The lists of actions, each by what [`list_of_actions`] calls it.
    pub(in crate::prove) actions: Vec<Vec<&'f ActionTest>>,
    /// The lists of resources; one with a variable stands alone.
    pub(in crate::prove) resources: Vec<Vec<&'f ResourceTest>>,
    /// Whom policies name.
    pub(in crate::prove) principals: Vec<&'f Principal>,
    /// The keys that are tested or filled in, in small letters, in the order in which they are met.
    pub(in crate::prove) keys: Vec<KeyMaterial<'f>>,
    known_actions: HashMap<String, usize>,
    known_resources: HashMap<String, usize>,
    known_keys: HashMap<String, usize>,
}

/// What is asked of one key.
#[derive(Debug)]
pub(in crate::prove) struct KeyMaterial<'f> {
    /// Its name as it was first spelt.
    pub(in crate::prove) name: KeyName,
    /// The tests of its values.
    pub(in crate::prove) tests: Vec<&'f KeyTest>,
    /// Whether a pattern of another test is filled with its value.
    pub(in crate::prove) is_variable: bool,
}

/// A list of facts of one sort, any of which may hold.
#[derive(Debug, PartialEq)]
pub(in crate::prove) enum Listing<'f> {
    /// Actions.
    Actions(Vec<&'f ActionTest>),
    /// Resources without variables.
    Resources(Vec<&'f ResourceTest>),
    /// Anything else.
    Other(&'f Formula<Fact>),
}

/// Splits a choice into the lists that are decided as one.
#[must_use]
pub(in crate::prove) fn listings(parts: &[Formula<Fact>]) -> Vec<Listing<'_>> {
    let (mut actions, mut resources, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        match part {
            Formula::Fact(Fact::Action(test)) => actions.push(test),
            Formula::Fact(Fact::Resource(test)) if !has_variable(&test.pattern) => resources.push(test),
            other => others.push(Listing::Other(other)),
        }
    }
    if !actions.is_empty() {
        others.push(Listing::Actions(actions));
    }
    if !resources.is_empty() {
        others.push(Listing::Resources(resources));
    }
    others
}

/// Whether a pattern has a variable.
#[must_use]
pub(in crate::prove) fn has_variable(pattern: &Pattern) -> bool {
    pattern.variables().next().is_some()
}

/// What tells a list of actions from another.
#[must_use]
pub(in crate::prove) fn list_of_actions(tests: &[&ActionTest]) -> String {
    let mut listed: Vec<&str> = tests.iter().map(|test| test.pattern.as_str()).collect();
    listed.sort_unstable();
    listed.dedup();
    listed.join("\n")
}

/// What tells a list of resources from another.
#[must_use]
pub(in crate::prove) fn list_of_resources(tests: &[&ResourceTest]) -> String {
    let mut listed: Vec<String> =
        tests.iter().map(|test| format!("{:?} {:?}", test.short, test.pattern.pieces())).collect();
    listed.sort_unstable();
    listed.dedup();
    listed.join("\n")
}

impl<'f> Material<'f> {
    /// Adds what a policy set asks.
    pub(in crate::prove) fn add(&mut self, authorization: &'f Authorization) {
        for statement in authorization.layers.iter().flat_map(|layer| &layer.statements) {
            match &statement.principal {
                Naming::Listed { principals, .. } => self.principals.extend(principals.iter().map(|(who, _)| who)),
                Naming::AllBut(exception) => self.principals.extend(&exception.listed),
                Naming::Implied | Naming::Nobody => {}
            }
            statement.elements.iter().for_each(|element| self.formula(&element.formula));
        }
    }

    /// Adds what a formula asks.
    pub(in crate::prove) fn formula(&mut self, formula: &'f Formula<Fact>) {
        match formula {
            Formula::Fact(_) => self.listings(std::slice::from_ref(formula)),
            Formula::Not(inner) => self.formula(inner),
            Formula::All(parts) => parts.iter().for_each(|part| self.formula(part)),
            Formula::Any(parts) => self.listings(parts),
        }
    }

    fn listings(&mut self, parts: &'f [Formula<Fact>]) {
        for listing in listings(parts) {
            match listing {
                Listing::Actions(tests) => {
                    let next = self.actions.len();
                    if *self.known_actions.entry(list_of_actions(&tests)).or_insert(next) == next {
                        self.actions.push(tests);
                    }
                }
                Listing::Resources(tests) => self.resource(tests),
                Listing::Other(Formula::Fact(fact)) => self.fact(fact),
                Listing::Other(formula) => self.formula(formula),
            }
        }
    }

    fn resource(&mut self, tests: Vec<&'f ResourceTest>) {
        let next = self.resources.len();
        if *self.known_resources.entry(list_of_resources(&tests)).or_insert(next) == next {
            self.resources.push(tests);
        }
    }

    fn fact(&mut self, fact: &'f Fact) {
        match fact {
            Fact::Resource(test) => {
                self.variables(&test.pattern);
                self.resource(vec![test]);
            }
            Fact::Key(test) => {
                self.key(&test.key).tests.push(test);
                for operand in test.operands.iter() {
                    if let Operand::Pattern(pattern) = operand {
                        self.variables(pattern);
                    }
                }
            }
            Fact::Present(key) | Fact::HasValue(key) => drop(self.key(key)),
            _ => {}
        }
    }

    fn variables(&mut self, pattern: &Pattern) {
        for variable in pattern.variables() {
            self.key(&KeyName::new(variable)).is_variable = true;
        }
    }

    /// What is asked of a key, which is met now if it was not before.
    pub(in crate::prove) fn key(&mut self, name: &KeyName) -> &mut KeyMaterial<'f> {
        let next = self.keys.len();
        let index = *self.known_keys.entry(name.lower.to_string()).or_insert(next);
        if index == next {
            self.keys.push(KeyMaterial { name: name.clone(), tests: Vec::new(), is_variable: false });
        }
        &mut self.keys[index]
    }

    /// The tests of a key, which is given in small letters.
    pub(in crate::prove) fn tests_of(&self, lower: &str) -> impl Iterator<Item = &'f KeyTest> + '_ {
        let at = self.known_keys.get(lower).and_then(|index| self.keys.get(*index));
        at.into_iter().flat_map(|key| key.tests.iter().copied())
    }

    /// Whether a pattern is filled with the value of a key, which is given in small letters.
    #[must_use]
    pub(in crate::prove) fn is_variable(&self, lower: &str) -> bool {
        self.known_keys.get(lower).and_then(|index| self.keys.get(*index)).is_some_and(|key| key.is_variable)
    }
}

/// What stands for the value of a key where a pattern is filled with it, so that some request fills it so.
#[must_use]
pub(in crate::prove) fn sample(lower: &str) -> &'static str {
    match lower {
        "aws:principalaccount" | "aws:resourceaccount" | "aws:sourceaccount" | "kms:calleraccount" => ACCOUNT,
        "aws:username" => "alice",
        "aws:principalarn" => "arn:aws:iam::111122223333:role/example",
        "aws:userid" => "AROAEXAMPLE:session",
        "aws:principalorgid" => "o-exampleorgid",
        _ => "example",
    }
}

/// The account of an example, where nothing tells another. AWS's pages use it so.
pub(in crate::prove) const ACCOUNT: &str = "111122223333";
