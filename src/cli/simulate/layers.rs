//! The policies of files and folders, each put into its layer; what leaves a choice is told.

use super::{
    found::first_character,
    joined::{Joined, Reading, Taken, place},
};
use crate::{
    cli::policies::Shelf,
    finding::Complaint,
    key::Grant,
    policy::{Policy, PolicyKind},
    semantics::Request,
    simulate::{PolicyId, scenario::CasePolicies},
    source::Span,
};

/// A policy of a path.
pub(super) struct Found {
    pub(super) id: PolicyId,
    pub(super) kind: PolicyKind,
    pub(super) span: Span,
    pub(super) file: String,
    pub(super) name: Option<String>,
    pub(super) key: Option<String>,
    /// Whether its file tells who carries such policies, and names nobody for this one.
    pub(super) is_unattached: bool,
    /// Whether its file tells that it is the caller's permissions boundary.
    pub(super) is_bound: bool,
    /// Whether a statement of it allows something.
    pub(super) allows: bool,
}

/// What files hold for a request.
#[derive(Default)]
pub(super) struct Holdings {
    /// The policies that could have a say.
    pub(super) found: Vec<Found>,
    /// The grants on the key of the request.
    pub(super) grants: Vec<Grant>,
    /// Where files name a policy that the caller carries and do not hold it.
    pub(super) unseen: Option<Span>,
}

/// Puts policies into their layers.
pub(super) struct Joiner<'j> {
    pub(super) shelf: &'j mut Shelf,
    pub(super) request: &'j Request,
    /// Of which kinds options speak: where they do, that is all that there is.
    pub(super) told: Vec<PolicyKind>,
}

impl Joiner<'_> {
    pub(super) fn put(&mut self, held: Holdings, policies: &mut CasePolicies) -> Joined {
        let Holdings { found, mut grants, unseen } = held;
        let layers = Layers::of(
            found.into_iter().filter(|one| one.kind == PolicyKind::Identity || !self.told.contains(&one.kind)),
        );
        let Layers { identity, of_resource, scps, rcps, bound, left } = layers;
        let mut joined = Joined::default();
        // A file that an option names lists all that there are.
        if policies.grants.0.is_empty() {
            policies.grants.0.append(&mut grants);
        }
        policies.boundary = bound.as_ref().map(|one| one.id).or(policies.boundary);
        policies.identity.extend(identity.iter().map(|one| one.id));
        // A policy that an option gives is what the files lack.
        if let Some(place) = unseen.filter(|_| !self.told.contains(&PolicyKind::Identity)) {
            policies.identity.push(self.shelf.library.add(unread(place)));
            joined.assume("the caller carries policies that these files only name; --identity gives them".to_owned());
        }
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

/// A policy of which nothing is known but that it is there.
fn unread(place: Span) -> Policy {
    let tree = crate::syntax::json::read_text(r#"{"Statement": []}"#, place.source);
    Policy { is_cut: true, span: place, ..crate::policy::read(&tree.root).0 }
}
