//! The formulas of a policy set, laid out flat: indices in one vector, so that a decision allocates nothing.

use super::{
    decision::Outcome,
    facts::{self, Reason},
};
use crate::{
    policy::{Effect, PolicySet},
    semantics::{Ask, Authorization, Because, Fact, Formula, MatchClass, Matching, Request, Truth, authorize},
};

/// A policy set, ready to decide requests.
#[derive(Debug)]
pub struct Compiled {
    pub(super) authorization: Authorization,
    nodes: Vec<Node>,
    /// The parts of every `All` and `Any`.
    parts: Vec<u32>,
    pub(super) facts: Vec<Fact>,
    slots: usize,
    free: u32,
    denied: u32,
    granted: u32,
    pub(super) denials: Vec<(Because, u32)>,
    pub(super) gates: Vec<(Because, u32)>,
    pub(super) paths: Vec<CompiledPath>,
}

/// A path, by the indices of its formulas.
#[derive(Debug)]
pub(super) struct CompiledPath {
    pub(super) because: Because,
    pub(super) applies: u32,
    pub(super) needs: Vec<(Because, u32)>,
    pub(super) whole: u32,
}

/// One step of a formula; indices point into the vectors of [`Compiled`].
#[derive(Clone, Copy, Debug)]
enum Node {
    Fact(u32),
    Not(u32),
    All {
        first: u32,
        end: u32,
    },
    Any {
        first: u32,
        end: u32,
    },
    /// A formula that occurs more than once; it is evaluated once a decision.
    Shared {
        slot: u32,
        node: u32,
    },
}

/// What a decision needs to remember while it is made; to be used again for the next one.
#[derive(Debug, Default)]
pub struct Scratch {
    memo: Vec<Option<Truth>>,
    buffer: Vec<u8>,
}

impl Compiled {
    /// Lays out the formulas of a policy set.
    #[must_use]
    pub fn new(set: &PolicySet<'_>) -> Self {
        Builder::build(authorize(set))
    }

    /// The decision on a request, without its reasons: allocates nothing once `scratch` has served before.
    #[must_use]
    pub fn outcome(&self, request: &Request, scratch: &mut Scratch) -> Outcome {
        self.start(scratch);
        if self.truth(self.free, request, scratch) == Truth::True {
            return Outcome::Allowed;
        }
        let denied = self.truth(self.denied, request, scratch);
        if denied == Truth::True {
            return Outcome::ExplicitlyDenied;
        }
        match (denied, self.truth(self.granted, request, scratch)) {
            (Truth::False, Truth::True) => Outcome::Allowed,
            (Truth::False, Truth::False) => Outcome::ImplicitlyDenied,
            _ => Outcome::Undecided,
        }
    }

    pub(super) fn start(&self, scratch: &mut Scratch) {
        scratch.memo.clear();
        scratch.memo.resize(self.slots, None);
    }

    pub(super) fn is_free(&self, request: &Request, scratch: &mut Scratch) -> bool {
        self.truth(self.free, request, scratch) == Truth::True
    }

    /// Whether a formula holds.
    pub(super) fn truth(&self, node: u32, request: &Request, scratch: &mut Scratch) -> Truth {
        match self.nodes[node as usize] {
            Node::Fact(fact) => facts::holds(&self.facts[fact as usize], request, &mut scratch.buffer),
            Node::Not(inner) => !self.truth(inner, request, scratch),
            Node::All { first, end } => {
                let mut all = Truth::True;
                for part in first..end {
                    all = all.and(self.truth(self.parts[part as usize], request, scratch));
                    if all == Truth::False {
                        break;
                    }
                }
                all
            }
            Node::Any { first, end } => {
                let mut any = Truth::False;
                for part in first..end {
                    any = any.or(self.truth(self.parts[part as usize], request, scratch));
                    if any == Truth::True {
                        break;
                    }
                }
                any
            }
            Node::Shared { slot, node } => {
                if let Some(truth) = scratch.memo[slot as usize] {
                    return truth;
                }
                let truth = self.truth(node, request, scratch);
                scratch.memo[slot as usize] = Some(truth);
                truth
            }
        }
    }

    /// Visits the unknown facts on which an unknown decision turns.
    pub(super) fn open_facts(&self, request: &Request, scratch: &mut Scratch, visit: &mut impl FnMut(&Fact)) {
        self.start(scratch);
        for root in [self.denied, self.granted] {
            self.open_below(root, request, scratch, visit);
        }
    }

    fn open_below(&self, node: u32, request: &Request, scratch: &mut Scratch, visit: &mut impl FnMut(&Fact)) {
        if self.truth(node, request, scratch) != Truth::Unknown {
            return;
        }
        match self.nodes[node as usize] {
            Node::Fact(fact) => visit(&self.facts[fact as usize]),
            Node::Not(inner) | Node::Shared { node: inner, .. } => self.open_below(inner, request, scratch, visit),
            Node::All { first, end } | Node::Any { first, end } => {
                for part in first..end {
                    self.open_below(self.parts[part as usize], request, scratch, visit);
                }
            }
        }
    }

    /// Why the decision on a request is open.
    pub(super) fn reasons(&self, request: &Request, scratch: &mut Scratch) -> Vec<Reason> {
        let mut reasons = Vec::new();
        self.open_facts(request, scratch, &mut |fact| reasons.push(facts::reason(fact, request)));
        reasons.sort();
        reasons.dedup();
        reasons
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    parts: Vec<u32>,
    facts: Vec<Fact>,
    slots: u32,
    /// The body of each statement, by layer.
    bodies: Vec<Vec<u32>>,
}

impl Builder {
    fn build(authorization: Authorization) -> Compiled {
        let mut builder = Self::default();
        for layer in &authorization.layers {
            let bodies = layer.statements.iter().map(|statement| builder.body(statement)).collect();
            builder.bodies.push(bodies);
        }
        let free = builder.ask(&authorization, &authorization.free);
        let mut needs = |needs: &[(Because, Formula<Ask>)]| -> Vec<(Because, u32)> {
            needs.iter().map(|(because, need)| (*because, builder.ask(&authorization, need))).collect()
        };
        let denials = needs(&authorization.denials);
        let gates = needs(&authorization.gates);
        let paths: Vec<CompiledPath> = authorization
            .paths
            .iter()
            .map(|path| {
                let applies = builder.ask(&authorization, &path.applies);
                let applies = builder.share(applies);
                let needs: Vec<(Because, u32)> =
                    path.needs.iter().map(|(because, need)| (*because, builder.ask(&authorization, need))).collect();
                let whole = std::iter::once(applies).chain(needs.iter().map(|(_, node)| *node)).collect();
                let whole = builder.all(whole);
                CompiledPath { because: path.because, applies, needs, whole }
            })
            .collect();
        let denied = builder.any(denials.iter().map(|(_, node)| *node).collect());
        let through = builder.any(paths.iter().map(|path| path.whole).collect());
        let granted = gates.iter().map(|(_, node)| *node).chain([through]).collect();
        let granted = builder.all(granted);
        let Self { nodes, parts, facts, slots, .. } = builder;
        Compiled {
            authorization,
            nodes,
            parts,
            facts,
            slots: slots as usize,
            free,
            denied,
            granted,
            denials,
            gates,
            paths,
        }
    }

    fn body(&mut self, statement: &Matching) -> u32 {
        let parts = statement.elements.iter().map(|element| self.formula(&element.formula)).collect();
        let body = self.all(parts);
        self.share(body)
    }

    fn ask(&mut self, authorization: &Authorization, formula: &Formula<Ask>) -> u32 {
        match formula {
            Formula::Fact(Ask::Allows(layer, class)) => self.any_of(authorization, *layer, Effect::Allow, *class),
            Formula::Fact(Ask::Denies(layer, class)) => self.any_of(authorization, *layer, Effect::Deny, *class),
            Formula::Fact(Ask::Call(what)) => self.fact(Fact::Call(*what)),
            Formula::Fact(Ask::Open(open)) => self.fact(Fact::Open(*open)),
            Formula::Not(inner) => {
                let inner = self.ask(authorization, inner);
                self.push(Node::Not(inner))
            }
            Formula::All(parts) => {
                let parts = parts.iter().map(|part| self.ask(authorization, part)).collect();
                self.all(parts)
            }
            Formula::Any(parts) => {
                let parts = parts.iter().map(|part| self.ask(authorization, part)).collect();
                self.any(parts)
            }
        }
    }

    fn any_of(&mut self, authorization: &Authorization, layer: usize, effect: Effect, class: MatchClass) -> u32 {
        let statements = authorization.layers.get(layer).map_or(&[][..], |layer| &layer.statements);
        let mut choices = Vec::new();
        for (index, statement) in statements.iter().enumerate().filter(|(_, statement)| statement.effect == effect) {
            let body = self.bodies.get(layer).and_then(|bodies| bodies.get(index)).copied();
            let named = self.formula(&statement.principal.at_least(class));
            choices.push(self.all(body.into_iter().chain([named]).collect()));
        }
        let any = self.any(choices);
        self.share(any)
    }

    fn formula(&mut self, formula: &Formula<Fact>) -> u32 {
        match formula {
            Formula::Fact(fact) => self.fact(fact.clone()),
            Formula::Not(inner) => {
                let inner = self.formula(inner);
                self.push(Node::Not(inner))
            }
            Formula::All(parts) => {
                let parts = parts.iter().map(|part| self.formula(part)).collect();
                self.all(parts)
            }
            Formula::Any(parts) => {
                let parts = parts.iter().map(|part| self.formula(part)).collect();
                self.any(parts)
            }
        }
    }

    fn fact(&mut self, fact: Fact) -> u32 {
        self.facts.push(fact);
        let index = count(self.facts.len() - 1);
        self.push(Node::Fact(index))
    }

    fn all(&mut self, parts: Vec<u32>) -> u32 {
        if let [only] = parts[..] {
            return only;
        }
        let (first, end) = self.parts_of(parts);
        self.push(Node::All { first, end })
    }

    fn any(&mut self, parts: Vec<u32>) -> u32 {
        if let [only] = parts[..] {
            return only;
        }
        let (first, end) = self.parts_of(parts);
        self.push(Node::Any { first, end })
    }

    fn parts_of(&mut self, parts: Vec<u32>) -> (u32, u32) {
        let first = count(self.parts.len());
        self.parts.extend(parts);
        (first, count(self.parts.len()))
    }

    fn share(&mut self, node: u32) -> u32 {
        let slot = self.slots;
        self.slots += 1;
        self.push(Node::Shared { slot, node })
    }

    fn push(&mut self, node: Node) -> u32 {
        self.nodes.push(node);
        count(self.nodes.len() - 1)
    }
}

/// A policy's bytes are bounded far below what an index of 32 bits counts.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
