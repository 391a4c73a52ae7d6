//! Key policies that let in anyone, and the conditions that are to keep strangers out.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{Arn, Condition, PolicyKind, Principal, Quantifier, Statement, glob, is_placeholder_value},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
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

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !statement.allows() || !statement.unread_conditions.is_empty() {
            return;
        }
        let Some(principals) = statement.named_principals() else { return };
        for anyone in principals.read.iter().filter(|principal| principal.value == Principal::Anyone) {
            let mut limits = statement.conditions.iter().filter(|condition| narrows(condition)).peekable();
            if limits.peek().is_none() {
                let finding =
                    Finding::new(&PUBLIC_KEY_POLICY, anyone.span, "anyone may use this key").label("every AWS account");
                let help = "name the account or role that needs the key, or add a condition on kms:CallerAccount";
                out.push(if names_arns(statement) {
                    finding.help(format!("{help}; --kind endpoint says that this is the policy of a VPC endpoint"))
                } else {
                    finding.help(help)
                });
            } else if limits.all(|condition| weakness(condition).is_some()) {
                out.push(weakly_limited(statement, anyone.span));
            }
        }
    }
}

/// Whether a statement names resources by ARN, as the policy of an endpoint does and a key's seldom.
fn names_arns(statement: &Statement) -> bool {
    statement.listed_resources().is_some_and(|listed| listed.values().any(|resource| resource.arn().is_ok()))
}

fn weakly_limited(statement: &Statement, anyone: Span) -> Finding {
    let message = "the condition keeps nobody out, so anyone may use this key";
    let mut finding = Finding::new(&PUBLIC_WITH_WEAK_CONDITION, anyone, message);
    for condition in statement.conditions.iter().filter(|condition| narrows(condition)) {
        finding = finding.related(condition.element.value, weakness(condition).unwrap_or_default());
    }
    finding.help("add a condition on kms:CallerAccount, with the account's number written out")
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
        let all = |part: &str| wildcards && !part.is_empty() && part.bytes().all(|byte| byte == b'*');
        match self {
            Self::Service => true,
            Self::Owner => open(value),
            Self::Path => value.split('/').next().is_some_and(open),
            Self::Arn => match Arn::parse(value) {
                Ok(arn) if arn.account.is_empty() => all(arn.resource),
                Ok(arn) => open(arn.account),
                Err(_) => all(value),
            },
            Self::Addresses => value.ends_with("/0"),
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
