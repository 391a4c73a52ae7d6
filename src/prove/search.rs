//! A request that one policy set allows and another does not: found, excluded, or neither.

use super::{
    bdd::{NEVER, Node},
    budget::{Budget, Exhausted},
    claim::{ProveError, Witness},
    partition::{Choice, Scope, Space, arns_of, service_of},
    solver::{Sides, Solver},
};
use crate::{
    policy::{Effect, PolicySet, glob},
    reference::Reference,
    semantics::{Authorization, Because, Request, Truth, authorize},
    simulate::{Compiled, Decision, Matched, Reason, Scratch},
    source::Span,
};

/// What a request must do to be found.
pub(super) struct Case<'p> {
    /// Be allowed by this.
    pub(super) allowed: PolicySet<'p>,
    /// And not by this.
    pub(super) but_not: Option<PolicySet<'p>>,
    /// Whether a side that no policy of the question speaks for is taken to agree.
    pub(super) other_side_agrees: bool,
}

/// What a search ended with.
pub(super) enum Found {
    /// No request does so.
    Nothing,
    /// This one does.
    Request(Box<Witness>),
    /// Neither could be shown.
    Open(Vec<Reason>),
}

/// What more a request must be, as a formula of the diagram.
pub(super) type Wanted<'w> = &'w dyn Fn(&mut Solver<'_>) -> Result<Node, Exhausted>;

/// A search over the requests of one scope.
pub(super) struct Search<'s> {
    /// The requests.
    pub(super) space: &'s Space,
    /// Names of actions and ARNs.
    pub(super) reference: &'s Reference,
    /// How much work it may take.
    pub(super) budget: Budget,
}

impl<'s> Search<'s> {
    /// Parts the requests of a scope by the tests of policy sets.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(super) fn space(
        tests: &[Authorization],
        scope: &'s Scope,
        reference: &Reference,
        budget: &mut Budget,
    ) -> Result<Space, Exhausted> {
        Space::part(tests, scope, reference, budget)
    }

    /// Searches the cases in their order.
    ///
    /// # Errors
    /// [`ProveError::Mismatch`] where the simulator says otherwise of what is found.
    pub(super) fn run(&self, cases: &[Case<'_>], wanted: Wanted<'_>) -> Result<Found, ProveError> {
        let mut solver = Solver::new(self.space, self.budget);
        let mut open = Vec::new();
        for case in cases {
            match self.case(&mut solver, case, wanted) {
                Ok(Ok(Found::Nothing)) => {}
                Ok(Ok(Found::Open(reasons))) => open.extend(reasons),
                Ok(found) => return found,
                Err(exhausted) => open.push(reason(exhausted.to_string())),
            }
        }
        open.sort();
        open.dedup();
        Ok(if open.is_empty() { Found::Nothing } else { Found::Open(open) })
    }

    fn case(
        &self,
        solver: &mut Solver<'_>,
        case: &Case<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Result<Found, ProveError>, Exhausted> {
        let new = solver.allowed(&authorize(&case.allowed))?;
        let old = match &case.but_not {
            Some(set) => solver.allowed(&authorize(set))?,
            None => Sides { surely: NEVER, maybe: NEVER, open: NEVER },
        };
        let (possible, fits) =
            (solver.possible()?, solver.without_resource(|name| self.reference.takes_no_resource(name))?);
        let possible = solver.diagram().both(possible, fits)?;
        let wanted = wanted(solver)?;
        let possible = solver.diagram().both(possible, wanted)?;
        let difference = |solver: &mut Solver<'_>, new: Node, old: Node| {
            let d = solver.diagram();
            let not_old = d.not(old)?;
            let only = d.both(new, not_old)?;
            d.both(possible, only)
        };
        let found = difference(solver, new.surely, old.maybe)?;
        if found != NEVER {
            return self.witness(solver, found, case);
        }
        let perhaps = difference(solver, new.open, old.open)?;
        let nested = solver.nested()?;
        let perhaps = solver.diagram().both(perhaps, nested)?;
        let mut reasons: Vec<Reason> = solver.gaps().into_iter().map(reason).collect();
        if perhaps != NEVER {
            reasons.extend(self.why_open(solver, perhaps, case));
        }
        Ok(Ok(if reasons.is_empty() { Found::Nothing } else { Found::Open(reasons) }))
    }

    /// Why a request that may be one cannot be told to be one.
    fn why_open(&self, solver: &Solver<'_>, node: Node, case: &Case<'_>) -> Vec<Reason> {
        let Some(choice) = solver.model(node) else { return Vec::new() };
        let request = self.space.request(&choice, self.action(&choice));
        let mut reasons = Vec::new();
        for set in std::iter::once(&case.allowed).chain(&case.but_not) {
            if let Decision::Undecided { reasons: of } = Compiled::new(set).decide(&request).decision {
                reasons.extend(of);
            }
        }
        if reasons.is_empty() && solver.turns_on_crossing(node) {
            reasons.push(reason("whether a wildcard crosses a colon here is not documented".to_owned()));
        }
        if reasons.is_empty() {
            reasons.push(reason(
                "which values fill in the policy variables decides, and the search for such values ended".to_owned(),
            ));
        }
        reasons
    }

    fn witness(
        &self,
        solver: &mut Solver<'_>,
        found: Node,
        case: &Case<'_>,
    ) -> Result<Result<Found, ProveError>, Exhausted> {
        let plausible = solver.plausible(|name| self.reference.takes_no_resource(name))?;
        let better = solver.diagram().both(found, plausible)?;
        let Some(choice) = solver.model(if better == NEVER { found } else { better }) else {
            return Ok(Ok(Found::Nothing));
        };
        let request = self.space.request(&choice, self.action(&choice));
        let shown = self.expected(&choice, case).or_else(|| self.readable(&choice, case)).unwrap_or(request);
        if !replays(case, &shown) {
            return Ok(Err(ProveError::Mismatch { request: spelt(&shown) }));
        }
        let statements = statements(case, &shown);
        let other_side_agrees = case.other_side_agrees && !replays(&alone(case), &shown);
        Ok(Ok(Found::Request(Box::new(Witness { request: shown, statements, other_side_agrees }))))
    }

    /// The name in the action's class that fits the resource best.
    fn action(&self, choice: &Choice) -> &str {
        let names = self.space.actions.classes.get(choice.action).map_or(&[][..], |class| &class.names);
        let resource = self.space.resources.classes.get(choice.resource).map_or("*", |class| class.text.as_str());
        let service = resource.split(':').nth(2);
        let fits = |name: &&String| match service {
            Some(service) => service_of(name) == service && !self.reference.takes_no_resource(name),
            None => self.reference.takes_no_resource(name),
        };
        let of_type =
            |name: &&String| fits(name) && arns_of(name, self.reference, "").iter().any(|arn| is_alike(arn, resource));
        let best = names.iter().find(of_type).or_else(|| names.iter().find(fits));
        let best = best
            .or_else(|| names.iter().find(|name| !self.reference.takes_no_resource(name)))
            .or_else(|| names.first());
        best.map_or("s3:GetObject", String::as_str)
    }

    /// The same as a call that a reader expects, where that is a witness too.
    fn expected(&self, choice: &Choice, case: &Case<'_>) -> Option<Request> {
        let names = self.space.actions.classes.get(choice.action).map_or(&[][..], |class| &class.names);
        let found = self.space.request(choice, self.action(choice));
        let on = |name: &str, arn: &str| {
            Request::new(found.caller.clone(), name, arn, self.space.owner, found.context.clone())
        };
        self.space.examples.iter().find_map(|(action, arn)| {
            let is_on_such = |name: &&str| arns_of(name, self.reference, "").iter().any(|own| is_alike(own, arn));
            let others = names.iter().map(String::as_str).filter(is_on_such).take(MOST_TRIED);
            let calls = std::iter::once(*action).chain(others);
            let on_arns = calls.flat_map(|name| [arn.as_str(), found.resource()].map(|arn| on(name, arn)));
            on_arns.into_iter().find(|request| replays(case, request))
        })
    }

    /// The same with a resource of a type on which the action works, where that is a witness too.
    fn readable(&self, choice: &Choice, case: &Case<'_>) -> Option<Request> {
        let name = self.action(choice);
        let class = self.space.resources.classes.get(choice.resource)?;
        let account = class.text.split(':').nth(4).filter(|account| !account.is_empty()).unwrap_or("111122223333");
        let arns = arns_of(name, self.reference, account);
        if class.text == "*" || arns.is_empty() || arns.iter().any(|arn| is_alike(arn, &class.text)) {
            return None;
        }
        let plain = self.space.request(choice, name);
        let other =
            |arn: &String| Request::new(plain.caller.clone(), name, arn, self.space.owner, plain.context.clone());
        let is_meant = |arn: &&String| {
            self.space.only.is_empty() || self.space.only.iter().any(|pattern| glob::matches(pattern, arn))
        };
        arns.iter().filter(is_meant).map(other).find(|request| replays(case, request))
    }
}

/// So many actions are tried for a call that a reader expects.
const MOST_TRIED: usize = 8;

/// Whether two ARNs are of one type of resource, as far as their form tells: buckets and objects have no type.
pub(super) fn is_alike(one: &str, other: &str) -> bool {
    let form = |arn: &str| {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [_, _, service, region, account, name] = parts[..] else { return None };
        let is_typed = !(region.is_empty() && account.is_empty());
        let kind = if is_typed { name.split(['/', ':']).next().unwrap_or_default() } else { "" };
        let kind = if name.contains(['/', ':']) { kind } else { "" };
        let is_of_account = !account.is_empty();
        Some((service.to_owned(), is_typed, is_of_account, name.contains('/'), kind.to_owned()))
    };
    form(one).is_some() && form(one) == form(other)
}

/// The first of some requests that does what is asked, by the simulator.
pub(super) fn first_of(case: &Case<'_>, requests: Vec<Request>) -> Option<Box<Witness>> {
    if requests.is_empty() {
        return None;
    }
    let [allowed, but_not] = [Some(&case.allowed), case.but_not.as_ref()].map(|set| set.map(Compiled::new));
    let mut scratch = Scratch::default();
    let mut says = |set: &Option<Compiled>, request: &Request, wanted: Truth| {
        set.as_ref().is_none_or(|set| set.allows(request, &mut scratch) == wanted)
    };
    let mut is_one = |request: &Request| says(&allowed, request, Truth::True) && says(&but_not, request, Truth::False);
    let request = requests.into_iter().find(|request| is_one(request))?;
    let mut statements = allowed.map_or_else(Vec::new, |set| matched(&set, Effect::Allow, &request));
    statements.extend(but_not.iter().flat_map(|set| matched(set, Effect::Deny, &request)));
    Some(Box::new(Witness { request, statements, other_side_agrees: case.other_side_agrees }))
}

/// What was found in parts of policies, once the simulator says the same of the whole ones.
///
/// # Errors
/// [`ProveError::Mismatch`] where it says otherwise.
pub(super) fn confirmed(found: Found, whole: &Case<'_>) -> Result<Found, ProveError> {
    match found {
        Found::Request(witness) if !replays(whole, &witness.request) => {
            Err(ProveError::Mismatch { request: spelt(&witness.request) })
        }
        found => Ok(found),
    }
}

/// Whether the simulator says of a request what was found.
fn replays(case: &Case<'_>, request: &Request) -> bool {
    let allows = |set: &PolicySet<'_>| Compiled::new(set).allows(request, &mut Scratch::default());
    allows(&case.allowed) == Truth::True && case.but_not.as_ref().is_none_or(|set| allows(set) == Truth::False)
}

/// The same without what is taken to agree on the resource's side.
fn alone<'p>(case: &Case<'p>) -> Case<'p> {
    let without = |set: &PolicySet<'p>| PolicySet { resource: None, ..set.clone() };
    Case { allowed: without(&case.allowed), but_not: case.but_not.as_ref().map(without), other_side_agrees: false }
}

/// The statements that allow a request, and those of the other set that deny it.
fn statements(case: &Case<'_>, request: &Request) -> Vec<Span> {
    let mut all = matched(&Compiled::new(&case.allowed), Effect::Allow, request);
    all.extend(case.but_not.iter().flat_map(|set| matched(&Compiled::new(set), Effect::Deny, request)));
    all
}

/// The statements of one effect that match a request.
fn matched(set: &Compiled, effect: Effect, request: &Request) -> Vec<Span> {
    let trace = set.trace(request);
    let layers = trace.iter().filter(|layer| layer.because != Because::Grant);
    let all = layers.flat_map(|layer| &layer.statements);
    all.filter(|statement| statement.effect == effect && matches!(statement.matched, Matched::Yes(_)))
        .map(|statement| statement.span)
        .collect()
}

/// A request in one line.
fn spelt(request: &Request) -> String {
    format!("{:?} {} {}", request.caller, request.action(), request.resource())
}

fn reason(message: String) -> Reason {
    Reason { span: None, message }
}
