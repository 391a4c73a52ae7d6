//! Plans that do not tell of everything that they will come to.

use crate::{
    document::Document,
    finding::{Finding, RuleInfo},
    rules::{Check, Findings, declare::declare_rules},
    source::Source,
};

declare_rules! { Terraform:
    /// ## What it does
    /// Says of a Terraform plan that it is not the whole: it ended with an error, it defers changes to a later run, or it is
    /// marked as not complete, as one of some resources alone (`-target`) is.
    ///
    /// ## Why it matters
    /// What such a plan does not list was not checked. A policy may be among it.
    ///
    /// ## How to fix it
    /// Mend the error and plan again; of deferred changes, check the plan of the run that makes them. In a pipeline,
    /// `--fail-on-undecided` ends with 1 until then.
    ///
    /// ## Source
    /// Terraform documentation, "JSON Output Format", plan representation: `errored`, `complete` and `deferred_changes`.
    pub PLAN_INCOMPLETE = {
        id: "plan-incomplete", code: None,
        severity: Note, confidence: High, persona: Regular,
        summary: "a plan does not tell of all changes",
    }
}

/// What a plan says of itself.
pub(crate) struct Incomplete;

impl Check for Incomplete {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn document(&self, document: &Document<'_>, _source: &Source, out: &mut Findings<'_>) {
        let Some(lack) = document.plan.as_ref().and_then(|plan| plan.lack.as_ref()) else { return };
        out.push(Finding::new(&PLAN_INCOMPLETE, lack.span, lack.value.message()).help(lack.value.help()));
        out.not_evaluated(&PLAN_INCOMPLETE, "what the plan does not list was not checked");
    }
}
