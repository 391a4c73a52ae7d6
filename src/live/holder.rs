//! Users, groups and roles: what carries identity policies, and by which calls IAM tells of them.

use super::{
    calls::{self, Call},
    failure::Failure,
    json::Json,
    session::{Page, Session},
};

/// What carries identity policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    User,
    Group,
    Role,
}

impl Holder {
    /// The word for it, which also names its folder.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }

    /// The AWS CLI's parameter for its name.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::User => "user-name",
            Self::Group => "group-name",
            Self::Role => "role-name",
        }
    }

    /// Describes it; groups have nothing more to tell than their name.
    pub(super) fn get(self) -> Option<&'static Call> {
        match self {
            Self::User => Some(&calls::GET_USER),
            Self::Group => None,
            Self::Role => Some(&calls::GET_ROLE),
        }
    }

    /// Lists the names of its inline policies.
    pub(super) fn list_inline(self) -> &'static Call {
        match self {
            Self::User => &calls::LIST_USER_POLICIES,
            Self::Group => &calls::LIST_GROUP_POLICIES,
            Self::Role => &calls::LIST_ROLE_POLICIES,
        }
    }

    /// Tells one inline policy.
    pub(super) fn get_inline(self) -> &'static Call {
        match self {
            Self::User => &calls::GET_USER_POLICY,
            Self::Group => &calls::GET_GROUP_POLICY,
            Self::Role => &calls::GET_ROLE_POLICY,
        }
    }

    /// Lists the managed policies that it carries.
    pub(super) fn list_attached(self) -> &'static Call {
        match self {
            Self::User => &calls::LIST_ATTACHED_USER_POLICIES,
            Self::Group => &calls::LIST_ATTACHED_GROUP_POLICIES,
            Self::Role => &calls::LIST_ATTACHED_ROLE_POLICIES,
        }
    }
}

impl Session {
    pub(super) async fn inline_policies(
        &self,
        holder: Holder,
        name: &str,
        token: Option<String>,
    ) -> Result<Page, Failure> {
        match holder {
            Holder::User => self.user_policies(name, token).await,
            Holder::Group => self.group_policies(name, token).await,
            Holder::Role => self.role_policies(name, token).await,
        }
    }

    pub(super) async fn inline_policy(&self, holder: Holder, name: &str, policy: &str) -> Result<Json, Failure> {
        match holder {
            Holder::User => self.get_user_policy(name, policy).await,
            Holder::Group => self.get_group_policy(name, policy).await,
            Holder::Role => self.get_role_policy(name, policy).await,
        }
    }

    pub(super) async fn attached_policies(
        &self,
        holder: Holder,
        name: &str,
        token: Option<String>,
    ) -> Result<Page, Failure> {
        match holder {
            Holder::User => self.attached_user_policies(name, token).await,
            Holder::Group => self.attached_group_policies(name, token).await,
            Holder::Role => self.attached_role_policies(name, token).await,
        }
    }
}
