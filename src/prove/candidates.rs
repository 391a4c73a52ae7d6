//! Requests that are likely to show new access: each statement's own actions, on resources and with keys as it asks. They
//! are tried on the simulator before anything is parted into classes; where none will do, the search begins.

use super::partition::{ACCOUNT, ALWAYS, arns_of, filled_in, is_account};
use super::search::is_alike;
use crate::{
    policy::{AccountId, ActionPattern, Clause, Condition, Policy, ResourcePattern, Statement, glob},
    reference::{KeyInfo, KeyType, Reference},
    semantics::{
        Caller, Context, FOLLOWING, Found, Request, Value,
        operator::{self, Base},
    },
};

/// So many actions of a pattern are tried, and so many resources of a list.
const MOST_OF_A_LIST: usize = 4;
/// So many requests are tried.
const MOST: usize = 24;

/// Requests that some of these statements are likely to allow, and that one of a space could be. `policies` are all that
/// the question is about.
pub(super) fn likely(
    statements: &[Statement],
    policies: [&Policy; 2],
    account: Option<AccountId>,
    reference: &Reference,
) -> Vec<Request> {
    let Some(account) = account.or_else(|| ACCOUNT.parse().ok()) else { return Vec::new() };
    let role = format!("arn:aws:iam::{account}:role/example");
    let Some(caller) = role.parse().ok().and_then(|principal| Caller::of(&principal, &role)) else { return Vec::new() };
    let Some(always) = carried_always(policies) else { return Vec::new() };
    let mut rows = policies.iter().flat_map(|policy| &policy.statements).flat_map(|statement| &statement.conditions);
    let asks_owner = rows.any(|row| row.key.value.is("aws:ResourceAccount"));
    let likely = Likely { caller, account: account.to_string(), always, asks_owner, reference };
    let mut all = Vec::new();
    for statement in statements {
        likely.of_statement(statement, &mut all);
        if all.len() >= MOST {
            break;
        }
    }
    all
}

/// What every request carries of keys that the policies test; `None` where a value that will do is not plain.
fn carried_always(policies: [&Policy; 2]) -> Option<Vec<(&'static str, &'static str)>> {
    let mut all = Vec::new();
    for statement in policies.iter().flat_map(|policy| &policy.statements) {
        let resources = statement.resources.iter().flat_map(|clause| clause.listed().values());
        let values = statement.conditions.iter().flat_map(|row| row.values.values());
        // A variable that is filled with such a key is left to the search.
        if resources.map(ResourcePattern::as_str).chain(values.map(String::as_str)).any(fills_in_one) {
            return None;
        }
        for row in &statement.conditions {
            let Some(key) = ALWAYS.iter().find(|key| row.key.value.is(key)) else { continue };
            let value = match *key {
                "aws:securetransport" => ("aws:SecureTransport", "true"),
                "aws:viaawsservice" => ("aws:ViaAWSService", "false"),
                "aws:requestedregion" => ("aws:RequestedRegion", "us-east-1"),
                _ => return None,
            };
            if !all.contains(&value) {
                all.push(value);
            }
        }
    }
    Some(all)
}

fn fills_in_one(text: &str) -> bool {
    text.contains("${") && {
        let lower = text.to_ascii_lowercase();
        ALWAYS.iter().any(|key| lower.contains(key)) || lower.contains("aws:resourceaccount")
    }
}

struct Likely<'r> {
    caller: Caller,
    account: String,
    always: Vec<(&'static str, &'static str)>,
    /// Whether a condition asks who owns the resource.
    asks_owner: bool,
    reference: &'r Reference,
}

impl Likely<'_> {
    fn of_statement(&self, statement: &Statement, out: &mut Vec<Request>) {
        let (Some(Clause::Only(actions)), Some(Clause::Only(resources))) = (&statement.actions, &statement.resources)
        else {
            return;
        };
        let Some(context) = self.context(statement) else { return };
        for pattern in actions.values().take(MOST_OF_A_LIST) {
            for name in self.names(pattern) {
                let arns = arns_of(&name, self.reference, &self.account);
                for resource in resources.values().take(MOST_OF_A_LIST) {
                    let Some(resource) = self.resource(resource, &arns) else { continue };
                    out.extend(self.request(&name, &resource, context.clone()));
                }
            }
        }
    }

    fn names(&self, pattern: &ActionPattern) -> Vec<String> {
        let all = self.reference.actions_matching(pattern.as_str());
        all.take(MOST_OF_A_LIST).map(|action| action.to_string()).collect()
    }

    /// A resource of a pattern on which an action works that works on these.
    fn resource(&self, pattern: &ResourcePattern, arns: &[String]) -> Option<String> {
        let text = pattern.as_str();
        if arns.is_empty() {
            return pattern.is_everything().then(|| "*".to_owned());
        }
        let own = arns.iter().find(|arn| glob::matches(text, arn)).cloned();
        own.or_else(|| {
            let filled = filled_in(text, &self.account);
            let is_arn = !filled.contains("${") && filled.starts_with("arn:") && filled.split(':').count() > 5;
            (is_arn && arns.iter().any(|arn| is_alike(arn, &filled))).then_some(filled)
        })
    }

    fn request(&self, name: &str, resource: &str, mut context: Context) -> Option<Request> {
        let is_kms = name.starts_with("kms:");
        if !is_kms && context.find("kms:viaservice") != Found::Absent {
            return None;
        }
        if self.asks_owner && resource.split(':').nth(4).is_none_or(|account| account.parse::<AccountId>().is_err()) {
            context.set_default("aws:ResourceAccount", || Some(self.account.clone()));
        }
        Some(Request::new(self.caller.clone(), name, resource, None, context))
    }

    /// Keys as a statement's conditions ask; `None` where that is not plain.
    fn context(&self, statement: &Statement) -> Option<Context> {
        if !statement.unread_conditions.is_empty() {
            return None;
        }
        let mut context = Context::default();
        for row in &statement.conditions {
            let lower = row.key.value.as_str().to_ascii_lowercase();
            if FOLLOWING.contains(&lower.as_str()) || context.find(&lower) != Found::Absent {
                continue;
            }
            match self.value(row, &lower) {
                Asked::Value(value) => context.set(row.key.value.as_str(), value),
                Asked::Nothing => {}
                Asked::Unclear => return None,
            }
        }
        let is_there = |key: &str| context.find(key) != Found::Absent;
        let through_vpc = ["aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip"].iter().any(|key| is_there(key));
        if is_there("aws:sourceip") && through_vpc {
            return None;
        }
        for (key, value) in &self.always {
            if context.find(&key.to_ascii_lowercase()) == Found::Absent {
                context.set(key, Value::One((*value).to_owned()));
            }
        }
        Some(context)
    }

    fn value(&self, row: &Condition, lower: &str) -> Asked {
        let operator = row.operator.value;
        let of = operator::row(operator.comparison);
        if of.negated || operator.if_exists {
            return Asked::Nothing;
        }
        let info = self.reference.condition_key(lower);
        let Some(first) = row.values.values().next().filter(|text| !text.contains("${")) else { return Asked::Unclear };
        let text = match of.base {
            Base::Presence if first.eq_ignore_ascii_case("true") => return Asked::Nothing,
            Base::Presence => "example".to_owned(),
            Base::Text | Base::TextWhateverCase => first.clone(),
            Base::TextPattern | Base::Arn => filled_in(first, &self.account),
            Base::Flag => first.to_ascii_lowercase(),
            Base::Address => first.split('/').next().unwrap_or_default().to_owned(),
            _ => return Asked::Unclear,
        };
        let is_of_type = match info.map(KeyInfo::value_type) {
            Some(KeyType::Arn) => text.starts_with("arn:") && text.split(':').count() > 5,
            Some(KeyType::Bool) => matches!(text.as_str(), "true" | "false"),
            Some(KeyType::Numeric | KeyType::Date | KeyType::IpAddress) => of.base == Base::Address,
            _ => !is_account(lower) || text.parse::<AccountId>().is_ok(),
        };
        if !is_of_type {
            return Asked::Unclear;
        }
        let is_multi_valued = info.map_or(operator.quantifier.is_some(), KeyInfo::is_multi_valued);
        Asked::Value(if is_multi_valued { Value::Many(vec![text]) } else { Value::One(text) })
    }
}

/// What a row of a condition asks of a key.
enum Asked {
    /// That it be this.
    Value(Value),
    /// Nothing that its absence would not do.
    Nothing,
    /// That is left to the search.
    Unclear,
}
