//! The users, groups, roles and policies of an account: `get-account-authorization-details`.

use super::{Answer, BOUNDARY, IDENTITY, text};
use crate::syntax::{Node, Value};

impl Answer<'_, '_, '_> {
    /// Reads every document of `get-account-authorization-details`.
    pub(super) fn account(&mut self) {
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
