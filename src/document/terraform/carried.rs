//! How much each role, user and group carries: attached policies, and characters of inline policies.

use std::collections::{HashMap, HashSet};

use super::{
    besides::{Because, Carried, Stranded},
    carriers::INLINE,
    joined::{holder, name_of},
    policies::{Policies, own_name},
    resource::{Change, Resource},
};
use crate::{
    document::{Carrier, Holder},
    policy::Arn,
    source::{Span, Spanned, hash},
    syntax::{Node, print},
};

/// More attached policies than this are told of; AWS's own quota begins here.
///
/// Source: IAM User Guide, "IAM and AWS STS quotas", managed policies attached to a role, user or group.
const MANY: usize = 10;

/// What each carries.
#[derive(Debug, Default)]
pub(super) struct Load {
    attached: HashMap<Carrier, Parts>,
    inline: HashMap<Carrier, Parts>,
    /// The managed policies that a plan destroys, each with its address by its ARN; found when first asked for.
    destroyed: Option<HashMap<String, String>>,
}

#[derive(Debug, Default)]
struct Parts {
    /// What was counted; a role repeats in a state what other resources give it.
    known: HashSet<u64>,
    parts: Vec<Part>,
}

/// One policy that is carried.
#[derive(Debug)]
struct Part {
    size: usize,
    /// What it is told apart by, wherever it stands.
    label: String,
    place: Span,
    /// The resource that attaches it: its address, where it stands.
    by: Option<Spanned<String>>,
}

impl Parts {
    fn add(&mut self, print: u64, part: impl FnOnce() -> Part) {
        if self.known.insert(print) {
            self.parts.push(part());
        }
    }

    fn told(&self, holder: &Carrier) -> Carried {
        let mut parts: Vec<&Part> = self.parts.iter().collect();
        parts.sort_by(|one, other| other.size.cmp(&one.size).then_with(|| one.label.cmp(&other.label)));
        let parts = parts.into_iter().map(|part| (part.size, part.place)).collect();
        Carried { holder: holder.clone(), parts }
    }
}

/// What an attribute of an attachment or an inline policy names.
pub(super) fn kind_of(attribute: &str) -> Holder {
    match attribute {
        "role" | "roles" => Holder::Role,
        "user" | "users" => Holder::User,
        _ => Holder::Group,
    }
}

impl<'a> Policies<'_, '_, 'a> {
    /// Counts a policy for those to whom a resource attaches it.
    pub(super) fn attaches(&mut self, policy: &Spanned<String>, carriers: &[Carrier], by: &Resource<'_, 'a>) {
        for carrier in carriers {
            let parts = self.links.load.attached.entry(carrier.clone()).or_default();
            parts.add(hash(policy.value.bytes()), || {
                let by = Some(Spanned::new(by.address.to_string(), by.place));
                Part { size: 1, label: policy.value.clone(), place: policy.span, by }
            });
        }
    }

    /// Counts the policies that a role lists itself.
    pub(super) fn lists(&mut self, role: &Resource<'_, 'a>) {
        let managed = role.values.get("managed_policy_arns").map_or(&[][..], Node::items);
        for arn in managed.iter().filter_map(|arn| Some(Spanned::new(arn.as_str()?.to_owned(), arn.span))) {
            self.attaches(&arn, &[Carrier::new(Holder::Role, holder(role))], role);
        }
    }

    /// Tells of a role with `inline_policy` blocks of its own: a state repeats there what other resources give it.
    pub(super) fn inline_blocks(&mut self, role: &Resource<'_, 'a>) {
        let configured = self.configuration.resource(&role.module, &own_name(role));
        if configured.and_then(|configured| configured.get("expressions")?.get("inline_policy")).is_none() {
            return;
        }
        let mut members = role.values.as_map().unwrap_or_default().iter();
        if let Some(blocks) = members.find(|member| member.key == "inline_policy" && !member.value.items().is_empty()) {
            self.note(role);
            self.document.besides.inline_blocks.push(Spanned::new(role.address.to_string(), blocks.key_span));
        }
    }

    /// Tells of an attachment of a policy that the plan destroys, or that is of another account.
    pub(super) fn stranded(&mut self, resource: &Resource<'_, 'a>) {
        let Some(named) = resource.values.get("policy_arn") else { return };
        let Some(arn) = named.as_str() else { return };
        let because = match self.destroyed(arn) {
            Some(address) => Some(Because::Destroyed(address)),
            None => self.foreign(arn, resource),
        };
        if let Some(because) = because {
            self.note(resource);
            self.document.besides.stranded.push(Stranded { place: named.span, because });
        }
    }

    fn destroyed(&mut self, arn: &str) -> Option<String> {
        let resources = self.resources;
        let found = self.links.load.destroyed.get_or_insert_with(|| {
            let gone = resources.iter().filter(|resource| resource.change == Change::Gone && !resource.is_deposed);
            let policies = gone.filter(|resource| resource.kind == "aws_iam_policy");
            policies.filter_map(|policy| Some((policy.text("arn")?.to_owned(), policy.address.to_string()))).collect()
        });
        found.get(arn).cloned()
    }

    fn foreign(&self, arn: &str, resource: &Resource<'_, 'a>) -> Option<Because> {
        let arn = Arn::parse(arn).ok().filter(|arn| arn.service == "iam" && arn.account != "aws")?;
        let holder = self.accounts.of(resource, self.configuration)?.value.clone();
        let is_number = arn.account.len() == 12 && arn.account.bytes().all(|byte| byte.is_ascii_digit());
        let policy = arn.account.to_owned();
        (is_number && policy != holder).then_some(Because::Foreign { policy, holder })
    }

    /// Counts the inline policies that were read of a resource. `paths` tells of each in which attribute it stands.
    pub(super) fn carries(&mut self, resource: &Resource<'_, 'a>, before: usize, paths: &[String]) {
        let key = if resource.kind == "aws_iam_role" {
            Carrier::new(Holder::Role, holder(resource))
        } else {
            let Some((_, attribute)) = INLINE.iter().find(|(kind, _)| *kind == resource.kind) else { return };
            let Some(name) = self.refers(resource, attribute) else { return };
            Carrier::new(kind_of(attribute), name_of(&name.value))
        };
        let read = self.document.policies.get(before..).unwrap_or_default().iter().zip(paths);
        let inline = read.filter(|(policy, path)| *path != "assume_role_policy" && !policy.policy.is_unknown());
        let parts = self.links.load.inline.entry(key).or_default();
        for (policy, _) in inline {
            let text = print::compact(&policy.node);
            let (size, place) = (text.chars().count(), policy.node.span);
            let print = hash(text.bytes());
            parts.add(print, || Part { size, label: format!("{print:016x}"), place, by: None });
        }
    }

    /// Tells who carries many attached policies.
    pub(super) fn attached(&mut self) {
        let all = std::mem::take(&mut self.links.load.attached);
        let many: HashMap<_, _> = all.into_iter().filter(|(_, parts)| parts.parts.len() > MANY).collect();
        let by = many.values().flat_map(|parts| &parts.parts).filter_map(|part| part.by.clone());
        self.document.resources.extend(by);
        self.document.besides.attached = told(&many);
    }

    /// Tells who carries inline policies.
    pub(super) fn inline(&mut self) {
        self.document.besides.inline = told(&std::mem::take(&mut self.links.load.inline));
    }
}

/// What each carries, in a fixed order.
fn told(all: &HashMap<Carrier, Parts>) -> Vec<Carried> {
    let mut all: Vec<_> = all.iter().filter(|(_, parts)| !parts.parts.is_empty()).collect();
    all.sort_unstable_by_key(|(key, _)| *key);
    all.into_iter().map(|(key, parts)| parts.told(key)).collect()
}
