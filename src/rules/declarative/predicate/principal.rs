//! Whom a statement names.

use super::{Judged, Subject, must_ask};
use crate::{
    finding::Complaint,
    policy::{AccountId, Clause, Condition, Principal, PrincipalKind, Statement, glob, names_account_root},
    rules::key_policy,
    simulate::scenario::fields,
    syntax::Node,
};

/// The predicates of `principal`.
#[derive(Debug, Default)]
pub(super) struct OfPrincipal {
    /// Some principal is one of these.
    is: Vec<Class>,
    /// Some principal is none of these.
    not: Vec<Class>,
}

/// Principals of one sort.
#[derive(Debug, PartialEq, Eq)]
enum Class {
    Anyone,
    AccountRoot,
    Role,
    User,
    Session,
    Service,
    Federated,
    OwnAccount,
    OtherAccount,
    Workload,
    Admin,
    /// Whoever belongs to this account.
    Account(AccountId),
    /// Whose ARN or service name the pattern matches.
    Named(String),
}

const KNOWN: [&str; 2] = ["is", "not"];
const CLASSES: &str = "anyone, account-root, role, user, session, service, federated, own-account, other-account, workload, \
                       admin, an account's number, an ARN or a service, with wildcards";

impl Class {
    fn read(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Option<Self> {
        let text = fields::scalar(node).unwrap_or_default();
        Some(match text.as_str() {
            "anyone" | "*" => Self::Anyone,
            "account-root" => Self::AccountRoot,
            "role" => Self::Role,
            "user" => Self::User,
            "session" => Self::Session,
            "service" => Self::Service,
            "federated" => Self::Federated,
            "own-account" => Self::OwnAccount,
            "other-account" => Self::OtherAccount,
            "workload" => Self::Workload,
            "admin" => Self::Admin,
            text if text.starts_with("arn:") || text.ends_with(".amazonaws.com") => Self::Named(text.to_owned()),
            text => {
                let Ok(account) = text.parse() else {
                    let message = format!("`{}` is no sort of principal", fields::shortened(text));
                    complaints.push(Complaint::new(node.span, message).help(format!("it is {CLASSES}")));
                    return None;
                };
                Self::Account(account)
            }
        })
    }

    /// Whether a principal is of this sort; `None` where that cannot be told.
    fn holds(&self, principal: &Principal, subject: &Subject<'_>) -> Option<bool> {
        let owner = || key_policy::owner(subject.policy, subject.project);
        Some(match self {
            Self::Anyone => *principal == Principal::Anyone,
            Self::AccountRoot => matches!(principal, Principal::Account(_)),
            Self::Role => matches!(principal, Principal::Role(_)),
            Self::User => matches!(principal, Principal::User(_)),
            Self::Session => matches!(principal, Principal::AssumedRole(_) | Principal::FederatedUser(_)),
            Self::Service => matches!(principal, Principal::Service(_)),
            Self::Federated => matches!(principal, Principal::Federated(_)),
            Self::OwnAccount => match principal.account() {
                Some(account) => account == owner()?,
                None => false,
            },
            Self::OtherAccount => match principal.account() {
                Some(account) => account != owner()?,
                None => *principal == Principal::Anyone,
            },
            Self::Workload => subject.project.workloads().any(|workload| names(principal, workload)),
            Self::Admin => subject.project.declared.admins.iter().any(|admin| names(principal, admin)),
            Self::Account(account) => principal.account() == Some(*account),
            Self::Named(pattern) => is_named(principal, pattern),
        })
    }

    /// Whether malformed text may be of this sort: it is some principal, of which the form tells little.
    fn of_malformed(&self, text: &str, kind: Option<PrincipalKind>) -> Option<bool> {
        match self {
            Self::AccountRoot => Some(names_account_root(text)),
            Self::Anyone => Some(false),
            Self::Service => Some(kind == Some(PrincipalKind::Service)),
            Self::Federated => Some(kind == Some(PrincipalKind::Federated)),
            _ => None,
        }
    }
}

fn names(principal: &Principal, who: &Principal) -> bool {
    *principal != Principal::Anyone && (principal.names(who) || who.names(principal))
}

fn is_named(principal: &Principal, pattern: &str) -> bool {
    let root = |account: &AccountId| {
        ["aws", "aws-cn", "aws-us-gov"].map(|partition| format!("arn:{partition}:iam::{account}:root"))
    };
    match principal {
        Principal::Service(name) | Principal::Federated(name) => glob::matches(pattern, name),
        Principal::Account(account) => root(account).iter().any(|arn| glob::matches(pattern, arn)),
        _ => principal.arn().is_some_and(|arn| glob::matches(pattern, arn.as_str())),
    }
}

impl OfPrincipal {
    pub(super) fn read(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Self {
        let fields = fields::of(node, "`principal`", &KNOWN, complaints);
        must_ask(node, "`principal`", &KNOWN, complaints);
        let mut classes = |name: &str| {
            let items = fields.get(name).map(Node::items).unwrap_or_default();
            items.iter().filter_map(|item| Class::read(item, complaints)).collect()
        };
        Self { is: classes("is"), not: classes("not") }
    }

    /// Some one principal must satisfy both.
    pub(super) fn judge(&self, subject: &Subject<'_>) -> Judged {
        let statement = subject.statement;
        let Some(clause) = &statement.principals else { return Judged::No };
        let Clause::Only(listed) = clause else {
            // Everyone but those listed: whatever else is asked, some such principal may satisfy it.
            let is = self.is.is_empty() || self.is.contains(&Class::Anyone) || self.is.contains(&Class::OtherAccount);
            return if is { Judged::Yes(Some(clause.listed().element.value)) } else { Judged::No };
        };
        let mut best = if listed.unknown.is_empty() { Judged::No } else { Judged::Unknown };
        let read = listed.read.iter().map(|one| (self.satisfied_by(&one.value, subject), one.span));
        let kinds = &statement.malformed_principal_kinds;
        let malformed =
            listed.malformed.iter().zip(kinds).map(|(one, kind)| (self.malformed(&one.value, *kind), one.span));
        for (satisfied, place) in read.chain(malformed) {
            if !subject.counts(place, listed.element.value) {
                continue;
            }
            match satisfied {
                Some(true) => return Judged::Yes(Some(place)),
                None => best = Judged::Unknown,
                Some(false) => {}
            }
        }
        best
    }

    fn satisfied_by(&self, principal: &Principal, subject: &Subject<'_>) -> Option<bool> {
        let is = self.is.is_empty() || any(self.is.iter().map(|class| class.holds(principal, subject)))?;
        if !is || self.not.is_empty() {
            return Some(is);
        }
        if is_open(principal) && self.is_narrowed(subject.statement) {
            return Some(false);
        }
        any(self.not.iter().map(|class| class.holds(principal, subject))).map(|one| !one)
    }

    fn malformed(&self, text: &str, kind: Option<PrincipalKind>) -> Option<bool> {
        let is = self.is.is_empty() || any(self.is.iter().map(|class| class.of_malformed(text, kind)))?;
        if !is || self.not.is_empty() {
            return Some(is);
        }
        any(self.not.iter().map(|class| class.of_malformed(text, kind))).map(|one| !one)
    }

    /// Whether a condition lets in none but those that `not` names: `"*"` under `ArnEquals` on `aws:PrincipalArn`.
    ///
    /// Source: IAM User Guide, "AWS global condition context keys", `aws:PrincipalArn`, `aws:PrincipalAccount`.
    fn is_narrowed(&self, statement: &Statement) -> bool {
        let fits = |row: &Condition, holds: &dyn Fn(&str) -> bool| {
            row.demands_key()
                && row.names_values()
                && row.values.unknown.is_empty()
                && !row.values.is_empty()
                && row.values.values().all(|value| holds(value))
        };
        let arn = |value: &str| {
            self.not.iter().any(|class| match class {
                Class::Named(pattern) => glob::includes(pattern, value),
                Class::Account(account) => value.split(':').nth(4) == Some(account.to_string().as_str()),
                _ => false,
            })
        };
        let account =
            |value: &str| value.parse().is_ok_and(|account: AccountId| self.not.contains(&Class::Account(account)));
        statement.conditions.iter().any(|row| {
            let is_text = !row.operator.value.comparison.asks_presence();
            is_text
                && (row.key.value.is("aws:PrincipalArn") && fits(row, &arn)
                    || ["aws:PrincipalAccount", "kms:CallerAccount"].iter().any(|key| row.key.value.is(key))
                        && fits(row, &account))
        })
    }
}

/// Whether a principal stands for many, which a condition may narrow.
fn is_open(principal: &Principal) -> bool {
    matches!(principal, Principal::Anyone | Principal::Account(_))
}

/// Whether any holds; `None` where that hangs on one that cannot be told.
fn any(classes: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut open = false;
    for holds in classes {
        match holds {
            Some(true) => return Some(true),
            None => open = true,
            Some(false) => {}
        }
    }
    if open { None } else { Some(false) }
}
