//! What is known of particular condition keys: the form of their values, and what they are good for.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{Arn, Condition, Policy, Statement, glob, is_placeholder_value},
    reference::{KeyType, fact},
    rules::{Aws, Check, Findings, RuleContext, declare::declare_rules},
};

use super::guarded::open_values;

declare_rules! { Validity:
    /// ## What it does
    /// Flags a value of `aws:SourceVpc` that is no VPC's id, and one of `aws:SourceVpce` that is no VPC endpoint's.
    ///
    /// ## Why it matters
    /// No request ever has this value.
    ///
    /// ## How to fix it
    /// Write `vpc-` or `vpce-` and the 8 or 17 characters behind it.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", invalid VPC format, invalid VPCE format.
    pub VPC_ID_INVALID = {
        id: "vpc-id-invalid", code: Some("INVALID_VPC_FORMAT"),
        further_codes: &["INVALID_VPCE_FORMAT"],
        severity: Error, confidence: High, persona: Regular,
        summary: "no VPC or endpoint has such an id",
    }

    /// ## What it does
    /// Flags a condition key that ends where the name of a tag should stand: `aws:ResourceTag`, `aws:RequestTag/`.
    ///
    /// ## Why it matters
    /// No request carries it.
    ///
    /// ## How to fix it
    /// Write the tag's name behind a slash: `aws:ResourceTag/team`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", missing tag key in condition.
    pub TAG_NAME_MISSING = {
        id: "tag-name-missing", code: Some("MISSING_TAG_KEY_IN_CONDITION"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a tag condition names no tag",
    }

    /// ## What it does
    /// Flags a value that is no ARN of a KMS key under a condition key that holds one, such as
    /// `s3:x-amz-server-side-encryption-aws-kms-key-id`: a key id alone, an alias, the ARN of something else.
    ///
    /// ## Why it matters
    /// The request carries the key's ARN, whatever the caller wrote: the condition never holds.
    ///
    /// ## How to fix it
    /// Write the key's ARN: `arn:aws:kms:REGION:ACCOUNT:key/ID`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", invalid KMS key value; Amazon S3 User Guide, "Specifying
    /// server-side encryption with AWS KMS (SSE-KMS)".
    pub KMS_KEY_VALUE_INVALID = {
        id: "kms-key-value-invalid", code: Some("INVALID_KMS_KEY_VALUE"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a value that is no ARN of a KMS key",
    }

    /// ## What it does
    /// Flags a wildcard in the value of a condition key in which it has no valid use (`aws:PrincipalOrgID`,
    /// `aws:SourceAccount` and others), and one that stands for too much in `aws:userid`, in the paths of organisations, in
    /// names of users and in the subject of GitHub's tokens.
    ///
    /// ## Why it matters
    /// The ids are made by AWS: a pattern of them matches accounts and organisations of others.
    ///
    /// ## How to fix it
    /// Write the ids out. Where a pattern is meant, put at least six characters before its wildcard; in `aws:userid` let it
    /// stand behind the colon.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", wildcard usage too permissive; "AWS global condition context
    /// keys", sensitive condition keys.
    pub WILDCARD_IN_SENSITIVE_KEY = {
        id: "wildcard-in-sensitive-key", code: Some("WILDCARD_USAGE_TOO_PERMISSIVE"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a wildcard where only whole ids are safe",
    }

    /// ## What it does
    /// Flags a policy variable in the value of a condition key in which none is safe (`aws:PrincipalOrgID`, `aws:SourceVpc` and
    /// others), and one that may stand for too much in `aws:userid`, in the paths of organisations and in names of users. A
    /// variable for an account or an organisation is left out: `${aws:PrincipalAccount}` under `aws:ResourceAccount` is right.
    ///
    /// ## Why it matters
    /// Whoever sets the value of the variable, a tag for instance, decides what the condition lets in.
    ///
    /// ## How to fix it
    /// Write the value out. Where a variable is meant, put at least six characters before it; in `aws:userid` let it stand
    /// behind the colon.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", variable usage too permissive; "AWS global condition context
    /// keys", sensitive condition keys.
    pub VARIABLE_IN_SENSITIVE_KEY = {
        id: "variable-in-sensitive-key", code: Some("VARIABLE_USAGE_TOO_PERMISSIVE"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a policy variable where only whole ids are safe",
    }

    /// ## What it does
    /// Flags the condition key `aws:ARN`.
    ///
    /// ## Why it matters
    /// AWS no longer supports it.
    ///
    /// ## How to fix it
    /// Write `aws:PrincipalArn` for who calls, `aws:SourceArn` for the resource on whose behalf a service calls.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", unsupported global condition key, deprecated global condition
    /// key.
    pub GLOBAL_KEY_UNSUPPORTED = {
        id: "global-key-unsupported", code: Some("UNSUPPORTED_GLOBAL_CONDITION_KEY"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a condition key that AWS no longer supports",
    }

    /// ## What it does
    /// Flags `StringLike` and `StringNotLike` on a condition key that holds an ARN.
    ///
    /// ## Why it matters
    /// `*` then crosses the colons between the parts of the ARN: `arn:aws:s3:*:app` also matches an ARN of another account
    /// whose name ends so.
    ///
    /// ## How to fix it
    /// Use `ArnLike` or `ArnNotLike`, which compare part by part.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", string like operator with ARN condition keys; "IAM JSON policy
    /// elements: Condition operators", ARN condition operators.
    pub STRING_LIKE_ON_ARN_KEY = {
        id: "string-like-on-arn-key", code: Some("STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "StringLike on a key that holds an ARN",
    }

    /// ## What it does
    /// Flags a condition on `aws:referer` or `aws:UserAgent`.
    ///
    /// ## Why it matters
    /// The caller writes both himself: who knows the value passes.
    ///
    /// ## How to fix it
    /// Use a condition on who calls or from where, such as `aws:PrincipalArn`, `aws:PrincipalOrgID` or `aws:SourceVpce`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", untrustworthy condition key; "AWS global condition context
    /// keys", `aws:referer`, `aws:UserAgent`.
    pub SPOOFABLE_KEY = {
        id: "spoofable-key", code: Some("UNTRUSTWORTHY_CONDITION_KEY"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "a condition on what the caller writes himself",
    }

    /// ## What it does
    /// Flags `aws:VpcSourceIp` without a condition on the VPC or the endpoint in the same statement.
    ///
    /// ## Why it matters
    /// Every VPC of the world may use the same private addresses.
    ///
    /// ## How to fix it
    /// Add a condition on `aws:SourceVpc` or `aws:SourceVpce`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", missing paired condition keys.
    pub PAIRED_KEY_MISSING = {
        id: "paired-key-missing", code: Some("MISSING_PAIRED_CONDITION_KEYS"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "a key that says little without another one",
    }
}

/// Particular condition keys.
pub(crate) struct KnownKeys;

impl Check for KnownKeys {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in &statement.conditions {
            let key = condition.key.value.as_str();
            let comparison = condition.operator.value.comparison;
            if comparison.is_of_text() && comparison.takes_wildcards() {
                string_like(condition, cx.aws, out);
            }
            if is_without_tag(key, cx.aws) {
                tag(condition, out);
            } else if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
                global(condition, statement, &cx.document.policy, out);
            } else if fact("kms-key-arn", key).is_some() {
                kms_key(condition, out);
            } else {
                open_values(condition, &cx.document.policy, out);
            }
        }
    }
}

/// Whether a key ends where a tag's name should stand.
pub(super) fn is_without_tag(key: &str, aws: Aws<'_>) -> bool {
    let name = key.strip_suffix('/').unwrap_or(key);
    let ends_so = name.len() >= 3 && name.get(name.len() - 3..).is_some_and(|end| end.eq_ignore_ascii_case("tag"));
    ends_so && aws.reference.condition_key(key).is_none() && aws.reference.condition_key(&format!("{name}/x")).is_some()
}

fn tag(condition: &Condition, out: &mut Findings<'_>) {
    let key = condition.key.value.as_str();
    let finding = Finding::new(&TAG_NAME_MISSING, condition.key.span, format!("`{key}` names no tag"));
    out.push(finding.help(format!("write the tag's name behind it: {}/NAME", key.trim_end_matches('/'))));
}

fn global(condition: &Condition, statement: &Statement, policy: &Policy, out: &mut Findings<'_>) {
    let key = &condition.key.value;
    if key.is("aws:ARN") {
        let finding = Finding::new(&GLOBAL_KEY_UNSUPPORTED, condition.key.span, "AWS no longer supports `aws:ARN`");
        out.push(finding.help("write aws:PrincipalArn for who calls, aws:SourceArn for what a service calls about"));
    }
    // The values of `Null` are `true` and `false`, whatever the key.
    if condition.operator.value.comparison.asks_presence() {
        return;
    }
    if key.is("aws:SourceVpc") {
        ids(condition, "vpc-", "INVALID_VPC_FORMAT", out);
    } else if key.is("aws:SourceVpce") {
        ids(condition, "vpce-", "INVALID_VPCE_FORMAT", out);
    }
    if fact("spoofable-key", key.as_str()).is_some() {
        let message = format!("the caller writes {} himself", key.as_str());
        let finding = Finding::new(&SPOOFABLE_KEY, condition.key.span, message);
        out.push(finding.help("use a condition on who calls, or from where"));
    }
    if let Some(pair) = fact("paired-key", key.as_str())
        && statement.unread_conditions.is_empty()
        && !pair.values().any(|other| statement.conditions_on(other).next().is_some())
    {
        let message = format!("{} says little without the VPC", key.as_str());
        let finding = Finding::new(&PAIRED_KEY_MISSING, condition.key.span, message);
        out.push(finding.help("add a condition on aws:SourceVpc or aws:SourceVpce"));
    }
    open_values(condition, policy, out);
}

fn ids(condition: &Condition, prefix: &str, code: &'static str, out: &mut Findings<'_>) {
    for value in &condition.values.read {
        let text = value.value.as_str();
        let is_open = glob::is_pattern(text) || text.contains("${") || is_placeholder_value(text);
        let is_id = |id: &str| matches!(id.len(), 8 | 17) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_open && !text.strip_prefix(prefix).is_some_and(is_id) {
            let what = if prefix == "vpc-" { "VPC" } else { "VPC endpoint" };
            let finding = Finding::new(&VPC_ID_INVALID, value.span, format!("`{text}` is the id of no {what}"));
            out.push(finding.code(code).help(format!("write `{prefix}` and 8 or 17 letters and digits")));
        }
    }
}

fn kms_key(condition: &Condition, out: &mut Findings<'_>) {
    if !condition.operator.value.comparison.name().starts_with(['S', 'A']) {
        return;
    }
    for value in &condition.values.read {
        let text = value.value.as_str();
        if text.contains("${") || is_placeholder_value(text) || glob::is_stars(text) {
            continue;
        }
        let is_key = Arn::parse(text).is_ok_and(|arn| {
            glob::matches(arn.service, "kms") && (arn.resource.starts_with("key/") || glob::is_pattern(arn.resource))
        });
        if !is_key {
            let message = format!("`{text}` is no ARN of a KMS key");
            let finding = Finding::new(&KMS_KEY_VALUE_INVALID, value.span, message);
            out.push(finding.help("write arn:aws:kms:REGION:ACCOUNT:key/ID"));
        }
    }
}

fn string_like(condition: &Condition, aws: Aws<'_>, out: &mut Findings<'_>) {
    let known = aws.reference.condition_key(condition.key.value.as_str());
    // Compared as text. Source: IAM User Guide, "IAM and AWS STS condition context keys", iam:PermissionsBoundary.
    let is_text = condition.key.value.is("iam:PermissionsBoundary");
    if is_text || known.is_none_or(|known| known.value_type() != KeyType::Arn) {
        return;
    }
    let meant = if condition.operator.value.comparison.is_negated() { "ArnNotLike" } else { "ArnLike" };
    let message = format!("{} holds an ARN, which `{meant}` compares", condition.key.value.as_str());
    let finding = Finding::new(&STRING_LIKE_ON_ARN_KEY, condition.key.span, message);
    out.push(
        finding.help(format!("use {meant}: under {} a `*` crosses colons", condition.operator.value.comparison.name())),
    );
}
