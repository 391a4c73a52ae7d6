//! Every rule that may be named in a run: kpl's own, and those that were read as data.

use super::{
    CHECKS, Check,
    declarative::{Pack, shipped_names},
};
use crate::finding::RuleInfo;

/// The rules and packs of a run.
#[derive(Clone, Default)]
pub struct Catalogue {
    /// Rules that were read as data.
    rules: Vec<&'static RuleInfo>,
    packs: Vec<&'static Pack>,
    check: Option<&'static dyn Check>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.rules.iter().map(|rule| rule.id).collect();
        out.debug_struct("Catalogue").field("rules", &names).finish_non_exhaustive()
    }
}

impl Catalogue {
    pub(super) fn with(
        rules: Vec<&'static RuleInfo>,
        packs: Vec<&'static Pack>,
        check: Option<&'static dyn Check>,
    ) -> Self {
        Self { rules, packs, check }
    }

    /// Every rule, those that were read as data last.
    pub fn rules(&self) -> impl Iterator<Item = &'static RuleInfo> {
        super::all().chain(self.rules.iter().copied())
    }

    /// The rules that were read as data.
    #[must_use]
    pub fn of_data(&self) -> &[&'static RuleInfo] {
        &self.rules
    }

    /// The rule of a name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&'static RuleInfo> {
        self.rules().find(|rule| rule.id == id)
    }

    /// The name of a rule, also of a shipped one that this run has not read.
    #[must_use]
    pub fn name(&self, id: &str) -> Option<&'static str> {
        let shipped = || shipped_names().filter_map(|file| file.rule).find(|rule| *rule == id);
        self.find(id).map(|rule| rule.id).or_else(shipped)
    }

    /// The packs that were read.
    #[must_use]
    pub fn packs(&self) -> &[&'static Pack] {
        &self.packs
    }

    /// The pack of a name, if it was read.
    #[must_use]
    pub fn pack(&self, name: &str) -> Option<&'static Pack> {
        self.packs.iter().copied().find(|pack| pack.name == name)
    }

    /// Whether it holds kpl's own rules and no others.
    #[must_use]
    pub fn is_shipped(&self) -> bool {
        self.check.is_none()
    }

    /// Every check.
    pub fn checks(&self) -> impl Iterator<Item = &'static dyn Check> {
        CHECKS.iter().copied().chain(self.check)
    }
}
