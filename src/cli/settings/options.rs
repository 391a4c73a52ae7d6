//! The options of rules: what is written of them, held against what each rule declares.

use serde_json::{Map, Value, json};

use super::merge::{Merge, Settled};
use crate::{
    config::{self, OptionConfig, OptionsConfig},
    finding::{Complaint, OptionKind, OptionValue, RuleInfo, RuleOption, RuleOptions},
    rules::Catalogue,
    source::Spanned,
    spelling,
};

/// Settles the options, and shows every one of them with where it comes from.
pub(super) fn settle(written: &[OptionsConfig], catalogue: &Catalogue, merge: &mut Merge<'_>) -> RuleOptions {
    let mut settled = RuleOptions::default();
    let mut places = Vec::new();
    for table in written {
        let read = |text: &str| super::rule(text, catalogue);
        let Some(rule) = merge.value("rules", &table.rule, read).and_then(|id| catalogue.find(id)) else { continue };
        for (name, value) in &table.options {
            match found(rule, name).and_then(|option| Ok((option, option_value(option, name, value)?))) {
                Ok((option, value)) => {
                    settled.set(rule, option, value);
                    places.push((rule.id, option.name, name.span));
                }
                Err(complaint) => merge.complain(*complaint),
            }
        }
    }
    for rule in catalogue.rules() {
        for option in rule.options {
            let mut written = places.iter().filter(|(id, name, _)| (*id, *name) == (rule.id, option.name));
            let from = written.next().map_or(Settled::Default, |(_, _, place)| Settled::File(*place));
            let value = match option.kind {
                OptionKind::Number { .. } => json!(settled.number(rule, option)),
                OptionKind::Texts { .. } => json!(settled.texts(rule, option).collect::<Vec<_>>()),
            };
            merge.show(&format!("rules.{}.{}", rule.id, option.name), value, from);
        }
    }
    settled
}

/// The option of a name, or what is wrong with it.
fn found(rule: &'static RuleInfo, name: &Spanned<String>) -> Result<&'static RuleOption, Box<Complaint>> {
    if let Some(option) = rule.options.iter().find(|option| option.name == name.value) {
        return Ok(option);
    }
    let names: Vec<&str> = rule.options.iter().map(|option| option.name).collect();
    let message = format!("`{}` has no option `{}`", rule.id, name.value);
    let complaint = Complaint::new(name.span, message);
    let plain = name.value.replace('_', "-");
    Err(Box::new(match (spelling::by_likeness(&plain, names.iter().copied()), names.as_slice()) {
        (Some(meant), _) => complaint.label(format!("did you mean `{meant}`?")),
        (None, []) => complaint.help("this rule has no options"),
        (None, names) => complaint.help(format!("its options are {}", names.join(", "))),
    }))
}

/// A value that an option takes.
fn option_value(
    option: &RuleOption,
    name: &Spanned<String>,
    value: &Spanned<OptionConfig>,
) -> Result<OptionValue, Box<Complaint>> {
    let (read, this_is) = match (option.kind, &value.value) {
        (OptionKind::Number { least, most, .. }, OptionConfig::Number(text)) => {
            let number = text.parse::<i64>().ok().filter(|number| (least..=most).contains(number));
            (number.map(OptionValue::Number), text.as_str())
        }
        (OptionKind::Texts { .. }, OptionConfig::Text(text)) => (Some(OptionValue::Texts(vec![text.clone()])), ""),
        (OptionKind::Texts { .. }, OptionConfig::Texts(texts)) => (Some(OptionValue::Texts(texts.clone())), ""),
        (_, OptionConfig::Number(_)) => (None, "a number"),
        (_, OptionConfig::Text(_)) => (None, "a string"),
        (_, OptionConfig::Texts(_)) => (None, "a list"),
        (_, OptionConfig::Other(what)) => (None, *what),
    };
    read.ok_or_else(|| {
        let message = format!("`{}` is {}", name.value, option.wanted());
        Box::new(Complaint::new(value.span, message).label(format!("this is {this_is}")))
    })
}

/// A JSON Schema for the options of each rule that has some.
pub(in crate::cli) fn schemas() -> Map<String, Value> {
    let rules = crate::rules::all().filter(|rule| !rule.options.is_empty());
    rules.map(|rule| (rule.id.to_owned(), schema(rule))).collect()
}

fn schema(rule: &RuleInfo) -> Value {
    let properties: Map<String, Value> = rule
        .options
        .iter()
        .map(|option| {
            let mut schema = match option.kind {
                OptionKind::Number { least, most, .. } => {
                    json!({ "type": "integer", "minimum": least, "maximum": most })
                }
                OptionKind::Texts { .. } => config::shape_of_texts(),
            };
            if let Some(members) = schema.as_object_mut() {
                members.insert("description".to_owned(), json!(option.about));
                members.insert("default".to_owned(), shown(&option.default_value()));
            }
            (option.name.to_owned(), schema)
        })
        .collect();
    json!({ "type": "object", "additionalProperties": false, "description": rule.summary, "properties": properties })
}

/// A value as JSON.
pub(in crate::cli) fn shown(value: &OptionValue) -> Value {
    match value {
        OptionValue::Number(number) => json!(number),
        OptionValue::Texts(texts) => json!(texts),
    }
}
