//! The policies of files and folders: which of them could have a say, and in which layer.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::{
    joined::{Joined, Reading, Taken, place},
    problem, read,
};
use crate::{
    cli::{inputs, policies::Shelf},
    document::{self, Document, PolicyDocument},
    finding::Complaint,
    key::{self, Grant},
    policy::{Clause, Policy, PolicyKind, PrincipalArn, Statement},
    semantics::Request,
    simulate::{
        Library, PolicyId,
        scenario::{self, CasePolicies},
    },
    source::{Source, Span},
};

/// Joins the policies of paths to those of options, which are all that there is of the kinds that are told.
pub(super) fn join(
    paths: &[PathBuf],
    by_options: impl Iterator<Item = PathBuf>,
    told: Vec<PolicyKind>,
    request: &Request,
    (policies, shelf): (&mut CasePolicies, &mut Shelf),
) -> Joined {
    let mut joiner = Joiner {
        shelf,
        request,
        told,
        seen: by_options.map(own_path).collect(),
        found: Vec::new(),
        grants: Vec::new(),
    };
    for path in paths {
        joiner.path(path);
    }
    let found = std::mem::take(&mut joiner.found);
    joiner.put(found, policies)
}

/// A path as it is told from others.
fn own_path(path: PathBuf) -> PathBuf {
    path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)
}

/// A policy of a path.
struct Found {
    id: PolicyId,
    kind: PolicyKind,
    span: Span,
    file: String,
    name: Option<String>,
    key: Option<String>,
    /// Whether its file tells who carries such policies, and names nobody for this one.
    is_unattached: bool,
    /// Whether its file tells that it is the caller's permissions boundary.
    is_bound: bool,
    /// Whether a statement of it allows something.
    allows: bool,
}

struct Joiner<'j> {
    shelf: &'j mut Shelf,
    request: &'j Request,
    /// Of which kinds options speak: where they do, that is all that there is.
    told: Vec<PolicyKind>,
    seen: HashSet<PathBuf>,
    found: Vec<Found>,
    /// The grants on the key of the request.
    grants: Vec<Grant>,
}

impl Joiner<'_> {
    fn path(&mut self, path: &Path) {
        if !path.is_dir() {
            self.file(path, true);
            return;
        }
        let before = self.found.len();
        let (files, problems) = inputs::files_below(path);
        self.shelf.problems.extend(problems);
        for file in files {
            self.file(&file, false);
        }
        if self.found.len() == before && self.shelf.complaints.is_empty() {
            let message = "no policy in it is of the caller or of the resource".to_owned();
            self.shelf.problems.push(problem(&path.display().to_string(), message, None));
        }
    }

    /// Finds the policies of a file; what a walk comes upon and is no file of policies is passed over.
    fn file(&mut self, path: &Path, is_named: bool) {
        let path = &own_path(path.to_owned());
        if !self.seen.insert(path.clone()) {
            return;
        }
        // A picture under another file's name is nothing that a walk should remark on; what cannot be read may be a policy.
        let opened =
            if is_named || inputs::bytes(path).is_err() { read(path, self.shelf) } else { self.shelf.open(path).ok() };
        let Some(source) = opened.and_then(|id| self.shelf.sources.get(id)) else { return };
        let documents = match document::open(source, None) {
            Ok(documents) => documents,
            Err(error) => {
                if is_named || error.is_recognised() {
                    let help = "a file of policies is wanted: JSON, YAML, or what the AWS CLI or Terraform prints";
                    let told = problem(&source.name(), error.to_string(), Some(help.to_owned()));
                    self.shelf.problems.push(told);
                }
                return;
            }
        };
        let (mut found, mut complaints, mut bounds, mut granted) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for document in documents {
            if is_named || !document.policies.is_empty() || document::promises_policy(source) {
                complaints.extend(document.faults.iter().map(scenario::of_syntax));
            }
            let kind = document.kind;
            bounds.extend(
                document
                    .policies
                    .iter()
                    .filter(|policy| bounds_caller(&policy.bounds, self.request))
                    .map(|policy| (policy.policy.clone(), policy.name.clone())),
            );
            if bounds_caller(&document.unseen_boundaries, self.request) && !self.told.contains(&PolicyKind::Boundary) {
                let message = "the caller has a permissions boundary that is not in this file";
                complaints
                    .push(Complaint::new(first_character(source.span()), message).help("give it with --boundary"));
            }
            let (known, open) = grants_on(&document, self.request);
            granted.extend(known);
            complaints.extend(open);
            let wanted = document.policies.into_iter().filter(|policy| self.may_speak(policy, kind));
            for policy in wanted {
                complaints.extend(policy.faults.iter().map(scenario::of_grammar));
                complaints.extend(unclear(&policy, source));
                found.push((policy, kind));
            }
        }
        let file = source.name();
        self.grants.extend(granted);
        for (policy, name) in bounds {
            self.found.push(Found {
                kind: PolicyKind::Boundary,
                span: policy.span,
                file: file.clone(),
                name,
                key: None,
                is_unattached: false,
                is_bound: true,
                allows: true,
                id: self.shelf.library.add(policy),
            });
        }
        for (policy, document) in found {
            let one = shelved(&mut self.shelf.library, policy, document, &file);
            complaints.extend(scenario::misplaced(&self.shelf.library, one.id, one.kind));
            self.found.push(one);
        }
        self.shelf.complaints.extend(complaints);
    }

    /// Whether a policy could have a say: it is not known to be another principal's or another resource's.
    fn may_speak(&self, found: &PolicyDocument<'_>, document: &str) -> bool {
        match found.kind {
            PolicyKind::Identity => {
                let caller = self.request.caller.arn().map(PrincipalArn::holder);
                let is_carried = caller.is_some_and(|name| found.may_be_carried_by(name));
                is_carried && !(found.holders.is_empty() && document == WHOLE_ACCOUNT)
            }
            // Of whom it is the boundary, its file tells.
            PolicyKind::Boundary if !found.bounds.is_empty() => false,
            PolicyKind::Key | PolicyKind::Trust | PolicyKind::Resource => {
                found.kind == scenario::resource_kind(self.request) && self.may_hang_on_the_resource(found)
            }
            _ => true,
        }
    }

    fn may_hang_on_the_resource(&self, found: &PolicyDocument<'_>) -> bool {
        let resource = self.request.resource();
        let own = resource.rsplit(['/', ':']).next().unwrap_or(resource);
        match found.kind {
            PolicyKind::Key => found.key.as_ref().is_none_or(|id| id == own || !key::is_key_id(id)),
            PolicyKind::Trust => found.may_be_carried_by(own),
            // One that names other resources alone hangs on one of them.
            _ => found.policy.statements.iter().any(|statement| match &statement.resources {
                Some(Clause::Only(listed)) => {
                    !listed.unknown.is_empty() || listed.values().any(|pattern| pattern.covers(resource))
                }
                Some(Clause::AllBut(_)) | None => true,
            }),
        }
    }

    fn put(&mut self, found: Vec<Found>, policies: &mut CasePolicies) -> Joined {
        let layers = Layers::of(found.into_iter().filter(|one| !self.told.contains(&one.kind)));
        let Layers { identity, of_resource, scps, rcps, bound, left } = layers;
        let mut joined = Joined::default();
        // A file that an option names lists all that there are.
        if policies.grants.0.is_empty() {
            policies.grants.0.append(&mut self.grants);
        }
        policies.boundary = bound.as_ref().map(|one| one.id).or(policies.boundary);
        policies.identity.extend(identity.iter().map(|one| one.id));
        let of_resource = self.only(of_resource);
        policies.resource = of_resource.as_ref().map(|one| one.id).or(policies.resource);
        if !scps.is_empty() {
            policies.scps = Some(self.level(&scps));
            let beside = if scps.iter().any(|one| one.allows) { "" } else { ", beside FullAWSAccess" };
            joined.assume(format!("the service control policies bind the caller's account, at one level{beside}"));
        }
        if !rcps.is_empty() {
            policies.rcps = Some(vec![rcps.iter().map(|one| one.id).collect()]);
            joined.assume("the resource control policies bind the resource's account".to_owned());
        }
        if scps.iter().filter(|one| one.allows).count() > 1 {
            joined.readings.push(apart(&scps, policies));
        }
        joined.readings.extend(left.iter().map(|one| left_out(one, policies)));
        joined.taken =
            identity.into_iter().chain(bound).chain(of_resource).chain(scps).chain(rcps).map(Taken::from).collect();
        joined
    }

    /// One level: where none of its policies allows anything, AWS's own `FullAWSAccess` stands beside them.
    ///
    /// Source: Organizations User Guide, "SCP evaluation".
    fn level(&mut self, scps: &[Found]) -> Vec<Vec<PolicyId>> {
        let mut level: Vec<PolicyId> = scps.iter().map(|one| one.id).collect();
        if !scps.iter().any(|one| one.allows) {
            level.push(self.shelf.library.add(full_access()));
        }
        vec![level]
    }

    /// The one policy that hangs on the resource; several are told.
    fn only(&mut self, mut of_resource: Vec<Found>) -> Option<Found> {
        let resource = self.request.resource();
        let is_told = |one: &Found| one.key.as_ref().is_some_and(|id| resource.ends_with(&format!("/{id}")));
        if of_resource.iter().any(is_told) {
            of_resource.retain(is_told);
        }
        let mut of_resource = of_resource.into_iter();
        let first = of_resource.next();
        for other in of_resource {
            let message = "which of several policies hangs on the resource cannot be told";
            let help = "name it with --key-policy, --trust or --resource-policy";
            self.shelf.complaints.push(Complaint::new(first_character(other.span), message).help(help));
        }
        first
    }
}

/// Whether the caller of a request is among those that have a permissions boundary.
fn bounds_caller(bounded: &[String], request: &Request) -> bool {
    let caller = request.caller.arn().map(PrincipalArn::holder);
    bounded.iter().any(|name| Some(name.as_str()) == caller)
}

/// The grants of a file on the key of a request; one that is not known, and could let the caller in, is complained of.
fn grants_on(document: &Document<'_>, request: &Request) -> (Vec<Grant>, Vec<Complaint>) {
    let id = request.resource().rsplit('/').next().filter(|id| key::is_key_id(id));
    let (mut known, mut complaints) = (Vec::new(), Vec::new());
    for grant in &document.grants {
        // A key of a plan has no id yet: where there is one key alone, it is the one.
        let is_of_key = match grant.key.as_deref() {
            Some(key) if key::is_key_id(key) && id.is_some() => id == Some(key),
            _ => document.keys.len() == 1,
        };
        if is_of_key && grant.is_open {
            let message = "whether this grant lets the caller in is not known until apply";
            let help = "give the state after apply, or the grants in a file of their own, with --grants";
            complaints.push(Complaint::new(first_character(grant.grant.span), message).help(help));
        } else if is_of_key {
            known.push(grant.grant.clone());
        }
    }
    (known, complaints)
}

/// Puts a policy on the shelf; what is marked as sensitive keeps its names to itself.
fn shelved(library: &mut Library, mut found: PolicyDocument<'_>, document: &str, file: &str) -> Found {
    let is_plan = document.starts_with("terraform");
    if found.is_sensitive {
        found.policy.statements.iter_mut().for_each(|statement| statement.sid = None);
    }
    Found {
        kind: found.kind,
        span: found.policy.span,
        file: file.to_owned(),
        name: found.name,
        key: found.key,
        is_unattached: found.kind == PolicyKind::Identity && is_plan && found.holders.is_empty(),
        is_bound: false,
        allows: found.policy.statements.iter().any(Statement::allows),
        id: library.add(found.policy),
    }
}

/// The policies, by what becomes of them.
#[derive(Default)]
struct Layers {
    identity: Vec<Found>,
    of_resource: Vec<Found>,
    scps: Vec<Found>,
    rcps: Vec<Found>,
    /// The caller's permissions boundary.
    bound: Option<Found>,
    /// Those of which no file tells that they count.
    left: Vec<Found>,
}

impl Layers {
    fn of(found: impl Iterator<Item = Found>) -> Self {
        let mut layers = Self::default();
        for one in found {
            match one.kind {
                PolicyKind::Identity if one.is_unattached => layers.left.push(one),
                PolicyKind::Identity => layers.identity.push(one),
                PolicyKind::Key | PolicyKind::Trust | PolicyKind::Resource => layers.of_resource.push(one),
                PolicyKind::ServiceControl => layers.scps.push(one),
                PolicyKind::ResourceControl => layers.rcps.push(one),
                PolicyKind::Boundary if one.is_bound => layers.bound = Some(one),
                PolicyKind::Boundary | PolicyKind::Session | PolicyKind::Endpoint => layers.left.push(one),
            }
        }
        layers
    }
}

/// Service control policies that allow, read as if each stood at a level of its own.
fn apart(scps: &[Found], policies: &CasePolicies) -> Reading {
    let each = scps.iter().map(|one| vec![one.id]).collect();
    let text = "were each service control policy alone at a level, which --scp tells, it would be".to_owned();
    Reading { text, policies: CasePolicies { scps: Some(each), ..policies.clone() } }
}

/// The kind of a file that tells of every principal of an account what it carries.
const WHOLE_ACCOUNT: &str = "get-account-authorization-details";

/// What AWS attaches to every level, as policies that deny rely on it.
fn full_access() -> Policy {
    let text = r#"{"Version": "2012-10-17", "Statement": {"Sid": "FullAWSAccess", "Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let tree = crate::syntax::json::read_text(text, super::NOWHERE.source);
    crate::policy::read(&tree.root).0
}

/// A policy that takes no part, and what it would do if it did.
fn left_out(one: &Found, policies: &CasePolicies) -> Reading {
    let (why, mut so_read) = match one.kind {
        PolicyKind::Boundary => ("did it bound the caller, which --boundary tells", policies.clone()),
        PolicyKind::Session => ("were it passed to the session, which --session tells", policies.clone()),
        PolicyKind::Endpoint => ("did the call come through this endpoint, which --endpoint tells", policies.clone()),
        _ => ("did the caller carry it, which --identity tells", policies.clone()),
    };
    match one.kind {
        PolicyKind::Boundary => so_read.boundary = Some(one.id),
        PolicyKind::Session => so_read.session = Some(vec![one.id]),
        PolicyKind::Endpoint => so_read.endpoint = Some(vec![one.id]),
        _ => so_read.identity.push(one.id),
    }
    Reading {
        text: format!("{} is left out; {why}, it would be", place(one.name.as_deref(), &one.file)),
        policies: so_read,
    }
}

impl From<Found> for Taken {
    fn from(one: Found) -> Self {
        Self { kind: one.kind, file: one.file, name: one.name }
    }
}

/// A policy that names no principal is an identity policy, unless its file's name says that it is another: which the text
/// cannot tell.
fn unclear(found: &PolicyDocument<'_>, source: &Source) -> Option<Complaint> {
    if found.kind != PolicyKind::Identity || found.name.is_some() || !found.holders.is_empty() {
        return None;
    }
    let name = source.name().to_ascii_lowercase();
    let mut words = name.split(|character: char| !character.is_ascii_alphanumeric());
    let option = words.find_map(|word| match word {
        "scp" | "scps" => Some("--scp"),
        "boundary" | "boundaries" => Some("--boundary"),
        _ => None,
    })?;
    let message = "whether this is a policy of the caller or a bound of it cannot be told";
    let help = format!("name the file with {option} or with --identity");
    Some(Complaint::new(first_character(found.policy.span), message).help(help))
}

fn first_character(span: Span) -> Span {
    Span { end: span.start.saturating_add(1), ..span }
}
