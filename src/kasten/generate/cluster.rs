//! What goes into the cluster: a part of the Helm values, and the Passkey or the first Secret. None holds a secret.

use super::{CREDENTIALS, Identity, PASSKEY_NAME, Plan};
use crate::document::kasten::{CLUSTER_SECRET, SERVICE_ACCOUNT};

/// The values by which Kasten comes to its identity. Source: the README of Kasten's chart.
pub(super) fn values(plan: &Plan) -> String {
    let account = plan.service_account.as_str();
    let named = format!("serviceAccount:\n  create: true\n  name: {account}\n");
    match &plan.identity {
        Identity::User(_) => with_credentials(plan, "both halves of an access key of the user", ""),
        Identity::RoleByKeys { role, .. } => {
            let entry = format!(" \\\n#     --from-literal=role={}", role.as_str());
            with_credentials(plan, "both halves of an access key, and the role", &entry)
        }
        Identity::RoleByProvider { role, .. } => {
            let account = if account == SERVICE_ACCOUNT { String::new() } else { named };
            format!(
                "# The chart gives its service account this role.\nsecrets:\n  awsIamRole: {}\n{account}",
                role.as_str()
            )
        }
        Identity::RoleByPodIdentity(_) => format!(
            "# EKS Pod Identity gives this service account its role; no value of the chart names the role, and none gives \
             access keys.\n{named}"
        ),
    }
}

/// The chart reads the access keys from a Secret that no file of ours holds.
fn with_credentials(plan: &Plan, what: &str, entry: &str) -> String {
    let namespace = plan.namespace.as_str();
    format!(
        "# A Secret of the cluster holds {what}; make it before the release, and keep it out of files:\n\
         #\n\
         #   kubectl create secret generic {CREDENTIALS} --namespace {namespace} \\\n\
         #     --from-literal=aws_access_key_id=\"$AWS_ACCESS_KEY_ID\" \\\n\
         #     --from-literal=aws_secret_access_key=\"$AWS_SECRET_ACCESS_KEY\"{entry}\n\
         secrets:\n  awsClientSecretName: {CREDENTIALS}\n"
    )
}

/// The Passkey: a resource without a namespace, which is made and never changed.
///
/// Source: Kasten's page on configuring Passkeys.
pub(super) fn passkey(plan: &Plan) -> String {
    named_passkey(PASSKEY_NAME, plan.key.as_str())
}

/// A Passkey that is to be used at once.
pub(in crate::kasten) fn named_passkey(name: &str, key: &str) -> String {
    format!(
        "apiVersion: vault.kio.kasten.io/v1alpha1\nkind: Passkey\nmetadata:\n  name: {name}\nspec:\n  usenow: true\n  \
         awscmkkeyid: {key}\n"
    )
}

/// The Secret from which a new installation takes its first key. Source: Kasten's page on configuring encryption.
pub(super) fn secret(plan: &Plan) -> String {
    format!(
        "# For a new installation: Kasten reads it once, when it starts for the first time.\n\
         apiVersion: v1\nkind: Secret\nmetadata:\n  name: {CLUSTER_SECRET}\n  namespace: {}\ntype: Opaque\nstringData:\n  \
         awscmkkeyid: {}\n",
        plan.namespace.as_str(),
        plan.key
    )
}
