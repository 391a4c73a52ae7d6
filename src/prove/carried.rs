//! New access by a policy of principals: what plain comparison leaves is tried with likely requests, then searched.

use super::{
    candidates,
    claim::ProveError,
    claims::{Asking, agreeing, agreeing_resource, reason},
    inclusion,
    partition::Who,
    search::{self, Case, Found, Search},
};
use crate::{
    policy::{Policy, PolicyKind, PolicySet},
    semantics::authorize,
};

impl Asking<'_, '_> {
    /// Two policies of principals, as if the resource's side agreed: what plain comparison leaves of them.
    pub(super) fn compare_carried(&self, old: &Policy, new: &Policy) -> Result<Found, ProveError> {
        if std::ptr::eq(old, new) {
            return Ok(Found::Nothing);
        }
        let whole = [new, old];
        let Some(left) = inclusion::left_to_prove(old, new) else { return self.search_carried(whole, whole) };
        if left.is_empty() {
            return Ok(Found::Nothing);
        }
        let denials = new.statements.iter().filter(|statement| statement.denies()).cloned().collect();
        let denials = inclusion::touching(&new.with_statements(denials), &left);
        let (old, statements) = (inclusion::touching(old, &left), left.iter().cloned().chain(denials.statements));
        let parts = [&new.with_statements(statements.collect()), &old];
        if self.question.kind == PolicyKind::Identity {
            let likely = candidates::likely(&left, parts, self.question.account, self.reference);
            if let Some(witness) = search::first_of(&identity_case(parts), likely) {
                return search::confirmed(Found::Request(witness), &identity_case(whole));
            }
        }
        self.search_carried(parts, whole)
    }

    /// The same by the search, in parts of the new and the old policy that tell all; a request is held against the whole.
    pub(super) fn search_carried(&self, parts: [&Policy; 2], whole: [&Policy; 2]) -> Result<Found, ProveError> {
        let open = agreeing("");
        let sets = parts.map(|policy| self.carried(policy, &open));
        let tests = sets.each_ref().map(authorize);
        let scope = self.scope(Who::Carriers(self.question.account), None);
        let mut budget = self.budget;
        let space = match Search::space(&tests, &scope, self.reference, &mut budget) {
            Ok(space) => space,
            Err(exhausted) => return Ok(Found::Open(vec![reason(&exhausted.to_string())])),
        };
        let agrees = agreeing_resource(&space);
        let found = Search { space: &space, reference: self.reference, budget }
            .run(&[agreeing_case(sets, &agrees)], &|solver| Ok(solver.formula(&scope.wanted)?.open))?;
        search::confirmed(found, &agreeing_case(whole.map(|policy| self.carried(policy, &open)), &agrees))
    }
}

/// What one identity policy allows and another does not.
fn identity_case([new, old]: [&Policy; 2]) -> Case<'_> {
    let set = |policy| PolicySet { identity: vec![policy], ..PolicySet::default() };
    Case { allowed: set(new), but_not: Some(set(old)), other_side_agrees: false }
}

/// The same with a side of the resource that agrees.
fn agreeing_case<'p>(sets: [PolicySet<'p>; 2], agrees: &'p Policy) -> Case<'p> {
    let [allowed, but_not] = sets.map(|set| PolicySet { resource: Some(agrees), ..set });
    Case { allowed, but_not: Some(but_not), other_side_agrees: true }
}

/// Whether plain comparison tells that a policy grants no more than another.
pub(super) fn grants_no_more(old: &Policy, new: &Policy) -> bool {
    std::ptr::eq(old, new) || inclusion::left_to_prove(old, new).is_some_and(|left| left.is_empty())
}
