//! A JSON Schema of `kpl.toml`, from the same list as its reader.

use serde_json::{Map, Value, json};

use super::keys::{KEYS, Key, Shape};

/// The schema, for editors; `options` holds a schema for the options of each rule that has some.
///
/// Source: JSON Schema, draft 2020-12.
#[must_use]
pub fn schema(options: &Map<String, Value>) -> Value {
    let mut schema = table(KEYS);
    if let Some(rules) = schema.pointer_mut("/properties/rules/anyOf/2/properties").and_then(Value::as_object_mut) {
        rules.extend(options.clone());
    }
    if let Some(members) = schema.as_object_mut() {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("title".to_owned(), json!("kpl.toml"));
    }
    schema
}

fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|key| (key.name.to_owned(), described(shape(key.shape), key.about))).collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if let Some(members) = schema.as_object_mut().filter(|_| !required.is_empty()) {
        members.insert("required".to_owned(), json!(required));
    }
    schema
}

fn described(mut schema: Value, about: &str) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), json!(about));
    }
    schema
}

fn shape(shape: Shape) -> Value {
    match shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::Texts => shape_of_texts(),
        Shape::Word(words) => json!({ "type": "string", "enum": words }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Day => json!({ "type": "string", "format": "date" }),
        Shape::TextsOrOptions(inner) => json!({ "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" } },
            { "type": "object", "additionalProperties": false, "properties": { inner: shape_of_texts() } },
        ] }),
        Shape::Words(words) => {
            json!({ "type": "object", "additionalProperties": { "type": "string", "enum": words } })
        }
        Shape::Tables(keys) => json!({ "type": "array", "items": table(keys) }),
        Shape::TextsAndTables(keys) => json!({ "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "anyOf": [{ "type": "string" }, table(keys)] } },
        ] }),
    }
}

/// The schema of a string or a list of them.
#[must_use]
pub fn shape_of_texts() -> Value {
    json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
}
