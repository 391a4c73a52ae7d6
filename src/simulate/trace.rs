//! How each statement took part in a decision, for a person to follow.

use super::{
    Compiled,
    facts::{self, Reason},
};
use crate::{
    policy::Effect,
    semantics::{
        Because, Element, Fact, Formula, Found, KeyTest, MatchClass, Matching, Naming, Part, Request, Truth,
        operator::Reach,
    },
    source::{Span, shortened},
};

/// What the statements of one layer did.
#[derive(Clone, Debug)]
pub struct LayerTrace {
    /// Which layer.
    pub because: Because,
    /// Which level, for an organisation's.
    pub level: Option<usize>,
    /// Its statements, in the order of their policies.
    pub statements: Vec<StatementTrace>,
}

/// What one statement did.
#[derive(Clone, Debug)]
pub struct StatementTrace {
    /// Its `Sid`, or the number by which it is called.
    pub name: String,
    /// Its number in its policy, from 0; `None` for a grant.
    pub index: Option<usize>,
    /// What it does where it matches.
    pub effect: Effect,
    /// Where it stands.
    pub span: Span,
    /// Whether it matched.
    pub matched: Matched,
}

/// Whether a statement matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched {
    /// It did; how strongly it names the caller, where it names anybody.
    Yes(Option<MatchClass>),
    /// The first element that did not.
    No {
        /// The element: `Principal`, `Action`, `Resource` or `Condition`.
        element: &'static str,
        /// Where it stands.
        span: Span,
        /// Why not, one clause.
        why: String,
    },
    /// It may.
    Perhaps(Vec<Reason>),
}

impl Compiled {
    /// What every statement did with a request, layer by layer.
    #[must_use]
    pub fn trace(&self, request: &Request) -> Vec<LayerTrace> {
        let layers = self.authorization.layers.iter().filter(|layer| !layer.statements.is_empty());
        layers
            .map(|layer| LayerTrace {
                because: layer.because,
                level: matches!(layer.because, Because::Scp | Because::Rcp).then_some(layer.level),
                statements: layer.statements.iter().map(|statement| traced(statement, request)).collect(),
            })
            .collect()
    }
}

fn traced(statement: &Matching, request: &Request) -> StatementTrace {
    StatementTrace {
        name: statement.name.clone(),
        index: statement.index,
        effect: statement.effect,
        span: statement.span,
        matched: matched(statement, request),
    }
}

fn matched(statement: &Matching, request: &Request) -> Matched {
    let mut buffer = Vec::new();
    let mut truth = |formula: &Formula<Fact>| formula.truth(&mut |fact| facts::holds(fact, request, &mut buffer));
    let named = statement.principal.at_least(MatchClass::Account);
    let mut open = Vec::new();
    match truth(&named) {
        Truth::False => return unnamed(statement),
        Truth::Unknown => open.push(&named),
        Truth::True => {}
    }
    for element in &statement.elements {
        match truth(&element.formula) {
            Truth::False => return failed(element, request),
            Truth::Unknown => open.push(&element.formula),
            Truth::True => {}
        }
    }
    if open.is_empty() {
        let classes = [MatchClass::Direct, MatchClass::FederatingUserArn, MatchClass::RoleArn, MatchClass::Account];
        let is_named = !matches!(statement.principal, Naming::Implied);
        let mut classes = classes.into_iter();
        let class = classes.find(|class| truth(&statement.principal.at_least(*class)) == Truth::True);
        return Matched::Yes(class.filter(|_| is_named));
    }
    let mut reasons = Vec::new();
    for formula in open {
        formula.each(&mut |fact| {
            if facts::holds(fact, request, &mut buffer) == Truth::Unknown {
                reasons.push(facts::reason(fact, request));
            }
        });
    }
    reasons.sort();
    reasons.dedup();
    Matched::Perhaps(reasons)
}

fn unnamed(statement: &Matching) -> Matched {
    let why = match &statement.principal {
        Naming::Nobody => "it names no principal",
        Naming::AllBut(_) => "it excepts the caller",
        Naming::Listed { .. } | Naming::Implied => "it names others",
    };
    let span = statement.principal.span().unwrap_or(statement.span);
    Matched::No { element: "Principal", span, why: why.to_owned() }
}

fn failed(element: &Element, request: &Request) -> Matched {
    let (name, why) = match &element.part {
        Part::Action => ("Action", "it is about other actions".to_owned()),
        Part::Resource => ("Resource", "it is about other resources".to_owned()),
        Part::Condition { operator, key } => {
            ("Condition", why_not(element, &key.spelt, request).unwrap_or_else(|| format!("{operator} does not hold")))
        }
        Part::Unread => ("Condition", "it could not be read".to_owned()),
    };
    Matched::No { element: name, span: element.span, why }
}

/// What of the request fails a row of a condition.
fn why_not(element: &Element, key: &str, request: &Request) -> Option<String> {
    let mut single = false;
    element.formula.each(&mut |fact| {
        single |= matches!(fact, Fact::Key(KeyTest { reach: Reach::Single, .. }));
    });
    let lower = key.to_ascii_lowercase();
    if lower == "kms:encryptioncontext" {
        return Some("the encryption context is another".to_owned());
    }
    Some(match request.context.find(&lower) {
        Found::Absent => format!("the request does not carry {key}"),
        Found::One(value) => format!("{key} is `{}`", shortened(value, SHOWN)),
        Found::Many([]) => format!("{key} has no value"),
        Found::Many(_) if single => {
            format!("{key} has several values, and an operator without a set operator was seen to match none")
        }
        Found::Many(values) => {
            let shown: Vec<String> =
                values.iter().take(3).map(|value| format!("`{}`", shortened(value, SHOWN))).collect();
            let more = if values.len() > 3 { ", …" } else { "" };
            format!("{key} is {}{more}", shown.join(", "))
        }
        Found::Unknown | Found::Ambiguous => return None,
    })
}

/// How many characters of a value a message repeats.
const SHOWN: usize = 60;
