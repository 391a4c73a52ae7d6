//! Who carries policies: roles, users and groups, which may have one name.

use crate::policy::PrincipalArn;

/// Who may carry policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A role.
    Role,
    /// A user.
    User,
    /// A group.
    Group,
}

impl Holder {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
            Self::Group => "group",
        }
    }
}

/// One that carries policies. Source: IAM User Guide, "IAM identifiers": names are unique among users, among roles and among
/// groups of an account, and no further.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Carrier {
    /// What it is.
    pub kind: Holder,
    /// Its name; in a plan its address until it has one.
    pub name: String,
}

impl Carrier {
    /// A role, a user or a group of a name.
    #[must_use]
    pub fn new(kind: Holder, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }

    /// Whether it is the role or the user of an ARN; for a session, its role.
    #[must_use]
    pub fn is(&self, arn: &PrincipalArn) -> bool {
        let is_user = arn.as_str().split(':').nth(5).is_some_and(|resource| resource.starts_with("user/"));
        let kind = if is_user { Holder::User } else { Holder::Role };
        self.kind == kind && self.name == arn.holder()
    }
}
