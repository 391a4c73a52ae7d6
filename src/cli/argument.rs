//! What is said of a decision.

use serde::Serialize;

use crate::{
    policy::Effect,
    reference::Reference,
    render::{Argument, Point, Tone},
    semantics::{MatchClass, NOT_GIVEN, Request, Trait},
    simulate::{
        Because, Decision, LayerTrace, Matched, Outcome, Reason, StatementTrace,
        scenario::{Answer, Case},
    },
    source::{Sources, Span},
};

/// How many statements that did not match are named.
const SHOWN: usize = 4;

/// The argument for an answer.
pub(super) fn argument(case: &Case, answer: &Answer, trace: &[LayerTrace]) -> Option<Argument> {
    let request = case.requests.get(answer.request)?;
    let explained = &answer.explained;
    let outcome = explained.decision.outcome();
    let mut notes = Vec::new();
    if let Decision::Undecided { reasons } = &explained.decision {
        notes.extend(reasons.iter().map(|reason| ("open", reason.message.clone())));
    }
    if !explained.missing.is_empty() {
        let them = if explained.missing.len() == 1 { "it" } else { "them" };
        let keys = explained.missing.join(", ");
        notes.push(("missing", format!("the request does not carry {keys}; with {them} the answer could be another")));
    }
    notes.extend(out_of_scope(request).map(|text| ("note", text.to_owned())));
    Some(Argument {
        tone: match outcome {
            Outcome::Allowed => Tone::Good,
            Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied => Tone::Bad,
            Outcome::Undecided => Tone::Open,
        },
        answer: outcome.word().replace('-', " "),
        about: about(case, request),
        because: because(case, answer, request),
        points: points(answer, request, trace),
        notes,
    })
}

fn about(case: &Case, request: &Request) -> String {
    let asked = format!("{} by {} on {}", request.action(), request.caller, request.resource());
    if case.requests.len() > 1 {
        return format!("{asked}, one of the two permissions that kms:ReEncrypt needs");
    }
    if request.resource() == "*" && Reference::embedded().takes_no_resource(request.action()) {
        return format!("{asked}, as it takes no resource");
    }
    asked
}

/// What of AWS's decision no policy tells.
fn out_of_scope(request: &Request) -> Option<&'static str> {
    match request.service() {
        "s3" => Some("access control lists and Block Public Access are not looked at"),
        "glue" | "lakeformation" => Some("permissions of Lake Formation are not looked at"),
        "ram" => Some("what AWS RAM shares is not looked at"),
        _ => None,
    }
}

fn because(case: &Case, answer: &Answer, request: &Request) -> String {
    let explained = &answer.explained;
    let Some(decided) = explained.because else {
        return match explained.decision.outcome() {
            Outcome::Allowed => "this call needs no permission, and no policy can deny it".to_owned(),
            _ => "no path leads in".to_owned(),
        };
    };
    let level = || match explained.level {
        Some(0) => " at the root of the organisation".to_owned(),
        Some(level) => format!(" at level {level} below the root"),
        None => String::new(),
    };
    let none = |is_none: bool, otherwise: &str, lacking: &str| if is_none { lacking } else { otherwise }.to_owned();
    match (explained.decision.outcome(), decided) {
        (Outcome::Allowed, because) => allowed(because, request).to_owned(),
        (Outcome::ExplicitlyDenied, Because::Scp | Because::Rcp) => {
            format!("{}{} denies it, which outweighs every Allow", noun(decided, request), level())
        }
        (Outcome::ExplicitlyDenied, _) => format!("{} denies it, which outweighs every Allow", noun(decided, request)),
        (Outcome::Undecided, _) => format!("{} leaves it open", noun(decided, request)),
        (Outcome::ImplicitlyDenied, because) => match because {
            Because::Identity => none(
                case.policies.identity.is_empty(),
                "no identity policy of the caller allows it",
                "the caller has no identity policy",
            ),
            Because::Resource if request.is(Trait::OnReservedAlias) => {
                "aliases under alias/aws/ are AWS's own".to_owned()
            }
            Because::Resource => none(
                case.policies.resource.is_none(),
                "the resource's policy does not let the caller in",
                "the resource has no policy that lets the caller in",
            ),
            Because::Delegation => none(
                case.policies.resource.is_none(),
                "the key policy allows it neither to the caller nor to its account, so identity policies do not count",
                "no key policy is given, and without one nobody may use the key",
            ),
            Because::Boundary => "the permissions boundary does not allow it".to_owned(),
            Because::Session => none(
                case.policies.session.is_none(),
                "no session policy allows it",
                "a federated user's session has no permission without a session policy",
            ),
            Because::Scp => format!("no service control policy{} allows it", level()),
            Because::Rcp => format!("no resource control policy{} allows it", level()),
            Because::Endpoint => "the policy of the VPC endpoint does not allow it".to_owned(),
            Because::Trust if request.is(Trait::ByRoot) && request.is(Trait::AssumesRole) => {
                "a root user may not assume a role".to_owned()
            }
            Because::Trust => none(
                case.policies.resource.is_none(),
                "the role's trust policy does not let the caller in",
                "no trust policy is given, and without one nobody may assume the role",
            ),
            Because::Grant => "no grant lets the caller retire it".to_owned(),
            Because::CrossAccount if !request.is(Trait::SamePartition) => {
                "caller and resource are of two partitions".to_owned()
            }
            Because::CrossAccount => {
                format!("{} works for callers of the key's own account alone", request.action())
            }
        },
    }
}

fn allowed(because: Because, request: &Request) -> &'static str {
    match because {
        Because::Identity if request.is(Trait::ByRoot) => "the root user needs no policy of its own",
        Because::Identity if request.is(Trait::OnKey) => {
            "an identity policy allows it, and the key policy leaves that to the account"
        }
        Because::Identity if request.is(Trait::OnRole) => {
            "an identity policy allows it, and the trust policy lets the account in"
        }
        Because::Identity => "an identity policy allows it, and nothing denies it",
        Because::Grant => "a grant on the key allows it",
        Because::Trust => "the role's trust policy names the caller",
        Because::CrossAccount => "the resource's policy and the caller's own account both allow it",
        _ if request.is(Trait::OnKey) => "the key policy names the caller",
        _ => "the resource's policy names the caller",
    }
}

fn noun(because: Because, request: &Request) -> &'static str {
    match because {
        Because::Identity => "an identity policy",
        Because::Resource | Because::Delegation if request.is(Trait::OnKey) => "the key policy",
        Because::Resource | Because::Delegation => "the resource's policy",
        Because::Grant => "a grant",
        Because::Boundary => "the permissions boundary",
        Because::Session => "a session policy",
        Because::Scp => "a service control policy",
        Because::Rcp => "a resource control policy",
        Because::Endpoint => "the policy of the VPC endpoint",
        Because::Trust => "the role's trust policy",
        Because::CrossAccount => "access across accounts",
    }
}

/// The statements that bear on an answer: those that matched, else those that came nearest to it.
fn points(answer: &Answer, request: &Request, trace: &[LayerTrace]) -> Vec<Point> {
    let explained = &answer.explained;
    let effect = match explained.decision.outcome() {
        Outcome::ExplicitlyDenied => Some(Effect::Deny),
        Outcome::Allowed | Outcome::ImplicitlyDenied => Some(Effect::Allow),
        Outcome::Undecided => None,
    };
    let mut points: Vec<Point> = Vec::new();
    for (layer, statement) in
        statements(trace).filter(|(_, statement)| effect.is_none_or(|effect| statement.effect == effect))
    {
        let Some(point) = matching(layer, statement, request) else { continue };
        // What is open is of either effect: one line says both.
        match points.last_mut() {
            Some(last) if last.span == point.span && last.text == point.text => {
                // One file may be attached at several levels.
                last.word = if last.word == point.word { point.word } else { "may decide" };
            }
            _ => points.push(point),
        }
    }
    if explained.decision.outcome() == Outcome::ImplicitlyDenied
        && let Some(because) = explained.because
    {
        points.extend(nearest(because, explained.level, request, trace));
    }
    points
}

/// A statement by its name and the policy that it is of.
fn called(layer: &LayerTrace, statement: &StatementTrace, request: &Request) -> String {
    let policy = match layer.because {
        Because::Grant => return statement.name.clone(),
        Because::Identity => "identity policy",
        Because::Boundary => "permissions boundary",
        Because::Session => "session policy",
        Because::Scp => "SCP",
        Because::Rcp => "RCP",
        Because::Endpoint => "endpoint policy",
        _ if request.is(Trait::OnKey) => "key policy",
        _ if request.is(Trait::OnRole) => "trust policy",
        _ => "resource policy",
    };
    let level = match layer.level {
        Some(0) => " at the root".to_owned(),
        Some(level) => format!(" at level {level}"),
        None => String::new(),
    };
    format!("{} ({policy}{level})", statement.name)
}

fn statements(trace: &[LayerTrace]) -> impl Iterator<Item = (&LayerTrace, &StatementTrace)> {
    trace.iter().flat_map(|layer| layer.statements.iter().map(move |statement| (layer, statement)))
}

fn matching(layer: &LayerTrace, statement: &StatementTrace, request: &Request) -> Option<Point> {
    let (word, tone) = match (&statement.matched, statement.effect) {
        (Matched::Yes(Some(MatchClass::Account)), Effect::Allow) if request.is(Trait::SameAccount) => {
            ("lets in", Tone::Plain)
        }
        (Matched::Yes(_), Effect::Allow) => ("allows", Tone::Good),
        (Matched::Yes(_), Effect::Deny) => ("denies", Tone::Bad),
        (Matched::Perhaps(_), Effect::Allow) => ("may allow", Tone::Open),
        (Matched::Perhaps(_), Effect::Deny) => ("may deny", Tone::Open),
        (Matched::No { .. }, _) => return None,
    };
    let why = match &statement.matched {
        // The name says it.
        Matched::Perhaps(_) if statement.index.is_none() && statement.name == NOT_GIVEN => String::new(),
        Matched::Perhaps(reasons) => {
            reasons.iter().map(|reason| reason.message.as_str()).collect::<Vec<_>>().join("; ")
        }
        Matched::Yes(Some(MatchClass::Account)) if word == "lets in" => "the whole account".to_owned(),
        _ => String::new(),
    };
    let name = called(layer, statement, request);
    let text = if why.is_empty() { name } else { format!("{name}: {why}") };
    Some(Point { word, tone, span: Some(statement.span), text })
}

/// The Allows that came nearest to a match: those of the layer that keeps the request out, and grants to the caller.
fn nearest(because: Because, level: Option<usize>, request: &Request, trace: &[LayerTrace]) -> Vec<Point> {
    // What no statement could mend.
    let is_barred = !request.is(Trait::SamePartition) || (request.is(Trait::ByRoot) && request.is(Trait::AssumesRole));
    let is_asked = |layer: &LayerTrace| {
        let is_same = match because {
            Because::Delegation | Because::Trust => layer.because == Because::Resource,
            other => layer.because == other,
        };
        is_same && layer.level == level && !is_barred
    };
    let mut failed: Vec<(u8, Point)> = statements(trace)
        .filter(|(_, statement)| statement.effect == Effect::Allow)
        .filter_map(|(layer, statement)| {
            let Matched::No { element, span, why } = &statement.matched else { return None };
            let is_limited_grant = layer.because == Because::Grant && *element == "Condition";
            if !is_asked(layer) && !is_limited_grant {
                return None;
            }
            let rank = match *element {
                "Condition" => 0,
                "Resource" => 1,
                "Action" => 2,
                _ => 3,
            };
            let text = format!("{}, {element}: {why}", called(layer, statement, request));
            Some((rank, Point { word: "not", tone: Tone::Plain, span: Some(*span), text }))
        })
        .collect();
    failed.sort_by_key(|(rank, _)| *rank);
    let all = failed.len();
    let best = failed.first().map_or(0, |(rank, _)| *rank);
    failed.retain(|(rank, _)| *rank == best);
    let mut points: Vec<Point> = failed.into_iter().take(SHOWN).map(|(_, point)| point).collect();
    let more = all - points.len();
    if more > 0 {
        let noun = if more == 1 { "statement" } else { "statements" };
        let text = format!("{more} more {noun}; --format json lists all");
        points.push(Point { word: "not", tone: Tone::Plain, span: None, text });
    }
    points
}

/// One layer of a trace, for a program.
#[derive(Serialize)]
pub(super) struct LayerJson {
    layer: &'static str,
    level: Option<usize>,
    statements: Vec<StatementJson>,
}

#[derive(Serialize)]
struct StatementJson {
    name: String,
    effect: &'static str,
    file: Option<String>,
    path: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    matched: &'static str,
    /// The first element that did not match.
    element: Option<&'static str>,
    because: Option<String>,
}

/// A trace, for a program.
pub(super) fn json(trace: &[LayerTrace], sources: &Sources) -> Vec<LayerJson> {
    let layer = |layer: &LayerTrace| LayerJson {
        layer: layer.because.word(),
        level: layer.level,
        statements: layer.statements.iter().map(|statement| statement_json(statement, sources)).collect(),
    };
    trace.iter().map(layer).collect()
}

fn statement_json(statement: &StatementTrace, sources: &Sources) -> StatementJson {
    let (matched, element, because, span): (_, _, _, Span) = match &statement.matched {
        Matched::Yes(_) => ("yes", None, None, statement.span),
        Matched::No { element, span, why } => ("no", Some(*element), Some(why.clone()), *span),
        Matched::Perhaps(reasons) => ("perhaps", None, Some(joined(reasons)), statement.span),
    };
    let source = sources.get(span.source);
    let position = source.map(|source| source.position(span.start));
    StatementJson {
        name: statement.name.clone(),
        effect: if statement.effect == Effect::Allow { "Allow" } else { "Deny" },
        file: source.map(crate::source::Source::name),
        path: statement.index.map(|index| format!("/Statement/{index}")),
        line: position.map(|position| position.line),
        column: position.map(|position| position.column),
        matched,
        element,
        because,
    }
}

fn joined(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| reason.message.as_str()).collect::<Vec<_>>().join("; ")
}
