//! What kind of file a text is, and where its policies stand.
//!
//! [`open`] reads a source in its notation, tells what it is and why, and takes out every policy, key and alias that
//! rules can read. A [`Project`] is the documents of a run, joined.

mod aws_cli;
mod carrier;
mod detect;
mod error;
pub mod helm;
pub mod kasten;
pub mod kubernetes;
mod members;
mod policy_document;
mod project;
mod scenario;
mod terraform;

pub use aws_cli::{Outcome, Renewal, Told};
pub use carrier::{Carrier, Holder};
pub(crate) use detect::MIXED;
pub use detect::{policy_kind, promises_policy};
pub use error::DocumentError;
pub use policy_document::{Awaited, MayHold, PolicyDocument};
pub(crate) use project::WHOSE;
pub use project::{Declared, Derived, Grants, KastensKey, Part, Project, Rotating, alias_name, kasten_key_ids};
pub use terraform::{
    AliasPrefix, Because, Besides, Carried, Destroyed, MergedTwice, Moved, Plan, Replaced, SetTwice, Stranded, Unset,
};

use std::collections::HashSet;

use self::{detect::looks_like_policy, kasten::Facts};
use crate::{
    key::{Alias, Key, KeyGrant, Rotation},
    policy::PolicyKind,
    source::{Origin, Source, SourceId, Span, Spanned},
    syntax::{self, Node, Tree, Value, json, yaml},
};

/// A file understood, or one document of a file that holds several.
#[derive(Debug)]
pub struct Document<'a> {
    /// The file.
    pub source: SourceId,
    /// Its address in the file, where the file holds several documents, or one that has a name.
    pub name: Option<String>,
    /// The folder of the file, as it was named.
    pub folder: String,
    /// The path of the file, as it was named.
    pub path: String,
    /// What kind of file it is, as the JSON names it.
    pub kind: &'static str,
    /// What told its kind.
    pub because: &'static str,
    /// What is broken in its text.
    pub faults: Vec<syntax::Fault>,
    /// What is broken in JSON that stands inside its text.
    pub embedded_faults: Vec<syntax::Fault>,
    /// Why it was not looked at, where it was recognised and could not be.
    pub note: Option<&'static str>,
    /// What it tells of a Kasten installation.
    pub facts: Facts,
    /// Where secrets stand that no report may show.
    pub hidden: Vec<Span>,
    /// Its tree, where what it tells is no policy; JSON pointers count from its root.
    pub tree: Option<Node<'a>>,
    /// The notation in which it is written.
    pub notation: Notation,
    /// The policies in it, in the order of the file.
    pub policies: Vec<PolicyDocument<'a>>,
    /// The keys that it describes.
    pub keys: Vec<Key>,
    /// The aliases that it lists.
    pub aliases: Vec<Alias>,
    /// The grants that it lists.
    pub grants: Vec<KeyGrant>,
    /// The users, groups and roles that carry a policy whose text the file does not hold.
    pub unseen: Vec<Carrier>,
    /// The users and roles with a permissions boundary whose text the file does not hold.
    pub unseen_boundaries: Vec<Carrier>,
    /// The rotation of keys that it tells of.
    pub rotations: Vec<Rotation>,
    /// What an answer of the AWS CLI tells besides.
    pub told: Told,
    /// Where it asks KMS not to look whether the caller can still change a key's policy.
    pub unguarded: Vec<Span>,
    /// Whether it lists every alias of an account in a Region.
    pub lists_all_aliases: bool,
    /// Whether findings about it are reported; otherwise it only gives context to others.
    pub reported: bool,
    /// Whether a tool made it from what stands elsewhere, so that no fix may touch it.
    pub is_copy: bool,
    /// The resources that rules look at beside policies: address and place, in the order of the text.
    pub resources: Vec<Spanned<String>>,
    /// What a plan does, where it is one.
    pub plan: Option<Plan>,
    /// What else a file of Terraform's tells.
    pub besides: Besides,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// JSON, also with comments.
    Json,
    /// YAML.
    Yaml,
}

/// Reads a source: as policies of the given kind, or as whatever it is. A file of YAML may hold several documents.
///
/// # Errors
/// [`DocumentError::UnknownKind`] when it is whole and no recognised kind, or broken and of a notation that holds no
/// policies.
pub fn open(source: &Source, declared: Option<PolicyKind>) -> Result<Vec<Document<'_>>, DocumentError> {
    let name = source.name();
    if scenario::is_lines(&name) {
        return Ok(vec![scenario::lines(source)]);
    }
    let notation = notation(&name, source).ok_or(DocumentError::UnknownKind)?;
    let parts = match notation {
        Notation::Json => {
            vec![yaml::Part { tree: json::read(source, dialect(&name)), filled: Vec::new(), place: source.span() }]
        }
        Notation::Yaml => yaml::read_all(source),
    };
    let is_one_of_many = parts.len() > 1;
    let mut documents = Vec::with_capacity(parts.len());
    for (index, part) in parts.into_iter().enumerate() {
        let mut document = Document::new(source, notation);
        document.read(part, source, declared)?;
        if is_one_of_many && document.name.is_none() {
            document.name = Some(format!("#{}", index + 1));
        }
        documents.push(document);
    }
    let is_recognised = documents.iter().any(|document| document.kind != UNKNOWN || !document.faults.is_empty());
    if is_recognised { Ok(documents) } else { Err(DocumentError::UnknownKind) }
}

/// The kind of a document that is none of those that kpl reads.
pub const UNKNOWN: &str = "unknown";

/// The kind of a text that is no YAML until something is filled in.
const TEMPLATE: &str = "template";

impl<'a> Document<'a> {
    /// A document of which nothing is known yet.
    #[must_use]
    pub fn new(source: &Source, notation: Notation) -> Self {
        let name = source.name();
        Self {
            source: source.id,
            name: None,
            folder: name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned(),
            path: name,
            kind: UNKNOWN,
            because: "it is no kind of document that kpl reads",
            faults: Vec::new(),
            embedded_faults: Vec::new(),
            note: None,
            facts: Facts::default(),
            hidden: Vec::new(),
            tree: None,
            notation,
            policies: Vec::new(),
            keys: Vec::new(),
            aliases: Vec::new(),
            grants: Vec::new(),
            unseen: Vec::new(),
            unseen_boundaries: Vec::new(),
            rotations: Vec::new(),
            told: Told::default(),
            unguarded: Vec::new(),
            lists_all_aliases: false,
            reported: true,
            is_copy: false,
            resources: Vec::new(),
            plan: None,
            besides: Besides::default(),
        }
    }

    /// Whether a place is in something that a plan leaves as it is.
    #[must_use]
    pub fn leaves(&self, place: Span) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.leaves(place))
    }

    /// Whether it holds anything that a rule could look at.
    #[must_use]
    pub fn holds_something(&self) -> bool {
        let has_key = !self.keys.is_empty() || !self.aliases.is_empty() || !self.rotations.is_empty();
        has_key
            || !self.grants.is_empty()
            || !self.unguarded.is_empty()
            || !self.policies.is_empty()
            || !self.facts.is_empty()
            || !self.told.is_empty()
    }

    /// How many documents of the report it is: its policies, and what it tells besides them.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.policies.len() + usize::from(self.has_own_entry()) + self.resources.len()
    }

    /// Whether the report has an entry for what it tells as a whole: for what is neither a policy nor a resource.
    #[must_use]
    pub fn has_own_entry(&self) -> bool {
        (self.policies.is_empty() && self.resources.is_empty()) || !self.facts.is_empty()
    }

    /// Which of its entries in the report a place belongs to, where it stands in a resource.
    #[must_use]
    pub fn entry_at(&self, place: Span) -> Option<usize> {
        let index = self.resources.partition_point(|resource| resource.span.end <= place.start);
        self.resources.get(index).filter(|resource| resource.span.contains(place))?;
        Some(self.policies.len() + usize::from(self.has_own_entry()) + index)
    }

    fn read(
        &mut self,
        part: yaml::Part<'a>,
        source: &'a Source,
        declared: Option<PolicyKind>,
    ) -> Result<(), DocumentError> {
        let Tree { root, faults } = part.tree;
        let is_cut = faults.iter().any(|fault| fault.cause.cuts());
        if is_cut && !part.filled.is_empty() {
            (self.kind, self.because) = (TEMPLATE, "it holds `{{ … }}`");
            self.note = Some("a template that is no YAML until it is filled in; not checked");
            return Ok(());
        }
        if is_cut && !looks_like_policy(&root) {
            let hidden = terraform::hidden_in_cut(&root, &faults, source);
            self.hidden = hidden.unwrap_or_else(|| kubernetes::hidden_in_broken(source, part.place.range()));
        }
        self.faults = faults;
        if !self.faults.is_empty() {
            self.because = "its text is broken";
        }
        let is_policy = looks_like_policy(&root);
        let is_told = terraform::recognise(&root, source, declared, self)?
            || aws_cli::recognise(&root, source, declared, self)
            || kubernetes::recognise(&root, source, self)
            || scenario::recognise(&root, self)
            || (!is_policy && helm::recognise(&root, source, self));
        if is_cut {
            self.facts.cut();
        }
        if !is_told && (is_policy || (declared.is_some() && matches!(root.value, Value::Map(_) | Value::List(_)))) {
            self.hold(root, declared, is_cut);
        } else {
            if self.kind.starts_with("kubernetes") || self.kind == "helm-values" {
                self.faults.extend(duplicates(&root).filter(|_| self.notation == Notation::Yaml));
            }
            if !self.facts.is_empty() {
                self.tree = Some(root);
            }
        }
        let is_plain = !self.policies.is_empty() && is_plain(self.notation, &self.faults, source);
        for policy in &mut self.policies {
            policy.is_plain = is_plain && policy.writing.is_plain();
            let text = source.slice(policy.node.span).as_bytes();
            if policy.is_plain && memchr::memchr(b'$', text).is_none() {
                policy.variables = MayHold::NoVariables;
            }
            policy.policy.is_cut |= part.filled.iter().any(|filled| policy.policy.span.contains(*filled));
        }
        Ok(())
    }

    /// Takes the whole text for one policy.
    fn hold(&mut self, root: Node<'a>, declared: Option<PolicyKind>, is_cut: bool) {
        let mut policy = PolicyDocument::read(root, declared.map(|kind| (kind, "--kind")));
        policy.policy.is_cut = is_cut;
        let is_string = self.faults.iter().any(|fault| fault.cause == syntax::Cause::EncodedTwice);
        self.is_copy = is_string;
        (self.kind, self.because) = if is_string {
            ("terraform-output", "it is a policy in one string, as `terraform output -json NAME` prints it")
        } else if policy.policy.fragment {
            ("statement", "it has the elements of a statement, and no `Statement`")
        } else {
            ("policy", "it has the elements of a policy")
        };
        // Most files hold one: a list that grows by itself has room for four.
        self.policies.reserve_exact(1);
        self.policies.push(policy);
    }
}

/// The names that stand twice in one object, each at its second place.
fn duplicates(root: &Node<'_>) -> impl Iterator<Item = syntax::Fault> {
    let (mut found, mut open) = (Vec::new(), vec![root]);
    while let Some(node) = open.pop() {
        let mut names = HashSet::new();
        for member in node.as_map().unwrap_or_default() {
            if !names.insert(member.key.as_ref()) {
                let cause = syntax::Cause::Duplicate(member.key.to_string());
                found.push(syntax::Fault { cause, span: member.key_span, count: 1, repair: None });
            }
            open.push(&member.value);
        }
        open.extend(node.as_list().unwrap_or_default());
    }
    found.sort_by_key(|fault| fault.span);
    // What is copied by aliases stands at one place.
    found.dedup_by_key(|fault| fault.span);
    found.into_iter()
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
    if ends_with(name, ".jsonc") { json::Dialect::Jsonc } else { json::Dialect::Json }
}

/// Whether a file of JSON may hold comments, by its name.
pub(crate) fn has_comments(source: &Source) -> bool {
    dialect(&source.name()) == json::Dialect::Jsonc
}

/// Whether a name ends so, whatever its letter case.
fn ends_with(name: &str, ending: &str) -> bool {
    let start = name.len().checked_sub(ending.len());
    start.and_then(|start| name.get(start..)).is_some_and(|last| last.eq_ignore_ascii_case(ending))
}

/// Whether a text is strict JSON, as far as its faults tell, and has nothing but ASCII and no escape.
fn is_plain(notation: Notation, faults: &[syntax::Fault], source: &Source) -> bool {
    let text = source.text();
    notation == Notation::Json
        && faults.is_empty()
        && text.is_ascii()
        && memchr::memchr(b'\\', text.as_bytes()).is_none()
}
