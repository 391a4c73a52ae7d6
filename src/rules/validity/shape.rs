//! Elements that say nothing, and principals that are said twice.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{Listed, Operator, Principal, Quantifier, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::{Span, Spanned},
    syntax::Node,
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
            "EMPTY_ARRAY_CONDITION_FORALLVALUES",
            "EMPTY_ARRAY_CONDITION_FORANYVALUE",
            "EMPTY_ARRAY_CONDITION_IFEXISTS",
            "EMPTY_ARRAY_PRINCIPAL",
            "EMPTY_ARRAY_RESOURCE",
            "EMPTY_OBJECT_CONDITION",
            "EMPTY_OBJECT_PRINCIPAL",
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

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if let Some(sid) = statement.sid.as_ref().filter(|sid| sid.value.is_empty()) {
            let finding = Finding::new(&SID_EMPTY, sid.span, "this `Sid` names nothing");
            out.push(finding.help("name the statement, or take the element away"));
        }
        lists(statement, cx, out);
        conditions(statement, out);
    }
}

fn lists(statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
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
        match listed.is_empty().then(|| empty_kind(statement, listed, &cx.document.node)).flatten() {
            Some(place) => {
                let message = "no principals are listed, so the statement never matches";
                let finding = Finding::new(&EMPTY_ARRAY_OR_OBJECT, place, message).code("EMPTY_ARRAY_PRINCIPAL");
                out.push(finding.help("list the principals, or take the statement away"));
            }
            None => empty(listed, "principals", "EMPTY_OBJECT_PRINCIPAL", out),
        }
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

/// The empty list of a kind of principals: `[]` of `{"AWS": []}`.
fn empty_kind(statement: &Statement, principals: &Listed<Principal>, root: &Node<'_>) -> Option<Span> {
    let node = statement_node(statement, root)?;
    let member = node.as_map()?.iter().find(|member| member.key_span == principals.element.key)?;
    member.value.as_map()?.first().map(|kind| kind.value.span)
}

/// Where a statement stands in the tree that it was read from.
pub(super) fn statement_node<'n, 'a>(statement: &Statement, root: &'n Node<'a>) -> Option<&'n Node<'a>> {
    let items = root.get("Statement").map_or_else(|| root.items(), Node::items);
    items.iter().find(|item| item.span == statement.span)
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
        let Operator { quantifier, if_exists, .. } = condition.operator.value;
        let (code, help) = match quantifier {
            Some(Quantifier::ForAllValues) => ("EMPTY_ARRAY_CONDITION_FORALLVALUES", ASKS_FOR_ABSENCE),
            Some(Quantifier::ForAnyValue) => ("EMPTY_ARRAY_CONDITION_FORANYVALUE", "list the values: it never holds"),
            None if if_exists => ("EMPTY_ARRAY_CONDITION_IFEXISTS", ASKS_FOR_ABSENCE),
            None => ("EMPTY_ARRAY_CONDITION", "list the values, or take the key away"),
        };
        out.push(Finding::new(&EMPTY_ARRAY_OR_OBJECT, condition.key.span, message).code(code).help(help));
    }
}

const ASKS_FOR_ABSENCE: &str =
    "list the values; or write `Null` with \"true\", if only requests without the key are meant";

fn repeated_principals(principals: &[Spanned<Principal>], out: &mut Findings<'_>) {
    if !out.asks(&DUPLICATE_ITEM) {
        return;
    }
    for (first, again) in repeated(principals) {
        let finding = Finding::new(&DUPLICATE_ITEM, again.span, "this principal is listed twice")
            .related(first.span, "here first")
            .help("one of the two says nothing");
        out.push(finding);
    }
}

/// The principals that stand in a list again, each with its first place.
pub(in crate::rules) fn repeated(
    principals: &[Spanned<Principal>],
) -> impl Iterator<Item = (&Spanned<Principal>, &Spanned<Principal>)> {
    principals.iter().enumerate().take(MANY).filter_map(|(index, again)| {
        let first = principals[..index].iter().find(|first| first.value == again.value)?;
        Some((first, again))
    })
}

/// No policy holds more principals: a key policy of 32 KiB has room for some six hundred.
const MANY: usize = 1_000;
