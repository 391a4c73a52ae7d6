//! The places of values that Terraform marks as sensitive: no report shows them.
//!
//! Source: Terraform documentation, "JSON Output Format": sensitive values stand in clear, and trees beside them tell
//! which they are.

use std::collections::HashSet;

use super::resource::holds_true;
use crate::{
    source::{Secrets, Span},
    syntax::{Fault, Node, Value},
};

/// A tree of values and the tree beside it that marks what is sensitive.
const MARKED: [(&str, &str); 3] =
    [("after", "after_sensitive"), ("before", "before_sensitive"), ("values", "sensitive_values")];

/// The places of all sensitive values of a plan, a state or an output.
pub(super) fn places(root: &Node<'_>) -> Secrets {
    let mut found = Found::default();
    found.walk(root);
    found.configuration(root.get("configuration").and_then(|configuration| configuration.get("root_module")));
    found.variables(root);
    Secrets::new(found.places)
}

/// What may be a secret in a text that is cut off: the resource in which it breaks and all behind it, and the variables,
/// of which only the end of a plan tells which are sensitive. `None` where it cannot be told in which resource it breaks.
pub(super) fn in_cut(root: &Node<'_>, faults: &[Fault], end: u32) -> Option<Vec<Span>> {
    let broken = faults.iter().filter(|fault| fault.cause.cuts()).map(|fault| fault.span).min()?;
    let holds = |node: &&Node<'_>| node.span.start <= broken.start && broken.end <= node.span.end;
    let part = root.as_map()?.iter().find(|member| holds(&&member.value))?;
    let mut node = &part.value;
    // Of the configuration too, the end tells which of its values are sensitive.
    if part.key != "configuration" {
        node = loop {
            match &node.value {
                Value::List(items) => break items.iter().find(holds)?,
                Value::Map(members) => node = members.iter().map(|member| &member.value).find(holds)?,
                _ => return None,
            }
        };
    }
    let variables = root.get("variables").map(|variables| variables.span);
    Some(variables.into_iter().chain([Span { end, ..node.span }]).collect())
}

#[derive(Default)]
struct Found {
    places: Vec<Span>,
    /// Type, name and attribute of what is sensitive; the configuration repeats its constants without a mark.
    attributes: HashSet<(String, String, String)>,
}

impl Found {
    fn walk(&mut self, node: &Node<'_>) {
        match &node.value {
            Value::Map(members) => {
                // Most objects are values, which say nothing of what is sensitive: one look at each name is enough.
                if members.iter().any(|member| member.key.contains("sensitive")) {
                    self.told(node);
                }
                if members.iter().any(|member| member.key == "change") {
                    self.resource(node);
                }
                // Older states do not mark what the provider itself calls sensitive.
                let material = members.iter().filter(|member| member.key == "key_material_base64");
                self.places
                    .extend(material.filter(|member| member.value.as_str().is_some()).map(|member| member.value.span));
                for member in members.iter().filter(|member| is_nested(&member.value)) {
                    self.walk(&member.value);
                }
            }
            Value::List(items) => items.iter().filter(|item| is_nested(item)).for_each(|item| self.walk(item)),
            _ => {}
        }
    }

    /// Notes what an object says of its own members.
    fn told(&mut self, node: &Node<'_>) {
        for (values, marks) in MARKED {
            if let (Some(values), Some(marks)) = (node.get(values), node.get(marks)) {
                self.mark(values, marks);
            }
        }
        if is_sensitive(node) {
            self.places.extend(node.get("value").map(|value| value.span));
        }
        self.instance(node);
    }

    fn mark(&mut self, values: &Node<'_>, marks: &Node<'_>) {
        match (&values.value, &marks.value) {
            (_, Value::Bool(true)) => self.places.push(values.span),
            (Value::List(items), Value::List(marks)) => {
                items.iter().zip(marks).for_each(|(item, mark)| self.mark(item, mark));
            }
            (Value::Map(members), Value::Map(_)) => {
                for member in members {
                    if let Some(mark) = marks.get(&member.key) {
                        self.mark(&member.value, mark);
                    }
                }
            }
            _ => {}
        }
    }

    /// Notes which attributes of a resource of a plan are sensitive.
    fn resource(&mut self, node: &Node<'_>) {
        let text = |member: &str| node.get(member).and_then(Node::as_str);
        let (Some(kind), Some(name)) = (text("type"), text("name")) else { return };
        let marks = node.get("change").and_then(|change| change.get("after_sensitive")).and_then(Node::as_map);
        for mark in marks.unwrap_or_default().iter().filter(|mark| holds_true(&mark.value)) {
            self.attributes.insert((kind.to_owned(), name.to_owned(), mark.key.to_string()));
        }
    }

    /// The sensitive attributes of an instance in a raw state: paths of steps.
    fn instance(&mut self, node: &Node<'_>) {
        let (Some(attributes), Some(paths)) = (node.get("attributes"), node.get("sensitive_attributes")) else {
            return;
        };
        for path in paths.as_list().unwrap_or_default() {
            let mut here = Some(attributes);
            for step in path.as_list().unwrap_or_default() {
                let Some(value) = step.get("value") else { break };
                let index = value.get("value").unwrap_or(value);
                let next = match &index.value {
                    Value::String(name) => here.and_then(|here| here.get(name)),
                    Value::Number(number) => {
                        let items = here.and_then(Node::as_list).unwrap_or_default();
                        number.parse::<usize>().ok().and_then(|index| items.get(index))
                    }
                    // An item of a set is named by its value: all of the set is taken for sensitive.
                    _ => break,
                };
                here = next;
            }
            self.places.extend(here.map(|value| value.span));
        }
    }

    /// The constants of sensitive arguments.
    fn configuration(&mut self, module: Option<&Node<'_>>) {
        let Some(module) = module else { return };
        for resource in module.get("resources").and_then(Node::as_list).unwrap_or_default() {
            let text = |member: &str| resource.get(member).and_then(Node::as_str).unwrap_or_default().to_owned();
            for argument in resource.get("expressions").and_then(Node::as_map).unwrap_or_default() {
                if self.attributes.contains(&(text("type"), text("name"), argument.key.to_string())) {
                    self.places.push(argument.value.span);
                }
            }
        }
        for call in module.get("module_calls").and_then(Node::as_map).unwrap_or_default() {
            let called = call.value.get("module");
            let declared = called.and_then(|called| called.get("variables"));
            for argument in call.value.get("expressions").and_then(Node::as_map).unwrap_or_default() {
                if declared.and_then(|declared| declared.get(&argument.key)).is_some_and(is_sensitive) {
                    self.places.push(argument.value.span);
                }
            }
            self.configuration(called);
        }
        for variable in module.get("variables").and_then(Node::as_map).unwrap_or_default() {
            if is_sensitive(&variable.value) {
                self.places.extend(variable.value.get("default").map(|value| value.span));
            }
        }
    }

    /// The values of variables that the configuration declares as sensitive.
    fn variables(&mut self, root: &Node<'_>) {
        let declared = || root.get("configuration")?.get("root_module")?.get("variables");
        for variable in root.get("variables").and_then(Node::as_map).unwrap_or_default() {
            if declared().and_then(|declared| declared.get(&variable.key)).is_some_and(is_sensitive) {
                self.places.push(variable.value.span);
            }
        }
    }
}

fn is_nested(node: &Node<'_>) -> bool {
    matches!(node.value, Value::Map(_) | Value::List(_))
}

fn is_sensitive(node: &Node<'_>) -> bool {
    node.get("sensitive").is_some_and(|told| told.value == Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{source::SourceId, syntax::json};

    fn secrets(text: &str) -> Vec<&str> {
        let tree = json::read_text(text, SourceId(0));
        assert_eq!(tree.faults, vec![]);
        places(&tree.root).touching(tree.root.span).map(|place| &text[place.range()]).collect()
    }

    #[test]
    fn marks_beside_values_are_followed_into_blocks() {
        let change = r#"{"change": {"after": {"set": [{"v": "a"}, {"v": "b"}], "x": 1}, "after_sensitive": {"set": [{}, {"v": true}]},
            "before": "old", "before_sensitive": true}}"#;
        assert_eq!(secrets(change), ["\"b\"", "\"old\""]);
    }

    #[test]
    fn outputs_variables_and_constants_are_found() {
        let plan = r#"{"variables": {"token": {"value": "t"}, "name": {"value": "n"}},
            "resource_changes": [{"type": "helm_release", "name": "k10", "change": {"after_sensitive": {"set_sensitive": true}}}],
            "planned_values": {"outputs": {"o": {"sensitive": true, "value": "s"}}},
            "configuration": {"root_module": {"variables": {"token": {"sensitive": true, "default": "d"}, "name": {}},
            "resources": [{"type": "helm_release", "name": "k10", "expressions": {"set_sensitive": ["c"], "name": "k"}}]}}}"#;
        assert_eq!(secrets(plan), ["{\"value\": \"t\"}", "\"s\"", "\"d\"", "[\"c\"]"]);
    }

    #[test]
    fn of_a_text_that_is_cut_off_only_what_is_told_to_be_no_secret_is_shown() {
        let hidden = |text: &str| -> Option<Vec<String>> {
            let tree = json::read_text(text, SourceId(0));
            let places = in_cut(&tree.root, &tree.faults, u32::try_from(text.len()).unwrap())?;
            Some(places.into_iter().map(|place| text[place.range()].to_owned()).collect())
        };
        let plan = r#"{"variables": {"v": 1}, "resource_changes": [{"change": {"after": {"a": "x"}}}, {"change": {"after": {"b": "y"#;
        let expected = [r#"{"v": 1}"#, r#"{"change": {"after": {"b": "y"#].map(str::to_owned);
        assert_eq!(hidden(plan), Some(expected.to_vec()));
        let whole = |text: &str| hidden(text).map(|places| places.len());
        assert_eq!(
            whole(r#"{"resource_changes": [], "configuration": {"root_module": {"resources": [{"e": {"x": "s"#),
            Some(1)
        );
        assert_eq!(whole(r#"{"values": {"outputs": {"o": {"value": "s"#), None);
    }

    #[test]
    fn key_material_is_a_secret_whether_it_is_marked_or_not() {
        let state = r#"{"attributes": {"key_material_base64": "m", "description": "d"}, "sensitive_attributes": []}"#;
        assert_eq!(secrets(state), ["\"m\""]);
    }

    #[test]
    fn the_paths_of_a_raw_state_are_followed() {
        let state = r#"{"attributes": {"a": [{"b": "x"}], "c": "y"}, "sensitive_attributes": [[
            {"type": "get_attr", "value": "a"}, {"type": "index", "value": {"value": 0, "type": "number"}}, {"type": "get_attr", "value": "b"}]]}"#;
        assert_eq!(secrets(state), ["\"x\""]);
    }
}
