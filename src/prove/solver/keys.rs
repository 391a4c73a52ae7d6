//! The tests of condition keys.

use super::{KeyBlock, Sides, Solver, count, open_name};
use crate::prove::{
    bdd::{ALWAYS, NEVER, Node, Variable},
    budget::Exhausted,
    partition::has_variable,
};
use crate::{
    semantics::{
        Caller, Context, Fact, KeyTest, Request, Trait, Truth, Value,
        operator::{Operand, Reach},
    },
    simulate::fact_holds,
};

impl Solver<'_> {
    /// Where the request carries a key, or a value of it.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn presence(&mut self, axis: usize, with_value: bool) -> Result<Node, Exhausted> {
        match self.keys.get(axis) {
            Some(KeyBlock::Single(block)) => {
                let absent = self.codes(*block, &[0])?;
                self.diagram.not(absent)
            }
            Some(KeyBlock::Several { present }) if with_value => {
                let (present, values) = (*present, self.space.keys.get(axis).map_or(0, |key| key.values.len()));
                let all = (0..count(values)).map(|value| self.diagram.make(present + 1 + value, NEVER, ALWAYS));
                let all = all.collect::<Result<Vec<_>, _>>()?;
                self.diagram.any(all)
            }
            Some(KeyBlock::Several { present }) => self.diagram.make(*present, NEVER, ALWAYS),
            None => Ok(NEVER),
        }
    }

    /// Where a value of a key is one of which something is so.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn values_of(&mut self, axis: usize, is: impl Fn(&str) -> bool) -> Result<Node, Exhausted> {
        let Some(key) = self.space.keys.get(axis) else { return Ok(NEVER) };
        let classes: Vec<u32> = key.values.iter().zip(0..).filter(|(value, _)| is(value)).map(|(_, at)| at).collect();
        match self.keys.get(axis) {
            Some(KeyBlock::Single(block)) => {
                let codes: Vec<u32> = classes.iter().map(|class| class + 1).collect();
                self.codes(*block, &codes)
            }
            Some(KeyBlock::Several { present }) => {
                let first = present + 1;
                let all = classes.iter().map(|class| self.diagram.make(first + class, NEVER, ALWAYS));
                let all = all.collect::<Result<Vec<_>, _>>()?;
                self.diagram.any(all)
            }
            None => Ok(NEVER),
        }
    }

    pub(super) fn key(&mut self, fact: &Fact, test: &KeyTest) -> Result<Sides, Exhausted> {
        let has_variables =
            test.operands.iter().any(|operand| matches!(operand, Operand::Pattern(pattern) if has_variable(pattern)));
        if has_variables {
            return self.key_with_variables(test);
        }
        let Some(axis) = self.space.key(&test.key.lower) else { return self.of_callers(fact, &open_name(test)) };
        let sides = self.values(fact, test, axis)?;
        // AWS's pages differ on the address that a call through a service carries.
        if &*test.key.lower == "aws:sourceip" {
            let through = self.call(Trait::ThroughService)?;
            let direct = self.diagram.not(through)?;
            let surely = self.diagram.both(sides.surely, direct)?;
            let maybe = self.diagram.either(sides.maybe, through)?;
            return Ok(Sides { surely, maybe, ..sides });
        }
        Ok(sides)
    }

    /// The truth of a fact for each value of a key, and where it is absent.
    pub(super) fn truths(&self, fact: &Fact, axis: usize) -> (Truth, Vec<Truth>) {
        let Some(key) = self.space.keys.get(axis) else { return (Truth::False, Vec::new()) };
        let mut buffer = Vec::new();
        let mut request = Request::new(Caller::Anonymous, "s3:GetObject", "*", None, Context::default());
        let absent = fact_holds(fact, &request, &mut buffer);
        let of = |at: usize| {
            let value = self.space.value(axis, &[at]).unwrap_or(Value::Unknown);
            request.context.set(&key.name, value);
            fact_holds(fact, &request, &mut buffer)
        };
        (absent, (0..key.values.len()).map(of).collect())
    }

    pub(super) fn values(&mut self, fact: &Fact, test: &KeyTest, axis: usize) -> Result<Sides, Exhausted> {
        let (absent, truths) = self.truths(fact, axis);
        let name = open_name(test);
        match self.keys.get(axis).copied() {
            Some(KeyBlock::Single(block)) => {
                let truths: Vec<Truth> = std::iter::once(absent).chain(truths).collect();
                self.by_class(block, &truths, &name)
            }
            Some(KeyBlock::Several { present }) => self.several(present, test, absent, &truths, &name),
            None => Ok(Sides::plain(NEVER)),
        }
    }

    /// A test of a key with several values: each class of values is there or not.
    pub(super) fn several(
        &mut self,
        present: Variable,
        test: &KeyTest,
        absent: Truth,
        truths: &[Truth],
        name: &str,
    ) -> Result<Sides, Exhausted> {
        let any_value = (0..count(truths.len())).map(|at| self.diagram.make(present + 1 + at, NEVER, ALWAYS));
        let any_value = any_value.collect::<Result<Vec<_>, _>>()?;
        if test.reach == Reach::Single {
            // That nothing matches without a set operator rests on observation.
            let has_value = self.diagram.any(any_value)?;
            let without = Sides::plain(if absent == Truth::True { ALWAYS } else { NEVER });
            let free = self.free(&format!("without set operator {name}"))?;
            return self.chosen(has_value, Sides { surely: NEVER, maybe: ALWAYS, open: free }, without);
        }
        let is_every = test.reach == Reach::Every;
        let mut parts = Vec::with_capacity(truths.len());
        for ((truth, has), at) in truths.iter().zip(any_value).zip(0_u32..) {
            let holds = match truth {
                Truth::True => Sides::plain(ALWAYS),
                Truth::False => Sides::plain(NEVER),
                Truth::Unknown => self.undecided(&format!("{name} {at}"))?,
            };
            let has = Sides::plain(has);
            parts.push(if is_every {
                let fails = self.negated(holds)?;
                self.both(has, fails)?
            } else {
                self.both(has, holds)?
            });
        }
        let any = self.any(&parts)?;
        if is_every { self.negated(any) } else { Ok(any) }
    }
}
