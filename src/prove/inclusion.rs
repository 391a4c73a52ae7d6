//! What of a policy another one grants too, as far as a plain comparison of their statements tells.
//!
//! The more a policy's `Allow` statements match the more it grants, and the less its `Deny` statements match. So where the
//! new policy has every `Deny` of the old one, an `Allow` that lies in one of the old policy grants nothing new, and
//! only what lies in none is left to be proven.

use crate::{
    policy::{ActionPattern, Clause, Condition, Listed, Policy, ResourcePattern, Statement, glob},
    source::Spanned,
};

/// So many pairs of patterns are compared in a statement; past them it is left to the proof as it is.
const MOST_PAIRS: usize = 200_000;

/// What of the new policy is left to be proven: its `Allow` statements, each with what no statement of the old policy holds.
/// `None` where statements say too little of the whole: the old policy denies what the new one does not, or parts are not
/// known.
pub(super) fn left_to_prove(old: &Policy, new: &Policy) -> Option<Vec<Statement>> {
    if !old.is_complete() || !new.is_complete() {
        return None;
    }
    let reads_alike = old.version.as_ref().map(|of| of.value) == new.version.as_ref().map(|of| of.value);
    let comparison = Comparison { reads_alike };
    let denials: Vec<&Statement> = new.statements.iter().filter(|statement| statement.denies()).collect();
    let is_kept = |denial: &Statement| denials.iter().any(|other| comparison.is_same(denial, other));
    if !old.statements.iter().filter(|statement| statement.denies()).all(is_kept) {
        return None;
    }
    let allowing: Vec<&Statement> = old.statements.iter().filter(|statement| statement.allows()).collect();
    let of_new = new.statements.iter().filter(|statement| statement.allows());
    Some(of_new.filter_map(|statement| comparison.rest(statement, &allowing)).collect())
}

/// The statements of a policy that may match a call that some of `others` match: a statement whose actions are all of
/// services that none of them names is left out, and so are such actions of lists.
pub(super) fn touching(policy: &Policy, others: &[Statement]) -> Policy {
    let mut services: Vec<String> = Vec::new();
    for statement in others {
        let Some(Clause::Only(listed)) = &statement.actions else { return policy.clone() };
        for pattern in listed.values() {
            match named_service(pattern) {
                None => return policy.clone(),
                Some(service) if services.iter().any(|known| known.eq_ignore_ascii_case(service)) => {}
                Some(service) => services.push(service.to_owned()),
            }
        }
    }
    let may = |pattern: &ActionPattern| {
        named_service(pattern).is_none_or(|own| services.iter().any(|service| service.eq_ignore_ascii_case(own)))
    };
    let kept = |statement: &Statement| match &statement.actions {
        Some(Clause::Only(listed)) if listed.values().any(may) => {
            let read = listed.read.iter().filter(|pattern| may(&pattern.value)).cloned().collect();
            Some(Statement { actions: Some(Clause::Only(with(listed, read))), ..statement.clone() })
        }
        Some(Clause::Only(_)) => None,
        _ => Some(statement.clone()),
    };
    policy.with_statements(policy.statements.iter().filter_map(kept).collect())
}

/// The service of a pattern, unless a wildcard leaves it open.
fn named_service(pattern: &ActionPattern) -> Option<&str> {
    pattern.as_str().split_once(':').map(|(service, _)| service).filter(|service| !glob::is_pattern(service))
}

/// A list with other values.
fn with<T: Clone>(listed: &Listed<T>, read: Vec<Spanned<T>>) -> Listed<T> {
    Listed { read, ..Listed::new(listed.element, listed.is_list) }
}

struct Comparison {
    /// Whether both policies are of one version, so that variables mean the same.
    reads_alike: bool,
}

impl Comparison {
    /// Whether two statements mean the same: each element lies in the other's.
    fn is_same(&self, one: &Statement, other: &Statement) -> bool {
        self.lies_in_by_elements(one, other) && self.lies_in_by_elements(other, one)
    }

    fn lies_in_by_elements(&self, inner: &Statement, outer: &Statement) -> bool {
        let actions = inner.actions.as_ref().zip(outer.actions.as_ref());
        self.limits_as_much(inner, outer)
            && is_small(inner, outer)
            && actions.is_some_and(|(inner, outer)| lists_lie_in(inner, outer, &includes_action))
            && self.resources_lie_in(inner, outer)
    }

    /// Whether whoever, and whatever conditions, a statement lets through the other lets through too.
    fn limits_as_much(&self, inner: &Statement, outer: &Statement) -> bool {
        outer.unread_conditions.is_empty()
            && names_the_same(inner, outer)
            && outer.conditions.iter().all(|row| inner.conditions.iter().any(|own| self.implies(own, row)))
    }

    /// Whether a row of a condition lets through no more than another does.
    fn implies(&self, one: &Condition, other: &Condition) -> bool {
        let is_alike = one.operator.value == other.operator.value && one.key.value.is(other.key.value.as_str());
        let is_known = one.values.unknown.is_empty() && other.values.unknown.is_empty();
        let is_plain = one.values.malformed.is_empty() && other.values.malformed.is_empty();
        let (few, many) = if one.operator.value.comparison.is_negated() { (other, one) } else { (one, other) };
        is_alike
            && is_known
            && is_plain
            && one.values.read.len() * other.values.read.len() <= MOST_PAIRS
            && few.values.values().all(|value| self.may_compare(value) && many.values.values().any(|own| own == value))
    }

    /// Whether a text means the same in both policies.
    fn may_compare(&self, text: &str) -> bool {
        self.reads_alike || !text.contains("${")
    }

    fn resources_lie_in(&self, inner: &Statement, outer: &Statement) -> bool {
        match (&inner.resources, &outer.resources) {
            (None, None) => true,
            (Some(inner), Some(outer)) => lists_lie_in(inner, outer, &|outer, inner| self.includes(outer, inner)),
            _ => false,
        }
    }

    /// Whether a pattern of resources lies in another, however wildcards before a colon are read.
    fn includes(&self, outer: &ResourcePattern, inner: &ResourcePattern) -> bool {
        let is_everything = outer.is_everything();
        let (outer, inner) = (outer.as_str(), inner.as_str());
        if outer == inner {
            return self.may_compare(inner);
        }
        // Where no wildcard stands before the fifth colon, all readings are one.
        let is_plain = |text: &str| {
            let fifth = text.match_indices(':').nth(4).map(|(at, _)| at);
            !text.contains("${") && fifth.is_some_and(|at| !glob::is_pattern(&text[..at]))
        };
        is_everything || (is_plain(outer) && is_plain(inner) && glob::includes(outer, inner))
    }

    /// What of a statement lies in none of the old policy's; `None`: nothing.
    fn rest(&self, statement: &Statement, old: &[&Statement]) -> Option<Statement> {
        let outer: Vec<&Statement> =
            old.iter().filter(|outer| self.limits_as_much(statement, outer)).copied().collect();
        if outer.iter().any(|outer| self.lies_in_by_elements(statement, outer)) {
            return None;
        }
        let (Some(Clause::Only(actions)), Some(Clause::Only(resources))) = (&statement.actions, &statement.resources)
        else {
            return Some(statement.clone());
        };
        let pairs: usize = outer.iter().map(|outer| pairs(statement, outer)).sum();
        if pairs > MOST_PAIRS {
            return Some(statement.clone());
        }
        let held: Vec<Vec<bool>> =
            outer.iter().map(|outer| resources.values().map(|own| self.holds(outer, own)).collect()).collect();
        let mut left = vec![false; resources.read.len()];
        let mut open = Vec::new();
        for action in &actions.read {
            let covering: Vec<&Vec<bool>> = outer
                .iter()
                .zip(&held)
                .filter(|(outer, _)| speaks_of(outer, &action.value))
                .map(|(_, held)| held)
                .collect();
            let mut is_open = false;
            for (at, left) in left.iter_mut().enumerate() {
                if !covering.iter().any(|held| held.get(at) == Some(&true)) {
                    (*left, is_open) = (true, true);
                }
            }
            if is_open {
                open.push(action.clone());
            }
        }
        if open.is_empty() {
            return None;
        }
        let kept = resources.read.iter().zip(&left).filter(|(_, left)| **left).map(|(own, _)| own.clone()).collect();
        Some(Statement {
            actions: Some(Clause::Only(with(actions, open))),
            resources: Some(Clause::Only(with(resources, kept))),
            ..statement.clone()
        })
    }

    fn holds(&self, outer: &Statement, resource: &ResourcePattern) -> bool {
        matches!(&outer.resources, Some(Clause::Only(listed)) if listed.values().any(|own| self.includes(own, resource)))
    }
}

/// How many patterns of two statements are held against one another.
fn pairs(one: &Statement, other: &Statement) -> usize {
    let actions = |statement: &Statement| statement.actions.as_ref().map_or(0, |clause| clause.listed().len());
    let resources = |statement: &Statement| statement.resources.as_ref().map_or(0, |clause| clause.listed().len());
    actions(one).saturating_mul(actions(other)).saturating_add(resources(one).saturating_mul(resources(other)))
}

fn is_small(one: &Statement, other: &Statement) -> bool {
    pairs(one, other) <= MOST_PAIRS
}

/// Whether both name the same principals, or neither names any.
fn names_the_same(one: &Statement, other: &Statement) -> bool {
    match (&one.principals, &other.principals) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            let [own, others] = [one.listed(), other.listed()];
            let is_plain = own.malformed.is_empty() && others.malformed.is_empty();
            matches!(one, Clause::Only(_)) == matches!(other, Clause::Only(_))
                && own.unknown.is_empty()
                && others.unknown.is_empty()
                && is_plain
                && own.read.len() == others.read.len()
                && own.values().zip(others.values()).all(|(own, other)| own == other)
        }
        _ => false,
    }
}

/// Whether all that one clause means the other means too. What is malformed matches nothing.
fn lists_lie_in<T>(inner: &Clause<T>, outer: &Clause<T>, includes: &impl Fn(&T, &T) -> bool) -> bool {
    let is_known = inner.listed().unknown.is_empty() && outer.listed().unknown.is_empty();
    let held = |many: &Listed<T>, few: &Listed<T>| few.values().all(|own| many.values().any(|all| includes(all, own)));
    is_known
        && match (inner, outer) {
            (Clause::Only(inner), Clause::Only(outer)) => held(outer, inner),
            (Clause::AllBut(inner), Clause::AllBut(outer)) => held(inner, outer),
            _ => false,
        }
}

fn includes_action(outer: &ActionPattern, inner: &ActionPattern) -> bool {
    if outer.is_pattern() {
        return outer.is_every_action() || glob::includes_ignoring_case(outer.as_str(), inner.as_str());
    }
    outer.as_str().eq_ignore_ascii_case(inner.as_str())
}

/// Whether a statement speaks of every action of a pattern.
fn speaks_of(statement: &Statement, action: &ActionPattern) -> bool {
    match &statement.actions {
        Some(Clause::Only(listed)) => listed.values().any(|own| includes_action(own, action)),
        Some(Clause::AllBut(listed)) => {
            listed.unknown.is_empty()
                && !action.is_pattern()
                && !listed.values().any(|own| includes_action(own, action))
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        policy::{self, PolicyKind},
        prove::{Budget, Claim, Question, claims::Asking, search::Found},
        reference::Reference,
        source::SourceId,
        syntax::json,
    };

    fn read(statements: &[String]) -> Policy {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        policy::read(&json::read_text(&text, SourceId(0)).root).0
    }

    fn left(old: &str, new: &str) -> Option<usize> {
        left_to_prove(&read(&[old.to_owned()]), &read(&[new.to_owned()])).map(|left| left.len())
    }

    #[test]
    fn a_statement_lies_in_another_that_lists_more_and_asks_less() {
        let old = r#"{"Effect":"Allow","Action":["s3:Get*","kms:Decrypt"],"Resource":["arn:aws:s3:::a/*","*"],"Condition":{"StringEquals":{"aws:RequestTag/a":["x","y"]}}}"#;
        let narrower = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::a/b*","Condition":{"StringEquals":{"aws:requesttag/A":"y"},"Bool":{"aws:SecureTransport":"true"}}}"#;
        assert_eq!(left(old, narrower), Some(0));
        assert_eq!(left(narrower, old), Some(1));
    }

    #[test]
    fn a_negated_row_with_fewer_values_lets_more_through() {
        let of = |values: &str| {
            format!(
                r#"{{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{{"StringNotEquals":{{"aws:RequestTag/a":{values}}}}}}}"#
            )
        };
        assert_eq!(left(&of(r#"["x"]"#), &of(r#"["x","y"]"#)), Some(0));
        assert_eq!(left(&of(r#"["x","y"]"#), &of(r#"["x"]"#)), Some(1));
    }

    #[test]
    fn a_denial_that_is_gone_leaves_everything_to_the_proof() {
        let deny = r#"{"Effect":"Deny","Action":"s3:*","Resource":"*"}"#;
        assert_eq!(left(deny, r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#), None);
        assert_eq!(left(deny, deny), Some(0));
    }

    fn pick<'t>(state: &mut u64, of: &[&'t str]) -> &'t str {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        of[usize::try_from(*state >> 33).unwrap() % of.len()]
    }

    fn random(state: &mut u64) -> String {
        let effect = pick(state, &["Allow", "Allow", "Allow", "Allow", "Deny"]);
        let key = pick(state, &["Action", "Action", "Action", "Action", "NotAction"]);
        let action = |state: &mut u64| {
            pick(
                state,
                &[
                    "s3:GetObject",
                    "s3:Get*",
                    "s3:PutObject",
                    "s3:*",
                    "kms:Decrypt",
                    "kms:*",
                    "sqs:SendMessage",
                    "*",
                    "s3:New?",
                ],
            )
        };
        let resource = |state: &mut u64| {
            pick(
                state,
                &[
                    "*",
                    "*",
                    "arn:aws:s3:::a/*",
                    "arn:aws:s3:::a/b*",
                    "arn:aws:s3:::*",
                    "arn:aws:kms:*:111122223333:key/*",
                    "arn:aws:s3:::${aws:username}/*",
                ],
            )
        };
        let condition = pick(
            state,
            &[
                "",
                "",
                "",
                r#","Condition":{"StringEquals":{"aws:RequestTag/a":"x"}}"#,
                r#","Condition":{"StringEquals":{"aws:RequestTag/a":["x","y"]}}"#,
                r#","Condition":{"StringNotLike":{"aws:RequestTag/a":["x*"]}}"#,
                r#","Condition":{"Bool":{"aws:SecureTransport":"true"}}"#,
                r#","Condition":{"StringEqualsIfExists":{"aws:ResourceAccount":"111122223333"}}"#,
                r#","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#,
                r#","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}"#,
                r#","Condition":{"Null":{"aws:TagKeys":"true"}}"#,
            ],
        );
        let (actions, resources) = ([action(state), action(state)], [resource(state), resource(state)]);
        format!(r#"{{"Effect":"{effect}","{key}":{actions:?},"Resource":{resources:?}{condition}}}"#)
    }

    /// Comparison and likely requests answer as the search alone does.
    #[test]
    fn what_comparison_tells_the_search_alone_tells_too() {
        let mut state = 7;
        let mut told = [0, 0];
        for _ in 0..400 {
            let of = |state: &mut u64, more: &[String]| -> Vec<String> {
                let kept = more.iter().filter(|_| pick(state, &["1", "1", ""]) == "1").cloned().collect::<Vec<_>>();
                let count = 1 + pick(state, &["", "1", "11"]).len();
                kept.into_iter().chain((0..count).map(|_| random(state))).collect()
            };
            let old = of(&mut state, &[]);
            let new = if pick(&mut state, &["1", ""]).is_empty() { old[..1].to_vec() } else { of(&mut state, &old) };
            let (old, new) = (read(&old), read(&new));
            let claim = Claim::NoNewAccess { old: &old, new: &new };
            let question = Question { claim, kind: PolicyKind::Identity, account: None, resource_type: None };
            let asking = Asking { question: &question, reference: Reference::embedded(), budget: Budget::default() };
            let quick = asking.compare_carried(&old, &new).unwrap();
            let whole = asking.search_carried([&new, &old], [&new, &old]).unwrap();
            match (&quick, &whole) {
                (Found::Request(_), Found::Request(_)) => told[0] += 1,
                (Found::Nothing, Found::Nothing) => told[1] += 1,
                // What comparison leaves out may be what the search could not tell.
                (_, Found::Open(_)) => {}
                _ => panic!("{old:?}\n{new:?}"),
            }
        }
        assert!(told.iter().all(|count| *count >= 60), "{told:?}");
    }
}
