//! What the AWS CLI answers: policies in strings and objects, percent-encoded or not, and descriptions of keys.
//!
//! Source: AWS CLI Command Reference, the output of each command named here.

mod account;
mod keys;
mod told;

pub(super) use keys::pairs;
pub(super) use told::Call;
pub use told::{Outcome, Renewal, Told};

use super::{
    Carrier, Document, Holder, PolicyDocument,
    kasten::{Field, GivenBy, ServiceAccount},
};
use crate::{
    key::Alias,
    policy::PolicyKind,
    source::{Source, Spanned},
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
    let is_list = |name: &str| root.get(name).is_some_and(|list| list.as_list().is_some());
    let is_kpl = |tool: &str| tool.starts_with("kpl ");
    let (kind, because): (_, &'static str) = if has("KeyMetadata") {
        ("describe-key", "it has `KeyMetadata`")
    } else if is_list("Aliases") {
        ("list-aliases", "it has a list of `Aliases`")
    } else if has("KeyId") && has("DeletionDate") {
        ("schedule-key-deletion", "it has a `KeyId` and a `DeletionDate`")
    } else if root.get(BYPASS).is_some_and(|flag| matches!(flag.value, Value::Bool(_))) {
        ("kms-request", "it has `BypassPolicyLockoutSafetyCheck`, as `--cli-input-json` takes it")
    } else if is_list("Grants") {
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
    } else if is_list("Roles") {
        ("list-roles", "it has a list of `Roles`")
    } else if root.get("User").is_some_and(|user| user.get("UserName").is_some()) {
        ("get-user", "it has a `User` with a name")
    } else if is_list("AttachedPolicies") {
        ("list-attached-policies", "it has a list of `AttachedPolicies`")
    } else if is_list("Groups") {
        ("list-groups", "it has a list of `Groups`")
    } else if root
        .get("association")
        .is_some_and(|of| of.get("serviceAccount").is_some() && of.get("roleArn").is_some())
    {
        ("describe-pod-identity-association", "it has an `association` of a service account with a role")
    } else if is_list("Rotations") {
        ("list-key-rotations", "it has a list of `Rotations`")
    } else if is_list("calls") && root.get("tool").is_some_and(|tool| tool.as_str().is_some_and(is_kpl)) {
        ("fetch-manifest", "it has the `calls` that `kpl fetch` made")
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
            "describe-key" => self.document.keys.extend(root.get("KeyMetadata").map(keys::key)),
            "schedule-key-deletion" => self.document.keys.push(keys::scheduled(root)),
            "kms-request" => self.request(),
            "list-aliases" => {
                let entries = root.get("Aliases").map_or(&[][..], Node::items);
                self.document.aliases.extend(entries.iter().filter_map(keys::alias));
                // Without --key-id the answer also has AWS's own aliases, those that point to no key yet included.
                let goes_on = root.get("Truncated").is_some_and(|flag| flag.value == Value::Bool(true));
                let is_cut = goes_on || root.get("NextToken").is_some() || root.get("NextMarker").is_some();
                let is_aws_own = |alias: &Alias| alias.name.value.starts_with("alias/aws/");
                self.document.lists_all_aliases = !is_cut && self.document.aliases.iter().any(is_aws_own);
            }
            "list-grants" => {
                let entries = root.get("Grants").map_or(&[][..], Node::items);
                self.document.grants.extend(entries.iter().filter_map(keys::grant));
            }
            "get-key-rotation-status" => self.document.rotations.extend(keys::rotation(root)),
            "get-account-authorization-details" => {
                self.document.told.roster = told::roster(root);
                self.account();
            }
            "get-policy-version" => {
                self.policy(
                    root.get("PolicyVersion").and_then(|version| version.get("Document")),
                    None,
                    Some(IDENTITY),
                    &[],
                );
            }
            "get-role-policy" => {
                let kinds = [("RoleName", Holder::Role), ("UserName", Holder::User), ("GroupName", Holder::Group)];
                let holder = kinds.into_iter().find_map(|(name, kind)| Some(Carrier::new(kind, text(root, name)?)));
                let holders: Vec<Carrier> = holder.into_iter().collect();
                self.policy(root.get("PolicyDocument"), None, Some(IDENTITY), &holders);
            }
            "get-role" => {
                let role = root.get("Role");
                self.document.told.boundary = role.and_then(|role| told::boundary(role, "RoleName", Holder::Role));
                let name = role.and_then(|role| text(role, "RoleName"));
                let holders: Vec<Carrier> = name.map(|name| Carrier::new(Holder::Role, name)).into_iter().collect();
                self.policy(role.and_then(trust_policy), None, Some(TRUST), &holders);
            }
            "get-user" => {
                self.document.told.boundary =
                    root.get("User").and_then(|user| told::boundary(user, "UserName", Holder::User));
            }
            "list-attached-policies" => {
                self.document.told.attached = told::texts(root.get("AttachedPolicies"), "PolicyArn");
            }
            "describe-pod-identity-association" => {
                let of = root.get("association");
                let field = |name: &str| Field::of(of.and_then(|of| of.get(name)));
                let (name, namespace, role) = (field("serviceAccount"), field("namespace"), field("roleArn"));
                self.document.facts.accounts.push(ServiceAccount { name, namespace, role, by: GivenBy::Association });
            }
            "list-groups" => self.document.told.groups = told::texts(root.get("Groups"), "GroupName"),
            "list-key-rotations" => {
                let entries = root.get("Rotations").map_or(&[][..], Node::items);
                self.document.told.renewals = entries.iter().filter_map(told::renewal).collect();
            }
            "fetch-manifest" => self.document.told.manifest = Some(told::manifest(root)),
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
            self.document.keys.push(keys::requested(root));
        }
    }

    /// Reads a policy that is an object, or a string of JSON, percent-encoded or not.
    fn policy(
        &mut self,
        node: Option<&Node<'_>>,
        name: Option<String>,
        kind: Option<(PolicyKind, &'static str)>,
        holders: &[Carrier],
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
            let name = text(role, "RoleName");
            let holders: Vec<Carrier> = name.iter().map(|name| Carrier::new(Holder::Role, name)).collect();
            let name = name.map(|name| format!("role/{name}/trust"));
            self.policy(trust_policy(role), name, Some(TRUST), &holders);
        }
    }
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
