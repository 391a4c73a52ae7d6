//! Actions, resources and statements that others already say.

mod cover;
mod several;

use std::ops::BitOr;

use crate::{
    finding::{Applicability, Finding, RuleInfo},
    policy::{ActionPattern, Clause, Condition, Listed, Policy, Principal, ResourcePattern, Statement, glob},
    rules::{Check, Findings, RuleContext, declare::declare_rules, edits},
    source::{Span, hash},
};

use cover::{Budget, Cover, Group};

declare_rules! { Validity:
    /// ## What it does
    /// Flags an action that stands twice in one list, letter case not counting, or that a pattern of the same list covers.
    ///
    /// ## Why it matters
    /// It says nothing new, and a reader takes it for a limit: who takes the action away changes nothing.
    ///
    /// ## How to fix it
    /// Take it away; or take the pattern away, if the listed actions alone are meant.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", redundant action.
    pub REDUNDANT_ACTION = {
        id: "redundant-action", code: Some("REDUNDANT_ACTION"),
        severity: Note, confidence: High, persona: Pedantic,
        summary: "an action that another entry of its list covers",
    }

    /// ## What it does
    /// Flags a resource that stands twice in one list, or that a pattern of the same list covers.
    ///
    /// ## Why it matters
    /// It says nothing new, and a reader takes it for a limit.
    ///
    /// ## How to fix it
    /// Take it away; or take the pattern away, if the listed resources alone are meant.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", redundant resource.
    pub REDUNDANT_RESOURCE = {
        id: "redundant-resource", code: Some("REDUNDANT_RESOURCE"),
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a resource that another entry of its list covers",
    }

    /// ## What it does
    /// Flags a statement that says what another one says: with the same effect and the same conditions, and no principal,
    /// action or resource that the other does not cover. So is one flagged of which others together say everything, where
    /// that is proven.
    ///
    /// ## Why it matters
    /// Whoever changes one of the two believes to have changed the policy.
    ///
    /// ## How to fix it
    /// Take one of the two away.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", redundant statement.
    pub REDUNDANT_STATEMENT = {
        id: "redundant-statement", code: Some("REDUNDANT_STATEMENT"),
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a statement that another one covers",
    }
}

/// What is said for nothing.
pub(crate) struct Redundant;

impl Check for Redundant {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if let Some(actions) = statement.actions.as_ref().filter(|_| out.asks(&REDUNDANT_ACTION)) {
            list(actions.listed(), ActionPattern::as_str, Cover::Actions, &REDUNDANT_ACTION, out);
        }
        if let Some(resources) = statement.resources.as_ref().filter(|_| out.asks(&REDUNDANT_RESOURCE)) {
            list(resources.listed(), ResourcePattern::as_str, Cover::Resources, &REDUNDANT_RESOURCE, out);
        }
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if out.asks(&REDUNDANT_STATEMENT) && policy.statements.len() > 1 {
            statements(policy, cx, out);
        }
    }
}

/// Tells of each entry that covers others, with all that it covers.
fn list<T>(listed: &Listed<T>, text: fn(&T) -> &str, cover: Cover, rule: &'static RuleInfo, out: &mut Findings<'_>) {
    if listed.read.len() < 2 {
        return;
    }
    let texts: Vec<&str> = listed.read.iter().map(|item| text(&item.value)).collect();
    let Some(groups) = cover.groups(&texts, &mut Budget::default()) else {
        return out.not_evaluated(rule, "the list holds too many patterns to compare");
    };
    for group in groups {
        out.push(covered(listed, &texts, &group, cover, rule));
    }
}

fn covered<T>(listed: &Listed<T>, texts: &[&str], group: &Group, cover: Cover, rule: &'static RuleInfo) -> Finding {
    let keeper = texts[group.keeper];
    let places: Vec<Span> = group.covered.iter().map(|index| listed.read[*index].span).collect();
    let are_equal = group.covered.iter().all(|index| cover.is_same(texts[*index], keeper));
    let message = match group.covered[..] {
        [_] if are_equal => format!("`{keeper}` is listed twice"),
        _ if are_equal => format!("`{keeper}` is listed {} times", group.covered.len() + 1),
        [only] => format!("`{}` is covered by `{keeper}`", texts[only]),
        _ => format!("{} entries are covered by `{keeper}`", group.covered.len()),
    };
    let word = if are_equal { "here first" } else { "covers it" };
    let mut finding = Finding::new(rule, places[0], message).related(listed.read[group.keeper].span, word);
    for place in &places[1..] {
        finding = finding.related(*place, "this one too");
    }
    let finding = finding.help(if are_equal {
        "once says it all"
    } else {
        "take it away; or take the pattern away, if the others alone are meant"
    });
    let is_plain = group.covered.iter().all(|index| cover.is_beyond_doubt(keeper, texts[*index]));
    let applicability = if is_plain { Applicability::Safe } else { Applicability::Unsafe };
    match edits::remove_all_from(listed, &places) {
        Some(edits) => finding.fix("take away what is covered", applicability, edits),
        None => finding,
    }
}

/// Tells of statements that others cover.
fn statements(policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let known: Vec<Known<'_>> = policy.statements.iter().filter_map(Known::of).collect();
    let mut order: Vec<usize> = (0..known.len()).collect();
    order.sort_unstable_by_key(|index| known[*index].likeness);
    let mut budget = Budget::default();
    let mut told: Vec<(usize, usize, bool)> = Vec::new();
    for alike in order.chunk_by(|one, other| known[*one].likeness == known[*other].likeness) {
        for inner in alike {
            let mut others = alike.iter().filter(|outer| *outer != inner);
            let covering = others.find_map(|outer| {
                let covers = known[*outer].covers(&known[*inner], &mut budget);
                let mutual = covers && known[*inner].covers(&known[*outer], &mut budget);
                (covers && (!mutual || outer < inner)).then_some((*outer, mutual))
            });
            if let Some((outer, mutual)) = covering {
                told.push((*inner, outer, mutual));
            }
        }
    }
    if budget.is_spent() {
        return out.not_evaluated(&REDUNDANT_STATEMENT, "the policy holds too many patterns to compare");
    }
    told.sort_unstable();
    let plainly: Vec<usize> = told.iter().map(|(inner, ..)| *inner).collect();
    several::tell(policy, &known, &plainly, cx, out);
    for (inner, outer, mutual) in told {
        let message =
            if mutual { "this statement says what another one says" } else { "another statement covers this" };
        let finding = Finding::new(&REDUNDANT_STATEMENT, known[inner].statement.span, message)
            .related(known[outer].statement.span, "the other one")
            .help("take one of the two away");
        out.push(if mutual { finding } else { finding.no_code() });
    }
}

/// A statement of which every part is known.
struct Known<'s> {
    statement: &'s Statement,
    actions: &'s Clause<ActionPattern>,
    /// Equal for statements of which one could cover the other.
    likeness: u64,
    /// The services of its actions and of its resources, a bit each; all bits for a wildcard.
    services: [u64; 2],
}

impl<'s> Known<'s> {
    fn of(statement: &'s Statement) -> Option<Self> {
        let effect = statement.effect.as_ref()?.value;
        let actions = statement.actions.as_ref()?;
        let is_whole = statement.unread_conditions.is_empty()
            && actions.listed().is_read_whole()
            && statement.resources.as_ref().is_none_or(|clause| clause.listed().is_read_whole())
            && statement.principals.as_ref().is_none_or(|clause| clause.listed().is_read_whole());
        let form = [
            effect as usize,
            usize::from(actions.only().is_some()),
            statement.resources.as_ref().map_or(2, |clause| usize::from(clause.only().is_some())),
            statement.principals.as_ref().map_or(2, |clause| usize::from(clause.only().is_some())),
            statement.conditions.len(),
        ];
        let mut likeness = form.iter().fold(0_u64, |sum, part| sum * 16 + *part as u64);
        for row in &statement.conditions {
            likeness = likeness.wrapping_add(hash(lower(row.key.value.as_str())));
        }
        let of_actions = actions.listed().values().map(|action| bit(action.service().unwrap_or("*")));
        let of_resource = |resource: &ResourcePattern| bit(resource.as_str().split(':').nth(2).unwrap_or("*"));
        let of_resources = statement.resources.iter().flat_map(|clause| clause.listed().values()).map(of_resource);
        let services = [of_actions.fold(0, u64::bitor), of_resources.fold(0, u64::bitor)];
        is_whole.then_some(Self { statement, actions, likeness, services })
    }

    /// Whether it has what the other one speaks of at all: a cheap question before dear ones.
    fn may_cover(&self, inner: &Self) -> bool {
        let within = |index: usize, is_only: bool| {
            let (outer, inner) = (self.services[index], inner.services[index]);
            if is_only { inner & !outer == 0 } else { outer & !inner == 0 }
        };
        within(0, self.actions.only().is_some())
            && within(1, self.statement.resources.as_ref().is_none_or(|clause| clause.only().is_some()))
    }

    fn covers(&self, inner: &Self, budget: &mut Budget) -> bool {
        let (own, other) = (self.statement, inner.statement);
        self.may_cover(inner)
            && same_conditions(&own.conditions, &other.conditions)
            && clause(own.principals.as_ref(), other.principals.as_ref(), principals)
            && clause(Some(self.actions), Some(inner.actions), |one, two| {
                lists(one, two, ActionPattern::as_str, Cover::Actions, budget)
            })
            && clause(own.resources.as_ref(), other.resources.as_ref(), |one, two| {
                lists(one, two, ResourcePattern::as_str, Cover::Resources, budget)
            })
    }
}

/// Whether a clause covers another: what is listed, or the other way round where all but that is meant.
fn clause<T>(
    outer: Option<&Clause<T>>,
    inner: Option<&Clause<T>>,
    mut covers: impl FnMut(&Listed<T>, &Listed<T>) -> bool,
) -> bool {
    match (outer, inner) {
        (None, None) => true,
        (Some(Clause::Only(outer)), Some(Clause::Only(inner))) => covers(outer, inner),
        (Some(Clause::AllBut(outer)), Some(Clause::AllBut(inner))) => covers(inner, outer),
        _ => false,
    }
}

fn lists<T>(outer: &Listed<T>, inner: &Listed<T>, text: fn(&T) -> &str, cover: Cover, budget: &mut Budget) -> bool {
    inner.values().all(|item| {
        outer.values().any(|pattern| {
            let (pattern, item) = (text(pattern), text(item));
            cover.includes(pattern, item, budget) && cover.is_beyond_doubt(pattern, item)
        })
    })
}

fn principals(outer: &Listed<Principal>, inner: &Listed<Principal>) -> bool {
    inner.values().all(|one| outer.values().any(|other| other == one))
}

fn same_conditions(one: &[Condition], other: &[Condition]) -> bool {
    let same_values = |one: &Listed<String>, other: &Listed<String>| {
        let within = |one: &Listed<String>, other: &Listed<String>| {
            one.values().all(|value| other.values().any(|known| known == value))
        };
        one.is_read_whole() && other.is_read_whole() && within(one, other) && within(other, one)
    };
    one.len() == other.len()
        && one.iter().all(|row| {
            other.iter().any(|twin| {
                row.operator.value == twin.operator.value
                    && row.key.value.is(twin.key.value.as_str())
                    && same_values(&row.values, &twin.values)
            })
        })
}

/// One bit for a service, or all of them for a pattern.
fn bit(service: &str) -> u64 {
    if glob::is_pattern(service) { u64::MAX } else { 1 << (hash(lower(service)) >> 58) }
}

fn lower(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|byte| byte.to_ascii_lowercase())
}
