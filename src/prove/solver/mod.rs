//! The formulas of a policy set as a decision diagram over the classes of requests.
//!
//! Each formula is kept three times: where it holds for sure, where it may hold, and as it holds if what is open is taken
//! as a Boolean of its own, the same wherever the same is open. A witness is looked for in the first two, a proof rests on
//! the third.

mod calls;
mod joining;
mod keys;
mod requests;
mod variables;

use std::collections::HashMap;

use super::{
    bdd::{ALWAYS, Diagram, NEVER, Node, Variable},
    budget::{Budget, Exhausted},
    partition::{Listing, Space, is_of_caller, list_of_actions, listings},
};
use crate::{
    policy::Effect,
    semantics::{Ask, Authorization, Caller, Context, Fact, Formula, KeyTest, MatchClass, Request},
};

/// A formula, as it holds for sure, as it may hold, and with what is open as Booleans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sides {
    /// Where it holds, whatever is open.
    pub(super) surely: Node,
    /// Where it may hold.
    pub(super) maybe: Node,
    /// With what is open as Booleans.
    pub(super) open: Node,
}

impl Sides {
    const fn plain(node: Node) -> Self {
        Self { surely: node, maybe: node, open: node }
    }

    const fn is_plain(self) -> bool {
        self.surely == self.maybe && self.surely == self.open
    }
}

/// Where the Booleans of one part of a request stand.
#[derive(Clone, Copy, Debug)]
struct Block {
    start: Variable,
    bits: u32,
}

impl Block {
    /// For so many classes, as a binary number.
    fn of(start: Variable, classes: usize) -> Self {
        Self { start, bits: usize::BITS - classes.saturating_sub(1).leading_zeros() }
    }

    const fn end(self) -> Variable {
        self.start + self.bits
    }
}

/// Where the Booleans of a key stand.
#[derive(Clone, Copy, Debug)]
enum KeyBlock {
    /// 0: absent; else the number of its value, from 1.
    Single(Block),
    /// Whether the request carries it, then one Boolean a class.
    Several { present: Variable },
}

/// The diagram of a question.
pub(super) struct Solver<'s> {
    space: &'s Space,
    diagram: Diagram,
    action: Block,
    resource: Block,
    caller: Block,
    keys: Vec<KeyBlock>,
    next: Variable,
    /// What is open, each with its Boolean.
    free: HashMap<String, Node>,
    known: HashMap<String, Sides>,
    /// Each caller, as it calls KMS and as it calls others.
    probes: Vec<[Request; 2]>,
}

impl<'s> Solver<'s> {
    /// A diagram without formulas.
    #[must_use]
    pub(super) fn new(space: &'s Space, budget: Budget) -> Self {
        let action = Block::of(0, space.actions.classes.len());
        let resource = Block::of(action.end(), space.resources.classes.len());
        let caller = Block::of(resource.end(), space.callers.len());
        let mut next = caller.end();
        let mut keys = Vec::with_capacity(space.keys.len());
        for key in &space.keys {
            if key.is_multi_valued {
                keys.push(KeyBlock::Several { present: next });
                next += 1 + count(key.values.len());
            } else {
                let block = Block::of(next, key.values.len() + 1);
                keys.push(KeyBlock::Single(block));
                next = block.end();
            }
        }
        let probe =
            |caller: &Caller, action: &str| Request::new(caller.clone(), action, "*", space.owner, Context::default());
        let probes = space.callers.iter().map(|caller| [probe(caller, "kms:Decrypt"), probe(caller, "s3:GetObject")]);
        Self {
            space,
            diagram: Diagram::new(budget),
            action,
            resource,
            caller,
            keys,
            next,
            free: HashMap::new(),
            known: HashMap::new(),
            probes: probes.collect(),
        }
    }

    /// The diagram, to join formulas.
    pub(super) fn diagram(&mut self) -> &mut Diagram {
        &mut self.diagram
    }

    /// The number of a key, which is given in small letters.
    #[must_use]
    pub(super) fn axis(&self, lower: &str) -> Option<usize> {
        self.space.key(lower)
    }

    /// Why a proof may be incomplete.
    #[must_use]
    pub(super) fn gaps(&self) -> Vec<String> {
        let of_keys = self.space.keys.iter().filter_map(|key| key.gap.clone());
        let mut all: Vec<String> = of_keys.collect();
        all.sort();
        all.dedup();
        all
    }

    /// Where requests of a policy set are allowed.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(super) fn allowed(&mut self, set: &Authorization) -> Result<Sides, Exhausted> {
        let mut asked = HashMap::new();
        self.asks(set, &set.allowed(), &mut asked)
    }

    fn asks(
        &mut self,
        set: &Authorization,
        formula: &Formula<Ask>,
        asked: &mut HashMap<(usize, MatchClass, bool), Sides>,
    ) -> Result<Sides, Exhausted> {
        match formula {
            Formula::Fact(ask) => {
                let key = match ask {
                    Ask::Allows(layer, class) => (*layer, *class, true),
                    Ask::Denies(layer, class) => (*layer, *class, false),
                    _ => return self.formula(&set.expand(ask)),
                };
                if let Some(sides) = asked.get(&key) {
                    return Ok(*sides);
                }
                let sides = self.layer(set, key)?;
                asked.insert(key, sides);
                Ok(sides)
            }
            Formula::Not(inner) => {
                let inner = self.asks(set, inner, asked)?;
                self.negated(inner)
            }
            Formula::All(parts) => {
                let mut all = Sides::plain(ALWAYS);
                for part in parts {
                    if all == Sides::plain(NEVER) {
                        break;
                    }
                    let part = self.asks(set, part, asked)?;
                    all = self.both(all, part)?;
                }
                Ok(all)
            }
            Formula::Any(parts) => {
                let mut all = Vec::with_capacity(parts.len());
                for part in parts {
                    all.push(self.asks(set, part, asked)?);
                }
                self.any(&all)
            }
        }
    }

    /// Where a statement of a layer allows or denies.
    fn layer(
        &mut self,
        set: &Authorization,
        (layer, class, allows): (usize, MatchClass, bool),
    ) -> Result<Sides, Exhausted> {
        let effect = if allows { Effect::Allow } else { Effect::Deny };
        let statements = set.layers.get(layer).map_or(&[][..], |layer| &layer.statements);
        let mut any = Vec::new();
        for statement in statements.iter().filter(|statement| statement.effect == effect) {
            let mut all = self.formula(&statement.principal.at_least(class))?;
            for element in &statement.elements {
                if all == Sides::plain(NEVER) {
                    break;
                }
                let element = self.formula(&element.formula)?;
                all = self.both(all, element)?;
            }
            any.push(all);
        }
        self.any(&any)
    }

    /// Where a formula of facts holds.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(super) fn formula(&mut self, formula: &Formula<Fact>) -> Result<Sides, Exhausted> {
        match formula {
            Formula::Fact(_) => self.choice(std::slice::from_ref(formula)),
            Formula::Not(inner) => {
                let inner = self.formula(inner)?;
                self.negated(inner)
            }
            Formula::All(parts) => {
                let mut all = Sides::plain(ALWAYS);
                for part in parts {
                    let part = self.formula(part)?;
                    all = self.both(all, part)?;
                }
                Ok(all)
            }
            Formula::Any(parts) => self.choice(parts),
        }
    }

    fn choice(&mut self, parts: &[Formula<Fact>]) -> Result<Sides, Exhausted> {
        let mut all = Vec::new();
        for listing in listings(parts) {
            all.push(match listing {
                Listing::Actions(tests) => {
                    if tests.iter().any(|test| test.pattern.as_str() == "*") {
                        return Ok(Sides::plain(ALWAYS));
                    }
                    let name = list_of_actions(&tests);
                    let classes: Vec<u32> = self.space.actions.of_list(&name).collect();
                    Sides::plain(self.codes(self.action, &classes)?)
                }
                Listing::Resources(tests) => self.resources(&tests)?,
                Listing::Other(Formula::Fact(fact)) => self.fact(fact)?,
                Listing::Other(formula) => self.formula(formula)?,
            });
        }
        self.any(&all)
    }

    fn fact(&mut self, fact: &Fact) -> Result<Sides, Exhausted> {
        match fact {
            Fact::Action(_) => Ok(Sides::plain(NEVER)),
            Fact::Resource(test) => self.resource_with_variable(test),
            Fact::Principal(test) => self.of_callers(fact, &format!("principal {:?}", test.principal)),
            Fact::Outside(test) => self.of_callers(fact, &format!("outside {:?} {:?}", test.listed, test.has_unknown)),
            Fact::Key(test) => self.key(fact, test),
            Fact::Present(key) | Fact::HasValue(key) => match self.space.key(&key.lower) {
                Some(axis) => Ok(Sides::plain(self.presence(axis, matches!(fact, Fact::HasValue(_)))?)),
                None => self.of_callers(fact, ""),
            },
            Fact::Call(what) => Ok(Sides::plain(self.call(*what)?)),
            Fact::Unread(span) => self.undecided(&format!("unread {span:?}")),
            Fact::Open(open) => self.undecided(&format!("{open:?}")),
            Fact::EncryptionContext(test) => self.undecided(&format!("context {:?}", test.pairs)),
        }
    }

    fn free(&mut self, name: &str) -> Result<Node, Exhausted> {
        if let Some(node) = self.free.get(name) {
            return Ok(*node);
        }
        let node = self.diagram.make(self.next, NEVER, ALWAYS)?;
        self.next += 1;
        self.free.insert(name.to_owned(), node);
        Ok(node)
    }

    fn undecided(&mut self, name: &str) -> Result<Sides, Exhausted> {
        Ok(Sides { surely: NEVER, maybe: ALWAYS, open: self.free(name)? })
    }
}

/// What tells where a test is open: a part of the policy that is not known, what the caller does not tell (the path of a
/// session's role), or a value that is none of the operator's kind.
fn open_name(test: &KeyTest) -> String {
    let lower = &test.key.lower;
    if test.has_unknown {
        format!("unread {:?}", test.span)
    } else if is_of_caller(lower) {
        format!("untold {lower} {:?} {:?} {:?} {}", test.reach, test.base, test.operands, test.negated)
    } else {
        format!("broken {lower}")
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
