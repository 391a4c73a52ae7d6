//! Condition keys that requests for some of the listed actions never carry.

use crate::{
    finding::{Finding, RuleInfo, Severity},
    policy::{ActionPattern, Clause, Condition, Listed, Quantifier, Statement, glob},
    reference::{Action, fact},
    rules::{Aws, Check, Findings, RuleContext, declare::declare_rules, operations},
    source::{Span, Spanned},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a condition key of a service beside an action whose requests never carry it: `s3:prefix` beside `s3:GetObject`.
    /// Patterns are not looked at, nor services whose keys the reference does not list in full, nor conditions that say what
    /// is to hold where the key is absent. The keys of KMS have rules of their own, which say more.
    ///
    /// ## Why it matters
    /// The condition never holds for that action, or with a negated operator always: the statement allows or denies something
    /// else than its author meant.
    ///
    /// ## How to fix it
    /// Put the action into a statement of its own, without this condition.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", unsupported action for condition key; Service Authorization
    /// Reference, the tables "Actions" and "Resource types" of each service.
    pub KEY_UNKNOWN_TO_ACTION = {
        id: "key-unknown-to-action", code: Some("UNSUPPORTED_ACTION_FOR_CONDITION_KEY"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a condition key that requests for an action never carry",
    }

    /// ## What it does
    /// Flags `aws:ResourceTag/…` beside actions whose requests never carry it: as a warning in a `Deny`, as a note in an
    /// `Allow`; and beside `NotAction`, which means many of them. Actions that tag what they create are left out.
    ///
    /// ## Why it matters
    /// An `Allow` never allows these actions; a `Deny` never denies them, however the resource is tagged.
    ///
    /// ## How to fix it
    /// Put these actions into a statement of their own, without this condition.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", allow and deny with unsupported tag condition key for service,
    /// with `NotAction` too; Service Authorization Reference, condition keys of each action.
    pub RESOURCE_TAG_NEVER_SENT = {
        id: "resource-tag-never-sent", code: Some("ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"),
        further_codes: &[
            "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
            "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
            "DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
        ],
        severity: Note, confidence: High, persona: Regular,
        summary: "a tag condition that requests for an action never meet",
    }

    /// ## What it does
    /// Flags a condition on `aws:VpceAccount`, `aws:VpceOrgID` or `aws:VpceOrgPaths` beside actions of a service that does not
    /// know the key.
    ///
    /// ## Why it matters
    /// Only some services carry it. With others an `Allow` lets nobody in, and a `Deny` of all other endpoints keeps everybody
    /// out.
    ///
    /// ## How to fix it
    /// List actions of the services that know the key, in a statement of their own.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", use condition key only with supported services; "AWS global
    /// condition context keys", `aws:VpceAccount`, `aws:VpceOrgID`.
    pub ENDPOINT_KEY_UNKNOWN_TO_SERVICE = {
        id: "endpoint-key-unknown-to-service", code: Some("USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "a key on the VPC endpoint that a service does not know",
    }
}

/// Conditions beside the actions of their statement.
pub(crate) struct Fit;

impl Check for Fit {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let Some(actions) = statement.actions.as_ref().filter(|_| !statement.conditions.is_empty()) else { return };
        for condition in statement.conditions.iter().take(ROWS) {
            let key = condition.key.value.as_str();
            if !starts_with(key, "aws:") {
                if let Clause::Only(listed) = actions {
                    unknown_to_action(condition, listed, cx.aws, out);
                }
            } else if starts_with(key, RESOURCE_TAG) {
                resource_tag(statement, condition, actions, cx.aws, out);
            } else if starts_with(key, "aws:Vpce") {
                endpoint_key(condition, actions, out);
            }
        }
    }
}

/// How many rows of one statement are held against its actions: more than any policy has that AWS takes.
const ROWS: usize = 200;

/// How many further actions one finding names.
const MOST: usize = 100;

const RESOURCE_TAG: &str = "aws:ResourceTag/";

fn starts_with(key: &str, start: &str) -> bool {
    key.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start))
}

/// Whether a condition that fails where its key is absent is all that its author wrote about that case.
fn demands_a_value(condition: &Condition) -> bool {
    !condition.operator.value.comparison.asks_presence() && condition.demands_key()
}

/// The actions that are written out and that the reference knows.
fn named<'s, 'r>(
    listed: &'s Listed<ActionPattern>,
    aws: Aws<'r>,
) -> impl Iterator<Item = (&'s Spanned<ActionPattern>, Action<'r>)> {
    let written_out = listed.read.iter().filter(|action| !glob::is_pattern(action.value.as_str()));
    written_out
        .filter_map(move |action| Some((action, aws.reference.action(action.value.service()?, action.value.name())?)))
}

fn unknown_to_action(condition: &Condition, listed: &Listed<ActionPattern>, aws: Aws<'_>, out: &mut Findings<'_>) {
    let key = condition.key.value.as_str();
    let operator = condition.operator.value;
    let says_what_else = operator.if_exists
        || operator.comparison.asks_presence()
        || operator.quantifier == Some(Quantifier::ForAllValues);
    if says_what_else || operations::KmsKey::of(key).is_some() || key.contains('/') {
        return;
    }
    let Some(known) = aws.reference.condition_key(key) else { return };
    let Some((prefix, _)) = key.split_once(':') else { return };
    if known.is_global() || fact("incomplete-service", prefix).is_some() {
        return;
    }
    let without = named(listed, aws).filter(|(_, action)| !action.accepts_key(key)).map(|(action, _)| action);
    let mut without = without
        .filter(|action| action.value.service().is_none_or(|service| fact("incomplete-service", service).is_none()));
    let Some(first) = without.next() else { return };
    let message = format!("requests for `{}` never carry {key}", first.value.as_str());
    let finding = Finding::new(&KEY_UNKNOWN_TO_ACTION, first.span, message)
        .help("put it into a statement of its own, without this condition");
    let finding = without.take(MOST).fold(finding, |finding, action| finding.related(action.span, "likewise"));
    out.push(finding.related(condition.element.value, "the condition"));
}

fn resource_tag(
    statement: &Statement,
    condition: &Condition,
    actions: &Clause<ActionPattern>,
    aws: Aws<'_>,
    out: &mut Findings<'_>,
) {
    if !demands_a_value(condition) {
        return;
    }
    let key = condition.key.value.as_str();
    let (denies, severity) = (statement.denies(), if statement.denies() { Severity::Warning } else { Severity::Note });
    let (places, message, code): (Vec<Span>, _, _) = match actions {
        Clause::Only(listed) => {
            let without = named(listed, aws).filter(|(_, action)| !is_tagged(*action, key));
            let without: Vec<&Spanned<ActionPattern>> = without.map(|(action, _)| action).take(MOST).collect();
            let Some(first) = without.first() else { return };
            let code = if denies {
                "DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
            } else {
                "ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
            };
            let message = format!("requests for `{}` never carry {key}", first.value.as_str());
            (without.iter().map(|action| action.span).collect(), message, code)
        }
        Clause::AllBut(listed) => {
            let code = if denies {
                "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
            } else {
                "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
            };
            let message = format!("requests for many of these actions never carry {key}");
            (vec![listed.element.value], message, code)
        }
    };
    let effect = if denies { "never denied by this statement" } else { "never allowed by this statement" };
    let finding = Finding::new(&RESOURCE_TAG_NEVER_SENT, places[0], message)
        .code(code)
        .severity(severity)
        .label(effect)
        .help("put these actions into a statement of their own, without this condition");
    let finding = places[1..].iter().fold(finding, |finding, place| finding.related(*place, "likewise"));
    out.push(finding.related(condition.key.span, "the condition"));
}

/// Whether requests for an action carry the tags of its resource, or those that it gives to what it creates.
fn is_tagged(action: Action<'_>, key: &str) -> bool {
    let tag = key.get(RESOURCE_TAG.len()..).unwrap_or_default();
    action.lists_key(key) || action.lists_key("aws:TagKeys") || action.lists_key(&format!("aws:RequestTag/{tag}"))
}

fn endpoint_key(condition: &Condition, actions: &Clause<ActionPattern>, out: &mut Findings<'_>) {
    let key = condition.key.value.as_str();
    if !["aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths"].iter().any(|known| known.eq_ignore_ascii_case(key)) {
        return;
    }
    let knows = |service: &str| {
        fact("vpce-service", service).is_some_and(|fact| fact.values().any(|known| known.eq_ignore_ascii_case(key)))
    };
    let message = match actions {
        Clause::AllBut(_) => format!("many services do not know {key}"),
        Clause::Only(listed) => {
            let does_not = |action: &&ActionPattern| action.service().is_none_or(|service| !knows(service));
            let Some(action) = listed.values().find(does_not) else { return };
            match action.service().filter(|service| !glob::is_pattern(service)) {
                Some(service) => format!("{service} does not know {key}"),
                None => format!("many services do not know {key}"),
            }
        }
    };
    let finding = Finding::new(&ENDPOINT_KEY_UNKNOWN_TO_SERVICE, condition.key.span, message);
    out.push(finding.help("list actions of the services that know the key, in a statement of their own"));
}
