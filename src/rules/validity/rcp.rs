//! Resource control policies: what their grammar leaves out, and whom they must not hit.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{Clause, Comparison, Condition, PolicyKind, Principal, Statement, glob},
    reference::fact,
    rules::{Check, Findings, RuleContext, declare::declare_rules},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a resource control policy that names anyone but everybody, or that uses `NotPrincipal`.
    ///
    /// ## Why it matters
    /// AWS refuses the policy.
    ///
    /// ## How to fix it
    /// Write `"Principal": "*"`, and say who is meant by a condition such as `aws:PrincipalArn`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", RCP syntax error principal; Organizations User Guide, "RCP
    /// syntax".
    pub RCP_PRINCIPAL = {
        id: "rcp-principal", code: Some("RCP_SYNTAX_ERROR_PRINCIPAL"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a resource control policy names a principal",
    }

    /// ## What it does
    /// Flags an `Allow` of a resource control policy that is limited: to some resources, or by a condition.
    ///
    /// ## Why it matters
    /// AWS refuses the policy. Only the policy `RCPFullAWSAccess` allows, and it allows everything.
    ///
    /// ## How to fix it
    /// Write a `Deny` of what must not be.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", RCP syntax error allow; Organizations User Guide, "RCP syntax".
    pub RCP_ALLOW = {
        id: "rcp-allow", code: Some("RCP_SYNTAX_ERROR_ALLOW"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a resource control policy allows some things",
    }

    /// ## What it does
    /// Flags `NotAction` in a resource control policy.
    ///
    /// ## Why it matters
    /// AWS refuses the policy.
    ///
    /// ## How to fix it
    /// List the actions in `Action`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", RCP syntax error `NotAction`; Organizations User Guide, "RCP
    /// syntax".
    pub RCP_NOT_ACTION = {
        id: "rcp-not-action", code: Some("RCP_SYNTAX_ERROR_NOTACTION"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a resource control policy with NotAction",
    }

    /// ## What it does
    /// Flags an action of a service to which resource control policies do not apply, and in a `Deny` the action `*`.
    ///
    /// ## Why it matters
    /// AWS refuses the policy.
    ///
    /// ## How to fix it
    /// List actions of the services that support these policies.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", RCP syntax error action; Organizations User Guide, "Resource
    /// control policies (RCPs)", list of AWS services that support RCPs.
    pub RCP_ACTION = {
        id: "rcp-action", code: Some("RCP_SYNTAX_ERROR_ACTION"),
        severity: Error, confidence: High, persona: Regular,
        summary: "an action to which resource control policies do not apply",
    }

    /// ## What it does
    /// Flags a `Deny` of a resource control policy that holds where a key on the caller is absent, without a condition that
    /// leaves out the calls of services.
    ///
    /// ## Why it matters
    /// A service that acts on your behalf carries no `aws:PrincipalOrgID`: the denial hits it, and what it does for you ends.
    ///
    /// ## How to fix it
    /// Add `"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}` to the condition.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", RCP missing related principal condition key.
    pub RCP_HITS_SERVICES = {
        id: "rcp-hits-services", code: Some("RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "a denial that hits the calls of services",
    }

    /// ## What it does
    /// Flags a `Deny` of a resource control policy that holds where a key on the source of a service's call is absent, without
    /// a condition that leaves out all other callers.
    ///
    /// ## Why it matters
    /// Your own users and roles carry no `aws:SourceOrgID`: the denial hits all of them.
    ///
    /// ## How to fix it
    /// Add `"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}` to the condition.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", RCP missing related service principal condition key.
    pub RCP_HITS_PRINCIPALS = {
        id: "rcp-hits-principals", code: Some("RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "a denial that hits every user and role",
    }

    /// ## What it does
    /// Flags a `Deny` of a resource control policy on `aws:SourceOrgID` or `aws:SourceOrgPaths` that holds where the key is
    /// absent, without a condition that asks for the source of the call.
    ///
    /// ## Why it matters
    /// Some calls of services name no source at all. The denial hits them too.
    ///
    /// ## How to fix it
    /// Add `"Null": {"aws:SourceAccount": "false"}` or `"Null": {"aws:SourceArn": "false"}` to the condition.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", RCP missing service condition key null check.
    pub RCP_WITHOUT_SOURCE = {
        id: "rcp-without-source", code: Some("RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "a denial that hits calls of services without a source",
    }
}

/// Resource control policies.
pub(crate) struct ResourceControl;

impl Check for ResourceControl {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::ResourceControl
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        principal(statement, out);
        allow(statement, out);
        actions(statement, cx, out);
        if statement.denies() && statement.unread_conditions.is_empty() {
            for condition in statement.conditions.iter().filter(|condition| !condition.demands_key()) {
                hits(condition, statement, out);
            }
        }
    }
}

fn principal(statement: &Statement, out: &mut Findings<'_>) {
    let Some(clause) = &statement.principals else { return };
    let listed = clause.listed();
    let (place, message) = match clause {
        Clause::AllBut(_) => (listed.element.key, "an RCP has no `NotPrincipal`"),
        Clause::Only(listed) => {
            let is_everybody = listed.malformed.is_empty() && listed.values().all(|one| *one == Principal::Anyone);
            if is_everybody || !listed.unknown.is_empty() {
                return;
            }
            (listed.element.value, "an RCP is about everybody")
        }
    };
    let finding = Finding::new(&RCP_PRINCIPAL, place, message);
    out.push(
        finding.help("write `\"Principal\": \"*\"`, and say who is meant by a condition such as aws:PrincipalArn"),
    );
}

fn allow(statement: &Statement, out: &mut Findings<'_>) {
    if !statement.allows() {
        return;
    }
    let place = match &statement.resources {
        Some(Clause::AllBut(listed)) => Some(listed.element.key),
        Some(Clause::Only(listed)) if !listed.values().all(crate::policy::ResourcePattern::is_everything) => {
            Some(listed.element.value)
        }
        _ => statement.condition_element.filter(|_| statement.is_conditional()).map(|element| element.key),
    };
    if let Some(place) = place {
        let finding = Finding::new(&RCP_ALLOW, place, "an `Allow` of an RCP allows everything to everybody");
        out.push(finding.help("write a `Deny` of what must not be"));
    }
}

fn actions(statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    match &statement.actions {
        Some(Clause::AllBut(listed)) => {
            let finding = Finding::new(&RCP_NOT_ACTION, listed.element.key, "an RCP has no `NotAction`");
            out.push(finding.help("list the actions in `Action`"));
        }
        Some(Clause::Only(listed)) => {
            for action in &listed.read {
                let message = match action.value.service() {
                    Some(service) if cx.aws.reference.is_rcp_service(service) => continue,
                    Some(service) if !glob::is_pattern(service) => {
                        if cx.aws.reference.service(service).is_none() {
                            continue;
                        }
                        format!("RCPs do not apply to {service}")
                    }
                    _ if !statement.denies() => continue,
                    _ => format!("`{}` is not for one service", action.value.as_str()),
                };
                let finding = Finding::new(&RCP_ACTION, action.span, message);
                out.push(finding.help("list actions of services that support RCPs, such as s3, sts, kms, sqs"));
            }
        }
        None => {}
    }
}

fn hits(condition: &Condition, statement: &Statement, out: &mut Findings<'_>) {
    if condition.operator.value.comparison.asks_presence() {
        return;
    }
    let key = condition.key.value.as_str();
    let is_service = |wanted: &str| {
        statement.conditions_on("aws:PrincipalIsAWSService").any(|row| {
            row.operator.value.comparison == Comparison::Bool
                && row.values.values().all(|value| value.eq_ignore_ascii_case(wanted))
        })
    };
    if fact("rcp-principal-key", key).is_some() && !is_service("false") {
        let finding = Finding::new(&RCP_HITS_SERVICES, condition.key.span, format!("services carry no {key}"));
        out.push(finding.help("add `\"BoolIfExists\": {\"aws:PrincipalIsAWSService\": \"false\"}`"));
    }
    if fact("rcp-service-key", key).is_none() {
        return;
    }
    if !is_service("true") {
        let finding = Finding::new(&RCP_HITS_PRINCIPALS, condition.key.span, format!("users and roles carry no {key}"));
        out.push(finding.help("add `\"BoolIfExists\": {\"aws:PrincipalIsAWSService\": \"true\"}`"));
    }
    let asks_for_source = ["aws:SourceAccount", "aws:SourceArn"].iter().any(|source| {
        statement.conditions_on(source).any(|row| {
            row.operator.value.comparison.asks_presence()
                && row.values.values().all(|value| value.eq_ignore_ascii_case("false"))
        })
    });
    let is_of_organisation = ["aws:SourceOrgID", "aws:SourceOrgPaths"].iter().any(|own| own.eq_ignore_ascii_case(key));
    if is_of_organisation && !asks_for_source {
        let message = format!("some calls of services carry no {key}");
        let finding = Finding::new(&RCP_WITHOUT_SOURCE, condition.key.span, message);
        out.push(finding.help("add `\"Null\": {\"aws:SourceAccount\": \"false\"}`"));
    }
}
