//! Who calls KMS, what can be said of it for certain, and which condition fails.

use crate::{
    document::Project,
    finding::Finding,
    policy::{PolicyKind, Principal, PrincipalArn, Statement},
    source::Span,
};

use super::asked;

/// What can be said for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
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

    pub(super) fn maybe_unless(is_certain: bool) -> Self {
        if is_certain { Self::Yes } else { Self::Maybe }
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
    /// The aliases of its key, where others are asked of than the files tell.
    pub(super) aliases: Option<&'p [&'p str]>,
}

impl<'p, 'a> Caller<'p, 'a> {
    /// Every workload that is declared, or that files name; Kasten calls KMS by itself.
    pub(super) fn workloads(project: &'p Project<'a>) -> impl Iterator<Item = Self> {
        project.workloads().filter_map(move |principal| {
            Some(Self { project, principal, arn: principal.arn()?, calls: Calls::Directly, aliases: None })
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

impl<'p> Caller<'p, '_> {
    /// The aliases of its key; `None` where nothing tells.
    pub(super) fn aliases(self) -> Option<Vec<&'p str>> {
        let told = || Some(self.project.aliases()).filter(|aliases| !aliases.is_empty());
        self.aliases.map(<[&str]>::to_vec).or_else(told)
    }

    /// Where Kasten is told to name its key by the ARN: its requests then carry no alias. Others may name it as they like.
    pub(super) fn names_the_key_by_arn(self) -> Option<Span> {
        let is_kasten = self.project.derivation(self.principal).is_some() || self.project.derived.is_empty();
        self.project.key_named_by_arn().filter(|_| is_kasten)
    }
}

/// How a workload calls KMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calls {
    /// By itself: requests carry no `kms:ViaService`, and no `kms:RequestAlias` where the key is named by its ARN.
    Directly,
    /// By way of whatever service a condition names, and by whatever alias.
    Anyhow,
}

/// The first condition of a statement that cannot hold: where, and why.
pub(super) fn failing(statement: &Statement, caller: Caller<'_, '_>) -> Option<(Span, String)> {
    let condition = statement.conditions.iter().find(|row| asked::row(row, statement, caller) == Certainty::No)?;
    let reason = match caller.aliases().filter(|_| condition.key.value.is("kms:ResourceAliases")) {
        Some(aliases) => format!("the key's alias is {}", aliases.join(", ")),
        None => "this never holds for the workload".to_owned(),
    };
    Some((condition.element.value, reason))
}
