//! A verdict for a person.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use super::{Read, program::request_json};
use crate::{
    policy::PolicyKind,
    prove::{Answer, Claim, Question, Verdict, Witness},
    render::{self, Argument, Point, Tone},
    source::{Sources, Span},
};

/// The verdict, what speaks for it, and the witness as a case of a scenario file.
pub(super) fn report(
    question: &Question<'_>,
    answer: &Answer,
    sources: &Sources,
    read: &[&Read],
    style: &render::Style,
) -> String {
    let (tone, because) = match &answer.verdict {
        Verdict::Proven => (Tone::Good, holds(&question.claim)),
        Verdict::Refuted { witness: Some(witness) } => (Tone::Bad, witness.clause(question.kind)),
        Verdict::Refuted { witness: None } => (Tone::Bad, locked_out(&question.claim)),
        Verdict::Undecided { .. } => (Tone::Open, "neither a proof nor a request against it was found".to_owned()),
    };
    let mut points = Vec::new();
    let mut notes: Vec<(&'static str, String)> = Vec::new();
    match &answer.verdict {
        Verdict::Refuted { witness: Some(witness) } => {
            points.extend(witness.statements.iter().filter_map(|span| point(*span, read)));
        }
        Verdict::Undecided { reasons } => {
            for reason in reasons {
                let place = reason.span.and_then(|span| render::place_of(span, sources));
                let at = place.map(|place| format!("{place}: ")).unwrap_or_default();
                notes.push(("open", format!("{at}{}", reason.message)));
            }
        }
        _ => {}
    }
    notes.extend(answer.notes.iter().map(|note| ("note", note.clone())));
    let argument = Argument {
        tone,
        answer: answer.verdict.word().to_owned(),
        about: question.claim.word().to_owned(),
        because,
        points,
        notes,
    };
    let mut out = render::argument(&argument, 0, sources, style);
    if let Verdict::Refuted { witness: Some(witness) } = &answer.verdict {
        out.push_str("\n  as a case for `kpl test`:\n\n");
        out.push_str(&case(question, witness, read));
    }
    out
}

/// What is so where a claim is proven.
fn holds(claim: &Claim<'_>) -> String {
    match claim {
        Claim::NoNewAccess { .. } => "the new policy allows no request that the old one does not",
        Claim::NotGranted { .. } => "no such request is allowed",
        Claim::NotPublic { .. } => "nobody is let in whom the policy does not name or who is not trusted",
        Claim::KeepsAdmin { caller: Some(caller), .. } => return format!("{caller} can still change the key policy"),
        Claim::KeepsAdmin { caller: None, .. } => "somebody of the account can still change the key policy",
    }
    .to_owned()
}

/// What is so where nobody is left who may change a key policy.
fn locked_out(claim: &Claim<'_>) -> String {
    let who = match claim {
        Claim::KeepsAdmin { caller: Some(caller), .. } => caller.to_string(),
        _ => "nobody of the account".to_owned(),
    };
    let verb = if who.starts_with("nobody") { "may" } else { "may not" };
    format!("{who} {verb} call kms:PutKeyPolicy on the key, whatever the request carries")
}

/// A statement that makes it so.
fn point(span: Span, read: &[&Read]) -> Option<Point> {
    let statement = read.iter().flat_map(|one| &one.policy.statements).find(|statement| statement.span == span)?;
    let number = format!("statement {}", statement.index + 1);
    let text = statement.sid.as_ref().map_or(number, |sid| sid.value.clone());
    let (word, tone) = if statement.allows() { ("allows", Tone::Good) } else { ("denied", Tone::Bad) };
    Some(Point { word, tone, span: Some(span), text })
}

/// The witness as a case of a scenario file.
fn case(question: &Question<'_>, witness: &Witness, read: &[&Read]) -> String {
    let request = request_json(witness);
    let mut policies = Map::new();
    let new: Vec<Json> = match &question.claim {
        Claim::NoNewAccess { .. } => {
            read.first().into_iter().map(|one| json!(one.path.display().to_string())).collect()
        }
        _ => read.iter().map(|one| json!(one.path.display().to_string())).collect(),
    };
    let everything = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let account = witness.request.caller.account().map(|account| account.to_string());
    match question.kind {
        PolicyKind::Key | PolicyKind::Trust | PolicyKind::Resource => {
            if let Some(path) = new.into_iter().next() {
                policies.insert("resource".to_owned(), path);
            }
            if witness.other_side_agrees {
                policies.insert("identity".to_owned(), json!([everything]));
            }
        }
        kind => {
            match kind {
                PolicyKind::Boundary => policies.insert("boundary".to_owned(), json!(new.first())),
                PolicyKind::Session => policies.insert("session".to_owned(), json!(new)),
                PolicyKind::ServiceControl => policies.insert("scps".to_owned(), json!([new])),
                _ => policies.insert("identity".to_owned(), json!(new)),
            };
            if kind != PolicyKind::Identity {
                policies.insert("identity".to_owned(), json!([everything]));
            }
            if witness.other_side_agrees {
                let mut agreeing = everything;
                agreeing["Statement"]["Principal"] = json!({"AWS": account});
                policies.insert("resource".to_owned(), agreeing);
            }
        }
    }
    let mut out = String::from("  - name: found by kpl prove\n");
    let _ = writeln!(out, "    request: {}", Json::Object(request));
    let _ = writeln!(out, "    policies: {}", Json::Object(policies));
    out.push_str("    expect: allowed\n");
    out
}
