//! The policies of a plan, a state or outputs: where each stands, and what of it is not known yet.

use std::collections::{HashMap, HashSet};

use super::{
    accounts::Accounts,
    attributes::{self, Attribute},
    configuration::{Configuration, Target, call_path},
    deferred::MERGING,
    joined::Links,
    permission,
    resource::{Resource, unknown},
};
use crate::{
    document::{Document, PolicyDocument, looks_like_policy},
    policy::PolicyKind,
    source::{Secrets, Source, Span, hash},
    syntax::{Cause, Fault, Node, Value, embed},
};

/// What told the kind of a policy in an attribute.
pub(super) const BY_TYPE: &str = "the type of its resource tells";

/// What told that a managed policy is a permissions boundary.
const BOUNDARY: &str = "it is a permissions boundary, and attached to nobody";

/// Takes policies out of one file.
pub(super) struct Policies<'r, 'd, 'a> {
    pub(super) source: &'r Source,
    /// What `--kind` says, which overrules what the file tells.
    pub(super) declared: Option<PolicyKind>,
    pub(super) document: &'d mut Document<'a>,
    pub(super) resources: &'r [Resource<'r, 'a>],
    pub(super) configuration: &'r Configuration<'r, 'a>,
    pub(super) accounts: &'r Accounts,
    pub(super) secrets: &'r Secrets,
    /// The resources of each type and name in each module.
    pub(super) places: HashMap<(String, String), Vec<usize>>,
    /// The texts of policies that were read; a copy in a data source or an output is not read again.
    texts: HashSet<u64>,
    /// Data sources whose policy was read as that of a resource.
    pub(super) used: HashSet<usize>,
    /// What joins policies to keys and holders.
    pub(super) links: Links,
}

/// A policy of a resource: its attribute, and the item of the block that it stands in.
#[derive(Clone, Copy)]
pub(super) struct Slot<'r, 'a> {
    pub(super) attribute: Attribute,
    pub(super) item: Option<usize>,
    /// The object that holds the attribute.
    pub(super) values: &'r Node<'a>,
    pub(super) marks: Option<&'r Node<'a>>,
}

impl Slot<'_, '_> {
    fn path(&self) -> String {
        match (self.attribute.block, self.item) {
            (Some(block), Some(item)) => format!("{block}[{item}].{}", self.attribute.name),
            _ => self.attribute.name.to_owned(),
        }
    }
}

impl<'r, 'd, 'a> Policies<'r, 'd, 'a> {
    pub(super) fn new(
        source: &'r Source,
        declared: Option<PolicyKind>,
        document: &'d mut Document<'a>,
        resources: &'r [Resource<'r, 'a>],
        configuration: &'r Configuration<'r, 'a>,
        accounts: &'r Accounts,
        secrets: &'r Secrets,
    ) -> Self {
        let mut places: HashMap<(String, String), Vec<usize>> = HashMap::new();
        for (index, resource) in resources.iter().enumerate().filter(|(_, resource)| is_followed(resource)) {
            places.entry((call_path(&resource.module), own_name(resource))).or_default().push(index);
        }
        let (texts, used, links) = (HashSet::new(), HashSet::new(), Links::default());
        Self { source, declared, document, resources, configuration, accounts, secrets, places, texts, used, links }
    }

    /// Reads the policies of all resources, then those of data sources that no resource repeats.
    pub(super) fn resources(&mut self) {
        for resource in self.resources.iter().filter(|resource| !resource.is_data && resource.is_there()) {
            self.resource(resource);
        }
        // What is destroyed is not read, nor is the data source that gave it.
        for gone in self.resources.iter().filter(|resource| !resource.is_there()) {
            for slot in attributes::of(gone.kind).iter().flat_map(|attribute| slots(*attribute, gone)) {
                self.texts.extend(slot.values.get(slot.attribute.name).and_then(Node::as_str).map(fingerprint));
            }
        }
        let is_document = |resource: &Resource<'_, '_>| resource.is_data && resource.kind == "aws_iam_policy_document";
        let all = self.resources;
        let documents = || all.iter().enumerate().filter(|(_, resource)| is_document(resource));
        // What is only a part of another document is read there.
        for (_, part) in documents() {
            for argument in MERGING {
                let listed = part.values.get(argument).map_or(&[][..], Node::items);
                self.texts.extend(listed.iter().filter_map(Node::as_str).map(fingerprint));
                let open = self.merged_by(part, argument);
                self.used.extend(open.into_iter().map(|(_, index)| index));
            }
        }
        for (index, resource) in documents() {
            match resource.values.get("json") {
                Some(json) => self.data(json, resource),
                None if resource.unknown_at("json").is_some() && !self.used.contains(&index) => {
                    self.rebuilt(resource, index, resource.address.to_string(), None);
                }
                None => {}
            }
        }
    }

    /// Whether a policy of this text was read.
    pub(super) fn is_known(&self, text: &str) -> bool {
        self.texts.contains(&fingerprint(text))
    }

    fn data(&mut self, json: &Node<'a>, resource: &Resource<'_, '_>) {
        let Some(text) = json.as_str().filter(|text| !self.is_known(text)) else { return };
        self.texts.insert(fingerprint(text));
        self.known(json, resource.address.to_string(), None, false);
    }

    fn resource(&mut self, resource: &'r Resource<'r, 'a>) {
        if resource.kind == "aws_lambda_permission" {
            let node = permission::policy(resource);
            let kind = Some((PolicyKind::Resource, "a permission is a statement of the function's policy"));
            self.push(PolicyDocument::read(node, self.kind(kind)), resource.address.to_string());
        }
        let before = self.document.policies.len();
        let mut paths = Vec::new();
        for slot in attributes::of(resource.kind).iter().flat_map(|attribute| slots(*attribute, resource)) {
            let count = self.document.policies.len();
            self.slot(resource, slot);
            paths.extend((count..self.document.policies.len()).map(|_| slot.path()));
        }
        if self.document.policies.len() == before {
            return;
        }
        self.carries(resource, before, &paths);
        let (key, holders, bounds) = (self.key_of(resource), self.holders_of(resource), self.bounded_by(resource));
        let found = self.document.policies.get_mut(before..).unwrap_or_default();
        for policy in found.iter_mut() {
            policy.key.clone_from(&key);
            if matches!(policy.kind, PolicyKind::Identity | PolicyKind::Trust) {
                policy.holders.clone_from(&holders);
                policy.bounds.clone_from(&bounds);
                if holders.is_empty() && !bounds.is_empty() && self.declared.is_none() {
                    (policy.kind, policy.because) = (PolicyKind::Boundary, BOUNDARY);
                }
            }
        }
        if found.len() > 1 {
            for (policy, path) in found.iter_mut().zip(paths) {
                policy.name = Some(format!("{}.{path}", resource.address));
            }
        }
    }

    fn slot(&mut self, resource: &'r Resource<'r, 'a>, slot: Slot<'r, 'a>) {
        let kind = match slot.attribute.kind {
            Some(kind) => Some((kind, BY_TYPE)),
            None => match resource.text("type").unwrap_or("SERVICE_CONTROL_POLICY") {
                "SERVICE_CONTROL_POLICY" => Some((PolicyKind::ServiceControl, BY_TYPE)),
                "RESOURCE_CONTROL_POLICY" => Some((PolicyKind::ResourceControl, BY_TYPE)),
                _ => return,
            },
        };
        if self.is_governed(resource) {
            return;
        }
        let address = resource.address.to_string();
        if let Some(mark) = slot.marks.and_then(|marks| unknown(marks, slot.attribute.name)) {
            self.unknown(resource, slot, mark, kind);
        } else if let Some(value) = slot.values.get(slot.attribute.name) {
            self.texts.extend(value.as_str().map(fingerprint));
            self.known(value, address, kind, true);
        }
    }

    pub(super) fn kind(&self, kind: Option<(PolicyKind, &'static str)>) -> Option<(PolicyKind, &'static str)> {
        self.declared.map(|kind| (kind, "--kind")).or(kind)
    }

    /// Reads a policy that is a string or an object. `is_meant` where the place holds nothing but a policy; elsewhere
    /// what does not look like one is left alone.
    pub(super) fn known(
        &mut self,
        node: &Node<'a>,
        name: String,
        kind: Option<(PolicyKind, &'static str)>,
        is_meant: bool,
    ) -> bool {
        let kind = self.kind(kind);
        match &node.value {
            Value::Map(_) if is_meant || looks_like_policy(node) => {
                self.push(PolicyDocument::read(node.clone(), kind), name);
                true
            }
            Value::String(text) if !text.trim().is_empty() => self.embedded(node, name, kind, is_meant),
            _ => false,
        }
    }

    fn embedded(
        &mut self,
        node: &Node<'a>,
        name: String,
        kind: Option<(PolicyKind, &'static str)>,
        is_meant: bool,
    ) -> bool {
        let text = node.as_str().unwrap_or_default();
        if !is_meant && !promises_policy(text) {
            return false;
        }
        let Some(inner) = embed::inner_of(node, self.source.slice(node.span)) else { return false };
        let once = inner.text().trim_start().starts_with('"');
        let inner = inner.unwrapped();
        let (root, faults) = inner.read();
        if !is_meant && !looks_like_policy(&root) {
            return false;
        }
        if once && is_meant {
            let span = Span { end: node.span.start + 1, ..node.span };
            self.document.faults.push(Fault { cause: Cause::EncodedTwice, span, count: 1, repair: None });
        }
        let mut policy = PolicyDocument::read(root, kind);
        policy.policy.is_cut = faults.iter().any(|fault| fault.cause.cuts());
        policy.writing = inner.writing();
        self.document.faults.extend(faults);
        self.push(policy, name);
        true
    }

    /// The one instance that a reference leads to: by its index, else the only one, else the one of the asking resource's
    /// own index.
    pub(super) fn target(&self, target: &Target, asking: &Resource<'_, '_>) -> Option<usize> {
        let all = self.places.get(&(call_path(&target.module), target.resource.clone()))?;
        let index = |at: usize| self.resources.get(at).and_then(|resource| resource.index).map(|index| &index.value);
        let same_module: Vec<usize> = all
            .iter()
            .copied()
            .filter(|at| self.resources.get(*at).is_some_and(|resource| resource.module == target.module))
            .collect();
        let within = if same_module.is_empty() { all } else { &same_module };
        if let Some(wanted) = &target.index {
            let is_wanted = |at: &&usize| match index(**at) {
                Some(Value::Number(number)) => number == wanted,
                Some(Value::String(key)) => wanted.trim_matches('"') == key,
                _ => false,
            };
            return within.iter().find(is_wanted).copied();
        }
        if let [only] = within.as_slice() {
            return Some(*only);
        }
        let own = asking.index.map(|index| &index.value)?;
        let mut same = within.iter().copied().filter(|at| index(*at) == Some(own));
        same.next().filter(|_| same.next().is_none())
    }

    pub(super) fn push(&mut self, mut policy: PolicyDocument<'a>, name: String) {
        policy.name = Some(name);
        policy.is_copy = true;
        policy.is_sensitive = self.secrets.touch(policy.node.span);
        self.document.policies.push(policy);
    }
}

/// The places of an attribute in a resource.
fn slots<'r, 'a>(attribute: Attribute, resource: &'r Resource<'r, 'a>) -> Vec<Slot<'r, 'a>> {
    let Some(block) = attribute.block else {
        return vec![Slot { attribute, item: None, values: resource.values, marks: resource.unknown }];
    };
    let items = resource.values.get(block).and_then(Node::as_list).unwrap_or_default();
    let marks = resource.unknown.and_then(|marks| marks.get(block)).and_then(Node::as_list).unwrap_or_default();
    let slot = |(item, values)| Slot { attribute, item: Some(item), values, marks: marks.get(item) };
    items.iter().enumerate().map(slot).collect()
}

/// Whether references to a resource are followed: they never mean a former object.
fn is_followed(resource: &Resource<'_, '_>) -> bool {
    resource.is_there() && !resource.is_deposed
}

/// A resource's name within its module, without index: `data.` where it is a data source, type, name.
pub(super) fn own_name(resource: &Resource<'_, '_>) -> String {
    let data = if resource.is_data { "data." } else { "" };
    format!("{data}{}.{}", resource.kind, resource.name)
}

/// Whether a text in a place that may hold anything was meant as a policy.
fn promises_policy(text: &str) -> bool {
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    text.trim_start().starts_with(['{', '[', '"']) && has("Effect") && (has("Statement") || has("Action"))
}

/// The same for two spellings of one policy that differ in blanks.
fn fingerprint(text: &str) -> u64 {
    hash(text.bytes().filter(|byte| !byte.is_ascii_whitespace()))
}
