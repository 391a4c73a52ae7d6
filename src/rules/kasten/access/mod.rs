//! Whether the workload may encrypt and decrypt with the key, from its key policy and the workload's own policies.
//!
//! The simulator is asked. What a file leaves open, or another rule already tells of, counts as allowed here: these rules
//! speak only of what is certain.

mod blame;

use crate::{
    document::{Carrier, PolicyDocument, Project},
    finding::{Confidence, Finding, RuleInfo, Severity},
    policy::{
        AccountId, ActionPattern, Effect, PolicyKind, Principal, ResourcePattern, Statement, glob, is_placeholder,
        names_account_root,
    },
    rules::{Check, Findings, declare::declare_rules, key_policy},
    semantics::Because,
    source::Span,
};

use self::blame::{either, remedy};
use super::{
    asked::{Asked, Basis},
    conditions::{Caller, Calls, Certainty},
};

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
        supersedes: &["cross-account-principal"],
        summary: "the key policy names another principal than the workload",
    }

    /// ## What it does
    /// Flags a key policy that names a user, where access keys and a role are both given to Kasten and the role gets no
    /// access any other way; where the role has access by its own policy, a user of its name is a warning.
    ///
    /// ## Why it matters
    /// With access keys and a role Kasten assumes the role, and calls KMS as the role. The user needs `sts:AssumeRole` alone.
    ///
    /// ## How to fix it
    /// Name the role in the key policy; or take the role away from the Helm values, if the user is meant.
    ///
    /// ## Source
    /// Kasten's page on IAM roles; Kasten's chart, `secrets.awsIamRole`.
    pub PRINCIPAL_IS_USER_BUT_ROLE_SET = {
        id: "principal-is-user-but-role-set", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["principal-mismatch", "cross-account-principal"],
        summary: "the key policy names the user of the access keys, and Kasten calls KMS as its role",
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

const NO_OWN_POLICY: &str = "the workload's own policies are not all among these files";

const NOT_DECIDED: &str = "these files do not decide a condition or a resource that the workload's access rests on";

pub(super) const INCOMPLETE: &str = "a part of a policy is not known from these files";

/// What Kasten needs.
pub(super) const NEEDED: [&str; 2] = ["kms:Encrypt", "kms:Decrypt"];

impl Check for KastenAccess {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for workload in Caller::workloads(project) {
            match project.policies_for(workload.principal, PolicyKind::Key)[..] {
                [] => {}
                [key] => Access::new(workload, key).tell(out),
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
pub(super) struct Access<'p, 'a> {
    pub(super) workload: Caller<'p, 'a>,
    pub(super) key: &'p PolicyDocument<'a>,
    own: Vec<&'p PolicyDocument<'a>>,
    /// Whether the workload carries policies whose text is in no file.
    has_unseen: bool,
    /// Whether the key belongs to another account than the workload.
    pub(super) foreign: bool,
    /// The workload's permissions boundary.
    boundary: Option<&'p PolicyDocument<'a>>,
    asked: Asked<'p, 'a>,
}

/// How a statement of the key policy speaks of the workload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    Directly,
    ByAccount,
    /// A placeholder may stand for it.
    Perhaps,
    Not,
}

impl<'p, 'a> Access<'p, 'a> {
    pub(super) fn new(workload: Caller<'p, 'a>, key: &'p PolicyDocument<'a>) -> Self {
        let (project, arn) = (workload.project, workload.arn);
        let has_unseen = project.documents.iter().any(|document| document.unseen.iter().any(|carrier| carrier.is(arn)));
        let owner = key_policy::owner(&key.policy, project).or_else(|| key.policy.named_account());
        let foreign = owner.is_some_and(|owner| owner != arn.account());
        let own: Vec<&PolicyDocument<'_>> = own_policies(workload).collect();
        let is_named = |carriers: &[Carrier]| carriers.iter().any(|carrier| carrier.is(arn));
        let mut policies = project.documents.iter().flat_map(|document| &document.policies);
        let boundary = policies.find(|policy| is_named(&policy.bounds));
        let basis = Basis {
            key: Some(key.foreseen()),
            own: own.iter().map(|document| document.foreseen()).collect(),
            is_open: own.is_empty() || has_unseen,
            foreign,
            grants: project.grants_beside(key),
            boundary: boundary.map(|document| &document.policy),
            has_unseen_boundary: project.documents.iter().any(|document| is_named(&document.unseen_boundaries)),
        };
        let asked = Asked::new(workload, &basis);
        Self { workload, key, own, has_unseen, foreign, boundary, asked }
    }

    /// The same, were the workload to call KMS by way of a service, or to name the key by an alias.
    pub(super) fn anyhow(&self) -> Self {
        Self::new(Caller { calls: Calls::Anyhow, ..self.workload }, self.key)
    }

    /// Whether every part of the policies is known.
    pub(super) fn is_complete(&self) -> bool {
        self.key.foreseen().is_complete() && self.own.iter().all(|policy| policy.policy.is_complete())
    }

    fn tell(&self, out: &mut Findings<'_>) {
        if !self.is_complete() {
            out.not_evaluated_at(&PRINCIPAL_MISMATCH, self.key.policy.span, INCOMPLETE);
            out.not_evaluated_at(&KMS_MINIMUM_MISSING, self.key.policy.span, INCOMPLETE);
            return;
        }
        // What a condition on kms:ViaService or kms:RequestAlias alone keeps from the workload is told of that condition.
        let anyhow = self.anyhow();
        let missing: Vec<&str> = NEEDED.into_iter().filter(|action| anyhow.allows(action) == Certainty::No).collect();
        if missing.is_empty() {
            self.namesake(out);
            let open = |action: &&str| self.allows(action) == Certainty::Maybe || self.may_be_denied(action);
            if NEEDED.iter().any(open) {
                let unseen = self.own.is_empty() || self.has_unseen;
                let reason = if unseen { NO_OWN_POLICY } else { NOT_DECIDED };
                out.not_evaluated_at(&KMS_MINIMUM_MISSING, self.key.policy.span, reason);
            }
        } else if let Some(user) = self.user_in_the_roles_place() {
            out.push(self.user_for_role(&user));
            out.push(self.mismatch(user));
        } else if let Some(blame) = self.blame(&missing) {
            out.push(blame);
        } else if self.own.is_empty() {
            out.not_evaluated_at(&KMS_MINIMUM_MISSING, self.key.policy.span, NO_OWN_POLICY);
        }
    }

    /// What is said of the missing actions, and where; `None` where another rule says it, or no file does.
    fn blame(&self, missing: &[&str]) -> Option<Finding> {
        let key_is_right = missing.iter().all(|action| {
            let by_account = self.key_grants(action, Naming::ByAccount);
            self.key_grants(action, Naming::Directly).or(by_account) != Certainty::No
        });
        let key_is_to_blame = !(self.foreign && key_is_right);
        if let Some(statement) = self.key_statement(missing).filter(|_| key_is_to_blame) {
            return Some(self.tell_missing_in(missing, statement));
        }
        if self.is_told_by_the_root_rules(missing) {
            return None;
        }
        if !self.foreign || key_is_right {
            let own = self.own_statements().filter(|statement| statement.allows() && speaks_of_kms(statement));
            if let Some(statement) = own.into_iter().next() {
                return Some(self.tell_missing_in(missing, statement));
            }
        }
        if let Some(other) = self.other_principal() {
            return Some(self.mismatch(other));
        }
        // The workload may have more policies than those that were given.
        let policy = self.own.first()?;
        let message = format!("no policy given here lets `{}` call {}", self.workload.arn.as_str(), either(missing));
        let finding = Finding::new(&KMS_MINIMUM_MISSING, statement_place(policy), message);
        let finding = finding.severity(Severity::Warning).confidence(Confidence::Medium).help(remedy(missing));
        Some(self.workload.where_named(finding))
    }

    /// The statement of the key policy that names the workload itself and lacks what is missing.
    fn key_statement(&self, missing: &[&str]) -> Option<&'p Statement> {
        let allowing = self.key.foreseen().statements.iter().filter(|statement| statement.allows());
        let mut direct =
            allowing.filter(|statement| self.naming(statement) == Naming::Directly && speaks_of_kms(statement));
        let first = direct.next()?;
        let lacks = |statement: &Statement| missing.iter().any(|action| !statement.covers_action(action));
        Some(if lacks(first) { first } else { direct.find(|statement| lacks(statement)).unwrap_or(first) })
    }

    /// Whether the policies allow the workload an action on the key. What a Deny takes away is told of the Deny.
    pub(super) fn allows(&self, action: &str) -> Certainty {
        self.asked.allows(action)
    }

    /// Whether a Deny takes an action away under a condition that the files leave open.
    pub(super) fn may_be_denied(&self, action: &str) -> bool {
        let both = [Because::Resource, Because::Identity];
        let mut denying = both.into_iter().flat_map(|because| self.asked.statements(action, Effect::Deny, because));
        denying.any(|(_, certainty)| certainty == Certainty::Maybe)
    }

    /// Whether a statement of the key policy that names the workload so allows an action.
    pub(super) fn key_grants(&self, action: &str, naming: Naming) -> Certainty {
        let granting = self.asked.statements(action, Effect::Allow, Because::Resource);
        Certainty::any(granting.into_iter().map(|(span, certainty)| {
            let statement = self.key.foreseen().statements.iter().find(|statement| statement.span == span);
            match statement.map(|statement| self.naming(statement)) {
                Some(found) if found == naming => certainty,
                Some(Naming::Perhaps) => certainty.and(Certainty::Maybe),
                _ => Certainty::No,
            }
        }))
    }

    pub(super) fn own_grants(&self, action: &str) -> Certainty {
        let granting = self.asked.statements(action, Effect::Allow, Because::Identity).into_iter();
        let is_own = |span: Span| self.own_statements().any(|statement| statement.span == span);
        Certainty::any(granting.filter(|(span, _)| is_own(*span)).map(|(_, certainty)| certainty))
    }

    pub(super) fn own_statements(&self) -> impl Iterator<Item = &'p Statement> {
        self.own.iter().flat_map(|policy| &policy.policy.statements)
    }

    fn naming(&self, statement: &Statement) -> Naming {
        naming(statement, self.workload)
    }

    /// Of the workload's own policies those that are its own for certain.
    pub(super) fn certain_statements(&self) -> impl Iterator<Item = &'p Statement> {
        let workload = self.workload;
        let is_own = move |policy: &&&'p PolicyDocument<'_>| workload.project.is_own(policy, workload.principal);
        self.own.iter().filter(is_own).flat_map(|policy| &policy.policy.statements)
    }

    /// The policies that may be the workload's own as well as another's.
    pub(super) fn uncertain(&self) -> impl Iterator<Item = &'p PolicyDocument<'a>> {
        let workload = self.workload;
        self.own.iter().copied().filter(move |policy| !workload.project.is_own(policy, workload.principal))
    }

    /// Whether the workload's own policies would do, so that what is missing is the account in the key policy.
    fn is_told_by_the_root_rules(&self, missing: &[&str]) -> bool {
        let own_would_do = missing.iter().all(|action| self.own_grants(action) != Certainty::No);
        !self.foreign
            && own_would_do
            && !self.own.is_empty()
            && self.key_grants(missing[0], Naming::ByAccount) == Certainty::No
    }
}

/// The identity policies that a workload carries or may carry.
pub(super) fn own_policies<'p, 'a>(workload: Caller<'p, 'a>) -> impl Iterator<Item = &'p PolicyDocument<'a>> {
    workload
        .project
        .policies_for(workload.principal, PolicyKind::Identity)
        .into_iter()
        .filter(move |policy| policy.may_be_carried_by(workload.arn))
}

/// How a statement of a key policy speaks of a workload.
pub(super) fn naming(statement: &Statement, workload: Caller<'_, '_>) -> Naming {
    let Some(listed) = statement.named_principals() else {
        return if statement.principals.is_some() { Naming::Perhaps } else { Naming::Not };
    };
    if listed.values().any(|principal| principal.names(workload.principal)) {
        return Naming::Directly;
    }
    let account = workload.arn.account();
    let own_account = |principal: &Principal| matches!(principal, Principal::Account(id) if *id == account);
    let bad_root = listed.malformed.iter().any(|text| names_account_root(&text.value));
    if listed.values().any(own_account) || bad_root {
        return Naming::ByAccount;
    }
    // A session of the workload's role may be the one that calls.
    let session = listed.values().any(|principal| workload.principal.names(principal));
    let open = session || listed.malformed.iter().any(|text| is_placeholder(&text.value));
    if open { Naming::Perhaps } else { Naming::Not }
}

/// Whether an entry of a `Resource` list holds the key.
pub(super) fn covers_key(resource: &ResourcePattern, workload: Caller<'_, '_>) -> Certainty {
    let keys = workload.project.keys();
    let known: Vec<&str> = keys.filter_map(|key| key.arn.as_ref()).map(|arn| arn.value.as_str()).collect();
    match known[..] {
        _ if is_placeholder(resource.as_str()) || resource.is_alias() => Certainty::Maybe,
        [arn] => Certainty::of(resource.covers(arn)).or(Certainty::maybe_if(has_bad_account(resource))),
        _ => may_cover_the_key(resource, workload),
    }
}

/// Whether a pattern may cover the key, of which no file tells the ARN.
fn may_cover_the_key(resource: &ResourcePattern, workload: Caller<'_, '_>) -> Certainty {
    if resource.is_everything() {
        return Certainty::Yes;
    }
    let Ok(arn) = resource.arn() else { return Certainty::No };
    let owner = workload.project.owner();
    let home = owner.unwrap_or_else(|| workload.arn.account());
    if resource.covers_every_key() && glob::matches(arn.account, home.as_str()) {
        return Certainty::Yes;
    }
    let other_account =
        arn.account.parse::<AccountId>().is_ok_and(|account| owner.is_some_and(|owner| owner != account));
    let of_kms = arn.service == "kms" || arn.service.contains('*');
    Certainty::maybe_if(of_kms && !other_account)
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

/// One action, or the name of the element that lists several.
pub(super) fn actions_place(statement: &Statement) -> Span {
    statement.actions.as_ref().map_or(statement.span, |clause| {
        let listed = clause.listed();
        if listed.is_list { listed.element.key } else { listed.element.value }
    })
}

fn statement_place(policy: &PolicyDocument<'_>) -> Span {
    policy.policy.statement_element.map_or(policy.policy.span, |element| element.key)
}
