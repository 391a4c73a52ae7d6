//! Statements that speak of everything but what they list: `NotAction`, `NotPrincipal`, `NotResource`.

use std::collections::HashSet;

use crate::{
    finding::{Finding, Persona, RuleInfo, Severity},
    policy::{AccountId, Clause, Listed, PolicyKind, Principal, Statement, names_account_root},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
};

declare_rules! { Security:
    /// ## What it does
    /// Flags an `Allow` with `NotAction`. Where `Resource` names ARNs of an identity policy, what is allowed ends with them:
    /// that is a note for the pedantic.
    ///
    /// ## Why it matters
    /// Every action but those listed is allowed, of every service, and so is every action that AWS adds later.
    ///
    /// ## How to fix it
    /// List the actions that are needed under `Action`. Write exceptions as a `Deny` of their own.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: `NotAction`", `NotAction` with Allow.
    pub ALLOW_NOT_ACTION = {
        id: "allow-not-action", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "every action but those listed is allowed",
    }

    /// ## What it does
    /// Flags an `Allow` with `NotPrincipal`; as a warning where a condition limits it.
    ///
    /// ## Why it matters
    /// It lets in everyone but those listed: strangers of every account, and callers who sign nothing. IAM no longer
    /// supports it.
    ///
    /// ## How to fix it
    /// Name who is meant under `Principal`.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: `NotPrincipal`"; "Access Analyzer policy check reference", allow with
    /// `NotPrincipal`; role trust policy syntax error, `NotPrincipal`.
    pub ALLOW_NOT_PRINCIPAL = {
        id: "allow-not-principal", code: Some("ALLOW_WITH_NOT_PRINCIPAL"),
        further_codes: &["ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL"],
        severity: Error, confidence: High, persona: Regular,
        summary: "everyone but those listed is let in",
    }

    /// ## What it does
    /// Flags a `Deny` with `NotPrincipal` that names a user, a role or a session, and not the account it belongs to, or a
    /// session and not its role.
    ///
    /// ## Why it matters
    /// Some services look at the account first, then at the role, then at the session. What is not named is denied, and with
    /// it the principal that was meant to be left alone. With a permissions boundary on the principal it is denied in any
    /// case.
    ///
    /// ## How to fix it
    /// Deny everyone, with a condition `ArnNotEquals` on `aws:PrincipalArn`. If `NotPrincipal` stays, list the account
    /// too, and the role of each session.
    ///
    /// ## Source
    /// IAM User Guide, "AWS JSON policy elements: `NotPrincipal`", key points.
    pub DENY_NOT_PRINCIPAL_WITHOUT_ACCOUNT = {
        id: "deny-not-principal-without-account", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a principal is exempt from a Deny, its account is not",
    }

    /// ## What it does
    /// Flags an `Allow` with `NotResource`.
    ///
    /// ## Why it matters
    /// Every resource but those listed is covered, in every account that lets the caller in, and every one that is yet to be
    /// made.
    ///
    /// ## How to fix it
    /// Name the resources under `Resource`. Write exceptions as a `Deny` of their own.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: `NotResource`".
    pub ALLOW_NOT_RESOURCE = {
        id: "allow-not-resource", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "every resource but those listed is covered",
    }
}

/// What a statement excepts.
pub(crate) struct Exceptions;

impl Check for Exceptions {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if statement.allows() {
            action(statement, cx.kind(), out);
            resource(statement, cx.kind(), out);
        }
        if let Some(Clause::AllBut(principals)) = &statement.principals {
            if statement.allows() {
                stranger(statement, principals, cx.kind(), out);
            } else if statement.denies() {
                account(principals, cx.kind(), out);
            }
        }
    }
}

fn action(statement: &Statement, kind: PolicyKind, out: &mut Findings<'_>) {
    use PolicyKind::{Identity, Key, Resource, Trust};
    let Some(Clause::AllBut(actions)) = &statement.actions else { return };
    if !matches!(kind, Identity | Key | Resource | Trust) {
        return;
    }
    let finding = Finding::new(&ALLOW_NOT_ACTION, actions.element.key, "every action but those listed is allowed")
        .label("also those that AWS adds later")
        .help("list the actions that are needed under `Action`");
    let named = statement.listed_resources().is_some_and(|resources| {
        resources.unknown.is_empty() && !resources.values().any(|resource| reaches_services(resource.as_str()))
    });
    out.push(if kind == Identity && named {
        finding.severity(Severity::Note).persona(Persona::Pedantic)
    } else {
        finding
    });
}

/// Whether a resource may be of any service: `*`, or an ARN that leaves the service open.
fn reaches_services(resource: &str) -> bool {
    let service = resource.split(':').nth(2);
    service.is_none_or(|service| service.contains(['*', '?', '$']))
}

fn resource(statement: &Statement, kind: PolicyKind, out: &mut Findings<'_>) {
    let Some(Clause::AllBut(resources)) = &statement.resources else { return };
    if !matches!(kind, PolicyKind::Identity | PolicyKind::Resource) {
        return;
    }
    let finding =
        Finding::new(&ALLOW_NOT_RESOURCE, resources.element.key, "every resource but those listed is covered");
    out.push(finding.help("name the resources under `Resource`"));
}

fn stranger(statement: &Statement, principals: &Listed<Principal>, kind: PolicyKind, out: &mut Findings<'_>) {
    use PolicyKind::{Endpoint, Key, Resource, Trust};
    if !matches!(kind, Endpoint | Key | Resource | Trust) {
        return;
    }
    let mut finding =
        Finding::new(&ALLOW_NOT_PRINCIPAL, principals.element.value, "everyone but those listed is let in")
            .label("strangers too, and callers who sign nothing")
            .help("name who is meant under `Principal`");
    if kind == Trust {
        finding = finding.code("ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL");
    }
    out.push(if statement.is_conditional() { finding.severity(Severity::Warning) } else { finding });
}

/// What stands above a principal and is not exempt with it.
enum Above {
    Account(AccountId),
    Role,
}

fn account(principals: &Listed<Principal>, kind: PolicyKind, out: &mut Findings<'_>) {
    use PolicyKind::{Endpoint, Key, Resource};
    // An account with a bad number was meant as some account, and an unknown value may be any.
    let is_open =
        !principals.unknown.is_empty() || principals.malformed.iter().any(|text| names_account_root(&text.value));
    if !matches!(kind, Endpoint | Key | Resource) || is_open {
        return;
    }
    let exempt = Exempt::of(principals);
    let mut denied = principals.read.iter().filter_map(|one| exempt.lacks(&one.value).map(|above| (one, above)));
    let Some((first, what)) = denied.next() else { return };
    let message = match what {
        Above::Account(account) => format!("account {account} is not exempt, so this principal may be denied too"),
        Above::Role => "the role of this session is not exempt, so it may be denied too".to_owned(),
    };
    let finding = Finding::new(&DENY_NOT_PRINCIPAL_WITHOUT_ACCOUNT, first.span, message)
        .help("deny everyone, with ArnNotEquals on aws:PrincipalArn; or list the account and the role too");
    out.push(denied.fold(finding, |finding, (other, _)| finding.related(other.span, "this one too")));
}

/// What a `NotPrincipal` names of accounts and roles.
#[derive(Default)]
struct Exempt<'p> {
    accounts: HashSet<AccountId>,
    roles: HashSet<(AccountId, &'p str)>,
}

impl<'p> Exempt<'p> {
    fn of(principals: &'p Listed<Principal>) -> Self {
        let mut exempt = Self::default();
        for principal in principals.values() {
            match principal {
                Principal::Account(account) => {
                    exempt.accounts.insert(*account);
                }
                Principal::Role(role) => {
                    exempt.roles.insert((role.account(), role.name()));
                }
                _ => {}
            }
        }
        exempt
    }

    /// What stands above a principal and is not named with it.
    fn lacks(&self, principal: &Principal) -> Option<Above> {
        let arn = principal.arn()?;
        if !self.accounts.contains(&arn.account()) {
            return Some(Above::Account(arn.account()));
        }
        let is_session = matches!(principal, Principal::AssumedRole(_));
        (is_session && !self.roles.contains(&(arn.account(), arn.holder()))).then_some(Above::Role)
    }
}
