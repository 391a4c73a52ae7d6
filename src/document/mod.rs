//! What kind of file a text is, and where its policies stand.
//!
//! [`open`] reads a source in its notation, tells what it is and why, and takes out every policy, key and alias that
//! rules can read. A [`Project`] is the documents of a run, joined.

mod aws_cli;
mod detect;
mod project;

pub(crate) use detect::MIXED;
pub use detect::policy_kind;
pub use project::{Declared, Part, Project};

use crate::{
    key::{Alias, Key, Rotation},
    policy::{self, Policy, PolicyKind},
    source::{Origin, Source, SourceId},
    syntax::{self, Member, Node, Tree, Value, embed::Writing, json, yaml},
};

/// A file understood.
#[derive(Debug)]
pub struct Document<'a> {
    /// The file.
    pub source: SourceId,
    /// What kind of file it is, as the JSON names it.
    pub kind: &'static str,
    /// What told its kind.
    pub because: &'static str,
    /// What is broken in its text.
    pub faults: Vec<syntax::Fault>,
    /// The notation in which it is written.
    pub notation: Notation,
    /// The policies in it, in the order of the file.
    pub policies: Vec<PolicyDocument<'a>>,
    /// The keys that it describes.
    pub keys: Vec<Key>,
    /// The aliases that it lists.
    pub aliases: Vec<Alias>,
    /// The names of users and roles that carry a policy whose text the file does not hold.
    pub unseen: Vec<String>,
    /// The rotation of keys that it tells of.
    pub rotations: Vec<Rotation>,
    /// Whether findings about it are reported; otherwise it only gives context to others.
    pub reported: bool,
}

/// A policy in a file.
#[derive(Debug)]
pub struct PolicyDocument<'a> {
    /// Its address in the file, where the file holds several.
    pub name: Option<String>,
    /// Which kind of policy it is.
    pub kind: PolicyKind,
    /// What told its kind.
    pub because: &'static str,
    /// The policy, typed.
    pub policy: Policy,
    /// What the grammar does not allow in it.
    pub faults: Vec<policy::Fault>,
    /// The tree it was read from; JSON pointers count from its root.
    pub node: Node<'a>,
    /// How a change to it is written in the file.
    pub writing: Writing,
    /// Whether the file is a copy of what stands elsewhere, which no fix may touch.
    pub is_copy: bool,
    /// The names of the users, groups or roles that carry it, where the file tells.
    pub holders: Vec<String>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// JSON, also with comments.
    Json,
    /// YAML.
    Yaml,
}

/// A source could not be read as a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// Neither its name nor its content says what it is.
    #[error("cannot tell what kind of file this is")]
    UnknownKind,
}

/// Reads a source: as a policy of the given kind, or as whatever it is.
///
/// # Errors
/// [`DocumentError::UnknownKind`] when it is whole and no recognised kind, or broken and of a notation that holds no
/// policies.
pub fn open(source: &Source, declared: Option<PolicyKind>) -> Result<Document<'_>, DocumentError> {
    let name = source.name();
    let notation = notation(&name, source);
    let Tree { root, faults } = match notation {
        Some(Notation::Json) => json::read(source, dialect(&name)),
        Some(Notation::Yaml) => yaml::read(source),
        None => return Err(DocumentError::UnknownKind),
    };
    let mut document = Document {
        source: source.id,
        kind: "unknown",
        because: "its text is broken",
        faults,
        notation: notation.unwrap_or(Notation::Json),
        policies: Vec::new(),
        keys: Vec::new(),
        aliases: Vec::new(),
        unseen: Vec::new(),
        rotations: Vec::new(),
        reported: true,
    };
    let broken = !document.faults.is_empty();
    if aws_cli::recognise(&root, source, declared, &mut document) {
        return Ok(document);
    }
    if looks_like_policy(&root) || (declared.is_some() && matches!(root.value, Value::Map(_) | Value::List(_))) {
        let mut policy = PolicyDocument::read(root, declared.map(|kind| (kind, "--kind")));
        policy.policy.is_cut = document.faults.iter().any(|fault| fault.cause.cuts());
        (document.kind, document.because) = if policy.policy.fragment {
            ("statement", "it has the elements of a statement, and no `Statement`")
        } else {
            ("policy", "it has the elements of a policy")
        };
        document.policies.push(policy);
        return Ok(document);
    }
    if broken { Ok(document) } else { Err(DocumentError::UnknownKind) }
}

impl<'a> PolicyDocument<'a> {
    /// A policy that stands in its file as it is. `kind` is what is known of it from outside, and how.
    #[must_use]
    pub fn read(node: Node<'a>, kind: Option<(PolicyKind, &'static str)>) -> Self {
        let (policy, faults) = policy::read(&node);
        let (kind, because) = kind.unwrap_or_else(|| policy_kind(&policy));
        Self {
            name: None,
            kind,
            because,
            policy,
            faults,
            node,
            writing: Writing::default(),
            is_copy: false,
            holders: Vec::new(),
        }
    }
}

/// The notation that a file's name tells, else what its first character tells.
fn notation(name: &str, source: &Source) -> Option<Notation> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("json" | "jsonc" | "template") => return Some(Notation::Json),
        Some("yaml" | "yml") => return Some(Notation::Yaml),
        _ => {}
    }
    let text = source.text().trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match text.chars().next() {
        None | Some('{' | '[' | '"') => Some(Notation::Json),
        Some('/') if text.starts_with("//") || text.starts_with("/*") => Some(Notation::Json),
        Some('`') if text.starts_with("```") => Some(Notation::Json),
        _ if source.origin == Origin::Stdin(None) => Some(Notation::Yaml),
        _ => None,
    }
}

fn dialect(name: &str) -> json::Dialect {
    if name.to_ascii_lowercase().ends_with(".jsonc") { json::Dialect::Jsonc } else { json::Dialect::Json }
}

/// Whether a tree has the elements of a policy, or of a statement, or is a list of statements.
fn looks_like_policy(root: &Node<'_>) -> bool {
    match &root.value {
        Value::List(items) => !items.is_empty() && items.iter().all(looks_like_statement),
        Value::Map(members) => {
            looks_like_statement(root) || has_version(root) || members.iter().any(|member| holds_statements(member))
        }
        _ => false,
    }
}

fn looks_like_statement(node: &Node<'_>) -> bool {
    const OTHERS: [&str; 6] = ["Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal"];
    node.get("Effect").is_some() && OTHERS.iter().any(|name| node.get(name).is_some())
}

/// Whether an object has a `Version` of IAM's form: a date.
fn has_version(root: &Node<'_>) -> bool {
    let version = root.get("Version").and_then(Node::as_str);
    version.is_some_and(|text| matches!(text, "2012-10-17" | "2008-10-17"))
}

/// Whether a member is `Statement`, also misspelt, and could hold statements.
fn holds_statements(member: &Member<'_>) -> bool {
    let near = member.key.eq_ignore_ascii_case("statement") || member.key.eq_ignore_ascii_case("statements");
    let items = member.value.items();
    near && (member.value.value == Value::Unknown
        || items.iter().any(looks_like_statement)
        || (member.key == "Statement" && items.iter().all(|item| matches!(item.value, Value::Map(_)))))
}
