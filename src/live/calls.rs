//! The calls that kpl may make: read only, by construction. No other module names an operation.
//!
//! Source: Service Authorization Reference, AWS Identity and Access Management, AWS Key Management Service and AWS Security
//! Token Service; all that stand here have the access level Read or List.

use std::fmt::Write;

/// One operation of AWS that only reads.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    /// The prefix of its action, and the AWS CLI's word for the service.
    pub service: &'static str,
    /// Its name, as in `GetRole`.
    pub operation: &'static str,
    /// The ARN pattern of the resources that it is asked about; `*` where AWS takes none.
    resource: &'static str,
}

impl Call {
    /// The action that allows it, as in `iam:GetRole`.
    #[must_use]
    pub fn action(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// What a user of the AWS CLI types for it, as in `aws iam get-role --role-name kasten`.
    pub(super) fn typed(&self, parameters: &[(&str, &str)]) -> String {
        let mut line = format!("aws {} {}", self.service, self.command());
        for (name, value) in parameters {
            // Writing to a string does not fail.
            let _ = write!(line, " --{name} {value}");
        }
        line
    }

    /// The AWS CLI's word for the operation, which also names the file of its answer.
    pub(super) fn command(&self) -> String {
        let mut words = String::new();
        for letter in self.operation.chars() {
            if letter.is_ascii_uppercase() && !words.is_empty() {
                words.push('-');
            }
            words.push(letter.to_ascii_lowercase());
        }
        words
    }
}

const ROLES: &str = "arn:*:iam::*:role/*";
const USERS: &str = "arn:*:iam::*:user/*";
const GROUPS: &str = "arn:*:iam::*:group/*";
const POLICIES: &str = "arn:*:iam::*:policy/*";
const KEYS: &str = "arn:*:kms:*:*:key/*";
const ANY: &str = "*";

macro_rules! calls {
    ($($name:ident = $service:literal $operation:literal $resource:ident;)*) => {
        $(pub(super) static $name: Call = Call { service: $service, operation: $operation, resource: $resource };)*

        /// Every call that kpl can make.
        pub static CALLS: &[&Call] = &[$(&$name),*];
    };
}

calls! {
    GET_CALLER_IDENTITY = "sts" "GetCallerIdentity" ANY;
    GET_ACCOUNT_AUTHORIZATION_DETAILS = "iam" "GetAccountAuthorizationDetails" ANY;
    GET_ROLE = "iam" "GetRole" ROLES;
    LIST_ROLE_POLICIES = "iam" "ListRolePolicies" ROLES;
    GET_ROLE_POLICY = "iam" "GetRolePolicy" ROLES;
    LIST_ATTACHED_ROLE_POLICIES = "iam" "ListAttachedRolePolicies" ROLES;
    GET_USER = "iam" "GetUser" USERS;
    LIST_USER_POLICIES = "iam" "ListUserPolicies" USERS;
    GET_USER_POLICY = "iam" "GetUserPolicy" USERS;
    LIST_ATTACHED_USER_POLICIES = "iam" "ListAttachedUserPolicies" USERS;
    LIST_GROUPS_FOR_USER = "iam" "ListGroupsForUser" USERS;
    LIST_GROUP_POLICIES = "iam" "ListGroupPolicies" GROUPS;
    GET_GROUP_POLICY = "iam" "GetGroupPolicy" GROUPS;
    LIST_ATTACHED_GROUP_POLICIES = "iam" "ListAttachedGroupPolicies" GROUPS;
    GET_POLICY = "iam" "GetPolicy" POLICIES;
    GET_POLICY_VERSION = "iam" "GetPolicyVersion" POLICIES;
    SIMULATE_PRINCIPAL_POLICY = "iam" "SimulatePrincipalPolicy" ANY;
    LIST_KEYS = "kms" "ListKeys" ANY;
    LIST_ALIASES = "kms" "ListAliases" ANY;
    DESCRIBE_KEY = "kms" "DescribeKey" KEYS;
    LIST_KEY_POLICIES = "kms" "ListKeyPolicies" KEYS;
    GET_KEY_POLICY = "kms" "GetKeyPolicy" KEYS;
    GET_KEY_ROTATION_STATUS = "kms" "GetKeyRotationStatus" KEYS;
    LIST_KEY_ROTATIONS = "kms" "ListKeyRotations" KEYS;
    LIST_GRANTS = "kms" "ListGrants" KEYS;
    LIST_RESOURCE_TAGS = "kms" "ListResourceTags" KEYS;
}

/// The identity policy that allows all of it and nothing else. `sts:GetCallerIdentity` needs no permission.
///
/// Source: AWS STS API Reference, `GetCallerIdentity`.
#[must_use]
pub fn permissions() -> String {
    let groups =
        [("Lists", &[ANY][..]), ("UsersGroupsRolesPolicies", &[ROLES, USERS, GROUPS, POLICIES]), ("Keys", &[KEYS])];
    let statements: Vec<String> = groups
        .iter()
        .map(|(sid, resources)| {
            let calls = CALLS.iter().filter(|call| call.service != "sts" && resources.contains(&call.resource));
            let mut actions: Vec<String> = calls.map(|call| call.action()).collect();
            actions.sort();
            statement(sid, &actions, resources)
        })
        .collect();
    format!("{{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n{}\n    ]\n}}\n", statements.join(",\n"))
}

fn statement(sid: &str, actions: &[String], resources: &[&str]) -> String {
    let list =
        |values: Vec<String>| format!("[\n                {}\n            ]", values.join(",\n                "));
    let quoted = |values: &[&str]| values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>();
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    let resources = match resources {
        [only] => format!("{only:?}"),
        several => list(quoted(several)),
    };
    format!(
        "        {{\n            \"Sid\": \"{sid}\",\n            \"Effect\": \"Allow\",\n            \"Action\": {},\n            \"Resource\": {resources}\n        }}",
        list(quoted(&actions))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_only_reads() {
        for call in CALLS {
            let reads = ["Get", "List", "Describe", "Simulate"].iter().any(|word| call.operation.starts_with(word));
            assert!(reads, "{} may change something", call.action());
        }
    }

    #[test]
    fn a_call_is_told_as_the_aws_cli_takes_it() {
        let typed = GET_ACCOUNT_AUTHORIZATION_DETAILS.typed(&[]);
        assert_eq!(typed, "aws iam get-account-authorization-details");
        let typed = GET_ROLE_POLICY.typed(&[("role-name", "kasten"), ("policy-name", "kms")]);
        assert_eq!(typed, "aws iam get-role-policy --role-name kasten --policy-name kms");
    }
}
