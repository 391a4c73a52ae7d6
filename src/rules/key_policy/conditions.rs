//! Condition keys of KMS, in policies of any kind.

use crate::{
    finding::{Applicability, Confidence, Finding, RuleInfo, Severity},
    policy::{Arn, Condition, PolicyKind, Statement, glob, is_placeholder_value},
    rules::{Check, Findings, RuleContext, alias::unsupported, declare::declare_rules},
    source::{Edit, Spanned},
    syntax::print,
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags a condition on the encryption context (`kms:EncryptionContext:…`, `kms:EncryptionContextKeys`) in a statement
    /// that also lists actions without one, such as `kms:DescribeKey`. Actions with a wildcard are left out.
    ///
    /// ## Why it matters
    /// Their requests carry no encryption context. An `Allow` of them under this condition never takes effect.
    ///
    /// ## How to fix it
    /// Put these actions into a statement of their own, without the condition.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", `kms:EncryptionContext:context-key`; IAM User Guide, "Access Analyzer
    /// policy check reference", unsupported action for condition key.
    pub CONTEXT_CONDITION_ON_CONTEXTLESS_ACTION = {
        id: "context-condition-on-contextless-action", code: Some("UNSUPPORTED_ACTION_FOR_CONDITION_KEY"),
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["condition-op-unsupported-for-action"],
        summary: "a condition on the encryption context limits actions without one",
    }

    /// ## What it does
    /// Flags a value of `kms:ViaService` that is not of the form `service.region.amazonaws.com`, and, as a warning, a row of a
    /// key policy whose values are all of another Region than the described key.
    ///
    /// ## Why it matters
    /// No request has such a value, so the condition never matches. A service principal (`ec2.amazonaws.com`) names no Region
    /// and is another thing.
    ///
    /// ## How to fix it
    /// Write the service with the key's Region: `ec2.eu-central-1.amazonaws.com`.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", `kms:ViaService`.
    pub VIA_SERVICE_BAD_VALUE = {
        id: "via-service-bad-value", code: None,
        further_codes: &["INVALID_SERVICE_PRINCIPAL_FORMAT"],
        severity: Error, confidence: High, persona: Regular,
        summary: "no request comes by way of a service of this name",
    }

    /// ## What it does
    /// Flags the condition keys `kms:CustomerMasterKeySpec` and `kms:CustomerMasterKeyUsage`.
    ///
    /// ## Why it matters
    /// They are deprecated. Their successors mean the same.
    ///
    /// ## How to fix it
    /// Write `kms:KeySpec` and `kms:KeyUsage`.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", `kms:CustomerMasterKeySpec` and `kms:CustomerMasterKeyUsage`.
    pub DEPRECATED_CONDITION_KEY = {
        id: "deprecated-condition-key", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a condition key of KMS that is deprecated",
    }
}

/// Conditions on keys of KMS.
pub(crate) struct KmsConditions;

const CONTEXT: &str = "kms:EncryptionContext:";
const CONTEXT_KEYS: &str = "kms:EncryptionContextKeys";

impl Check for KmsConditions {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in statement.conditions.iter().take(unsupported::ROWS) {
            let key = &condition.key.value;
            let is_context = key.as_str().get(..CONTEXT.len()).is_some_and(|start| start.eq_ignore_ascii_case(CONTEXT));
            if is_context || key.is(CONTEXT_KEYS) {
                context(statement, condition, out);
            } else if key.is("kms:ViaService") {
                via_service(condition, cx, out);
            } else {
                deprecated(statement, condition, out);
            }
        }
    }
}

fn context(statement: &Statement, condition: &Condition, out: &mut Findings<'_>) {
    if let Some(finding) = unsupported::finding(&CONTEXT_CONDITION_ON_CONTEXTLESS_ACTION, statement, condition) {
        out.push(finding.help("put it into a statement of its own, without the condition on the encryption context"));
    }
}

/// A value of `kms:ViaService`, as far as it is one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Via<'v> {
    /// `ec2.eu-central-1.amazonaws.com`: its Region.
    Region(&'v str),
    /// `ec2.amazonaws.com`: its service, without a Region.
    NoRegion(&'v str),
    /// A pattern, a variable or a placeholder, which other rules look at.
    Open,
    /// None at all.
    Bad,
}

impl<'v> Via<'v> {
    fn of(value: &'v str) -> Self {
        if glob::is_pattern(value) || value.contains("${") || is_placeholder_value(value) {
            return Self::Open;
        }
        let domain = DOMAINS.iter().find_map(|domain| value.strip_suffix(domain));
        let Some(name) = domain.filter(|name| name.split('.').all(is_label)) else { return Self::Bad };
        match name.rsplit_once('.') {
            Some((_, region)) if is_region(region) => Self::Region(region),
            None if !is_region(name) => Self::NoRegion(name),
            _ => Self::Bad,
        }
    }
}

/// The domains of AWS's partitions under which services have their names.
const DOMAINS: [&str; 5] = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".c2s.ic.gov", ".sc2s.sgov.gov"];

fn is_label(label: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !label.is_empty() && label.bytes().all(legal)
}

/// Whether text has the form of a Region: `eu-central-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let number = parts.next().is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    number && parts.clone().count() >= 2 && parts.all(|part| part.bytes().all(|byte| byte.is_ascii_lowercase()))
}

fn via_service(condition: &Condition, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let comparison = condition.operator.value.comparison;
    if !comparison.is_of_text() {
        return;
    }
    let region = key_region(cx);
    for value in &condition.values.read {
        let finding = match Via::of(&value.value) {
            Via::Bad => bad(value, format!("`{}` is no service with its Region", value.value)),
            Via::NoRegion(service) => {
                let finding = bad(value, format!("`{}` names no Region", value.value));
                match region {
                    Some(region) => named(finding, value, service, region),
                    None => finding,
                }
            }
            Via::Region(_) | Via::Open => continue,
        };
        out.push(finding);
    }
    let Some(region) = region else { return };
    let elsewhere = |value: &Spanned<String>| matches!(Via::of(&value.value), Via::Region(of) if of != region);
    let all_read = condition.values.read.len() == condition.values.len();
    if let Some(first) = condition.values.read.first()
        && all_read
        && condition.values.read.iter().all(elsewhere)
    {
        let finding = bad(first, format!("the key is in {region}, and no value is"));
        out.push(finding.no_code().severity(Severity::Warning).confidence(Confidence::Medium));
    }
}

fn bad(value: &Spanned<String>, message: String) -> Finding {
    Finding::new(&VIA_SERVICE_BAD_VALUE, value.span, message)
        .code("INVALID_SERVICE_PRINCIPAL_FORMAT")
        .help("write the service with the key's Region, such as ec2.eu-central-1.amazonaws.com")
}

fn named(finding: Finding, value: &Spanned<String>, service: &str, region: &str) -> Finding {
    let domain = value.value.strip_prefix(service).unwrap_or(".amazonaws.com");
    let fixed = print::quoted(&format!("{service}.{region}{domain}"));
    let edits = vec![Edit::replace(value.span, fixed.clone())];
    finding.fix(format!("write {fixed}"), Applicability::Unsafe, edits)
}

/// The Region of the key whose policy this is: of the only one that is described, unless it has replicas elsewhere, else
/// what was declared.
fn key_region<'p>(cx: &RuleContext<'p, '_>) -> Option<&'p str> {
    if cx.kind() != PolicyKind::Key {
        return None;
    }
    if cx.project.keys().next().is_none() {
        return cx.project.declared.region.as_deref();
    }
    let arn = Arn::parse(&cx.project.key_of_policy(cx.document)?.arn.as_ref()?.value).ok()?;
    let is_multi_region = arn.resource.starts_with("key/mrk-");
    (!is_multi_region && !arn.region.is_empty()).then_some(arn.region)
}

/// Keys whose names are deprecated, with those that mean the same.
///
/// Source: KMS Developer Guide, "AWS KMS condition keys", `kms:CustomerMasterKeySpec` and `kms:CustomerMasterKeyUsage`.
pub(crate) const RENAMED: [(&str, &str); 2] =
    [("kms:CustomerMasterKeySpec", "kms:KeySpec"), ("kms:CustomerMasterKeyUsage", "kms:KeyUsage")];

fn deprecated(statement: &Statement, condition: &Condition, out: &mut Findings<'_>) {
    let Some((_, today)) = RENAMED.iter().find(|(old, _)| condition.key.value.is(old)) else { return };
    let message = format!("`{}` is deprecated", condition.key.value.as_str());
    let finding = Finding::new(&DEPRECATED_CONDITION_KEY, condition.key.span, message)
        .help(format!("write `{today}`, which means the same"));
    // Two rows of one name under one operator would be one too many.
    let is_there = statement.conditions_on(today).any(|other| other.operator.span == condition.operator.span);
    out.push(if is_there {
        finding
    } else {
        let edits = vec![Edit::replace(condition.key.span, print::quoted(today))];
        finding.fix(format!("write \"{today}\""), Applicability::Safe, edits)
    });
}
