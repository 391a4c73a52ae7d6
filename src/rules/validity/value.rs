//! Values of principals, resources and conditions: ARNs, account numbers, and what was never filled in.

use crate::{
    document::kasten::Facts,
    finding::{Finding, RuleInfo, Severity},
    key::is_key_id,
    policy::{
        AccountId, Arn, ArnError, Condition, PolicyKind, Principal, ResourcePattern, Statement, glob, is_placeholder,
        is_placeholder_value, placeholder_in,
    },
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::{Span, Spanned},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags text that stands for something its author has yet to fill in: `<kasten_role>`, `ACCOUNT_ID`, `${VAR}` that is
    /// no policy variable, `xxxx` where digits belong.
    ///
    /// ## Why it matters
    /// AWS refuses the policy, or the statement never matches.
    ///
    /// ## How to fix it
    /// Write the value.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal"; "IAM policy elements: Variables and tags".
    pub PLACEHOLDER_LEFT = {
        id: "placeholder-left", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "a placeholder was never filled in",
    }

    /// ## What it does
    /// Flags an account number that has not exactly twelve digits, in an ARN or by itself.
    ///
    /// ## Why it matters
    /// AWS refuses the policy; KMS answers with `MalformedPolicyDocumentException`.
    ///
    /// ## How to fix it
    /// Write all twelve digits; leading zeros count.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal"; "Access Analyzer policy check reference", invalid ARN account.
    pub ACCOUNT_ID_NOT_12_DIGITS = {
        id: "account-id-not-12-digits", code: Some("INVALID_ARN_ACCOUNT"),
        severity: Error, confidence: High, persona: Regular,
        summary: "an account number has not twelve digits",
    }

    /// ## What it does
    /// Flags a resource that is no ARN: it does not start with `arn:`, or has fewer than six parts.
    ///
    /// ## Why it matters
    /// AWS refuses the policy. In an identity policy it fills the missing parts with `*`, so that the statement is wider
    /// than it looks; that is a warning.
    ///
    /// ## How to fix it
    /// Write all six parts: `arn:partition:service:region:account:resource`.
    ///
    /// ## Source
    /// IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)", incomplete ARNs; "Access Analyzer policy
    /// check reference", invalid ARN prefix, missing ARN field.
    pub ARN_MALFORMED = {
        id: "arn-malformed", code: Some("INVALID_ARN_PREFIX"),
        further_codes: &["INVALID_PRINCIPAL_FORMAT", "MISSING_ARN_FIELD"],
        severity: Error, confidence: High, persona: Regular,
        summary: "a resource is no ARN",
    }

    /// ## What it does
    /// Flags a KMS ARN whose last part is neither `key/` with a key id nor `alias/` with a name.
    ///
    /// ## Why it matters
    /// No key has such an ARN, so the statement never matches.
    ///
    /// ## How to fix it
    /// Copy the key's ARN from `aws kms describe-key`, or write `key/*`.
    ///
    /// ## Source
    /// Service Authorization Reference, "AWS Key Management Service", resource types.
    pub KMS_RESOURCE_ARN_SHAPE = {
        id: "kms-resource-arn-shape", code: Some("INVALID_ARN_RESOURCE"),
        severity: Error, confidence: High, persona: Regular,
        summary: "no KMS key or alias has an ARN of this shape",
    }

    /// ## What it does
    /// Flags a key id or an alias name in `Resource`.
    ///
    /// ## Why it matters
    /// `Resource` takes ARNs alone: AWS refuses the policy.
    ///
    /// ## How to fix it
    /// Write the key's ARN. For an alias, write `key/*` of the account and a condition on `kms:ResourceAliases`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Specifying KMS keys in IAM policy statements".
    pub BARE_KEY_ID_IN_RESOURCE = {
        id: "bare-key-id-in-resource", code: Some("INVALID_ARN_PREFIX"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a key id or an alias name stands in Resource",
    }
}

/// The values of a statement.
pub(crate) struct Values;

impl Check for Values {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn facts(&self, facts: &Facts, out: &mut Findings<'_>) {
        for field in facts.texts() {
            let text = field.value.as_str();
            if is_placeholder(text) || is_placeholder_value(text) {
                out.push(placeholder(text, field.span));
            }
        }
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if let Some(principals) = &statement.principals {
            principals.listed().malformed.iter().for_each(|principal| malformed_principal(principal, out));
            principals.listed().read.iter().for_each(|principal| provider(principal, out));
        }
        if let Some(resources) = &statement.resources {
            resources.listed().read.iter().for_each(|item| resource(item, cx, out));
        }
        for condition in &statement.conditions {
            condition_row(condition, out);
        }
    }
}

fn malformed_principal(principal: &Spanned<String>, out: &mut Findings<'_>) {
    let text = principal.value.as_str();
    if is_placeholder(text) {
        out.push(placeholder(text, principal.span));
        return;
    }
    if let Ok(arn) = Arn::parse(text) {
        account_of(&arn, principal.span, out);
    } else if is_digits(text) || text.replace('-', "").parse::<AccountId>().is_ok() {
        account(text, principal.span, out);
    } else if !text.contains(['*', '?']) {
        let finding =
            Finding::new(&ARN_MALFORMED, principal.span, "this names no principal").code("INVALID_PRINCIPAL_FORMAT");
        out.push(finding.help("write the ARN of an account, a user, a role or a session, or an account number"));
    }
}

/// An identity provider or a service, of which any text is taken.
fn provider(principal: &Spanned<Principal>, out: &mut Findings<'_>) {
    let (Principal::Federated(text) | Principal::Service(text)) = &principal.value else { return };
    if is_placeholder(text) {
        out.push(placeholder(text, principal.span));
    } else if let Ok(arn) = Arn::parse(text) {
        account_of(&arn, principal.span, out);
    }
}

fn resource(item: &Spanned<ResourcePattern>, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let text = item.value.as_str();
    if is_placeholder(text) {
        out.push(placeholder(text, item.span));
        return;
    }
    // What a policy variable at the start stands for is not known from the file.
    // API Gateway takes the short form in its own policies (API Gateway Developer Guide, "API Gateway resource policies").
    let is_short = cx.kind() == PolicyKind::Resource && text.starts_with("execute-api:");
    if text.starts_with("${") || item.value.is_everything() || is_short {
        return;
    }
    match item.value.arn() {
        Ok(arn) => {
            account_of(&arn, item.span, out);
            if arn.service == "kms" {
                kms_shape(&arn, item.span, out);
            }
        }
        Err(error) => not_an_arn(text, error, item.span, cx.kind(), out),
    }
}

fn not_an_arn(text: &str, error: ArnError, span: Span, kind: PolicyKind, out: &mut Findings<'_>) {
    if is_bare_key(text) {
        let what = if text.starts_with("alias/") { "an alias name" } else { "a key id" };
        let finding = Finding::new(&BARE_KEY_ID_IN_RESOURCE, span, format!("{what} cannot stand in `Resource`"));
        out.push(finding.help(if kind == PolicyKind::Key {
            "write \"*\", which means this key"
        } else {
            "write the key's ARN, or `arn:aws:kms:REGION:ACCOUNT:key/*` with a condition on kms:ResourceAliases"
        }));
        return;
    }
    let finding = match error {
        ArnError::Prefix => {
            let message = if text.is_empty() { "the resource is empty" } else { "this is no ARN" };
            Finding::new(&ARN_MALFORMED, span, message).help("an ARN starts with `arn:`")
        }
        ArnError::Parts { found } => {
            let message = format!("this ARN has {found} of 6 parts");
            let finding = Finding::new(&ARN_MALFORMED, span, message).code("MISSING_ARN_FIELD");
            if matches!(kind, PolicyKind::Identity | PolicyKind::Boundary) {
                finding
                    .severity(Severity::Warning)
                    .label("AWS fills each missing part with `*`")
                    .help("write all parts, so that the statement is no wider than it looks")
            } else {
                finding.help("write arn:partition:service:region:account:resource")
            }
        }
    };
    out.push(finding);
}

fn condition_row(condition: &Condition, out: &mut Findings<'_>) {
    let key = condition.key.value.as_str();
    if is_placeholder_value(key) || key.contains('<') && is_placeholder(key) {
        out.push(placeholder(key, condition.key.span));
    }
    let is_account = names_an_account(key);
    for value in &condition.values.read {
        let text = value.value.as_str();
        if is_placeholder_value(text) || (is_account && is_placeholder(text)) {
            out.push(placeholder(text, value.span));
        } else if let Ok(arn) = Arn::parse(text) {
            account_of(&arn, value.span, out);
        } else if is_account && is_digits(text) {
            account(text, value.span, out);
        }
    }
}

/// Whether the values of a condition key are account numbers.
///
/// Source: IAM User Guide, "AWS global condition context keys"; KMS Developer Guide, "AWS KMS condition keys".
fn names_an_account(key: &str) -> bool {
    const KEYS: [&str; 7] = [
        "aws:PrincipalAccount",
        "aws:ResourceAccount",
        "aws:SourceAccount",
        "aws:SourceOwner",
        "aws:VpceAccount",
        "kms:CallerAccount",
        "s3:ResourceAccount",
    ];
    KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))
}

fn placeholder(text: &str, span: Span) -> Finding {
    let part = placeholder_in(text).unwrap_or(text);
    Finding::new(&PLACEHOLDER_LEFT, span, format!("`{part}` was never filled in")).help("write the value it stands for")
}

fn account_of(arn: &Arn<'_>, span: Span, out: &mut Findings<'_>) {
    // Names that AWS puts where an account stands: its own policies, CloudFront's origin access identities, the
    // components that Image Builder takes from the Marketplace, the event buses of partners.
    let is_name = arn.account.is_empty() || matches!(arn.account, "aws" | "cloudfront" | "aws-marketplace" | "partner");
    if is_name || glob::is_pattern(arn.account) || arn.account.contains("${") {
        return;
    }
    account(arn.account, span, out);
}

fn account(text: &str, span: Span, out: &mut Findings<'_>) {
    if text.parse::<AccountId>().is_ok() {
        return;
    }
    let message = match text.len() {
        1 if is_digits(text) => format!("`{text}` has 1 digit; an account number has 12"),
        digits if is_digits(text) => format!("`{text}` has {digits} digits; an account number has 12"),
        _ => format!("`{text}` is not an account number"),
    };
    out.push(Finding::new(&ACCOUNT_ID_NOT_12_DIGITS, span, message).help("write twelve digits, without hyphens"));
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn kms_shape(arn: &Arn<'_>, span: Span, out: &mut Findings<'_>) {
    let fits = match arn.typed_resource() {
        ("alias", name) => !name.is_empty(),
        ("key", id) => is_key_id(id) || glob::is_pattern(id) || id.contains("${"),
        _ => glob::is_pattern(arn.resource) || arn.resource.contains("${"),
    };
    if !fits {
        let message = format!("no key or alias has an ARN that ends in `{}`", arn.resource);
        let help = "write `key/` and the key's id, `alias/` and the alias's name, or `key/*`";
        out.push(Finding::new(&KMS_RESOURCE_ARN_SHAPE, span, message).help(help));
    }
}

/// Whether text is a key id or an alias name without the ARN around it.
fn is_bare_key(text: &str) -> bool {
    text.starts_with("alias/") || is_key_id(text) || text.strip_prefix("key/").is_some_and(is_key_id)
}
