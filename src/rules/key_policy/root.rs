//! The statement that lets identity policies of the own account speak of the key, and who else administers it.

use crate::{
    document::Project,
    finding::{Applicability, Finding, RuleInfo},
    policy::{AccountId, Policy, PolicyKind, Principal, PrincipalArn, Statement, names_account_root},
    rules::{
        Check, Findings, RuleContext,
        declare::declare_rules,
        proof::{self, Proof},
    },
    source::{Edit, Span, Spanned},
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags a key policy in which no `Allow` names the own account, as the default statement does. Its name does not
    /// matter; a statement that names the account and allows less is `root-statement-narrowed`.
    ///
    /// ## Why it matters
    /// Without it, what identity policies allow has no effect on the key. Once the principals that are named are gone,
    /// nobody can manage the key: KMS only refuses a policy by which the caller itself loses `kms:PutKeyPolicy`.
    ///
    /// ## How to fix it
    /// Add the default statement: `Allow` for `arn:aws:iam::ACCOUNT:root`, `kms:*` on `"*"`, no condition.
    ///
    /// ## Source
    /// KMS Developer Guide, "Default key policy", allows access to the AWS account and enables IAM policies.
    pub DEFAULT_ROOT_STATEMENT_MISSING = {
        id: "default-root-statement-missing", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["no-key-admin", "single-admin"],
        summary: "no statement of the key policy names the own account",
    }

    /// ## What it does
    /// Flags the default statement when it names another account than the one that owns the key. The owner is what
    /// `--account` says, or what `describe-key` answered.
    ///
    /// ## Why it matters
    /// Nobody administers the key, since kms:PutKeyPolicy has no effect across accounts, and the own identity policies have
    /// no effect on it.
    ///
    /// ## How to fix it
    /// Name the account that owns the key.
    ///
    /// ## Source
    /// KMS Developer Guide, "Default key policy".
    pub ROOT_STATEMENT_WRONG_ACCOUNT = {
        id: "root-statement-wrong-account", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["no-key-admin", "cross-account-principal"],
        summary: "the default statement names another account",
    }

    /// ## What it does
    /// Flags a key policy that names the own account, but for some actions only, or under a condition.
    ///
    /// ## Why it matters
    /// Identity policies have an effect on the key within these limits alone, and so has the root user, the one principal
    /// that cannot be deleted.
    ///
    /// ## How to fix it
    /// Allow `kms:*` on `"*"` without a condition, unless the limit is meant.
    ///
    /// ## Source
    /// KMS Developer Guide, "Default key policy".
    pub ROOT_STATEMENT_NARROWED = {
        id: "root-statement-narrowed", code: None,
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["no-key-admin"],
        summary: "the default statement allows less than kms:*",
    }

    /// ## What it does
    /// Flags a key policy by which nobody of the own account may call `kms:PutKeyPolicy`: neither the account's root user nor
    /// a user or a role, whatever the request carries. It is proven, so conditions that no request meets and `Deny`
    /// statements count. Where the default statement is missing, narrowed or of another account, the rule about that
    /// speaks, and this one stands under `also`; it is for those who leave that statement out on purpose.
    ///
    /// ## Why it matters
    /// Nobody can change the policy any more, only AWS Support. KMS refuses such a policy, unless it is told to bypass its
    /// lockout safety check.
    ///
    /// ## How to fix it
    /// Allow `kms:*` to the account, or `kms:PutKeyPolicy` to a key administrator.
    ///
    /// ## Source
    /// KMS API Reference, "`PutKeyPolicy`"; KMS Developer Guide, "Default key policy".
    pub NO_KEY_ADMIN = {
        id: "no-key-admin", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "nobody may change the key policy",
    }

    /// ## What it does
    /// Flags a key policy without the default statement in which one user or role alone holds `kms:PutKeyPolicy`. Where
    /// `default-root-statement-missing` speaks, this rule stands under `also`; it is for those who leave that statement out
    /// on purpose.
    ///
    /// ## Why it matters
    /// Once that principal is deleted, nobody can change the policy. A new one of the same name is another principal.
    ///
    /// ## How to fix it
    /// Let the account in, whose root user cannot be deleted, or name a second administrator.
    ///
    /// ## Source
    /// KMS Developer Guide, "Default key policy", reduces the risk of the KMS key becoming unmanageable.
    pub SINGLE_ADMIN = {
        id: "single-admin", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "one principal alone may change the key policy",
    }
}

/// The default statement of a key policy.
pub(crate) struct RootStatement;

/// A statement that names an account, and where.
struct Naming<'p> {
    statement: &'p Statement,
    place: Span,
    /// `None` where the number is malformed.
    account: Option<AccountId>,
}

impl Naming<'_> {
    fn is_full(&self) -> bool {
        let statement = self.statement;
        let all_actions =
            statement.listed_actions().is_some_and(|actions| actions.values().any(|action| action.is_whole_of("kms")));
        // What its resource is worth is told by the rules on resources.
        all_actions && !statement.is_conditional()
    }
}

impl Check for RootStatement {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Key
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if is_managed_by_aws(policy, cx.project) {
            return;
        }
        let asked = [&DEFAULT_ROOT_STATEMENT_MISSING, &NO_KEY_ADMIN, &SINGLE_ADMIN];
        if !asked.map(|rule| cx.is_complete(policy, rule, out)).into_iter().all(|complete| complete) {
            return;
        }
        let owner = cx.project.owner();
        // Where nothing declares the owner, an account that may administer is it, else that of the principals by name.
        let administering = || policy.statements.iter().filter(|s| s.allows() && s.covers_action("kms:PutKeyPolicy"));
        let is_open = owner.is_none() && administering().flat_map(accounts).next().is_some();
        let owner = owner.or_else(|| policy.named_account().filter(|_| !is_open));
        let naming: Vec<Naming<'_>> = policy.statements.iter().filter(|s| s.allows()).flat_map(accounts).collect();
        let own = |naming: &&Naming<'_>| owner.is_none() || naming.account.is_none() || naming.account == owner;
        if naming.iter().any(|naming| own(&naming) && naming.is_full()) {
            return;
        }
        let administrators = Administrators::of(policy, owner).proven(policy, owner, cx, out);
        if let Some(narrowed) = naming.iter().find(own) {
            let finding = narrowed_finding(narrowed);
            administrators.tell(&finding, out);
            let nobody = matches!(administrators, Administrators::Nobody);
            out.push(if nobody { finding.label("nobody may call kms:PutKeyPolicy") } else { finding });
            return;
        }
        let administers = |naming: &&Naming<'_>| naming.statement.covers_action("kms:PutKeyPolicy");
        let finding = match (naming.iter().find(administers), owner) {
            (Some(wrong), Some(owner)) => wrong_account(wrong, owner),
            _ if policy.statements.iter().any(lets_anyone_administer) => return,
            _ => missing(policy, cx.project, owner),
        };
        administrators.tell(&finding, out);
        out.push(finding);
    }
}

/// Who holds `kms:PutKeyPolicy` on the own key. A principal of another account has no use of it.
enum Administrators<'p> {
    Nobody,
    One(&'p Spanned<Principal>),
    /// Several.
    Others,
    /// Some that the policy does not tell plainly.
    Untold,
}

impl<'p> Administrators<'p> {
    fn of(policy: &'p Policy, owner: Option<AccountId>) -> Self {
        let mut found = Self::Nobody;
        let allowing = policy.statements.iter().filter(|statement| statement.allows());
        for statement in allowing.filter(|statement| statement.covers_action("kms:PutKeyPolicy")) {
            let Some(listed) = statement.named_principals() else { return Self::Others };
            if listed.read.len() != listed.len() {
                return Self::Untold;
            }
            let foreign = |principal: &Principal| {
                owner.is_some_and(|owner| principal.account().is_some_and(|account| account != owner))
            };
            for principal in listed.read.iter().filter(|principal| !foreign(&principal.value)) {
                found = match found {
                    Self::Nobody if principal.value.arn().is_some() => Self::One(principal),
                    Self::One(first) if first.value == principal.value => Self::One(first),
                    _ => Self::Others,
                };
            }
        }
        found
    }

    /// The same, once it is proven whether anybody may: conditions and `Deny` statements count too.
    fn proven(
        self,
        policy: &Policy,
        owner: Option<AccountId>,
        cx: &RuleContext<'_, '_>,
        out: &mut Findings<'_>,
    ) -> Self {
        if matches!(self, Self::Untold) || !out.asks(&NO_KEY_ADMIN) {
            return self;
        }
        let all: Vec<&Statement> = policy.statements.iter().collect();
        let Some(owners) = owner.map_or_else(|| proof::possible_owners(&all), |owner| Some(vec![owner])) else {
            out.not_evaluated(&NO_KEY_ADMIN, "which account owns the key is not known; --account says it");
            return Self::Untold;
        };
        let whole = proof::of_statements(policy, policy.statements.iter().map(proof::on_every_resource).collect());
        match proof::locks_out(&whole, &owners, cx) {
            Proof::Holds => Self::Nobody,
            Proof::Fails(_) if matches!(self, Self::Nobody) => Self::Others,
            Proof::Fails(_) => self,
            Proof::Open(reason) => {
                out.not_evaluated(&NO_KEY_ADMIN, reason);
                if matches!(self, Self::Nobody) { Self::Untold } else { self }
            }
        }
    }

    /// Says so at the place at which the default statement is told of.
    fn tell(&self, about: &Finding, out: &mut Findings<'_>) {
        let place = about.primary.span;
        match self {
            Self::Nobody => {
                let finding = Finding::new(&NO_KEY_ADMIN, place, "nobody may call kms:PutKeyPolicy on this key");
                out.push(finding.help(
                    "allow kms:* to the account's root, or kms:PutKeyPolicy to a key administrator; as it is, this \
                     request is denied: the root user calls kms:PutKeyPolicy",
                ));
            }
            Self::One(only) if about.rule.id == DEFAULT_ROOT_STATEMENT_MISSING.id => {
                let name = only.value.arn().map_or("", PrincipalArn::as_str);
                let finding = Finding::new(&SINGLE_ADMIN, place, format!("`{name}` alone may change this key policy"))
                    .related(only.span, "the only administrator")
                    .help("let the account's root in, or name a second administrator");
                out.push(finding);
            }
            Self::One(_) | Self::Others | Self::Untold => {}
        }
    }
}

/// Whether AWS keeps the key for a service of its own, so that nobody can change the policy.
///
/// Source: KMS Developer Guide, "AWS KMS condition keys", kms:ViaService.
fn is_managed_by_aws(policy: &Policy, project: &Project<'_>) -> bool {
    let by_id = policy.id.as_ref().is_some_and(|id| id.value.starts_with("auto-"));
    by_id || project.keys().any(|key| key.manager.as_ref().is_some_and(|manager| manager.value == "AWS"))
}

/// The accounts that a statement names, those with a malformed number included.
fn accounts(statement: &Statement) -> impl Iterator<Item = Naming<'_>> {
    let listed = statement.named_principals();
    let read = listed.into_iter().flat_map(|listed| &listed.read).filter_map(move |principal| match principal.value {
        Principal::Account(account) => Some(Naming { statement, place: principal.span, account: Some(account) }),
        _ => None,
    });
    let malformed =
        listed.into_iter().flat_map(|listed| &listed.malformed).filter(|text| names_account_root(&text.value));
    read.chain(malformed.map(move |text| Naming { statement, place: text.span, account: None }))
}

/// Whether a statement names anyone, or everyone but a few: then another rule speaks.
fn lets_anyone_administer(statement: &Statement) -> bool {
    let anyone = match &statement.principals {
        Some(crate::policy::Clause::Only(listed)) => listed.values().any(|principal| *principal == Principal::Anyone),
        Some(crate::policy::Clause::AllBut(_)) => true,
        None => false,
    };
    statement.allows() && anyone && statement.covers_action("kms:PutKeyPolicy")
}

fn narrowed_finding(naming: &Naming<'_>) -> Finding {
    let statement = naming.statement;
    let (place, message) = match statement.condition_element.filter(|_| statement.is_conditional()) {
        Some(condition) => (condition.key, "a condition limits what the account's statement allows"),
        None => (
            statement.actions.as_ref().map_or(statement.span, |clause| {
                let listed = clause.listed();
                if listed.is_list { listed.element.key } else { listed.element.value }
            }),
            "the account's statement allows less than kms:*",
        ),
    };
    Finding::new(&ROOT_STATEMENT_NARROWED, place, message)
        .related(naming.place, "the account")
        .help("allow kms:* on \"*\" without a condition, so that identity policies and the root user reach the key")
}

fn wrong_account(naming: &Naming<'_>, owner: AccountId) -> Finding {
    let found = naming.account.map_or_else(String::new, |account| account.to_string());
    Finding::new(&ROOT_STATEMENT_WRONG_ACCOUNT, naming.place, format!("account {found} does not own this key"))
        .label(format!("the key belongs to {owner}"))
        .help(format!("name account {owner}"))
}

fn missing(policy: &Policy, project: &Project<'_>, owner: Option<AccountId>) -> Finding {
    let place = policy.statement_element.map_or(policy.span, |element| element.key);
    let finding = Finding::new(
        &DEFAULT_ROOT_STATEMENT_MISSING,
        place,
        "no statement lets the account's own policies reach this key",
    );
    let partition = policy.named_partition().map_or_else(|| project.partition(), str::to_owned);
    let account = owner.or_else(|| policy.named_account()).map(|account| (account, partition));
    let Some((account, partition)) = account else {
        return finding.help("allow kms:* on \"*\" to arn:aws:iam::ACCOUNT:root of the account that owns the key");
    };
    let root = format!("arn:{partition}:iam::{account}:root");
    let finding = finding.help(format!("allow kms:* on \"*\" to {root}"));
    let Some(last) = policy.statements.last().filter(|_| is_list(policy)) else { return finding };
    let statement = format!(
        ", {{\"Sid\": \"Enable IAM User Permissions\", \"Effect\": \"Allow\", \"Principal\": {{\"AWS\": \"{root}\"}}, \
         \"Action\": \"kms:*\", \"Resource\": \"*\"}}"
    );
    finding.fix("add the default statement", Applicability::Unsafe, vec![Edit::after(last.span, statement)])
}

/// Whether the statements stand in a list, to which one can be added.
fn is_list(policy: &Policy) -> bool {
    let (Some(element), Some(first)) = (policy.statement_element, policy.statements.first()) else { return false };
    element.value != first.span
}
