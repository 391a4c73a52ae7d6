//! Elements that say nothing, and principals that are said twice.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{Listed, Principal, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::Spanned,
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags an empty `Sid`.
    ///
    /// ## Why it matters
    /// It names nothing. Older Terraform providers write it where none was given.
    ///
    /// ## How to fix it
    /// Name the statement, or take the element away.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", empty Sid value.
    pub SID_EMPTY = {
        id: "sid-empty", code: Some("EMPTY_SID_VALUE"),
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a Sid is empty",
    }

    /// ## What it does
    /// Flags an empty list or object as the value of `Action`, `Resource`, `Principal`, `Condition` or a condition key.
    ///
    /// ## Why it matters
    /// The statement never matches; an empty condition never limits it. Whoever wrote it meant something.
    ///
    /// ## How to fix it
    /// Say what is meant, or take the statement away.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", empty array and empty object checks.
    pub EMPTY_ARRAY_OR_OBJECT = {
        id: "empty-array-or-object", code: Some("EMPTY_ARRAY_ACTION"),
        further_codes: &[
            "EMPTY_ARRAY_CONDITION",
            "EMPTY_ARRAY_PRINCIPAL",
            "EMPTY_ARRAY_RESOURCE",
            "EMPTY_OBJECT_CONDITION",
        ],
        severity: Warning, confidence: High, persona: Regular,
        summary: "an element is empty",
    }

    /// ## What it does
    /// Flags the same principal twice in one list: an account by its number and by its root ARN are the same.
    ///
    /// ## Why it matters
    /// It says nothing new. AWS drops the second of two equal principals, so that Terraform sees a change for ever.
    ///
    /// ## How to fix it
    /// Take one away.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal".
    pub DUPLICATE_ITEM = {
        id: "duplicate-item", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a principal stands twice in one list",
    }
}

/// What a statement says for nothing.
pub(crate) struct Shape;

impl Check for Shape {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if let Some(sid) = statement.sid.as_ref().filter(|sid| sid.value.is_empty()) {
            let finding = Finding::new(&SID_EMPTY, sid.span, "this `Sid` names nothing");
            out.push(finding.help("name the statement, or take the element away"));
        }
        lists(statement, out);
        conditions(statement, out);
    }
}

fn lists(statement: &Statement, out: &mut Findings<'_>) {
    if let Some(actions) = &statement.actions {
        let listed = actions.listed();
        empty(listed, "actions", "EMPTY_ARRAY_ACTION", out);
    }
    if let Some(resources) = &statement.resources {
        let listed = resources.listed();
        empty(listed, "resources", "EMPTY_ARRAY_RESOURCE", out);
    }
    if let Some(principals) = &statement.principals {
        let listed = principals.listed();
        empty(listed, "principals", "EMPTY_ARRAY_PRINCIPAL", out);
        repeated_principals(&listed.read, out);
    }
}

fn empty<T>(listed: &Listed<T>, what: &str, code: &'static str, out: &mut Findings<'_>) {
    if listed.is_empty() {
        let message = format!("no {what} are listed, so the statement never matches");
        let finding = Finding::new(&EMPTY_ARRAY_OR_OBJECT, listed.element.value, message).code(code);
        out.push(finding.help(format!("list the {what}, or take the statement away")));
    }
}

fn conditions(statement: &Statement, out: &mut Findings<'_>) {
    let no_rows = statement.conditions.is_empty() && statement.unread_conditions.is_empty();
    if let Some(element) = statement.condition_element.filter(|_| no_rows) {
        let message = "no condition is listed, so nothing is limited";
        let finding = Finding::new(&EMPTY_ARRAY_OR_OBJECT, element.value, message).code("EMPTY_OBJECT_CONDITION");
        out.push(finding.help("write the condition, or take the element away"));
    }
    for condition in statement.conditions.iter().filter(|condition| condition.values.is_empty()) {
        let message = format!("no value is listed for {}", condition.key.value.as_str());
        let finding = Finding::new(&EMPTY_ARRAY_OR_OBJECT, condition.key.span, message).code("EMPTY_ARRAY_CONDITION");
        out.push(finding.help("list the values, or take the key away"));
    }
}

fn repeated_principals(principals: &[Spanned<Principal>], out: &mut Findings<'_>) {
    if !out.asks(&DUPLICATE_ITEM) {
        return;
    }
    for (index, principal) in principals.iter().enumerate().take(MANY) {
        if let Some(first) = principals[..index].iter().find(|first| first.value == principal.value) {
            let finding = Finding::new(&DUPLICATE_ITEM, principal.span, "this principal is listed twice")
                .related(first.span, "here first")
                .help("one of the two says nothing");
            out.push(finding);
        }
    }
}

/// No policy holds more principals: a key policy of 32 KiB has room for some six hundred.
const MANY: usize = 1_000;
