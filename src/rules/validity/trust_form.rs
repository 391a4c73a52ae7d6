//! Trust policies: who may be named in them, and what must stand beside a condition.

use std::collections::HashMap;

use crate::{
    finding::{Finding, RuleInfo},
    policy::{
        AccountId, Arn, Condition, Listed, Policy, PolicyKind, Principal, PrincipalArn, Quantifier, Statement,
        is_placeholder,
    },
    reference::{KeyOwner, fact},
    rules::{Aws, Check, Findings, RuleContext, declare::declare_rules},
    source::{Span, Spanned},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a trust policy that lets in IAM Roles Anywhere without one of the three actions that it needs.
    ///
    /// ## Why it matters
    /// The service cannot assume the role: it passes a source identity and session tags each time.
    ///
    /// ## How to fix it
    /// Allow `sts:AssumeRole`, `sts:SetSourceIdentity` and `sts:TagSession`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", missing action for roles anywhere trust policy; IAM Roles
    /// Anywhere User Guide, "Trust model".
    pub ROLES_ANYWHERE_ACTIONS = {
        id: "roles-anywhere-actions", code: Some("MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY"),
        severity: Error, confidence: High, persona: Regular,
        summary: "IAM Roles Anywhere lacks an action that it needs",
    }

    /// ## What it does
    /// Flags an identity provider in a trust policy that is neither a domain nor the ARN of a provider.
    ///
    /// ## Why it matters
    /// AWS refuses the policy.
    ///
    /// ## How to fix it
    /// Write the domain (`accounts.google.com`), or the ARN: `arn:aws:iam::ACCOUNT:saml-provider/NAME` or
    /// `arn:aws:iam::ACCOUNT:oidc-provider/HOST`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", invalid federated principal syntax in role trust policy; "AWS
    /// JSON policy elements: Principal", federated principals.
    pub FEDERATED_PRINCIPAL_FORM = {
        id: "federated-principal-form", code: Some("INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY"),
        severity: Error, confidence: High, persona: Regular,
        summary: "no identity provider is named like this",
    }

    /// ## What it does
    /// Flags a condition on what a caller passes with a session, such as `sts:SourceIdentity` or `aws:RequestTag/…`, in a
    /// statement that lets a role be assumed, where no statement allows the action by which it is passed.
    ///
    /// ## Why it matters
    /// Without `sts:SetSourceIdentity` or `sts:TagSession` nobody may pass it, and the condition never holds.
    ///
    /// ## How to fix it
    /// Add the action to the statement.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", missing action for condition key; "Pass session tags in AWS
    /// STS"; "Monitor and control actions taken with assumed roles".
    pub ACTION_FOR_KEY_MISSING = {
        id: "action-for-key-missing", code: Some("MISSING_ACTION_FOR_CONDITION_KEY"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a condition on what nobody may pass",
    }

    /// ## What it does
    /// Flags a wildcard in the `sub` that a trust policy asks of GitHub, unless the repository is named and `ref` is asked for
    /// besides.
    ///
    /// ## Why it matters
    /// Every repository, branch, environment and pull request that the pattern matches may assume the role.
    ///
    /// ## How to fix it
    /// Write `repo:OWNER/NAME:ref:refs/heads/BRANCH`, or ask for `token.actions.githubusercontent.com:ref` besides.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", specific GitHub repo and branch recommended.
    pub GITHUB_SUB_OPEN = {
        id: "github-sub-open", code: Some("SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "a wildcard in what is asked of GitHub",
    }

    /// ## What it does
    /// Flags `ForAnyValue:` on the audience (`aud`) of an identity provider whose tokens have one; and any set operator on the
    /// audience of a provider that AWS does not know, whose tokens may have one or several.
    ///
    /// ## Why it matters
    /// A set operator is for claims with several values. On one with a single value it says nothing, or lets in tokens that
    /// lack it.
    ///
    /// ## How to fix it
    /// Take the set operator away, if the provider's tokens have one audience.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", `ForAnyValue` with audience claim type, confirm audience claim
    /// type.
    pub AUDIENCE_WITH_SET_OPERATOR = {
        id: "audience-with-set-operator", code: Some("FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE"),
        further_codes: &["CONFIRM_AUDIENCE_CLAIM_TYPE"],
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["foranyvalue-single-valued"],
        summary: "a set operator on the audience of a token",
    }

    /// ## What it does
    /// Flags a session of a role beside the role itself in a trust policy.
    ///
    /// ## Why it matters
    /// The role stands for all its sessions: the session says nothing more.
    ///
    /// ## How to fix it
    /// Take the session away; or the role, if only this session is meant.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", redundant principal in role trust policy.
    pub SESSION_BESIDE_ROLE = {
        id: "session-beside-role", code: Some("REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY"),
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a session beside its role",
    }
}

/// The form of trust policies.
pub(crate) struct TrustForm;

impl Check for TrustForm {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Trust
    }

    fn policy(&self, policy: &Policy, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if policy.is_complete() {
            roles_anywhere(policy, out);
            for statement in policy.statements.iter().filter(|statement| statement.allows()) {
                statement.conditions.iter().for_each(|condition| setting(condition, statement, policy, out));
            }
        }
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if let Some(principals) = &statement.principals {
            principals.listed().read.iter().for_each(|principal| federated(principal, out));
            sessions(principals.listed(), out);
        }
        for condition in statement.conditions.iter().filter(|_| statement.allows()) {
            github(condition, statement, out);
            audience(condition, cx.aws, out);
        }
    }
}

const ROLES_ANYWHERE: &str = "rolesanywhere.amazonaws.com";

fn roles_anywhere(policy: &Policy, out: &mut Findings<'_>) {
    const NEEDED: [&str; 3] = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"];
    let is_it = |principal: &Principal| matches!(principal, Principal::Service(name) if name == ROLES_ANYWHERE);
    let names_it =
        |statement: &&Statement| statement.named_principals().is_some_and(|listed| listed.values().any(is_it));
    let allowing: Vec<&Statement> =
        policy.statements.iter().filter(|statement| statement.allows()).filter(names_it).collect();
    let missing: Vec<&str> =
        NEEDED.into_iter().filter(|action| !allowing.iter().any(|statement| statement.covers_action(action))).collect();
    let Some(place) = allowing
        .iter()
        .filter_map(|statement| statement.named_principals())
        .flat_map(|listed| &listed.read)
        .find(|principal| is_it(&principal.value))
    else {
        return;
    };
    if !missing.is_empty() {
        let message = format!("IAM Roles Anywhere needs {} too", missing.join(" and "));
        let finding = Finding::new(&ROLES_ANYWHERE_ACTIONS, place.span, message);
        out.push(finding.help("allow sts:AssumeRole, sts:SetSourceIdentity and sts:TagSession"));
    }
}

fn federated(principal: &Spanned<Principal>, out: &mut Findings<'_>) {
    let Principal::Federated(text) = &principal.value else { return };
    if is_placeholder(text) || text.contains("${") {
        return;
    }
    let fits = match Arn::parse(text) {
        Ok(arn) => {
            arn.service == "iam"
                && ["saml-provider/", "oidc-provider/"]
                    .iter()
                    .any(|kind| arn.resource.len() > kind.len() && arn.resource.starts_with(kind))
        }
        Err(_) => is_domain(text),
    };
    if !fits {
        let finding =
            Finding::new(&FEDERATED_PRINCIPAL_FORM, principal.span, format!("`{text}` is no identity provider"));
        out.push(finding.help("write its domain, or the ARN of a SAML or OIDC provider in IAM"));
    }
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let host = text.split('/').next().unwrap_or_default();
    host.contains('.') && host.split('.').all(label) && !text.starts_with("arn")
}

fn sessions(principals: &Listed<Principal>, out: &mut Findings<'_>) {
    let mut roles: HashMap<(AccountId, &str), (&PrincipalArn, Span)> = HashMap::new();
    for principal in &principals.read {
        if let Principal::Role(role) = &principal.value {
            roles.entry((role.account(), role.name())).or_insert((role, principal.span));
        }
    }
    for principal in &principals.read {
        let Principal::AssumedRole(session) = &principal.value else { continue };
        let role = roles.get(&(session.account(), session.holder()));
        if let Some((_, place)) = role.filter(|(role, _)| role.is_role_of(session)) {
            let finding = Finding::new(&SESSION_BESIDE_ROLE, principal.span, "the role stands for this session too")
                .related(*place, "the role");
            out.push(finding.help("take the session away; or the role, if only this session is meant"));
        }
    }
}

/// A condition on what a caller passes, where no statement of the policy allows to pass it.
fn setting(condition: &Condition, statement: &Statement, policy: &Policy, out: &mut Findings<'_>) {
    let key = condition.key.value.as_str();
    let is_tag = key.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("aws:RequestTag/"));
    let fact = fact("setting-action", if is_tag { "aws:RequestTag/" } else { key });
    let Some(fact) = fact.filter(|_| !condition.operator.value.comparison.asks_presence()) else { return };
    let Some(listed) = statement.listed_actions() else { return };
    let assumes = listed.values().any(|action| action.as_str().to_ascii_lowercase().starts_with("sts:assumerole"));
    let is_allowed = || policy.statements.iter().any(|other| other.allows() && other.covers_action(fact.value));
    if assumes && listed.unknown.is_empty() && !is_allowed() {
        let message = format!("nobody may pass {key} without {}", fact.value);
        let finding = Finding::new(&ACTION_FOR_KEY_MISSING, condition.key.span, message);
        out.push(finding.help(format!("add {} to the actions", fact.value)));
    }
}

const GITHUB: &str = "token.actions.githubusercontent.com";

fn github(condition: &Condition, statement: &Statement, out: &mut Findings<'_>) {
    let key = condition.key.value.as_str();
    let Some(claim) = key.get(GITHUB.len()..).filter(|_| key[..GITHUB.len()].eq_ignore_ascii_case(GITHUB)) else {
        return;
    };
    let comparison = condition.operator.value.comparison;
    if !claim.eq_ignore_ascii_case(":sub") || comparison.is_negated() || !comparison.takes_wildcards() {
        return;
    }
    // A condition that is not known may ask for it.
    let asks_for_ref = !statement.unread_conditions.is_empty()
        || statement
            .conditions
            .iter()
            .any(|row| row.key.value.as_str().eq_ignore_ascii_case(&format!("{GITHUB}:ref")) && row.names_values());
    for value in &condition.values.read {
        let text = value.value.as_str();
        let Some(at) = text.find(['*', '?']) else { continue };
        let within = text[..at].strip_prefix("repo:").and_then(|rest| rest.split_once(':')).map(|(_, within)| within);
        if within.is_none() || !asks_for_ref {
            let what = within.map_or("any repository that it matches", github_kind);
            let finding = Finding::new(&GITHUB_SUB_OPEN, value.span, format!("{what} may assume the role"));
            out.push(finding.help("write repo:OWNER/NAME:ref:refs/heads/BRANCH"));
        }
    }
}

/// What a pattern leaves open whose start within the repository is this.
///
/// Source: GitHub Docs, "`OpenID` Connect reference", example subject claims.
fn github_kind(start: &str) -> &'static str {
    const KINDS: [(&str, &str); 3] = [
        ("ref:refs/tags/", "any tag that it matches"),
        ("ref:refs/heads/", "any branch that it matches"),
        ("environment:", "any environment that it matches"),
    ];
    KINDS.iter().find(|(kind, _)| start.starts_with(kind)).map_or("any branch of the repository", |(_, what)| what)
}

fn audience(condition: &Condition, aws: Aws<'_>, out: &mut Findings<'_>) {
    let key = condition.key.value.as_str();
    let Some(quantifier) = condition.operator.value.quantifier.filter(|_| ends_with_audience(key)) else { return };
    let known = aws
        .reference
        .condition_key(key)
        .filter(|_| !matches!(aws.reference.service_of_key(key), Some(KeyOwner::Provider)));
    let finding = match (known, quantifier) {
        (Some(known), _) if known.is_multi_valued() => return,
        (Some(_), Quantifier::ForAnyValue) => {
            Finding::new(&AUDIENCE_WITH_SET_OPERATOR, condition.key.span, format!("{key} has one value"))
                .help("take `ForAnyValue:` away")
        }
        // A rule of its own tells of ForAllValues on a key with one value.
        (Some(_), Quantifier::ForAllValues) => return,
        (None, _) => {
            Finding::new(&AUDIENCE_WITH_SET_OPERATOR, condition.key.span, format!("{key} has one value or several"))
                .code("CONFIRM_AUDIENCE_CLAIM_TYPE")
                .severity(crate::finding::Severity::Note)
                .help("take the set operator away if the provider's tokens have one audience")
        }
    };
    out.push(finding);
}

fn ends_with_audience(key: &str) -> bool {
    key.rsplit_once(':').is_some_and(|(_, claim)| claim.eq_ignore_ascii_case("aud"))
}
