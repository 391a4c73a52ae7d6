//! Key policies that let in anyone, and the conditions that are to keep strangers out.

use super::owner;
use crate::{
    finding::{Finding, RuleInfo},
    policy::{Arn, Condition, Policy, PolicyKind, Principal, Quantifier, Statement, glob, is_placeholder_value},
    prove::{Claim, Witness},
    rules::{
        Check, Findings, RuleContext,
        declare::declare_rules,
        proof::{self, MOST_ASKED, Proof},
    },
    source::Span,
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags an `Allow` of a key policy that lets in anyone, where no condition narrows it to accounts or organisations.
    ///
    /// ## Why it matters
    /// `"Principal": "*"` means every principal of every AWS account, not of one's own.
    ///
    /// ## How to fix it
    /// Name the account or role that needs the key, or add a condition on `kms:CallerAccount`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Key policies in AWS KMS"; Security Hub control KMS.5.
    pub PUBLIC_KEY_POLICY = {
        id: "public-key-policy", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["workload-has-kms-star", "tf-docs-open-policy"],
        summary: "the key policy lets anyone use the key",
    }

    /// ## What it does
    /// Flags an `Allow` of a key policy that lets in anyone under conditions of which every one leaves open whose account the
    /// caller is of: `kms:ViaService` by itself, an account or organisation with a wildcard or a policy variable, a network
    /// of all addresses.
    ///
    /// ## Why it matters
    /// Anyone can meet such a condition from an account of their own. AWS Config goes on to rate the key as public.
    ///
    /// ## How to fix it
    /// Add `"StringEquals": {"kms:CallerAccount": "ACCOUNT"}`, or write the account or organisation out.
    ///
    /// ## Source
    /// Security Hub control KMS.5; IAM User Guide, "AWS global condition context keys"; KMS Developer Guide, "AWS KMS
    /// condition keys", `kms:CallerAccount` and `kms:ViaService`.
    pub PUBLIC_WITH_WEAK_CONDITION = {
        id: "public-with-weak-condition", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "the key policy lets in anyone under a condition that anyone can meet",
    }
}

/// What a key policy allows to anyone.
pub(crate) struct Anyone;

impl Check for Anyone {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Key
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let suspects: Vec<Suspect<'_>> = policy.statements.iter().filter_map(Suspect::of).collect();
        for suspect in suspects.iter().take(MOST_ASKED) {
            suspect.judge(policy, cx, out);
        }
        if suspects.len() > MOST_ASKED {
            proof::too_many(&PUBLIC_KEY_POLICY, out);
        }
    }
}

/// A statement that lets in anyone, where no condition names somebody for certain.
struct Suspect<'p> {
    statement: &'p Statement,
    /// Where it says so.
    places: Vec<Span>,
    /// The conditions that look as if they named somebody.
    limits: Vec<&'p Condition>,
}

impl<'p> Suspect<'p> {
    fn of(statement: &'p Statement) -> Option<Self> {
        if !statement.allows() || !statement.unread_conditions.is_empty() {
            return None;
        }
        let named = statement.named_principals()?.read.iter();
        let places: Vec<Span> =
            named.filter(|one| one.value == Principal::Anyone).map(|principal| principal.span).collect();
        if places.is_empty() {
            return None;
        }
        let limits: Vec<&Condition> = statement.conditions.iter().filter(|condition| narrows(condition)).collect();
        let is_open = limits.iter().all(|condition| weakness(condition).is_some());
        is_open.then_some(Self { statement, places, limits })
    }

    /// Says that strangers are let in, where a request of theirs is found that no `Deny` keeps out.
    fn judge(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let rule = if self.limits.is_empty() { &PUBLIC_KEY_POLICY } else { &PUBLIC_WITH_WEAK_CONDITION };
        if !out.asks(rule) {
            return;
        }
        let asked = proof::with_denials(policy, proof::on_every_resource(self.statement));
        let claim = Claim::NotPublic { policy: &asked, trusted_accounts: Vec::new(), trusted_orgs: Vec::new() };
        match proof::ask(claim, PolicyKind::Key, owner(policy, cx.project), cx) {
            Proof::Holds => {}
            Proof::Fails(witness) => {
                self.places.iter().for_each(|place| out.push(self.finding(*place, witness.as_deref())));
            }
            Proof::Open(reason) => out.not_evaluated(rule, reason),
        }
    }

    fn finding(&self, anyone: Span, witness: Option<&Witness>) -> Finding {
        let help = |remedy: &str| proof::help(remedy, witness, PolicyKind::Key);
        if !self.limits.is_empty() {
            let message = "the condition keeps nobody out, so anyone may use this key";
            let mut finding = Finding::new(&PUBLIC_WITH_WEAK_CONDITION, anyone, message);
            for condition in &self.limits {
                finding = finding.related(condition.element.value, weakness(condition).unwrap_or_default());
            }
            return finding.help(help("add a condition on kms:CallerAccount, with the account's number written out"));
        }
        let finding = Finding::new(&PUBLIC_KEY_POLICY, anyone, "anyone may use this key").label("every AWS account");
        let remedy = "name the account or role that needs the key, or add a condition on kms:CallerAccount";
        finding.help(if names_arns(self.statement) {
            let endpoint = "--kind endpoint says that this is the policy of a VPC endpoint";
            help(&format!("{remedy}; {endpoint}"))
        } else {
            help(remedy)
        })
    }
}

/// Whether a statement names resources by ARN, as the policy of an endpoint does and a key's seldom.
fn names_arns(statement: &Statement) -> bool {
    statement.listed_resources().is_some_and(|listed| listed.values().any(|resource| resource.arn().is_ok()))
}

/// Whether a condition may narrow `*` to accounts, organisations, networks or services of somebody's own; whether its
/// values are narrow enough is another question.
///
/// Source: Security Hub control KMS.5; Amazon S3 User Guide, "The meaning of public".
fn narrows(condition: &Condition) -> bool {
    let operator = condition.operator.value;
    // These hold for requests that carry no such key at all.
    let holds_without = operator.if_exists || operator.quantifier == Some(Quantifier::ForAllValues);
    let positive = !operator.comparison.is_negated() && !operator.comparison.asks_presence();
    positive && !holds_without && Limit::of(condition.key.value.as_str()).is_some()
}

/// What a condition key limits, and so when its value leaves open who is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Limit {
    /// A service by way of which anyone may come.
    Service,
    /// An account, an organisation, a network: its value has no use for wildcards.
    Owner,
    /// A path that starts with an organisation.
    Path,
    /// An ARN with an account in it.
    Arn,
    /// A range of addresses.
    Addresses,
    /// A name; only a wildcard by itself says nothing.
    Name,
}

impl Limit {
    fn of(key: &str) -> Option<Self> {
        const KEYS: [(&str, Limit); 20] = [
            ("kms:CallerAccount", Limit::Owner),
            ("kms:ViaService", Limit::Service),
            ("aws:PrincipalAccount", Limit::Owner),
            ("aws:PrincipalArn", Limit::Arn),
            ("aws:PrincipalOrgID", Limit::Owner),
            ("aws:PrincipalOrgPaths", Limit::Path),
            ("aws:PrincipalServiceName", Limit::Name),
            ("aws:PrincipalServiceNamesList", Limit::Name),
            ("aws:SourceAccount", Limit::Owner),
            ("aws:SourceArn", Limit::Arn),
            ("aws:SourceIp", Limit::Addresses),
            ("aws:SourceOrgID", Limit::Owner),
            ("aws:SourceOrgPaths", Limit::Path),
            ("aws:SourceVpc", Limit::Owner),
            ("aws:SourceVpcArn", Limit::Arn),
            ("aws:SourceVpce", Limit::Owner),
            ("aws:VpceAccount", Limit::Owner),
            ("aws:VpceOrgID", Limit::Owner),
            ("aws:VpceOrgPaths", Limit::Path),
            ("aws:userid", Limit::Name),
        ];
        KEYS.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, limit)| *limit)
    }

    /// Whether a value leaves open whose account is meant.
    fn is_open(self, value: &str, wildcards: bool) -> bool {
        let open = |part: &str| (wildcards && glob::is_pattern(part)) || part.contains("${");
        let all = |part: &str| wildcards && glob::is_stars(part);
        match self {
            Self::Service => true,
            Self::Owner => open(value),
            Self::Path => value.split('/').next().is_some_and(open),
            Self::Arn => match Arn::parse(value) {
                Ok(arn) if arn.account.is_empty() => all(arn.resource),
                Ok(arn) => open(arn.account),
                Err(_) => all(value),
            },
            Self::Addresses => {
                let prefix = value.rsplit_once('/').and_then(|(_, prefix)| prefix.parse::<u8>().ok());
                prefix.is_some_and(|prefix| prefix < if value.contains(':') { 32 } else { 8 })
            }
            Self::Name => all(value),
        }
    }
}

/// Why a condition keeps nobody out; `None` where it may.
fn weakness(condition: &Condition) -> Option<&'static str> {
    let limit = Limit::of(condition.key.value.as_str())?;
    if limit == Limit::Service {
        return Some("says by which service, not from whose account");
    }
    let wildcards = condition.operator.value.comparison.takes_wildcards();
    let open = |value: &String| !is_placeholder_value(value) && limit.is_open(value, wildcards);
    condition.values.values().any(open).then_some("leaves open whose account it is")
}
