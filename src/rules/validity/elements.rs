//! Elements that a policy or a statement must have, or must not.

use crate::{
    finding::{Applicability, Finding, RuleInfo},
    policy::{Policy, PolicyKind, PolicyVersion, ResourcePattern, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::{Edit, Span},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a policy without `Statement`, or with an empty one.
    ///
    /// ## Why it matters
    /// AWS refuses the policy.
    ///
    /// ## How to fix it
    /// Write at least one statement.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Statement".
    pub STATEMENT_MISSING = {
        id: "statement-missing", code: Some("MISSING_STATEMENT"),
        severity: Error, confidence: High, persona: Regular,
        summary: "the policy has no statement",
    }

    /// ## What it does
    /// Flags a policy without `Version`.
    ///
    /// ## Why it matters
    /// It is then read in the language of 2008, in which a policy variable such as `${aws:username}` is plain text.
    ///
    /// ## How to fix it
    /// Add `"Version": "2012-10-17"`. That changes nothing unless the policy holds `${`.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Version".
    pub VERSION_MISSING = {
        id: "version-missing", code: Some("MISSING_VERSION"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "the policy has no version",
    }

    /// ## What it does
    /// Flags a policy in the language of 2008.
    ///
    /// ## Why it matters
    /// In that language `${aws:username}` is plain text: a resource that names it matches nothing.
    ///
    /// ## How to fix it
    /// Write `2012-10-17`. That changes nothing unless the policy holds `${`.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Version"; "IAM policy elements: Variables and tags".
    pub VERSION_OLD = {
        id: "version-old", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "the policy is in the language of 2008",
    }

    /// ## What it does
    /// Flags a statement with neither `Action` nor `NotAction`, or with both.
    ///
    /// ## Why it matters
    /// AWS refuses the policy. A key policy is taken, and the statement has no effect.
    ///
    /// ## How to fix it
    /// Name the actions that are meant.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Action"; KMS API Reference, "`PutKeyPolicy`".
    pub ACTION_MISSING = {
        id: "action-missing", code: Some("MISSING_ACTION"),
        further_codes: &["UNSUPPORTED_ELEMENT_COMBINATION"],
        severity: Error, confidence: High, persona: Regular,
        summary: "a statement names no action",
    }

    /// ## What it does
    /// Flags a statement with neither `Resource` nor `NotResource`, or with both, where the kind of policy needs one.
    ///
    /// ## Why it matters
    /// AWS refuses the policy. A key policy is taken by the API, and the statement has no effect.
    ///
    /// ## How to fix it
    /// Name the resources; in a key policy `"*"`, which means the key itself.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Resource"; KMS Developer Guide, "Key policies in AWS KMS".
    pub RESOURCE_MISSING = {
        id: "resource-missing", code: Some("MISSING_RESOURCE"),
        further_codes: &["UNSUPPORTED_ELEMENT_COMBINATION"],
        severity: Error, confidence: High, persona: Regular,
        summary: "a statement names no resource",
    }

    /// ## What it does
    /// Flags a statement of a key policy, a trust policy or another resource policy that does not say who it speaks of, or
    /// says it twice.
    ///
    /// ## Why it matters
    /// AWS refuses the policy.
    ///
    /// ## How to fix it
    /// Add a `Principal`.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal".
    pub PRINCIPAL_MISSING = {
        id: "principal-missing", code: Some("MISSING_PRINCIPAL"),
        further_codes: &["UNSUPPORTED_ELEMENT_COMBINATION"],
        severity: Error, confidence: High, persona: Regular,
        summary: "a statement does not say who it speaks of",
    }

    /// ## What it does
    /// Flags a `Principal` or `NotPrincipal` in a policy that is attached to a user, a group or a role, or that bounds them.
    ///
    /// ## Why it matters
    /// AWS refuses the policy: it speaks of whoever carries it.
    ///
    /// ## How to fix it
    /// Take the element away, or put the statement into the policy of the resource.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal".
    pub PRINCIPAL_IN_IDENTITY_POLICY = {
        id: "principal-in-identity-policy", code: Some("UNSUPPORTED_PRINCIPAL"),
        further_codes: &["SCP_SYNTAX_ERROR_PRINCIPAL"],
        severity: Error, confidence: High, persona: Regular,
        summary: "an identity policy names a principal",
    }

    /// ## What it does
    /// Flags a `Resource` or `NotResource` in a role's trust policy.
    ///
    /// ## Why it matters
    /// AWS refuses the policy: its resource is the role that it belongs to.
    ///
    /// ## How to fix it
    /// Take the element away.
    ///
    /// ## Source
    /// IAM User Guide, "IAM roles: Terms and concepts"; "Access Analyzer policy check reference", role trust policy syntax
    /// error, resource.
    pub RESOURCE_IN_TRUST_POLICY = {
        id: "resource-in-trust-policy", code: Some("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a trust policy names a resource",
    }
}

/// The elements of a policy and of its statements.
pub(crate) struct Elements;

impl Check for Elements {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if policy.fragment || policy.is_cut || policy.is_unknown() {
            return;
        }
        version(policy, cx, out);
        let place = match policy.statement_element {
            None => policy.span,
            Some(element) if policy.statements.is_empty() && policy.is_complete() && cx.document.faults.is_empty() => {
                element.value
            }
            Some(_) => return,
        };
        let finding = Finding::new(&STATEMENT_MISSING, place, "the policy has no statement");
        out.push(finding.help("write at least one statement"));
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        // Of a text that breaks off, what is missing may stand behind.
        if !cx.document.policy.is_cut {
            action(statement, cx, out);
            resource(statement, cx, out);
            principal(statement, cx, out);
        }
    }
}

fn version(policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let is_plain = policy.is_complete() && !holds_variable(policy);
    let applicability = if is_plain { Applicability::Safe } else { Applicability::Unsafe };
    if policy.version_element.is_none() {
        let mut finding = Finding::new(&VERSION_MISSING, policy.span, "the policy has no `Version`")
            .help("add `\"Version\": \"2012-10-17\"`; without it the 2008 version of the language holds");
        if let Some(first) = first_member(cx) {
            let edits = vec![Edit::before(first, "\"Version\": \"2012-10-17\", ")];
            finding = finding.fix("add `\"Version\": \"2012-10-17\"`", applicability, edits);
        }
        out.push(finding);
    }
    let Some(version) = policy.version.as_ref().filter(|version| version.value == PolicyVersion::V2008) else { return };
    let finding = Finding::new(&VERSION_OLD, version.span, "the policy uses the 2008 version of the policy language")
        .help("write `2012-10-17`")
        .fix("write \"2012-10-17\"", applicability, vec![Edit::replace(version.span, "\"2012-10-17\"")]);
    out.push(finding);
}

fn first_member(cx: &RuleContext<'_, '_>) -> Option<Span> {
    cx.document.node.as_map()?.first().map(|member| member.key_span)
}

/// Whether `${` stands where a policy variable could.
fn holds_variable(policy: &Policy) -> bool {
    policy.statements.iter().any(|statement| {
        let resources = statement.resources.iter().flat_map(|clause| clause.listed().values());
        let values = statement.conditions.iter().flat_map(|condition| condition.values.values());
        resources.map(ResourcePattern::as_str).chain(values.map(String::as_str)).any(|text| text.contains("${"))
    })
}

fn action(statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    if statement.actions.is_some() {
        return;
    }
    let message = if cx.kind() == PolicyKind::Key {
        "the statement names no action, so it has no effect"
    } else {
        "the statement names no action"
    };
    out.push(
        Finding::new(&ACTION_MISSING, statement.span, message).help("add `Action` with the actions that are meant"),
    );
}

fn resource(statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    match (&statement.resources, cx.kind()) {
        (Some(resources), PolicyKind::Trust) => {
            let place = resources.listed().element.key;
            let finding = Finding::new(&RESOURCE_IN_TRUST_POLICY, place, "`Resource` has no place in a trust policy");
            out.push(finding.help("take it away: the policy is about its own role"));
        }
        // Which services do without the element is known to the service alone.
        (Some(_), _) | (None, PolicyKind::Trust | PolicyKind::Resource) => {}
        (None, PolicyKind::Key) => {
            let message = "the statement names no resource, so it has no effect";
            let mut finding = Finding::new(&RESOURCE_MISSING, statement.span, message)
                .help("add `\"Resource\": \"*\"`, which means this key; the statement then takes effect");
            if let Some(actions) = &statement.actions {
                let edits = vec![Edit::after(actions.listed().element.value, ", \"Resource\": \"*\"")];
                finding = finding.fix("add `\"Resource\": \"*\"`", Applicability::Unsafe, edits);
            }
            out.push(finding);
        }
        (None, _) => {
            let finding = Finding::new(&RESOURCE_MISSING, statement.span, "the statement names no resource");
            out.push(finding.help("add `Resource` with the ARNs that are meant, or `\"*\"`"));
        }
    }
}

fn principal(statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    match &statement.principals {
        None if cx.kind().names_principals() => {
            let finding = Finding::new(&PRINCIPAL_MISSING, statement.span, "the statement names no principal");
            out.push(finding.help("add one, such as `\"Principal\": {\"AWS\": \"arn:aws:iam::ACCOUNT:role/NAME\"}`"));
        }
        Some(principals) if cx.kind().is_identity_like() => {
            let element = principals.listed().element;
            let name = if principals.only().is_some() { "Principal" } else { "NotPrincipal" };
            let message = format!("{} policy has no `{name}`", article(cx.kind()));
            let finding = Finding::new(&PRINCIPAL_IN_IDENTITY_POLICY, element.key, message)
                .label(cx.document.because)
                .help("take it away, or name the policy's kind with --kind if this is no such policy");
            out.push(match cx.kind() {
                PolicyKind::ServiceControl => finding.code("SCP_SYNTAX_ERROR_PRINCIPAL"),
                _ => finding,
            });
        }
        _ => {}
    }
}

fn article(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "an identity",
        PolicyKind::Boundary => "a boundary",
        PolicyKind::Session => "a session",
        PolicyKind::ServiceControl => "a service control",
        _ => "another",
    }
}
