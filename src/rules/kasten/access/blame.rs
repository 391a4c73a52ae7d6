//! Who or what is to blame that the workload lacks access, and what is said of it.

use super::{Access, KMS_MINIMUM_MISSING, NEEDED, Naming, PRINCIPAL_IS_USER_BUT_ROLE_SET, PRINCIPAL_MISMATCH};
use super::{actions_place, covers_key, statement_place};
use crate::{
    document::{Part, PolicyDocument},
    finding::{Finding, Severity},
    policy::{Effect, Principal, ResourcePattern, Statement},
    rules::{
        Findings,
        kasten::{admission, conditions, conditions::Certainty},
    },
    semantics::Because,
    source::{Span, Spanned},
};

impl Access<'_, '_> {
    /// A principal of the key policy that holds the needed actions and is neither the workload nor an administrator: one
    /// of the workload's name first, then one that does not administer the key.
    pub(super) fn other_principal(&self) -> Option<(Span, String)> {
        let allowing = self.key.foreseen().statements.iter().filter(|statement| statement.allows());
        let using = allowing.filter(|statement| NEEDED.iter().any(|action| statement.covers_action(action)));
        let others: Vec<(&Spanned<Principal>, bool)> = using
            .filter_map(|statement| Some((statement.named_principals()?, statement.covers_action("kms:PutKeyPolicy"))))
            .flat_map(|(listed, administers)| listed.read.iter().map(move |principal| (principal, administers)))
            .filter(|(principal, _)| {
                !matches!(self.workload.project.part(&principal.value), Part::Admin | Part::Workload)
            })
            .collect();
        let rank = |(principal, administers): &&(&Spanned<Principal>, bool)| match principal.value.arn() {
            Some(arn) if arn.name() == self.workload.arn.name() => 0,
            Some(_) => 1 + u8::from(*administers),
            None => 3,
        };
        let is_foreign_root =
            |principal: &Principal| principal.account().is_some_and(|account| account != self.workload.arn.account());
        let fits = |(principal, _): &&(&Spanned<Principal>, bool)| {
            principal.value.arn().is_some() || (self.foreign && is_foreign_root(&principal.value))
        };
        let (other, _) = others.iter().filter(fits).min_by_key(rank)?;
        let name = other.value.arn().map_or("the key's own account".to_owned(), |arn| format!("`{}`", arn.as_str()));
        Some((other.span, name))
    }

    /// The first user who may use the key, where Kasten's access keys are there to assume a role.
    pub(super) fn user_in_the_roles_place(&self) -> Option<(Span, String)> {
        if !self.comes_by_keys() || self.key_statement(&NEEDED).is_some() {
            return None;
        }
        let allowing = self.key.policy.statements.iter().filter(|statement| statement.allows());
        let using = allowing.filter(|statement| NEEDED.iter().any(|action| statement.covers_action(action)));
        let listed = using.filter_map(Statement::named_principals).flat_map(|listed| &listed.read);
        let mut users = listed.filter(|principal| self.is_user_of_keys(&principal.value));
        let user = users.next()?;
        Some((user.span, format!("`{}`", user.value.arn()?.as_str())))
    }

    pub(super) fn is_user_of_keys(&self, principal: &Principal) -> bool {
        let is_one = matches!(self.workload.project.part(principal), Part::Admin | Part::Workload);
        matches!(principal, Principal::User(_)) && !is_one
    }

    pub(super) fn comes_by_keys(&self) -> bool {
        let derived = self.workload.project.derivation(self.workload.principal);
        derived.is_some_and(|derived| admission::comes_by_keys(derived, self.workload.project))
    }

    pub(super) fn user_for_role(&self, (place, name): &(Span, String)) -> Finding {
        let message = format!("this key policy lets in {name}, and Kasten calls KMS as its role");
        let finding = Finding::new(&PRINCIPAL_IS_USER_BUT_ROLE_SET, *place, message)
            .label(format!("the role is {}", self.workload.arn.as_str()))
            .help(format!("name {}; the user of the access keys only assumes it", self.workload.arn.as_str()));
        self.workload.where_named(finding)
    }

    pub(super) fn mismatch(&self, (place, name): (Span, String)) -> Finding {
        let message = format!("this key policy lets in {name}, not the workload");
        let finding = Finding::new(&PRINCIPAL_MISMATCH, place, message)
            .label(format!("the workload is {}", self.workload.arn.as_str()))
            .help(format!("name {}", self.workload.arn.as_str()));
        self.workload.where_named(finding)
    }

    /// Warns of a principal with the workload's name and another type or account, though the workload has access.
    pub(super) fn namesake(&self, out: &mut Findings<'_>) {
        let allowing = self.key.foreseen().statements.iter().filter(|statement| statement.allows());
        let named: Vec<_> = allowing.filter_map(Statement::named_principals).flat_map(|listed| &listed.read).collect();
        if named
            .iter()
            .any(|principal| principal.value.arn().is_some() && principal.value.names(self.workload.principal))
        {
            return;
        }
        for principal in named {
            let Some(arn) = principal.value.arn().filter(|arn| arn.name() == self.workload.arn.name()) else {
                continue;
            };
            if matches!(self.workload.project.part(&principal.value), Part::Admin | Part::Workload) {
                continue;
            }
            let message = format!("`{}` bears the workload's name and is another principal", arn.as_str());
            let of_keys = self.is_user_of_keys(&principal.value) && self.comes_by_keys();
            let rule = if of_keys { &PRINCIPAL_IS_USER_BUT_ROLE_SET } else { &PRINCIPAL_MISMATCH };
            let finding = Finding::new(rule, principal.span, message)
                .severity(Severity::Warning)
                .label(format!("the workload is {}", self.workload.arn.as_str()))
                .help("name the workload, or declare this one with --workload too; access rests on the workload's own policy");
            out.push(self.workload.where_named(finding));
        }
    }

    /// What is missing, at a statement that speaks of the workload and KMS.
    pub(super) fn tell_missing_in(&self, missing: &[&str], statement: &Statement) -> Finding {
        let limit = conditions::failing(statement, self.workload);
        let covered = missing.iter().all(|action| statement.covers_action(action));
        let finding = match (limit, self.out_of_reach(statement)) {
            (Some((place, reason)), _) if covered => self.tell_missing(missing, place, Some(reason)),
            (None, Some((place, reason))) if covered => {
                let finding = self.tell_missing(missing, place, Some(reason));
                finding.help(
                    "name the key there; `*` in the place of its id stands for every key of its account and Region",
                )
            }
            _ => self.tell_missing(missing, actions_place(statement), None),
        };
        let is_own = self.own_statements().any(|own| own.span == statement.span);
        let lacks = |document: &&PolicyDocument<'_>| {
            let allowing = || document.policy.statements.iter().filter(|statement| statement.allows());
            missing.iter().any(|action| !allowing().any(|statement| statement.covers_action(action)))
        };
        let finding = match self.boundary.filter(lacks) {
            Some(boundary) => finding.related(statement_place(boundary), "its permissions boundary does not allow it"),
            None => finding,
        };
        match self.letting_in(missing).filter(|_| is_own) {
            Some(place) => finding.related(place, "lets the account in, so that the workload's own policy decides"),
            None => finding,
        }
    }

    /// Where a statement of the workload's own lists resources of which none is the key, whose ARN is known.
    fn out_of_reach(&self, statement: &Statement) -> Option<(Span, String)> {
        let listed = statement.listed_resources().filter(|_| statement.principals.is_none())?;
        let is_other = |entry: &Spanned<ResourcePattern>| covers_key(&entry.value, self.workload) == Certainty::No;
        let mut arns = self.workload.project.keys().filter_map(|key| key.arn.as_ref());
        let (Some(arn), None) = (arns.next(), arns.next()) else { return None };
        let is_read = listed.read.len() == listed.len();
        let place = if listed.is_list { listed.element.key } else { listed.element.value };
        (is_read && listed.read.iter().all(is_other)).then(|| (place, format!("the key is {}", arn.value)))
    }

    /// Where the key policy leaves the decision to the workload's account.
    pub(super) fn letting_in(&self, missing: &[&str]) -> Option<Span> {
        let allowing = self.asked.statements(missing.first()?, Effect::Allow, Because::Resource);
        let is_certain = |span: Span| allowing.contains(&(span, Certainty::Yes));
        let mut letting_in = self.key.foreseen().statements.iter().filter(|statement| is_certain(statement.span));
        let statement = letting_in.find(|statement| self.naming(statement) == Naming::ByAccount)?;
        statement.principals.as_ref().map(|clause| clause.listed().element.value)
    }

    pub(super) fn tell_missing(&self, missing: &[&str], place: Span, reason: Option<String>) -> Finding {
        let message = match missing {
            [one, other] => format!("`{}` may call neither {one} nor {other}", self.workload.arn.as_str()),
            _ => format!("`{}` may not call {}", self.workload.arn.as_str(), either(missing)),
        };
        let finding = Finding::new(&KMS_MINIMUM_MISSING, place, message).help(remedy(missing));
        match reason {
            Some(reason) => self.workload.where_named(finding.label(reason)),
            None => self.workload.where_named(finding),
        }
    }
}

pub(super) fn remedy(missing: &[&str]) -> String {
    let what = if missing.len() > 1 { "both".to_owned() } else { missing.join(" and ") };
    format!("allow it {what}: Kasten needs kms:Encrypt and kms:Decrypt")
}

pub(super) fn either(missing: &[&str]) -> String {
    missing.join(" or ")
}
