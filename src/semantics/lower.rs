//! From a statement to what must hold for it to match.

use std::borrow::Cow;

use super::{
    Fact, Formula, Spoken,
    caller::MatchClass,
    fact::{ActionTest, ContextTest, ExceptionTest, KeyName, KeyTest, Open, PrincipalTest, ResourceTest, ShortArn},
    operator::{self, Base, Operand, Reach},
    pattern::{Pattern, Reading},
    spoken::spoken,
    traits::Trait,
};
use crate::{
    key::Grant,
    policy::{
        ActionPattern, Clause, Condition, Effect, Listed, Operator, Policy, PolicyKind, PolicyVersion, Principal,
        ResourcePattern, Statement,
    },
    source::Span,
};

/// What must hold for a statement to match, element by element.
#[derive(Clone, Debug)]
pub struct Matching {
    /// What the statement does.
    pub effect: Effect,
    /// Its `Sid`, or the number by which it is called.
    pub name: String,
    /// Its number in its policy, from 0; `None` for a grant, and for what a file leaves open.
    pub index: Option<usize>,
    /// Where it stands.
    pub span: Span,
    /// Whom it names.
    pub principal: Naming,
    /// The other elements, in the order of the documentation.
    pub elements: Vec<Element>,
}

/// Whom a statement names.
#[derive(Clone, Debug)]
pub enum Naming {
    /// The policy hangs on its principal, which it does not name.
    Implied,
    /// Nobody: a statement of a resource's policy without `Principal` never matches.
    Nobody,
    /// Whom `Principal` lists. What is unknown in it may name the caller.
    Listed {
        /// The principals.
        principals: Vec<(Principal, Span)>,
        /// Those that the file does not give.
        unknown: Vec<Span>,
        /// The element.
        span: Span,
        /// Whether the policy is an endpoint's, which may be a gateway.
        at_endpoint: bool,
    },
    /// All but whom `NotPrincipal` lists.
    AllBut(ExceptionTest),
}

/// One element of a statement.
#[derive(Clone, Debug)]
pub struct Element {
    /// Which one.
    pub part: Part,
    /// What must hold.
    pub formula: Formula<Fact>,
    /// Where it stands.
    pub span: Span,
}

/// Which element of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// `Action` or `NotAction`.
    Action,
    /// `Resource` or `NotResource`.
    Resource,
    /// One row of `Condition`: its operator and key, as they are spelt.
    Condition {
        /// The operator.
        operator: Cow<'static, str>,
        /// The key.
        key: KeyName,
    },
    /// A row of `Condition` that could not be read.
    Unread,
}

/// How statements of a policy are read: what the policy hangs on decides it.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// What kind of policy it is.
    pub kind: PolicyKind,
    /// Its version.
    pub version: Option<PolicyVersion>,
    /// Whether the caller has a permissions boundary.
    pub under_boundary: bool,
}

/// Every statement of a policy. What its file leaves open is a statement of either effect that may match.
pub fn lower_policy(
    policy: &Policy,
    kind: PolicyKind,
    under_boundary: bool,
) -> impl Iterator<Item = Matching> + use<'_> {
    let layout = Layout::of(policy, kind, under_boundary);
    spoken(policy).filter_map(move |one| one.lowered(layout))
}

/// What must hold for a statement to match; `None` without an effect.
#[must_use]
pub fn lower(statement: &Statement, layout: Layout) -> Option<Matching> {
    let effect = statement.effect.as_ref()?.value;
    let mut elements = Vec::with_capacity(2 + statement.conditions.len() + statement.unread_conditions.len());
    elements.extend(Spoken::Statement(statement).elements(layout));
    let number = || format!("statement {}", statement.index + 1);
    Some(Matching {
        effect,
        name: statement.sid.as_ref().map_or_else(number, |sid| sid.value.clone()),
        index: Some(statement.index),
        span: statement.span,
        principal: principal(statement, effect, layout),
        elements,
    })
}

pub(super) fn principal(statement: &Statement, effect: Effect, layout: Layout) -> Naming {
    if !layout.kind.names_principals() {
        return Naming::Implied;
    }
    match &statement.principals {
        None => Naming::Nobody,
        Some(Clause::Only(listed)) => Naming::Listed {
            principals: listed.read.iter().map(|principal| (principal.value.clone(), principal.span)).collect(),
            unknown: listed.unknown.clone(),
            span: listed.element.value,
            at_endpoint: layout.kind == PolicyKind::Endpoint,
        },
        Some(Clause::AllBut(listed)) => Naming::AllBut(ExceptionTest {
            listed: listed.values().cloned().collect(),
            has_unknown: !listed.unknown.is_empty(),
            effect,
            under_boundary: layout.under_boundary,
            span: listed.element.value,
        }),
    }
}

impl Naming {
    /// What must hold for the statement to name the caller at least so strongly.
    #[must_use]
    pub fn at_least(&self, class: MatchClass) -> Formula<Fact> {
        match self {
            Self::Implied => Formula::always(),
            Self::Nobody => Formula::never(),
            Self::Listed { principals, unknown, at_endpoint, .. } => {
                let test = |(principal, span): &(Principal, Span)| {
                    if *at_endpoint {
                        at_endpoint_least(principal, class, *span)
                    } else {
                        named(principal, class, *span)
                    }
                };
                let unknown = unknown.iter().map(|span| Formula::Fact(Fact::Unread(*span)));
                Formula::Any(principals.iter().map(test).chain(unknown).collect())
            }
            Self::AllBut(exception) => {
                let outside = Formula::Fact(Fact::Outside(exception.clone()));
                match exception.effect {
                    Effect::Deny => outside,
                    Effect::Allow => Formula::All(vec![outside, Formula::Fact(Fact::Open(Open::AllowNotPrincipal))]),
                }
            }
        }
    }

    /// Where the caller is named.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Implied | Self::Nobody => None,
            Self::Listed { span, .. } => Some(*span),
            Self::AllBut(exception) => Some(exception.span),
        }
    }
}

fn named(principal: &Principal, at_least: MatchClass, span: Span) -> Formula<Fact> {
    Formula::Fact(Fact::Principal(PrincipalTest { principal: principal.clone(), at_least, span }))
}

/// The policy of a gateway endpoint names everybody, or an account, by which it means the root user alone; whom it lets
/// through is for `aws:PrincipalArn` to say. The services behind gateway endpoints have interface endpoints too, and nothing
/// tells which of the two a call came through.
///
/// Source: Amazon VPC User Guide, "Control access to VPC endpoints using endpoint policies".
fn at_endpoint_least(principal: &Principal, at_least: MatchClass, span: Span) -> Formula<Fact> {
    let test = named(principal, at_least, span);
    let unless_gateway = |test: Formula<Fact>, open: Open| {
        let interface = Formula::Fact(Fact::Call(Trait::ThroughGateway)).negated();
        Formula::All(vec![test, Formula::Any(vec![interface, Formula::Fact(Fact::Open(open))])])
    };
    match principal {
        Principal::Account(_) => {
            let root = named(principal, MatchClass::Direct, span);
            Formula::Any(vec![root, unless_gateway(test, Open::KindOfEndpoint)])
        }
        other if other.arn().is_some() => unless_gateway(test, Open::NamedAtEndpoint),
        _ => test,
    }
}

impl Matching {
    /// What must hold besides the principal.
    #[must_use]
    pub fn body(&self) -> Formula<Fact> {
        Formula::All(self.elements.iter().map(|element| element.formula.clone()).collect())
    }
}

pub(super) fn action(statement: &Statement) -> Element {
    let test = |pattern: &ActionPattern, span: Span| {
        // `*:*` is `*` (IAM User Guide, "IAM JSON policy elements: Action").
        let pattern = Pattern::read_action(if pattern.is_every_action() { "*" } else { pattern.as_str() });
        Fact::Action(ActionTest { pattern, span })
    };
    let formula = clause(statement.actions.as_ref(), test).unwrap_or_else(Formula::never);
    Element { part: Part::Action, formula, span: place(statement.actions.as_ref(), statement.span) }
}

/// A trust policy's resource is its role. A statement of a key policy without `Resource` has no effect.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Resource"; KMS Developer Guide, "Key policies in AWS KMS".
pub(super) fn resource(statement: &Statement, layout: Layout) -> Element {
    let short = match layout.kind {
        PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session => ShortArn::Completed,
        _ => ShortArn::Open,
    };
    let test = |pattern: &ResourcePattern, span: Span| {
        let pattern = Pattern::read_resource(pattern.as_str(), layout.version);
        Fact::Resource(ResourceTest { pattern, short, span })
    };
    let formula = match (layout.kind, &statement.resources) {
        (PolicyKind::Trust, None) => Formula::always(),
        (_, resources) => clause(resources.as_ref(), test).unwrap_or_else(Formula::never),
    };
    Element { part: Part::Resource, formula, span: place(statement.resources.as_ref(), statement.span) }
}

fn place<T>(clause: Option<&Clause<T>>, otherwise: Span) -> Span {
    clause.map_or(otherwise, |clause| clause.listed().element.value)
}

fn clause<T>(clause: Option<&Clause<T>>, test: impl Fn(&T, Span) -> Fact) -> Option<Formula<Fact>> {
    let any = |listed: &Listed<T>| {
        let read = listed.read.iter().map(|value| test(&value.value, value.span));
        Formula::Any(read.chain(listed.unknown.iter().map(|span| Fact::Unread(*span))).map(Formula::Fact).collect())
    };
    Some(match clause? {
        Clause::Only(listed) => any(listed),
        Clause::AllBut(listed) => any(listed).negated(),
    })
}

/// One row of a `Condition` element, by the operator's row of the table.
pub(super) fn condition(condition: &Condition, layout: Layout) -> Element {
    let operator = condition.operator.value;
    let row = operator::row(operator.comparison);
    let key = KeyName::new(condition.key.value.as_str());
    let span = condition.element.key.to(condition.element.value);
    let formula = if row.base == Base::Presence {
        presence(&condition.values, &key)
    } else {
        let operands = condition.values.values().map(|value| Operand::read(row.base, value, layout.version));
        let test = Formula::Fact(Fact::Key(KeyTest {
            key: key.clone(),
            reach: Reach::of(operator.quantifier),
            base: row.base,
            negated: row.negated,
            operands: operands.collect(),
            has_unknown: !condition.values.unknown.is_empty(),
            span,
        }));
        if operator.if_exists {
            Formula::Any(vec![Formula::Fact(Fact::Present(key.clone())).negated(), test])
        } else {
            test
        }
    };
    // Most operators are a comparison alone, whose name is at hand.
    let operator = match operator {
        Operator { comparison, quantifier: None, if_exists: false } => comparison.name().into(),
        other => other.to_string().into(),
    };
    Element { part: Part::Condition { operator, key }, formula, span }
}

/// `Null`: `"true"` asks that there is no value, `"false"` that there is one.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", `Null`.
fn presence(values: &Listed<String>, key: &KeyName) -> Formula<Fact> {
    let known = values.values().filter_map(|value| match Operand::read(Base::Presence, value, None) {
        Operand::Flag(true) => Some(Formula::Fact(Fact::HasValue(key.clone())).negated()),
        Operand::Flag(false) => Some(Formula::Fact(Fact::HasValue(key.clone()))),
        _ => None,
    });
    Formula::Any(known.chain(values.unknown.iter().map(|span| Formula::Fact(Fact::Unread(*span)))).collect())
}

/// A grant, as a statement that allows. Its constraints do not count for all operations.
///
/// Source: KMS Developer Guide, "Grants in AWS KMS"; KMS API Reference, "`CreateGrant`", "`GrantConstraints`".
#[must_use]
pub fn lower_grant(grant: &Grant, index: usize) -> Matching {
    let test = |name: &str, span: Span| {
        let lower = format!("kms:{}", name.trim_start_matches("kms:")).to_ascii_lowercase();
        let pattern = Pattern::read(&lower, Reading { wildcards: false, variables: false });
        Formula::Fact(Fact::Action(ActionTest { pattern, span }))
    };
    let operations = grant.operations.iter().map(|operation| test(&operation.value, operation.span)).collect();
    let mut elements = vec![Element { part: Part::Action, formula: Formula::Any(operations), span: grant.span }];
    let both = [(&grant.equals, true), (&grant.subset, false)];
    let constraints = both.into_iter().filter_map(|(pairs, exactly)| Some((pairs.clone()?, exactly)));
    elements.extend(constraints.map(|(pairs, exactly)| {
        let fact = Fact::EncryptionContext(ContextTest { pairs, exactly, span: grant.span });
        let key = KeyName::new("kms:EncryptionContext");
        let operator = Cow::from(if exactly { "EncryptionContextEquals" } else { "EncryptionContextSubset" });
        Element { part: Part::Condition { operator, key }, formula: Formula::Fact(fact), span: grant.span }
    }));
    let grantee = grant.grantee.value.as_str();
    let principal = grantee.parse().unwrap_or_else(|_| Principal::Service(grantee.to_owned()));
    let principals = vec![(principal, grant.grantee.span)];
    Matching {
        effect: Effect::Allow,
        name: format!("grant {}", index + 1),
        index: None,
        span: grant.span,
        principal: Naming::Listed { principals, unknown: Vec::new(), span: grant.grantee.span, at_endpoint: false },
        elements,
    }
}
