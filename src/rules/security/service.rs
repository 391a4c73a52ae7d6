//! Services that a resource's policy lets in.

use crate::{
    finding::{Finding, Persona, RuleInfo, RuleOption, Severity},
    policy::{AccountId, ActionPattern, Condition, PolicyKind, Principal, ResourcePattern, Statement},
    reference::fact,
    rules::{
        Check, Findings, RuleContext, declare::declare_rules, operations,
        validity::principal::is_service as is_service_name,
    },
};

declare_rules! { Security:
    /// ## What it does
    /// Flags an `Allow` of a key policy or another resource policy that lets in an AWS service, where no condition says on
    /// whose behalf: none on `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` or `aws:SourceOrgPaths`, and in a key
    /// policy none on the encryption context. Where the service may only look at a key it is a note for the auditor; and so
    /// it is where AWS documents no source that the service's calls carry: `EventBridge` to a topic of SNS, and the grants of
    /// Route 53 for DNSSEC. Elastic Load Balancing may write its logs under the path of one account: the path says whose.
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
    /// principal; KMS Developer Guide, "Permissions for AWS services in key policies"; Amazon `EventBridge` User Guide, "Using
    /// resource-based policies for Amazon `EventBridge`"; Amazon SNS Developer Guide, "Managing Amazon SNS encryption keys and
    /// costs"; Route 53 Developer Guide, "Customer managed key permissions required for DNSSEC signing"; User Guide for
    /// Application Load Balancers, "Enable access logs for your Application Load Balancer".
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

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !statement.allows() {
            return;
        }
        let Some(principals) = statement.named_principals() else { return };
        let is_trusted = |name: &str| out.options().holds(&SERVICE_PRINCIPAL_NO_SOURCE, &SERVICES, name);
        // Of a name that no service has, service-principal-format tells.
        let is_one = |name: &str| !is_trusted(name) && is_service_name(name);
        let is_service = |principal: &Principal| matches!(principal, Principal::Service(name) if is_one(name));
        let mut services = principals.read.iter().filter(|principal| is_service(&principal.value));
        let Some(first) = services.next() else { return };
        // Of a key that says little of the source another rule tells.
        let says_little = |row: &Condition| fact("lesser-source-key", row.key.value.as_str()).is_some();
        let is_told = |row: &Condition| names_source(row) || (says_little(row) && row.names_values());
        if !statement.unread_conditions.is_empty() || statement.conditions.iter().any(is_told) {
            return;
        }
        let all: Vec<&str> = principals.values().filter_map(service).collect();
        if all == [LOAD_BALANCING] && writes_logs_of_an_account(statement) {
            return;
        }
        let without = WITHOUT_SOURCE.iter().find(|known| known.is(&all, statement));
        let help = without.map_or_else(|| help(&all, statement, cx.kind()), |known| known.help);
        let finding =
            Finding::new(&SERVICE_PRINCIPAL_NO_SOURCE, first.span, "this service is let in on anyone's behalf")
                .help(help);
        let finding = services.fold(finding, |finding, other| finding.related(other.span, "this one too"));
        out.push(if without.is_some() || only_looks(statement) {
            finding.severity(Severity::Note).persona(Persona::Auditor)
        } else {
            finding
        });
    }
}

fn service(principal: &Principal) -> Option<&str> {
    match principal {
        Principal::Service(name) => Some(name),
        _ => None,
    }
}

/// What a service does that carries no source, as far as AWS documents it.
struct WithoutSource {
    service: &'static str,
    action: &'static str,
    /// The condition with which AWS prints it.
    key: Option<&'static str>,
    help: &'static str,
}

/// Source: Amazon `EventBridge` User Guide, "Using resource-based policies for Amazon `EventBridge`", SNS permissions, whose
/// rules meet no condition in a topic's policy; Route 53 Developer Guide, "Customer managed key permissions required for DNSSEC
/// signing", whose second statement asks for no source.
const WITHOUT_SOURCE: [WithoutSource; 2] = [
    WithoutSource {
        service: EVENTS,
        action: "sns:Publish",
        key: None,
        help: "AWS documents no condition that rules of EventBridge meet here: keep the topic for them alone",
    },
    WithoutSource {
        service: "dnssec-route53.amazonaws.com",
        action: "kms:CreateGrant",
        key: Some("kms:GrantIsForAWSResource"),
        help: "AWS documents no source for these grants: keep the condition on kms:GrantIsForAWSResource",
    },
];

impl WithoutSource {
    fn is(&self, services: &[&str], statement: &Statement) -> bool {
        services == [self.service]
            && is_only_for(self.action, statement)
            && self.key.is_none_or(|key| statement.conditions_on(key).next().is_some())
    }
}

const EVENTS: &str = "events.amazonaws.com";
const LOAD_BALANCING: &str = "logdelivery.elasticloadbalancing.amazonaws.com";

/// Source: Amazon SNS Developer Guide, "Managing Amazon SNS encryption keys and costs", on topics that are encrypted.
fn help(services: &[&str], statement: &Statement, kind: PolicyKind) -> &'static str {
    let decrypts = || statement.covers_action("kms:Decrypt") || statement.covers_action("kms:GenerateDataKey");
    if kind == PolicyKind::Key && services == [EVENTS] && decrypts() {
        "add a condition on aws:SourceArn or aws:SourceAccount; for an encrypted topic of SNS, which supports neither, one \
         on kms:EncryptionContext:aws:sns:topicArn"
    } else {
        "add a condition on aws:SourceArn or aws:SourceAccount"
    }
}

/// Whether a statement speaks of one action; what is not known may be it.
fn is_only_for(action: &str, statement: &Statement) -> bool {
    let is_it = |pattern: &ActionPattern| pattern.as_str().eq_ignore_ascii_case(action);
    statement.listed_actions().is_some_and(|actions| actions.values().all(is_it))
}

/// Whether a statement lets a service write under paths that name the account whose logs they hold; what is not known may.
/// Source: User Guide for Application Load Balancers, "Enable access logs for your Application Load Balancer".
fn writes_logs_of_an_account(statement: &Statement) -> bool {
    let names_account = |resource: &ResourcePattern| {
        let path = resource.as_str().split_once("/AWSLogs/").map(|(_, path)| path);
        path.and_then(|path| path.split('/').next()).is_some_and(|account| account.parse::<AccountId>().is_ok())
    };
    is_only_for("s3:PutObject", statement)
        && statement.listed_resources().is_some_and(|resources| resources.values().all(names_account))
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
