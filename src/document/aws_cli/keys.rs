//! Keys, their rotation, aliases and grants, as KMS answers.

use super::{spanned, text, told};
use crate::{
    key::{Alias, Grant, Key, KeyGrant, Rotation},
    source::{Span, Spanned},
    syntax::{Node, Value},
};

pub(super) fn key(metadata: &Node<'_>) -> Key {
    let regions = metadata.get("MultiRegionConfiguration");
    Key {
        arn: spanned(metadata, "Arn"),
        account: spanned(metadata, "AWSAccountId"),
        spec: spanned(metadata, "KeySpec").or_else(|| spanned(metadata, "CustomerMasterKeySpec")),
        usage: spanned(metadata, "KeyUsage"),
        state: spanned(metadata, "KeyState"),
        manager: spanned(metadata, "KeyManager"),
        origin: spanned(metadata, "Origin"),
        expiration: spanned(metadata, "ExpirationModel"),
        multi_region: regions.and_then(|of| spanned(of, "MultiRegionKeyType")),
        primary: regions.and_then(|of| spanned(of.get("PrimaryKey")?, "Arn")).as_ref().map(id_of),
        replicas: regions.and_then(|of| of.get("ReplicaKeys")).and_then(count),
        description: spanned(metadata, "Description"),
        deletion_window: number(metadata, "PendingDeletionWindowInDays"),
        created: told::created(metadata),
        ..Key::at(metadata.span)
    }
}

/// The key that the answer to `schedule-key-deletion` tells of.
pub(super) fn scheduled(root: &Node<'_>) -> Key {
    Key {
        arn: spanned(root, "KeyId"),
        state: spanned(root, "KeyState"),
        deletion_window: number(root, "PendingWindowInDays"),
        ..Key::at(root.span)
    }
}

/// The key that a request to `create-key` or `replicate-key` asks for.
pub(super) fn requested(root: &Node<'_>) -> Key {
    let tags = root.get("Tags").filter(|tags| tags.as_list().is_some());
    let names = |tags: &Node<'_>| tags.items().iter().filter_map(|tag| text(tag, "TagKey")).collect();
    let nowhere = Span { end: (root.span.start + 1).min(root.span.end), ..root.span };
    Key {
        spec: spanned(root, "KeySpec").or_else(|| spanned(root, "CustomerMasterKeySpec")),
        usage: spanned(root, "KeyUsage"),
        origin: spanned(root, "Origin"),
        description: spanned(root, "Description").or_else(|| Some(Spanned::new(String::new(), nowhere))),
        tags: tags.map(|tags| Spanned::new(names(tags), tags.span)),
        ..Key::at(root.span)
    }
}

/// The id at the end of a key's ARN.
fn id_of(arn: &Spanned<String>) -> Spanned<String> {
    let id = arn.value.rsplit('/').next().unwrap_or_default().to_owned();
    Spanned::new(id, arn.span)
}

fn count(list: &Node<'_>) -> Option<Spanned<usize>> {
    Some(Spanned::new(list.as_list()?.len(), list.span))
}

fn number(node: &Node<'_>, member: &str) -> Option<Spanned<String>> {
    let found = node.get(member)?;
    match &found.value {
        Value::Number(text) => Some(Spanned::new(text.to_string(), found.span)),
        _ => None,
    }
}

pub(super) fn rotation(root: &Node<'_>) -> Option<Rotation> {
    let enabled = root.get("KeyRotationEnabled")?;
    let Value::Bool(is_enabled) = enabled.value else { return None };
    let period = number(root, "RotationPeriodInDays");
    let enabled = Spanned::new(is_enabled, enabled.span);
    Some(Rotation { key: spanned(root, "KeyId"), enabled, period, span: root.span })
}

pub(super) fn alias(entry: &Node<'_>) -> Option<Alias> {
    let [arn, target] = ["AliasArn", "TargetKeyId"].map(|member| spanned(entry, member));
    Some(Alias { name: spanned(entry, "AliasName")?, arn, target })
}

/// A grant; one whose grantee is not told may be for anyone.
///
/// Source: KMS API Reference, "`ListGrants`", `GrantListEntry`.
pub(super) fn grant(entry: &Node<'_>) -> Option<KeyGrant> {
    let listed = entry.get("Operations").and_then(Node::as_list)?;
    let operations = listed.iter().filter_map(|name| Some(Spanned::new(name.as_str()?.to_owned(), name.span)));
    let constraints = entry.get("Constraints");
    let pairs = |name: &str| constraints.and_then(|constraints| constraints.get(name)).map(pairs);
    let grantee = spanned(entry, "GranteePrincipal").or_else(|| spanned(entry, "GranteeServicePrincipal"));
    let is_open = grantee.is_none();
    let grant = Grant {
        grantee: grantee.unwrap_or_else(|| Spanned::new(String::new(), entry.span)),
        operations: operations.collect(),
        equals: pairs("EncryptionContextEquals"),
        subset: pairs("EncryptionContextSubset"),
        span: entry.span,
    };
    let key = text(entry, "KeyId").map(|id| id.rsplit('/').next().unwrap_or_default().to_owned());
    Some(KeyGrant { key, grant, is_open, address: None })
}

/// The pairs of an encryption context.
pub(in crate::document) fn pairs(context: &Node<'_>) -> Vec<(String, String)> {
    let members = context.as_map().unwrap_or_default().iter();
    members.filter_map(|member| Some((member.key.to_string(), member.value.as_str()?.to_owned()))).collect()
}
