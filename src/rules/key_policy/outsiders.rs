//! Whom a key policy lets in from outside the account: other accounts, and services.

use super::owner;
use crate::{
    document::Project,
    finding::{Applicability, Confidence, Finding, RuleInfo},
    policy::{AccountId, Condition, Listed, Policy, PolicyKind, Principal, Statement},
    rules::{
        Check, Findings, RuleContext,
        declare::declare_rules,
        edits, operations,
        proof::{self, MOST_ASKED, Proof},
    },
    source::Spanned,
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags an `Allow` of a key policy for a principal of another account that nobody declared: neither
    /// `--trusted-account` nor `--workload` nor `--admin` names it or its account, and no condition on `aws:PrincipalOrgID`
    /// asks for an organisation of `--trusted-org`. The owner of the key is what `--account` says, or `describe-key`, else the
    /// account whose root may rewrite the policy. An account that conditions or a `Deny` keep out is not told: the finding
    /// shows a request by which it gets in.
    ///
    /// ## Why it matters
    /// Who administers the other account decides who of it uses the key.
    ///
    /// ## How to fix it
    /// Name the account with `--trusted-account` if it is meant; the principal then needs a policy in its own account, too.
    /// Take it away otherwise.
    ///
    /// ## Source
    /// KMS Developer Guide, "Allowing users in other accounts to use a KMS key".
    pub CROSS_ACCOUNT_PRINCIPAL = {
        id: "cross-account-principal", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "the key policy lets in an account that nobody declared",
    }

    /// ## What it does
    /// Flags an action that a key policy allows to principals of other accounts alone, and that works in the own account
    /// only: to rewrite the policy, to schedule the deletion, to tag the key.
    ///
    /// ## Why it matters
    /// KMS denies it all the same, and whoever wrote it expects otherwise.
    ///
    /// ## How to fix it
    /// Take it away. Across accounts only cryptographic operations work, `DescribeKey`, `GetPublicKey`,
    /// `GetKeyRotationStatus`, and the operations on grants.
    ///
    /// ## Source
    /// KMS Developer Guide, "Allowing users in other accounts to use a KMS key".
    pub CROSS_ACCOUNT_INEFFECTIVE_ACTION = {
        id: "cross-account-ineffective-action", code: None,
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["workload-can-destroy-key"],
        summary: "an action that does not work across accounts is allowed to another account",
    }

    /// ## What it does
    /// Flags a key policy that names EC2 or RDS as a service, without a source.
    ///
    /// ## Why it matters
    /// These services call KMS as the user or role that uses them, not as themselves: the statement lets nobody in.
    ///
    /// ## How to fix it
    /// Name the users and roles, with a condition on `kms:ViaService`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Permissions for AWS services in key policies"; "AWS KMS condition keys", `kms:ViaService`.
    pub SERVICE_PRINCIPAL_SHOULD_BE_VIA_SERVICE = {
        id: "service-principal-should-be-via-service", code: None,
        severity: Note, confidence: Medium, persona: Pedantic,
        summary: "a service is named that calls KMS as its user",
    }
}

/// Principals of a key policy that are not of its account.
pub(crate) struct Outsiders;

impl Check for Outsiders {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Key
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let allowing = policy.statements.iter().filter(|statement| statement.allows());
        let Some(owner) = owner(policy, cx.project) else {
            if names_several_accounts(policy) {
                let reason = "which account owns the key is not known; --account says it";
                out.not_evaluated(&CROSS_ACCOUNT_PRINCIPAL, reason);
                out.not_evaluated(&CROSS_ACCOUNT_INEFFECTIVE_ACTION, reason);
            }
            return;
        };
        let mut foreigners = Foreigners { policy, owner, asked: 0 };
        for statement in allowing {
            foreigners.tell(statement, cx, out);
            ineffective_actions(statement, owner, out);
        }
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if statement.allows() {
            services(statement, out);
        }
    }
}

fn names_several_accounts(policy: &Policy) -> bool {
    let allowing = policy.statements.iter().filter(|statement| statement.allows());
    let principals = allowing.filter_map(Statement::named_principals).flat_map(Listed::values);
    let mut accounts = principals.filter_map(Principal::account);
    let Some(first) = accounts.next() else { return false };
    accounts.any(|account| account != first)
}

/// Principals of other accounts, and how often the prover was asked about them.
struct Foreigners<'p> {
    policy: &'p Policy,
    owner: AccountId,
    asked: usize,
}

impl Foreigners<'_> {
    fn tell(&mut self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let Some(listed) = statement.named_principals() else { return };
        let by_organisation = statement.conditions.iter().any(|row| asks_for_trusted_organisation(row, cx.project));
        // A row that is not known may ask for one.
        let may_ask = !statement.unread_conditions.is_empty() && !cx.project.declared.trusted_orgs.is_empty();
        if by_organisation || may_ask || !out.asks(&CROSS_ACCOUNT_PRINCIPAL) {
            return;
        }
        for principal in &listed.read {
            let Some(account) = principal.value.account().filter(|account| *account != self.owner) else { continue };
            if !cx.project.trusts(account) {
                self.judge(statement, principal, account, cx, out);
            }
        }
    }

    /// Says that a principal is let in, where a request of its account is found that no `Deny` keeps out.
    fn judge(
        &mut self,
        statement: &Statement,
        principal: &Spanned<Principal>,
        account: AccountId,
        cx: &RuleContext<'_, '_>,
        out: &mut Findings<'_>,
    ) {
        self.asked += 1;
        let is_plain = !statement.is_conditional() && !self.policy.statements.iter().any(Statement::denies);
        let remedy = format!("name it with --trusted-account {account} if it is meant, else take it away");
        let help = if self.asked <= MOST_ASKED {
            let allowing = proof::on_every_resource(statement);
            let asked = proof::with_denials(self.policy, allowing);
            match proof::grants_nothing(&asked, vec![account.to_string()], PolicyKind::Key, Some(self.owner), cx) {
                Proof::Holds => return,
                Proof::Fails(witness) => proof::help(&remedy, witness.as_deref(), PolicyKind::Key),
                Proof::Open(reason) => return out.not_evaluated(&CROSS_ACCOUNT_PRINCIPAL, reason),
            }
        } else if is_plain {
            remedy
        } else {
            return proof::too_many(&CROSS_ACCOUNT_PRINCIPAL, out);
        };
        let message = match principal.value.arn() {
            Some(arn) => format!("`{}` is of another account than this key", arn.as_str()),
            None => format!("account {account} does not own this key"),
        };
        let finding = Finding::new(&CROSS_ACCOUNT_PRINCIPAL, principal.span, message)
            .label(format!("the key belongs to {}", self.owner))
            .help(help);
        let is_told = cx.project.owner().is_some();
        out.push(if is_told { finding } else { finding.confidence(Confidence::Medium) });
    }
}

/// Whether a row lets in only organisations that the user has named; a value that is not known may be one of them.
///
/// Source: IAM User Guide, "AWS global condition context keys", `aws:PrincipalOrgID`.
fn asks_for_trusted_organisation(condition: &Condition, project: &Project<'_>) -> bool {
    let values = &condition.values;
    condition.operator.value.demands_text()
        && condition.key.value.is("aws:PrincipalOrgID")
        && !values.is_empty()
        && values.malformed.is_empty()
        && (values.unknown.is_empty() || !project.declared.trusted_orgs.is_empty())
        && values.values().all(|id| project.trusts_organisation(id))
}

fn ineffective_actions(statement: &Statement, owner: AccountId, out: &mut Findings<'_>) {
    let (Some(principals), Some(actions)) = (statement.named_principals(), statement.listed_actions()) else { return };
    let foreign = |principal: &Principal| principal.account().filter(|account| *account != owner);
    let Some(account) = principals.values().find_map(foreign) else { return };
    // For whom else the statement names, the action may well work.
    if principals.read.len() != principals.len() || principals.values().any(|principal| foreign(principal).is_none()) {
        return;
    }
    let works_here_alone =
        |operation: &str| !operations::works_across_accounts(operation) && !operations::is_on_no_key(operation);
    for action in &actions.read {
        if !operations::covers_only(&action.value, works_here_alone) {
            continue;
        }
        let message = format!("`{}` has no effect for account {account}", action.value.as_str());
        let finding = Finding::new(&CROSS_ACCOUNT_INEFFECTIVE_ACTION, action.span, message)
            .help("take it away: other accounts can use, describe and grant, and nothing else");
        out.push(match edits::remove_from(actions, action.span) {
            Some(edit) => finding.fix("take it away", Applicability::Unsafe, vec![edit]),
            None => finding,
        });
    }
}

/// Services that call KMS with the identity of whoever uses them.
///
/// Source: KMS Developer Guide, "Permissions for AWS services in key policies".
const CALL_AS_THEIR_USER: [&str; 2] = ["ec2.amazonaws.com", "rds.amazonaws.com"];

fn services(statement: &Statement, out: &mut Findings<'_>) {
    let Some(listed) = statement.named_principals() else { return };
    let is_source = |key: &str| key.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("aws:Source"));
    let names_source = statement.conditions.iter().any(|condition| is_source(condition.key.value.as_str()));
    if names_source || !statement.unread_conditions.is_empty() {
        return;
    }
    for principal in &listed.read {
        let Principal::Service(name) = &principal.value else { continue };
        if !CALL_AS_THEIR_USER.contains(&name.as_str()) {
            continue;
        }
        let message = format!("`{name}` calls KMS as its user, not as itself");
        let finding = Finding::new(&SERVICE_PRINCIPAL_SHOULD_BE_VIA_SERVICE, principal.span, message);
        out.push(finding.help("name the users and roles, with a condition on kms:ViaService"));
    }
}
