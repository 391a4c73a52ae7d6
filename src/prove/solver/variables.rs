//! Tests whose patterns are filled with what the request carries.
//!
//! A request against a claim is looked for among the values that stand for their classes. A proof takes every value: the
//! test is a Boolean of its own wherever some value would make it hold.

use super::{Block, KeyBlock, Sides, Solver, count, open_name};
use crate::prove::{
    bdd::{ALWAYS, NEVER, Node},
    budget::Exhausted,
    partition::is_of_caller,
};
use crate::{
    semantics::{
        Caller, Context, Fact, Found, KeyTest, Request, ResourceTest, Truth, Value,
        operator::{Base, Operand, Reach},
    },
    simulate::fact_holds,
};

impl Solver<'_> {
    /// What a resource's pattern says once its variables are filled in.
    pub(super) fn resource_with_variable(&mut self, test: &ResourceTest) -> Result<Sides, Exhausted> {
        let fact = Fact::Resource(test.clone());
        let variables: Vec<String> = test.pattern.variables().map(str::to_owned).collect();
        let texts: Vec<&str> = self.space.resources.classes.iter().map(|class| class.text.as_str()).collect();
        let block = self.resource;
        let filled = self.filled(&fact, block, &variables, &mut |at, context| {
            Request::new(Caller::Anonymous, "s3:GetObject", texts.get(at).copied().unwrap_or("*"), None, context)
        })?;
        let name = format!("match resource {}", test.pattern.as_str());
        let open = self.abstracted(&fact, block, &variables, &name, &mut |at, context| {
            Request::new(Caller::Anonymous, "s3:GetObject", texts.get(at).copied().unwrap_or("*"), None, context)
        })?;
        let reached = self.reached(&test.pattern)?;
        let open = self.diagram.either(open, reached)?;
        Ok(Sides { open, ..filled })
    }

    pub(super) fn key_with_variables(&mut self, test: &KeyTest) -> Result<Sides, Exhausted> {
        let mut variables: Vec<String> = Vec::new();
        for operand in test.operands.iter() {
            if let Operand::Pattern(pattern) = operand {
                variables.extend(pattern.variables().map(str::to_owned));
            }
        }
        variables.sort();
        variables.dedup();
        let axis = self.space.key(&test.key.lower);
        let single = axis.and_then(|axis| match self.keys.get(axis) {
            Some(KeyBlock::Single(block)) => Some((axis, *block)),
            _ => None,
        });
        let Some((axis, block)) = single.filter(|_| !variables.iter().any(|key| **key == *test.key.lower)) else {
            // A key that follows from the caller, filled with another one: told by a caller of each class. A proof takes
            // either answer, as it does for what is left.
            let open = self.undecided(&open_name(test))?;
            let is_plain = test.reach == Reach::Single && test.base != Base::Arn;
            if is_plain && axis.is_none() && variables.iter().all(|key| is_of_caller(key)) {
                let of_callers = self.of_callers(&Fact::Key(test.clone()), &open_name(test))?;
                return Ok(Sides { open: open.open, ..of_callers });
            }
            return Ok(open);
        };
        let space = self.space;
        let mut with = |at: usize, mut context: Context| {
            if at > 0
                && let (Some(key), Some(value)) = (space.keys.get(axis), space.value(axis, &[at - 1]))
            {
                context.set(&key.name, value);
            }
            Request::new(Caller::Anonymous, "s3:GetObject", "*", None, context)
        };
        let filled = self.filled(&Fact::Key(test.clone()), block, &variables, &mut with)?;
        // Each value of the policy has a Boolean of its own, which other tests of the same value share.
        let mut matched = Vec::new();
        for operand in test.operands.iter() {
            let alone = KeyTest { operands: [operand.clone()].into(), negated: false, ..test.clone() };
            let name = format!("match {} {:?} {operand:?}", test.key.lower, test.base);
            matched.push(self.abstracted(&Fact::Key(alone), block, &variables, &name, &mut with)?);
        }
        let mut open = self.diagram.any(matched)?;
        if test.has_unknown {
            let free = self.free(&open_name(test))?;
            open = self.diagram.either(open, free)?;
        }
        let present = self.presence(axis, false)?;
        if test.negated {
            open = self.diagram.not(open)?;
        }
        let (absent, _) = self.truths(&Fact::Key(KeyTest { operands: [].into(), ..test.clone() }), axis);
        let absent = if absent == Truth::True { ALWAYS } else { NEVER };
        let open = self.diagram.choose(present, open, absent)?;
        Ok(Sides { open, ..filled })
    }

    /// A fact with variables, for the values that stand for their classes. What does not fit a table is left open.
    pub(super) fn filled(
        &mut self,
        fact: &Fact,
        block: Block,
        variables: &[String],
        with: &mut dyn FnMut(usize, Context) -> Request,
    ) -> Result<Sides, Exhausted> {
        let [variable] = variables else { return Ok(Sides { surely: NEVER, maybe: ALWAYS, open: ALWAYS }) };
        let classes = self.classes_of(block);
        let mut surely = Vec::new();
        let mut maybe = Vec::new();
        for (value, is) in self.values_of_variable(variable)? {
            let mut truths = Vec::with_capacity(classes);
            for at in 0..classes {
                let mut context = Context::default();
                if let Some(value) = &value {
                    context.set(variable, value.clone());
                }
                truths.push(fact_holds(fact, &with(at, context), &mut Vec::new()));
            }
            let yes = self.where_is(block, &truths, |truth| truth == Truth::True)?;
            let may = self.where_is(block, &truths, |truth| truth != Truth::False)?;
            surely.push(self.diagram.both(is, yes)?);
            maybe.push(self.diagram.both(is, may)?);
        }
        let (surely, maybe) = (self.diagram.any(surely)?, self.diagram.any(maybe)?);
        Ok(Sides { surely, maybe, open: maybe })
    }

    pub(super) fn classes_of(&self, block: Block) -> usize {
        if block.start == self.resource.start && block.bits == self.resource.bits {
            return self.space.resources.classes.len();
        }
        let of = self.keys.iter().zip(&self.space.keys).find_map(|(key, axis)| match key {
            KeyBlock::Single(own) if own.start == block.start => Some(axis.values.len() + 1),
            _ => None,
        });
        of.unwrap_or(0)
    }

    /// The values that a variable may have, and where it has them; the first is that it has none.
    pub(super) fn values_of_variable(&mut self, variable: &str) -> Result<Vec<(Option<Value>, Node)>, Exhausted> {
        if is_of_caller(variable) {
            let mut all: Vec<(Option<String>, Vec<u32>)> = vec![(None, Vec::new())];
            for (probes, at) in self.probes.iter().zip(0..) {
                let value = match probes[0].context.find(variable) {
                    Found::One(value) => Some(value.to_owned()),
                    _ => None,
                };
                match all.iter_mut().find(|(known, _)| *known == value) {
                    Some((_, callers)) => callers.push(at),
                    None => all.push((value, vec![at])),
                }
            }
            let mut values = Vec::new();
            for (value, callers) in all {
                values.push((value.map(Value::One), self.codes(self.caller, &callers)?));
            }
            return Ok(values);
        }
        let Some(axis) = self.space.key(variable) else { return Ok(vec![(None, ALWAYS)]) };
        let present = self.presence(axis, false)?;
        let mut values = vec![(None, self.diagram.not(present)?)];
        let Some(KeyBlock::Single(block)) = self.keys.get(axis).copied() else {
            // A key of several values fills nothing in.
            values.push((Some(Value::Many(Vec::new())), present));
            return Ok(values);
        };
        for at in 0..self.space.keys.get(axis).map_or(0, |key| key.values.len()) {
            let value = self.space.value(axis, &[at]);
            values.push((value, self.codes(block, &[count(at) + 1])?));
        }
        Ok(values)
    }

    /// A fact with variables, whatever their values: a Boolean of its own wherever some value would make it hold.
    pub(super) fn abstracted(
        &mut self,
        fact: &Fact,
        block: Block,
        variables: &[String],
        name: &str,
        with: &mut dyn FnMut(usize, Context) -> Request,
    ) -> Result<Node, Exhausted> {
        let classes = self.classes_of(block);
        let of = |value: Option<Value>, with: &mut dyn FnMut(usize, Context) -> Request| -> Vec<Truth> {
            let truth = |at: usize| {
                let mut context = Context::default();
                for variable in variables {
                    if let Some(value) = &value {
                        context.set(variable, value.clone());
                    }
                }
                fact_holds(fact, &with(at, context), &mut Vec::new())
            };
            (0..classes).map(truth).collect()
        };
        let unknown = of(Some(Value::Unknown), with);
        let free = self.free(name)?;
        let (surely, maybe) = (
            self.where_is(block, &unknown, |truth| truth == Truth::True)?,
            self.where_is(block, &unknown, |truth| truth != Truth::False)?,
        );
        let any = self.diagram.choose(free, maybe, surely)?;
        let [variable] = variables else { return Ok(any) };
        let has = self.variable_is_there(variable)?;
        let absent = of(None, with);
        let absent = self.where_is(block, &absent, |truth| truth == Truth::True)?;
        self.diagram.choose(has, any, absent)
    }

    pub(super) fn variable_is_there(&mut self, variable: &str) -> Result<Node, Exhausted> {
        let mut values = self.values_of_variable(variable)?.into_iter();
        let absent = values.next().map_or(ALWAYS, |(_, is)| is);
        self.diagram.not(absent)
    }
}
