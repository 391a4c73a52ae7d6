//! The policies of a case, each inline or a file.

use super::{
    fields::{self, Fields, is_null, list, text},
    read::PolicyShelf,
};
use crate::{
    finding::Complaint,
    key::Grant,
    policy::{self, Policy, PolicyKind, PolicySet, Principal},
    semantics::kms::GRANT_OPERATIONS,
    simulate::library::{self, Library, PolicyId},
    source::{Source, SourceId, Spanned},
    syntax::{Node, Value, embed, json, yaml},
};

/// The policies of a case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CasePolicies {
    /// The caller's own.
    pub identity: Vec<PolicyId>,
    /// The resource's.
    pub resource: Option<PolicyId>,
    /// The permissions boundary.
    pub boundary: Option<PolicyId>,
    /// The session policies.
    pub session: Option<Vec<PolicyId>>,
    /// Service control policies, level by level.
    pub scps: Option<Vec<Vec<PolicyId>>>,
    /// Resource control policies, level by level.
    pub rcps: Option<Vec<Vec<PolicyId>>>,
    /// The endpoint's.
    pub endpoint: Option<Vec<PolicyId>>,
    /// The grants on the key.
    pub grants: Grants,
}

/// The grants of a case. Two are never taken for one.
#[derive(Clone, Debug, Default)]
pub struct Grants(pub Vec<Grant>);

impl PartialEq for Grants {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_empty() && other.0.is_empty()
    }
}

impl CasePolicies {
    /// The policies themselves.
    #[must_use]
    pub fn set<'p>(&'p self, library: &'p Library, resource_kind: PolicyKind) -> PolicySet<'p> {
        let all = |ids: &[PolicyId]| -> Vec<&'p Policy> { ids.iter().filter_map(|id| library.get(*id)).collect() };
        let levels = |levels: &Option<Vec<Vec<PolicyId>>>| {
            levels.as_ref().map(|levels| levels.iter().map(|level| all(level)).collect())
        };
        PolicySet {
            identity: all(&self.identity),
            resource: self.resource.and_then(|id| library.get(id)),
            resource_kind,
            boundary: self.boundary.and_then(|id| library.get(id)),
            session: self.session.as_deref().map(all),
            scps: levels(&self.scps),
            rcps: levels(&self.rcps),
            endpoint: self.endpoint.as_deref().map(all),
            grants: &self.grants.0,
        }
    }
}

const LAYERS: [&str; 8] = ["identity", "resource", "boundary", "session", "scps", "rcps", "endpoint", "grants"];

/// Reads the `policies` of a case over those of the defaults, layer by layer.
pub(super) struct PolicyReader<'r> {
    pub(super) file: SourceId,
    pub(super) shelf: &'r mut dyn PolicyShelf,
    /// Whether a policy was left out since its file is broken, which has been told.
    pub(super) is_lacking: bool,
}

impl PolicyReader<'_> {
    pub(super) fn read(
        &mut self,
        node: &Node<'static>,
        resource_kind: PolicyKind,
        base: &CasePolicies,
        complaints: &mut Vec<Complaint>,
    ) -> CasePolicies {
        let mut policies = base.clone();
        let layers: Fields<'_, '_> = fields::of(node, "`policies`", &LAYERS, complaints);
        let at = |name| layers.get(name);
        if let Some(node) = at("identity") {
            policies.identity = self.several(node, "`identity`", PolicyKind::Identity, complaints).unwrap_or_default();
        }
        if let Some(node) = at("resource") {
            policies.resource = self.optional(node, resource_kind, complaints);
        }
        if let Some(node) = at("boundary") {
            policies.boundary = self.optional(node, PolicyKind::Boundary, complaints);
        }
        if let Some(node) = at("session") {
            policies.session = self.several(node, "`session`", PolicyKind::Session, complaints);
        }
        if let Some(node) = at("scps") {
            policies.scps = self.levels(node, "`scps`", PolicyKind::ServiceControl, complaints);
        }
        if let Some(node) = at("rcps") {
            policies.rcps = self.levels(node, "`rcps`", PolicyKind::ResourceControl, complaints);
        }
        if let Some(node) = at("endpoint") {
            policies.endpoint = self.several(node, "`endpoint`", PolicyKind::Endpoint, complaints);
        }
        if let Some(node) = at("grants") {
            policies.grants = Grants(grants(node, complaints));
        }
        policies
    }

    fn optional(
        &mut self,
        node: &Node<'static>,
        kind: PolicyKind,
        complaints: &mut Vec<Complaint>,
    ) -> Option<PolicyId> {
        if is_null(node) { None } else { self.one(node, kind, complaints) }
    }

    /// `null` is none; a list of documents else. One document stands for a list of it.
    fn several(
        &mut self,
        node: &Node<'static>,
        what: &str,
        kind: PolicyKind,
        complaints: &mut Vec<Complaint>,
    ) -> Option<Vec<PolicyId>> {
        if is_null(node) {
            return None;
        }
        let items = match &node.value {
            Value::Map(_) | Value::String(_) => std::slice::from_ref(node),
            _ => list(node, what, complaints)?,
        };
        Some(items.iter().filter_map(|item| self.one(item, kind, complaints)).collect())
    }

    fn levels(
        &mut self,
        node: &Node<'static>,
        what: &str,
        kind: PolicyKind,
        complaints: &mut Vec<Complaint>,
    ) -> Option<Vec<Vec<PolicyId>>> {
        if is_null(node) {
            return None;
        }
        let mut levels = Vec::new();
        for level in list(node, what, complaints)? {
            let Some(items) = level.as_list() else {
                let message = format!("{what} is a list of levels, root first, each a list of documents");
                complaints
                    .push(Complaint::new(level.span, message).help("put brackets around the policies of a level"));
                continue;
            };
            levels.push(items.iter().filter_map(|item| self.one(item, kind, complaints)).collect());
        }
        Some(levels)
    }

    /// A document, or the path of a file that holds one.
    fn one(&mut self, node: &Node<'static>, kind: PolicyKind, complaints: &mut Vec<Complaint>) -> Option<PolicyId> {
        let id = match &node.value {
            Value::Map(_) | Value::List(_) => self.inline(node, complaints),
            Value::String(text) if embed::looks_like_json(text) => {
                let message = "a policy is an object or a path, not a string of JSON";
                complaints.push(Complaint::new(node.span, message).help("write it without the quotes around it"));
                None
            }
            Value::String(path) => match self.shelf.load(path, self.file) {
                Ok(id) => {
                    self.is_lacking |= id.is_none();
                    id
                }
                Err(message) => {
                    complaints.push(Complaint::new(node.span, message));
                    None
                }
            },
            _ => {
                let message = format!("a policy is an object or a path, not {}", node.kind());
                complaints.push(Complaint::new(node.span, message));
                None
            }
        }?;
        let misplaced = library::misplaced(self.shelf.library(), id, kind);
        let is_good = misplaced.is_empty();
        complaints.extend(misplaced);
        is_good.then_some(id)
    }

    fn inline(&mut self, node: &Node<'static>, complaints: &mut Vec<Complaint>) -> Option<PolicyId> {
        let (policy, faults) = policy::read(node);
        if faults.is_empty() {
            return Some(self.shelf.library().add(policy));
        }
        complaints.extend(faults.iter().map(library::of_grammar));
        None
    }
}

/// Reads a file that lists the grants on a key.
#[must_use]
pub fn read_grants(source: &Source) -> (Grants, Vec<Complaint>) {
    let is_json = source.name().rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("json"));
    let tree = if is_json { json::read(source, json::Dialect::Json) } else { yaml::read(source) };
    let mut complaints: Vec<Complaint> = tree.faults.iter().map(library::of_syntax).collect();
    if !complaints.is_empty() {
        return (Grants::default(), complaints);
    }
    let grants = grants(&tree.root.into_owned(), &mut complaints);
    (Grants(grants), complaints)
}

fn grants(node: &Node<'static>, complaints: &mut Vec<Complaint>) -> Vec<Grant> {
    if is_null(node) {
        return Vec::new();
    }
    let items = list(node, "`grants`", complaints).unwrap_or_default();
    items.iter().filter_map(|item| grant(item, complaints)).collect()
}

fn grant(node: &Node<'static>, complaints: &mut Vec<Complaint>) -> Option<Grant> {
    let found = fields::of(node, "a grant", &["grantee", "operations", "constraints"], complaints);
    let grantee = found.need("grantee", "a grant", node, complaints)?;
    let name = text(grantee, "`grantee`", complaints)?;
    let is_arn = name.parse::<Principal>().is_ok_and(|principal| principal != Principal::Anyone);
    if !is_arn && (name.starts_with("arn:") || !name.contains('.')) {
        let message = format!("`{}` is no ARN of a principal and no service's name", fields::shortened(name));
        complaints.push(Complaint::new(grantee.span, message));
        return None;
    }
    let operations = found.need("operations", "a grant", node, complaints)?;
    let mut named = Vec::new();
    for operation in list(operations, "`operations`", complaints)? {
        let name = text(operation, "an operation", complaints)?;
        complaints
            .extend(wrong_operation(name).map(|(message, help)| Complaint::new(operation.span, message).help(help)));
        named.push(Spanned::new(name.to_owned(), operation.span));
    }
    let constraints = found.get("constraints").filter(|node| !is_null(node));
    let constraints = constraints.map(|node| fields::of(node, "`constraints`", &["equals", "subset"], complaints));
    let mut pairs_of = |name| {
        let node = constraints.as_ref()?.get(name).filter(|node| !is_null(node))?;
        Some(pairs(node, complaints))
    };
    let (equals, subset) = (pairs_of("equals"), pairs_of("subset"));
    let grantee = Spanned::new(name.to_owned(), grantee.span);
    Some(Grant { grantee, operations: named, equals, subset, span: node.span })
}

/// What is no operation of a grant, and which was probably meant.
fn wrong_operation(name: &str) -> Option<(String, String)> {
    let bare = name.strip_prefix("kms:").unwrap_or(name);
    if GRANT_OPERATIONS.contains(&bare) {
        return None;
    }
    let help = match fields::nearest(bare, &GRANT_OPERATIONS) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "a grant lists operations as CreateGrant names them: Decrypt, GenerateDataKey, …".to_owned(),
    };
    Some((format!("`{}` is no operation of a grant", fields::shortened(name)), help))
}

fn pairs(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Vec<(String, String)> {
    let Some(members) = node.as_map() else {
        let message = format!("an encryption context is an object, not {}", node.kind());
        complaints.push(Complaint::new(node.span, message));
        return Vec::new();
    };
    let mut pairs = Vec::new();
    for member in members {
        match fields::scalar(&member.value) {
            Some(value) => pairs.push((member.key.to_string(), value)),
            None => complaints.push(Complaint::new(member.value.span, "a value of an encryption context is a string")),
        }
    }
    pairs
}
