//! Manifests of Kubernetes: what they tell of Kasten, policies that stand in them, and secrets, which stay hidden.

use std::ops::Range;

use base64::{Engine, engine::general_purpose::STANDARD};

use memchr::memmem;

use super::{
    Document, PolicyDocument, helm,
    kasten::{Facts, Field, GivenBy, KeySource, Passkey, Profile, Retention, Secret, ServiceAccount, places_of},
};
use crate::{
    source::{Source, Span, Spanned},
    syntax::{Member, Node, Value, embed},
};

/// The API group of Passkeys. Source: Kasten's page on Passkeys.
const PASSKEY_GROUP: &str = "vault.kio.kasten.io";

/// The API group of Profiles and Policies. Source: Kasten's pages on both.
const CONFIG_GROUP: &str = "config.kio.kasten.io";

/// The annotation by which EKS gives a service account its role.
///
/// Source: Amazon EKS User Guide, "Assign IAM roles to Kubernetes service accounts".
pub(super) const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";

/// The annotation in which `kubectl apply` keeps a whole manifest, a Secret's data included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Takes out what a manifest, or a list of them, tells; false where the tree is none.
pub(super) fn recognise(root: &Node<'_>, source: &Source, document: &mut Document<'_>) -> bool {
    let is_text =
        |name: &str| root.get(name).is_some_and(|node| node.as_str().is_some() || node.value == Value::Unknown);
    if !is_text("apiVersion") || !is_text("kind") {
        return false;
    }
    let items = root.get("items").and_then(Node::as_list);
    let listed = items.filter(|_| text(root, "kind").is_some_and(|kind| kind.ends_with("List")));
    (document.kind, document.because) = match listed {
        Some(_) => ("kubernetes-list", "it has `apiVersion`, `kind` and a list of `items`"),
        None => ("kubernetes-manifest", "it has `apiVersion` and `kind`"),
    };
    document.name = address(root);
    for object in listed.unwrap_or(std::slice::from_ref(root)) {
        let mut told = Facts::default();
        manifest(object, source, &mut told, &mut document.hidden);
        let name = address(object).filter(|_| listed.is_some() && !told.is_empty());
        document.resources.extend(name.map(|name| Spanned::new(name, object.span)));
        document.facts.append(told);
        if text(object, "kind") != Some("Secret") {
            policies(object, source, document);
        }
    }
    // An alias of YAML stands where its anchor does.
    document.resources.sort_by_key(|item| item.span);
    true
}

/// Reads one object, as a manifest or `kubernetes_manifest` has it. The places of secrets go into `hidden`.
pub fn manifest(object: &Node<'_>, source: &Source, facts: &mut Facts, hidden: &mut Vec<Span>) {
    let group = text(object, "apiVersion").and_then(|version| version.split('/').next());
    match text(object, "kind") {
        Some("Passkey") if group == Some(PASSKEY_GROUP) => facts.passkeys.push(passkey(object)),
        Some("Profile") if group == Some(CONFIG_GROUP) => facts.profiles.extend(profile(object)),
        Some("Policy") if group == Some(CONFIG_GROUP) => facts.retentions.extend(retention(object)),
        Some("HelmRelease") => helm::flux(object, source, facts, hidden),
        Some("Application") if group == Some("argoproj.io") => helm::argo(object, source, facts, hidden),
        Some("Secret") => secret(object, source, facts, hidden),
        Some("ServiceAccount") => {
            let metadata = object.get("metadata");
            facts.accounts.extend(metadata.and_then(|metadata| account(metadata, metadata.get("annotations"))));
        }
        _ => {}
    }
}

/// Reads a `kubernetes_secret` of Terraform, whose `data` is not encoded; what is not known must be unknown in the tree.
///
/// Source: the documentation of Terraform's Kubernetes provider, `kubernetes_secret`.
pub fn terraform_secret(resource: &Node<'_>, source: &Source, facts: &mut Facts, hidden: &mut Vec<Span>) {
    let metadata = resource.get("metadata").and_then(|blocks| blocks.items().first());
    let [name, namespace] = ["name", "namespace"].map(|name| Field::of(metadata.and_then(|block| block.get(name))));
    let mut found = Secret::new(name, namespace, resource.span);
    for (part, is_encoded) in [("data", false), ("data_wo", false), ("binary_data", true)] {
        found.read(resource.get(part), is_encoded, source, hidden);
    }
    if is_kastens(&found) {
        facts.secrets.push(found);
    }
}

/// Reads a `kubernetes_service_account` of Terraform, or `kubernetes_annotations` of a service account.
///
/// Source: the documentation of Terraform's Kubernetes provider, `kubernetes_service_account_v1` and
/// `kubernetes_annotations`.
pub(super) fn terraform_account(resource: &Node<'_>) -> Option<ServiceAccount> {
    let metadata = resource.get("metadata")?.items().first()?;
    // Annotations of any object have its kind beside them.
    match text(resource, "kind") {
        Some("ServiceAccount") => account(metadata, resource.get("annotations")),
        Some(_) => None,
        None => account(metadata, metadata.get("annotations")),
    }
}

/// A service account, where EKS gives it a role.
fn account(metadata: &Node<'_>, annotations: Option<&Node<'_>>) -> Option<ServiceAccount> {
    let role = Field::of(annotations.and_then(|annotations| annotations.get(ROLE_ANNOTATION)));
    let [name, namespace] = ["name", "namespace"].map(|name| Field::of(metadata.get(name)));
    role.is_set().then_some(ServiceAccount { name, namespace, role, by: GivenBy::Annotation })
}

/// The places that may hold secrets in text that is broken, and so was not read to its end: whatever follows a colon.
pub(super) fn hidden_in_broken(source: &Source, range: Range<usize>) -> Vec<Span> {
    let text = source.text().get(range.clone()).unwrap_or_default();
    let words = ["Secret", "secret", "password", "passphrase", "awsAccessKeyId"];
    if !words.iter().any(|word| memmem::find(text.as_bytes(), word.as_bytes()).is_some()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = range.start;
    for line in text.split_inclusive('\n') {
        let start = line.find(':').map_or(0, |colon| colon + 1);
        found.push(source.place(at + start, at + line.len()));
        at += line.len();
    }
    found
}

fn text<'n>(node: &'n Node<'_>, member: &str) -> Option<&'n str> {
    node.get(member).and_then(Node::as_str)
}

fn metadata(object: &Node<'_>, member: &str) -> Field {
    Field::of(object.get("metadata").and_then(|metadata| metadata.get(member)))
}

/// `Passkey/kms-key`, as kubectl names an object.
fn address(object: &Node<'_>) -> Option<String> {
    let name = metadata(object, "name");
    let (kind, name) = (text(object, "kind")?, name.given()?);
    Some(format!("{kind}/{}", name.value))
}

/// Where what is said of an object as a whole is pointed at.
fn place(object: &Node<'_>) -> Span {
    object.get("kind").map_or(object.span, |kind| kind.span)
}

fn boolean(node: Option<&Node<'_>>) -> Option<Spanned<bool>> {
    let node = node?;
    let value = match &node.value {
        Value::Bool(value) => *value,
        // What kubectl takes for a Boolean, after YAML 1.1.
        Value::String(word) => match word.as_ref() {
            "yes" | "Yes" | "on" | "On" => true,
            "no" | "No" | "off" | "Off" => false,
            _ => return None,
        },
        _ => return None,
    };
    Some(Spanned::new(value, node.span))
}

/// A location profile, where it is for a bucket of S3 in AWS.
fn profile(object: &Node<'_>) -> Option<Profile> {
    let store = object.get("spec")?.get("locationSpec")?.get("objectStore")?;
    let is_aws = text(store, "objectStoreType") == Some("S3") && !Field::of(store.get("endpoint")).is_set();
    is_aws.then(|| Profile { region: Field::of(store.get("region")) })
}

/// The name of the policy that backs up Kasten itself. Source: Kasten's page on its disaster recovery.
const DISASTER_RECOVERY: &str = "k10-disaster-recovery-policy";

/// The days that one restore point of each kind is kept. Source: Kasten's page on Policies.
const KEPT: [(&str, u64); 4] = [("daily", 1), ("weekly", 7), ("monthly", 30), ("yearly", 365)];

/// How long the restore points of Kasten itself are kept; its exports may be kept longer than its snapshots.
fn retention(object: &Node<'_>) -> Option<Retention> {
    if metadata(object, "name").given()?.value != DISASTER_RECOVERY {
        return None;
    }
    let spec = object.get("spec")?;
    let of_actions = spec.get("actions").map_or(&[][..], Node::items).iter().map(|action| action.get("retention"));
    let kept = [spec.get("retention")].into_iter().chain(of_actions).flatten().flat_map(|retention| {
        KEPT.into_iter().filter_map(|(name, days)| {
            let count = retention.get(name)?;
            let Value::Number(text) = &count.value else { return None };
            Some(Retention { days: text.parse::<u64>().ok()?.checked_mul(days)?, place: count.span })
        })
    });
    kept.max_by_key(|retention| retention.days).filter(|retention| retention.days > 0)
}

/// The fields of a Passkey's `spec`, and what each protects the master key by.
const FIELDS: [(&str, Option<KeySource>); 9] = [
    ("usenow", None),
    ("secret", Some(KeySource::Secret)),
    ("awscmkkeyid", Some(KeySource::Kms)),
    ("vaulttransitkeyname", Some(KeySource::Vault)),
    ("vaulttransitpath", None),
    ("vaultauthrole", None),
    ("vaultk8sserviceaccounttokenpath", None),
    ("azurekeyvaulturl", Some(KeySource::Azure)),
    ("azurekeyvaultkeyname", None),
];

fn passkey(object: &Node<'_>) -> Passkey {
    let spec = object.get("spec");
    let members = spec.and_then(Node::as_map).unwrap_or_default();
    let mut passkey = Passkey {
        name: metadata(object, "name"),
        namespace: object.get("metadata").and_then(|metadata| member_span(metadata, "namespace")),
        key: Field::Absent,
        sources: Vec::new(),
        is_whole: spec.is_none_or(|spec| spec.value != Value::Unknown),
        misspelt: Vec::new(),
        use_now: None,
        in_use: boolean(object.get("status").and_then(|status| status.get("inuse"))),
        created: metadata(object, "creationTimestamp").given().cloned(),
        secret: Field::of(spec.and_then(|spec| spec.get("secret")).and_then(|secret| secret.get("name"))),
        place: place(object),
    };
    for member in members {
        field(member, &mut passkey);
    }
    passkey
}

fn field(member: &Member<'_>, passkey: &mut Passkey) {
    let plain = member.key.replace(['_', '-'], "").to_ascii_lowercase();
    let known = FIELDS.iter().find(|(name, _)| *name == plain);
    let Some((name, source)) = known else {
        // Names of fields for Azure stand on no page that is known here.
        if plain.starts_with("azure") {
            passkey.sources.push((KeySource::Azure, member.key_span));
            passkey.sources.dedup_by_key(|(source, _)| *source);
        } else {
            // A field of a later version may name a key in its own way.
            passkey.is_whole = false;
        }
        return;
    };
    // No page that is known here spells the fields for Azure.
    if member.key != *name && *source != Some(KeySource::Azure) {
        passkey.misspelt.push((Spanned::new(member.key.to_string(), member.key_span), name));
    }
    match *name {
        "usenow" => passkey.use_now = boolean(Some(&member.value)),
        "awscmkkeyid" => passkey.key = Field::of(Some(&member.value)),
        _ => {}
    }
    passkey.is_whole &= member.value.value != Value::Unknown;
    // A field that stands twice is told as such.
    let is_new = |source: &KeySource| passkey.sources.iter().all(|(known, _)| known != source);
    if let Some(source) = source.filter(|source| member.value.value != Value::Null && is_new(source)) {
        passkey.sources.push((source, member.key_span));
    }
}

fn member_span(node: &Node<'_>, name: &str) -> Option<Span> {
    node.as_map()?.iter().find(|member| member.key == name).map(Member::span)
}

/// What a Secret says of Kasten. All its values stay hidden, whatever it is for.
fn secret(object: &Node<'_>, source: &Source, facts: &mut Facts, hidden: &mut Vec<Span>) {
    let annotations = object.get("metadata").and_then(|metadata| metadata.get("annotations"));
    hidden.extend(annotations.and_then(|annotations| annotations.get(LAST_APPLIED)).map(|kept| kept.span));
    let mut found = Secret::new(metadata(object, "name"), metadata(object, "namespace"), place(object));
    for (part, is_encoded) in [("data", true), ("stringData", false)] {
        found.read(object.get(part), is_encoded, source, hidden);
    }
    if is_kastens(&found) {
        facts.secrets.push(found);
    }
}

impl Secret {
    fn new(name: Field, namespace: Field, place: Span) -> Self {
        let (key, role) = (Field::Absent, Field::Absent);
        Self { name, namespace, entries: Vec::new(), is_whole: true, key, role, place }
    }

    /// Whether its entry `role` is the ARN of a role, as `secrets.awsClientSecretName` takes it.
    fn names_a_role(&self) -> bool {
        let role = self.role.given().and_then(|role| role.value.parse().ok());
        matches!(role, Some(crate::policy::Principal::Role(_)))
    }

    /// Reads its entries; every value goes into `hidden`.
    fn read(&mut self, part: Option<&Node<'_>>, is_encoded: bool, source: &Source, hidden: &mut Vec<Span>) {
        let Some(part) = part else { return };
        self.is_whole &= part.value != Value::Unknown;
        for member in part.as_map().unwrap_or_default() {
            hidden.extend(places_of(&member.value, source));
            self.entries.push(Spanned::new(member.key.to_string(), member.key_span));
            let field = if is_encoded { decoded(&member.value) } else { Field::of(Some(&member.value)) };
            match member.key.as_ref() {
                "awscmkkeyid" => self.key = field,
                "role" => self.role = field,
                _ => {}
            }
        }
    }
}

/// Whether Kasten reads a Secret, or could have been meant to: by its name, or by an entry that is Kasten's alone.
fn is_kastens(secret: &Secret) -> bool {
    let by_name = secret.name.given().is_some_and(|name| {
        let name = name.value.as_str();
        [super::kasten::CLUSTER_SECRET, super::kasten::PRIMARY_KEY_SECRET].contains(&name)
    });
    let plain = |entry: &Spanned<String>| entry.value.replace(['_', '-'], "").to_ascii_lowercase();
    let entries: Vec<String> = secret.entries.iter().map(plain).collect();
    let has = |name: &str| entries.iter().any(|entry| entry == name);
    by_name
        || has("awscmkkeyid")
        || (has("awsaccesskeyid") && (has("role") || has("awssecretaccesskey")))
        || secret.names_a_role()
}

/// A text that a Secret's `data` holds.
fn decoded(node: &Node<'_>) -> Field {
    let Some(text) = node.as_str() else { return Field::of(Some(node)) };
    let compact: String = text.split_whitespace().collect();
    match STANDARD.decode(compact).map(String::from_utf8) {
        Ok(Ok(text)) => Field::text(&text, node.span),
        _ => Field::Malformed(node.span),
    }
}

/// Reads the policies that stand in a manifest, as objects or in strings.
fn policies(object: &Node<'_>, source: &Source, document: &mut Document<'_>) {
    let mut found = Vec::new();
    gather(object, &mut found);
    let address = address(object);
    for node in found {
        let read = match &node.value {
            Value::String(_) => embedded(node, source, document),
            _ => Some(PolicyDocument::read(node.clone().into_owned(), None)),
        };
        let Some(mut policy) = read else { continue };
        policy.name = Some(format!("{}{}", address.as_deref().unwrap_or_default(), object.find(node.span).0));
        document.policies.push(policy);
    }
}

/// Reads a policy of JSON in a string.
fn embedded(node: &Node<'_>, source: &Source, document: &mut Document<'_>) -> Option<PolicyDocument<'static>> {
    let inner = embed::inner_of(node, source.slice(node.span))?;
    let (root, faults) = inner.read();
    if !super::looks_like_policy(&root) {
        return None;
    }
    let mut policy = PolicyDocument::read(root, None);
    policy.policy.is_cut = faults.iter().any(|fault| fault.cause.cuts());
    document.embedded_faults.extend(faults);
    policy.writing = inner.writing();
    Some(policy)
}

/// The nodes of a tree that may be policies; the tree's depth is bounded by its reader.
fn gather<'n, 'a>(node: &'n Node<'a>, found: &mut Vec<&'n Node<'a>>) {
    match &node.value {
        Value::Map(_) if node.get("Statement").is_some() && super::looks_like_policy(node) => found.push(node),
        Value::Map(members) => members.iter().for_each(|member| gather(&member.value, found)),
        Value::List(items) => items.iter().for_each(|item| gather(item, found)),
        Value::String(text) if embed::looks_like_json(text) && text.contains("\"Statement\"") => found.push(node),
        _ => {}
    }
}
