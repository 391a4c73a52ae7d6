//! What files tell of a Kasten K10 installation, as plain data.
//!
//! Manifests, Helm values and Terraform resources are read into [`Facts`] by `kubernetes` and `helm`; rules read them.
//! The value of a secret is never kept: only where it stands.

use crate::{
    source::{Source, Span, Spanned},
    syntax::{Node, Value},
};

/// What a file says of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field {
    /// Nothing, or an empty text, which Helm takes for nothing.
    #[default]
    Absent,
    /// It is there, and the file does not give its value.
    Unknown(Span),
    /// Its text.
    Given(Spanned<String>),
    /// It is there, and its value is a secret.
    Hidden(Span),
    /// It is there, and no text can stand there: a list or an object.
    Malformed(Span),
}

impl Field {
    /// The field of an object, by its exact name.
    #[must_use]
    pub fn of(node: Option<&Node<'_>>) -> Self {
        let Some(node) = node else { return Self::Absent };
        match &node.value {
            Value::Null => Self::Absent,
            Value::Unknown => Self::Unknown(node.span),
            Value::List(_) | Value::Map(_) => Self::Malformed(node.span),
            Value::Bool(value) => Self::text(&value.to_string(), node.span),
            Value::Number(text) | Value::String(text) => Self::text(text, node.span),
        }
    }

    /// A text at a place; blanks around it are left out, as Kasten's chart does. What another tool fills in is unknown.
    #[must_use]
    pub fn text(text: &str, span: Span) -> Self {
        match text.trim() {
            "" => Self::Absent,
            text if text.contains("${") || text.contains("$(") => Self::Unknown(span),
            text => Self::Given(Spanned::new(text.to_owned(), span)),
        }
    }

    /// The same field, its value forgotten where it is one; what is left to be filled in is no secret.
    #[must_use]
    pub fn hidden(self) -> Self {
        match self {
            Self::Given(text) if !(text.value.starts_with('<') && text.value.ends_with('>')) => Self::Hidden(text.span),
            other => other,
        }
    }

    /// Its text, where the file gives it.
    #[must_use]
    pub fn given(&self) -> Option<&Spanned<String>> {
        match self {
            Self::Given(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is there.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self != Self::Absent
    }

    /// Where its value stands.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Absent => None,
            Self::Unknown(span) | Self::Hidden(span) | Self::Malformed(span) => Some(*span),
            Self::Given(text) => Some(text.span),
        }
    }
}

/// Everything that a file tells of a Kasten installation.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Its Passkeys.
    pub passkeys: Vec<Passkey>,
    /// Its Helm values, one entry for each release or file.
    pub values: Vec<Values>,
    /// Secrets that Kasten reads.
    pub secrets: Vec<Secret>,
    /// Service accounts that may be Kasten's.
    pub accounts: Vec<ServiceAccount>,
    /// Where exports go.
    pub profiles: Vec<Profile>,
    /// What a plan does with its Passkeys and its first Secret.
    pub changes: Vec<Changed>,
    /// How long the restore points for disaster recovery are kept: the longest of each policy.
    pub retentions: Vec<Retention>,
    /// The addresses of keys that Kasten is told to use and that have no id yet, each with the place that waits for it.
    pub coming_keys: Vec<Spanned<String>>,
}

/// How long restore points are kept. Source: Kasten's page on Policies, `spec.retention`.
#[derive(Clone, Debug)]
pub struct Retention {
    /// In days; a month has 30 of them, a year 365.
    pub days: u64,
    /// The number that says so.
    pub place: Span,
}

/// What a plan does with an object that Kasten wants left alone.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The object.
    pub thing: Thing,
    /// Its name before.
    pub name: Field,
    /// The key that a Passkey names before.
    pub key: Field,
    /// The addresses of what a Passkey needs, and which is destroyed after it; `None` where the plan does not tell.
    pub needs: Option<Vec<String>>,
    /// What is done with it.
    pub deed: Deed,
    /// Whether it has the same name afterwards.
    pub keeps_name: bool,
    /// Where the plan says so.
    pub place: Span,
}

/// An object that Kasten wants left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// The Secret [`CLUSTER_SECRET`].
    ClusterSecret,
    /// A Passkey.
    Passkey,
}

/// What a plan does with an object that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It changes it in place.
    Updated,
    /// It deletes it and creates it anew.
    Replaced,
    /// It deletes it.
    Removed,
}

impl Facts {
    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let has_key = !self.passkeys.is_empty() || !self.secrets.is_empty() || !self.changes.is_empty();
        !has_key
            && self.retentions.is_empty()
            && self.values.is_empty()
            && self.accounts.is_empty()
            && self.profiles.is_empty()
    }

    /// Every text that names something of AWS or Kubernetes.
    pub fn texts(&self) -> impl Iterator<Item = &Spanned<String>> {
        let passkeys = self.passkeys.iter().flat_map(|passkey| [&passkey.name, &passkey.key]);
        let values = self.values.iter().flat_map(|values| {
            let credentials = [&values.access_key_id, &values.secret_access_key, &values.client_secret];
            credentials.into_iter().chain([&values.role, &values.key])
        });
        let secrets = self.secrets.iter().flat_map(|secret| [&secret.key, &secret.role]);
        let accounts = self.accounts.iter().map(|account| &account.role);
        passkeys.chain(values).chain(secrets).chain(accounts).filter_map(Field::given)
    }

    /// Notes that the text breaks off: what follows may tell more of each of them.
    pub(super) fn cut(&mut self) {
        self.passkeys.iter_mut().for_each(|passkey| passkey.is_whole = false);
        self.values.iter_mut().for_each(|values| values.is_whole = false);
        self.secrets.iter_mut().for_each(|secret| secret.is_whole = false);
    }

    /// Adds what another part of the file tells.
    pub fn append(&mut self, mut other: Self) {
        self.passkeys.append(&mut other.passkeys);
        self.values.append(&mut other.values);
        self.secrets.append(&mut other.secrets);
        self.accounts.append(&mut other.accounts);
        self.profiles.append(&mut other.profiles);
        self.changes.append(&mut other.changes);
        self.retentions.append(&mut other.retentions);
        self.coming_keys.append(&mut other.coming_keys);
    }
}

/// By what a Passkey protects Kasten's master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeySource {
    /// A Secret with a passphrase, or with one of the others.
    Secret,
    /// A key of AWS KMS.
    Kms,
    /// `HashiCorp` Vault.
    Vault,
    /// Azure Key Vault.
    Azure,
}

/// A Passkey. Source: Kasten's page on configuring Passkeys.
#[derive(Clone, Debug)]
pub struct Passkey {
    /// `metadata.name`.
    pub name: Field,
    /// `metadata.namespace` with its name; Passkeys have none.
    pub namespace: Option<Span>,
    /// `spec.awscmkkeyid`.
    pub key: Field,
    /// What protects the master key, each with the place of its field's name.
    pub sources: Vec<(KeySource, Span)>,
    /// Whether every field of `spec` is known.
    pub is_whole: bool,
    /// Fields of `spec` that are spelt otherwise than Kasten does: as spelt, and as meant.
    pub misspelt: Vec<(Spanned<String>, &'static str)>,
    /// `spec.usenow`.
    pub use_now: Option<Spanned<bool>>,
    /// `status.inuse`, which the cluster alone tells.
    pub in_use: Option<Spanned<bool>>,
    /// `metadata.creationTimestamp`, likewise.
    pub created: Option<Spanned<String>>,
    /// The Secret that `spec.secret` names.
    pub secret: Field,
    /// Where its kind stands, for what is said of it as a whole.
    pub place: Span,
}

/// How a value reaches Helm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// From a file of values.
    #[default]
    File,
    /// From `set` or `values` of a `helm_release`, which stand in plans and states as they are.
    Terraform,
}

/// Values of Kasten's Helm chart. Source: the README of Kasten's chart.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// Where they come from.
    pub origin: Origin,
    /// The namespace of the release.
    pub namespace: Field,
    /// The chart's version.
    pub version: Field,
    /// `secrets.awsAccessKeyId`.
    pub access_key_id: Field,
    /// `secrets.awsSecretAccessKey`.
    pub secret_access_key: Field,
    /// Where the secret key stands in plain sight.
    pub plain_secret: Option<Span>,
    /// `secrets.awsIamRole`.
    pub role: Field,
    /// `secrets.awsClientSecretName`.
    pub client_secret: Field,
    /// `encryption.primaryKey.awsCmkKeyId`.
    pub key: Field,
    /// `serviceAccount.name`.
    pub service_account: Field,
    /// Values at a path where the chart does not look: as written, its place, and where it belongs.
    pub misplaced: Vec<(Spanned<String>, &'static str)>,
    /// Whether all of them are known.
    pub is_whole: bool,
}

/// A Secret that Kasten reads, or that was meant for it.
#[derive(Clone, Debug)]
pub struct Secret {
    /// `metadata.name`.
    pub name: Field,
    /// `metadata.namespace`.
    pub namespace: Field,
    /// The names of its entries, each with its place.
    pub entries: Vec<Spanned<String>>,
    /// Whether every entry is known.
    pub is_whole: bool,
    /// `awscmkkeyid`, decoded.
    pub key: Field,
    /// `role`, decoded.
    pub role: Field,
    /// Where its kind stands.
    pub place: Span,
}

impl Secret {
    /// Whether it holds an access key of AWS.
    #[must_use]
    pub fn has_access_key(&self) -> bool {
        let plain = |entry: &Spanned<String>| entry.value.replace(['_', '-'], "").to_ascii_lowercase();
        self.entries.iter().any(|entry| plain(entry) == "awsaccesskeyid")
    }
}

/// The name of the Secret from which Kasten takes its first key. Source: Kasten's page on configuring encryption.
pub const CLUSTER_SECRET: &str = "k10-cluster-passphrase";

/// The name of the Secret that the chart makes of `encryption.primaryKey`. Source: Kasten's chart.
pub const PRIMARY_KEY_SECRET: &str = "k10-encryption-primary-key";

/// The service account of a release `k10`. Source: Kasten's page on IAM roles.
pub const SERVICE_ACCOUNT: &str = "k10-k10";

/// The namespace that Kasten's pages install into.
pub const NAMESPACE: &str = "kasten-io";

/// A service account with the role that EKS gives it.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// `metadata.name`.
    pub name: Field,
    /// `metadata.namespace`.
    pub namespace: Field,
    /// Its role.
    pub role: Field,
    /// What gives it the role.
    pub by: GivenBy,
}

/// What gives a service account its role.
///
/// Source: Amazon EKS User Guide, "Grant Kubernetes workloads access to AWS".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenBy {
    /// Its annotation `eks.amazonaws.com/role-arn`: it assumes the role with a token of the cluster.
    Annotation,
    /// An association of EKS Pod Identity.
    Association,
}

impl GivenBy {
    /// What says so, by its name.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Annotation => "eks.amazonaws.com/role-arn",
            Self::Association => "pod-identity-association",
        }
    }
}

/// A location profile for a bucket of S3. Source: Kasten's page on Profiles.
#[derive(Clone, Debug)]
pub struct Profile {
    /// `spec.locationSpec.objectStore.region`.
    pub region: Field,
}

impl ServiceAccount {
    /// Whether it is Kasten's own by its name or its namespace.
    #[must_use]
    pub fn is_kastens(&self) -> bool {
        let is = |field: &Field, text: &str| field.given().is_some_and(|given| given.value == text);
        is(&self.name, SERVICE_ACCOUNT) || is(&self.namespace, NAMESPACE)
    }
}

/// Who calls AWS for Kasten. Source: Kasten's page on IAM roles, and its chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The user whose access keys are given; no file names it.
    User,
    /// The role, which the user of the access keys assumes.
    RoleByKeys,
    /// The role, by the cluster's identity provider.
    RoleByServiceAccount,
    /// A node's role, or one that EKS gives; no value names it.
    Unknown,
}

impl Values {
    /// Who calls AWS.
    #[must_use]
    pub fn caller(&self) -> Caller {
        let has_keys = self.access_key_id.is_set() || self.secret_access_key.is_set();
        match (has_keys, self.role.is_set()) {
            (true, false) => Caller::User,
            (true, true) => Caller::RoleByKeys,
            (false, true) => Caller::RoleByServiceAccount,
            (false, false) => Caller::Unknown,
        }
    }
}

/// The places where a secret's text stands: its own, and the anchor's where it is an alias.
pub(super) fn places_of(node: &Node<'_>, source: &Source) -> Vec<Span> {
    let mut places = vec![node.span];
    let Some(text) = node.as_str().filter(|text| text.len() >= 4) else { return places };
    if source.slice(node.span).starts_with('*') {
        let found = memchr::memmem::find_iter(source.text().as_bytes(), text.as_bytes());
        places.extend(found.map(|at| source.place(at, at + text.len())));
    }
    places
}
