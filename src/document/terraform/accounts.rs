//! In which account a plan's resources stand, by the provider that makes them.
//!
//! Source: Terraform documentation, "JSON Output Format", configuration representation, `provider_config_key`; Terraform
//! AWS provider, `aws_caller_identity`, `allowed_account_ids`, `assume_role`.

use std::collections::HashMap;

use super::{configuration::Configuration, policies::own_name, resource::Resource};
use crate::{policy::AccountId, source::Spanned, syntax::Node};

/// The account and the partition of each provider of a plan's configuration, as far as the plan tells.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    /// By the provider's key; `None` where the plan says two things of it.
    accounts: HashMap<String, Option<Spanned<String>>>,
    partitions: HashMap<String, String>,
}

impl Accounts {
    pub(super) fn read(root: &Node<'_>, resources: &[Resource<'_, '_>], configuration: &Configuration<'_, '_>) -> Self {
        let mut accounts = Self::default();
        let providers = root.get("configuration").and_then(|configuration| configuration.get("provider_config"));
        for provider in providers.and_then(Node::as_map).unwrap_or_default() {
            if let Some(account) = provider.value.get("expressions").and_then(declared) {
                accounts.add(&provider.key, &account);
            }
        }
        for data in resources.iter().filter(|resource| resource.is_data) {
            let Some(provider) = provider_of(data, configuration) else { continue };
            let text = |name: &str| data.values.get(name).and_then(|value| Some((value.as_str()?, value.span)));
            match data.kind {
                "aws_caller_identity" => {
                    if let Some((account, span)) = text("account_id") {
                        accounts.add(provider, &Spanned::new(account.to_owned(), span));
                    }
                }
                "aws_partition" => {
                    let partition = text("partition").map(|(partition, _)| (provider.to_owned(), partition.to_owned()));
                    accounts.partitions.extend(partition);
                }
                _ => {}
            }
        }
        accounts
    }

    fn add(&mut self, provider: &str, account: &Spanned<String>) {
        if account.value.parse::<AccountId>().is_err() {
            return;
        }
        let known = self.accounts.entry(provider.to_owned()).or_insert_with(|| Some(account.clone()));
        if known.as_ref().is_some_and(|known| known.value != account.value) {
            *known = None;
        }
    }

    /// The account in which a resource stands.
    pub(super) fn of(
        &self,
        resource: &Resource<'_, '_>,
        configuration: &Configuration<'_, '_>,
    ) -> Option<&Spanned<String>> {
        self.accounts.get(provider_of(resource, configuration)?)?.as_ref()
    }

    /// The ARN that a role or a user will have, where its name is known and its account is.
    ///
    /// Source: IAM User Guide, "IAM identifiers", ARNs.
    pub(super) fn arn(&self, resource: &Resource<'_, '_>, configuration: &Configuration<'_, '_>) -> Option<String> {
        if let Some(arn) = resource.text("arn") {
            return Some(arn.to_owned());
        }
        let kind = match resource.kind {
            "aws_iam_role" => "role",
            "aws_iam_user" => "user",
            _ => return None,
        };
        let name = resource.text("name").filter(|name| !name.is_empty())?;
        if resource.unknown_at("path").is_some() {
            return None;
        }
        let path = resource.text("path").unwrap_or("/");
        let account = &self.of(resource, configuration)?.value;
        let partition = self.partitions.get(provider_of(resource, configuration)?).map_or("aws", String::as_str);
        Some(format!("arn:{partition}:iam::{account}:{kind}{path}{name}"))
    }
}

/// The key of the provider that makes a resource.
fn provider_of<'r>(resource: &Resource<'_, '_>, configuration: &Configuration<'r, '_>) -> Option<&'r str> {
    configuration.resource(&resource.module, &own_name(resource))?.get("provider_config_key")?.as_str()
}

/// The one account that a provider may work in, or whose role it takes.
fn declared(expressions: &Node<'_>) -> Option<Spanned<String>> {
    let constant = |node: &Node<'_>, name: &str| -> Option<Spanned<String>> {
        let value = node.get(name)?.get("constant_value")?;
        let [only] = value.items() else { return None };
        Some(Spanned::new(only.as_str()?.to_owned(), only.span))
    };
    if let Some(account) = constant(expressions, "allowed_account_ids") {
        return Some(account);
    }
    let [role] = expressions.get("assume_role")?.items() else { return None };
    let arn = constant(role, "role_arn")?;
    let account = arn.value.split(':').nth(4)?.to_owned();
    Some(Spanned::new(account, arn.span))
}
