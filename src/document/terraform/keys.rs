//! Keys and aliases as resources of Terraform's.
//!
//! Source: Terraform AWS provider, `aws_kms_key`, `aws_kms_alias` and their kin.

use super::{
    besides::AliasPrefix,
    joined::{boolean, last, opening, spanned},
    policies::{Policies, own_name},
    resource::Resource,
};
use crate::{
    key::{Alias, Key, Rotation},
    source::{Span, Spanned},
    syntax::Value,
};

/// The resource types that are keys.
pub(super) const KEYS: [&str; 4] =
    ["aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"];

impl<'a> Policies<'_, '_, 'a> {
    /// Notes where a key, or a resource of its policy, asks KMS not to look after who can change the policy.
    pub(super) fn unguarded(&mut self, resource: &Resource<'_, 'a>) {
        if !KEYS.contains(&resource.kind) && resource.kind != "aws_kms_key_policy" {
            return;
        }
        let flag = boolean(resource, "bypass_policy_lockout_safety_check").filter(|flag| flag.value);
        self.document.unguarded.extend(flag.map(|flag| flag.span));
    }

    pub(super) fn key(&mut self, resource: &Resource<'_, 'a>) {
        let text = |name: &str| spanned(resource, name);
        let external = resource.kind.contains("external");
        let store = || text("custom_key_store_id").map(|store| Spanned::new("AWS_CLOUDHSM".to_owned(), store.span));
        let proxy = || text("xks_key_id").map(|key| Spanned::new("EXTERNAL_KEY_STORE".to_owned(), key.span));
        let origin = if external { "EXTERNAL" } else { "AWS_KMS" };
        let origin = proxy().or_else(store).unwrap_or_else(|| Spanned::new(origin.to_owned(), resource.values.span));
        let symmetric = || Spanned::new("SYMMETRIC_DEFAULT".to_owned(), resource.values.span);
        let spec = text("customer_master_key_spec").or_else(|| text("key_spec"));
        let disabled = ["is_enabled", "enabled"].into_iter().find_map(|name| boolean(resource, name));
        let state = disabled.filter(|enabled| !enabled.value);
        let expires = text("valid_to").map(|date| Spanned::new("KEY_MATERIAL_EXPIRES".to_owned(), date.span));
        let replica = resource.kind.contains("replica");
        let id = key_id(resource);
        if let Some(enabled) = boolean(resource, "enable_key_rotation") {
            let period = number(resource, "rotation_period_in_days").filter(|_| enabled.value);
            let (key, span) = (Some(Spanned::new(id, resource.values.span)), enabled.span);
            self.document.rotations.push(Rotation { key, enabled, period, span });
        }
        self.note(resource);
        let primary =
            self.refers(resource, "primary_key_arn").map(|key| Spanned::new(last(&key.value).to_owned(), key.span));
        let multi_region = boolean(resource, "multi_region").filter(|flag| flag.value);
        let multi_region = multi_region.map(|flag| Spanned::new("PRIMARY".to_owned(), flag.span));
        self.document.keys.push(Key {
            arn: text("arn"),
            account: self.accounts.of(resource, self.configuration).cloned(),
            spec: spec.or_else(|| external.then(symmetric)),
            usage: text("key_usage"),
            state: state.map(|state| Spanned::new("Disabled".to_owned(), state.span)),
            origin: Some(origin),
            expiration: expires,
            multi_region: if replica {
                Some(Spanned::new("REPLICA".to_owned(), resource.values.span))
            } else {
                multi_region
            },
            primary,
            description: self.description(resource),
            tags: tags(resource),
            deletion_window: number(resource, "deletion_window_in_days"),
            material: material(resource),
            address: Some(resource.address.to_string()),
            ..Key::at(resource.values.span)
        });
    }

    /// What a key is for, in words: empty where nobody sets it, `None` where it is not known.
    fn description(&self, resource: &Resource<'_, 'a>) -> Option<Spanned<String>> {
        let set = resource.values.get("description").filter(|value| value.value != Value::Null);
        if let Some(value) = set {
            return Some(Spanned::new(value.as_str()?.to_owned(), value.span));
        }
        // AWS sets none by itself; the provider still calls it unknown where the configuration has none.
        let is_open = resource.unknown_at("description").is_some();
        let configured = self.configuration.resource(&resource.module, &own_name(resource));
        let is_left_out = configured.is_some_and(|found| {
            found.get("expressions").is_none_or(|expressions| expressions.get("description").is_none())
        });
        let place = resource.values.get("description").map_or(opening(resource.values.span), |value| value.span);
        (!is_open || is_left_out).then(|| Spanned::new(String::new(), place))
    }

    pub(super) fn alias(&mut self, resource: &Resource<'_, 'a>) {
        let target = self.refers(resource, "target_key_id");
        let target = target.map(|target| Spanned::new(last(&target.value).to_owned(), target.span));
        let arn = spanned(resource, "arn");
        if let Some(prefix) = spanned(resource, "name_prefix") {
            self.document.besides.prefixes.push(AliasPrefix { address: resource.address.to_string(), prefix });
        }
        self.document.aliases.extend(spanned(resource, "name").map(|name| Alias { name, arn, target }));
    }

    /// The key that a policy of a resource belongs to, by id or address.
    pub(super) fn key_of(&self, resource: &Resource<'_, 'a>) -> Option<String> {
        match resource.kind {
            kind if KEYS.contains(&kind) => Some(key_id(resource)),
            "aws_kms_key_policy" => self.refers(resource, "key_id").map(|id| last(&id.value).to_owned()),
            _ => None,
        }
    }

    /// Whether a key's own `policy` only repeats what another resource sets, or what was there before it.
    pub(super) fn is_governed(&self, resource: &Resource<'_, 'a>) -> bool {
        let configured = self.configuration.resource(&resource.module, &own_name(resource));
        let sets = configured.is_some_and(|found| {
            found.get("expressions").is_some_and(|expressions| expressions.get("policy").is_some())
        });
        KEYS.contains(&resource.kind) && !sets && self.links.governed.contains_key(&key_id(resource))
    }
}

/// What a key is known by: its id, or its address until it has one.
pub(super) fn key_id(resource: &Resource<'_, '_>) -> String {
    let told = resource.text("key_id").or_else(|| resource.text("arn").map(last));
    told.map_or_else(|| resource.address.to_string(), str::to_owned)
}

/// The names of all tags, those that the provider sets by default included.
fn tags(resource: &Resource<'_, '_>) -> Option<Spanned<Vec<String>>> {
    let mut sets = ["tags_all", "tags"].into_iter().filter(|name| resource.unknown_at(name).is_none());
    let set = sets.find_map(|name| resource.values.get(name).filter(|set| set.as_map().is_some()))?;
    let names = set.as_map().unwrap_or_default().iter().map(|tag| tag.key.to_string()).collect();
    Some(Spanned::new(names, set.span))
}

/// Where imported material stands, or will once it is known.
fn material(resource: &Resource<'_, '_>) -> Option<Span> {
    let attribute = "key_material_base64";
    let given = spanned(resource, attribute).map(|text| text.span);
    given.or_else(|| resource.unknown_at(attribute).map(|mark| mark.span))
}

fn number(resource: &Resource<'_, '_>, attribute: &str) -> Option<Spanned<String>> {
    let value = resource.values.get(attribute)?;
    match &value.value {
        Value::Number(text) => Some(Spanned::new(text.to_string(), value.span)),
        _ => None,
    }
}
