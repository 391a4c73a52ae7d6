//! Policies of which a plan does not tell everything.

use crate::{
    document::Awaited,
    finding::{Finding, RuleInfo},
    policy::Policy,
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::Span,
    syntax::{Node, Value},
};

declare_rules! { Terraform:
    /// ## What it does
    /// Says of a policy in a Terraform plan that it, or a part of it, is not known until the plan is applied: how much of
    /// it was checked, and on which resource it waits. Of an `aws_iam_policy_document` that is read during apply, kpl reads
    /// the statement blocks, so that most of it is checked all the same.
    ///
    /// ## Why it matters
    /// What is not known was not checked. On the first apply that is often the key policy, since it names a role that is
    /// created beside it.
    ///
    /// ## How to fix it
    /// Check again after apply: `terraform show -json` prints the state. In a pipeline, `--fail-on-undecided` ends with 1
    /// until then. A role's ARN that is put together from its account and name is known in the plan.
    ///
    /// ## Source
    /// Terraform documentation, "JSON Output Format", change representation; Terraform AWS provider,
    /// `aws_iam_policy_document`.
    pub POLICY_UNKNOWN_AT_PLAN = {
        id: "policy-unknown-at-plan", code: None,
        severity: Note, confidence: High, persona: Regular,
        summary: "a policy, or a part of it, is not known until apply",
    }
}

/// What waits for apply.
pub(crate) struct Unknown;

impl Check for Unknown {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let awaits = &cx.document.awaits;
        let Some(first) = awaits.first() else { return };
        let names = named(awaits);
        let waits = if names.is_empty() { String::new() } else { format!(": it waits on {names}") };
        let message = format!("not known until apply{waits}; {}", checked(policy, awaits, &cx.document.node));
        let finding = Finding::new(&POLICY_UNKNOWN_AT_PLAN, first.place, message)
            .label(words(first))
            .help("check the state after apply: `terraform show -json`");
        let others = awaits.iter().skip(1).filter(|other| other.place != first.place).take(SHOWN);
        out.push(others.fold(finding, |finding, other| finding.related(other.place, words(other))));
    }
}

/// How many names and places a note lists.
const SHOWN: usize = 3;

/// The addresses that a policy waits on.
fn named(awaits: &[Awaited]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in awaits.iter().flat_map(|awaited| &awaited.on) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(SHOWN);
    let listed = names.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
    if more == 0 { listed } else { format!("{listed} and {more} more") }
}

/// How much of the policy was checked.
fn checked(policy: &Policy, awaits: &[Awaited], node: &Node<'_>) -> String {
    let items = node.get("Statement").and_then(Node::as_list).unwrap_or_default();
    if policy.is_unknown() || items.is_empty() {
        return "not checked".to_owned();
    }
    let waits = |place: Span| awaits.iter().any(|awaited| place.contains(awaited.place));
    let whole = items.iter().filter(|item| !waits(item.span)).count();
    let may_be_more = items.iter().any(|item| item.value == Value::Unknown);
    let more = if may_be_more { ", and others may come" } else { "" };
    format!("checked {whole} of {} statements{more}", items.len())
}

/// What waits at one place.
fn words(awaited: &Awaited) -> String {
    match (awaited.statement, awaited.on.as_slice()) {
        (Some(statement), []) => format!("statement {} is not known here", statement + 1),
        (Some(statement), on) => format!("statement {} waits on {}", statement + 1, on.join(", ")),
        (None, []) => "not known".to_owned(),
        (None, on) => format!("waits on {}", on.join(", ")),
    }
}
