//! Condition keys of services that limit less than they seem to.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{Condition, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags an `Allow` of reads that is limited to attributes by `dynamodb:Attributes`, without a condition that sets
    /// `dynamodb:Select` to `SPECIFIC_ATTRIBUTES`.
    ///
    /// ## Why it matters
    /// A request that asks for no attributes in particular gets all of them.
    ///
    /// ## How to fix it
    /// Add `"StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", `DynamoDB` attributes without select; Amazon `DynamoDB`
    /// Developer Guide, "Using IAM policy conditions for fine-grained access control".
    pub ATTRIBUTES_WITHOUT_SELECT = {
        id: "attributes-without-select", code: Some("DYNAMODB_ATTRIBUTES_WITHOUT_SELECT"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "attributes of DynamoDB are limited, and may all be read",
    }

    /// ## What it does
    /// Flags `s3:prefix` in a `Deny` for some prefixes, and in an `Allow` for all but some.
    ///
    /// ## Why it matters
    /// A request with a shorter prefix, or with none, does not match and lists the same objects.
    ///
    /// ## How to fix it
    /// Allow the prefixes that are meant with `StringLike`, or deny all others with `StringNotLike`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", S3 prefix in negative context.
    pub PREFIX_EXCLUDED = {
        id: "prefix-excluded", code: Some("S3_PREFIX_IN_NEGATIVE_CONTEXT"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "objects are kept from being listed by their prefix",
    }
}

/// Condition keys of services.
pub(crate) struct ServiceKeys;

impl Check for ServiceKeys {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in &statement.conditions {
            if condition.key.value.is("s3:prefix") {
                prefix(condition, statement, out);
            } else if condition.key.value.is("dynamodb:Attributes") {
                attributes(condition, statement, out);
            }
        }
    }
}

fn prefix(condition: &Condition, statement: &Statement, out: &mut Findings<'_>) {
    let comparison = condition.operator.value.comparison;
    if comparison.asks_presence() || !(statement.allows() || statement.denies()) {
        return;
    }
    // What is denied to all but some prefixes, or allowed for some, is well said.
    if statement.denies() == comparison.is_negated() {
        return;
    }
    let finding = Finding::new(&PREFIX_EXCLUDED, condition.key.span, "a request with a shorter prefix gets past this");
    out.push(finding.help("allow prefixes with StringLike, or deny all others with StringNotLike"));
}

fn attributes(condition: &Condition, statement: &Statement, out: &mut Findings<'_>) {
    const READS: [&str; 4] = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"];
    let reads = || READS.iter().any(|action| statement.covers_action(action));
    let selects = statement.conditions_on("dynamodb:Select").any(|row| {
        row.names_values() && row.values.values().all(|value| value.eq_ignore_ascii_case("SPECIFIC_ATTRIBUTES"))
    });
    let is_limit = !condition.operator.value.comparison.asks_presence();
    if statement.allows() && is_limit && !selects && statement.unread_conditions.is_empty() && reads() {
        let message = "a read that names no attributes gets all of them";
        let finding = Finding::new(&ATTRIBUTES_WITHOUT_SELECT, condition.key.span, message);
        out.push(finding.help("add `\"StringEqualsIfExists\": {\"dynamodb:Select\": \"SPECIFIC_ATTRIBUTES\"}`"));
    }
}
