//! Whether a policy speaks of a request: its principals, actions, resources, and whether its conditions hold.

use kpl::policy::{Clause, Effect, Listed, Policy, PolicyVersion, Principal, PrincipalArn, ResourcePattern, Statement};

use super::{
    Caller, Reach, Truth,
    judge::Judge,
    text::{Step, matches, pattern, six_parts},
};

impl Judge<'_> {
    /// Whether some statement of a policy that names no principals has this effect on the request.
    pub(super) fn speaks(&self, policy: &Policy, effect: Effect) -> Truth {
        Truth::any(with(policy, effect).map(|statement| self.rest(policy, statement)))
    }

    /// Whether some statement has this effect on the request, and names the caller at least so strongly.
    pub(super) fn reaches(&self, policy: &Policy, effect: Effect, least: Reach) -> Truth {
        Truth::any(with(policy, effect).map(|statement| match self.principals(statement, effect, least) {
            Truth::No => Truth::No,
            named => named.min(self.rest(policy, statement)),
        }))
    }

    fn rest(&self, policy: &Policy, statement: &Statement) -> Truth {
        let has_variables = policy.version.as_ref().is_some_and(|version| version.value == PolicyVersion::V2012);
        if self.actions(statement) == Truth::No {
            return Truth::No;
        }
        let conditions = statement.conditions.iter().map(|condition| self.condition(condition, has_variables));
        Truth::all(conditions.chain([self.resources(statement, has_variables)]))
    }

    /// Source: IAM User Guide, "IAM JSON policy elements: Action" and "… `NotAction`".
    fn actions(&self, statement: &Statement) -> Truth {
        let wanted = self.request.action.to_ascii_lowercase();
        let listed = |listed: &Listed<kpl::policy::ActionPattern>| {
            listed.values().any(|action| matches(&pattern(&action.as_str().to_ascii_lowercase()), &wanted))
        };
        match &statement.actions {
            Some(Clause::Only(actions)) => Truth::of(listed(actions)),
            Some(Clause::AllBut(actions)) => Truth::of(!listed(actions)),
            None => Truth::No,
        }
    }

    /// Source: IAM User Guide, "IAM JSON policy elements: Resource" and "… `NotResource`".
    fn resources(&self, statement: &Statement, has_variables: bool) -> Truth {
        let listed = |listed: &Listed<ResourcePattern>| {
            Truth::any(listed.values().map(|resource| self.resource_entry(resource.as_str(), has_variables)))
        };
        match &statement.resources {
            Some(Clause::Only(resources)) => listed(resources),
            Some(Clause::AllBut(resources)) => listed(resources).not(),
            // A trust policy's resource is its role. Source: IAM User Guide, "Role trust policies".
            None => Truth::of(self.request.action.starts_with("sts:AssumeRole")),
        }
    }

    fn resource_entry(&self, entry: &str, has_variables: bool) -> Truth {
        let wanted = &self.request.resource;
        if !entry.is_empty() && entry.chars().all(|letter| letter == '*') {
            return Truth::Yes;
        }
        if wanted == "*" {
            return Truth::No;
        }
        let parts = six_parts(entry);
        if parts.len() < 6 {
            return short(entry, wanted);
        }
        let own = six_parts(wanted);
        let heads = parts.iter().zip(&own).take(5).all(|(part, own)| matches(&pattern(part), own));
        if !heads || own.len() < 6 {
            return Truth::No;
        }
        match self.expand(&parts[5], has_variables, true) {
            Some(steps) if matches(&steps, &own[5]) => Truth::of(true).min(certainty(&steps)),
            _ => Truth::No,
        }
    }

    /// Whether the statement names the caller, at least so strongly; a Deny needs no strength.
    fn principals(&self, statement: &Statement, effect: Effect, least: Reach) -> Truth {
        match &statement.principals {
            Some(Clause::Only(listed)) => {
                Truth::of(listed.values().any(|principal| self.reach(principal).is_some_and(|reach| reach >= least)))
            }
            Some(Clause::AllBut(listed)) if effect == Effect::Deny => self.is_left_out(listed).not(),
            _ => Truth::No,
        }
    }

    /// Source: IAM User Guide, "AWS JSON policy elements: Principal".
    fn reach(&self, principal: &Principal) -> Option<Reach> {
        let caller = &self.request.caller;
        let assumes_by_token = self.request.action.starts_with("sts:AssumeRoleWith");
        let found = match (principal, caller) {
            (Principal::Anyone, _) => Reach::Itself,
            (Principal::Account(account), Caller::Root { account: own }) if account.as_str() == own => Reach::Itself,
            (Principal::Account(account), _) if caller.account() == Some(account.as_str()) => Reach::Account,
            (Principal::User(user), Caller::User { account, name }) if is(user, account, name) => Reach::Itself,
            (Principal::Role(role), Caller::Role { account, name }) if is(role, account, name) => Reach::Role,
            (Principal::Role(role), Caller::Session { account, role: name, .. }) if is(role, account, name) => {
                Reach::Role
            }
            (Principal::AssumedRole(session), Caller::Session { account, role, name })
                if session.as_str().ends_with(&format!("::{account}:assumed-role/{role}/{name}")) =>
            {
                Reach::Itself
            }
            (Principal::FederatedUser(user), Caller::FederatedUser { account, name }) if is(user, account, name) => {
                Reach::Itself
            }
            (Principal::Service(service), Caller::Service(own)) if service == own => Reach::Itself,
            (Principal::Federated(provider), Caller::WebIdentity(own)) if provider == own && assumes_by_token => {
                Reach::Itself
            }
            _ => return None,
        };
        Some(found)
    }

    /// Whether `NotPrincipal` leaves the caller out of the Deny: its account and itself must both be listed, of a
    /// session its role. With a boundary nobody is left out.
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: `NotPrincipal`"; "Permissions boundaries for IAM entities".
    fn is_left_out(&self, listed: &Listed<Principal>) -> Truth {
        if self.boundary().is_some() {
            return Truth::No;
        }
        let reaches: Vec<Reach> = listed.values().filter_map(|principal| self.reach(principal)).collect();
        if self.request.caller.account().is_none() || matches!(self.request.caller, Caller::Root { .. }) {
            return Truth::of(!reaches.is_empty());
        }
        let account = reaches.contains(&Reach::Account);
        let named = match self.request.caller {
            Caller::Session { .. } => reaches.contains(&Reach::Role),
            _ => reaches.iter().any(|reach| *reach > Reach::Account),
        };
        match (account, named) {
            (true, true) => Truth::Yes,
            _ if reaches.is_empty() => Truth::No,
            _ => Truth::Maybe,
        }
    }
}

fn with(policy: &Policy, effect: Effect) -> impl Iterator<Item = &Statement> {
    policy.statements.iter().filter(move |statement| statement.effect.as_ref().is_some_and(|own| own.value == effect))
}

/// Whether an ARN of IAM names this principal of this account, whatever its path.
fn is(arn: &PrincipalArn, account: &str, name: &str) -> bool {
    arn.account().as_str() == account && arn.as_str().rsplit('/').next() == Some(name)
}

/// An ARN of fewer than six parts.
///
/// A star at its end stands for all that follows. Elsewhere two pages disagree, on whether a star reaches over colons or
/// the missing parts are added, so that what either reading matches is not certain. Source: IAM User Guide, "IAM JSON
/// policy elements: Resource"; "Identify AWS resources with Amazon Resource Names (ARNs)".
fn short(entry: &str, wanted: &str) -> Truth {
    let whole = matches(&pattern(entry), wanted);
    match (whole, entry.ends_with('*')) {
        (true, true) => Truth::Yes,
        (true, false) => Truth::Maybe,
        (false, _) => Truth::No,
    }
}

/// What a match is worth where part of the pattern is not known.
pub(super) fn certainty(steps: &[Step]) -> Truth {
    if steps.contains(&Step::Unknown) { Truth::Maybe } else { Truth::Yes }
}
