//! IAM's answers, and those of STS.
//!
//! Source: the models of the AWS CLI (botocore), iam 2010-05-08 and sts 2011-06-15, for names and order of members.

use aws_sdk_iam::types::{
    AttachedPermissionsBoundary, AttachedPolicy, EvaluationResult, Group, GroupDetail, InstanceProfile,
    ManagedPolicyDetail, PermissionsBoundaryAttachmentType, Policy, PolicyDetail, PolicyEvaluationDecisionType,
    PolicySourceType, PolicyVersion, Role, RoleDetail, RoleLastUsed, Statement, Tag, User, UserDetail,
};

use super::{
    failure::Failure,
    json::{Document, Json, Shape, ToJson, words},
    session::{Page, Session},
};

words!(PermissionsBoundaryAttachmentType, PolicyEvaluationDecisionType, PolicySourceType);

/// Lists of an account's authorization details, in the order of the AWS CLI's answer.
pub(super) const DETAILS: [&str; 4] = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];

/// Sends a request whose answer is one object. The SDK's futures are large: each gets a box of its own.
macro_rules! answer {
    ($request:expr, $out:ident => $shape:expr) => {
        match Box::pin($request.send()).await {
            Ok($out) => Ok($shape.done()),
            Err(error) => Err(Failure::of(&error)),
        }
    };
}
pub(super) use answer;

/// Sends a request for one page of a list.
macro_rules! page {
    ($request:expr, $out:ident => $items:expr) => {
        match Box::pin($request.send()).await {
            Ok($out) => {
                let next = $out.marker.clone().filter(|_| $out.is_truncated);
                Ok(Page { items: $items, next })
            }
            Err(error) => Err(Failure::of(&error)),
        }
    };
}

fn all<T: ToJson>(items: &[T]) -> Vec<Json> {
    items.iter().filter_map(ToJson::json).collect()
}

impl Session {
    pub(super) async fn caller_identity(&self) -> Result<Json, Failure> {
        answer!(self.sts.get_caller_identity(), out => Shape::default()
            .with("UserId", &out.user_id)
            .with("Account", &out.account)
            .with("Arn", &out.arn))
    }

    pub(super) async fn get_role(&self, name: &str) -> Result<Json, Failure> {
        answer!(self.iam.get_role().role_name(name), out => Shape::default().with("Role", &out.role))
    }

    pub(super) async fn role_policies(&self, name: &str, token: Option<String>) -> Result<Page, Failure> {
        page!(self.iam.list_role_policies().role_name(name).set_marker(token), out => all(&out.policy_names))
    }

    pub(super) async fn get_role_policy(&self, name: &str, policy: &str) -> Result<Json, Failure> {
        answer!(self.iam.get_role_policy().role_name(name).policy_name(policy), out => Shape::default()
            .with("RoleName", &out.role_name)
            .with("PolicyName", &out.policy_name)
            .with("PolicyDocument", &Document(Some(&out.policy_document))))
    }

    pub(super) async fn attached_role_policies(&self, name: &str, token: Option<String>) -> Result<Page, Failure> {
        let request = self.iam.list_attached_role_policies().role_name(name).set_marker(token);
        page!(request, out => all(out.attached_policies()))
    }

    pub(super) async fn get_user(&self, name: &str) -> Result<Json, Failure> {
        answer!(self.iam.get_user().user_name(name), out => Shape::default().with("User", &out.user))
    }

    pub(super) async fn user_policies(&self, name: &str, token: Option<String>) -> Result<Page, Failure> {
        page!(self.iam.list_user_policies().user_name(name).set_marker(token), out => all(&out.policy_names))
    }

    pub(super) async fn get_user_policy(&self, name: &str, policy: &str) -> Result<Json, Failure> {
        answer!(self.iam.get_user_policy().user_name(name).policy_name(policy), out => Shape::default()
            .with("UserName", &out.user_name)
            .with("PolicyName", &out.policy_name)
            .with("PolicyDocument", &Document(Some(&out.policy_document))))
    }

    pub(super) async fn attached_user_policies(&self, name: &str, token: Option<String>) -> Result<Page, Failure> {
        let request = self.iam.list_attached_user_policies().user_name(name).set_marker(token);
        page!(request, out => all(out.attached_policies()))
    }

    pub(super) async fn groups_for_user(&self, name: &str, token: Option<String>) -> Result<Page, Failure> {
        page!(self.iam.list_groups_for_user().user_name(name).set_marker(token), out => all(&out.groups))
    }

    pub(super) async fn group_policies(&self, name: &str, token: Option<String>) -> Result<Page, Failure> {
        page!(self.iam.list_group_policies().group_name(name).set_marker(token), out => all(&out.policy_names))
    }

    pub(super) async fn get_group_policy(&self, name: &str, policy: &str) -> Result<Json, Failure> {
        answer!(self.iam.get_group_policy().group_name(name).policy_name(policy), out => Shape::default()
            .with("GroupName", &out.group_name)
            .with("PolicyName", &out.policy_name)
            .with("PolicyDocument", &Document(Some(&out.policy_document))))
    }

    pub(super) async fn attached_group_policies(&self, name: &str, token: Option<String>) -> Result<Page, Failure> {
        let request = self.iam.list_attached_group_policies().group_name(name).set_marker(token);
        page!(request, out => all(out.attached_policies()))
    }

    pub(super) async fn get_policy(&self, arn: &str) -> Result<Json, Failure> {
        answer!(self.iam.get_policy().policy_arn(arn), out => Shape::default().with("Policy", &out.policy))
    }

    pub(super) async fn get_policy_version(&self, arn: &str, version: &str) -> Result<Json, Failure> {
        answer!(self.iam.get_policy_version().policy_arn(arn).version_id(version), out => Shape::default()
            .with("PolicyVersion", &out.policy_version))
    }

    /// One page of an account; each item is an object whose one member names the list that it belongs to.
    pub(super) async fn authorization_details(&self, token: Option<String>) -> Result<Page, Failure> {
        page!(self.iam.get_account_authorization_details().set_marker(token), out => {
            let lists = [
                all(out.user_detail_list()),
                all(out.group_detail_list()),
                all(out.role_detail_list()),
                all(out.policies()),
            ];
            let named = DETAILS.into_iter().zip(lists);
            named.flat_map(|(name, items)| items.into_iter().map(move |item| Shape::default().with(name, &item).done())).collect()
        })
    }

    pub(super) async fn simulate(
        &self,
        principal: &str,
        action: &str,
        resource: &str,
        token: Option<String>,
    ) -> Result<Page, Failure> {
        let request = self
            .iam
            .simulate_principal_policy()
            .policy_source_arn(principal)
            .action_names(action)
            .resource_arns(resource)
            .set_marker(token);
        page!(request, out => all(out.evaluation_results()))
    }
}

/// What every user, group, role and instance profile begins with.
macro_rules! head {
    ($of:expr, $name:literal $name_of:ident, $id:literal $id_of:ident) => {
        Shape::default()
            .with("Path", &$of.path)
            .with($name, &$of.$name_of)
            .with($id, &$of.$id_of)
            .with("Arn", &$of.arn)
            .with("CreateDate", &$of.create_date)
    };
}

/// What every managed policy begins with.
macro_rules! managed_policy {
    ($of:expr) => {
        Shape::default()
            .with("PolicyName", &$of.policy_name)
            .with("PolicyId", &$of.policy_id)
            .with("Arn", &$of.arn)
            .with("Path", &$of.path)
            .with("DefaultVersionId", &$of.default_version_id)
            .with("AttachmentCount", &$of.attachment_count)
            .with("PermissionsBoundaryUsageCount", &$of.permissions_boundary_usage_count)
            .with("IsAttachable", &$of.is_attachable)
            .with("Description", &$of.description)
            .with("CreateDate", &$of.create_date)
            .with("UpdateDate", &$of.update_date)
    };
}

impl ToJson for Tag {
    fn json(&self) -> Option<Json> {
        Some(Shape::default().with("Key", &self.key).with("Value", &self.value).done())
    }
}

impl ToJson for AttachedPolicy {
    fn json(&self) -> Option<Json> {
        Some(Shape::default().with("PolicyName", &self.policy_name).with("PolicyArn", &self.policy_arn).done())
    }
}

impl ToJson for AttachedPermissionsBoundary {
    fn json(&self) -> Option<Json> {
        let shape = Shape::default().with("PermissionsBoundaryType", &self.permissions_boundary_type);
        Some(shape.with("PermissionsBoundaryArn", &self.permissions_boundary_arn).done())
    }
}

impl ToJson for RoleLastUsed {
    fn json(&self) -> Option<Json> {
        Some(Shape::default().with("LastUsedDate", &self.last_used_date).with("Region", &self.region).done())
    }
}

impl ToJson for Role {
    fn json(&self) -> Option<Json> {
        let shape = head!(self, "RoleName" role_name, "RoleId" role_id)
            .with("AssumeRolePolicyDocument", &Document(self.assume_role_policy_document.as_deref()))
            .with("Description", &self.description)
            .with("MaxSessionDuration", &self.max_session_duration)
            .with("PermissionsBoundary", &self.permissions_boundary)
            .with("Tags", &self.tags)
            .with("RoleLastUsed", &self.role_last_used);
        Some(shape.done())
    }
}

impl ToJson for User {
    fn json(&self) -> Option<Json> {
        let shape = head!(self, "UserName" user_name, "UserId" user_id)
            .with("PasswordLastUsed", &self.password_last_used)
            .with("PermissionsBoundary", &self.permissions_boundary)
            .with("Tags", &self.tags);
        Some(shape.done())
    }
}

impl ToJson for Group {
    fn json(&self) -> Option<Json> {
        let shape = head!(self, "GroupName" group_name, "GroupId" group_id);
        Some(shape.done())
    }
}

impl ToJson for Policy {
    fn json(&self) -> Option<Json> {
        let shape = managed_policy!(self).with("Tags", &self.tags);
        Some(shape.done())
    }
}

impl ToJson for PolicyVersion {
    fn json(&self) -> Option<Json> {
        let shape = Shape::default()
            .with("Document", &Document(self.document.as_deref()))
            .with("VersionId", &self.version_id)
            .with("IsDefaultVersion", &self.is_default_version)
            .with("CreateDate", &self.create_date);
        Some(shape.done())
    }
}

impl ToJson for PolicyDetail {
    fn json(&self) -> Option<Json> {
        let shape = Shape::default().with("PolicyName", &self.policy_name);
        Some(shape.with("PolicyDocument", &Document(self.policy_document.as_deref())).done())
    }
}

impl ToJson for InstanceProfile {
    fn json(&self) -> Option<Json> {
        let shape = head!(self, "InstanceProfileName" instance_profile_name, "InstanceProfileId" instance_profile_id)
            .with("Roles", &self.roles)
            .with("Tags", &self.tags);
        Some(shape.done())
    }
}

impl ToJson for UserDetail {
    fn json(&self) -> Option<Json> {
        let shape = head!(self, "UserName" user_name, "UserId" user_id)
            .with("UserPolicyList", &self.user_policy_list)
            .with("GroupList", &self.group_list)
            .with("AttachedManagedPolicies", &self.attached_managed_policies)
            .with("PermissionsBoundary", &self.permissions_boundary)
            .with("Tags", &self.tags);
        Some(shape.done())
    }
}

impl ToJson for GroupDetail {
    fn json(&self) -> Option<Json> {
        let shape = head!(self, "GroupName" group_name, "GroupId" group_id)
            .with("GroupPolicyList", &self.group_policy_list)
            .with("AttachedManagedPolicies", &self.attached_managed_policies);
        Some(shape.done())
    }
}

impl ToJson for RoleDetail {
    fn json(&self) -> Option<Json> {
        let shape = head!(self, "RoleName" role_name, "RoleId" role_id)
            .with("AssumeRolePolicyDocument", &Document(self.assume_role_policy_document.as_deref()))
            .with("InstanceProfileList", &self.instance_profile_list)
            .with("RolePolicyList", &self.role_policy_list)
            .with("AttachedManagedPolicies", &self.attached_managed_policies)
            .with("PermissionsBoundary", &self.permissions_boundary)
            .with("Tags", &self.tags)
            .with("RoleLastUsed", &self.role_last_used);
        Some(shape.done())
    }
}

impl ToJson for ManagedPolicyDetail {
    fn json(&self) -> Option<Json> {
        let shape = managed_policy!(self).with("PolicyVersionList", &self.policy_version_list);
        Some(shape.done())
    }
}

impl ToJson for Statement {
    fn json(&self) -> Option<Json> {
        let shape = Shape::default().with("SourcePolicyId", &self.source_policy_id);
        Some(shape.with("SourcePolicyType", &self.source_policy_type).done())
    }
}

impl ToJson for EvaluationResult {
    fn json(&self) -> Option<Json> {
        let organizations = self.organizations_decision_detail.as_ref().map(|detail| detail.allowed_by_organizations);
        let boundary = self.permissions_boundary_decision_detail.as_ref();
        let boundary = boundary.map(|detail| detail.allowed_by_permissions_boundary);
        let shape = Shape::default()
            .with("EvalActionName", &self.eval_action_name)
            .with("EvalResourceName", &self.eval_resource_name)
            .with("EvalDecision", &self.eval_decision)
            .with("MatchedStatements", &self.matched_statements)
            .with("MissingContextValues", &self.missing_context_values)
            .with("AllowedByOrganizations", &organizations)
            .with("AllowedByPermissionsBoundary", &boundary);
        Some(shape.done())
    }
}
