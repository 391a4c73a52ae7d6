//! Binary decision diagrams: a formula over Booleans, of which each has one form, so that whether anything satisfies it is
//! seen at once.
//!
//! Nodes are shared and never freed; a question has its own [`Diagram`].
//!
//! Source: Bryant, "Graph-Based Algorithms for Boolean Function Manipulation".

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use super::budget::{Budget, Exhausted};

/// A formula: an index into its [`Diagram`].
pub(super) type Node = u32;

/// What never holds.
pub(super) const NEVER: Node = 0;
/// What always holds.
pub(super) const ALWAYS: Node = 1;

/// A Boolean, by its place in the order.
pub(super) type Variable = u32;

/// How many nodes a diagram may have.
const MOST_NODES: usize = 2_000_000;
/// How many Booleans a diagram may have: it bounds the depth of every walk.
pub(super) const MOST_VARIABLES: u32 = 4_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Branch {
    variable: Variable,
    low: Node,
    high: Node,
}

/// A set of formulas over the same Booleans.
#[derive(Debug)]
pub(super) struct Diagram {
    branches: Vec<Branch>,
    known: HashMap<Branch, Node, BuildHasherDefault<Mixer>>,
    results: HashMap<(Node, Node, Node), Node, BuildHasherDefault<Mixer>>,
    budget: Budget,
}

impl Diagram {
    /// One without formulas.
    #[must_use]
    pub(super) fn new(budget: Budget) -> Self {
        let leaf = |node| Branch { variable: Variable::MAX, low: node, high: node };
        Self {
            branches: vec![leaf(NEVER), leaf(ALWAYS)],
            known: HashMap::default(),
            results: HashMap::default(),
            budget,
        }
    }

    fn branch(&self, node: Node) -> Branch {
        self.branches[node as usize]
    }

    /// The formula that is `high` where the variable holds, else `low`.
    ///
    /// # Errors
    /// [`Exhausted`] where the diagram would become too large.
    pub(super) fn make(&mut self, variable: Variable, low: Node, high: Node) -> Result<Node, Exhausted> {
        if low == high {
            return Ok(low);
        }
        let branch = Branch { variable, low, high };
        if let Some(node) = self.known.get(&branch) {
            return Ok(*node);
        }
        self.budget.take(1, Exhausted::Diagram)?;
        if self.branches.len() >= MOST_NODES || variable >= MOST_VARIABLES {
            return Err(Exhausted::Diagram);
        }
        let node = u32::try_from(self.branches.len()).map_err(|_| Exhausted::Diagram)?;
        self.branches.push(branch);
        self.known.insert(branch, node);
        Ok(node)
    }

    /// `then` where `condition` holds, else `otherwise`.
    ///
    /// # Errors
    /// [`Exhausted`] where the diagram would become too large.
    pub(super) fn choose(&mut self, condition: Node, then: Node, otherwise: Node) -> Result<Node, Exhausted> {
        match (condition, then, otherwise) {
            (ALWAYS, _, _) => return Ok(then),
            (NEVER, _, _) => return Ok(otherwise),
            (_, ALWAYS, NEVER) => return Ok(condition),
            _ if then == otherwise => return Ok(then),
            _ => {}
        }
        let key = (condition, then, otherwise);
        if let Some(node) = self.results.get(&key) {
            return Ok(*node);
        }
        self.budget.take(1, Exhausted::Diagram)?;
        let parts = [condition, then, otherwise].map(|node| self.branch(node));
        let variable = parts.iter().map(|part| part.variable).min().unwrap_or(Variable::MAX);
        let side = |node: Node, part: Branch, high: bool| match (part.variable == variable, high) {
            (false, _) => node,
            (true, true) => part.high,
            (true, false) => part.low,
        };
        let [c, t, o] = parts;
        // Each step takes the first Boolean off, of which there are at most `MOST_VARIABLES`.
        let low = self.choose(side(condition, c, false), side(then, t, false), side(otherwise, o, false))?;
        let high = self.choose(side(condition, c, true), side(then, t, true), side(otherwise, o, true))?;
        let node = self.make(variable, low, high)?;
        if self.results.len() >= MOST_NODES {
            self.results.clear();
        }
        self.results.insert(key, node);
        Ok(node)
    }

    /// Whether both hold.
    ///
    /// # Errors
    /// [`Exhausted`] where the diagram would become too large.
    pub(super) fn both(&mut self, one: Node, other: Node) -> Result<Node, Exhausted> {
        self.choose(one.min(other), one.max(other), NEVER)
    }

    /// Whether at least one holds.
    ///
    /// # Errors
    /// [`Exhausted`] where the diagram would become too large.
    pub(super) fn either(&mut self, one: Node, other: Node) -> Result<Node, Exhausted> {
        self.choose(one.min(other), ALWAYS, one.max(other))
    }

    /// The opposite.
    ///
    /// # Errors
    /// [`Exhausted`] where the diagram would become too large.
    pub(super) fn not(&mut self, node: Node) -> Result<Node, Exhausted> {
        self.choose(node, NEVER, ALWAYS)
    }

    /// Whether all hold.
    ///
    /// # Errors
    /// [`Exhausted`] where the diagram would become too large.
    pub(super) fn all(&mut self, nodes: impl IntoIterator<Item = Node>) -> Result<Node, Exhausted> {
        nodes.into_iter().try_fold(ALWAYS, |all, node| self.both(all, node))
    }

    /// Whether any holds. Halves are joined, so that each node is passed a few times alone.
    ///
    /// # Errors
    /// [`Exhausted`] where the diagram would become too large.
    pub(super) fn any(&mut self, mut nodes: Vec<Node>) -> Result<Node, Exhausted> {
        while nodes.len() > 1 {
            let mut halves = Vec::with_capacity(nodes.len().div_ceil(2));
            for pair in nodes.chunks(2) {
                halves.push(match pair {
                    [one, other] => self.either(*one, *other)?,
                    rest => rest.first().copied().unwrap_or(NEVER),
                });
            }
            nodes = halves;
        }
        Ok(nodes.first().copied().unwrap_or(NEVER))
    }

    /// The Booleans on one way to satisfy a formula, each as it must be; `None` where nothing does. Where both ways are
    /// open, the Boolean is false.
    #[must_use]
    pub(super) fn model(&self, node: Node) -> Option<Vec<(Variable, bool)>> {
        let mut model = Vec::new();
        let mut node = node;
        while node > ALWAYS {
            let branch = self.branch(node);
            let high = branch.low == NEVER;
            model.push((branch.variable, high));
            node = if high { branch.high } else { branch.low };
        }
        (node == ALWAYS).then_some(model)
    }
}

/// A quick hash of a few small numbers; it is no defence, which numbers of one's own need not.
#[derive(Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.mix(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }
}

impl Mixer {
    const fn mix(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(23) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagram() -> Diagram {
        Diagram::new(Budget::default())
    }

    #[test]
    fn equal_formulas_are_one_node() {
        let mut d = diagram();
        let [a, b] = [0, 1].map(|variable| d.make(variable, NEVER, ALWAYS).unwrap());
        let both = d.both(a, b).unwrap();
        let (not_a, not_b) = (d.not(a).unwrap(), d.not(b).unwrap());
        let neither = d.either(not_a, not_b).unwrap();
        assert_eq!(d.not(neither).unwrap(), both);
        assert_eq!(d.both(a, not_a).unwrap(), NEVER);
        assert_eq!(d.any(vec![a, not_a, b]).unwrap(), ALWAYS);
    }

    #[test]
    fn a_model_satisfies_its_formula() {
        let mut d = diagram();
        let [a, b] = [0, 1].map(|variable| d.make(variable, NEVER, ALWAYS).unwrap());
        let not_a = d.not(a).unwrap();
        let only_b = d.both(not_a, b).unwrap();
        assert_eq!(d.model(only_b), Some(vec![(0, false), (1, true)]));
        assert_eq!(d.model(NEVER), None);
    }

    #[test]
    fn a_formula_that_grows_too_large_ends_with_its_reason() {
        let mut d = Diagram::new(Budget::of_milliseconds(0));
        assert_eq!(d.make(0, NEVER, ALWAYS), Err(Exhausted::Diagram));
    }
}
