//! Who carries which policy, and of whom it is the permissions boundary.
//!
//! Source: Terraform AWS provider, `aws_iam_role_policy_attachment` and its kin.

use std::collections::{HashMap, HashSet};

use super::{
    carried::kind_of,
    joined::{Named, holder, name_of},
    policies::Policies,
    resource::Resource,
};
use crate::{
    document::{Carrier, Holder},
    source::Spanned,
    syntax::Node,
};

/// Attachments of a managed policy: the type, and the attributes that name who carries it.
const ATTACHMENTS: [(&str, &[&str]); 4] = [
    ("aws_iam_role_policy_attachment", &["role"]),
    ("aws_iam_user_policy_attachment", &["user"]),
    ("aws_iam_group_policy_attachment", &["group"]),
    ("aws_iam_policy_attachment", &["roles", "users", "groups"]),
];

/// Inline policies: the type, and the attribute that names who carries it.
pub(super) const INLINE: [(&str, &str); 3] =
    [("aws_iam_role_policy", "role"), ("aws_iam_user_policy", "user"), ("aws_iam_group_policy", "group")];

impl<'a> Policies<'_, '_, 'a> {
    /// Notes that users belong to groups; of those who may belong to others not everything is seen.
    pub(super) fn belongs(&mut self, users: &[String], groups: Named) {
        if groups.is_open {
            self.document.unseen.extend(users.iter().map(|user| Carrier::new(Holder::User, user)));
        }
        for group in groups.names {
            self.links.members.add(group, users.iter().cloned());
        }
    }

    /// Notes of whom a managed policy is the permissions boundary.
    pub(super) fn boundary(&mut self, resource: &Resource<'_, 'a>) {
        if resource.unknown_at("permissions_boundary").is_none() && resource.text("permissions_boundary").is_none() {
            return;
        }
        let kind = if resource.kind == "aws_iam_user" { Holder::User } else { Holder::Role };
        let carrier = Carrier::new(kind, holder(resource));
        match self.refers(resource, "permissions_boundary") {
            Some(policy) => self.links.bounded.entry(policy.value).or_default().push(carrier),
            None => self.document.unseen_boundaries.push(carrier),
        }
    }

    /// Notes who carries a managed policy, where a resource attaches one.
    pub(super) fn attachment(&mut self, resource: &Resource<'_, 'a>) {
        let Some((_, carriers)) = ATTACHMENTS.iter().find(|(kind, _)| *kind == resource.kind) else { return };
        self.stranded(resource);
        let policy = self.refers(resource, "policy_arn");
        // One that cannot be told is still another policy than all others.
        let unnamed = || Spanned::new(resource.address.to_string(), resource.values.span);
        let counted = policy.clone().unwrap_or_else(unnamed);
        let mut found: Vec<Carrier> = Vec::new();
        for attribute in *carriers {
            let names = self.refers_all(resource, attribute).names;
            found.extend(names.into_iter().map(|name| Carrier::new(kind_of(attribute), name)));
        }
        self.attaches(&counted, &found, resource);
        match policy {
            Some(policy) => self.links.carriers.entry(policy.value).or_default().extend(found),
            None => self.document.unseen.extend(self.links.members.with(found)),
        }
    }

    /// Notes who carries a managed policy that the file only names.
    pub(super) fn unseen(&mut self) {
        let policies = self.resources.iter().filter(|resource| resource.kind == "aws_iam_policy");
        let seen: HashSet<&str> =
            policies.flat_map(|policy| policy.text("arn").into_iter().chain([policy.address.as_ref()])).collect();
        let mut unseen: Vec<Carrier> = Vec::new();
        for (policy, names) in &self.links.carriers {
            if !seen.contains(policy.as_str()) {
                unseen.extend(self.links.members.with(names.clone()));
            }
        }
        let bounded = self.links.bounded.iter().filter(|(policy, _)| !seen.contains(policy.as_str()));
        let mut unbounded: Vec<Carrier> = bounded.flat_map(|(_, names)| names.iter().cloned()).collect();
        unbounded.sort_unstable();
        for role in self.resources.iter().filter(|resource| resource.kind == "aws_iam_role" && resource.is_there()) {
            let managed = role.values.get("managed_policy_arns").and_then(Node::as_list).unwrap_or_default();
            if managed.iter().filter_map(Node::as_str).any(|arn| !seen.contains(arn)) {
                unseen.push(Carrier::new(Holder::Role, holder(role)));
            }
        }
        unseen.sort_unstable();
        unseen.dedup();
        self.document.unseen.extend(unseen);
        self.document.unseen_boundaries.extend(unbounded);
    }

    /// The names of those who carry the policies of a resource.
    pub(super) fn holders_of(&self, resource: &Resource<'_, 'a>) -> Vec<Carrier> {
        if resource.kind == "aws_iam_role" {
            return vec![Carrier::new(Holder::Role, holder(resource))];
        }
        if let Some((_, attribute)) = INLINE.iter().find(|(kind, _)| *kind == resource.kind) {
            let found = self.refers(resource, attribute);
            let carrier = found.map(|found| Carrier::new(kind_of(attribute), name_of(&found.value)));
            return self.links.members.with(carrier.into_iter().collect());
        }
        self.links.members.with(linked(&self.links.carriers, resource))
    }

    /// The names of those of whom a managed policy is the permissions boundary.
    pub(super) fn bounded_by(&self, resource: &Resource<'_, 'a>) -> Vec<Carrier> {
        linked(&self.links.bounded, resource)
    }
}

/// What is noted of a managed policy under its address and under its ARN.
fn linked(links: &HashMap<String, Vec<Carrier>>, policy: &Resource<'_, '_>) -> Vec<Carrier> {
    let of = |policy: &str| links.get(policy).cloned().unwrap_or_default();
    let mut names = of(&policy.address);
    names.extend(policy.text("arn").map(of).unwrap_or_default());
    names
}
