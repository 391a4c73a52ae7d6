//! What a resource policy hangs on: which actions, resources, principals and keys it can speak of there.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{ActionPattern, Arn, Condition, Listed, PolicyKind, Principal, ResourcePattern, Statement, glob},
    reference::{Fact, fact, facts},
    rules::{Aws, Check, Findings, RuleContext, declare::declare_rules},
    source::Spanned,
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags an action of another service than the one whose resource a policy hangs on. `--resource-type` says what that is,
    /// where the file does not. A key policy has a rule of its own.
    ///
    /// ## Why it matters
    /// AWS refuses the policy: a bucket policy cannot speak of keys.
    ///
    /// ## How to fix it
    /// Take the action away, or put it into the policy of the other resource.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", unsupported action in policy.
    pub ACTION_OF_OTHER_SERVICE = {
        id: "action-of-other-service", code: Some("UNSUPPORTED_ACTION_IN_POLICY"),
        severity: Error, confidence: High, persona: Regular,
        summary: "an action that the resource does not have",
    }

    /// ## What it does
    /// Flags the ARN of another service in the policy of a resource. `--resource-type` says what that is, where the file does
    /// not.
    ///
    /// ## Why it matters
    /// AWS refuses the policy, or the statement never matches.
    ///
    /// ## How to fix it
    /// Name the resource on which the policy hangs.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", unsupported resource ARN in policy.
    pub RESOURCE_OF_OTHER_SERVICE = {
        id: "resource-of-other-service", code: Some("UNSUPPORTED_RESOURCE_ARN_IN_POLICY"),
        severity: Error, confidence: High, persona: Regular,
        summary: "the ARN of another service in a resource's policy",
    }

    /// ## What it does
    /// Flags an action of the right service that is never about such a resource: `s3:ListAllMyBuckets` in a bucket policy,
    /// `sqs:ListQueues` in that of a queue. Wildcards are left out.
    ///
    /// ## Why it matters
    /// AWS refuses the policy, or the statement never matches: a resource's policy is asked about that resource alone.
    ///
    /// ## How to fix it
    /// Allow the action in an identity policy.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", unsupported action in policy; Service Authorization
    /// Reference, resource types of each action.
    pub ACTION_OF_OTHER_RESOURCE = {
        id: "action-of-other-resource", code: Some("UNSUPPORTED_ACTION_IN_POLICY"),
        severity: Warning, confidence: Medium, persona: Regular,
        summary: "an action that is never about the resource",
    }

    /// ## What it does
    /// Flags the ARN of another kind of resource of the same service: of an access point in a bucket policy, of a layer in
    /// that of a function.
    ///
    /// ## Why it matters
    /// AWS refuses the policy, or the statement never matches.
    ///
    /// ## How to fix it
    /// Name the resource on which the policy hangs.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", unsupported resource ARN in policy; Service Authorization
    /// Reference, resource types of each service.
    pub RESOURCE_OF_OTHER_KIND = {
        id: "resource-of-other-kind", code: Some("UNSUPPORTED_RESOURCE_ARN_IN_POLICY"),
        severity: Warning, confidence: Medium, persona: Regular,
        summary: "the ARN of another kind of resource of the service",
    }

    /// ## What it does
    /// Flags an identity provider as a principal outside of a trust policy.
    ///
    /// ## Why it matters
    /// AWS refuses the policy: a provider's identities come as sessions of a role.
    ///
    /// ## How to fix it
    /// Name the role that they assume.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", federated principal not supported.
    pub FEDERATED_IN_RESOURCE_POLICY = {
        id: "federated-in-resource-policy", code: Some("FEDERATED_PRINCIPAL_NOT_SUPPORTED"),
        severity: Error, confidence: High, persona: Regular,
        summary: "an identity provider in a resource's policy",
    }

    /// ## What it does
    /// Flags a condition key that says nothing in the policy of the resource it is about, such as `s3:ResourceAccount` in a
    /// bucket policy.
    ///
    /// ## Why it matters
    /// It is always the same: the account that owns the bucket.
    ///
    /// ## How to fix it
    /// Use it in an identity policy, or in an SCP.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", irrelevant condition key in policy.
    pub IRRELEVANT_KEY = {
        id: "irrelevant-key", code: Some("IRRELEVANT_CONDITION_KEY_IN_POLICY"),
        severity: Note, confidence: High, persona: Regular,
        summary: "a condition key that says nothing there",
    }

    /// ## What it does
    /// Flags a condition on a user's or role's properties in a statement about services alone: `aws:PrincipalOrgID` with
    /// `cloudfront.amazonaws.com`.
    ///
    /// ## Why it matters
    /// The call of a service does not carry the key: the condition never holds, or with a negated operator always.
    ///
    /// ## How to fix it
    /// Use `aws:SourceArn`, `aws:SourceAccount` or `aws:SourceOrgID`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", unsupported condition key for service principal; "AWS global
    /// condition context keys", availability of each key.
    pub KEY_UNKNOWN_TO_SERVICE_PRINCIPAL = {
        id: "key-unknown-to-service-principal", code: Some("UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a condition key that services do not carry",
    }

    /// ## What it does
    /// Flags a statement that lets in a service and says on whose behalf by `aws:referer` or `aws:SourceOwner`.
    ///
    /// ## Why it matters
    /// Only some services set them, and a caller can write the first himself.
    ///
    /// ## How to fix it
    /// Use `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` or `aws:SourceOrgPaths`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", recommended condition key for service principal.
    pub LESSER_SOURCE_KEY = {
        id: "lesser-source-key", code: Some("RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL"),
        severity: Note, confidence: High, persona: Regular,
        summary: "a service is let in by a key that says little of its source",
    }
}

/// Policies that hang on a resource.
pub(crate) struct Hung;

impl Check for Hung {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        matches!(kind, PolicyKind::Resource | PolicyKind::Key | PolicyKind::Trust | PolicyKind::Endpoint)
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if let Some(principals) = statement.named_principals() {
            if cx.kind() != PolicyKind::Trust {
                federated(principals, out);
            }
            services(principals, statement, out);
        }
        if cx.kind() != PolicyKind::Resource {
            return;
        }
        let Some(kind) = cx.resource_type().and_then(|name| fact("resource-type", name)) else { return };
        if let Some(actions) = &statement.actions {
            actions.listed().read.iter().for_each(|action| action_of(action, kind, cx.aws, out));
        }
        if let Some(resources) = &statement.resources {
            resources.listed().read.iter().for_each(|resource| resource_of(resource, kind, cx.aws, out));
        }
        statement.conditions.iter().for_each(|condition| irrelevant(condition, kind, out));
    }
}

fn federated(principals: &Listed<Principal>, out: &mut Findings<'_>) {
    for principal in principals.read.iter().filter(|one| matches!(one.value, Principal::Federated(_))) {
        let message = "an identity provider can be named in a trust policy alone";
        let finding = Finding::new(&FEDERATED_IN_RESOURCE_POLICY, principal.span, message);
        out.push(finding.help("name the role that its identities assume"));
    }
}

fn services(principals: &Listed<Principal>, statement: &Statement, out: &mut Findings<'_>) {
    let is_service = |principal: &Principal| matches!(principal, Principal::Service(_));
    let all =
        !principals.read.is_empty() && principals.read.len() == principals.len() && principals.values().all(is_service);
    if !all {
        return;
    }
    let has_source = facts("source-key").iter().any(|key| statement.conditions_on(key.name).next().is_some());
    for condition in &statement.conditions {
        let key = condition.key.value.as_str();
        // An operator with `IfExists` says what holds for callers without the key.
        if fact("principal-only-key", key).is_some() && !condition.operator.value.if_exists {
            let message = format!("the call of a service carries no {key}");
            let finding = Finding::new(&KEY_UNKNOWN_TO_SERVICE_PRINCIPAL, condition.key.span, message);
            out.push(finding.help("use aws:SourceArn, aws:SourceAccount or aws:SourceOrgID"));
        }
        if statement.allows() && !has_source && fact("lesser-source-key", key).is_some() && condition.names_values() {
            let message = format!("{key} says little of the source");
            let finding = Finding::new(&LESSER_SOURCE_KEY, condition.key.span, message);
            out.push(finding.help("use aws:SourceArn, aws:SourceAccount, aws:SourceOrgID or aws:SourceOrgPaths"));
        }
    }
}

fn action_of(action: &Spanned<ActionPattern>, kind: Fact, aws: Aws<'_>, out: &mut Findings<'_>) {
    let Some(service) = action.value.service() else { return };
    if service.contains('$') {
        return;
    }
    if glob::matches_ignoring_case(service, kind.value) {
        if !action.value.is_pattern() && is_about_others(action.value.name(), kind, aws) {
            let message = format!("`{}` is never about a resource of {}", action.value.as_str(), kind.name);
            let finding = Finding::new(&ACTION_OF_OTHER_RESOURCE, action.span, message);
            out.push(finding.help("allow it in an identity policy"));
        }
        return;
    }
    let message = format!("the policy of {} takes no action of {service}", kind.name);
    let finding = Finding::new(&ACTION_OF_OTHER_SERVICE, action.span, message);
    out.push(finding.help(format!("list actions of {}, or put this one into another policy", kind.value)));
}

/// Whether the reference knows an action, and of no resource on which the policy hangs.
fn is_about_others(name: &str, kind: Fact, aws: Aws<'_>) -> bool {
    let (Some(known), Some(own)) = (aws.reference.action(kind.value, name), fact("resource-kinds", kind.name)) else {
        return false;
    };
    !known.resource_types().any(|one| own.values().any(|name| name == one.resource_type().name()))
}

fn resource_of(resource: &Spanned<ResourcePattern>, kind: Fact, aws: Aws<'_>, out: &mut Findings<'_>) {
    let Ok(arn) = resource.value.arn() else { return };
    if arn.service.contains('$') {
        return;
    }
    if glob::matches(arn.service, kind.value) {
        if is_of_other_kind(&arn, kind, aws) {
            let message = format!("no resource of {} has such an ARN", kind.name);
            let finding = Finding::new(&RESOURCE_OF_OTHER_KIND, resource.span, message);
            out.push(finding.help("name the resource on which the policy hangs"));
        }
        return;
    }
    let message = format!("the policy of {} is about nothing of {}", kind.name, arn.service);
    let finding = Finding::new(&RESOURCE_OF_OTHER_SERVICE, resource.span, message);
    out.push(finding.help("name the resource on which the policy hangs"));
}

/// Whether the reference knows an ARN, and not as that of a resource on which the policy hangs.
fn is_of_other_kind(arn: &Arn<'_>, kind: Fact, aws: Aws<'_>) -> bool {
    let Some(own) = fact("resource-kinds", kind.name) else { return false };
    let Some(service) = aws.reference.service(kind.value) else { return false };
    if glob::is_pattern(arn.service) || arn.resource.is_empty() {
        return false;
    }
    // A field with a wildcard or a variable may be anything, empty included.
    let fits = |text: &str, has: bool| text.contains(['*', '$']) || text.is_empty() != has;
    let start = glob::literal_start(arn.resource.split("${").next().unwrap_or_default());
    let is_whole = start.len() == arn.resource.len();
    let mut is_own = false;
    let mut is_other = false;
    for one in service.resource_types() {
        let may_be = one.arn_forms().any(|form| {
            let begins = start.as_bytes().starts_with(form.resource_start);
            let may_begin = begins || (!is_whole && form.resource_start.starts_with(start.as_bytes()));
            may_begin && fits(arn.region, form.has_region) && fits(arn.account, form.has_account)
        });
        let hangs = own.values().any(|name| name == one.name());
        is_own |= may_be && hangs;
        is_other |= may_be && !hangs;
    }
    is_other && !is_own
}

fn irrelevant(condition: &Condition, kind: Fact, out: &mut Findings<'_>) {
    let key = condition.key.value.as_str();
    if fact("irrelevant-key", key).is_some_and(|fact| fact.values().any(|name| name == kind.name)) {
        let message = format!("{key} says nothing in the policy of {}", kind.name);
        let finding = Finding::new(&IRRELEVANT_KEY, condition.key.span, message);
        out.push(finding.help("use it in an identity policy"));
    }
}
