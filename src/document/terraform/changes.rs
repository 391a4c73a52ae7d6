//! What a plan does with objects of Kasten's that are not to be changed.
//!
//! Source: Terraform documentation, "JSON Output Format", change representation.

use std::collections::HashMap;

use crate::{
    document::kasten::{CLUSTER_SECRET, Changed, Deed, Field, Thing},
    syntax::{Node, print},
};

/// The changes of a plan, in its order.
pub(super) fn of_plan(root: &Node<'_>) -> Vec<Changed> {
    let listed = root.get("resource_changes").and_then(Node::as_list).unwrap_or_default();
    let current = listed.iter().filter(|entry| entry.get("deposed").is_none());
    let mut changes: Vec<(&Node<'_>, Changed)> = current.filter_map(|entry| Some((entry, changed(entry)?))).collect();
    if changes.iter().any(|(_, change)| change.thing == Thing::Passkey) {
        let before = manifests_before(root);
        for (entry, change) in &mut changes {
            let address = entry.get("address").and_then(Node::as_str);
            change.needs = address.and_then(|address| before.get(address)).map(|resource| needs(resource));
        }
    }
    changes.into_iter().map(|(_, change)| change).collect()
}

/// The manifests that the state has before the plan, by their addresses.
fn manifests_before<'r, 'a>(root: &'r Node<'a>) -> HashMap<&'r str, &'r Node<'a>> {
    let mut found = HashMap::new();
    let first = root.get("prior_state").and_then(|state| state.get("values")?.get("root_module"));
    let mut modules: Vec<&Node<'_>> = first.into_iter().collect();
    while let Some(module) = modules.pop() {
        for resource in module.get("resources").and_then(Node::as_list).unwrap_or_default() {
            let text = |member: &str| resource.get(member).and_then(Node::as_str);
            if let (Some("kubernetes_manifest"), Some(address)) = (text("type"), text("address")) {
                found.insert(address, resource);
            }
        }
        modules.extend(module.get("child_modules").and_then(Node::as_list).unwrap_or_default());
    }
    found
}

/// The addresses of what a resource needs, and which is thus destroyed after it.
///
/// Source: Terraform documentation, "JSON Output Format", values representation, `depends_on`.
fn needs(resource: &Node<'_>) -> Vec<String> {
    let listed = resource.get("depends_on").and_then(Node::as_list).unwrap_or_default();
    listed.iter().filter_map(Node::as_str).map(str::to_owned).collect()
}

fn changed(entry: &Node<'_>) -> Option<Changed> {
    let change = entry.get("change")?;
    let (before, actions) = (change.get("before")?, change.get("actions")?);
    let does = |word: &str| actions.items().iter().any(|action| action.as_str() == Some(word));
    let deed = match (does("delete"), does("create"), does("update")) {
        (true, true, _) => Deed::Replaced,
        (true, false, _) => Deed::Removed,
        (_, _, true) => Deed::Updated,
        _ => return None,
    };
    let after = change.get("after");
    let unknown = change.get("after_unknown");
    let (thing, name, part) = match entry.get("type")?.as_str()? {
        "kubernetes_secret" | "kubernetes_secret_v1" => {
            let name = before.get("metadata")?.items().first()?.get("name")?;
            (Thing::ClusterSecret, name, "data")
        }
        "kubernetes_manifest" => {
            let object = before.get("manifest")?;
            let text = |member: &str| object.get(member).and_then(Node::as_str).unwrap_or_default();
            let is_passkey = text("kind") == "Passkey" && text("apiVersion").starts_with("vault.kio.kasten.io/");
            let name = object.get("metadata")?.get("name").filter(|_| is_passkey)?;
            (Thing::Passkey, name, "manifest")
        }
        _ => return None,
    };
    if thing == Thing::ClusterSecret && name.as_str() != Some(CLUSTER_SECRET) {
        return None;
    }
    // What else is changed, such as a label, does no harm.
    let spec = |node: Option<&Node<'_>>| {
        let part = node?.get(part)?;
        Some(print::compact(if thing == Thing::Passkey { part.get("spec")? } else { part }))
    };
    let is_open = unknown.and_then(|unknown| unknown.get(part)).is_some();
    let is_same = !is_open && spec(Some(before)) == spec(after);
    if deed == Deed::Updated && is_same {
        return None;
    }
    let keeps_name = after.and_then(|after| name_of(after, thing)) == name.as_str();
    let key =
        before.get(part).filter(|_| thing == Thing::Passkey).and_then(|part| part.get("spec")?.get("awscmkkeyid"));
    let (name, key) = (Field::of(Some(name)), Field::of(key));
    Some(Changed { thing, name, key, needs: None, deed, keeps_name, place: actions.span })
}

fn name_of<'n>(after: &'n Node<'_>, thing: Thing) -> Option<&'n str> {
    let metadata = match thing {
        Thing::ClusterSecret => after.get("metadata")?.items().first()?,
        Thing::Passkey => after.get("manifest")?.get("metadata")?,
    };
    metadata.get("name")?.as_str()
}
