//! Who calls what on which resource.

use super::{Sides, Solver};
use crate::{
    prove::{
        bdd::{ALWAYS, NEVER, Node},
        budget::Exhausted,
        partition::{account_of, crossing_name, lies_in, list_of_resources, service_of},
    },
    semantics::{Caller, Context, Fact, Request, ResourceTest, Trait, Truth, pattern::Pattern},
    simulate::fact_holds,
};

/// What a Boolean is called that stands for a wildcard which crosses a colon, before the pattern.
pub(super) const CROSSING: &str = "crossing ";

/// So many patterns are held against one another.
const MOST_NESTED: usize = 200;

impl Solver<'_> {
    /// Where the caller is one of which something is so.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn callers_of(&mut self, is: impl Fn(&Caller) -> bool) -> Result<Node, Exhausted> {
        let classes: Vec<u32> =
            self.space.callers.iter().zip(0..).filter(|(who, _)| is(who)).map(|(_, at)| at).collect();
        self.codes(self.caller, &classes)
    }

    /// A fact about the caller, or about a key that follows from it.
    pub(super) fn of_callers(&mut self, fact: &Fact, name: &str) -> Result<Sides, Exhausted> {
        let mut buffer = Vec::new();
        let mut truths = [Vec::new(), Vec::new()];
        for probes in &self.probes {
            for (truths, probe) in truths.iter_mut().zip(probes) {
                truths.push(fact_holds(fact, probe, &mut buffer));
            }
        }
        let [to_kms, to_others] = truths;
        let others = self.by_class(self.caller, &to_others, name)?;
        if to_kms == to_others {
            return Ok(others);
        }
        let kms = self.by_class(self.caller, &to_kms, name)?;
        let is_kms = self.actions_of(|name| service_of(name).eq_ignore_ascii_case("kms"))?;
        self.chosen(is_kms, kms, others)
    }

    pub(super) fn chosen(&mut self, condition: Node, then: Sides, otherwise: Sides) -> Result<Sides, Exhausted> {
        Ok(Sides {
            surely: self.diagram.choose(condition, then.surely, otherwise.surely)?,
            maybe: self.diagram.choose(condition, then.maybe, otherwise.maybe)?,
            open: self.diagram.choose(condition, then.open, otherwise.open)?,
        })
    }

    /// Where the action's class has a name of which something is so.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn actions_of(&mut self, is: impl Fn(&str) -> bool) -> Result<Node, Exhausted> {
        let classes = self.space.actions.classes.iter().zip(0..);
        let of: Vec<u32> =
            classes.filter(|(class, _)| class.names.iter().any(|name| is(name))).map(|(_, at)| at).collect();
        self.codes(self.action, &of)
    }

    /// Where the resource is one of which something is so.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn resources_of(&mut self, is: impl Fn(&str) -> bool) -> Result<Node, Exhausted> {
        let classes = self.space.resources.classes.iter().zip(0..);
        let of: Vec<u32> = classes.filter(|(class, _)| is(&class.text)).map(|(_, at)| at).collect();
        self.codes(self.resource, &of)
    }

    pub(super) fn resources(&mut self, tests: &[&ResourceTest]) -> Result<Sides, Exhausted> {
        let name = list_of_resources(tests);
        if let Some(sides) = self.known.get(&name) {
            return Ok(*sides);
        }
        let space = self.space;
        let mut buffer = Vec::new();
        let mut truths = Vec::with_capacity(space.resources.classes.len());
        let facts: Vec<Fact> = tests.iter().map(|test| Fact::Resource((*test).clone())).collect();
        for class in &space.resources.classes {
            let request = Request::new(Caller::Anonymous, "s3:GetObject", &class.text, space.owner, Context::default());
            let any = facts.iter().map(|fact| fact_holds(fact, &request, &mut buffer)).fold(Truth::False, Truth::or);
            truths.push(any);
        }
        let mut sides = self.by_class(self.resource, &truths, CROSSING)?;
        let list = space.resources.list(&name);
        let classes = || space.resources.classes.iter().zip(0..);
        let of_list = |lists: &[u32]| list.is_some_and(|list| lists.binary_search(&list).is_ok());
        let by_parts: Vec<u32> = classes().filter(|(class, _)| of_list(&class.by_parts)).map(|(_, at)| at).collect();
        let mut any = vec![self.codes(self.resource, &by_parts)?];
        for test in tests {
            any.push(self.reached(&test.pattern)?);
        }
        sides.open = self.diagram.any(any)?;
        self.known.insert(name, sides);
        Ok(sides)
    }

    /// Where a pattern may match because a wildcard crosses a colon: a Boolean of its own.
    pub(super) fn reached(&mut self, pattern: &Pattern) -> Result<Node, Exhausted> {
        let resources = &self.space.resources;
        let name = crossing_name(pattern);
        let Some(number) = resources.crossing.iter().position(|known| *known == name) else { return Ok(NEVER) };
        let is_of = |lists: &[u32]| u32::try_from(number).is_ok_and(|number| lists.binary_search(&number).is_ok());
        let classes = resources.classes.iter().zip(0..);
        let reached: Vec<u32> = classes.filter(|(class, _)| is_of(&class.reached)).map(|(_, at)| at).collect();
        let reached = self.codes(self.resource, &reached)?;
        let crosses = self.free(&format!("{CROSSING}{name}"))?;
        self.diagram.both(reached, crosses)
    }

    /// That a pattern which lies in another matches no more than the other does, however wildcards are read.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn nested(&mut self) -> Result<Node, Exhausted> {
        let space = self.space;
        let crossing = &space.resources.crossing;
        let mut all = Vec::new();
        for inner in crossing.iter().take(MOST_NESTED) {
            for outer in crossing.iter().take(MOST_NESTED).filter(|outer| *outer != inner && lies_in(outer, inner)) {
                let [inner, outer] = [inner, outer].map(|text| self.free.get(&format!("{CROSSING}{text}")).copied());
                if let (Some(inner), Some(outer)) = (inner, outer) {
                    all.push(self.diagram.choose(inner, outer, ALWAYS)?);
                }
            }
        }
        self.diagram.all(all)
    }

    /// Something about the whole call.
    pub(super) fn call(&mut self, what: Trait) -> Result<Node, Exhausted> {
        let name = format!("call {what:?}");
        if let Some(sides) = self.known.get(&name) {
            return Ok(sides.open);
        }
        let node = match what {
            Trait::OfAnAccount
            | Trait::ByRoot
            | Trait::ByFederatedUser
            | Trait::ByFederated
            | Trait::ByServiceLinkedRole => {
                let truths: Vec<Truth> = self.probes.iter().map(|[_, probe]| probe.is(what).into()).collect();
                self.where_is(self.caller, &truths, |truth| truth == Truth::True)?
            }
            Trait::SameAccount | Trait::SamePartition => self.of_caller_and_resource(what)?,
            // They matter to policies of an organisation alone, of which no claim speaks.
            Trait::OfManagementAccount
            | Trait::TakesResourceControlPolicies
            | Trait::OnManagedKey
            | Trait::OnServiceLinkedRole => NEVER,
            Trait::AsksForToken => {
                let token = self.actions_of(|name| name.eq_ignore_ascii_case("sts:GetSessionToken"))?;
                let own = self.callers_of(|caller| matches!(caller, Caller::User(_) | Caller::Root { .. }))?;
                self.diagram.both(token, own)?
            }
            Trait::UnsignedToKms => {
                let is_kms = self.actions_of(|name| service_of(name).eq_ignore_ascii_case("kms"))?;
                let anonymous = self.callers_of(|caller| *caller == Caller::Anonymous)?;
                self.diagram.both(is_kms, anonymous)?
            }
            Trait::ThroughService => self.through_service()?,
            Trait::HasResource => self.resources_of(|text| text != "*")?,
            _ => self.of_action_and_resource(what)?,
        };
        self.known.insert(name, Sides::plain(node));
        Ok(node)
    }

    pub(super) fn of_caller_and_resource(&mut self, what: Trait) -> Result<Node, Exhausted> {
        let space = self.space;
        let mut by_caller: Vec<(String, Caller, Vec<u32>)> = Vec::new();
        for (caller, at) in space.callers.iter().zip(0..) {
            let key = format!("{:?} {:?}", caller.account(), caller.partition());
            match by_caller.iter_mut().find(|(known, ..)| *known == key) {
                Some((.., classes)) => classes.push(at),
                None => by_caller.push((key, caller.clone(), vec![at])),
            }
        }
        let mut by_resource: Vec<(String, &str, Vec<u32>)> = Vec::new();
        for (class, at) in space.resources.classes.iter().zip(0..) {
            let key = format!("{:?} {:?}", account_of(&class.text), class.text.split(':').nth(1));
            match by_resource.iter_mut().find(|(known, ..)| *known == key) {
                Some((.., classes)) => classes.push(at),
                None => by_resource.push((key, &class.text, vec![at])),
            }
        }
        let mut pairs = Vec::new();
        for (_, text, resources) in by_resource {
            let mut callers = Vec::new();
            for (_, caller, classes) in &by_caller {
                let request = Request::new(caller.clone(), "s3:GetObject", text, space.owner, Context::default());
                if request.is(what) {
                    callers.extend_from_slice(classes);
                }
            }
            callers.sort_unstable();
            let (resources, callers) = (self.codes(self.resource, &resources)?, self.codes(self.caller, &callers)?);
            pairs.push(self.diagram.both(resources, callers)?);
        }
        self.diagram.any(pairs)
    }

    pub(super) fn of_action_and_resource(&mut self, what: Trait) -> Result<Node, Exhausted> {
        let space = self.space;
        let kind =
            |text: &str| (text == "*", text.contains(":kms:"), text.contains(":key/"), text.contains(":alias/aws/"));
        let mut by_resource: Vec<(_, &str, Vec<u32>)> = Vec::new();
        for (class, at) in space.resources.classes.iter().zip(0..) {
            let key = kind(&class.text);
            match by_resource.iter_mut().find(|(known, ..)| *known == key) {
                Some((.., classes)) => classes.push(at),
                None => by_resource.push((key, &class.text, vec![at])),
            }
        }
        let mut pairs = Vec::new();
        for (_, text, resources) in by_resource {
            let mut actions = Vec::new();
            for (class, at) in space.actions.classes.iter().zip(0..) {
                let Some(name) = class.names.first() else { continue };
                // Only KMS and STS decide otherwise, and the gateways' services.
                let lower = name.to_ascii_lowercase();
                if matches!(service_of(&lower), "kms" | "sts" | "s3" | "dynamodb")
                    && Request::new(Caller::Anonymous, name, text, space.owner, Context::default()).is(what)
                {
                    actions.push(at);
                }
            }
            let (resources, actions) = (self.codes(self.resource, &resources)?, self.codes(self.action, &actions)?);
            pairs.push(self.diagram.both(resources, actions)?);
        }
        self.diagram.any(pairs)
    }

    pub(super) fn through_service(&mut self) -> Result<Node, Exhausted> {
        let is_kms = self.actions_of(|name| service_of(name).eq_ignore_ascii_case("kms"))?;
        let mut through = Vec::new();
        if let Some(axis) = self.space.key("kms:viaservice") {
            through.push(self.presence(axis, false)?);
        }
        if let Some(axis) = self.space.key("aws:viaawsservice") {
            through.push(self.values_of(axis, |value| value == "true")?);
        }
        let through = self.diagram.any(through)?;
        self.diagram.both(is_kms, through)
    }
}
