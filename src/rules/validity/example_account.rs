//! Account numbers that stand in documentation.

use crate::{
    finding::{Finding, RuleInfo, RuleOption},
    policy::{AccountId, Operator, Policy, Principal, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::Span,
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags an account number that AWS's documentation uses in its examples (the option `accounts`), once for each number in
    /// a policy: in principals, in resources and in condition values. Silent for an account that was declared. Somebody's
    /// account may have such a number, so only the auditor is told.
    ///
    /// ## Why it matters
    /// The policy was probably copied and never filled in. Nobody in the account that was meant is let in.
    ///
    /// ## How to fix it
    /// Write the account's own number. If it is your own, name it with `--account` or `--trusted-account`.
    ///
    /// ## Source
    /// IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)", examples; AWS Account Management Reference
    /// Guide, "View AWS account identifiers".
    pub EXAMPLE_ACCOUNT_ID = {
        id: "example-account-id", code: None,
        severity: Note, confidence: Low, persona: Auditor,
        options: &[ACCOUNTS],
        summary: "an account number of AWS's documentation",
    }
}

const ACCOUNTS: RuleOption = RuleOption::texts(
    "accounts",
    &["111122223333", "123456789012", "444455556666", "000000000000"],
    "account numbers that were meant to be replaced",
);

/// Account numbers of examples.
pub(crate) struct ExampleAccounts;

impl Check for ExampleAccounts {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !out.asks(&EXAMPLE_ACCOUNT_ID) {
            return;
        }
        let is_meant = |text: &str| {
            let Ok(account) = text.parse::<AccountId>() else { return false };
            cx.project.declared.account == Some(account) || cx.project.trusts(account)
        };
        let examples: Vec<&str> =
            out.options().texts(&EXAMPLE_ACCOUNT_ID, &ACCOUNTS).filter(|example| !is_meant(example)).collect();
        let mut places: Vec<Named<'_>> = policy.statements.iter().flat_map(texts).collect();
        places.retain(|place| examples.iter().any(|example| names(place.text, example)));
        for example in examples {
            let places = places.iter().filter(|place| names(place.text, example));
            // Which of several is told of must not hang on the order of the statements.
            let Some(Named { place, .. }) = places.min_by_key(|place| place.order()) else { continue };
            let message = format!("account {example} stands in AWS's examples");
            let finding = Finding::new(&EXAMPLE_ACCOUNT_ID, *place, message);
            out.push(finding.help("write the account's own number; if it is yours, name it with --account"));
        }
    }
}

/// Whether a text is an account's number, or holds it as a part of an ARN.
fn names(text: &str, account: &str) -> bool {
    text == account || (text.starts_with("arn:") && text.split(':').nth(4) == Some(account))
}

/// A text of a statement that may name an account.
struct Named<'s> {
    /// The element.
    element: &'static str,
    /// The operator, of a condition's value.
    operator: Option<Operator>,
    /// The condition key that it is a value of; empty elsewhere.
    key: &'s str,
    text: &'s str,
    place: Span,
}

impl<'s> Named<'s> {
    /// By what it says, then by how long it is written: an account may stand as its number and as its root.
    fn order(&self) -> (String, &'s str, &'s str, usize, Span) {
        let element = self.operator.map_or_else(|| self.element.to_owned(), |operator| operator.to_string());
        (element, self.key, self.text, self.place.range().len(), self.place)
    }
}

fn texts(statement: &Statement) -> Vec<Named<'_>> {
    let mut found = Vec::new();
    if let Some(principals) = &statement.principals {
        let element = if principals.only().is_some() { "Principal" } else { "NotPrincipal" };
        for principal in &principals.listed().read {
            let text = match &principal.value {
                Principal::Account(account) => account.as_str(),
                Principal::Federated(text) => text.as_str(),
                other => other.arn().map_or("", crate::policy::PrincipalArn::as_str),
            };
            found.push(Named { element, operator: None, key: "", text, place: principal.span });
        }
    }
    if let Some(resources) = &statement.resources {
        let element = if resources.only().is_some() { "Resource" } else { "NotResource" };
        let read = resources.listed().read.iter();
        found.extend(read.map(|one| Named {
            element,
            operator: None,
            key: "",
            text: one.value.as_str(),
            place: one.span,
        }));
    }
    for condition in &statement.conditions {
        let (operator, key) = (condition.operator.value, condition.key.value.as_str());
        let read = condition.values.read.iter();
        found.extend(read.map(|one| Named {
            element: "Condition",
            operator: Some(operator),
            key,
            text: one.value.as_str(),
            place: one.span,
        }));
    }
    found
}
