//! Statement ids.

use std::collections::HashMap;

use crate::{
    finding::{Applicability, Finding, RuleInfo, Severity},
    policy::{Policy, PolicyKind},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::{Edit, Spanned},
    syntax::print,
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a statement without `Sid` in a key policy that has several.
    ///
    /// ## Why it matters
    /// A reviewer reads a difference by its names. Tools that change one statement of a key policy find it by its `Sid`.
    ///
    /// ## How to fix it
    /// Give it a name that says what it is for.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Sid".
    pub SID_MISSING = {
        id: "sid-missing", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a statement of a key policy has no name",
    }

    /// ## What it does
    /// Flags two statements with the same `Sid`: as an error in policies of IAM and of organisations, where it must be
    /// unique, as a warning elsewhere.
    ///
    /// ## Why it matters
    /// IAM refuses the policy. Elsewhere a person or a tool that looks for one statement finds the other.
    ///
    /// ## How to fix it
    /// Give each statement a name of its own.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Sid"; "Access Analyzer policy check reference", unique Sids required.
    pub SID_DUPLICATE = {
        id: "sid-duplicate", code: Some("UNIQUE_SIDS_REQUIRED"),
        further_codes: &["UNIQUE_SIDS_RECOMMENDED"],
        severity: Error, confidence: High, persona: Regular,
        summary: "two statements have the same name",
    }

    /// ## What it does
    /// Flags a `Sid` with anything but letters and digits, in policies of IAM and of organisations. A key policy may have
    /// blanks in it: `Enable IAM User Permissions` is right there, and wrong in an identity policy.
    ///
    /// ## Why it matters
    /// IAM refuses the policy.
    ///
    /// ## How to fix it
    /// Keep to the letters A to Z and a to z and the digits.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Sid"; KMS Developer Guide, "Key policies in AWS KMS".
    pub SID_INVALID_CHARS = {
        id: "sid-invalid-chars", code: Some("UNSUPPORTED_SID"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a statement's name has characters that IAM refuses",
    }
}

/// The statement ids of a policy.
pub(crate) struct Sids;

impl Check for Sids {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        duplicates(policy, cx.kind(), out);
        // What breaks off before it names a principal may be the policy of a key, where blanks are allowed.
        let may_name = policy.is_cut && policy.statements.iter().all(|statement| statement.principals.is_none());
        if is_of_iam(cx.kind()) && !may_name {
            characters(policy, out);
        }
        if cx.kind() == PolicyKind::Key && policy.statements.len() > 1 {
            missing(policy, out);
        }
    }
}

/// Whether IAM or an organisation keeps the policy, rather than the service of a resource.
fn is_of_iam(kind: PolicyKind) -> bool {
    kind.is_identity_like() || matches!(kind, PolicyKind::Trust | PolicyKind::ResourceControl)
}

fn duplicates(policy: &Policy, kind: PolicyKind, out: &mut Findings<'_>) {
    let sids = policy.statements.iter().filter_map(|statement| statement.sid.as_ref());
    let mut named: Vec<&Spanned<String>> = sids.filter(|sid| !sid.value.is_empty()).collect();
    // The order among equal names stays that of the policy.
    named.sort_by(|one, other| one.value.cmp(&other.value));
    let repeated = named.chunk_by(|one, other| one.value == other.value).filter_map(<[_]>::split_first);
    for (first, sid) in repeated.flat_map(|(first, others)| others.iter().map(move |other| (first, other))) {
        let finding = Finding::new(&SID_DUPLICATE, sid.span, format!("the name `{}` is already taken", sid.value))
            .related(first.span, "here first")
            .help("give each statement a name of its own");
        out.push(if is_of_iam(kind) {
            finding
        } else {
            finding.severity(Severity::Warning).code("UNIQUE_SIDS_RECOMMENDED")
        });
    }
}

fn missing(policy: &Policy, out: &mut Findings<'_>) {
    for statement in policy.statements.iter().filter(|statement| statement.sid_element.is_none()) {
        let place = statement.effect_element.map_or(statement.span, |element| element.key.to(element.value));
        let finding = Finding::new(&SID_MISSING, place, "this statement has no `Sid`");
        out.push(finding.help("name it by what it is for"));
    }
}

fn characters(policy: &Policy, out: &mut Findings<'_>) {
    let is_legal = |sid: &str| sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let sids = || policy.statements.iter().filter_map(|statement| statement.sid.as_ref());
    if sids().all(|sid| is_legal(&sid.value)) {
        return;
    }
    let cleaned = |sid: &str| -> String { sid.chars().filter(char::is_ascii_alphanumeric).collect() };
    let mut takers: HashMap<String, usize> = HashMap::new();
    for sid in sids() {
        *takers.entry(cleaned(&sid.value)).or_default() += 1;
    }
    for sid in sids() {
        let Some(bad) = sid.value.chars().find(|character| !character.is_ascii_alphanumeric()) else { continue };
        let shown = if bad == ' ' { "a blank".to_owned() } else { format!("`{bad}`") };
        let finding = Finding::new(&SID_INVALID_CHARS, sid.span, format!("a `Sid` may not hold {shown} here"))
            .help("only A to Z, a to z and 0 to 9; blanks are for key policies");
        let kept = cleaned(&sid.value);
        // Two names that become one would be a fault of their own.
        let is_free = takers.get(&kept) == Some(&1);
        out.push(if kept.is_empty() || !is_free {
            finding
        } else {
            let quoted = print::quoted(&kept);
            finding.fix(format!("write {quoted}"), Applicability::Safe, vec![Edit::replace(sid.span, quoted)])
        });
    }
}
