//! The files of a set-up that is right: policies, Helm values, a Passkey, and scenarios that say what they let through.

mod cluster;
mod policies;
mod scenario;
mod steps;
mod terraform;

pub use super::given::{AliasName, Bucket, HolderArn, KeyArn, ObjectName, Provider};
pub(super) use cluster::named_passkey;
pub use steps::{Step, unknown};

/// How Kasten comes to the identity that uses the key.
///
/// Source: Kasten's pages on AWS IAM roles and on its Helm values; EKS User Guide, "EKS Pod Identity role".
#[derive(Clone, Debug)]
pub enum Identity {
    /// By the access keys of a user.
    User(HolderArn),
    /// A role that is assumed with a user's access keys.
    RoleByKeys {
        /// The role.
        role: HolderArn,
        /// Whose access keys they are.
        user: HolderArn,
    },
    /// A role that the cluster's identity provider opens for a service account.
    RoleByProvider {
        /// The role.
        role: HolderArn,
        /// The cluster's provider.
        provider: Provider,
    },
    /// A role that EKS Pod Identity opens for a service account.
    RoleByPodIdentity(HolderArn),
}

impl Identity {
    /// Who calls KMS.
    #[must_use]
    pub const fn caller(&self) -> &HolderArn {
        match self {
            Self::User(caller) | Self::RoleByPodIdentity(caller) => caller,
            Self::RoleByKeys { role, .. } | Self::RoleByProvider { role, .. } => role,
        }
    }

    /// The role, where there is one.
    #[must_use]
    pub const fn role(&self) -> Option<&HolderArn> {
        match self {
            Self::User(_) => None,
            _ => Some(self.caller()),
        }
    }
}

/// A set-up as it is to be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How Kasten comes to its identity.
    pub identity: Identity,
    /// The key that wraps Kasten's master key.
    pub key: KeyArn,
    /// The alias by which the policies know the key.
    pub alias: AliasName,
    /// The namespace of Kasten.
    pub namespace: ObjectName,
    /// Kasten's service account.
    pub service_account: ObjectName,
    /// Whether Kasten makes snapshots of EBS volumes.
    pub ebs: bool,
    /// The bucket to which Kasten exports; of no name for all buckets of the account.
    pub export: Option<Bucket>,
    /// Whether Kasten is still to be installed: a Secret then stands in for the Passkey.
    pub bootstrap: bool,
    /// Whether Terraform is to bring the policies in.
    pub terraform: bool,
}

/// One file of a set-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub text: String,
    /// What it is for.
    pub purpose: &'static str,
}

/// Two parts of a plan that cannot go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// AWS lets nobody reach from one partition into another.
    #[error("{what} is in the partition {found}, and the key in {key}: neither reaches the other")]
    Partition {
        /// Which part.
        what: &'static str,
        /// Its partition.
        found: String,
        /// The key's.
        key: String,
    },
    /// A role opens only for an identity provider of its own account.
    #[error(
        "the identity provider is of account {provider}, and the role of {role}: a role needs one of its own account"
    )]
    Provider {
        /// The provider's account.
        provider: String,
        /// The role's.
        role: String,
    },
}

impl Plan {
    /// Whether the key belongs to another account than its user.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.identity.caller().account != self.key.account
    }

    /// Whether the files say who uses the key: the Helm values do where they name a role.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        matches!(self.identity, Identity::RoleByProvider { .. })
    }

    /// Whether the parts can go together at all.
    ///
    /// # Errors
    /// The first [`Mismatch`].
    pub fn agrees(&self) -> Result<(), Mismatch> {
        let user = match &self.identity {
            Identity::User(user) | Identity::RoleByKeys { user, .. } => Some(user),
            _ => None,
        };
        for (what, part) in [("the role", self.identity.role()), ("the user", user)] {
            if let Some(part) = part.filter(|part| part.partition != self.key.partition) {
                let (found, key) = (part.partition.clone(), self.key.partition.clone());
                return Err(Mismatch::Partition { what, found, key });
            }
        }
        match &self.identity {
            Identity::RoleByProvider { role, provider: Provider { account: Some(account), .. } }
                if *account != role.account =>
            {
                Err(Mismatch::Provider { provider: account.to_string(), role: role.account.to_string() })
            }
            _ => Ok(()),
        }
    }

    /// The files, in the order in which a person reads them.
    #[must_use]
    pub fn files(&self) -> Vec<File> {
        let file = |name, text, purpose| File { name, text, purpose };
        let mut files = vec![
            file(KEY_POLICY, policies::key(self), "the key policy"),
            file(IDENTITY_POLICY, policies::identity(self), "the policy of the role or the user"),
        ];
        if let Some(text) = policies::trust(self) {
            files.push(file(TRUST_POLICY, text, "the role's trust policy"));
        }
        if let Some(text) = policies::assume(self) {
            files.push(file(ASSUME_POLICY, text, "the policy of the user whose access keys Kasten has"));
        }
        if let Some(text) = policies::export(self) {
            files.push(file(EXPORT_POLICY, text, "what the Location profile needs"));
        }
        files.push(file(VALUES, cluster::values(self), "a part of the Helm values"));
        if self.bootstrap {
            files.push(file(SECRET, cluster::secret(self), "the Secret for a new installation"));
        } else {
            files.push(file(PASSKEY, cluster::passkey(self), "the Passkey"));
        }
        files.push(file(SCENARIOS, scenario::text(self), "who gets in, and who does not"));
        if self.terraform {
            files.push(file(TERRAFORM, terraform::text(self), "Terraform for the policies and the alias"));
        }
        files
    }
}

const KEY_POLICY: &str = "key-policy.json";
const IDENTITY_POLICY: &str = "kasten-policy.json";
const TRUST_POLICY: &str = "trust-policy.json";
const ASSUME_POLICY: &str = "user-policy.json";
const EXPORT_POLICY: &str = "export-policy.json";
const VALUES: &str = "values.yaml";
const PASSKEY: &str = "passkey.yaml";
const SECRET: &str = "cluster-secret.yaml";
const SCENARIOS: &str = "kasten.kpl-test.yaml";
const TERRAFORM: &str = "kasten.tf";

/// The Secret with a user's access keys, which no file of ours holds.
const CREDENTIALS: &str = "kasten-aws";
/// The Passkey's name.
const PASSKEY_NAME: &str = "kasten-kms-1";
