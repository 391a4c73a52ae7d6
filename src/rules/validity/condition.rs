//! Condition keys and their operators.

use crate::{
    finding::{Finding, RuleInfo, Severity},
    policy::{Comparison, Condition, Statement, glob, is_placeholder},
    reference::{KeyOwner, KeyType, fact},
    rules::{Aws, Check, Findings, RuleContext, declare::declare_rules},
};

use super::known_key::is_without_tag;

declare_rules! { Validity:
    /// ## What it does
    /// Flags a condition key that AWS does not have: neither a global one nor one of its service. A key of a known service is
    /// a warning, since services add keys before the reference lists them.
    ///
    /// ## Why it matters
    /// No request carries it. A condition that must hold never does; a negated one always does.
    ///
    /// ## How to fix it
    /// Write a key of the Service Authorization Reference, or a global one.
    ///
    /// ## Source
    /// Service Authorization Reference; IAM User Guide, "AWS global condition context keys"; "Access Analyzer policy check
    /// reference", invalid global and invalid service condition key.
    pub UNKNOWN_CONDITION_KEY = {
        id: "unknown-condition-key", code: Some("INVALID_SERVICE_CONDITION_KEY"),
        further_codes: &["INVALID_CONDITION_KEY_FORMAT", "INVALID_GLOBAL_CONDITION_KEY", "INVALID_SERVICE"],
        severity: Error, confidence: High, persona: Regular,
        summary: "AWS has no such condition key",
    }

    /// ## What it does
    /// Flags an operator that compares another type than the condition key has: `StringEquals` on a Boolean, `Bool` on a
    /// text.
    ///
    /// ## Why it matters
    /// The values are compared as what they are not: `True` is another text than `true`, `10` is less than `9`.
    ///
    /// ## How to fix it
    /// Use an operator of the key's type.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Condition operators"; "Access Analyzer policy check reference", type
    /// mismatch.
    pub OPERATOR_TYPE_MISMATCH = {
        id: "operator-type-mismatch", code: Some("TYPE_MISMATCH"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "the operator is for another type than the key's",
    }

    /// ## What it does
    /// Flags `*` or `?` in a value whose operator knows no wildcards.
    ///
    /// ## Why it matters
    /// It is then a plain character, and the condition seldom matches what its author meant.
    ///
    /// ## How to fix it
    /// Use `StringLike` if a wildcard is meant, or write `${*}` if the character is.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Condition operators"; "Access Analyzer policy check reference", wildcard
    /// without like operator.
    pub WILDCARD_WITHOUT_LIKE = {
        id: "wildcard-without-like", code: Some("WILDCARD_WITHOUT_LIKE_OPERATOR"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "a wildcard under an operator that knows none",
    }

    /// ## What it does
    /// Flags an operator without `ForAnyValue:` or `ForAllValues:` on a condition key with several values. Keys on aliases have
    /// rules of their own.
    ///
    /// ## Why it matters
    /// IAM compares sets of values by these operators alone: without one the condition does not match.
    ///
    /// ## How to fix it
    /// Write `ForAnyValue:` before the operator if one value must match, `ForAllValues:` if all must.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", missing qualifier; "Set operators for multivalued context
    /// keys".
    pub SET_OPERATOR_MISSING = {
        id: "set-operator-missing", code: Some("MISSING_QUALIFIER"),
        severity: Error, confidence: High, persona: Regular,
        summary: "no set operator on a key with several values",
    }

    /// ## What it does
    /// Flags `Null` with `ForAllValues:` or `ForAnyValue:`.
    ///
    /// ## Why it matters
    /// `Null` asks whether the key is there. With a set operator the answer is always the same.
    ///
    /// ## How to fix it
    /// Take the set operator away.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", null with qualifier.
    pub NULL_WITH_QUALIFIER = {
        id: "null-with-qualifier", code: Some("NULL_WITH_QUALIFIER"),
        severity: Error, confidence: High, persona: Regular,
        summary: "Null with a set operator",
    }

    /// ## What it does
    /// Flags `NullIfExists`.
    ///
    /// ## Why it matters
    /// AWS refuses it: whether the key is there cannot depend on its being there.
    ///
    /// ## How to fix it
    /// Write `Null`.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Condition operators"; "Access Analyzer policy check reference", null with
    /// `IfExists`.
    pub NULL_WITH_IF_EXISTS = {
        id: "null-with-if-exists", code: Some("NULL_WITH_IF_EXISTS"),
        severity: Error, confidence: High, persona: Regular,
        summary: "Null with IfExists",
    }
}

/// The rows of a `Condition` element.
pub(crate) struct Conditions;

impl Check for Conditions {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in &statement.conditions {
            null(condition, out);
            wildcards(condition, out);
            if !is_placeholder(condition.key.value.as_str()) {
                key(condition, cx.aws, out);
            }
        }
    }
}

fn null(condition: &Condition, out: &mut Findings<'_>) {
    let operator = condition.operator.value;
    if !operator.comparison.asks_presence() {
        return;
    }
    if operator.quantifier.is_some() {
        let message = "`Null` takes no set operator";
        out.push(Finding::new(&NULL_WITH_QUALIFIER, condition.operator.span, message).help("write `Null`"));
    }
    if operator.if_exists {
        let message = "`Null` takes no `IfExists`";
        out.push(Finding::new(&NULL_WITH_IF_EXISTS, condition.operator.span, message).help("write `Null`"));
    }
}

fn wildcards(condition: &Condition, out: &mut Findings<'_>) {
    let comparison = condition.operator.value.comparison;
    // Alias conditions have a rule of their own, which says more.
    let is_text = comparison.name().starts_with("String") && !comparison.takes_wildcards();
    let is_alias = condition.key.value.is("kms:ResourceAliases") || condition.key.value.is("kms:RequestAlias");
    if !is_text || is_alias {
        return;
    }
    for value in condition.values.read.iter().filter(|value| glob::is_pattern(&value.value)) {
        // `${*}` stands for the character itself.
        let plain = value.value.replace("${*}", "").replace("${?}", "");
        if glob::is_pattern(&plain) {
            let message = format!("`{}` knows no wildcards", comparison.name());
            let finding = Finding::new(&WILDCARD_WITHOUT_LIKE, value.span, message);
            out.push(finding.help("use StringLike if a wildcard is meant, or `${*}` for the character"));
        }
    }
}

fn key(condition: &Condition, aws: Aws<'_>, out: &mut Findings<'_>) {
    let name = condition.key.value.as_str();
    if let Some(known) = aws.reference.condition_key(name) {
        let comparison = condition.operator.value.comparison;
        let is_alias = condition.key.value.is("kms:ResourceAliases");
        if known.is_multi_valued()
            && condition.operator.value.quantifier.is_none()
            && !comparison.asks_presence()
            && !is_alias
        {
            let message = format!("{name} has several values");
            let finding = Finding::new(&SET_OPERATOR_MISSING, condition.key.span, message);
            out.push(finding.help("write `ForAnyValue:` or `ForAllValues:` before the operator"));
        }
        if !fits(comparison, known.value_type()) && !compares_addresses(condition, known.value_type()) {
            let message = format!("`{}` does not compare {}", comparison.name(), plural(known.value_type()));
            let finding = Finding::new(&OPERATOR_TYPE_MISMATCH, condition.key.span, message);
            out.push(finding.help(format!("use {}", operator_for(known.value_type()))));
        }
        return;
    }
    let Some((prefix, _)) = name.split_once(':') else {
        let message = format!("`{name}` names no service");
        let finding = Finding::new(&UNKNOWN_CONDITION_KEY, condition.key.span, message);
        out.push(finding.code("INVALID_CONDITION_KEY_FORMAT").help("a condition key is written SERVICE:NAME"));
        return;
    };
    // Rules of their own tell of these.
    let is_used_by_aws = fact("unlisted-name", name).is_some();
    if is_used_by_aws || is_without_tag(name, aws) || condition.key.value.is("aws:ARN") {
        return;
    }
    let message = format!("AWS has no condition key `{name}`");
    let finding = Finding::new(&UNKNOWN_CONDITION_KEY, condition.key.span, message);
    let finding = match aws.reference.nearest_key(name) {
        Some(meant) => finding.help(format!("did you mean `{}`?", meant.name())),
        None => finding.help(format!("by the service reference of {}", aws.reference.date())),
    };
    match aws.reference.service_of_key(name) {
        Some(KeyOwner::Provider) => {}
        Some(KeyOwner::Global) if aws.is_old => {
            out.push(finding.code("INVALID_GLOBAL_CONDITION_KEY").severity(Severity::Warning));
        }
        Some(KeyOwner::Global) => out.push(finding.code("INVALID_GLOBAL_CONDITION_KEY")),
        Some(KeyOwner::Service(_)) => out.push(finding.severity(Severity::Warning)),
        // A provider of identities that AWS does not know by name.
        None if prefix.contains(['.', '/']) => {}
        None => out.push(finding.code("INVALID_SERVICE")),
    }
}

/// Whether two addresses of one request are compared as texts: the operators for addresses take no variable.
///
/// Source: IAM User Guide, "IAM policy elements: Variables and tags", where variables may stand; "AWS global condition context
/// keys", `aws:EC2InstanceSourcePrivateIPv4`.
fn compares_addresses(condition: &Condition, value_type: KeyType) -> bool {
    let texts = condition.operator.value.comparison.name().starts_with("String");
    value_type == KeyType::IpAddress && texts && condition.values.values().all(|value| value.contains("${"))
}

/// Whether an operator compares what a key holds. An ARN is a text too.
fn fits(comparison: Comparison, value_type: KeyType) -> bool {
    let name = comparison.name();
    let family = |start: &str| name.starts_with(start);
    match value_type {
        _ if comparison.asks_presence() => true,
        KeyType::String | KeyType::Arn => family("String") || family("Arn"),
        KeyType::Bool => comparison == Comparison::Bool,
        KeyType::Numeric => family("Numeric"),
        KeyType::Date => family("Date") || family("Numeric"),
        KeyType::IpAddress => name.contains("IpAddress"),
        KeyType::Binary => comparison == Comparison::BinaryEquals,
    }
}

fn plural(value_type: KeyType) -> &'static str {
    match value_type {
        KeyType::String => "texts",
        KeyType::Arn => "ARNs",
        KeyType::Bool => "Booleans",
        KeyType::Numeric => "numbers",
        KeyType::Date => "dates",
        KeyType::IpAddress => "addresses",
        KeyType::Binary => "bytes",
    }
}

fn operator_for(value_type: KeyType) -> &'static str {
    match value_type {
        KeyType::String => "StringEquals or StringLike",
        KeyType::Arn => "ArnEquals or ArnLike",
        KeyType::Bool => "Bool",
        KeyType::Numeric => "an operator such as NumericLessThanEquals",
        KeyType::Date => "an operator such as DateGreaterThan",
        KeyType::IpAddress => "IpAddress or NotIpAddress",
        KeyType::Binary => "BinaryEquals",
    }
}
