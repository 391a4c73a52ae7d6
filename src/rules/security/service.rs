//! Services that a resource's policy lets in.

use crate::{
    finding::{Finding, Persona, RuleInfo, RuleOption, Severity},
    policy::{Condition, PolicyKind, Principal, Statement},
    reference::fact,
    rules::{Check, Findings, RuleContext, declare::declare_rules, operations},
};

declare_rules! { Security:
    /// ## What it does
    /// Flags an `Allow` of a key policy or another resource policy that lets in an AWS service, where no condition says on
    /// whose behalf: none on `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` or `aws:SourceOrgPaths`, and in a key
    /// policy none on the encryption context. Where the service may only look at a key it is a note for the auditor.
    ///
    /// ## Why it matters
    /// The service works for every customer of AWS. Whoever makes it use the resource from an account of his own is let in by
    /// its name: the confused deputy.
    ///
    /// ## How to fix it
    /// Add a condition on `aws:SourceArn` with the resource that the service acts for, or on `aws:SourceAccount`.
    ///
    /// ## Source
    /// IAM User Guide, "The confused deputy problem"; "Access Analyzer policy check reference", restrict access to service
    /// principal; KMS Developer Guide, "Permissions for AWS services in key policies".
    pub SERVICE_PRINCIPAL_NO_SOURCE = {
        id: "service-principal-no-source", code: Some("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL"),
        severity: Warning, confidence: High, persona: Regular,
        options: &[SERVICES],
        summary: "a service is let in on whoever's behalf",
    }
}

const SERVICES: RuleOption =
    RuleOption::texts("services", &[], "services that may be let in without a source, such as `logs.amazonaws.com`");

/// The services of a statement.
pub(crate) struct Services;

impl Check for Services {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        matches!(kind, PolicyKind::Key | PolicyKind::Resource)
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !statement.allows() {
            return;
        }
        let Some(principals) = statement.named_principals() else { return };
        let is_trusted = |name: &str| out.options().holds(&SERVICE_PRINCIPAL_NO_SOURCE, &SERVICES, name);
        let is_service = |principal: &Principal| matches!(principal, Principal::Service(name) if !is_trusted(name));
        let mut services = principals.read.iter().filter(|principal| is_service(&principal.value));
        let Some(first) = services.next() else { return };
        // Of a key that says little of the source another rule tells.
        let says_little = |row: &Condition| fact("lesser-source-key", row.key.value.as_str()).is_some();
        let is_told = |row: &Condition| names_source(row) || (says_little(row) && row.names_values());
        if !statement.unread_conditions.is_empty() || statement.conditions.iter().any(is_told) {
            return;
        }
        let finding =
            Finding::new(&SERVICE_PRINCIPAL_NO_SOURCE, first.span, "this service is let in on anyone's behalf")
                .help("add a condition on aws:SourceArn or aws:SourceAccount");
        let finding = services.fold(finding, |finding, other| finding.related(other.span, "this one too"));
        out.push(if only_looks(statement) {
            finding.severity(Severity::Note).persona(Persona::Auditor)
        } else {
            finding
        });
    }
}

/// Whether a row says on whose behalf a service calls.
///
/// Source: IAM User Guide, "The confused deputy problem"; Amazon `CloudWatch` Logs User Guide, "Encrypt log data in
/// `CloudWatch` Logs using AWS Key Management Service", whose key policy says it by the encryption context; AWS Lambda
/// Developer Guide, on Alexa, whose skill is told by the event source's token.
fn names_source(condition: &Condition) -> bool {
    const KEYS: [&str; 6] = [
        "aws:SourceArn",
        "aws:SourceAccount",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "aws:SourceOwner",
        "lambda:EventSourceToken",
    ];
    const CONTEXT: &str = "kms:EncryptionContext:";
    let key = &condition.key.value;
    let is_context = key.as_str().get(..CONTEXT.len()).is_some_and(|start| start.eq_ignore_ascii_case(CONTEXT));
    (is_context || KEYS.iter().any(|known| key.is(known))) && condition.names_values()
}

/// Whether a statement lets nobody do more than look at a key, as in the documented key policy for `DynamoDB`.
fn only_looks(statement: &Statement) -> bool {
    let looks =
        |operation: &str| ["kms:Describe", "kms:Get", "kms:List"].iter().any(|start| operation.starts_with(start));
    let Some(actions) = statement.listed_actions() else { return false };
    actions.len() == actions.read.len() && actions.values().all(|action| operations::covers_only(action, looks))
}
