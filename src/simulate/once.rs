//! One request of one policy set: of the policies only what the request asks for is lowered.

use super::{decision::Outcome, facts};
use crate::{
    policy::{Effect, PolicySet},
    semantics::{
        Ask, Fact, Formula, Layout, MatchClass, Naming, Outline, Policies, Request, Spoken, Truth, lower_grant,
        outline, spoken,
    },
};

/// The decision on one request of a policy set. [`Compiled`](super::Compiled) decides many sooner.
#[must_use]
pub fn outcome(set: &PolicySet<'_>, request: &Request) -> Outcome {
    let outline = outline(set);
    let mut once = Once { outline: &outline, request, buffer: Vec::new(), known: Vec::new() };
    if once.truth(&outline.free) == Truth::True {
        return Outcome::Allowed;
    }
    let denied = once.truth(&outline.denied);
    if denied == Truth::True {
        return Outcome::ExplicitlyDenied;
    }
    match (denied, once.truth(&outline.granted)) {
        (Truth::False, Truth::True) => Outcome::Allowed,
        (Truth::False, Truth::False) => Outcome::ImplicitlyDenied,
        _ => Outcome::Undecided,
    }
}

struct Once<'o, 'p> {
    outline: &'o Outline<'p>,
    request: &'o Request,
    buffer: Vec<u8>,
    /// The layers and effects that were asked about.
    known: Vec<(usize, Effect, Vec<Speaking>)>,
}

/// A statement that may speak of the request: whether its elements match, and whom it names.
type Speaking = (Truth, Naming);

impl Once<'_, '_> {
    fn truth(&mut self, formula: &Formula<Ask>) -> Truth {
        formula.truth(&mut |ask| match ask {
            Ask::Allows(layer, class) => self.layer(*layer, Effect::Allow, *class),
            Ask::Denies(layer, class) => self.layer(*layer, Effect::Deny, *class),
            Ask::Call(what) => self.request.is(*what).into(),
            Ask::Open(_) => Truth::Unknown,
        })
    }

    /// Whether a statement of a layer has an effect, and names the caller at least so strongly.
    fn layer(&mut self, layer: usize, effect: Effect, class: MatchClass) -> Truth {
        let is_known = |known: &&(usize, Effect, Vec<Speaking>)| known.0 == layer && known.1 == effect;
        if self.known.iter().find(is_known).is_none() {
            let speaking = self.speaking(layer, effect);
            self.known.push((layer, effect, speaking));
        }
        let (request, buffer) = (self.request, &mut self.buffer);
        let speaking = self.known.iter().find(is_known).map_or(&[][..], |(.., speaking)| speaking);
        let mut any = Truth::False;
        for (matched, naming) in speaking {
            let named = naming.at_least(class).truth(&mut |fact| facts::holds(fact, request, buffer));
            any = any.or(matched.and(named));
        }
        any
    }

    fn speaking(&mut self, layer: usize, effect: Effect) -> Vec<Speaking> {
        let Some(Policies { policies, grants }) = self.outline.layers.get(layer).map(|layer| &layer.statements) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for (policy, layout) in policies {
            let of_effect = spoken(policy).filter(|one| one.effect() == Some(effect));
            all.extend(of_effect.filter_map(|one| self.speaks(one, effect, *layout)));
        }
        for (index, grant) in grants.iter().enumerate().filter(|_| effect == Effect::Allow) {
            let grant = lower_grant(grant, index);
            let matched = self.holds(grant.elements.iter().map(|element| &element.formula));
            all.extend((matched != Truth::False).then_some((matched, grant.principal)));
        }
        all
    }

    /// A statement, unless it does not match or names others.
    fn speaks(&mut self, one: Spoken<'_>, effect: Effect, layout: Layout) -> Option<Speaking> {
        let naming = one.naming(effect, layout);
        if self.holds(std::iter::once(naming.at_least(MatchClass::Account))) == Truth::False {
            return None;
        }
        let matched = self.holds(one.elements(layout).map(|element| element.formula));
        (matched != Truth::False).then_some((matched, naming))
    }

    /// Whether all of several formulas hold.
    fn holds(&mut self, formulas: impl Iterator<Item = impl std::borrow::Borrow<Formula<Fact>>>) -> Truth {
        let mut all = Truth::True;
        for formula in formulas {
            all = all.and(formula.borrow().truth(&mut |fact| facts::holds(fact, self.request, &mut self.buffer)));
            if all == Truth::False {
                break;
            }
        }
        all
    }
}
