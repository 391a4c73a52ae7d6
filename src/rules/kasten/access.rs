//! Whether the workload may encrypt and decrypt with the key, from its key policy and the workload's own policies.
//!
//! A first reading by the typed model. What a file leaves open, or another rule already tells of, counts as allowed here:
//! these rules speak only of what is certain.

use crate::{
    document::{Part, PolicyDocument, Project},
    finding::{Finding, RuleInfo, Severity},
    policy::{
        AccountId, ActionPattern, Clause, Listed, PolicyKind, Principal, PrincipalArn, ResourcePattern, Statement,
        is_placeholder, names_account_root,
    },
    rules::{Check, Findings, declare::declare_rules},
    source::Span,
};

use super::conditions::{self, Certainty};

declare_rules! { Kasten:
    /// ## What it does
    /// Flags a key policy that names another principal than the workload that `--workload` declares, where the workload
    /// gets no access any other way: a user instead of the role, a role of another account. Where the workload gets its
    /// access by its own policy, a namesake in the key policy is a warning.
    ///
    /// ## Why it matters
    /// KMS denies the workload every call. With Kasten, this is found when a backup is to be written, or restored.
    ///
    /// ## How to fix it
    /// Name the workload's role, or let the account in and give the role an identity policy. If access keys and a role are
    /// both set, the role is the one that calls KMS.
    ///
    /// ## Source
    /// KMS Developer Guide, "Key policies in AWS KMS"; "Allowing users in other accounts to use a KMS key".
    pub PRINCIPAL_MISMATCH = {
        id: "principal-mismatch", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the key policy names another principal than the workload",
    }

    /// ## What it does
    /// Flags a set-up in which the declared workload is not allowed both `kms:Encrypt` and `kms:Decrypt`: by the key policy
    /// itself, or by an identity policy where the key policy lets the account in. Both are needed for a key of another
    /// account.
    ///
    /// ## Why it matters
    /// Kasten encrypts its master key once and decrypts it whenever a backup is written or restored. What is missing is
    /// found at the worst time.
    ///
    /// ## How to fix it
    /// Allow both actions to the same principal.
    ///
    /// ## Source
    /// KMS Developer Guide, "Determining access to AWS KMS keys"; Kasten's page on protecting snapshots with AWS KMS.
    pub KMS_MINIMUM_MISSING = {
        id: "kms-minimum-missing", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the workload lacks kms:Encrypt or kms:Decrypt",
    }
}

/// The workload's access to its key.
pub(crate) struct KastenAccess;

const NO_OWN_POLICY: &str = "no policy of the workload is among these files";

/// What Kasten needs.
const NEEDED: [&str; 2] = ["kms:Encrypt", "kms:Decrypt"];

impl Check for KastenAccess {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        let workloads = project.declared.workloads.iter().filter_map(|workload| Some((workload, workload.arn()?)));
        for (workload, arn) in workloads {
            let keys: Vec<&PolicyDocument<'_>> = project.policies(PolicyKind::Key).collect();
            match keys[..] {
                [] => {}
                [key] => Access::new(project, key, workload, arn).tell(out),
                [first, ..] => {
                    let reason = "there are several key policies, and which key the workload uses cannot be told";
                    out.not_evaluated_at(&PRINCIPAL_MISMATCH, first.policy.span, reason);
                    out.not_evaluated_at(&KMS_MINIMUM_MISSING, first.policy.span, reason);
                }
            }
        }
    }
}

/// A workload before the policy of its key.
struct Access<'p, 'a> {
    project: &'p Project<'a>,
    key: &'p PolicyDocument<'a>,
    workload: &'p Principal,
    arn: &'p PrincipalArn,
    own: Vec<&'p PolicyDocument<'a>>,
    /// Whether the key belongs to another account than the workload.
    foreign: bool,
}

/// How a statement of the key policy speaks of the workload.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    Directly,
    ByAccount,
    /// A placeholder may stand for it.
    Perhaps,
    Not,
}

impl<'p, 'a> Access<'p, 'a> {
    fn new(
        project: &'p Project<'a>,
        key: &'p PolicyDocument<'a>,
        workload: &'p Principal,
        arn: &'p PrincipalArn,
    ) -> Self {
        let carries = |policy: &&PolicyDocument<'_>| {
            policy.holders.is_empty() || policy.holders.iter().any(|holder| holder == arn.name())
        };
        let own = project.policies(PolicyKind::Identity).filter(carries).collect();
        let owner = project.owner().or_else(|| only_account(key));
        Self { project, key, workload, arn, own, foreign: owner.is_some_and(|owner| owner != arn.account()) }
    }

    fn tell(&self, out: &mut Findings<'_>) {
        if !self.key.policy.is_complete() || self.own.iter().any(|policy| !policy.policy.is_complete()) {
            let reason = "a part of a policy is not known from these files";
            out.not_evaluated_at(&PRINCIPAL_MISMATCH, self.key.policy.span, reason);
            out.not_evaluated_at(&KMS_MINIMUM_MISSING, self.key.policy.span, reason);
            return;
        }
        let missing: Vec<&str> = NEEDED.into_iter().filter(|action| self.allows(action) == Certainty::No).collect();
        let open = NEEDED.iter().any(|action| self.allows(action) == Certainty::Maybe);
        if missing.is_empty() {
            self.namesake(out);
            if open && self.own.is_empty() {
                out.not_evaluated_at(&KMS_MINIMUM_MISSING, self.key.policy.span, NO_OWN_POLICY);
            }
        } else if let Some((place, reason)) = self.named_here() {
            self.tell_missing(&missing, place, reason, out);
        } else if let Some(other) = self.other_principal() {
            out.push(self.mismatch(other));
        } else if self.own.is_empty() {
            out.not_evaluated_at(&KMS_MINIMUM_MISSING, self.key.policy.span, NO_OWN_POLICY);
        } else if !self.is_told_by_the_root_rules(&missing) {
            let place = self.own.first().map_or(self.key.policy.span, |policy| statement_place(policy));
            self.tell_missing(&missing, place, None, out);
        }
    }

    /// Whether the workload may call an action on the key.
    fn allows(&self, action: &str) -> Certainty {
        let denied = self.denies(action);
        if denied == Certainty::Yes {
            return Certainty::No;
        }
        let direct = self.key_grants(action, Naming::Directly);
        let by_account = self.key_grants(action, Naming::ByAccount);
        let own = if self.own.is_empty() { Certainty::Maybe } else { self.own_grants(action) };
        let allowed = if self.foreign { direct.or(by_account).and(own) } else { direct.or(by_account.and(own)) };
        if denied == Certainty::Maybe { allowed.and(Certainty::Maybe) } else { allowed }
    }

    fn key_grants(&self, action: &str, naming: Naming) -> Certainty {
        let statements = self.key.policy.statements.iter().filter(|statement| statement.allows());
        Certainty::any(statements.filter(|statement| statement.covers_action(action)).map(|statement| {
            let conditions = conditions::hold(statement, self.project, self.workload, self.arn);
            match self.naming(statement) {
                Naming::Perhaps => Certainty::Maybe,
                found if found == naming => conditions,
                _ => Certainty::No,
            }
        }))
    }

    fn own_grants(&self, action: &str) -> Certainty {
        let statements = self.own_statements().filter(|statement| statement.allows());
        Certainty::any(statements.filter(|statement| statement.covers_action(action)).map(|statement| {
            self.reaches_key(statement).and(conditions::hold(statement, self.project, self.workload, self.arn))
        }))
    }

    fn denies(&self, action: &str) -> Certainty {
        let denying = |statement: &&Statement| statement.denies() && statement.covers_action(action);
        let by_key = self.key.policy.statements.iter().filter(denying).map(|statement| {
            let conditions = conditions::hold(statement, self.project, self.workload, self.arn);
            match (&statement.principals, self.naming(statement)) {
                (Some(Clause::AllBut(_)), _) | (_, Naming::Perhaps) => Certainty::Maybe,
                (_, Naming::Not) => Certainty::No,
                _ => conditions,
            }
        });
        let by_own = self.own_statements().filter(denying).map(|statement| {
            self.reaches_key(statement).and(conditions::hold(statement, self.project, self.workload, self.arn))
        });
        Certainty::any(by_key.chain(by_own))
    }

    fn own_statements(&self) -> impl Iterator<Item = &'p Statement> {
        self.own.iter().flat_map(|policy| &policy.policy.statements)
    }

    fn naming(&self, statement: &Statement) -> Naming {
        let Some(listed) = statement.named_principals() else {
            return if statement.principals.is_some() { Naming::Perhaps } else { Naming::Not };
        };
        if listed.values().any(|principal| principal.names(self.workload)) {
            return Naming::Directly;
        }
        let own_account =
            |principal: &Principal| matches!(principal, Principal::Account(id) if *id == self.arn.account());
        let bad_root = listed.malformed.iter().any(|text| names_account_root(&text.value));
        if listed.values().any(own_account) || bad_root {
            return Naming::ByAccount;
        }
        let open = listed.malformed.iter().any(|text| is_placeholder(&text.value));
        if open { Naming::Perhaps } else { Naming::Not }
    }

    /// Whether an identity statement's resources hold the key.
    fn reaches_key(&self, statement: &Statement) -> Certainty {
        let known: Vec<&str> =
            self.project.keys().filter_map(|key| key.arn.as_ref()).map(|arn| arn.value.as_str()).collect();
        let covers = |resource: &ResourcePattern| match known[..] {
            _ if is_placeholder(resource.as_str()) => Certainty::Maybe,
            [arn] => Certainty::of(resource.covers(arn)).or(Certainty::maybe_if(has_bad_account(resource))),
            _ => self.may_cover_the_key(resource),
        };
        match &statement.resources {
            Some(Clause::Only(listed)) => Certainty::any(listed.values().map(covers)),
            Some(Clause::AllBut(_)) | None => Certainty::Maybe,
        }
    }

    /// Whether a pattern may cover the key, of which no file tells the ARN.
    fn may_cover_the_key(&self, resource: &ResourcePattern) -> Certainty {
        if resource.is_everything() {
            return Certainty::Yes;
        }
        let Ok(arn) = resource.arn() else { return Certainty::No };
        let owner = self.project.owner();
        let other_account =
            arn.account.parse::<AccountId>().is_ok_and(|account| owner.is_some_and(|owner| owner != account));
        let of_kms = arn.service == "kms" || arn.service.contains('*');
        Certainty::maybe_if(of_kms && !other_account && !arn.resource.starts_with("alias/"))
    }

    /// Where the workload is named, or a policy of its own speaks of the needed actions, and what limits it there.
    fn named_here(&self) -> Option<(Span, Option<String>)> {
        let by_key = self.key.policy.statements.iter().filter(|statement| statement.allows());
        let direct = by_key.filter(|statement| self.naming(statement) == Naming::Directly && speaks_of_kms(statement));
        if let Some(statement) = direct.into_iter().next() {
            return Some((actions_place(statement), None));
        }
        if self.is_told_by_the_root_rules(&NEEDED) || (self.foreign && !self.is_let_in_by_key()) {
            return None;
        }
        let own = self.own_statements().filter(|statement| statement.allows() && speaks_of_kms(statement));
        let statement = own.into_iter().next()?;
        let limit = conditions::failing(statement, self.project, self.workload, self.arn);
        Some(match limit {
            Some((place, reason)) => (place, Some(reason)),
            None => (actions_place(statement), None),
        })
    }

    /// Whether the key policy names the workload's account for any needed action.
    fn is_let_in_by_key(&self) -> bool {
        NEEDED.iter().any(|action| self.key_grants(action, Naming::ByAccount) != Certainty::No)
    }

    /// Whether the workload's own policies would do, so that what is missing is the account in the key policy.
    fn is_told_by_the_root_rules(&self, missing: &[&str]) -> bool {
        let own_would_do = missing.iter().all(|action| self.own_grants(action) != Certainty::No);
        !self.foreign
            && own_would_do
            && !self.own.is_empty()
            && self.key_grants(missing[0], Naming::ByAccount) == Certainty::No
    }

    /// A principal of the key policy that holds the needed actions and is neither the workload nor an administrator.
    fn other_principal(&self) -> Option<(Span, String)> {
        if self.is_told_by_the_root_rules(&NEEDED) {
            return None;
        }
        let using = self
            .key
            .policy
            .statements
            .iter()
            .filter(|statement| statement.allows() && NEEDED.iter().any(|action| statement.covers_action(action)));
        let named = using.filter_map(Statement::named_principals).flat_map(|listed| &listed.read);
        let others: Vec<_> = named.filter(|principal| self.project.part(&principal.value) != Part::Admin).collect();
        let user = others.iter().find(|principal| principal.value.arn().is_some());
        let account = others.iter().find(|principal| {
            self.foreign && principal.value.account().is_some_and(|account| account != self.arn.account())
        });
        let other = user.or(account)?;
        let name = other.value.arn().map_or("the key's own account".to_owned(), |arn| format!("`{}`", arn.as_str()));
        Some((other.span, name))
    }

    fn mismatch(&self, (place, name): (Span, String)) -> Finding {
        let message = format!("this key policy lets in {name}, not the workload");
        Finding::new(&PRINCIPAL_MISMATCH, place, message)
            .label(format!("the workload is {}", self.arn.as_str()))
            .help(format!("name {}", self.arn.as_str()))
    }

    /// Warns of a principal with the workload's name and another type or account, though the workload has access.
    fn namesake(&self, out: &mut Findings<'_>) {
        let allowing = self.key.policy.statements.iter().filter(|statement| statement.allows());
        let named: Vec<_> = allowing.filter_map(Statement::named_principals).flat_map(|listed| &listed.read).collect();
        if named.iter().any(|principal| principal.value.arn().is_some() && principal.value.names(self.workload)) {
            return;
        }
        let is_namesake = |arn: &PrincipalArn| arn.name() == self.arn.name();
        for principal in named.iter().filter(|principal| principal.value.arn().is_some_and(is_namesake)) {
            if self.project.part(&principal.value) == Part::Admin {
                continue;
            }
            let name = principal.value.arn().map_or("", PrincipalArn::as_str);
            let finding = self.mismatch((principal.span, format!("`{name}`"))).severity(Severity::Warning);
            out.push(finding.help(format!(
                "name {}, or take this principal away: the workload's access rests on its own policy",
                self.arn.as_str()
            )));
        }
    }

    fn tell_missing(&self, missing: &[&str], place: Span, reason: Option<String>, out: &mut Findings<'_>) {
        let message = format!("`{}` may not call {}", self.arn.as_str(), missing.join(" and "));
        let finding = Finding::new(&KMS_MINIMUM_MISSING, place, message);
        let finding = match reason {
            Some(reason) => finding.label(reason),
            None => finding,
        };
        out.push(
            finding.help(format!("allow {} to it; Kasten needs both to encrypt and to decrypt", missing.join(" and "))),
        );
    }
}

/// The account of a key policy that names exactly one.
fn only_account(key: &PolicyDocument<'_>) -> Option<AccountId> {
    let listed = key.policy.statements.iter().filter_map(Statement::named_principals);
    let mut accounts = listed.flat_map(Listed::values).filter_map(|principal| match principal {
        Principal::Account(account) => Some(*account),
        _ => None,
    });
    let first = accounts.next()?;
    accounts.all(|account| account == first).then_some(first)
}

/// Another rule tells of an account number that is none.
fn has_bad_account(resource: &ResourcePattern) -> bool {
    resource.arn().is_ok_and(|arn| {
        arn.service == "kms"
            && !arn.account.is_empty()
            && !arn.account.contains(['*', '?', '$'])
            && arn.account.parse::<AccountId>().is_err()
    })
}

fn speaks_of_kms(statement: &Statement) -> bool {
    let of_kms = |action: &ActionPattern| action.is_of("kms") || action.is_every_action();
    statement.listed_actions().is_some_and(|actions| actions.values().any(of_kms))
}

fn actions_place(statement: &Statement) -> Span {
    statement.actions.as_ref().map_or(statement.span, |clause| clause.listed().element.value)
}

fn statement_place(policy: &PolicyDocument<'_>) -> Span {
    policy.policy.statement_element.map_or(policy.policy.span, |element| element.key)
}
