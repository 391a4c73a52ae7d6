//! A verdict for a program.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::Read;
use crate::{
    prove::{Answer, Question, Verdict, Witness},
    semantics::{Caller, Value},
    source::{Source, Sources, Span},
};

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    claim: &'r str,
    verdict: &'r str,
    witness: Option<Map<String, Json>>,
    statements: Vec<StatementJson>,
    because: Vec<String>,
}

#[derive(Serialize)]
struct StatementJson {
    file: String,
    path: String,
}

/// The verdict as JSON.
pub(super) fn report(question: &Question<'_>, answer: &Answer, sources: &Sources, read: &[&Read]) -> String {
    let witness = match &answer.verdict {
        Verdict::Refuted { witness } => witness.as_deref(),
        _ => None,
    };
    let mut because: Vec<String> = match &answer.verdict {
        Verdict::Undecided { reasons } => reasons.iter().map(|reason| reason.message.clone()).collect(),
        _ => Vec::new(),
    };
    because.extend(answer.notes.iter().cloned());
    let statements = witness.map_or(&[][..], |witness| &witness.statements);
    let report = Report {
        version: 1,
        claim: question.claim.word(),
        verdict: answer.verdict.word(),
        witness: witness.map(request_json),
        statements: statements.iter().filter_map(|span| statement_json(*span, sources, read)).collect(),
        because,
    };
    serde_json::to_string_pretty(&report).map(|text| text + "\n").unwrap_or_default()
}

fn statement_json(span: Span, sources: &Sources, read: &[&Read]) -> Option<StatementJson> {
    let statement = read.iter().flat_map(|one| &one.policy.statements).find(|statement| statement.span == span)?;
    let file = sources.get(span.source).map(Source::name)?;
    Some(StatementJson { file, path: format!("/Statement/{}", statement.index) })
}

/// A request, its fields as in a scenario file.
pub(super) fn request_json(witness: &Witness) -> Map<String, Json> {
    let request = &witness.request;
    let principal = match &request.caller {
        Caller::Root { account, .. } => json!({"account-root": account.to_string()}),
        Caller::Service(name) => json!({"service": name}),
        Caller::Federated(name) => json!({"federated": name}),
        Caller::Anonymous => json!({"anonymous": true}),
        other => json!(other.to_string()),
    };
    let mut fields = Map::new();
    fields.insert("principal".to_owned(), principal);
    fields.insert("action".to_owned(), json!(request.action()));
    fields.insert("resource".to_owned(), json!(request.resource()));
    if let Some(owner) = request.resource_account() {
        fields.insert("resource_account".to_owned(), json!(owner.to_string()));
    }
    let context: Map<String, Json> = witness
        .carried()
        .filter_map(|(key, value)| {
            let value = match value {
                Value::One(value) => json!(value),
                Value::Many(values) => json!(values),
                Value::Unknown => return None,
            };
            Some((key.to_owned(), value))
        })
        .collect();
    if !context.is_empty() {
        fields.insert("context".to_owned(), Json::Object(context));
    }
    fields
}
