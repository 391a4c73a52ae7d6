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

    /// Whether a request is allowed, where it may not be known how it is denied.
    #[must_use]
    pub fn allows(&self, request: &Request, scratch: &mut Scratch) -> Truth {
        self.start(scratch);
        if self.truth(self.free, request, scratch) == Truth::True {
            return Truth::True;
        }
        let granted = self.truth(self.granted, request, scratch);
        if granted == Truth::False { granted } else { granted.and(!self.truth(self.denied, request, scratch)) }
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
    /// The questions to layers that are laid out: each stands once.
    asked: Vec<((usize, Effect, MatchClass), u32)>,
    /// The parts so far of formulas that are being laid out, the innermost last.
    open: Vec<u32>,
}

/// How a formula joins its parts, which stand from one index up to another.
type Joining = fn(u32, u32) -> Node;

const ALL: Joining = |first, end| Node::All { first, end };
const ANY: Joining = |first, end| Node::Any { first, end };

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
                let whole = builder.joined(ALL, std::iter::once(applies).chain(needs.iter().map(|(_, node)| *node)));
                CompiledPath { because: path.because, applies, needs, whole }
            })
            .collect();
        let denied = builder.joined(ANY, denials.iter().map(|(_, node)| *node));
        let through = builder.joined(ANY, paths.iter().map(|path| path.whole));
        let granted = builder.joined(ALL, gates.iter().map(|(_, node)| *node).chain([through]));
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
        let body = self.each(ALL, &statement.elements, |builder, element| builder.formula(&element.formula));
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
            Formula::All(parts) => self.each(ALL, parts, |builder, part| builder.ask(authorization, part)),
            Formula::Any(parts) => self.each(ANY, parts, |builder, part| builder.ask(authorization, part)),
        }
    }

    fn any_of(&mut self, authorization: &Authorization, layer: usize, effect: Effect, class: MatchClass) -> u32 {
        let question = (layer, effect, class);
        if let Some((_, node)) = self.asked.iter().find(|(asked, _)| *asked == question) {
            return *node;
        }
        let statements = authorization.layers.get(layer).map_or(&[][..], |layer| &layer.statements);
        let first = self.open.len();
        for (index, statement) in statements.iter().enumerate().filter(|(_, statement)| statement.effect == effect) {
            let body = self.bodies.get(layer).and_then(|bodies| bodies.get(index)).copied();
            let named = self.formula(&statement.principal.at_least(class));
            let choice = self.joined(ALL, body.into_iter().chain([named]));
            self.open.push(choice);
        }
        let any = self.close(ANY, first);
        let node = self.share(any);
        self.asked.push((question, node));
        node
    }

    fn formula(&mut self, formula: &Formula<Fact>) -> u32 {
        match formula {
            Formula::Fact(fact) => self.fact(fact.clone()),
            Formula::Not(inner) => {
                let inner = self.formula(inner);
                self.push(Node::Not(inner))
            }
            Formula::All(parts) => self.each(ALL, parts, Self::formula),
            Formula::Any(parts) => self.each(ANY, parts, Self::formula),
        }
    }

    fn fact(&mut self, fact: Fact) -> u32 {
        self.facts.push(fact);
        let index = count(self.facts.len() - 1);
        self.push(Node::Fact(index))
    }

    /// Joins what is laid out of each part.
    fn each<T>(&mut self, joining: Joining, parts: &[T], lay_out: impl Fn(&mut Self, &T) -> u32) -> u32 {
        let first = self.open.len();
        for part in parts {
            let node = lay_out(self, part);
            self.open.push(node);
        }
        self.close(joining, first)
    }

    /// Joins parts that are laid out.
    fn joined(&mut self, joining: Joining, parts: impl Iterator<Item = u32>) -> u32 {
        let first = self.open.len();
        self.open.extend(parts);
        self.close(joining, first)
    }

    /// Joins the open parts from one on.
    fn close(&mut self, joining: Joining, first_open: usize) -> u32 {
        if let [only] = self.open[first_open..] {
            self.open.truncate(first_open);
            return only;
        }
        let first = count(self.parts.len());
        self.parts.extend(self.open.drain(first_open..));
        let end = count(self.parts.len());
        self.push(joining(first, end))
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
