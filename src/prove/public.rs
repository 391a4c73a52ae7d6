//! Whether a resource's policy lets in strangers.
//!
//! A stranger is a caller of an account that neither owns the resource, nor is named, nor is trusted, and who brings no
//! value of a condition key by which the policy names somebody: an organisation, a source, a network.
//!
//! Source: S3 User Guide, "Blocking public access to your Amazon S3 storage", the meaning of "public".

use std::collections::BTreeSet;

use super::{
    bdd::Node,
    budget::Exhausted,
    claim::{Answer, ProveError, Verdict},
    claims::{Asking, agreeing, answer, reason},
    partition::Who,
    search::{Case, Found, Search},
    solver::Solver,
};
use crate::{
    policy::{AccountId, Listed, Policy, PolicyKind, Principal},
    semantics::{
        AddressRange, Authorization, Caller, Context, Fact, Formula, KeyName, KeyTest, authorize,
        operator::{Match, Operand, compare},
        pattern::{Pattern, Piece},
    },
};

/// Keys by which a policy names whom it trusts, in small letters.
///
/// Source: S3 User Guide, "Blocking public access to your Amazon S3 storage"; S3 API Reference,
/// `PublicAccessBlockConfiguration`; KMS Developer Guide, `kms:CallerAccount`.
const NAMING: [&str; 18] = [
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Keys that tell the caller, in small letters.
const OF_CALLER: [&str; 3] = ["aws:principalaccount", "aws:principalarn", "kms:calleraccount"];

pub(super) fn prove(
    asking: &Asking<'_, '_>,
    policy: &Policy,
    trusted_accounts: &[AccountId],
    trusted_orgs: &[String],
) -> Result<Answer, ProveError> {
    if !matches!(asking.question.kind, PolicyKind::Key | PolicyKind::Trust | PolicyKind::Resource) {
        return Err(ProveError::Kind { claim: asking.question.claim.word(), kind: asking.question.kind });
    }
    let open = agreeing("");
    let set = asking.attached(policy, Some(&open));
    let alone = authorize(&asking.attached(policy, None));
    let Some(owner) = asking.owners(&[policy]).first().copied() else { return Ok(answer(Found::Nothing)) };
    let known = Known::of(&alone, policy, owner, trusted_accounts, trusted_orgs);
    let mut scope = asking.attached_scope(Who::Anyone, owner, &[policy]);
    // Whichever call lets strangers in will do.
    let partition = policy.named_partition().unwrap_or("aws");
    scope.examples.extend(asking.question.resource_type.map(|of| (of.action, of.arn(partition, owner))));
    scope.accounts.extend_from_slice(trusted_accounts);
    for org in trusted_orgs {
        for key in ["aws:PrincipalOrgID", "aws:SourceOrgID"] {
            scope.values.push((KeyName::new(key), org.clone()));
        }
    }
    for account in trusted_accounts {
        for key in ["aws:SourceAccount", "aws:SourceOwner"] {
            scope.values.push((KeyName::new(key), account.to_string()));
        }
    }
    scope.values.extend(PRIVATE.map(|range| (KeyName::new("aws:SourceIp"), range.to_owned())));
    let mut budget = asking.budget;
    let space = match Search::space(std::slice::from_ref(&alone), &scope, asking.reference, &mut budget) {
        Ok(space) => space,
        Err(exhausted) => return Ok(answer(Found::Open(vec![reason(&exhausted.to_string())]))),
    };
    let search = Search { space: &space, reference: asking.reference, budget };
    let case = [Case { allowed: set, but_not: None, other_side_agrees: true }];
    let such = |solver: &mut Solver<'_>, is: &dyn Fn(&Caller) -> bool| {
        let (such, wanted) = (known.stranger(solver, is)?, solver.formula(&scope.wanted)?.open);
        solver.diagram().both(such, wanted)
    };
    let found = search.run(&case, &|solver| such(solver, &|caller| known.is_stranger(caller)))?;
    let mut answer = answer(found);
    if !matches!(answer.verdict, Verdict::Refuted { .. }) {
        let service = search.run(&case, &|solver| such(solver, &|caller| matches!(caller, Caller::Service(_))))?;
        if let Found::Request(witness) = service
            && let Caller::Service(name) = &witness.request.caller
        {
            answer
                .notes
                .push(format!("the service {name} is let in whatever it acts for: no condition names a source"));
        }
    }
    Ok(answer)
}

/// Whom a policy names, and who else is trusted.
struct Known<'f> {
    accounts: BTreeSet<String>,
    orgs: Vec<String>,
    tests: Vec<&'f KeyTest>,
}

impl<'f> Known<'f> {
    fn of(set: &'f Authorization, policy: &Policy, owner: AccountId, accounts: &[AccountId], orgs: &[String]) -> Self {
        let mut tests = Vec::new();
        for statement in set.layers.iter().flat_map(|layer| &layer.statements) {
            for element in &statement.elements {
                each_key(&element.formula, &mut tests);
            }
        }
        let mut known: BTreeSet<String> = accounts.iter().map(ToString::to_string).collect();
        known.insert(owner.to_string());
        let named = policy.statements.iter().filter_map(|statement| statement.named_principals());
        known.extend(named.flat_map(Listed::values).filter_map(Principal::account).map(|account| account.to_string()));
        for test in tests.iter().filter(|test| OF_CALLER.contains(&&*test.key.lower)) {
            known.extend(test.operands.iter().filter_map(named_account));
        }
        Self { accounts: known, orgs: orgs.to_vec(), tests }
    }

    fn is_stranger(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Anonymous => true,
            Caller::Service(_) | Caller::Federated(_) => false,
            _ => caller.account().is_none_or(|account| !self.accounts.contains(account.as_str())),
        }
    }

    /// Where the caller is such, and brings no value by which the policy names somebody.
    fn stranger(&self, solver: &mut Solver<'_>, is: impl Fn(&Caller) -> bool) -> Result<Node, Exhausted> {
        let mut all = solver.callers_of(is)?;
        for lower in NAMING {
            let Some(axis) = solver.axis(lower) else { continue };
            let named = solver.values_of(axis, |value| self.names(lower, value))?;
            let unnamed = solver.diagram().not(named)?;
            all = solver.diagram().both(all, unnamed)?;
        }
        Ok(all)
    }

    /// Whether a value of a key is one by which the policy names somebody, or one of those that are trusted.
    fn names(&self, lower: &str, value: &str) -> bool {
        if self.orgs.iter().any(|org| value == org || value.starts_with(&format!("{org}/")))
            || self.accounts.contains(value)
        {
            return true;
        }
        if lower == "aws:sourceip" && is_private(value) {
            return true;
        }
        let tests = self.tests.iter().filter(|test| &*test.key.lower == lower);
        let mut operands = tests.flat_map(|test| test.operands.iter().map(|operand| (test.base, operand)));
        operands.any(|(base, operand)| {
            is_closed(lower, operand)
                && compare(base, operand, value, &Context::default(), &mut Vec::new()) == Match::Yes
        })
    }
}

fn each_key<'f>(formula: &'f Formula<Fact>, tests: &mut Vec<&'f KeyTest>) {
    match formula {
        Formula::Fact(Fact::Key(test)) => tests.push(test),
        Formula::Fact(_) => {}
        Formula::Not(inner) => each_key(inner, tests),
        Formula::All(parts) | Formula::Any(parts) => parts.iter().for_each(|part| each_key(part, tests)),
    }
}

/// The account that a value names: a number, or the fifth part of an ARN.
fn named_account(operand: &Operand) -> Option<String> {
    let Operand::Pattern(pattern) = operand else { return None };
    let text = pattern.as_str();
    let account = if text.contains(':') { text.split(':').nth(4)? } else { text };
    account.parse::<AccountId>().ok().map(|account| account.to_string())
}

/// Whether a value of a policy names somebody, rather than leaving open who it is.
fn is_closed(lower: &str, operand: &Operand) -> bool {
    match operand {
        Operand::Pattern(pattern) => is_closed_text(lower, pattern),
        Operand::Range(range) => range.prefix() >= if range.is_v4() { 8 } else { 32 },
        _ => true,
    }
}

fn is_closed_text(lower: &str, pattern: &Pattern) -> bool {
    let is_fixed = |text: &str| !text.is_empty() && !text.contains(['*', '?', '$']);
    if pattern.pieces().iter().all(|piece| matches!(piece, Piece::Text(_))) {
        return true;
    }
    let text = pattern.as_str();
    if pattern.variables().next().is_some() {
        return false;
    }
    match lower {
        "aws:userid" => text.split_once(':').is_some_and(|(id, _)| is_fixed(id)),
        "aws:principalorgpaths" | "aws:sourceorgpaths" | "aws:vpceorgpaths" => {
            text.split('/').next().is_some_and(is_fixed)
        }
        _ => {
            let parts: Vec<&str> = text.splitn(6, ':').collect();
            let [arn, _, service, _, account, name] = parts[..] else { return false };
            let bucket = name.split('/').next().unwrap_or_default();
            arn == "arn"
                && (account.parse::<AccountId>().is_ok() || (service == "s3" && account.is_empty() && is_fixed(bucket)))
        }
    }
}

/// Source: RFC 1918, "Address Allocation for Private Internets".
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

fn is_private(address: &str) -> bool {
    let Some(address) = AddressRange::read(address) else { return false };
    PRIVATE.iter().filter_map(|text| AddressRange::read(text)).any(|range| range.holds(&address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantics::operator::Base;

    #[test]
    fn a_value_is_closed_where_it_names_an_account_a_bucket_or_a_narrow_range() {
        let closed = |key: &str, base: Base, text: &str| {
            is_closed(key, &Operand::read(base, text, Some(crate::policy::PolicyVersion::V2012)))
        };
        assert!(closed("aws:sourcearn", Base::Arn, "arn:aws:sns:*:111122223333:*"));
        assert!(closed("aws:sourcearn", Base::Arn, "arn:aws:s3:::bucket/*"));
        assert!(!closed("aws:sourcearn", Base::Arn, "arn:aws:s3:::*"));
        assert!(!closed("aws:sourcearn", Base::Arn, "arn:aws:sns:*:*:topic"));
        assert!(closed("aws:sourceip", Base::Address, "203.0.113.0/24"));
        assert!(!closed("aws:sourceip", Base::Address, "0.0.0.0/1"));
        assert!(!closed("aws:principalorgid", Base::TextPattern, "o-*"));
    }
}
