//! Outputs: policies as strings, objects, and lists and maps of both.
//!
//! Source: Terraform documentation, `terraform output`, `-json`; "JSON Output Format", change representation.

use super::policies::Policies;
use crate::syntax::{Node, Value};

impl<'a> Policies<'_, '_, 'a> {
    /// Reads the outputs of a state, or of `terraform output -json`: objects with a `value` each.
    pub(super) fn outputs(&mut self, outputs: Option<&Node<'a>>) {
        for output in outputs.and_then(Node::as_map).unwrap_or_default() {
            if let Some(value) = output.value.get("value") {
                self.value(value, &format!("output.{}", output.key));
            }
        }
    }

    /// Reads the outputs as a plan will leave them.
    pub(super) fn planned_outputs(&mut self, changes: Option<&Node<'a>>) {
        for output in changes.and_then(Node::as_map).unwrap_or_default() {
            if let Some(value) = output.value.get("after") {
                self.value(value, &format!("output.{}", output.key));
            }
        }
    }

    /// Reads every policy in a value, each under its own address.
    pub(super) fn value(&mut self, value: &Node<'a>, name: &str) {
        if value.as_str().is_some_and(|text| self.is_known(text)) {
            return;
        }
        if self.known(value, name.to_owned(), None, false) {
            return;
        }
        match &value.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{name}[{index}]"));
                }
            }
            Value::Map(members) => {
                for member in members {
                    self.value(&member.value, &step(name, &member.key));
                }
            }
            _ => {}
        }
    }
}

/// A member's address: `.name`, or in brackets where that is no plain name.
fn step(name: &str, key: &str) -> String {
    let is_plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_plain && !key.is_empty() { format!("{name}.{key}") } else { format!("{name}[\"{key}\"]") }
}
