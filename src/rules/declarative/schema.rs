//! A JSON Schema of rule files, for editors.

use serde_json::{Value, json};

use crate::policy::PolicyKind;

/// The schema: JSON Schema, draft 2020-12.
#[must_use]
pub fn schema() -> Value {
    let texts =
        json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }] });
    let kinds: Vec<&str> = PolicyKind::ALL.into_iter().map(PolicyKind::word).collect();
    let kind = json!({ "type": "string", "enum": kinds });
    let limit = json!({ "anyOf": [{ "type": "string" }, object(&json!({
        "key": { "type": "string", "description": "a condition key; `*` and `?` are wildcards" },
        "operator": { "type": "string", "description": "this operator alone; without it, one that demands the key" },
        "value": { "anyOf": [{ "type": ["string", "boolean", "number"] }, { "type": "array" }],
            "description": "no value but these; `*` and `?` are wildcards" },
    }), &["key"])] });
    let limits = json!({ "anyOf": [limit, { "type": "array", "items": limit }] });
    let principals = json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
        "description": "anyone, account-root, role, user, session, service, federated, own-account, other-account, workload, admin, an account's number, an ARN or a service" });
    let predicates = object(
        &json!({
            "effect": { "type": "string", "enum": ["Allow", "Deny"] },
            "action": object(&json!({
                "covers": texts, "covered_by": texts, "not_covered_by": texts,
                "whole_service": { "anyOf": [{ "const": true }, texts] },
            }), &[]),
            "principal": object(&json!({ "is": principals, "not": principals }), &[]),
            "resource": object(&json!({ "covers": texts, "within": texts, "not_within": texts }), &[]),
            "condition": { "anyOf": [
                { "type": "string", "enum": ["none", "any"] },
                object(&json!({ "has": limits, "lacks": limits }), &[]),
            ] },
        }),
        &[],
    );
    let demand = object(
        &json!({
            "select": { "type": "string", "description": "JSONPath (RFC 9535) over the canonical view of the policy; without it, every statement" },
            "where": predicates,
            "mark": { "type": "string", "description": "what to underline, a path from what was selected" },
        }),
        &[],
    );
    let never = object(
        &json!({
            "principal": texts, "action": texts, "resource": texts,
            "context": { "type": "object", "description": "condition keys that the request carries, each with a value, several of which one is meant, or null where the key is absent" },
        }),
        &[],
    );
    let example =
        json!({ "anyOf": [{ "type": "object" }, { "type": "array", "items": { "type": "object" }, "minItems": 1 }] });
    let properties = json!({
        "$schema": { "type": "string" },
        "id": { "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$" },
        "severity": { "type": "string", "enum": ["error", "warning", "note"] },
        "confidence": { "type": "string", "enum": ["high", "medium", "low"] },
        "persona": { "type": "string", "enum": ["regular", "pedantic", "auditor"] },
        "summary": { "type": "string" },
        "applies_to": { "anyOf": [kind, { "type": "array", "items": kind }] },
        "forbid": demand,
        "require": demand,
        "never": never,
        "message": { "type": "string" },
        "why": { "type": "string" },
        "fix": { "type": "string" },
        "references": texts,
        "examples": object(&json!({ "fail": example, "pass": example }), &["fail", "pass"]),
    });
    let mut schema = object(&properties, &["id", "severity", "summary", "why", "fix", "examples"]);
    if let Some(members) = schema.as_object_mut() {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("title".to_owned(), json!("a rule of kpl"));
        members.insert(
            "oneOf".to_owned(),
            json!([{ "required": ["forbid"] }, { "required": ["require"] }, { "required": ["never"] }]),
        );
    }
    schema
}

fn object(properties: &Value, required: &[&str]) -> Value {
    let mut object = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if let Some(members) = object.as_object_mut().filter(|_| !required.is_empty()) {
        members.insert("required".to_owned(), json!(required));
    }
    object
}
