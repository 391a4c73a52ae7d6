//! What the AWS CLI answers: policies in strings and objects, percent-encoded or not, and descriptions of keys.
//!
//! Source: AWS CLI Command Reference, the output of each command named here.

use super::{Document, PolicyDocument};
use crate::{
    key::{Alias, Grant, Key, KeyGrant, Rotation},
    policy::PolicyKind,
    source::{Source, Span, Spanned},
    syntax::{Node, Value, embed},
};

/// Takes out what an answer of the AWS CLI holds; false where the tree is none.
pub(super) fn recognise(
    root: &Node<'_>,
    source: &Source,
    declared: Option<PolicyKind>,
    document: &mut Document<'_>,
) -> bool {
    let has = |name: &str| root.get(name).is_some();
    let (kind, because): (_, &'static str) = if has("KeyMetadata") {
        ("describe-key", "it has `KeyMetadata`")
    } else if root.get("Aliases").is_some_and(|aliases| aliases.as_list().is_some()) {
        ("list-aliases", "it has a list of `Aliases`")
    } else if has("KeyId") && has("DeletionDate") {
        ("schedule-key-deletion", "it has a `KeyId` and a `DeletionDate`")
    } else if root.get(BYPASS).is_some_and(|flag| matches!(flag.value, Value::Bool(_))) {
        ("kms-request", "it has `BypassPolicyLockoutSafetyCheck`, as `--cli-input-json` takes it")
    } else if root.get("Grants").is_some_and(|grants| grants.as_list().is_some()) {
        ("list-grants", "it has a list of `Grants`")
    } else if has("KeyRotationEnabled") {
        ("get-key-rotation-status", "it has `KeyRotationEnabled`")
    } else if has("RoleDetailList") || has("UserDetailList") || has("GroupDetailList") {
        ("get-account-authorization-details", "it has lists of users, groups and roles in detail")
    } else if root.get("PolicyVersion").is_some_and(|version| version.get("Document").is_some()) {
        ("get-policy-version", "it has a `PolicyVersion` with a `Document`")
    } else if has("PolicyDocument") {
        ("get-role-policy", "it has a `PolicyDocument`")
    } else if root.get("Role").is_some_and(|role| role.get("AssumeRolePolicyDocument").is_some()) {
        ("get-role", "it has a `Role` with a trust policy")
    } else if root.get("Roles").is_some_and(|roles| roles.as_list().is_some()) {
        ("list-roles", "it has a list of `Roles`")
    } else if root.get("Policy").is_some_and(|policy| policy.as_str().is_some_and(embed::looks_like_json)) {
        ("get-key-policy", "it has a `Policy` in a string")
    } else {
        return false;
    };
    (document.kind, document.because, document.is_copy) = (kind, because, true);
    Answer { root, source, declared, document }.read();
    true
}

/// The parameter by which KMS does not ask whether the caller can still change the policy.
const BYPASS: &str = "BypassPolicyLockoutSafetyCheck";

struct Answer<'r, 'd, 'a> {
    root: &'r Node<'r>,
    source: &'r Source,
    /// What `--kind` says, which overrules what the answer tells.
    declared: Option<PolicyKind>,
    document: &'d mut Document<'a>,
}

/// An identity policy by where it stands.
const IDENTITY: (PolicyKind, &str) = (PolicyKind::Identity, "it is attached to a user, a group or a role");
/// A permissions boundary by where it is named.
const BOUNDARY: (PolicyKind, &str) = (PolicyKind::Boundary, "it is a permissions boundary, and attached to nobody");
/// A trust policy by where it stands.
const TRUST: (PolicyKind, &str) = (PolicyKind::Trust, "it is a role's trust policy");

impl Answer<'_, '_, '_> {
    fn read(&mut self) {
        let root = self.root;
        match self.document.kind {
            "describe-key" => self.document.keys.extend(root.get("KeyMetadata").map(key)),
            "schedule-key-deletion" => self.document.keys.push(scheduled(root)),
            "kms-request" => self.request(),
            "list-aliases" => {
                let entries = root.get("Aliases").map_or(&[][..], Node::items);
                self.document.aliases.extend(entries.iter().filter_map(alias));
                // Without --key-id the answer also has AWS's own aliases, those that point to no key yet included.
                let goes_on = root.get("Truncated").is_some_and(|flag| flag.value == Value::Bool(true));
                let is_cut = goes_on || root.get("NextToken").is_some() || root.get("NextMarker").is_some();
                let is_aws_own = |alias: &Alias| alias.name.value.starts_with("alias/aws/");
                self.document.lists_all_aliases = !is_cut && self.document.aliases.iter().any(is_aws_own);
            }
            "list-grants" => {
                let entries = root.get("Grants").map_or(&[][..], Node::items);
                self.document.grants.extend(entries.iter().filter_map(grant));
            }
            "get-key-rotation-status" => self.document.rotations.extend(rotation(root)),
            "get-account-authorization-details" => self.account(),
            "get-policy-version" => {
                self.policy(
                    root.get("PolicyVersion").and_then(|version| version.get("Document")),
                    None,
                    Some(IDENTITY),
                    &[],
                );
            }
            "get-role-policy" => {
                let holder = ["RoleName", "UserName", "GroupName"].iter().find_map(|name| text(root, name));
                let holders: Vec<String> = holder.into_iter().collect();
                self.policy(root.get("PolicyDocument"), None, Some(IDENTITY), &holders);
            }
            "get-role" => {
                let role = root.get("Role");
                let holders: Vec<String> = role.and_then(|role| text(role, "RoleName")).into_iter().collect();
                self.policy(role.and_then(trust_policy), None, Some(TRUST), &holders);
            }
            "list-roles" => self.trust_policies(root.get("Roles")),
            // AWS RAM writes a second policy for keys that it shares (KMS API Reference, `GetKeyPolicy`).
            "get-key-policy" if root.get("PolicyName").and_then(Node::as_str) == Some("AWS_RAM") => {
                let shared = (PolicyKind::Resource, "AWS RAM manages it");
                self.policy(root.get("Policy"), None, Some(shared), &[]);
            }
            "get-key-policy" => self.policy(root.get("Policy"), None, None, &[]),
            _ => {}
        }
    }

    /// Reads the parameters of `create-key`, `put-key-policy` or `replicate-key`.
    fn request(&mut self) {
        let root = self.root;
        let is_true = |flag: &&Node<'_>| flag.value == Value::Bool(true);
        self.document.unguarded.extend(root.get(BYPASS).filter(is_true).map(|flag| flag.span));
        self.policy(root.get("Policy"), None, Some((PolicyKind::Key, "the request makes it a key's policy")), &[]);
        // A request about a key that is there names it.
        if root.get("KeyId").is_none() {
            self.document.keys.push(requested(root));
        }
    }

    /// Reads a policy that is an object, or a string of JSON, percent-encoded or not.
    fn policy(
        &mut self,
        node: Option<&Node<'_>>,
        name: Option<String>,
        kind: Option<(PolicyKind, &'static str)>,
        holders: &[String],
    ) {
        let Some(node) = node else { return };
        let kind = self.declared.map(|kind| (kind, "--kind")).or(kind);
        let mut policy = match &node.value {
            Value::Map(_) => PolicyDocument::read(node.clone().into_owned(), kind),
            Value::String(_) => {
                let Some(inner) = embed::inner_of(node, self.source.slice(node.span)) else { return };
                let inner = inner.percent_decoded().unwrapped();
                if !embed::looks_like_json(inner.text()) {
                    return;
                }
                let (root, faults) = inner.read();
                let mut policy = PolicyDocument::read(root, kind);
                policy.policy.is_cut = faults.iter().any(|fault| fault.cause.cuts());
                self.document.faults.extend(faults);
                policy.writing = inner.writing();
                policy
            }
            _ => return,
        };
        policy.name = name;
        policy.is_copy = true;
        policy.holders = holders.to_vec();
        self.document.policies.push(policy);
    }

    fn trust_policies(&mut self, roles: Option<&Node<'_>>) {
        for role in roles.map_or(&[][..], Node::items) {
            let holders: Vec<String> = text(role, "RoleName").into_iter().collect();
            let name = holders.first().map(|name| format!("role/{name}/trust"));
            self.policy(trust_policy(role), name, Some(TRUST), &holders);
        }
    }

    /// Reads every document of `get-account-authorization-details`.
    fn account(&mut self) {
        let root = self.root;
        self.trust_policies(root.get("RoleDetailList"));
        let lists = [
            ("RoleDetailList", "RoleName", "RolePolicyList", "role"),
            ("UserDetailList", "UserName", "UserPolicyList", "user"),
            ("GroupDetailList", "GroupName", "GroupPolicyList", "group"),
        ];
        for (list, name, policies, kind) in lists {
            for holder in root.get(list).map_or(&[][..], Node::items) {
                let holder_name = text(holder, name).unwrap_or_default();
                for inline in holder.get(policies).map_or(&[][..], Node::items) {
                    let policy_name = text(inline, "PolicyName").unwrap_or_default();
                    let address = format!("{kind}/{holder_name}/{policy_name}");
                    let holders = self.with_members(&holder_name, kind);
                    self.policy(inline.get("PolicyDocument"), Some(address), Some(IDENTITY), &holders);
                }
            }
        }
        self.managed_policies();
        self.unseen();
        self.unseen_boundaries();
    }

    fn managed_policies(&mut self) {
        let root = self.root;
        for policy in root.get("Policies").map_or(&[][..], Node::items) {
            let name = text(policy, "PolicyName").unwrap_or_default();
            let arn = text(policy, "Arn").unwrap_or_default();
            let (holders, bounded) = (self.carriers(&arn), self.bounded(&arn));
            for version in policy.get("PolicyVersionList").map_or(&[][..], Node::items) {
                let number = text(version, "VersionId").unwrap_or_default();
                let address = format!("policy/{name}/{number}");
                // An older version is in nobody's hands.
                let is_default = version.get("IsDefaultVersion").is_none_or(|is| is.value != Value::Bool(false));
                let holders = if is_default { holders.as_slice() } else { &[] };
                let bounds = if is_default { bounded.as_slice() } else { &[] };
                let kind = if holders.is_empty() && !bounds.is_empty() { BOUNDARY } else { IDENTITY };
                let before = self.document.policies.len();
                self.policy(version.get("Document"), Some(address), Some(kind), holders);
                for policy in self.document.policies.get_mut(before..).unwrap_or_default() {
                    policy.bounds = bounds.to_vec();
                }
            }
        }
    }

    /// The names of the users and roles that carry a managed policy, by themselves or by a group.
    fn carriers(&self, arn: &str) -> Vec<String> {
        let mut names = Vec::new();
        for (list, name, kind) in HOLDERS {
            for holder in self.root.get(list).map_or(&[][..], Node::items) {
                if attached(holder).any(|policy| policy == arn) {
                    names.extend(self.with_members(&text(holder, name).unwrap_or_default(), kind));
                }
            }
        }
        names
    }

    /// The names of the users and roles of which a managed policy is the permissions boundary.
    fn bounded(&self, arn: &str) -> Vec<String> {
        self.boundaries().into_iter().filter(|(_, boundary)| boundary == arn).map(|(name, _)| name).collect()
    }

    /// The users and roles that have a permissions boundary, each with its ARN.
    fn boundaries(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (list, name, _) in HOLDERS {
            for holder in self.root.get(list).map_or(&[][..], Node::items) {
                let boundary = holder.get("PermissionsBoundary");
                let arn = boundary.and_then(|boundary| text(boundary, "PermissionsBoundaryArn"));
                found.extend(text(holder, name).zip(arn));
            }
        }
        found
    }

    /// Notes whose permissions boundary the file only names.
    fn unseen_boundaries(&mut self) {
        let managed = self.root.get("Policies").map_or(&[][..], Node::items);
        let is_seen = |arn: &str| managed.iter().any(|policy| text(policy, "Arn").as_deref() == Some(arn));
        let unseen = self.boundaries().into_iter().filter(|(_, arn)| !is_seen(arn)).map(|(name, _)| name);
        self.document.unseen_boundaries.extend(unseen);
    }

    /// A holder's name; for a group also those of its members.
    fn with_members(&self, holder: &str, kind: &str) -> Vec<String> {
        let mut names = vec![holder.to_owned()];
        if kind == "group" {
            for user in self.root.get("UserDetailList").map_or(&[][..], Node::items) {
                let groups = user.get("GroupList").map_or(&[][..], Node::items);
                if groups.iter().any(|group| group.as_str() == Some(holder)) {
                    names.extend(text(user, "UserName"));
                }
            }
        }
        names
    }

    /// Notes who carries a managed policy that the file only names.
    fn unseen(&mut self) {
        let root = self.root;
        let managed = root.get("Policies").map_or(&[][..], Node::items);
        let is_seen = |arn: &str| managed.iter().any(|policy| text(policy, "Arn").as_deref() == Some(arn));
        for (list, name, kind) in HOLDERS {
            for holder in root.get(list).map_or(&[][..], Node::items) {
                if attached(holder).any(|arn| !is_seen(arn)) {
                    let names = self.with_members(&text(holder, name).unwrap_or_default(), kind);
                    self.document.unseen.extend(names);
                }
            }
        }
    }
}

/// Where users, groups and roles are listed, and by which member they are named.
const HOLDERS: [(&str, &str, &str); 3] = [
    ("RoleDetailList", "RoleName", "role"),
    ("UserDetailList", "UserName", "user"),
    ("GroupDetailList", "GroupName", "group"),
];

/// The ARNs of the managed policies that a holder carries.
fn attached<'n>(holder: &'n Node<'_>) -> impl Iterator<Item = &'n str> {
    let attached = holder.get("AttachedManagedPolicies").map_or(&[][..], Node::items);
    attached.iter().filter_map(|policy| policy.get("PolicyArn").and_then(Node::as_str))
}

fn trust_policy<'n, 'a>(role: &'n Node<'a>) -> Option<&'n Node<'a>> {
    role.get("AssumeRolePolicyDocument")
}

fn text(node: &Node<'_>, member: &str) -> Option<String> {
    node.get(member).and_then(Node::as_str).map(str::to_owned)
}

fn spanned(node: &Node<'_>, member: &str) -> Option<Spanned<String>> {
    let value = node.get(member)?;
    Some(Spanned::new(value.as_str()?.to_owned(), value.span))
}

fn key(metadata: &Node<'_>) -> Key {
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
        ..Key::at(metadata.span)
    }
}

/// The key that the answer to `schedule-key-deletion` tells of.
fn scheduled(root: &Node<'_>) -> Key {
    Key {
        arn: spanned(root, "KeyId"),
        state: spanned(root, "KeyState"),
        deletion_window: number(root, "PendingWindowInDays"),
        ..Key::at(root.span)
    }
}

/// The key that a request to `create-key` or `replicate-key` asks for.
fn requested(root: &Node<'_>) -> Key {
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

fn rotation(root: &Node<'_>) -> Option<Rotation> {
    let enabled = root.get("KeyRotationEnabled")?;
    let Value::Bool(is_enabled) = enabled.value else { return None };
    let period = number(root, "RotationPeriodInDays");
    let enabled = Spanned::new(is_enabled, enabled.span);
    Some(Rotation { key: spanned(root, "KeyId"), enabled, period, span: root.span })
}

fn alias(entry: &Node<'_>) -> Option<Alias> {
    let [arn, target] = ["AliasArn", "TargetKeyId"].map(|member| spanned(entry, member));
    Some(Alias { name: spanned(entry, "AliasName")?, arn, target })
}

/// A grant; one whose grantee is not told may be for anyone.
///
/// Source: KMS API Reference, "`ListGrants`", `GrantListEntry`.
fn grant(entry: &Node<'_>) -> Option<KeyGrant> {
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
pub(super) fn pairs(context: &Node<'_>) -> Vec<(String, String)> {
    let members = context.as_map().unwrap_or_default().iter();
    members.filter_map(|member| Some((member.key.to_string(), member.value.as_str()?.to_owned()))).collect()
}
