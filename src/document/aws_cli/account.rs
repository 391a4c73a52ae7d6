//! The users, groups, roles and policies of an account: `get-account-authorization-details`.

use std::collections::{HashMap, HashSet};

use super::{Answer, BOUNDARY, IDENTITY, text};
use crate::{
    document::{Carrier, Holder, members::Members},
    syntax::{Node, Value},
};

/// Who carries what in an account.
#[derive(Default)]
struct Links {
    members: Members,
    /// Who carries a managed policy, by its ARN: users and roles, by themselves or by a group, and groups.
    carriers: HashMap<String, Vec<Carrier>>,
    /// Of whom a managed policy is the permissions boundary, by its ARN.
    bounded: HashMap<String, Vec<Carrier>>,
    /// Who carries a managed policy that the file only names.
    unseen: Vec<Carrier>,
    /// Whose permissions boundary the file only names.
    unseen_boundaries: Vec<Carrier>,
}

impl Links {
    fn of(root: &Node<'_>) -> Self {
        let mut links = Self::default();
        for user in listed(root, "UserDetailList") {
            let name = text(user, "UserName");
            for group in listed(user, "GroupList").iter().filter_map(Node::as_str) {
                links.members.add(group.to_owned(), name.clone());
            }
        }
        let told: HashSet<String> = listed(root, "Policies").iter().filter_map(|policy| text(policy, "Arn")).collect();
        for (list, name, kind) in HOLDERS {
            for holder in listed(root, list) {
                let carrier = text(holder, name).map(|name| Carrier::new(kind, name));
                let carriers = links.members.with(carrier.iter().cloned().collect());
                let attached: HashSet<&str> = attached(holder).collect();
                if attached.iter().any(|arn| !told.contains(*arn)) {
                    links.unseen.extend(carriers.iter().cloned());
                }
                for arn in attached {
                    links.carriers.entry(arn.to_owned()).or_default().extend(carriers.iter().cloned());
                }
                let boundary = holder.get("PermissionsBoundary");
                let boundary = boundary.and_then(|boundary| text(boundary, "PermissionsBoundaryArn"));
                if let Some((carrier, arn)) = carrier.zip(boundary) {
                    if !told.contains(&arn) {
                        links.unseen_boundaries.push(carrier.clone());
                    }
                    links.bounded.entry(arn).or_default().push(carrier);
                }
            }
        }
        links
    }
}

impl Answer<'_, '_, '_> {
    /// Reads every document of `get-account-authorization-details`.
    pub(super) fn account(&mut self) {
        let root = self.root;
        let links = Links::of(root);
        self.document.told.every_holder = true;
        self.trust_policies(root.get("RoleDetailList"));
        let lists = [
            ("RoleDetailList", "RoleName", "RolePolicyList", Holder::Role),
            ("UserDetailList", "UserName", "UserPolicyList", Holder::User),
            ("GroupDetailList", "GroupName", "GroupPolicyList", Holder::Group),
        ];
        for (list, name, policies, kind) in lists {
            for holder in listed(root, list) {
                let holder_name = text(holder, name).unwrap_or_default();
                for inline in listed(holder, policies) {
                    let policy_name = text(inline, "PolicyName").unwrap_or_default();
                    let address = format!("{}/{holder_name}/{policy_name}", kind.word());
                    let holders = links.members.with(vec![Carrier::new(kind, holder_name.clone())]);
                    self.policy(inline.get("PolicyDocument"), Some(address), Some(IDENTITY), &holders);
                }
            }
        }
        self.managed_policies(&links);
        self.document.unseen.extend(links.unseen);
        self.document.unseen_boundaries.extend(links.unseen_boundaries);
    }

    fn managed_policies(&mut self, links: &Links) {
        for policy in listed(self.root, "Policies") {
            let name = text(policy, "PolicyName").unwrap_or_default();
            let arn = text(policy, "Arn").unwrap_or_default();
            let [holders, bounded] =
                [&links.carriers, &links.bounded].map(|links| links.get(&arn).map_or(&[][..], Vec::as_slice));
            for version in listed(policy, "PolicyVersionList") {
                let number = text(version, "VersionId").unwrap_or_default();
                let address = format!("policy/{name}/{number}");
                // An older version is in nobody's hands.
                let is_default = version.get("IsDefaultVersion").is_none_or(|is| is.value != Value::Bool(false));
                let holders = if is_default { holders } else { &[] };
                let bounds = if is_default { bounded } else { &[] };
                let kind = if holders.is_empty() && !bounds.is_empty() { BOUNDARY } else { IDENTITY };
                let before = self.document.policies.len();
                self.policy(version.get("Document"), Some(address), Some(kind), holders);
                for policy in self.document.policies.get_mut(before..).unwrap_or_default() {
                    policy.bounds = bounds.to_vec();
                }
            }
        }
    }
}

/// Where users, groups and roles are listed, and by which member they are named.
const HOLDERS: [(&str, &str, Holder); 3] = [
    ("RoleDetailList", "RoleName", Holder::Role),
    ("UserDetailList", "UserName", Holder::User),
    ("GroupDetailList", "GroupName", Holder::Group),
];

/// The ARNs of the managed policies that a holder carries.
fn attached<'n>(holder: &'n Node<'_>) -> impl Iterator<Item = &'n str> {
    listed(holder, "AttachedManagedPolicies").iter().filter_map(|policy| policy.get("PolicyArn").and_then(Node::as_str))
}

fn listed<'n, 'a>(node: &'n Node<'a>, member: &str) -> &'n [Node<'a>] {
    node.get(member).map_or(&[][..], Node::items)
}
