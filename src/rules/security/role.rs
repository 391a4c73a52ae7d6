//! Roles that may be passed to services, or made for them.

use crate::{
    finding::{Finding, Persona, RuleInfo},
    policy::{Clause, Condition, PolicyKind, ResourcePattern, Statement, glob},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::Span,
};

declare_rules! { Security:
    /// ## What it does
    /// Flags an identity policy that allows `iam:PassRole` on every role, where no condition on `iam:PassedToService` or
    /// `iam:AssociatedResourceArn` limits it. A condition with `IfExists` does not. Where `*` on `*`, `NotAction` or
    /// `NotResource` is the cause, which other rules tell, it is for the pedantic.
    ///
    /// ## Why it matters
    /// Whoever passes a role to a service acts with its permissions: a function or an instance that runs as the administrator
    /// is enough.
    ///
    /// ## How to fix it
    /// Name the roles, and add a `StringEquals` condition on `iam:PassedToService`.
    ///
    /// ## Source
    /// IAM User Guide, "Grant a user permissions to pass a role to an AWS service"; "Access Analyzer policy check reference",
    /// pass role with star in resource and its kin.
    pub PASS_ROLE_STAR = {
        id: "pass-role-star", code: Some("PASS_ROLE_WITH_STAR_IN_RESOURCE"),
        further_codes: &[
            "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
            "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
            "PASS_ROLE_WITH_NOT_RESOURCE",
            "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
            "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE",
        ],
        severity: Warning, confidence: High, persona: Regular,
        summary: "any role may be passed to any service",
    }

    /// ## What it does
    /// Flags an identity policy that allows `iam:CreateServiceLinkedRole` for every service, where no condition on
    /// `iam:AWSServiceName` limits it. Where a wider pattern, `NotAction` or `NotResource` is the cause, which other rules
    /// tell, it is for the pedantic.
    ///
    /// ## Why it matters
    /// Such a role lets its service act in the account with permissions that AWS defines, and cannot be narrowed.
    ///
    /// ## How to fix it
    /// Name the roles (`arn:aws:iam::ACCOUNT:role/aws-service-role/SERVICE/NAME`), or add a `StringEquals` condition on
    /// `iam:AWSServiceName`.
    ///
    /// ## Source
    /// IAM User Guide, "Create a service-linked role"; "Access Analyzer policy check reference", create SLR with star in
    /// resource and its kin.
    pub CREATE_SERVICE_LINKED_ROLE_STAR = {
        id: "create-service-linked-role-star", code: Some("CREATE_SLR_WITH_STAR_IN_RESOURCE"),
        further_codes: &[
            "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE",
            "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
            "CREATE_SLR_WITH_NOT_RESOURCE",
            "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
            "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE",
        ],
        severity: Warning, confidence: High, persona: Regular,
        summary: "any service-linked role may be created",
    }
}

/// What an identity policy allows with roles.
pub(crate) struct Roles;

impl Check for Roles {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Identity
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if statement.allows() && statement.may_speak_of("iam") {
            on_every_role(&PASS_ROLE, statement, out);
            on_every_role(&CREATE_SERVICE_LINKED_ROLE, statement, out);
        }
    }
}

/// An action on roles, and how Access Analyzer names the ways to allow it on all of them.
struct Deed {
    rule: &'static RuleInfo,
    action: &'static str,
    /// The end of an ARN that covers every role it can be about.
    every_role: &'static str,
    /// A condition on one of these, with a value that says something at its start, limits it.
    limits: &'static [&'static str],
    message: &'static str,
    help: &'static str,
    /// With `Resource`: the action by its name, by a pattern, by `NotAction`.
    codes: [&'static str; 3],
    /// The same with `NotResource`.
    codes_of_not_resource: [&'static str; 3],
}

static PASS_ROLE: Deed = Deed {
    rule: &PASS_ROLE_STAR,
    action: "iam:PassRole",
    every_role: "role/*",
    limits: &["iam:PassedToService", "iam:AssociatedResourceArn"],
    message: "any role may be passed to any service",
    help: "name the roles, and add a condition on iam:PassedToService",
    codes: [
        "PASS_ROLE_WITH_STAR_IN_RESOURCE",
        "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
        "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
    ],
    codes_of_not_resource: [
        "PASS_ROLE_WITH_NOT_RESOURCE",
        "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
        "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE",
    ],
};

static CREATE_SERVICE_LINKED_ROLE: Deed = Deed {
    rule: &CREATE_SERVICE_LINKED_ROLE_STAR,
    action: "iam:CreateServiceLinkedRole",
    every_role: "role/aws-service-role/*",
    limits: &["iam:AWSServiceName"],
    message: "any service-linked role may be created",
    help: "name the roles, or add a condition on iam:AWSServiceName",
    codes: [
        "CREATE_SLR_WITH_STAR_IN_RESOURCE",
        "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE",
        "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
    ],
    codes_of_not_resource: [
        "CREATE_SLR_WITH_NOT_RESOURCE",
        "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
        "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE",
    ],
};

/// How a statement comes to speak of an action.
#[derive(Clone, Copy)]
enum By {
    Name,
    Pattern,
    Exception,
}

fn on_every_role(deed: &Deed, statement: &Statement, out: &mut Findings<'_>) {
    match &statement.actions {
        Some(Clause::Only(actions)) => {
            let by = |is_pattern: bool| {
                let mut covering = actions.read.iter().filter(|action| action.value.covers(deed.action));
                covering.find(|action| action.value.is_pattern() == is_pattern)
            };
            if let Some(action) = by(false) {
                resources(deed, statement, By::Name, action.span, false, out);
            }
            if let Some(action) = by(true) {
                let by_everything = action.value.is_every_action() && !statement.is_conditional();
                let passes_too = deed.action != PASS_ROLE.action && action.value.covers(PASS_ROLE.action);
                resources(deed, statement, By::Pattern, action.span, by_everything || passes_too, out);
            }
        }
        Some(Clause::AllBut(actions)) if actions.unknown.is_empty() && statement.covers_action(deed.action) => {
            resources(deed, statement, By::Exception, actions.element.value, true, out);
        }
        _ => {}
    }
}

/// `told` says that another rule tells the regular reader.
fn resources(deed: &Deed, statement: &Statement, by: By, action: Span, told: bool, out: &mut Findings<'_>) {
    let code = by as usize;
    let (code, told, open): (_, _, Vec<Span>) = match &statement.resources {
        Some(Clause::Only(resources)) => {
            let open = resources.read.iter().filter(|resource| is_every_role(&resource.value, deed.every_role));
            (deed.codes[code], told, open.map(|resource| resource.span).collect())
        }
        Some(Clause::AllBut(resources)) => (deed.codes_of_not_resource[code], true, vec![resources.element.value]),
        None => return,
    };
    if open.is_empty() || is_limited(deed, statement) {
        return;
    }
    let finding = Finding::new(deed.rule, action, deed.message).code(code).help(deed.help);
    let where_open = if statement.resources.as_ref().is_some_and(|clause| matches!(clause, Clause::AllBut(_))) {
        "on all but this"
    } else {
        "on all of them"
    };
    let finding = open.into_iter().fold(finding, |finding, place| finding.related(place, where_open));
    out.push(if told { finding.persona(Persona::Pedantic) } else { finding });
}

fn is_every_role(resource: &ResourcePattern, every_role: &str) -> bool {
    let ends_so = |resource: &ResourcePattern| {
        resource.arn().is_ok_and(|arn| glob::matches(arn.service, "iam") && glob::includes(arn.resource, every_role))
    };
    resource.is_everything() || ends_so(resource)
}

fn is_limited(deed: &Deed, statement: &Statement) -> bool {
    let limits = |row: &Condition| {
        let says_nothing = |value: &String| value.starts_with(['*', '?']);
        deed.limits.iter().any(|key| row.key.value.is(key))
            && row.names_values()
            && row.demands_key()
            && !(row.operator.value.comparison.takes_wildcards() && row.values.values().any(says_nothing))
    };
    !statement.unread_conditions.is_empty() || statement.conditions.iter().any(limits)
}
