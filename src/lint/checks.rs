//! The checks of a run: those that decide a rule that is selected.

use std::sync::OnceLock;

use super::Selection;
use crate::{
    finding::{Persona, RuleInfo},
    policy::PolicyKind,
    rules::{Catalogue, Check},
};

/// Checks, in the order of the catalogue.
#[derive(Default)]
pub(super) struct Checks {
    pub(super) all: Vec<&'static dyn Check>,
    /// Those that speak of each kind of policy, in the order of [`PolicyKind::ALL`], gathered where one occurs.
    of_kinds: [OnceLock<Vec<&'static dyn Check>>; PolicyKind::ALL.len()],
}

impl Checks {
    /// Those of a catalogue that decide a selected rule.
    pub(super) fn of(catalogue: &Catalogue, is_selected: &dyn Fn(&'static RuleInfo) -> bool) -> Self {
        let mut all = Vec::with_capacity(catalogue.checks().count());
        all.extend(catalogue.checks().filter(|check| check.rules().iter().copied().any(is_selected)));
        Self { all, ..Self::default() }
    }

    /// kpl's own that a persona hears, where nothing else is selected: most runs ask these, so they are gathered once.
    pub(super) fn of_persona(persona: Persona) -> &'static Self {
        static CHECKS: [OnceLock<Checks>; 3] = [const { OnceLock::new() }; 3];
        let checks = match persona {
            Persona::Regular => &CHECKS[0],
            Persona::Pedantic => &CHECKS[1],
            Persona::Auditor => &CHECKS[2],
        };
        checks.get_or_init(|| {
            let selection = Selection { persona, ..Selection::default() };
            Self::of(&Catalogue::default(), &|rule| selection.includes(rule))
        })
    }

    /// Those that speak of a kind of policy.
    pub(super) fn of_kind(&self, kind: PolicyKind) -> &[&'static dyn Check] {
        let place = PolicyKind::ALL.iter().position(|one| *one == kind);
        let Some(checks) = place.and_then(|place| self.of_kinds.get(place)) else { return &self.all };
        checks.get_or_init(|| {
            let mut checks = Vec::with_capacity(self.all.len());
            checks.extend(self.all.iter().copied().filter(|check| check.speaks_of(kind)));
            checks
        })
    }
}
