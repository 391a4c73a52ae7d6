//! What resources of Kubernetes, of Helm and of a cluster in EKS tell of Kasten.
//!
//! A role or a key that a plan creates has no ARN yet where they name it. The configuration tells which one is meant: the
//! role's ARN follows from its name and its account, and the key goes by its address.
//!
//! Source: the documentation of Terraform's providers `kubernetes` and `helm`, and of `kubectl`.

use super::{
    configuration::{Origin, distinct},
    deferred::settled,
    joined::last,
    keys::{KEYS, key_id},
    policies::{Policies, own_name},
    resource::Resource,
};
use crate::{
    document::{
        helm,
        kasten::{Field, GivenBy, ServiceAccount},
        kubernetes,
    },
    source::Spanned,
    syntax::{Node, Value},
};

/// The resource by which EKS Pod Identity gives a service account its role.
const ASSOCIATION: &str = "aws_eks_pod_identity_association";

/// The Helm values that name a role and a key.
const NAMING: [(&str, Named); 2] =
    [("secrets.awsIamRole", Named::Role), ("encryption.primaryKey.awsCmkKeyId", Named::Key)];

/// What a value names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Role,
    Key,
}

impl<'a> Policies<'_, '_, 'a> {
    /// Reads a resource of Kubernetes or Helm; false where it is none.
    pub(super) fn of_cluster(&mut self, resource: &Resource<'_, 'a>) -> bool {
        let is_account = matches!(
            resource.kind,
            "kubernetes_service_account" | "kubernetes_service_account_v1" | "kubernetes_annotations"
        );
        let is_secret = matches!(resource.kind, "kubernetes_secret" | "kubernetes_secret_v1");
        let is_manifest = matches!(resource.kind, "kubernetes_manifest" | "kubectl_manifest");
        let is_other = matches!(resource.kind, "helm_release" | ASSOCIATION);
        if !is_account && !is_secret && !is_manifest && !is_other {
            return false;
        }
        self.note(resource);
        let mut values = settled(resource.values, resource.unknown);
        self.foretell(resource, &mut values);
        let (facts, hidden) = (&mut self.document.facts, &mut self.document.hidden);
        match resource.kind {
            "helm_release" => {
                helm::release(&values, self.source, facts, hidden);
                // What is marked as sensitive is kept from the screen, wherever it stands.
                let last = facts.values.last_mut();
                if let Some(last) = last.filter(|last| last.plain_secret.is_some_and(|at| self.secrets.touch(at))) {
                    last.plain_secret = None;
                }
            }
            ASSOCIATION => {
                let field = |name: &str| Field::of(values.get(name));
                let (name, namespace, role) = (field("service_account"), field("namespace"), field("role_arn"));
                facts.accounts.push(ServiceAccount { name, namespace, role, by: GivenBy::Association });
            }
            "kubernetes_manifest" => {
                if let Some(object) = values.get("manifest") {
                    kubernetes::manifest(object, self.source, facts, hidden);
                }
            }
            "kubectl_manifest" => {
                let object = values.get("yaml_body").and_then(|text| helm::yaml_within(text, self.source));
                if let Some(object) = object {
                    kubernetes::manifest(&object, self.source, facts, hidden);
                }
            }
            _ if is_secret => kubernetes::terraform_secret(&values, self.source, facts, hidden),
            _ => facts.accounts.extend(kubernetes::terraform_account(&values)),
        }
        true
    }

    /// Enters roles and keys that have no ARN yet, where the configuration tells which are meant.
    fn foretell(&mut self, resource: &Resource<'_, 'a>, values: &mut Node<'a>) {
        let configured = self.configuration.resource(&resource.module, &own_name(resource));
        let Some(expressions) = configured.and_then(|configured| configured.get("expressions")) else { return };
        let places: &[(&[&str], Named)] = match resource.kind {
            "helm_release" => return self.foretell_values(resource, values, expressions),
            "kubernetes_secret" | "kubernetes_secret_v1" => {
                &[(&["data", "awscmkkeyid"], Named::Key), (&["data", "role"], Named::Role)]
            }
            "kubernetes_manifest" => &[
                (&["manifest", "spec", "awscmkkeyid"], Named::Key),
                (&["manifest", "metadata", "annotations", kubernetes::ROLE_ANNOTATION], Named::Role),
            ],
            ASSOCIATION => &[(&["role_arn"], Named::Role)],
            "kubernetes_annotations" => &[(&["annotations", kubernetes::ROLE_ANNOTATION], Named::Role)],
            _ => &[(&["metadata", "0", "annotations", kubernetes::ROLE_ANNOTATION], Named::Role)],
        };
        for (path, named) in places {
            let expression = path.first().and_then(|attribute| expressions.get(attribute));
            let expression = match (expression, path) {
                (Some(blocks), ["metadata", ..]) => blocks.items().first().and_then(|block| block.get("annotations")),
                (found, _) => found,
            };
            self.enter(resource, values, path, expression, *named);
        }
    }

    /// The same in `set` and its kin: blocks with version 2 of the provider, each told by itself, and attributes with
    /// version 3, which tell the references of all of them.
    fn foretell_values(&mut self, resource: &Resource<'_, 'a>, values: &mut Node<'a>, expressions: &Node<'_>) {
        for block in ["set", "set_sensitive"] {
            let paths: Vec<Option<String>> = values
                .get(block)
                .map_or(&[][..], Node::items)
                .iter()
                .map(|entry| entry.get("name").and_then(Node::as_str).map(str::to_owned))
                .collect();
            for (index, path) in paths.iter().enumerate() {
                let Some((name, named)) = NAMING.iter().find(|(known, _)| path.as_deref() == Some(*known)) else {
                    continue;
                };
                let configured = expressions.get(block);
                let is_it = |entry: &&Node<'_>| {
                    entry.get("name").and_then(|told| told.get("constant_value")?.as_str()) == Some(*name)
                };
                let own = configured.and_then(|blocks| blocks.as_list()?.iter().find(is_it)?.get("value"));
                let all = configured.filter(|found| found.as_list().is_none());
                self.enter(resource, values, &[block, &index.to_string(), "value"], own.or(all), *named);
            }
        }
    }

    /// Enters what one value names, where it is not known and its expression leads to one role or one key.
    fn enter(
        &mut self,
        resource: &Resource<'_, 'a>,
        values: &mut Node<'a>,
        path: &[&str],
        expression: Option<&Node<'_>>,
        named: Named,
    ) {
        let Some(place) = at(values, path).filter(|value| value.value == Value::Unknown) else { return };
        let references = expression.map(distinct).unwrap_or_default();
        let found = references.into_iter().filter_map(|reference| self.meant(resource, reference, named));
        let mut found: Vec<String> = found.collect();
        found.dedup();
        let [only] = found.as_slice() else { return };
        match named {
            Named::Role => place.value = Value::String(only.clone().into()),
            Named::Key => self.document.facts.coming_keys.push(Spanned::new(only.clone(), place.span)),
        }
    }

    fn meant(&self, resource: &Resource<'_, 'a>, reference: String, named: Named) -> Option<String> {
        let Origin::Attribute(target) = self.configuration.origin_of(&resource.module, reference) else { return None };
        let found = self.resources.get(self.target(&target, resource)?)?;
        match (named, target.attribute.as_str()) {
            (Named::Role, "arn") if found.kind == "aws_iam_role" => self.accounts.arn(found, self.configuration),
            (Named::Key, "arn" | "key_id" | "id") if KEYS.contains(&found.kind) => Some(key_id(found)),
            (Named::Key, "target_key_arn" | "target_key_id") if found.kind == "aws_kms_alias" => {
                self.refers(found, "target_key_id").map(|key| last(&key.value).to_owned())
            }
            _ => None,
        }
    }
}

/// The value at a path of member names and list indices.
fn at<'n, 'a>(node: &'n mut Node<'a>, path: &[&str]) -> Option<&'n mut Node<'a>> {
    let Some((step, rest)) = path.split_first() else { return Some(node) };
    let next = match &mut node.value {
        Value::Map(members) => members.iter_mut().find(|member| member.key == *step).map(|member| &mut member.value),
        Value::List(items) => step.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
        _ => None,
    };
    at(next?, rest)
}
