//! What stays the same of a finding when its file is laid out anew.
//!
//! A fingerprint is made of the rule, the file's name from its home, the document's address, the names on the way to the
//! place (no indices), and what stands there in canonical form: members and items sorted, one item as good as a list of
//! it, a statement without its `Sid`. Where a rule tells once of several items of one element, all of them count: whichever
//! stands first, and one more is another finding. Findings that share all that are numbered, so that one more than before
//! shows.

use std::{borrow::Cow, collections::HashMap};

use crate::{
    finding::Finding,
    source::{SourceId, hash},
    syntax::{Node, Value, json, print},
};

/// Gives fingerprints out, no two alike.
#[derive(Default)]
pub(super) struct Fingerprints {
    seen: HashMap<String, usize>,
}

/// Where a finding stands.
pub(super) struct Whereabouts<'p> {
    /// The file's name, from its home.
    pub(super) file: &'p str,
    /// The document's address in it.
    pub(super) document: &'p str,
    /// What stands at the place.
    pub(super) content: Content<'p>,
    /// What stands at the other places that take part, in the same document, each with its pointer.
    pub(super) others: Vec<(String, Content<'p>)>,
}

/// What stands at a place.
#[derive(Clone, Copy)]
pub(super) enum Content<'p> {
    /// Part of a policy.
    Node(&'p Node<'p>),
    /// Text outside of one.
    Text(&'p str),
    /// What must not be told.
    Hidden,
}

impl Fingerprints {
    /// The fingerprint of a finding that has its pointer.
    pub(super) fn of(&mut self, finding: &Finding, place: &Whereabouts<'_>) -> String {
        let pointer = &finding.primary.path;
        let names = names(pointer);
        let siblings = place.others.iter().filter(|(other, _)| !names.is_empty() && self::names(other) == names);
        let mut contents: Vec<String> = siblings.map(|(_, content)| content.canonical(&names)).collect();
        contents.push(place.content.canonical(&names));
        if names.is_empty() && matches!(place.content, Content::Node(_)) {
            contents.push(words(&finding.message));
        }
        contents.sort_unstable();
        contents.dedup();
        let content = contents.join("\n");
        let identity = [finding.rule.id, place.file, place.document, &names, &content].join("\n");
        let twin = self.seen.get(&identity).map_or(1, |seen| seen + 1);
        let fingerprint = hash(identity.bytes().chain(format!("\n{twin}").bytes()));
        self.seen.insert(identity, twin);
        format!("{fingerprint:016x}")
    }
}

impl Content<'_> {
    /// As text that stays the same; `names` lead to it.
    fn canonical(self, names: &str) -> String {
        match self {
            // What is said of the whole document stays the same whatever else changes in it.
            Self::Node(_) if names.is_empty() => String::new(),
            Self::Node(node) if names == "/Statement" => canonical(&without_sid(node)),
            Self::Node(node) => canonical(node),
            Self::Text(text) => of_text(text),
            Self::Hidden => String::new(),
        }
    }
}

/// The names on the way of a pointer, without the indices.
fn names(pointer: &str) -> String {
    let is_index = |step: &&str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    pointer.split('/').filter(|step| !is_index(step)).collect::<Vec<_>>().join("/")
}

/// A message without its counts, which change with the file: what is said of a whole document is known by nothing else.
fn words(message: &str) -> String {
    let is_count = |word: &&str| word.len() < ACCOUNT && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    message.split(' ').filter(|word| !is_count(word)).collect::<Vec<_>>().join(" ")
}

/// How many digits an account number has.
const ACCOUNT: usize = 12;

/// What stands outside of a policy: as a tree where it is one, else its words.
fn of_text(text: &str) -> String {
    if text.starts_with(['{', '[', '"']) {
        let tree = json::read_text(text, SourceId(0));
        if tree.faults.is_empty() {
            return canonical(&tree.root);
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn without_sid<'n>(node: &'n Node<'n>) -> Cow<'n, Node<'n>> {
    match &node.value {
        Value::Map(members) if node.get("Sid").is_some() => {
            let members = members.iter().filter(|member| member.key != "Sid").cloned().collect();
            Cow::Owned(Node { value: Value::Map(members), span: node.span })
        }
        _ => Cow::Borrowed(node),
    }
}

/// A tree as text that does not depend on any order. Trees are never deeper than the reader's bound.
fn canonical(node: &Node<'_>) -> String {
    match &node.value {
        Value::List(items) if items.len() == 1 => items.first().map(canonical).unwrap_or_default(),
        Value::List(items) => format!("[{}]", sorted(items.iter().map(canonical)).join(",")),
        Value::Map(members) => {
            let member = |member: &crate::syntax::Member<'_>| {
                format!("{}:{}", print::quoted(&member.key), canonical(&member.value))
            };
            format!("{{{}}}", sorted(members.iter().map(member)).join(","))
        }
        _ => print::compact(node),
    }
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort_unstable();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical_of(text: &str) -> String {
        canonical(&json::read_text(text, SourceId(0)).root)
    }

    #[test]
    fn no_order_and_no_brackets_around_one_item_count() {
        assert_eq!(canonical_of(r#"{"b":["y","x"],"a":["z"]}"#), canonical_of(r#"{ "a": "z", "b": ["x", "y"] }"#));
        assert_ne!(canonical_of(r#"["x","y"]"#), canonical_of(r#"["x","y","y"]"#));
    }

    #[test]
    fn a_statement_is_the_same_under_any_name() {
        let read = |text| json::read_text(text, SourceId(0)).root;
        let (one, other) = (read(r#"{"Sid":"A","Effect":"Deny"}"#), read(r#"{"Effect":"Deny"}"#));
        assert_eq!(canonical(&without_sid(&one)), canonical(&without_sid(&other)));
    }

    #[test]
    fn a_message_is_the_same_whatever_it_counts() {
        assert_eq!(words("the policy has 7012 characters, more than 6,144"), "the policy has characters, more than");
        assert_eq!(words("account 111122223333 is not named"), "account 111122223333 is not named");
    }

    #[test]
    fn what_is_no_policy_counts_by_its_tree_or_its_words() {
        assert_eq!(of_text("{\n \"a\": 1 }"), of_text(r#"{"a":1}"#));
        assert_eq!(of_text("\u{a0} x\n y"), "x y");
    }
}
