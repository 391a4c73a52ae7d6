//! What a plan does with objects of Kasten's that are not to be changed.
//!
//! Source: Terraform documentation, "JSON Output Format", change representation.

use crate::{
    document::kasten::{CLUSTER_SECRET, Changed, Deed, Field, Thing},
    syntax::{Node, print},
};

/// The changes of a plan, in its order.
pub(super) fn of_plan(root: &Node<'_>) -> Vec<Changed> {
    let listed = root.get("resource_changes").and_then(Node::as_list).unwrap_or_default();
    listed.iter().filter(|entry| entry.get("deposed").is_none()).filter_map(changed).collect()
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
    Some(Changed { thing, name: Field::of(Some(name)), deed, keeps_name, place: actions.span })
}

fn name_of<'n>(after: &'n Node<'_>, thing: Thing) -> Option<&'n str> {
    let metadata = match thing {
        Thing::ClusterSecret => after.get("metadata")?.items().first()?,
        Thing::Passkey => after.get("manifest")?.get("metadata")?,
    };
    metadata.get("name")?.as_str()
}
