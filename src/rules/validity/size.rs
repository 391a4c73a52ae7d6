//! How large a policy may be.

use crate::{
    finding::{Finding, RuleInfo, RuleOption, Severity},
    policy::{Policy, PolicyKind},
    reference::fact,
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    syntax::print,
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a policy that is larger than its kind may be, and one that is near the limit of a key policy: at
    /// 90 percent of it, or what the option `warn-percent` says. An identity policy is measured without blanks and against
    /// the largest of its limits, that of a role's inline policies together; that of a bucket, a secret and of some other
    /// resources without blanks against the limit that its service documents.
    ///
    /// ## Why it matters
    /// AWS refuses it.
    ///
    /// ## How to fix it
    /// Say several actions by one pattern, take repetitions away, or split it. Blanks do not count in IAM's own policies;
    /// they do in a key policy and in an SCP.
    ///
    /// ## Source
    /// IAM User Guide, "IAM and AWS STS quotas"; KMS Developer Guide, "Quotas"; Organizations User Guide, "Quotas and
    /// service limits"; "Access Analyzer policy check reference", policy size exceeds quota; Amazon S3 User Guide, "Bucket
    /// policies for Amazon S3", and the quotas of other services.
    pub POLICY_TOO_LARGE = {
        id: "policy-too-large", code: Some("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA"),
        further_codes: &[
            "POLICY_SIZE_EXCEEDS_RCP_QUOTA",
            "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA",
            "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA",
            "POLICY_SIZE_EXCEEDS_SCP_QUOTA",
        ],
        severity: Error, confidence: High, persona: Regular,
        options: &[WARN_PERCENT],
        summary: "the policy is larger than its kind may be",
    }
}

const WARN_PERCENT: RuleOption =
    RuleOption::number("warn-percent", 90, (1, 100), "at how much of the limit a key policy is warned of");

/// The size of a policy.
pub(crate) struct Size;

/// How a kind of policy is measured, and the sizes from which on it is remarked on.
struct Limit {
    /// Whether blanks outside of strings count.
    with_blanks: bool,
    /// More is refused, or cannot be taken for sure.
    most: usize,
    severity: Severity,
    code: &'static str,
}

impl Limit {
    fn of(kind: PolicyKind, resource_type: Option<&str>) -> Option<Self> {
        let limit = |with_blanks, most, severity, code| Some(Self { with_blanks, most, severity, code });
        match kind {
            // One policy may stand inline in a role, where all of them together have 10,240 characters.
            PolicyKind::Identity => {
                limit(false, 10_240, Severity::Warning, "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA")
            }
            PolicyKind::Boundary => limit(false, 6_144, Severity::Error, "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA"),
            PolicyKind::Key => limit(true, 32_768, Severity::Error, "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA"),
            // 2,048 by default; an account's own quota may be raised.
            PolicyKind::Trust => limit(false, 2_048, Severity::Warning, "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA"),
            PolicyKind::ServiceControl => limit(true, 10_240, Severity::Error, "POLICY_SIZE_EXCEEDS_SCP_QUOTA"),
            PolicyKind::ResourceControl => limit(true, 5_120, Severity::Error, "POLICY_SIZE_EXCEEDS_RCP_QUOTA"),
            PolicyKind::Session => limit(true, 2_048, Severity::Error, "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA"),
            PolicyKind::Endpoint => limit(true, 20_480, Severity::Error, "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA"),
            // Whether blanks count is told of some alone.
            PolicyKind::Resource => {
                let most = fact("policy-size", resource_type?)?.value.parse().ok()?;
                limit(false, most, Severity::Error, "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA")
            }
        }
    }
}

impl Check for Size {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let Some(limit) = Limit::of(cx.kind(), cx.resource_type()).filter(|_| !policy.fragment) else { return };
        let raw = policy.span.range().len();
        // A text with blanks is never shorter than one without: what is small enough so needs no measuring.
        let percent = out.options().number(&POLICY_TOO_LARGE, &WARN_PERCENT);
        let near = limit.most * usize::try_from(percent).unwrap_or(100) / 100;
        if raw < near {
            return;
        }
        let size = if limit.with_blanks && cx.document.writing.is_plain() {
            raw
        } else {
            let measure = if cx.document.is_plain { print::compact_length_of_plain } else { print::compact_length };
            measure(&cx.document.node) + 1
        };
        if size > limit.most {
            let message = format!("the policy has {size} characters, more than {}", limit.most);
            let finding =
                Finding::new(&POLICY_TOO_LARGE, policy.span, message).severity(limit.severity).code(limit.code);
            out.push(finding.help("say several actions by one pattern, take repetitions away, or split it"));
        } else if cx.kind() == PolicyKind::Key && size >= near {
            let message = format!("the policy has {size} of at most {} bytes", limit.most);
            let finding = Finding::new(&POLICY_TOO_LARGE, policy.span, message).severity(Severity::Warning).no_code();
            out.push(finding.help("blanks count in a key policy: take them away, or say less"));
        }
    }
}
