//! What the resources of one file tell of one another: keys, aliases, who carries which policy.
//!
//! While ids are not known they are joined by address: the key that an alias points to is known by the resource's address
//! where it has no id yet.
//!
//! Source: Terraform AWS provider, `aws_kms_key`, `aws_kms_alias`, `aws_iam_role_policy_attachment` and their kin.

use std::collections::{HashMap, HashSet};

use super::{
    configuration::{Origin, distinct},
    deferred::settled,
    policies::{Policies, own_name},
    resource::{Resource, holds_true},
};
use crate::{
    document::{aws_cli, helm, kubernetes},
    key::{Alias, Grant, Key, KeyGrant, Rotation},
    source::{Span, Spanned},
    syntax::{Node, Value},
};

/// The resource types that are keys.
pub(super) const KEYS: [&str; 4] =
    ["aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"];

/// Attachments of a managed policy: the type, and the attributes that name who carries it.
const ATTACHMENTS: [(&str, &[&str]); 4] = [
    ("aws_iam_role_policy_attachment", &["role"]),
    ("aws_iam_user_policy_attachment", &["user"]),
    ("aws_iam_group_policy_attachment", &["group"]),
    ("aws_iam_policy_attachment", &["roles", "users", "groups"]),
];

/// Inline policies: the type, and the attribute that names who carries it.
const INLINE: [(&str, &str); 3] =
    [("aws_iam_role_policy", "role"), ("aws_iam_user_policy", "user"), ("aws_iam_group_policy", "group")];

/// What joins the policies of a file to keys and to those who carry them.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// The keys whose policy is a resource of its own.
    governed: HashSet<String>,
    /// Who carries a managed policy, by the policy's ARN or address.
    carriers: HashMap<String, Vec<String>>,
    /// Of whom a managed policy is the permissions boundary, likewise.
    bounded: HashMap<String, Vec<String>>,
    /// The users of each group.
    members: HashMap<String, Vec<String>>,
}

/// What an attribute with several values refers to.
#[derive(Debug, Default)]
struct Named {
    names: Vec<String>,
    /// Whether there may be others.
    is_open: bool,
}

impl<'a> Policies<'_, '_, 'a> {
    /// Reads keys, aliases, rotations, and what the file tells of Kasten.
    pub(super) fn join(&mut self) {
        let resources = self.resources;
        for resource in resources.iter().filter(|resource| !resource.is_data && resource.is_there()) {
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
                    self.links.governed.extend(key);
                }
                "helm_release" => {
                    self.note(resource);
                    let values = settled(resource.values, resource.unknown);
                    helm::release(&values, self.source, &mut self.document.facts, &mut self.document.hidden);
                }
                "kubernetes_secret" | "kubernetes_secret_v1" => {
                    self.note(resource);
                    let values = settled(resource.values, resource.unknown);
                    let (facts, hidden) = (&mut self.document.facts, &mut self.document.hidden);
                    kubernetes::terraform_secret(&values, self.source, facts, hidden);
                }
                "kubernetes_manifest" => {
                    self.note(resource);
                    let values = settled(resource.values, resource.unknown);
                    if let Some(object) = values.get("manifest") {
                        let (facts, hidden) = (&mut self.document.facts, &mut self.document.hidden);
                        kubernetes::manifest(object, self.source, facts, hidden);
                    }
                }
                "aws_iam_role" | "aws_iam_user" => self.boundary(resource),
                kind => {
                    if let Some((_, carriers)) = ATTACHMENTS.iter().find(|(attachment, _)| *attachment == kind) {
                        self.attachment(resource, carriers);
                    }
                }
            }
        }
        self.unseen();
        self.document.resources.sort_by_key(|resource| resource.span);
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
    fn refers_all(&self, resource: &Resource<'_, 'a>, attribute: &str) -> Named {
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

    /// Notes that users belong to groups; of those who may belong to others not everything is seen.
    fn belongs(&mut self, users: &[String], groups: Named) {
        if groups.is_open {
            self.document.unseen.extend(users.iter().cloned());
        }
        for group in groups.names {
            self.links.members.entry(group).or_default().extend(users.iter().cloned());
        }
    }

    /// The names, and of groups also those of their users.
    fn with_members(&self, mut names: Vec<String>) -> Vec<String> {
        let members: Vec<String> =
            names.iter().filter_map(|name| self.links.members.get(name)).flatten().cloned().collect();
        names.extend(members);
        names
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

    /// Notes of whom a managed policy is the permissions boundary.
    fn boundary(&mut self, resource: &Resource<'_, 'a>) {
        if resource.unknown_at("permissions_boundary").is_none() && resource.text("permissions_boundary").is_none() {
            return;
        }
        let name = holder(resource);
        match self.refers(resource, "permissions_boundary") {
            Some(policy) => self.links.bounded.entry(policy.value).or_default().push(name),
            None => self.document.unseen_boundaries.push(name),
        }
    }

    /// Notes a resource of which rules may speak beside its policies.
    fn note(&mut self, resource: &Resource<'_, 'a>) {
        self.document.resources.push(Spanned::new(resource.address.to_string(), resource.place));
    }

    /// Notes where a key, or a resource of its policy, asks KMS not to look after who can change the policy.
    fn unguarded(&mut self, resource: &Resource<'_, 'a>) {
        if !KEYS.contains(&resource.kind) && resource.kind != "aws_kms_key_policy" {
            return;
        }
        let flag = boolean(resource, "bypass_policy_lockout_safety_check").filter(|flag| flag.value);
        self.document.unguarded.extend(flag.map(|flag| flag.span));
    }

    fn key(&mut self, resource: &Resource<'_, 'a>) {
        let text = |name: &str| spanned(resource, name);
        let external = resource.kind.contains("external");
        let store = || text("custom_key_store_id").map(|store| Spanned::new("AWS_CLOUDHSM".to_owned(), store.span));
        let proxy = || text("xks_key_id").map(|key| Spanned::new("EXTERNAL_KEY_STORE".to_owned(), key.span));
        let origin = if external { "EXTERNAL" } else { "AWS_KMS" };
        let origin = proxy().or_else(store).unwrap_or_else(|| Spanned::new(origin.to_owned(), resource.values.span));
        let symmetric = || Spanned::new("SYMMETRIC_DEFAULT".to_owned(), resource.values.span);
        let spec = text("customer_master_key_spec").or_else(|| text("key_spec"));
        let disabled = ["is_enabled", "enabled"].into_iter().find_map(|name| boolean(resource, name));
        let state = disabled.filter(|enabled| !enabled.value);
        let expires = text("valid_to").map(|date| Spanned::new("KEY_MATERIAL_EXPIRES".to_owned(), date.span));
        let replica = resource.kind.contains("replica");
        let id = key_id(resource);
        if let Some(enabled) = boolean(resource, "enable_key_rotation") {
            let period = number(resource, "rotation_period_in_days").filter(|_| enabled.value);
            let (key, span) = (Some(Spanned::new(id, resource.values.span)), enabled.span);
            self.document.rotations.push(Rotation { key, enabled, period, span });
        }
        self.note(resource);
        let primary =
            self.refers(resource, "primary_key_arn").map(|key| Spanned::new(last(&key.value).to_owned(), key.span));
        let multi_region = boolean(resource, "multi_region").filter(|flag| flag.value);
        let multi_region = multi_region.map(|flag| Spanned::new("PRIMARY".to_owned(), flag.span));
        self.document.keys.push(Key {
            arn: text("arn"),
            account: self.accounts.of(resource, self.configuration).cloned(),
            spec: spec.or_else(|| external.then(symmetric)),
            usage: text("key_usage"),
            state: state.map(|state| Spanned::new("Disabled".to_owned(), state.span)),
            origin: Some(origin),
            expiration: expires,
            multi_region: if replica {
                Some(Spanned::new("REPLICA".to_owned(), resource.values.span))
            } else {
                multi_region
            },
            primary,
            description: self.description(resource),
            tags: tags(resource),
            deletion_window: number(resource, "deletion_window_in_days"),
            material: material(resource),
            address: Some(resource.address.to_string()),
            ..Key::at(resource.values.span)
        });
    }

    /// What a key is for, in words: empty where nobody sets it, `None` where it is not known.
    fn description(&self, resource: &Resource<'_, 'a>) -> Option<Spanned<String>> {
        let set = resource.values.get("description").filter(|value| value.value != Value::Null);
        if let Some(value) = set {
            return Some(Spanned::new(value.as_str()?.to_owned(), value.span));
        }
        // AWS sets none by itself; the provider still calls it unknown where the configuration has none.
        let is_open = resource.unknown_at("description").is_some();
        let configured = self.configuration.resource(&resource.module, &own_name(resource));
        let is_left_out = configured.is_some_and(|found| {
            found.get("expressions").is_none_or(|expressions| expressions.get("description").is_none())
        });
        let place = resource.values.get("description").map_or(opening(resource.values.span), |value| value.span);
        (!is_open || is_left_out).then(|| Spanned::new(String::new(), place))
    }

    fn alias(&mut self, resource: &Resource<'_, 'a>) {
        let target = self.refers(resource, "target_key_id");
        let target = target.map(|target| Spanned::new(last(&target.value).to_owned(), target.span));
        let arn = spanned(resource, "arn");
        self.document.aliases.extend(spanned(resource, "name").map(|name| Alias { name, arn, target }));
    }

    fn attachment(&mut self, resource: &Resource<'_, 'a>, carriers: &[&str]) {
        let Some(policy) = self.refers(resource, "policy_arn") else { return };
        let mut names: Vec<String> = Vec::new();
        for attribute in carriers {
            names.extend(self.refers_all(resource, attribute).names);
        }
        self.links.carriers.entry(policy.value).or_default().extend(names);
    }

    /// Notes who carries a managed policy that the file only names.
    fn unseen(&mut self) {
        let policies = self.resources.iter().filter(|resource| resource.kind == "aws_iam_policy");
        let seen: HashSet<&str> =
            policies.flat_map(|policy| policy.text("arn").into_iter().chain([policy.address.as_ref()])).collect();
        let mut unseen: Vec<String> = Vec::new();
        for (policy, names) in &self.links.carriers {
            if !seen.contains(policy.as_str()) {
                unseen.extend(self.with_members(names.clone()));
            }
        }
        let bounded = self.links.bounded.iter().filter(|(policy, _)| !seen.contains(policy.as_str()));
        let mut unbounded: Vec<String> = bounded.flat_map(|(_, names)| names.iter().cloned()).collect();
        unbounded.sort_unstable();
        for role in self.resources.iter().filter(|resource| resource.kind == "aws_iam_role" && resource.is_there()) {
            let managed = role.values.get("managed_policy_arns").and_then(Node::as_list).unwrap_or_default();
            if managed.iter().filter_map(Node::as_str).any(|arn| !seen.contains(arn)) {
                unseen.push(holder(role));
            }
        }
        unseen.sort_unstable();
        unseen.dedup();
        self.document.unseen.extend(unseen);
        self.document.unseen_boundaries.extend(unbounded);
    }

    /// The key that a policy of a resource belongs to, by id or address.
    pub(super) fn key_of(&self, resource: &Resource<'_, 'a>) -> Option<String> {
        match resource.kind {
            kind if KEYS.contains(&kind) => Some(key_id(resource)),
            "aws_kms_key_policy" => self.refers(resource, "key_id").map(|id| last(&id.value).to_owned()),
            _ => None,
        }
    }

    /// Whether a key's own `policy` only repeats what another resource sets, or what was there before it.
    pub(super) fn is_governed(&self, resource: &Resource<'_, 'a>) -> bool {
        let configured = self.configuration.resource(&resource.module, &own_name(resource));
        let sets = configured.is_some_and(|found| {
            found.get("expressions").is_some_and(|expressions| expressions.get("policy").is_some())
        });
        KEYS.contains(&resource.kind) && !sets && self.links.governed.contains(&key_id(resource))
    }

    /// The names of those who carry the policies of a resource.
    pub(super) fn holders_of(&self, resource: &Resource<'_, 'a>) -> Vec<String> {
        if resource.kind == "aws_iam_role" {
            return vec![holder(resource)];
        }
        if let Some((_, attribute)) = INLINE.iter().find(|(kind, _)| *kind == resource.kind) {
            let names = self.refers(resource, attribute).map(|found| name_of(&found.value)).into_iter().collect();
            return self.with_members(names);
        }
        self.with_members(linked(&self.links.carriers, resource))
    }

    /// The names of those of whom a managed policy is the permissions boundary.
    pub(super) fn bounded_by(&self, resource: &Resource<'_, 'a>) -> Vec<String> {
        linked(&self.links.bounded, resource)
    }
}

/// What is noted of a managed policy under its address and under its ARN.
fn linked(links: &HashMap<String, Vec<String>>, policy: &Resource<'_, '_>) -> Vec<String> {
    let of = |policy: &str| links.get(policy).cloned().unwrap_or_default();
    let mut names = of(&policy.address);
    names.extend(policy.text("arn").map(of).unwrap_or_default());
    names
}

/// What a key is known by: its id, or its address until it has one.
fn key_id(resource: &Resource<'_, '_>) -> String {
    let told = resource.text("key_id").or_else(|| resource.text("arn").map(last));
    told.map_or_else(|| resource.address.to_string(), str::to_owned)
}

/// The name of a role, a user or a group; its address until it has one.
fn holder(resource: &Resource<'_, '_>) -> String {
    resource.text("name").map_or_else(|| resource.address.to_string(), str::to_owned)
}

/// The name in an ARN of a role or a user, where one stands for it.
fn name_of(text: &str) -> String {
    if text.starts_with("arn:") { last(text).to_owned() } else { text.to_owned() }
}

/// The last part of a key's ARN; anything else as it is.
pub(super) fn last(text: &str) -> &str {
    if text.starts_with("arn:") { text.rsplit('/').next().unwrap_or(text) } else { text }
}

fn spanned(resource: &Resource<'_, '_>, attribute: &str) -> Option<Spanned<String>> {
    let value = resource.values.get(attribute)?;
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(Spanned::new(text.to_owned(), value.span))
}

fn boolean(resource: &Resource<'_, '_>, attribute: &str) -> Option<Spanned<bool>> {
    let value = resource.values.get(attribute)?;
    let place: Span = value.span;
    match value.value {
        Value::Bool(flag) => Some(Spanned::new(flag, place)),
        _ => None,
    }
}

fn number(resource: &Resource<'_, '_>, attribute: &str) -> Option<Spanned<String>> {
    let value = resource.values.get(attribute)?;
    match &value.value {
        Value::Number(text) => Some(Spanned::new(text.to_string(), value.span)),
        _ => None,
    }
}

/// The names of all tags, those that the provider sets by default included.
fn tags(resource: &Resource<'_, '_>) -> Option<Spanned<Vec<String>>> {
    let mut sets = ["tags_all", "tags"].into_iter().filter(|name| resource.unknown_at(name).is_none());
    let set = sets.find_map(|name| resource.values.get(name).filter(|set| set.as_map().is_some()))?;
    let names = set.as_map().unwrap_or_default().iter().map(|tag| tag.key.to_string()).collect();
    Some(Spanned::new(names, set.span))
}

/// Where imported material stands, or will once it is known.
fn material(resource: &Resource<'_, '_>) -> Option<Span> {
    let attribute = "key_material_base64";
    let given = spanned(resource, attribute).map(|text| text.span);
    given.or_else(|| resource.unknown_at(attribute).map(|mark| mark.span))
}

/// Where an object opens: the place of what it does not hold.
fn opening(span: Span) -> Span {
    Span { end: (span.start + 1).min(span.end), ..span }
}
