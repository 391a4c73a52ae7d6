//! Principals that AWS refuses, or that name somebody else than their author thinks.

use crate::{
    finding::{Finding, Persona, RuleInfo, Severity},
    policy::{Arn, Condition, Principal, PrincipalKind, Statement, glob, is_placeholder, is_placeholder_value},
    reference::fact,
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::Spanned,
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a wildcard inside the ARN of a principal: `arn:aws:iam::111122223333:role/app-*`.
    ///
    /// ## Why it matters
    /// AWS refuses the policy: a principal is named whole, or everybody is meant by `"*"`.
    ///
    /// ## How to fix it
    /// Name each principal, or name the account and add a condition `ArnLike` on `aws:PrincipalArn` with the pattern.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal"; "Access Analyzer policy check reference", unsupported wildcard
    /// in principal.
    pub PRINCIPAL_WILDCARD_IN_ARN = {
        id: "principal-wildcard-in-arn", code: Some("UNSUPPORTED_WILDCARD_IN_PRINCIPAL"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a wildcard in the ARN of a principal",
    }

    /// ## What it does
    /// Flags an IAM group as a principal.
    ///
    /// ## Why it matters
    /// AWS refuses the policy: a group is no identity that can be authenticated.
    ///
    /// ## How to fix it
    /// Name a role or users, or name the account and let the group's own policy say what its members may do.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal".
    pub GROUP_AS_PRINCIPAL = {
        id: "group-as-principal", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "a group stands as a principal",
    }

    /// ## What it does
    /// Flags a unique id (`AIDA…`, `AROA…`) as a principal.
    ///
    /// ## Why it matters
    /// AWS puts the id in the place of an ARN once the user or role is deleted. The grant is dead, and a new principal of the
    /// old name does not bring it back.
    ///
    /// ## How to fix it
    /// Take it away, or name the new principal by its ARN.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal"; "Access Analyzer policy check reference", invalid user
    /// reference and invalid role reference.
    pub PRINCIPAL_UNIQUE_ID = {
        id: "principal-unique-id", code: None,
        further_codes: &["INVALID_ROLE_REFERENCE", "INVALID_USER_REFERENCE"],
        severity: Warning, confidence: High, persona: Regular,
        summary: "a principal that was deleted",
    }

    /// ## What it does
    /// Flags a session of a role as a principal: for the pedantic, as a name that only this session has; as an error with a
    /// wildcard for the session.
    ///
    /// ## Why it matters
    /// The next session of the role has another name, and the grant ends. A wildcard there is refused.
    ///
    /// ## How to fix it
    /// Name the role, which stands for all its sessions.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal", role session principals.
    pub ASSUMED_ROLE_SESSION_PRINCIPAL = {
        id: "assumed-role-session-principal", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "one session of a role stands as a principal",
    }

    /// ## What it does
    /// Flags a service principal that has not the form `SERVICE.amazonaws.com`, in `Principal` and under condition keys that
    /// hold one, such as `aws:CalledVia`. A name of several words under that key is a warning alone: Access Analyzer objects to
    /// it, and services exist whose principal has such a name.
    ///
    /// ## Why it matters
    /// AWS refuses the policy, or no service ever has that name.
    ///
    /// ## How to fix it
    /// Write the name from the service's own documentation; it seldom is the action prefix alone.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: Principal", AWS service principals; "Access Analyzer policy check
    /// reference", invalid service principal format.
    pub SERVICE_PRINCIPAL_FORMAT = {
        id: "service-principal-format", code: Some("INVALID_SERVICE_PRINCIPAL_FORMAT"),
        severity: Error, confidence: High, persona: Regular,
        summary: "no service has a principal of this form",
    }
}

/// The principals of a statement.
pub(crate) struct Principals;

impl Check for Principals {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in &statement.conditions {
            service_values(condition, out);
        }
        let Some(clause) = &statement.principals else { return };
        let listed = clause.listed();
        for principal in &listed.read {
            read(principal, out);
        }
        let kinds = statement.malformed_principal_kinds.iter();
        for (text, kind) in listed.malformed.iter().zip(kinds) {
            if *kind == Some(PrincipalKind::Aws) && !is_placeholder(&text.value) {
                malformed(text, out);
            }
        }
    }
}

fn read(principal: &Spanned<Principal>, out: &mut Findings<'_>) {
    match &principal.value {
        Principal::UniqueId(id) => {
            let finding = Finding::new(&PRINCIPAL_UNIQUE_ID, principal.span, "this principal was deleted")
                .label("AWS writes the id once the user or role is gone")
                .help("take it away, or name the new principal by its ARN");
            out.push(match id.get(..4) {
                Some("AIDA") => finding.code("INVALID_USER_REFERENCE"),
                Some("AROA") => finding.code("INVALID_ROLE_REFERENCE"),
                _ => finding,
            });
        }
        Principal::AssumedRole(_) => {
            let message = "only this one session of the role is meant";
            let finding = Finding::new(&ASSUMED_ROLE_SESSION_PRINCIPAL, principal.span, message);
            let finding = finding.severity(Severity::Note).persona(Persona::Pedantic);
            out.push(finding.help("name the role, which stands for all its sessions"));
        }
        Principal::Service(name) if !is_placeholder(name) && !is_service(name) => {
            let finding = Finding::new(&SERVICE_PRINCIPAL_FORMAT, principal.span, format!("`{name}` is no service"));
            out.push(finding.help("a service is named like `ec2.amazonaws.com`"));
        }
        _ => {}
    }
}

fn malformed(text: &Spanned<String>, out: &mut Findings<'_>) {
    let Ok(arn) = Arn::parse(&text.value) else { return };
    if arn.service == "iam" && arn.resource.starts_with("group/") {
        let finding = Finding::new(&GROUP_AS_PRINCIPAL, text.span, "a group cannot be a principal");
        out.push(finding.help("name a role or users, or the account"));
        return;
    }
    if !text.value.contains(['*', '?']) {
        return;
    }
    if arn.resource.starts_with("assumed-role/") {
        let message = "a session is named whole, or the role is";
        let finding = Finding::new(&ASSUMED_ROLE_SESSION_PRINCIPAL, text.span, message);
        out.push(finding.help("name the role: arn:aws:iam::ACCOUNT:role/NAME stands for all its sessions"));
    } else {
        let finding = Finding::new(&PRINCIPAL_WILDCARD_IN_ARN, text.span, "a principal's ARN takes no wildcard");
        out.push(finding.help("name the account, and add a condition ArnLike on aws:PrincipalArn with this pattern"));
    }
}

/// The values of a condition key that holds a service principal.
fn service_values(condition: &Condition, out: &mut Findings<'_>) {
    let Some(fact) = fact("service-principal-key", condition.key.value.as_str()) else { return };
    if !condition.operator.value.comparison.name().starts_with("String") {
        return;
    }
    for value in &condition.values.read {
        let name = value.value.as_str();
        if glob::is_pattern(name) || is_placeholder_value(name) {
            continue;
        }
        if !is_service(name) {
            let finding = Finding::new(&SERVICE_PRINCIPAL_FORMAT, value.span, format!("`{name}` is no service"));
            out.push(finding.help("a service is named like `ec2.amazonaws.com`, in lower case"));
        } else if fact.value == "one" && !has_one_word(name) {
            let message = format!("`{name}` has several words before `.amazonaws.com`");
            let finding = Finding::new(&SERVICE_PRINCIPAL_FORMAT, value.span, message).severity(Severity::Warning);
            let key = condition.key.value.as_str();
            out.push(
                finding.help(format!("Access Analyzer takes one word in {key}; CloudTrail shows the service's name")),
            );
        }
    }
}

/// Whether nothing but a word stands before the domain of a service principal.
fn has_one_word(name: &str) -> bool {
    name.contains("${") || name.split(".amazonaws.").next().is_none_or(|own| !own.contains('.'))
}

/// Whether a name has the form of a service principal, in any partition.
pub(crate) fn is_service(name: &str) -> bool {
    const DOMAINS: [&str; 7] = [
        ".amazonaws.com",
        ".amazonaws.com.cn",
        ".amazonaws.eu",
        ".aws.internal",
        ".c2s.ic.gov",
        ".sc2s.sgov.gov",
        ".amazon.com",
    ];
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
    };
    let service = DOMAINS.iter().find_map(|domain| name.strip_suffix(domain));
    service.is_some_and(|service| service.split('.').all(label)) || name.contains("${")
}
