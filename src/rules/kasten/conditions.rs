//! Whether a statement's conditions hold for a workload that calls KMS directly, as far as the files tell.

use crate::{
    document::Project,
    finding::Finding,
    policy::{AccountId, Comparison, Condition, PolicyKind, Principal, PrincipalArn, Quantifier, Statement, glob},
    source::Span,
};

/// What can be said for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// It is so.
    Yes,
    /// The files leave it open, or another rule tells of it.
    Maybe,
    /// It is not so.
    No,
}

impl Certainty {
    pub(super) fn of(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }

    pub(super) fn maybe_if(may_be: bool) -> Self {
        if may_be { Self::Maybe } else { Self::No }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Maybe,
        }
    }

    pub(super) fn any(all: impl Iterator<Item = Self>) -> Self {
        all.fold(Self::No, Self::or)
    }
}

/// Who calls KMS, and how.
#[derive(Clone, Copy)]
pub(super) struct Caller<'p, 'a> {
    pub(super) project: &'p Project<'a>,
    pub(super) principal: &'p Principal,
    pub(super) arn: &'p PrincipalArn,
    pub(super) calls: Calls,
}

impl<'p, 'a> Caller<'p, 'a> {
    /// Every workload that is declared, or that files name; Kasten calls KMS by itself.
    pub(super) fn workloads(project: &'p Project<'a>) -> impl Iterator<Item = Self> {
        project.workloads().filter_map(move |principal| {
            Some(Self { project, principal, arn: principal.arn()?, calls: Calls::Directly })
        })
    }
}

impl Caller<'_, '_> {
    /// Points at what made the principal the workload, where files did.
    pub(super) fn where_named(self, finding: Finding) -> Finding {
        match self.project.derivation(self.principal) {
            Some(derived) => {
                // Which files belong together is a guess where there are several keys.
                let is_guess = self.project.policies(PolicyKind::Key).nth(1).is_some();
                let among = if is_guess { ", for the files of this folder" } else { "" };
                finding.related(derived.place, format!("`{}` makes it the workload{among}", derived.field))
            }
            None => finding,
        }
    }
}

/// How a workload calls KMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calls {
    /// By itself: requests carry no `kms:ViaService`.
    Directly,
    /// By way of whatever service a condition names.
    ByAnyService,
}

/// Whether all conditions of a statement hold.
pub(super) fn hold(statement: &Statement, caller: Caller<'_, '_>) -> Certainty {
    let start = if statement.unread_conditions.is_empty() { Certainty::Yes } else { Certainty::Maybe };
    statement.conditions.iter().map(|condition| holds(condition, caller)).fold(start, Certainty::and)
}

/// The first condition of a statement that cannot hold: where, and why.
pub(super) fn failing(statement: &Statement, caller: Caller<'_, '_>) -> Option<(Span, String)> {
    let condition = statement.conditions.iter().find(|row| holds(row, caller) == Certainty::No)?;
    let aliases = caller.project.aliases().join(", ");
    let reason = if condition.key.value.is("kms:ResourceAliases") && !aliases.is_empty() {
        format!("the key's alias is {aliases}")
    } else {
        "this never holds for the workload".to_owned()
    };
    Some((condition.element.value, reason))
}

/// Whether one row of a condition holds.
pub(super) fn holds(condition: &Condition, caller: Caller<'_, '_>) -> Certainty {
    let (key, arn) = (&condition.key.value, caller.arn);
    if key.is("kms:ResourceAliases") {
        return resource_aliases(condition, caller.project);
    }
    if key.is("kms:ViaService") && caller.calls == Calls::Directly {
        return without_key(condition);
    }
    if key.is("kms:CallerAccount") || key.is("aws:PrincipalAccount") {
        return compare(condition, arn.account().as_str());
    }
    // For a session the key holds the ARN of its role, path included, which the session's ARN does not tell.
    if key.is("aws:PrincipalArn") && matches!(caller.principal, Principal::Role(_) | Principal::User(_)) {
        return compare(condition, arn.as_str());
    }
    Certainty::Maybe
}

/// Whether a row holds for a request that does not carry its key.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators"; "Set operators for multivalued context keys".
fn without_key(condition: &Condition) -> Certainty {
    let operator = condition.operator.value;
    match (operator.comparison, operator.quantifier) {
        (Comparison::Null, _) => match condition.values.read.as_slice() {
            [only] => Certainty::of(only.value.eq_ignore_ascii_case("true")),
            _ => Certainty::Maybe,
        },
        (_, Some(Quantifier::ForAllValues)) => Certainty::Yes,
        _ if operator.if_exists => Certainty::Yes,
        (_, Some(Quantifier::ForAnyValue)) => Certainty::No,
        (comparison, None) => Certainty::of(comparison.is_negated()),
    }
}

/// Whether one value of the request satisfies a condition.
fn compare(condition: &Condition, value: &str) -> Certainty {
    let operator = condition.operator.value;
    let matches: fn(&str, &str) -> bool = match operator.comparison {
        Comparison::StringEquals | Comparison::StringNotEquals => |pattern, value| pattern == value,
        Comparison::StringLike
        | Comparison::StringNotLike
        | Comparison::ArnLike
        | Comparison::ArnEquals
        | Comparison::ArnNotLike
        | Comparison::ArnNotEquals => glob::matches,
        _ => return Certainty::Maybe,
    };
    if condition.values.values().any(|pattern| is_open(pattern)) || !condition.values.unknown.is_empty() {
        return Certainty::Maybe;
    }
    let found = condition.values.values().any(|pattern| matches(pattern, value));
    Certainty::of(found != operator.comparison.is_negated())
}

/// Whether what a value stands for is decided elsewhere: a policy variable, a placeholder, a bad account number.
fn is_open(value: &str) -> bool {
    let bad_account = value.bytes().all(|byte| byte.is_ascii_digit()) && value.parse::<AccountId>().is_err();
    value.contains("${") || crate::policy::is_placeholder_value(value) || bad_account
}

fn resource_aliases(condition: &Condition, project: &Project<'_>) -> Certainty {
    let operator = condition.operator.value;
    let aliases = project.aliases();
    // Where nothing tells the key's aliases, the condition is the only word on them.
    if aliases.is_empty() && operator.quantifier == Some(Quantifier::ForAnyValue) {
        return Certainty::Yes;
    }
    if operator.quantifier != Some(Quantifier::ForAnyValue) || operator.comparison.is_negated() {
        return Certainty::Maybe;
    }
    let matches: fn(&str, &str) -> bool = match operator.comparison {
        Comparison::StringEquals => |pattern, value| pattern == value,
        Comparison::StringLike => glob::matches,
        _ => return Certainty::Maybe,
    };
    if condition.values.values().any(|pattern| aliases.iter().any(|alias| matches(pattern, alias))) {
        return Certainty::Yes;
    }
    // Values that other rules tell of: an ARN, a missing prefix, a wildcard that the operator does not know.
    let told = |value: &String| {
        !value.starts_with("alias/") || value.contains(['*', '?', '$']) || value.starts_with("alias/alias/")
    };
    Certainty::maybe_if(condition.values.values().any(told))
}
