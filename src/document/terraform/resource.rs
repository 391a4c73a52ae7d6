//! Resources, as each of Terraform's files lists them.
//!
//! Source: Terraform documentation, "JSON Output Format"; a raw state's layout is that of its version 4.

use std::borrow::Cow;

use super::plan;
use crate::{
    source::Span,
    syntax::{Node, Value},
};

/// One instance of a resource or a data source.
#[derive(Clone, Debug)]
pub(super) struct Resource<'r, 'a> {
    /// Its address, with modules and index.
    pub(super) address: Cow<'r, str>,
    /// The address of the module that it stands in; empty for the root.
    pub(super) module: Cow<'r, str>,
    /// Whether it is a data source.
    pub(super) is_data: bool,
    /// Its type, such as `aws_kms_key`.
    pub(super) kind: &'r str,
    /// Its name in the configuration.
    pub(super) name: &'r str,
    /// Its `count` or `for_each` index.
    pub(super) index: Option<&'r Node<'a>>,
    /// What its attributes are, or will be.
    pub(super) values: &'r Node<'a>,
    /// Which of them are known after apply: a tree of the same shape.
    pub(super) unknown: Option<&'r Node<'a>>,
    /// What a plan does with it.
    pub(super) change: Change,
    /// Where the file tells of it: the change, or the values.
    pub(super) place: Span,
    /// Whether it is a former object of the instance, which stays until it is destroyed.
    pub(super) is_deposed: bool,
}

/// What a plan does with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It is created, updated or read.
    Made,
    /// It is destroyed and created anew.
    Replaced,
    /// Nothing.
    Unchanged,
    /// It is destroyed.
    Gone,
    /// It stays, and Terraform no longer looks after it.
    Forgotten,
    /// There is no plan: it is so.
    Stands,
}

impl<'r, 'a> Resource<'r, 'a> {
    /// The resources that a plan lists, in its order; last those that it leaves to a later run, as far as they are known.
    pub(super) fn of_plan(root: &'r Node<'a>) -> Vec<Self> {
        let changes = root.get("resource_changes").and_then(Node::as_list).unwrap_or_default();
        let deferred = plan::deferred(root).iter().filter_map(|entry| entry.get("resource_change"));
        changes.iter().chain(deferred).filter_map(Self::of_change).collect()
    }

    fn of_change(entry: &'r Node<'a>) -> Option<Self> {
        let change = entry.get("change")?;
        let actions = change.get("actions").and_then(Node::as_list).unwrap_or_default();
        let does = |word: &str| actions.iter().any(|action| action.as_str() == Some(word));
        let kind = match (does("delete"), does("create")) {
            (true, true) => Change::Replaced,
            (true, false) => Change::Gone,
            _ if does("forget") && !does("create") => Change::Forgotten,
            _ if does("no-op") => Change::Unchanged,
            _ => Change::Made,
        };
        let stays = !matches!(kind, Change::Gone | Change::Forgotten);
        let values = change.get(if stays { "after" } else { "before" })?;
        let (unknown, place) = (change.get("after_unknown"), change.span);
        Some(Self { unknown, place, ..Self::listed(entry, values, kind)? })
    }

    /// The resources of a module and of those that it calls, as `terraform show -json` lists values.
    pub(super) fn of_module(module: Option<&'r Node<'a>>, found: &mut Vec<Self>) {
        let Some(module) = module else { return };
        for entry in module.get("resources").and_then(Node::as_list).unwrap_or_default() {
            found.extend(entry.get("values").and_then(|values| Self::listed(entry, values, Change::Stands)));
        }
        // Nesting ends where the reader of the text ends it.
        for child in module.get("child_modules").and_then(Node::as_list).unwrap_or_default() {
            Self::of_module(Some(child), found);
        }
    }

    fn listed(entry: &'r Node<'a>, values: &'r Node<'a>, change: Change) -> Option<Self> {
        let address = entry.get("address")?.as_str()?;
        let module = entry.get("module_address").and_then(Node::as_str).unwrap_or_else(|| module_of(address));
        let former = former(entry);
        Some(Self {
            address: former.map_or(Cow::Borrowed(address), |key| Cow::Owned(deposed(address, key))),
            module: Cow::Borrowed(module),
            is_data: entry.get("mode").and_then(Node::as_str) == Some("data"),
            kind: entry.get("type")?.as_str()?,
            name: entry.get("name")?.as_str()?,
            index: entry.get("index"),
            values,
            unknown: None,
            change,
            place: values.span,
            is_deposed: former.is_some(),
        })
    }

    /// The resources of a raw state, version 4.
    pub(super) fn of_raw_state(root: &'r Node<'a>) -> Vec<Self> {
        let listed = root.get("resources").and_then(Node::as_list).unwrap_or_default();
        listed.iter().flat_map(Self::instances).collect()
    }

    fn instances(entry: &'r Node<'a>) -> Vec<Self> {
        let text = |member: &str| entry.get(member).and_then(Node::as_str);
        let (Some(kind), Some(name)) = (text("type"), text("name")) else { return Vec::new() };
        let module = text("module").unwrap_or_default();
        let is_data = text("mode") == Some("data");
        let instances = entry.get("instances").and_then(Node::as_list).unwrap_or_default();
        instances
            .iter()
            .filter_map(|instance| {
                let (index, values) = (instance.get("index_key"), instance.get("attributes")?);
                let (address, former) = (address(module, is_data, kind, name, index), former(instance));
                Some(Self {
                    address: Cow::Owned(former.map_or(address.clone(), |key| deposed(&address, key))),
                    module: Cow::Borrowed(module),
                    is_data,
                    kind,
                    name,
                    index,
                    values,
                    unknown: None,
                    change: Change::Stands,
                    place: values.span,
                    is_deposed: former.is_some(),
                })
            })
            .collect()
    }

    /// Whether it will be there, or is.
    pub(super) fn is_there(&self) -> bool {
        !matches!(self.change, Change::Gone | Change::Forgotten)
    }

    /// The text of an attribute, where it is known.
    pub(super) fn text(&self, attribute: &str) -> Option<&'r str> {
        self.values.get(attribute)?.as_str()
    }

    /// The place that says that an attribute is not known until apply.
    pub(super) fn unknown_at(&self, attribute: &str) -> Option<&'r Node<'a>> {
        unknown(self.unknown?, attribute)
    }
}

/// The key of a former object, where an entry is of one.
///
/// Source: Terraform documentation, "JSON Output Format", `deposed` and `deposed_key`.
fn former<'r>(entry: &'r Node<'_>) -> Option<&'r str> {
    ["deposed", "deposed_key"].into_iter().find_map(|name| entry.get(name)?.as_str()).filter(|key| !key.is_empty())
}

/// The address of a former object, as Terraform writes it on the screen.
fn deposed(address: &str, key: &str) -> String {
    format!("{address} (deposed {key})")
}

/// The place that says of a member that it is not known until apply.
pub(super) fn unknown<'r, 'a>(tree: &'r Node<'a>, member: &str) -> Option<&'r Node<'a>> {
    match &tree.value {
        Value::Bool(true) => Some(tree),
        Value::Map(_) => tree.get(member).filter(|told| told.value == Value::Bool(true)),
        _ => None,
    }
}

/// Whether a tree of marks marks anything.
pub(super) fn holds_true(marks: &Node<'_>) -> bool {
    match &marks.value {
        Value::Bool(told) => *told,
        Value::List(items) => items.iter().any(holds_true),
        Value::Map(members) => members.iter().any(|member| holds_true(&member.value)),
        _ => false,
    }
}

fn address(module: &str, is_data: bool, kind: &str, name: &str, index: Option<&Node<'_>>) -> String {
    let mut address = String::with_capacity(module.len() + kind.len() + name.len() + 8);
    if !module.is_empty() {
        address.push_str(module);
        address.push('.');
    }
    if is_data {
        address.push_str("data.");
    }
    address.push_str(kind);
    address.push('.');
    address.push_str(name);
    if let Some(index) = index {
        address.push_str(&subscript(index));
    }
    address
}

/// An index as an address writes it.
fn subscript(index: &Node<'_>) -> String {
    match &index.value {
        Value::String(key) => format!("[\"{key}\"]"),
        Value::Number(number) => format!("[{number}]"),
        _ => String::new(),
    }
}

/// The module's address in the address of a resource in it.
fn module_of(address: &str) -> &str {
    let mut end = 0;
    let mut steps = super::configuration::steps(address).into_iter();
    while let Some(step) = steps.next().filter(|step| &address[step.clone()] == "module") {
        let Some(name) = steps.next() else { break };
        debug_assert!(step.end < name.end);
        end = name.end;
    }
    &address[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: Terraform documentation, "JSON Output Format", change representation: `deposed`.
    #[test]
    fn a_former_object_is_gone_once_it_is_destroyed_and_stands_until_then() {
        let text = r#"{"resource_changes": [
            {"address": "aws_kms_key.a", "type": "aws_kms_key", "name": "a", "change": {"actions": ["no-op"], "after": {}}},
            {"address": "aws_kms_key.a", "type": "aws_kms_key", "name": "a", "deposed": "1a2b3c4d",
             "change": {"actions": ["delete"], "before": {}, "after": null}}],
            "resources": [{"type": "aws_kms_key", "name": "a", "instances": [
                {"attributes": {}}, {"deposed": "1a2b3c4d", "attributes": {}}]}]}"#;
        let tree = crate::syntax::json::read_text(text, crate::source::SourceId(0)).root;
        let told = |resources: Vec<Resource<'_, '_>>| -> Vec<(String, bool)> {
            resources.iter().map(|resource| (resource.address.to_string(), resource.is_there())).collect()
        };
        let former = |is_there| ("aws_kms_key.a (deposed 1a2b3c4d)".to_owned(), is_there);
        let current = ("aws_kms_key.a".to_owned(), true);
        assert_eq!(told(Resource::of_plan(&tree)), [current.clone(), former(false)]);
        assert_eq!(told(Resource::of_raw_state(&tree)), [current, former(true)]);
    }

    #[test]
    fn the_module_of_an_address_is_found_past_dots_in_indices() {
        assert_eq!(
            module_of("module.a[\"x.y\"].module.b[0].data.aws_kms_key.this[\"k\"]"),
            "module.a[\"x.y\"].module.b[0]"
        );
        assert_eq!(module_of("aws_kms_key.this"), "");
    }
}
