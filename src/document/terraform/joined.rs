//! What the resources of one file tell of one another, and what they tell of Kasten.
//!
//! While ids are not known they are joined by address: the key that an alias points to is known by the resource's address
//! where it has no id yet.
//!
//! Source: Terraform AWS provider, `aws_kms_key`, `aws_kms_alias`, `aws_iam_role_policy_attachment` and their kin.

use std::collections::HashMap;

use super::{
    carried::Load,
    configuration::{Origin, distinct},
    keys::{KEYS, key_id},
    policies::{Policies, own_name},
    resource::{Resource, holds_true},
};
use crate::{
    document::{Carrier, aws_cli, members::Members},
    key::{Grant, KeyGrant},
    source::{Span, Spanned},
    syntax::{Node, Value},
};

/// What joins the policies of a file to keys and to those who carry them.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// The keys whose policy is a resource of its own, each with the number of that resource.
    pub(super) governed: HashMap<String, usize>,
    /// Whether such a resource does not tell of which key it is.
    pub(super) is_open: bool,
    /// Who carries a managed policy, by the policy's ARN or address.
    pub(super) carriers: HashMap<String, Vec<Carrier>>,
    /// Of whom a managed policy is the permissions boundary, likewise.
    pub(super) bounded: HashMap<String, Vec<Carrier>>,
    /// How much each carries.
    pub(super) load: Load,
    /// The users of each group.
    pub(super) members: Members,
}

/// What an attribute with several values refers to.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) names: Vec<String>,
    /// Whether there may be others.
    pub(super) is_open: bool,
}

impl<'a> Policies<'_, '_, 'a> {
    /// Reads keys, aliases, rotations, and what the file tells of Kasten.
    pub(super) fn join(&mut self) {
        let resources = self.resources;
        let present = resources.iter().enumerate().filter(|(_, resource)| !resource.is_data && resource.is_there());
        for (index, resource) in present {
            self.unguarded(resource);
            match resource.kind {
                kind if KEYS.contains(&kind) => self.key(resource),
                "aws_kms_alias" => self.alias(resource),
                "aws_kms_grant" => self.grant(resource),
                "aws_iam_user_group_membership" => {
                    let user = self.refers(resource, "user").map(|user| name_of(&user.value));
                    let groups = self.refers_all(resource, "groups");
                    self.belongs(&user.into_iter().collect::<Vec<_>>(), groups);
                }
                "aws_iam_group_membership" => {
                    let group = self.refers(resource, "group").map(|group| name_of(&group.value));
                    let is_open = group.is_none();
                    let users = self.refers_all(resource, "users");
                    self.belongs(
                        &users.names,
                        Named { names: group.into_iter().collect(), is_open: is_open || users.is_open },
                    );
                }
                "aws_kms_key_policy" => {
                    let key = self.refers(resource, "key_id").map(|id| last(&id.value).to_owned());
                    self.links.is_open |= key.is_none();
                    self.links.governed.extend(key.map(|key| (key, index)));
                }
                "aws_iam_role" => {
                    self.boundary(resource);
                    self.lists(resource);
                    self.inline_blocks(resource);
                }
                "aws_iam_user" => self.boundary(resource),
                _ if self.of_cluster(resource) => {}
                _ => self.attachment(resource),
            }
        }
        self.unseen();
        self.key_policies();
        self.attached();
        self.document.resources.sort_by_key(|resource| resource.span);
        self.document.resources.dedup_by_key(|resource| resource.span);
    }

    /// What an attribute refers to: its text, or the address of the resource whose attribute it will be.
    pub(super) fn refers(&self, resource: &Resource<'_, 'a>, attribute: &str) -> Option<Spanned<String>> {
        if let Some(value) = resource.values.get(attribute).filter(|value| value.as_str().is_some()) {
            return Some(Spanned::new(value.as_str()?.to_owned(), value.span));
        }
        let mark = resource.unknown_at(attribute)?;
        let configured = self.configuration.resource(&resource.module, &own_name(resource))?;
        let expression = configured.get("expressions")?.get(attribute)?;
        let Origin::Attribute(target) = self.configuration.origin(&resource.module, expression) else { return None };
        let found = self.resources.get(self.target(&target, resource)?)?;
        let name = match found.kind {
            kind if KEYS.contains(&kind) => key_id(found),
            "aws_iam_role" | "aws_iam_user" | "aws_iam_group" => holder(found),
            _ => found.address.to_string(),
        };
        Some(Spanned::new(name, mark.span))
    }

    /// What an attribute refers to that has one value or several, as names.
    pub(super) fn refers_all(&self, resource: &Resource<'_, 'a>, attribute: &str) -> Named {
        let values = resource.values.get(attribute).map_or(&[][..], Node::items);
        let mut named = Named { names: values.iter().filter_map(Node::as_str).map(name_of).collect(), is_open: false };
        if resource.unknown.and_then(|marks| marks.get(attribute)).is_none_or(|marks| !holds_true(marks)) {
            return named;
        }
        let configured = self.configuration.resource(&resource.module, &own_name(resource));
        let expression = configured.and_then(|configured| configured.get("expressions")?.get(attribute));
        let references = expression.map(distinct).unwrap_or_default();
        named.is_open = references.is_empty();
        for reference in references {
            let found = match self.configuration.origin_of(&resource.module, reference) {
                Origin::Attribute(target) => self.target(&target, resource).and_then(|index| self.resources.get(index)),
                Origin::Several(_) => None,
            };
            match found.map(holder) {
                Some(name) if named.names.contains(&name) => {}
                Some(name) => named.names.push(name),
                None => named.is_open = true,
            }
        }
        named
    }

    /// A grant on a key: what of it is not known may be anything.
    fn grant(&mut self, resource: &Resource<'_, 'a>) {
        self.note(resource);
        let is_unknown = |name: &str| resource.unknown.and_then(|marks| marks.get(name)).is_some_and(holds_true);
        let key = self.refers(resource, "key_id").map(|id| last(&id.value).to_owned());
        let grantee = spanned(resource, "grantee_principal").or_else(|| {
            let mark = resource.unknown_at("grantee_principal")?;
            Some(Spanned::new(self.arn_of(resource, "grantee_principal")?, mark.span))
        });
        let listed = resource.values.get("operations").map_or(&[][..], Node::items);
        let operations = listed.iter().filter_map(|name| Some(Spanned::new(name.as_str()?.to_owned(), name.span)));
        let block = resource.values.get("constraints").and_then(|blocks| blocks.items().first());
        let pairs = |name: &str| {
            let context = block?.get(name).filter(|context| context.as_map().is_some_and(|pairs| !pairs.is_empty()))?;
            Some(aws_cli::pairs(context))
        };
        let is_open = grantee.is_none() || is_unknown("operations") || is_unknown("constraints");
        let grant = Grant {
            grantee: grantee.unwrap_or_else(|| Spanned::new(String::new(), resource.values.span)),
            operations: operations.collect(),
            equals: pairs("encryption_context_equals"),
            subset: pairs("encryption_context_subset"),
            span: resource.values.span,
        };
        self.document.grants.push(KeyGrant { key, grant, is_open, address: Some(resource.address.to_string()) });
    }

    /// The ARN that an attribute will be, where it is that of one role or user of the plan.
    fn arn_of(&self, resource: &Resource<'_, 'a>, attribute: &str) -> Option<String> {
        let configured = self.configuration.resource(&resource.module, &own_name(resource))?;
        let expression = configured.get("expressions")?.get(attribute)?;
        let [reference] = distinct(expression).try_into().ok()?;
        self.arn_by(reference, resource)
    }

    /// The ARN that a reference in a resource's configuration will be, where it is that of one role or user of the plan.
    pub(super) fn arn_by(&self, reference: String, asking: &Resource<'_, '_>) -> Option<String> {
        let Origin::Attribute(target) = self.configuration.origin_of(&asking.module, reference) else { return None };
        let found = self.resources.get(self.target(&target, asking).filter(|_| target.attribute == "arn")?)?;
        self.accounts.arn(found, self.configuration)
    }

    /// Notes a resource of which rules may speak beside its policies.
    pub(super) fn note(&mut self, resource: &Resource<'_, 'a>) {
        self.document.resources.push(Spanned::new(resource.address.to_string(), resource.place));
    }
}

/// The name of a role, a user or a group; its address until it has one.
pub(super) fn holder(resource: &Resource<'_, '_>) -> String {
    resource.text("name").map_or_else(|| resource.address.to_string(), str::to_owned)
}

/// The name in an ARN of a role or a user, where one stands for it.
pub(super) fn name_of(text: &str) -> String {
    if text.starts_with("arn:") { last(text).to_owned() } else { text.to_owned() }
}

/// The last part of a key's ARN; anything else as it is.
pub(super) fn last(text: &str) -> &str {
    if text.starts_with("arn:") { text.rsplit('/').next().unwrap_or(text) } else { text }
}

pub(super) fn spanned(resource: &Resource<'_, '_>, attribute: &str) -> Option<Spanned<String>> {
    let value = resource.values.get(attribute)?;
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(Spanned::new(text.to_owned(), value.span))
}

pub(super) fn boolean(resource: &Resource<'_, '_>, attribute: &str) -> Option<Spanned<bool>> {
    let value = resource.values.get(attribute)?;
    let place: Span = value.span;
    match value.value {
        Value::Bool(flag) => Some(Spanned::new(flag, place)),
        _ => None,
    }
}

/// Where an object opens: the place of what it does not hold.
pub(super) fn opening(span: Span) -> Span {
    Span { end: (span.start + 1).min(span.end), ..span }
}
