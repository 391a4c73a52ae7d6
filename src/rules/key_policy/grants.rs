//! Who may hand out grants on a key, and on what terms.

use std::collections::HashSet;

use crate::{
    document::Part,
    finding::{Applicability, Finding, RuleInfo},
    policy::{ActionPattern, Listed, Policy, PolicyKind, Principal, PrincipalArn, Statement},
    rules::{Check, Findings, RuleContext, alias::unsupported, declare::declare_rules, operations},
    source::{Edit, Spanned},
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags a key policy that allows `kms:CreateGrant` to a user or a role that may not rewrite the policy anyway, without a
    /// condition on what is granted or by which service.
    ///
    /// ## Why it matters
    /// A grant gives any use of the key to anybody, also in other accounts, and shows in no policy.
    ///
    /// ## How to fix it
    /// Add `"Bool": {"kms:GrantIsForAWSResource": "true"}`, so that only AWS services make grants on the principal's behalf.
    /// Where it makes them itself, limit them by `kms:GrantOperations` and `kms:GranteePrincipal`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Controlling access to grants"; AWS Control Tower, control CT.KMS.PR.3.
    pub GRANTS_NOT_SERVICE_LIMITED = {
        id: "grants-not-service-limited", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a user of the key may grant its use to anybody",
    }

    /// ## What it does
    /// Flags a condition on `kms:GrantIsForAWSResource` in a statement that also lists actions without it. Actions with a
    /// wildcard are left out.
    ///
    /// ## Why it matters
    /// Only requests that create, list or revoke grants carry the key. An `Allow` of anything else under this condition never
    /// takes effect.
    ///
    /// ## How to fix it
    /// Put the condition into a statement of its own with `kms:CreateGrant`, `kms:ListGrants` and `kms:RevokeGrant`.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", `kms:GrantIsForAWSResource`; IAM User Guide, "Access Analyzer policy
    /// check reference", unsupported action for condition key.
    pub GRANT_CONDITION_ON_OTHER_ACTIONS = {
        id: "grant-condition-on-other-actions", code: Some("UNSUPPORTED_ACTION_FOR_CONDITION_KEY"),
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["condition-op-unsupported-for-action"],
        summary: "a condition on grants limits other actions, too",
    }
}

/// Grants, in the statements that allow them.
pub(crate) struct Grants;

/// Only an AWS service on behalf of the caller sets it.
const FOR_AWS: &str = "kms:GrantIsForAWSResource";

impl Check for Grants {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in statement.conditions_on(FOR_AWS).take(unsupported::ROWS) {
            if let Some(finding) = unsupported::finding(&GRANT_CONDITION_ON_OTHER_ACTIONS, statement, condition) {
                out.push(
                    finding.help("put the condition into a statement of its own, with the actions on grants alone"),
                );
            }
        }
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if cx.kind() != PolicyKind::Key {
            return;
        }
        let mut granting = policy.statements.iter().filter_map(unlimited).peekable();
        if granting.peek().is_none() {
            return;
        }
        if !policy.is_complete() {
            out.not_evaluated(&GRANTS_NOT_SERVICE_LIMITED, "a part of the policy is not known from this file");
            return;
        }
        let administrators = Administrators::of(policy);
        for (statement, action) in granting {
            let holder = statement.named_principals().into_iter().flat_map(Listed::values).find(|principal| {
                principal.arn().is_some_and(|arn| !is_service_linked(arn))
                    && !administrators.include(principal)
                    && cx.project.part(principal) != Part::Admin
            });
            if let Some(arn) = holder.and_then(Principal::arn) {
                out.push(told(statement, action, arn));
            }
        }
    }
}

/// Condition keys by which a statement limits grants, or the callers who make them.
///
/// Source: KMS Developer Guide, "Controlling access to grants".
pub(in crate::rules) const LIMITS: [&str; 9] = [
    FOR_AWS,
    "kms:GrantConstraintSourceArn",
    "kms:GrantConstraintType",
    "kms:GrantOperations",
    "kms:GranteePrincipal",
    "kms:GranteeServicePrincipal",
    "kms:ViaService",
    "aws:CalledVia",
    "aws:ViaAWSService",
];

/// The entry by which a statement allows grants without a limit on them.
fn unlimited(statement: &Statement) -> Option<(&Statement, &Spanned<ActionPattern>)> {
    if !statement.allows() || !statement.unread_conditions.is_empty() {
        return None;
    }
    // What covers more than grants is an administrator's pattern, such as the console's own kms:Create*.
    let action = statement.listed_actions()?.read.iter().find(|action| covers_grants_alone(&action.value))?;
    let limits = |key: &str| LIMITS.iter().any(|limit| limit.eq_ignore_ascii_case(key));
    let is_limited = statement.conditions.iter().any(|condition| limits(condition.key.value.as_str()));
    (!is_limited).then_some((statement, action))
}

fn told(statement: &Statement, action: &Spanned<ActionPattern>, holder: &PrincipalArn) -> Finding {
    let message = format!("`{}` may grant the use of this key to anybody", holder.as_str());
    let finding = Finding::new(&GRANTS_NOT_SERVICE_LIMITED, action.span, message)
        .help("add \"Bool\": {\"kms:GrantIsForAWSResource\": \"true\"} in a statement about grants alone");
    let about_grants = statement
        .listed_actions()
        .is_some_and(|actions| actions.values().all(about_grants) && actions.read.len() == actions.len());
    match (&statement.resources, statement.condition_element) {
        (Some(resources), None) if about_grants => {
            let condition = ", \"Condition\": {\"Bool\": {\"kms:GrantIsForAWSResource\": \"true\"}}";
            let edits = vec![Edit::after(resources.listed().element.value, condition)];
            finding.fix("allow grants for AWS services alone", Applicability::Unsafe, edits)
        }
        _ => finding,
    }
}

fn covers_grants_alone(pattern: &ActionPattern) -> bool {
    pattern.covers("kms:CreateGrant") && about_grants(pattern)
}

fn about_grants(pattern: &ActionPattern) -> bool {
    operations::covers_only(pattern, |operation| operation.ends_with("Grant") || operation.ends_with("Grants"))
}

/// Whom a policy lets rewrite it, so that grants give them nothing new.
struct Administrators<'p> {
    named: HashSet<&'p str>,
    roles: Vec<&'p Principal>,
    anyone: bool,
}

impl<'p> Administrators<'p> {
    fn of(policy: &'p Policy) -> Self {
        let rewriting = |statement: &&Statement| statement.allows() && statement.covers_action("kms:PutKeyPolicy");
        let listed = policy.statements.iter().filter(rewriting).filter_map(Statement::named_principals);
        let principals: Vec<&Principal> = listed.flat_map(Listed::values).collect();
        Self {
            named: principals.iter().filter_map(|principal| principal.arn()).map(PrincipalArn::as_str).collect(),
            anyone: principals.iter().any(|principal| **principal == Principal::Anyone),
            roles: principals.into_iter().filter(|principal| matches!(principal, Principal::Role(_))).collect(),
        }
    }

    fn include(&self, principal: &Principal) -> bool {
        let by_role = || self.roles.iter().any(|role| role.names(principal));
        self.anyone
            || principal.arn().is_some_and(|arn| self.named.contains(arn.as_str()))
            || (matches!(principal, Principal::AssumedRole(_)) && by_role())
    }
}

/// A role that a service made for itself: only the service can assume it.
///
/// Source: IAM User Guide, "Create a service-linked role".
fn is_service_linked(arn: &PrincipalArn) -> bool {
    arn.as_str().contains(":role/aws-service-role/")
}
