//! Which requests there are, and one of a formula.

use std::collections::HashSet;

use super::{Block, KeyBlock, Solver, calls::CROSSING, count};
use crate::prove::{
    bdd::{ALWAYS, Node, Variable},
    budget::Exhausted,
    partition::{ActionClass, Choice, account_of, service_of},
};

impl Solver<'_> {
    /// What holds of every request: each part is of one class, and keys that hang together agree.
    ///
    /// Source: IAM User Guide, "AWS global condition context keys", availability.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn possible(&mut self) -> Result<Node, Exhausted> {
        let mut all = Vec::new();
        let counts = [
            (self.action, self.space.actions.classes.len()),
            (self.resource, self.space.resources.classes.len()),
            (self.caller, self.space.callers.len()),
        ];
        for (block, classes) in counts {
            let classes: Vec<u32> = (0..count(classes)).collect();
            all.push(self.codes(block, &classes)?);
        }
        for axis in 0..self.keys.len() {
            all.push(self.possible_values(axis)?);
        }
        let of_nobody = self.callers_of(|caller| caller.account().is_none())?;
        for lower in ["aws:principalorgid", "aws:principalorgpaths"] {
            all.push(self.excluded(of_nobody, lower)?);
        }
        let tags: Vec<String> = self
            .space
            .keys
            .iter()
            .filter(|key| key.lower.starts_with("aws:principaltag/"))
            .map(|key| key.lower.clone())
            .collect();
        for lower in tags {
            all.push(self.excluded(of_nobody, &lower)?);
        }
        if let Some(axis) = self.space.key("aws:sourceip") {
            let direct = self.presence(axis, false)?;
            for lower in ["aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip"] {
                all.push(self.excluded(direct, lower)?);
            }
        }
        let elsewhere = self.actions_of(|name| !service_of(name).eq_ignore_ascii_case("kms"))?;
        all.push(self.excluded(elsewhere, "kms:viaservice")?);
        all.push(self.owned()?);
        self.diagram.all(all)
    }

    /// That a request of this sort does not carry a key.
    pub(super) fn excluded(&mut self, of: Node, lower: &str) -> Result<Node, Exhausted> {
        let Some(axis) = self.space.key(lower) else { return Ok(ALWAYS) };
        let present = self.presence(axis, false)?;
        let clash = self.diagram.both(of, present)?;
        self.diagram.not(clash)
    }

    pub(super) fn possible_values(&mut self, axis: usize) -> Result<Node, Exhausted> {
        let (Some(block), Some(key)) = (self.keys.get(axis).copied(), self.space.keys.get(axis)) else {
            return Ok(ALWAYS);
        };
        match block {
            KeyBlock::Single(block) => {
                let first = u32::from(key.is_always_present);
                let codes: Vec<u32> = (first..=count(key.values.len())).collect();
                self.codes(block, &codes)
            }
            KeyBlock::Several { .. } => {
                let (present, value) = (self.presence(axis, false)?, self.presence(axis, true)?);
                self.diagram.choose(value, present, ALWAYS)
            }
        }
    }

    /// That `aws:ResourceAccount` is the account in the resource's ARN, or the owner that is told.
    pub(super) fn owned(&mut self) -> Result<Node, Exhausted> {
        let Some(axis) = self.space.key("aws:resourceaccount") else { return Ok(ALWAYS) };
        let space = self.space;
        let owner = space.owner.map(|owner| owner.to_string());
        let values = space.keys.get(axis).map_or(&[][..], |key| &key.values);
        let mut all = Vec::new();
        for (value, at) in values.iter().zip(1..) {
            let fits =
                |text: &str| owner.as_deref().or_else(|| account_of(text)).is_none_or(|account| account == value);
            let resources = self.resources_of(fits)?;
            let Some(KeyBlock::Single(block)) = self.keys.get(axis).copied() else { return Ok(ALWAYS) };
            let is = self.codes(block, &[at])?;
            all.push(self.diagram.both(is, resources)?);
        }
        self.diagram.any(all)
    }

    /// A request of a formula; `None` where there is none.
    #[must_use]
    pub(in crate::prove) fn model(&self, node: Node) -> Option<Choice> {
        let set: HashSet<Variable> =
            self.diagram.model(node)?.into_iter().filter(|(_, is)| *is).map(|(variable, _)| variable).collect();
        let code = |block: Block| {
            (0..block.bits).fold(0_usize, |code, bit| code << 1 | usize::from(set.contains(&(block.start + bit))))
        };
        let keys = self.keys.iter().zip(&self.space.keys).map(|(block, key)| match block {
            KeyBlock::Single(block) => code(*block).checked_sub(1).map(|class| vec![class]),
            KeyBlock::Several { present } if set.contains(present) => {
                let first = present + 1;
                Some((0..key.values.len()).filter(|at| set.contains(&(first + count(*at)))).collect())
            }
            KeyBlock::Several { .. } => None,
        });
        let keys = keys.collect();
        Some(Choice { caller: code(self.caller), action: code(self.action), resource: code(self.resource), keys })
    }

    /// Whether a formula holds only where some wildcard crosses a colon.
    pub(in crate::prove) fn turns_on_crossing(&self, node: Node) -> bool {
        let crossing: HashSet<Variable> = self
            .free
            .iter()
            .filter(|(name, _)| name.starts_with(CROSSING))
            .filter_map(|(_, node)| self.diagram.model(*node)?.first().map(|(variable, _)| *variable))
            .collect();
        self.diagram.model(node).unwrap_or_default().iter().any(|(variable, is)| *is && crossing.contains(variable))
    }

    /// That a call which takes no resource is on `*`: there is no request for it on an ARN.
    ///
    /// Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services".
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn without_resource(&mut self, takes_none: impl Fn(&str) -> bool) -> Result<Node, Exhausted> {
        let classes = self.space.actions.classes.iter().zip(0..);
        let none = classes.filter(|(class, _)| class.is_known && class.names.iter().all(|name| takes_none(name)));
        let none: Vec<u32> = none.map(|(_, at)| at).collect();
        let none = self.codes(self.action, &none)?;
        let others = self.diagram.not(none)?;
        let bare = self.resources_of(|text| text == "*")?;
        self.diagram.either(others, bare)
    }

    /// Where action and resource are of one service, or the action takes none.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn plausible(&mut self, takes_none: impl Fn(&str) -> bool) -> Result<Node, Exhausted> {
        let space = self.space;
        let mut services: Vec<&str> =
            space.resources.classes.iter().filter_map(|class| class.text.split(':').nth(2)).collect();
        services.sort_unstable();
        services.dedup();
        let mut all = Vec::new();
        for service in services {
            let resources = self.resources_of(|text| text.split(':').nth(2) == Some(service))?;
            // Roles are assumed by calls to STS.
            let is_on = |name: &str| service_of(name) == service || (service == "iam" && name == "sts:AssumeRole");
            let of =
                |class: &ActionClass| class.is_known && class.names.iter().any(|name| is_on(name) && !takes_none(name));
            let classes: Vec<u32> =
                space.actions.classes.iter().zip(0..).filter(|(class, _)| of(class)).map(|(_, at)| at).collect();
            let actions = self.codes(self.action, &classes)?;
            all.push(self.diagram.both(resources, actions)?);
        }
        let bare = self.resources_of(|text| text == "*")?;
        let none: Vec<u32> = space
            .actions
            .classes
            .iter()
            .zip(0..)
            .filter(|(class, _)| class.is_known && class.names.iter().any(|name| takes_none(name)))
            .map(|(_, at)| at)
            .collect();
        let none = self.codes(self.action, &none)?;
        all.push(self.diagram.both(bare, none)?);
        self.diagram.any(all)
    }
}
