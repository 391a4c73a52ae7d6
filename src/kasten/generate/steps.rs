//! How the files are put to use, and what is not known.

use super::{
    ASSUME_POLICY, CREDENTIALS, EXPORT_POLICY, HolderArn, IDENTITY_POLICY, Identity, KEY_POLICY, PASSKEY, Plan, SECRET,
    TRUST_POLICY, VALUES,
};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it does.
    pub what: String,
    /// The commands, in the folder of the files.
    pub commands: Vec<String>,
}

fn step(what: &str, commands: Vec<String>) -> Step {
    Step { what: what.to_owned(), commands }
}

impl Plan {
    /// What is to be done with the files, in this order.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = if self.terraform {
            vec![step("bring in the policies and the alias", vec!["terraform init && terraform plan".to_owned()])]
        } else {
            self.by_hand()
        };
        if let Identity::RoleByPodIdentity(role) = &self.identity {
            let (namespace, account) = (self.namespace.as_str(), self.service_account.as_str());
            let command = format!(
                "aws eks create-pod-identity-association --cluster-name <cluster> --namespace {namespace} \
                 --service-account {account} --role-arn {}",
                role.as_str()
            );
            steps.push(step("associate the role with the service account", vec![command]));
        }
        if matches!(self.identity, Identity::User(_) | Identity::RoleByKeys { .. }) {
            let what = format!("make the Secret {CREDENTIALS} with the access keys, as {VALUES} says");
            steps.push(Step { what, commands: Vec::new() });
        }
        let helm =
            format!("helm upgrade k10 kasten/k10 --namespace {} --reuse-values -f {VALUES}", self.namespace.as_str());
        if self.bootstrap {
            steps.push(step("make the Secret before Kasten starts", vec![format!("kubectl create -f {SECRET}")]));
            steps.push(step(
                "install Kasten with the values",
                vec![helm.replace("upgrade", "install").replace(" --reuse-values", "")],
            ));
        } else {
            steps.push(step("give Kasten the values", vec![helm]));
            steps.push(step(
                "make the Passkey, and look that it alone is in use",
                vec![
                    format!("kubectl create -f {PASSKEY}"),
                    "kubectl get passkeys.vault.kio.kasten.io -o yaml".to_owned(),
                ],
            ));
        }
        steps
    }

    fn by_hand(&self) -> Vec<Step> {
        let region = &self.key.region;
        let key = vec![
            format!(
                "aws kms put-key-policy --region {region} --key-id {} --policy-name default --policy file://{KEY_POLICY}",
                self.key.id()
            ),
            format!(
                "aws kms create-alias --region {region} --alias-name {} --target-key-id {}",
                self.alias.as_str(),
                self.key.id()
            ),
        ];
        let owner = if self.is_foreign() { format!(", as account {}", self.key.account) } else { String::new() };
        let mut steps =
            vec![step(&format!("the key policy, in place of the one that is there, and the alias{owner}"), key)];
        let holder = self.identity.caller();
        let mut own = Vec::new();
        if let Some(role) = self.identity.role() {
            own.push(format!(
                "aws iam create-role --role-name {}{} --assume-role-policy-document file://{TRUST_POLICY}",
                role.name(),
                if role.path() == "/" { String::new() } else { format!(" --path {}", role.path()) }
            ));
        }
        own.push(self.put(holder, "kasten", IDENTITY_POLICY));
        if self.export.is_some() {
            own.push(self.put(holder, "kasten-export", EXPORT_POLICY));
        }
        if let Identity::RoleByKeys { user, .. } = &self.identity {
            own.push(self.put(user, "kasten-role", ASSUME_POLICY));
        }
        let what = if self.identity.role().is_some() { "the role and its policy" } else { "the user's policy" };
        let account = if self.is_foreign() { format!(", as account {}", holder.account) } else { String::new() };
        steps.push(step(&format!("{what}{account}"), own));
        steps
    }

    /// The command that gives a policy to the role or to a user; one with the permissions for EBS is too large for a
    /// user's inline policies. Source: IAM User Guide, "IAM and AWS STS quotas".
    fn put(&self, holder: &HolderArn, policy: &str, file: &str) -> String {
        let kind = if self.identity.role() == Some(holder) { "role" } else { "user" };
        let name = holder.name();
        if kind == "user" && self.ebs {
            return format!(
                "aws iam create-policy --policy-name {policy} --policy-document file://{file} && aws iam attach-user-policy \
                 --user-name {name} --policy-arn arn:{}:iam::{}:policy/{policy}",
                holder.partition, holder.account
            );
        }
        format!("aws iam put-{kind}-policy --{kind}-name {name} --policy-name {policy} --policy-document file://{file}")
    }
}

/// What a person should know of a set-up that its files do not say.
#[must_use]
pub fn unknown(plan: &Plan) -> Vec<String> {
    let mut told = vec![
        "what the key's policy says now is lost: put its statements for administrators and others beside these"
            .to_owned(),
    ];
    match &plan.identity {
        Identity::RoleByPodIdentity(_) => {
            told.push(
                "no page of Kasten's speaks of EKS Pod Identity: whether this version of Kasten takes its credentials from \
                 it is not known; --oidc-provider gives the way that Kasten documents"
                    .to_owned(),
            );
            told.push(
                "the association is kept in EKS alone: put what `aws eks describe-pod-identity-association` prints beside these \
                 files, and kpl knows whose role it is"
                    .to_owned(),
            );
        }
        Identity::User(_) => {
            told.push(format!("the Secret {CREDENTIALS} is in no file, so that none names the user: --workload does"));
        }
        Identity::RoleByKeys { .. } => {
            told.push(format!("the Secret {CREDENTIALS} is in no file, so that none names the role: --workload does"));
        }
        Identity::RoleByProvider { provider, .. } => {
            told.push(format!(
                "IAM has to know the cluster's identity provider {}: `aws iam list-open-id-connect-providers` tells whether it \
                 does",
                provider.host
            ));
        }
    }
    if plan.ebs {
        told.push("leave to use the keys of encrypted EBS volumes, where they have keys of their own".to_owned());
    }
    if plan.export.as_ref().is_some_and(|bucket| bucket.as_str().is_empty()) {
        told.push(
            "the policy for exports covers every bucket of the account: --s3-export BUCKET narrows it".to_owned(),
        );
    }
    told
}
