//! Formulas joined, and classes as formulas.

use super::{Block, Sides, Solver};
use crate::prove::{
    bdd::{ALWAYS, NEVER, Node},
    budget::Exhausted,
};
use crate::semantics::Truth;

impl Solver<'_> {
    pub(super) fn negated(&mut self, sides: Sides) -> Result<Sides, Exhausted> {
        if sides.is_plain() {
            return Ok(Sides::plain(self.diagram.not(sides.open)?));
        }
        Ok(Sides {
            surely: self.diagram.not(sides.maybe)?,
            maybe: self.diagram.not(sides.surely)?,
            open: self.diagram.not(sides.open)?,
        })
    }

    pub(super) fn both(&mut self, one: Sides, other: Sides) -> Result<Sides, Exhausted> {
        if one.is_plain() && other.is_plain() {
            return Ok(Sides::plain(self.diagram.both(one.open, other.open)?));
        }
        Ok(Sides {
            surely: self.diagram.both(one.surely, other.surely)?,
            maybe: self.diagram.both(one.maybe, other.maybe)?,
            open: self.diagram.both(one.open, other.open)?,
        })
    }

    pub(super) fn any(&mut self, all: &[Sides]) -> Result<Sides, Exhausted> {
        if all.iter().all(|sides| sides.is_plain()) {
            return Ok(Sides::plain(self.diagram.any(all.iter().map(|sides| sides.open).collect())?));
        }
        Ok(Sides {
            surely: self.diagram.any(all.iter().map(|sides| sides.surely).collect())?,
            maybe: self.diagram.any(all.iter().map(|sides| sides.maybe).collect())?,
            open: self.diagram.any(all.iter().map(|sides| sides.open).collect())?,
        })
    }

    /// Whether a part of the request is of one of these classes, which are in order.
    pub(super) fn codes(&mut self, block: Block, classes: &[u32]) -> Result<Node, Exhausted> {
        self.codes_below(block, 0, 0, classes)
    }

    /// Each step decides one bit, of which there are at most 64.
    pub(super) fn codes_below(
        &mut self,
        block: Block,
        bit: u32,
        base: u32,
        classes: &[u32],
    ) -> Result<Node, Exhausted> {
        if classes.is_empty() || bit == block.bits {
            return Ok(if classes.is_empty() { NEVER } else { ALWAYS });
        }
        let half = 1_u32 << (block.bits - bit - 1);
        let middle = base + half;
        let at = classes.partition_point(|class| *class < middle);
        let (low, high) = classes.split_at(at);
        let low = self.codes_below(block, bit + 1, base, low)?;
        let high = self.codes_below(block, bit + 1, middle, high)?;
        self.diagram.make(block.start + bit, low, high)
    }

    /// The classes for which a test is so, as a formula.
    pub(super) fn where_is(
        &mut self,
        block: Block,
        truths: &[Truth],
        wanted: impl Fn(Truth) -> bool,
    ) -> Result<Node, Exhausted> {
        let classes: Vec<u32> = truths.iter().zip(0..).filter(|(truth, _)| wanted(**truth)).map(|(_, at)| at).collect();
        self.codes(block, &classes)
    }

    /// A test whose truth is known for each class; where it is open, by a Boolean of this name.
    pub(super) fn by_class(&mut self, block: Block, truths: &[Truth], name: &str) -> Result<Sides, Exhausted> {
        let surely = self.where_is(block, truths, |truth| truth == Truth::True)?;
        if !truths.contains(&Truth::Unknown) {
            return Ok(Sides::plain(surely));
        }
        let maybe = self.where_is(block, truths, |truth| truth != Truth::False)?;
        let free = self.free(name)?;
        let open = self.diagram.choose(free, maybe, surely)?;
        Ok(Sides { surely, maybe, open })
    }
}
