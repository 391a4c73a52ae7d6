//! Whether a row of a `Condition` element holds.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators"; "Single-valued vs. multivalued context
//! keys"; "IAM policy elements: Variables and tags".

use std::cmp::Ordering;

use kpl::policy::{Comparison, Condition, Quantifier};

use super::{
    Caller, Held, Truth, Twist,
    judge::Judge,
    statement::certainty,
    text::{Step, compare_numbers, from_base64, in_range, instant, matches, pattern, plain, six_parts},
};

impl Judge<'_> {
    pub(super) fn condition(&self, condition: &Condition, has_variables: bool) -> Truth {
        let mut operator = condition.operator.value;
        if self.twist == Twist::IfExists {
            operator.if_exists = false;
        }
        let held = self.held(condition.key.value.as_str());
        let truth = match (operator.comparison, held) {
            (Comparison::Null, held) => null(condition, held.as_ref()),
            (_, Some(Held::Unknown)) => Truth::Maybe,
            (comparison, None) => Truth::of(absent(comparison, operator.quantifier, operator.if_exists)),
            (comparison, Some(Held::One(value))) => {
                self.values(comparison, operator.quantifier, &[value], condition, has_variables)
            }
            (comparison, Some(Held::Many(values))) => match operator.quantifier {
                // Observed: without a set operator a key of many values does not match, negated or not.
                None if !values.is_empty() => Truth::No,
                quantifier => self.values(comparison, quantifier, &values, condition, has_variables),
            },
        };
        let turned = self.twist == Twist::Comparison(operator.comparison)
            || self.twist == Twist::Quantifier(operator.quantifier) && operator.comparison != Comparison::Null;
        if turned { truth.not() } else { truth }
    }

    fn values(
        &self,
        comparison: Comparison,
        quantifier: Option<Quantifier>,
        values: &[String],
        condition: &Condition,
        has_variables: bool,
    ) -> Truth {
        let each = values.iter().map(|value| {
            let listed = condition.values.values().map(|listed| {
                let found = self.compare(comparison, value, listed, has_variables);
                let put_in = self.with_path(condition.key.value.as_str(), value, listed);
                let other = put_in.map(|value| self.compare(comparison, &value, listed, has_variables));
                if found == Truth::No && other == Some(Truth::Yes) { Truth::Maybe } else { found }
            });
            let unknown = condition.values.unknown.iter().map(|_| Truth::Maybe);
            let found = Truth::any(listed.chain(unknown));
            if comparison.name().contains("Not") { found.not() } else { found }
        });
        // Under a set operator an empty text is no value either.
        let quantifier_of_none = quantifier.filter(|_| values.iter().all(String::is_empty));
        if let Some(quantifier) = quantifier_of_none {
            return Truth::of(quantifier == Quantifier::ForAllValues);
        }
        match quantifier {
            None if values.is_empty() => Truth::of(comparison.name().contains("Not")),
            Some(Quantifier::ForAnyValue) => Truth::any(each),
            Some(Quantifier::ForAllValues) | None => Truth::all(each),
        }
    }

    /// The ARN of a session's role with the path that a policy names: which path it has, the session does not tell.
    fn with_path(&self, key: &str, value: &str, listed: &str) -> Option<String> {
        let is_told = self.request.context.iter().any(|(name, _)| name.eq_ignore_ascii_case(key));
        let is_session = matches!(self.request.caller, Caller::Session { .. });
        if !key.eq_ignore_ascii_case("aws:PrincipalArn") || is_told || !is_session {
            return None;
        }
        let (_, name) = listed.split_once(":role/")?;
        let (path, _) = name.rsplit_once('/')?;
        Some(value.replacen(":role/", &format!(":role/{path}/"), 1))
    }

    /// What the request carries for a key; what follows from the caller and the resource need not be written.
    pub(super) fn held(&self, key: &str) -> Option<Held> {
        let written = self.request.context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        if let Some((_, held)) = written {
            return Some(held.clone());
        }
        let caller = &self.request.caller;
        let value = match key.to_ascii_lowercase().as_str() {
            "aws:principalarn" => match caller {
                Caller::User { account, name } => format!("arn:aws:iam::{account}:user/{name}"),
                Caller::Role { account, name } => format!("arn:aws:iam::{account}:role/{name}"),
                Caller::Session { account, role, .. } => format!("arn:aws:iam::{account}:role/{role}"),
                Caller::FederatedUser { account, name } => format!("arn:aws:sts::{account}:federated-user/{name}"),
                Caller::Root { account } => format!("arn:aws:iam::{account}:root"),
                _ => return None,
            },
            "aws:principalaccount" => match caller {
                Caller::Anonymous => "anonymous".to_owned(),
                _ => caller.account()?.to_owned(),
            },
            "kms:calleraccount" => caller.account()?.to_owned(),
            "aws:username" => match caller {
                Caller::User { name, .. } => name.rsplit('/').next().unwrap_or_default().to_owned(),
                _ => return None,
            },
            "aws:principalisawsservice" => match caller {
                Caller::Service(_) => "true".to_owned(),
                _ => caller.account().map(|_| "false".to_owned())?,
            },
            "aws:principaltype" => match caller {
                Caller::User { .. } => "User".to_owned(),
                Caller::Role { .. } | Caller::Session { .. } => "AssumedRole".to_owned(),
                Caller::FederatedUser { .. } => "FederatedUser".to_owned(),
                Caller::Root { .. } => "Account".to_owned(),
                Caller::Anonymous => "Anonymous".to_owned(),
                _ => return None,
            },
            "aws:resourceaccount" => self.request.owner.clone()?,
            _ => return None,
        };
        Some(Held::One(value))
    }

    /// A text of a policy, its variables filled in; `None` where one has no value.
    pub(super) fn expand(&self, text: &str, has_variables: bool, has_wildcards: bool) -> Option<Vec<Step>> {
        let read = if has_wildcards { pattern } else { plain };
        let mut steps = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${").filter(|_| has_variables) {
            let Some((inner, behind)) = after.split_once('}') else { break };
            steps.extend(read(before));
            steps.extend(self.variable(inner)?);
            rest = behind;
        }
        steps.extend(read(rest));
        Some(steps)
    }

    fn variable(&self, inner: &str) -> Option<Vec<Step>> {
        if matches!(inner, "*" | "?" | "$") {
            return Some(plain(inner));
        }
        let (key, default) = match inner.split_once(", '") {
            Some((key, default)) => (key, default.strip_suffix('\'')),
            None => (inner, None),
        };
        match self.held(key) {
            Some(Held::One(value)) if value.is_empty() => Some(vec![Step::Nothing]),
            Some(Held::One(value)) => Some(plain(&value)),
            Some(Held::Unknown) => Some(vec![Step::Unknown]),
            Some(Held::Many(_)) => None,
            None => default.map(plain),
        }
    }

    /// Whether one value of the request matches one of the policy, negation left aside.
    fn compare(&self, comparison: Comparison, value: &str, listed: &str, has_variables: bool) -> Truth {
        use Comparison as C;
        let number = |wanted: &[Ordering]| {
            let found = compare_numbers(value, listed);
            Truth::of(found.is_some_and(|order| wanted.contains(&order)))
        };
        let date = |wanted: &[Ordering]| {
            let found = instant(value).zip(instant(listed)).map(|(value, listed)| value.cmp(&listed));
            Truth::of(found.is_some_and(|order| wanted.contains(&order)))
        };
        let text =
            |value: &str, listed: &str, has_wildcards: bool| match self.expand(listed, has_variables, has_wildcards) {
                Some(steps) if matches(&steps, value) => certainty(&steps),
                _ => Truth::No,
            };
        match comparison {
            C::StringEquals | C::StringNotEquals => text(value, listed, false),
            C::StringEqualsIgnoreCase | C::StringNotEqualsIgnoreCase => {
                let Some(steps) = self.expand(listed, has_variables, false) else { return Truth::No };
                let lower = |step: &Step| match step {
                    Step::Char(letter) => Step::Char(letter.to_ascii_lowercase()),
                    other => *other,
                };
                let steps: Vec<Step> = steps.iter().map(lower).collect();
                if matches(&steps, &value.to_ascii_lowercase()) { certainty(&steps) } else { Truth::No }
            }
            C::StringLike | C::StringNotLike => text(value, listed, true),
            C::NumericNotEquals if compare_numbers(value, listed).is_none() => Truth::Maybe,
            C::DateNotEquals if instant(value).is_none() || instant(listed).is_none() => Truth::Maybe,
            C::NotIpAddress if in_range(value, listed).is_none() => Truth::Maybe,
            C::NumericEquals | C::NumericNotEquals => number(&[Ordering::Equal]),
            C::NumericLessThan => number(&[Ordering::Less]),
            C::NumericLessThanEquals => number(&[Ordering::Less, Ordering::Equal]),
            C::NumericGreaterThan => number(&[Ordering::Greater]),
            C::NumericGreaterThanEquals => number(&[Ordering::Greater, Ordering::Equal]),
            C::DateEquals | C::DateNotEquals => date(&[Ordering::Equal]),
            C::DateLessThan => date(&[Ordering::Less]),
            C::DateLessThanEquals => date(&[Ordering::Less, Ordering::Equal]),
            C::DateGreaterThan => date(&[Ordering::Greater]),
            C::DateGreaterThanEquals => date(&[Ordering::Greater, Ordering::Equal]),
            C::Bool => Truth::of(boolean(value).is_some() && boolean(value) == boolean(listed)),
            C::BinaryEquals => Truth::of(from_base64(listed).is_some_and(|bytes| bytes == value.as_bytes())),
            C::IpAddress | C::NotIpAddress => Truth::of(in_range(value, listed).unwrap_or(false)),
            C::ArnNotEquals | C::ArnNotLike if six_parts(value).len().min(six_parts(listed).len()) < 6 => Truth::Maybe,
            C::ArnEquals | C::ArnLike | C::ArnNotEquals | C::ArnNotLike => self.arn(value, listed, has_variables),
            C::Null => Truth::No,
        }
    }

    /// The six parts, each by itself.
    fn arn(&self, value: &str, listed: &str, has_variables: bool) -> Truth {
        let (value, listed) = (six_parts(value), six_parts(listed));
        if value.len() < 6 || listed.len() < 6 {
            return Truth::No;
        }
        Truth::all(value.iter().zip(&listed).map(|(value, listed)| match self.expand(listed, has_variables, true) {
            Some(steps) if matches(&steps, value) => certainty(&steps),
            _ => Truth::No,
        }))
    }
}

fn absent(comparison: Comparison, quantifier: Option<Quantifier>, if_exists: bool) -> bool {
    match quantifier {
        _ if if_exists => true,
        Some(Quantifier::ForAllValues) => true,
        Some(Quantifier::ForAnyValue) => false,
        None => comparison.name().contains("Not"),
    }
}

fn null(condition: &Condition, held: Option<&Held>) -> Truth {
    let is_null = match held {
        None => Truth::Yes,
        Some(Held::Unknown) => Truth::Maybe,
        Some(Held::One(_)) => Truth::No,
        Some(Held::Many(values)) => Truth::of(values.is_empty()),
    };
    let asked = condition.values.values().map(|value| match boolean(value) {
        Some(true) => is_null,
        Some(false) => is_null.not(),
        None => Truth::No,
    });
    Truth::any(asked.chain(condition.values.unknown.iter().map(|_| Truth::Maybe)))
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
