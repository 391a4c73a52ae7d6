//! What a plan does, and what it leaves as it is.
//!
//! Source: Terraform documentation, "JSON Output Format", change representation.

use super::{joined::last, keys::KEYS};
use crate::{
    source::{Span, Spanned},
    syntax::{Node, Value},
};

/// What a plan does with the resources and outputs that it lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Where the file tells of what stays as it is, in the order of the text.
    unchanged: Vec<Span>,
    /// Whether it changes, creates or destroys anything.
    pub changes: bool,
    /// Why it does not tell of everything, and where it says so.
    pub lack: Option<Spanned<Lack>>,
    /// The keys that it destroys.
    pub destroyed: Vec<Destroyed>,
    /// The keys that it destroys and creates anew.
    pub replaced: Vec<Replaced>,
    /// The aliases that it moves from one key to another.
    pub moved: Vec<Moved>,
    /// The policies of keys that it destroys while the key stays and gets no other: addresses, where it says so.
    pub reset: Vec<Spanned<String>>,
}

/// A key that a plan destroys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// Its address.
    pub address: String,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// Whether it is enabled until then.
    pub enabled: Option<Spanned<bool>>,
    /// Whether another is created in its place.
    pub is_replaced: bool,
    /// Where the plan says so.
    pub place: Span,
}

/// An alias that a plan moves from one key to another.
///
/// Source: Terraform AWS provider, `aws_kms_alias`, `target_key_id`, which changes in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its name.
    pub name: String,
    /// The id of the key that it points to until then.
    pub from: String,
    /// Where the plan says so.
    pub place: Span,
}

/// A key that a plan destroys and creates anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Its address.
    pub address: String,
    /// The arguments that force it, where the plan tells.
    pub by: Vec<String>,
    /// Where the plan says so.
    pub place: Span,
}

/// Why a plan does not tell of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It ended with an error.
    Errored,
    /// So many changes wait for a later run.
    Deferred(usize),
    /// It says so, and not why.
    Partial,
}

impl Lack {
    /// What is said of it.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::Errored => "this plan ended with an error: it may not tell of everything".to_owned(),
            Self::Deferred(1) => "a change is deferred to a later run: it is checked as far as it is known".to_owned(),
            Self::Deferred(count) => {
                format!("{count} changes are deferred to a later run: they are checked as far as they are known")
            }
            Self::Partial => "this plan is of a part of the configuration alone".to_owned(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Errored => "mend the error, plan again, and check that plan",
            Self::Deferred(_) => "check the plan of the run that makes them too",
            Self::Partial => "plan without -target and check that plan",
        }
    }

    fn of(root: &Node<'_>) -> Option<Spanned<Self>> {
        let flag = |name: &str, value: bool| root.get(name).filter(|told| told.value == Value::Bool(value));
        if let Some(errored) = flag("errored", true) {
            return Some(Spanned::new(Self::Errored, errored.span));
        }
        let deferred = deferred(root);
        if let Some(first) = deferred.first() {
            let address = first.get("resource_change").and_then(|change| change.get("address"));
            return Some(Spanned::new(Self::Deferred(deferred.len()), address.unwrap_or(first).span));
        }
        flag("complete", false).map(|told| Spanned::new(Self::Partial, told.span))
    }
}

impl Plan {
    /// Reads what a plan does.
    pub(super) fn read(root: &Node<'_>) -> Self {
        let mut plan = Self { lack: Lack::of(root), ..Self::default() };
        for entry in root.get("resource_changes").and_then(Node::as_list).unwrap_or_default() {
            plan.entry(entry, entry.get("change").unwrap_or(entry));
        }
        for output in root.get("output_changes").and_then(Node::as_map).unwrap_or_default() {
            plan.entry(&output.value, &output.value);
        }
        plan.changes |= !deferred(root).is_empty();
        plan.keys(root);
        plan.aliases(root);
        // What was read while the plan was made stands there, and nowhere else.
        plan.unchanged.extend(root.get("prior_state").map(|state| state.span));
        plan.unchanged.sort_unstable();
        plan
    }

    /// Finds the keys that are replaced, and those whose policy is taken away.
    fn keys(&mut self, root: &Node<'_>) {
        let entries = root.get("resource_changes").and_then(Node::as_list).unwrap_or_default();
        let current = || entries.iter().filter(|entry| entry.get("deposed").is_none());
        for entry in current().filter(|entry| is_of(entry, &KEYS) && does(entry, "delete") && does(entry, "create")) {
            let paths = change(entry, "replace_paths").and_then(Node::as_list).unwrap_or_default();
            let by = paths.iter().filter_map(|path| Some(path.items().first()?.as_str()?.to_owned()));
            let (by, place) = (by.collect(), change(entry, "actions").unwrap_or(entry).span);
            self.replaced.extend(address(entry).map(|address| Replaced { address, by, place }));
        }
        self.destroyed
            .extend(current().filter(|entry| is_of(entry, &KEYS) && does(entry, "delete")).filter_map(destroyed));
        let policies: Vec<&Node<'_>> = current().filter(|entry| is_of(entry, &["aws_kms_key_policy"])).collect();
        for gone in policies.iter().filter(|entry| does(entry, "delete") && !does(entry, "create")) {
            let Some(id) = side(gone, "before", "key_id").map(last) else { continue };
            let is_key = |entry: &&Node<'_>| is_of(entry, &KEYS) && side(entry, "before", "key_id") == Some(id);
            let key_goes = || current().filter(is_key).any(|key| does(key, "delete") || does(key, "forget"));
            let is_changed = |key: &Node<'_>| side(key, "before", "policy") != side(key, "after", "policy");
            let key_tells = || current().filter(is_key).any(|key| does(key, "update") && is_changed(key));
            let is_set = || policies.iter().any(|other| side(other, "after", "key_id").map(last) == Some(id));
            if !key_goes() && !key_tells() && !is_set() {
                let place = change(gone, "actions").unwrap_or(gone).span;
                self.reset.extend(address(gone).map(|address| Spanned::new(address, place)));
            }
        }
    }

    /// Finds the aliases that point to another key afterwards.
    fn aliases(&mut self, root: &Node<'_>) {
        let entries = root.get("resource_changes").and_then(Node::as_list).unwrap_or_default();
        let current = entries.iter().filter(|entry| entry.get("deposed").is_none());
        for entry in current.filter(|entry| is_of(entry, &["aws_kms_alias"]) && !does(entry, "no-op")) {
            let of = |when: &str| (side(entry, when, "name"), side(entry, when, "target_key_id").map(last));
            let ((Some(name), Some(from)), (after, to)) = (of("before"), of("after")) else { continue };
            let is_open = change(entry, "after_unknown").is_some_and(|open| open.get("target_key_id").is_some());
            if after == Some(name) && to != Some(from) && (to.is_some() || is_open) {
                let target = change(entry, "after").and_then(|after| after.get("target_key_id"));
                let place = target.or_else(|| change(entry, "actions")).unwrap_or(entry).span;
                self.moved.push(Moved { name: name.to_owned(), from: from.to_owned(), place });
            }
        }
    }

    fn entry(&mut self, entry: &Node<'_>, change: &Node<'_>) {
        let actions = change.get("actions").and_then(Node::as_list).unwrap_or_default();
        let is_all = |word: &str| !actions.is_empty() && actions.iter().all(|action| action.as_str() == Some(word));
        self.unchanged.extend(is_all("no-op").then_some(entry.span));
        self.changes |= !is_all("no-op") && !is_all("read");
    }

    /// Whether a place is in something that stays as it is.
    #[must_use]
    pub fn leaves(&self, place: Span) -> bool {
        let index = self.unchanged.partition_point(|left| left.end <= place.start);
        self.unchanged.get(index).is_some_and(|left| left.contains(place))
    }
}

/// What a plan leaves to a later run.
///
/// Source: Terraform documentation, "JSON Output Format", plan representation, `deferred_changes`.
pub(super) fn deferred<'r, 'a>(root: &'r Node<'a>) -> &'r [Node<'a>] {
    root.get("deferred_changes").and_then(Node::as_list).unwrap_or_default()
}

fn destroyed(entry: &Node<'_>) -> Option<Destroyed> {
    let before = change(entry, "before")?;
    let flag = ["is_enabled", "enabled"].into_iter().find_map(|name| before.get(name));
    let enabled = flag.and_then(|flag| match flag.value {
        Value::Bool(value) => Some(Spanned::new(value, flag.span)),
        _ => None,
    });
    let id = side(entry, "before", "key_id").or_else(|| side(entry, "before", "arn")?.rsplit('/').next());
    Some(Destroyed {
        address: address(entry)?,
        id: id.map(str::to_owned),
        enabled,
        is_replaced: does(entry, "create"),
        place: change(entry, "actions").unwrap_or(entry).span,
    })
}

fn is_of(entry: &Node<'_>, kinds: &[&str]) -> bool {
    entry.get("type").and_then(Node::as_str).is_some_and(|kind| kinds.contains(&kind))
}

fn change<'r, 'a>(entry: &'r Node<'a>, member: &str) -> Option<&'r Node<'a>> {
    entry.get("change")?.get(member)
}

fn does(entry: &Node<'_>, what: &str) -> bool {
    let actions = change(entry, "actions").and_then(Node::as_list).unwrap_or_default();
    actions.iter().any(|action| action.as_str() == Some(what))
}

/// The text of an attribute before or after the change.
fn side<'r>(entry: &'r Node<'_>, side: &str, attribute: &str) -> Option<&'r str> {
    change(entry, side)?.get(attribute)?.as_str()
}

fn address(entry: &Node<'_>) -> Option<String> {
    entry.get("address").and_then(Node::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{source::SourceId, syntax::json};

    fn plan(text: &str) -> Plan {
        Plan::read(&json::read_text(text, SourceId(0)).root)
    }

    #[test]
    fn only_what_is_not_touched_is_left_as_it_is() {
        let text = r#"{"resource_changes": [{"change": {"actions": ["no-op"], "after": 1}}, {"change": {"actions": ["update"], "after": 2}}],
            "output_changes": {"a": {"actions": ["no-op"], "after": 3}}, "prior_state": {"values": 4}}"#;
        let plan = plan(text);
        let at = |word: &str| {
            let start = u32::try_from(text.find(word).unwrap()).unwrap();
            plan.leaves(Span { source: SourceId(0), start, end: start + 1 })
        };
        assert_eq!([at("1}"), at("2}"), at("3}"), at("4}")], [true, false, true, true]);
        assert!(plan.changes);
    }

    #[test]
    fn reading_changes_nothing_and_forgetting_does() {
        let of =
            |action: &str| plan(&format!(r#"{{"resource_changes": [{{"change": {{"actions": ["{action}"]}}}}]}}"#));
        assert_eq!(["no-op", "read", "forget", "delete"].map(|action| of(action).changes), [false, false, true, true]);
    }
}
