//! What refers to what: the `configuration` of a plan, by which a value that is not known yet is followed to its origin.
//!
//! A plan lists of each expression only what it refers to. One reference is followed, through variables of modules and
//! outputs of modules; of several, or of one that leads to a local value, only the names can be told.
//!
//! Source: Terraform documentation, "JSON Output Format", configuration and expression representations.

use std::{collections::HashMap, ops::Range};

use crate::syntax::Node;

/// How many references are followed one after another.
const MAX_STEPS: usize = 64;

/// The configuration's modules and resources.
#[derive(Debug, Default)]
pub(super) struct Configuration<'r, 'a> {
    /// Every module by the names of its calls, joined by dots; the root by the empty name.
    modules: HashMap<String, &'r Node<'a>>,
    /// Every resource by its module's name and its own.
    resources: HashMap<(String, String), &'r Node<'a>>,
}

/// Where an expression's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// One attribute of one resource.
    Attribute(Target),
    /// What it refers to, as far as that could be followed.
    Several(Vec<String>),
}

/// An attribute of a resource, as a reference names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The address of the module instance, as far as it is known: a call by `for_each` tells no index.
    pub(super) module: String,
    /// `data.` where it is a data source, then type and name.
    pub(super) resource: String,
    /// The index, where the reference names one.
    pub(super) index: Option<String>,
    /// The attribute; empty where the reference is to the whole resource.
    pub(super) attribute: String,
}

impl Target {
    /// The reference as a person writes it.
    pub(super) fn display(&self) -> String {
        let index = self.index.as_deref().map(|index| format!("[{index}]")).unwrap_or_default();
        let parts = [self.module.as_str(), &format!("{}{index}", self.resource), &self.attribute];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".")
    }
}

impl<'r, 'a> Configuration<'r, 'a> {
    /// The configuration of a plan; empty where it has none.
    pub(super) fn of_plan(root: &'r Node<'a>) -> Self {
        let mut configuration = Self::default();
        if let Some(module) = root.get("configuration").and_then(|found| found.get("root_module")) {
            configuration.add(String::new(), module);
        }
        configuration
    }

    fn add(&mut self, path: String, module: &'r Node<'a>) {
        for resource in module.get("resources").and_then(Node::as_list).unwrap_or_default() {
            if let Some(address) = resource.get("address").and_then(Node::as_str) {
                self.resources.insert((path.clone(), address.to_owned()), resource);
            }
        }
        for call in module.get("module_calls").and_then(Node::as_map).unwrap_or_default() {
            if let Some(called) = call.value.get("module") {
                let name = if path.is_empty() { call.key.to_string() } else { format!("{path}.{}", call.key) };
                self.add(name, called);
            }
        }
        self.modules.insert(path, module);
    }

    /// The configuration of a resource; `None` where the plan does not tell it.
    pub(super) fn resource(&self, module: &str, resource: &str) -> Option<&'r Node<'a>> {
        self.resources.get(&(call_path(module), resource.to_owned())).copied()
    }

    /// Where the value of an expression of a module comes from.
    pub(super) fn origin(&self, module: &str, expression: &Node<'_>) -> Origin {
        self.follow(module, distinct(expression))
    }

    /// Where the value of one reference of a module comes from.
    pub(super) fn origin_of(&self, module: &str, reference: String) -> Origin {
        self.follow(module, vec![reference])
    }

    fn follow(&self, module: &str, mut references: Vec<String>) -> Origin {
        let mut module = module.to_owned();
        for _ in 0..MAX_STEPS {
            let [reference] = references.as_slice() else { break };
            match self.step(&module, reference) {
                Step::Attribute(target) => return Origin::Attribute(target),
                Step::To(next, found) => (module, references) = (next, found),
                Step::End => break,
            }
        }
        let qualified = |reference: String| if module.is_empty() { reference } else { format!("{module}.{reference}") };
        Origin::Several(references.into_iter().map(qualified).collect())
    }

    fn step(&self, module: &str, reference: &str) -> Step {
        let parts: Vec<&str> = steps(reference).into_iter().map(|range| &reference[range]).collect();
        match parts.as_slice() {
            ["var", name] => {
                let Some((parent, call)) = parent(module) else { return Step::End };
                let passed = self
                    .modules
                    .get(&call_path(parent))
                    .and_then(|calling| calling.get("module_calls")?.get(call)?.get("expressions")?.get(name));
                passed.map_or(Step::End, |passed| Step::to(parent.to_owned(), passed))
            }
            ["module", name, output] => {
                let bare = name.split('[').next().unwrap_or(name);
                let prefix = if module.is_empty() { String::new() } else { format!("{module}.") };
                let child = format!("{prefix}module.{name}");
                let called = self.modules.get(&call_path(&format!("{prefix}module.{bare}")));
                let expression = called.and_then(|called| called.get("outputs")?.get(output)?.get("expression"));
                expression.map_or(Step::End, |expression| Step::to(child, expression))
            }
            ["data", kind, name, rest @ ..] => Step::attribute(module, &format!("data.{kind}"), name, rest),
            ["var" | "local" | "each" | "count" | "self" | "path" | "terraform" | "module", ..] => Step::End,
            [kind, name, rest @ ..] => Step::attribute(module, kind, name, rest),
            _ => Step::End,
        }
    }
}

/// What one reference leads to.
enum Step {
    Attribute(Target),
    To(String, Vec<String>),
    End,
}

impl Step {
    /// To what another expression refers to; an expression without references is a value that is known.
    fn to(module: String, expression: &Node<'_>) -> Self {
        let references = distinct(expression);
        if references.is_empty() { Self::End } else { Self::To(module, references) }
    }

    fn attribute(module: &str, kind: &str, name: &str, rest: &[&str]) -> Self {
        let (name, index) = match name.split_once('[') {
            Some((name, index)) => (name, index.strip_suffix(']').map(str::to_owned)),
            None => (name, None),
        };
        let (module, resource) = (module.to_owned(), format!("{kind}.{name}"));
        Self::Attribute(Target { module, resource, index, attribute: rest.join(".") })
    }
}

/// What an expression refers to, without the shorter forms that Terraform lists beside each reference.
pub(super) fn distinct(expression: &Node<'_>) -> Vec<String> {
    let listed = expression.get("references").and_then(Node::as_list).unwrap_or_default();
    let all: Vec<&str> = listed.iter().filter_map(Node::as_str).collect();
    let is_shorter =
        |one: &str| all.iter().any(|other| other.strip_prefix(one).is_some_and(|rest| rest.starts_with(['.', '['])));
    let mut found: Vec<String> = Vec::new();
    for reference in all.iter().filter(|reference| !is_shorter(reference)) {
        if found.iter().all(|known| known != reference) {
            found.push((*reference).to_owned());
        }
    }
    found
}

/// The names of the calls that lead to a module, joined by dots.
pub(super) fn call_path(module: &str) -> String {
    let parts: Vec<&str> = steps(module).into_iter().map(|range| &module[range]).collect();
    let names = parts.chunks(2).filter_map(|pair| pair.get(1));
    names.map(|name| name.split('[').next().unwrap_or(name)).collect::<Vec<_>>().join(".")
}

/// The module that calls another, and by which name.
fn parent(module: &str) -> Option<(&str, &str)> {
    let parts = steps(module);
    let name = &module[parts.last()?.clone()];
    let before = parts.len().checked_sub(3).and_then(|index| parts.get(index)).map_or(0, |step| step.end);
    Some((&module[..before], name.split('[').next().unwrap_or(name)))
}

/// The parts of an address between its dots; those in an index divide nothing.
pub(super) fn steps(address: &str) -> Vec<Range<usize>> {
    let (mut found, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped, mut depth) = (false, false, 0_usize);
    for (at, byte) in address.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' if !quoted => depth += 1,
            b']' if !quoted => depth = depth.saturating_sub(1),
            b'.' if !quoted && depth == 0 => {
                found.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < address.len() {
        found.push(start..address.len());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{source::SourceId, syntax::json};

    const PLAN: &str = r#"{"configuration": {"root_module": {
        "resources": [{"address": "aws_iam_role.app", "expressions": {}}],
        "module_calls": {"kms": {
            "expressions": {"policy": {"references": ["data.aws_iam_policy_document.key.json", "data.aws_iam_policy_document.key"]}},
            "module": {
                "outputs": {"arn": {"expression": {"references": ["aws_kms_key.this[0].arn", "aws_kms_key.this[0]", "aws_kms_key.this"]}}},
                "resources": [{"address": "aws_kms_key_policy.this", "expressions": {"policy": {"references": ["var.policy"]}}}]
            }}}
    }}}"#;

    fn origin(module: &str, references: &str) -> Origin {
        let plan = json::read_text(PLAN, SourceId(0)).root;
        let text = format!("{{\"references\": {references}}}");
        let expression = json::read_text(&text, SourceId(0)).root;
        Configuration::of_plan(&plan).origin(module, &expression)
    }

    fn displayed(module: &str, references: &str) -> String {
        match origin(module, references) {
            Origin::Attribute(target) => target.display(),
            Origin::Several(names) => names.join(" and "),
        }
    }

    #[test]
    fn a_modules_variable_leads_to_what_its_caller_passes() {
        assert_eq!(displayed("module.kms[0]", r#"["var.policy"]"#), "data.aws_iam_policy_document.key.json");
    }

    #[test]
    fn a_modules_output_leads_into_the_module() {
        assert_eq!(displayed("", r#"["module.kms.arn", "module.kms"]"#), "module.kms.aws_kms_key.this[0].arn");
    }

    #[test]
    fn several_references_and_local_values_are_named() {
        assert_eq!(displayed("", r#"["aws_a.b.c", "aws_a.b", "var.x"]"#), "aws_a.b.c and var.x");
        assert_eq!(displayed("module.kms", r#"["local.role"]"#), "module.kms.local.role");
    }

    #[test]
    fn a_loop_of_references_ends() {
        let text = r#"{"configuration": {"root_module": {"module_calls": {"a": {"expressions": {"x": {"references": ["module.a.y"]}},
            "module": {"outputs": {"y": {"expression": {"references": ["var.x"]}}}}}}}}}"#;
        let plan = json::read_text(text, SourceId(0)).root;
        let expression = json::read_text(r#"{"references": ["module.a.y"]}"#, SourceId(0)).root;
        assert!(matches!(Configuration::of_plan(&plan).origin("", &expression), Origin::Several(_)));
    }

    #[test]
    fn the_caller_of_a_module_is_its_parent() {
        assert_eq!(parent("module.a[\"x.y\"].module.b[0]"), Some(("module.a[\"x.y\"]", "b")));
        assert_eq!(parent("module.a"), Some(("", "a")));
        assert_eq!(call_path("module.a[\"x.y\"].module.b[0]"), "a.b");
    }
}
