//! Whether a policy speaks of a request: its principals, actions, resources, and whether its conditions hold.

use kpl::policy::{
    ActionPattern, Clause, Effect, Listed, Policy, PolicyVersion, Principal, PrincipalArn, ResourcePattern, Statement,
};

use super::{
    Caller, Reach, Truth,
    judge::Judge,
    text::{Step, matches, pattern, six_parts},
};

impl Judge<'_> {
    /// Whether some statement of a caller's policy has this effect on the request.
    pub(super) fn speaks(&self, policy: &Policy, effect: Effect) -> Truth {
        Truth::any(with(policy, effect).map(|statement| self.rest(policy, statement, true)))
    }

    /// The same of an organisation's policy, in which no page lets short ARNs be completed.
    pub(super) fn bounds(&self, policy: &Policy, effect: Effect) -> Truth {
        Truth::any(with(policy, effect).map(|statement| self.rest(policy, statement, false)))
    }

    /// Whether some statement has this effect on the request, and names the caller at least so strongly.
    pub(super) fn reaches(&self, policy: &Policy, effect: Effect, least: Reach) -> Truth {
        Truth::any(with(policy, effect).map(|statement| match self.principals(statement, effect, least) {
            Truth::No => Truth::No,
            named => named.min(self.rest(policy, statement, false)),
        }))
    }

    fn rest(&self, policy: &Policy, statement: &Statement, completes: bool) -> Truth {
        let has_variables = policy.version.as_ref().is_some_and(|version| version.value == PolicyVersion::V2012);
        if self.actions(statement) == Truth::No {
            return Truth::No;
        }
        let conditions = statement.conditions.iter().map(|condition| self.condition(condition, has_variables));
        let unread = statement.unread_conditions.iter().map(|_| Truth::Maybe);
        let elements = [self.actions(statement), self.resources(statement, has_variables, completes)];
        Truth::all(conditions.chain(unread).chain(elements))
    }

    /// Source: IAM User Guide, "IAM JSON policy elements: Action" and "… `NotAction`".
    fn actions(&self, statement: &Statement) -> Truth {
        let wanted = self.request.action.to_ascii_lowercase();
        let covers =
            |action: &ActionPattern| Truth::of(matches(&pattern(&action.as_str().to_ascii_lowercase()), &wanted));
        match &statement.actions {
            Some(Clause::Only(actions)) => listed(actions, covers),
            Some(Clause::AllBut(actions)) => listed(actions, covers).not(),
            None => Truth::No,
        }
    }

    /// Source: IAM User Guide, "IAM JSON policy elements: Resource" and "… `NotResource`".
    fn resources(&self, statement: &Statement, has_variables: bool, completes: bool) -> Truth {
        let covers = |entry: &ResourcePattern| self.resource_entry(entry.as_str(), has_variables, completes);
        match &statement.resources {
            Some(Clause::Only(resources)) => listed(resources, covers),
            Some(Clause::AllBut(resources)) => listed(resources, covers).not(),
            // A trust policy's resource is its role. Source: IAM User Guide, "Role trust policies".
            None => Truth::of(self.request.action.starts_with("sts:AssumeRole")),
        }
    }

    /// Part by part, and as one text whose wildcards reach over colons: two pages disagree on which it is, so that what
    /// one reading alone matches is not certain. Missing parts are added to an identity policy's ARNs.
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Resource"; "Identify AWS resources with Amazon Resource Names
    /// (ARNs)".
    fn resource_entry(&self, entry: &str, has_variables: bool, completes: bool) -> Truth {
        let wanted = &self.request.resource;
        if !entry.is_empty() && entry.chars().all(|letter| letter == '*') {
            return Truth::Yes;
        }
        if wanted == "*" {
            return Truth::No;
        }
        let (mut parts, own) = (six_parts(entry), six_parts(wanted));
        let is_short = parts.len() < 6;
        let tail = if is_short { String::new() } else { parts.pop().unwrap_or_default() };
        let Some(tail) = self.expand(&tail, has_variables, true) else { return Truth::No };
        let heads = parts.iter().zip(&own).all(|(part, own)| matches(&pattern(part), own));
        let by_parts = heads && (is_short || matches(&tail, &own[5]));
        let mut whole = pattern(&parts.join(":"));
        if !is_short {
            whole.push(Step::Char(':'));
            whole.extend(&tail);
        }
        match (by_parts, matches(&whole, wanted)) {
            (true, true) => certainty(&tail),
            (true, false) if is_short && completes => Truth::Yes,
            (false, false) => Truth::No,
            _ => Truth::Maybe,
        }
    }

    /// Whether the statement names the caller, at least so strongly; a Deny needs no strength.
    fn principals(&self, statement: &Statement, effect: Effect, least: Reach) -> Truth {
        match &statement.principals {
            Some(Clause::Only(names)) => listed(names, |principal| self.names(principal, least)),
            Some(Clause::AllBut(listed)) if effect == Effect::Deny => self.is_left_out(listed).not(),
            _ => Truth::No,
        }
    }

    fn names(&self, principal: &Principal, least: Reach) -> Truth {
        match self.may_be(principal) {
            Some(reach) if reach >= least => Truth::Maybe,
            Some(_) => Truth::No,
            None => Truth::of(self.reach(principal).is_some_and(|reach| reach >= least)),
        }
    }

    /// How strongly a principal names the caller if it does, where that is not told: a session of the role that calls, and
    /// a user of the account who may have made a federated session.
    fn may_be(&self, principal: &Principal) -> Option<Reach> {
        match (principal, &self.request.caller) {
            (Principal::AssumedRole(session), Caller::Role { account, name }) => {
                session.as_str().contains(&format!("::{account}:assumed-role/{name}/")).then_some(Reach::Itself)
            }
            (Principal::User(user), Caller::FederatedUser { account, .. }) => {
                (user.account().as_str() == account).then_some(Reach::Role)
            }
            _ => None,
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
            (Principal::Role(role), Caller::Session { account, role: name, .. }) if is_role(role, account, name) => {
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
            let unknown = if listed.unknown.is_empty() { Truth::No } else { Truth::Maybe };
            return Truth::of(!reaches.is_empty()).max(unknown);
        }
        let account = reaches.contains(&Reach::Account);
        let named = match self.request.caller {
            Caller::Session { .. } => reaches.contains(&Reach::Role),
            _ => reaches.iter().any(|reach| *reach > Reach::Account),
        };
        let in_doubt = !listed.unknown.is_empty() || listed.values().any(|principal| self.may_be(principal).is_some());
        match (account, named) {
            (true, true) => Truth::Yes,
            _ if reaches.is_empty() && !in_doubt => Truth::No,
            _ => Truth::Maybe,
        }
    }
}

fn with(policy: &Policy, effect: Effect) -> impl Iterator<Item = &Statement> {
    policy.statements.iter().filter(move |statement| statement.effect.as_ref().is_some_and(|own| own.value == effect))
}

/// Whether an ARN names this principal of this account, its path included.
fn is(arn: &PrincipalArn, account: &str, name: &str) -> bool {
    arn.account().as_str() == account && arn.as_str().split_once('/').is_some_and(|(_, own)| own == name)
}

/// Whether an ARN is that of a session's role, whose path the session does not tell.
fn is_role(arn: &PrincipalArn, account: &str, name: &str) -> bool {
    arn.account().as_str() == account && arn.as_str().rsplit('/').next() == Some(name)
}

/// Whether some value of a list does; one that the file does not give may.
fn listed<T>(listed: &Listed<T>, does: impl Fn(&T) -> Truth) -> Truth {
    Truth::any(listed.values().map(does).chain(listed.unknown.iter().map(|_| Truth::Maybe)))
}

/// What a match is worth where part of the pattern is not known.
pub(super) fn certainty(steps: &[Step]) -> Truth {
    let is_certain = !steps.iter().any(|step| matches!(step, Step::Unknown | Step::Nothing));
    if is_certain { Truth::Yes } else { Truth::Maybe }
}
