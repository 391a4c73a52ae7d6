//! The JSON report against its own schema, with as much of JSON Schema as that needs.

use std::path::Path;

use kpl::{
    lint,
    render::{self, Tool},
    rules,
};
use serde_json::Value;

use crate::{
    cli::kpl,
    fixtures::{sources, with_cases},
};

/// Checks a value, and that the schema names every property that it has.
struct Checker<'s> {
    root: &'s Value,
    troubles: Vec<String>,
}

impl<'s> Checker<'s> {
    fn check(&mut self, value: &Value, schema: &'s Value, at: &str) {
        for (keyword, wanted) in schema.as_object().unwrap() {
            match keyword.as_str() {
                "$schema" | "title" | "description" | "$defs" => {}
                "$ref" => {
                    let pointer = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                    self.check(value, self.root.pointer(pointer).unwrap(), at);
                }
                "anyOf" => self.any_of(value, wanted.as_array().unwrap(), at),
                "type" => self.is(is_of_type(value, wanted), at, wanted, value),
                "const" => self.is(value == wanted, at, wanted, value),
                "enum" => self.is(wanted.as_array().unwrap().contains(value), at, wanted, value),
                "minimum" => self.is(value.as_u64() >= wanted.as_u64(), at, wanted, value),
                "required" => {
                    for name in wanted.as_array().unwrap() {
                        self.is(value.get(name.as_str().unwrap()).is_some(), at, name, value);
                    }
                }
                "properties" => {
                    for (name, member) in value.as_object().into_iter().flatten() {
                        match wanted.get(name) {
                            Some(schema) => self.check(member, schema, &format!("{at}/{name}")),
                            None => self.troubles.push(format!("{at}/{name} is not described")),
                        }
                    }
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(item, wanted, &format!("{at}/{index}"));
                    }
                }
                other => panic!("the schema says `{other}`, which is not checked"),
            }
        }
    }

    fn any_of(&mut self, value: &Value, schemas: &'s [Value], at: &str) {
        let fits = |schema: &'s Value| {
            let mut checker = Checker { root: self.root, troubles: Vec::new() };
            checker.check(value, schema, at);
            checker.troubles
        };
        let troubles: Vec<Vec<String>> = schemas.iter().map(fits).collect();
        if troubles.iter().all(|troubles| !troubles.is_empty()) {
            self.troubles.extend(troubles.into_iter().flatten());
        }
    }

    fn is(&mut self, holds: bool, at: &str, wanted: &Value, value: &Value) {
        if !holds {
            self.troubles.push(format!("{at}: wanted {wanted}, found {value}"));
        }
    }
}

fn is_of_type(value: &Value, wanted: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the schema says type `{other}`, which is not checked"),
    };
    wanted.as_array().map_or_else(|| is(wanted), |names| names.iter().any(is))
}

fn schema() -> Value {
    serde_json::from_str(render::REPORT_SCHEMA).unwrap()
}

fn troubles(schema: &Value, report: &Value) -> Vec<String> {
    let mut checker = Checker { root: schema, troubles: Vec::new() };
    checker.check(report, schema, "");
    checker.troubles
}

#[test]
fn every_report_on_a_fixture_fits_the_schema() {
    let schema = schema();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    for rule in rules::all() {
        with_cases(&folder.join(format!("{}.yaml", rule.id)), "fail", |case| {
            let (sources, inputs) = sources(&case.files());
            let report = lint::lint(&sources, &inputs, &case.options());
            let tool = Tool { version: "0.1.0", reference: "2026-10-27", base: None };
            let text = render::json(&report, &sources, &tool);
            let found = troubles(&schema, &serde_json::from_str(&text).unwrap());
            assert_eq!(found, Vec::<String>::new(), "{}", case.name);
        });
    }
}

#[test]
fn a_report_that_does_not_fit_is_seen() {
    let ran = kpl(Path::new(env!("CARGO_MANIFEST_DIR")), &["check", "fixtures/seed/as-pasted", "--format", "json"]);
    let mut report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let schema = schema();
    assert_eq!(troubles(&schema, &report), Vec::<String>::new());
    report["findings"][0]["severity"] = "bad".into();
    report["findings"][1]["span"]["start"]["line"] = 0.into();
    report["summary"].as_object_mut().unwrap().remove("files");
    report["more"] = Value::Null;
    assert_eq!(troubles(&schema, &report).len(), 4);
}

#[test]
fn the_schema_is_printed() {
    let ran = kpl(Path::new(env!("CARGO_MANIFEST_DIR")), &["schema", "report"]);
    assert_eq!(serde_json::from_str::<Value>(&ran.stdout).unwrap(), schema());
}
