//! Keys whose policy two resources set, and keys whose policy none does.
//!
//! Source: Terraform AWS provider, `aws_kms_key`, `aws_kms_replica_key` and `aws_kms_key_policy`; Terraform documentation,
//! "JSON Output Format", expression representation.

use super::{
    besides::{SetTwice, Unset},
    configuration::Origin,
    joined::opening,
    keys::{KEYS, key_id},
    policies::{Policies, own_name},
    resource::Resource,
};
use crate::{
    source::{Span, Spanned, hash},
    syntax::{Node, Value},
};

/// The `Id` of the policy that KMS gives to a key for which none is set.
///
/// Source: KMS Developer Guide, "Default key policy".
const DEFAULT_ID: &str = "\"key-default-1\"";

impl<'a> Policies<'_, '_, 'a> {
    /// Compares what keys set with what other resources set for them. Only a configuration tells who sets what: in a state
    /// every key has a policy.
    pub(super) fn key_policies(&mut self) {
        let resources = self.resources;
        let keys = resources.iter().filter(|key| KEYS.contains(&key.kind) && key.is_there() && !key.is_deposed);
        for key in keys.filter(|key| !key.is_data) {
            let Some(configured) = self.configuration.resource(&key.module, &own_name(key)) else { continue };
            let expression = configured.get("expressions").and_then(|expressions| expressions.get("policy"));
            let expression = expression.filter(|expression| !is_null(expression));
            let other = self.links.governed.get(&key_id(key)).and_then(|index| resources.get(*index));
            match (expression, other) {
                (Some(expression), Some(other)) if self.sets(key, expression) && !says_the_same(key, other) => {
                    let other = Spanned::new(other.address.to_string(), policy_place(other));
                    let (key, place) = (key.address.to_string(), policy_place(key));
                    self.document.besides.set_twice.push(SetTwice { key, place, other });
                }
                (None, None) if !self.links.is_open && is_default(key) => {
                    let is_replica = key.kind.contains("replica");
                    let (key, place) = (key.address.to_string(), policy_place(key));
                    self.document.besides.unset.push(Unset { key, place, is_replica });
                }
                _ => {}
            }
        }
    }

    /// Whether an expression gives a policy for certain: a variable may give none.
    fn sets(&self, key: &Resource<'_, 'a>, expression: &Node<'_>) -> bool {
        let is_document = |found: Origin| match found {
            Origin::Attribute(target) => target.resource.starts_with("data.aws_iam_policy_document."),
            Origin::Several(_) => false,
        };
        let is_new = key.unknown_at("key_id").is_some() && key.text("policy").is_some();
        is_new
            || expression.get("constant_value").is_some()
            || is_document(self.configuration.origin(&key.module, expression))
    }
}

fn is_null(expression: &Node<'_>) -> bool {
    expression.get("constant_value").is_some_and(|value| value.value == Value::Null)
}

/// Whether two resources set one policy.
fn says_the_same(one: &Resource<'_, '_>, other: &Resource<'_, '_>) -> bool {
    let print = |resource: &Resource<'_, '_>| {
        resource.text("policy").map(|text| hash(text.bytes().filter(|byte| !byte.is_ascii_whitespace())))
    };
    print(one).is_some_and(|text| print(other) == Some(text))
}

/// Whether a key that sets no policy gets the default one, or has it: it may have been given another past Terraform.
fn is_default(key: &Resource<'_, '_>) -> bool {
    match key.text("policy") {
        Some(text) => text.contains(DEFAULT_ID),
        None => key.unknown_at("policy").is_some(),
    }
}

/// Where a resource tells its policy.
fn policy_place(resource: &Resource<'_, '_>) -> Span {
    let told = resource.values.get("policy").filter(|value| value.value != Value::Null);
    told.or_else(|| resource.unknown_at("policy")).map_or_else(|| opening(resource.values.span), |node| node.span)
}
