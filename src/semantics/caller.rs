//! Who calls, and how strongly a policy's principal names the caller.

use super::Truth;
use crate::policy::{AccountId, Principal, PrincipalArn};

/// Who makes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// An IAM user.
    User(PrincipalArn),
    /// A role: any session of it.
    Role(PrincipalArn),
    /// One session of a role.
    Session(PrincipalArn),
    /// One session of a federated user.
    FederatedUser(PrincipalArn),
    /// An account's root user.
    Root {
        /// The account.
        account: AccountId,
        /// The partition, where an ARN told it.
        partition: Option<String>,
    },
    /// An AWS service, by itself.
    Service(String),
    /// Whom an identity provider vouches for, before a role is assumed.
    Federated(String),
    /// Nobody who signed.
    Anonymous,
}

impl Caller {
    /// The caller of a principal's ARN; `None` for `*`, a service and what else is no ARN.
    #[must_use]
    pub fn of(principal: &Principal, text: &str) -> Option<Self> {
        Some(match principal {
            Principal::User(arn) => Self::User(arn.clone()),
            Principal::Role(arn) => Self::Role(arn.clone()),
            Principal::AssumedRole(arn) => Self::Session(arn.clone()),
            Principal::FederatedUser(arn) => Self::FederatedUser(arn.clone()),
            Principal::Account(account) => {
                Self::Root { account: *account, partition: text.split(':').nth(1).map(str::to_owned) }
            }
            _ => return None,
        })
    }

    /// The ARN of a user, a role or a session.
    #[must_use]
    pub const fn arn(&self) -> Option<&PrincipalArn> {
        match self {
            Self::User(arn) | Self::Role(arn) | Self::Session(arn) | Self::FederatedUser(arn) => Some(arn),
            _ => None,
        }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Root { account, .. } => Some(*account),
            _ => self.arn().map(PrincipalArn::account),
        }
    }

    /// The partition, where an ARN tells it.
    #[must_use]
    pub fn partition(&self) -> Option<&str> {
        match self {
            Self::Root { partition, .. } => partition.as_deref(),
            _ => self.arn().map(PrincipalArn::partition),
        }
    }

    /// What `aws:PrincipalArn` holds: for a session its role's ARN, of which the session does not tell the path.
    ///
    /// Source: IAM User Guide, "AWS global condition context keys", `aws:PrincipalArn`.
    pub(super) fn principal_arn(&self) -> Option<String> {
        match self {
            Self::Session(arn) => {
                let partition = self.partition()?;
                Some(format!("arn:{partition}:iam::{}:role/{}", arn.account(), arn.holder()))
            }
            Self::Root { account, partition } => {
                Some(format!("arn:{}:iam::{account}:root", partition.as_deref().unwrap_or("aws")))
            }
            _ => self.arn().map(|arn| arn.as_str().to_owned()),
        }
    }

    /// What `aws:PrincipalType` holds.
    ///
    /// Source: IAM User Guide, "IAM policy elements: Variables and tags", principal key values.
    pub(super) const fn principal_type(&self) -> Option<&'static str> {
        Some(match self {
            Self::User(_) => "User",
            Self::Role(_) | Self::Session(_) => "AssumedRole",
            Self::FederatedUser(_) => "FederatedUser",
            Self::Root { .. } => "Account",
            Self::Anonymous => "Anonymous",
            Self::Service(_) | Self::Federated(_) => return None,
        })
    }

    pub(super) fn user_name(&self) -> Option<&str> {
        match self {
            Self::User(arn) => Some(arn.name()),
            _ => None,
        }
    }

    /// Whether its path makes it a service-linked role.
    ///
    /// Source: IAM User Guide, "Create a service-linked role".
    pub(super) fn is_service_linked_role(&self) -> bool {
        matches!(self, Self::Role(arn) if arn.as_str().contains(super::traits::SERVICE_LINKED))
    }
}

impl std::fmt::Display for Caller {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(arn) | Self::Role(arn) | Self::Session(arn) | Self::FederatedUser(arn) => out.pad(arn.as_str()),
            Self::Root { account, .. } => write!(out, "the root user of {account}"),
            Self::Service(name) | Self::Federated(name) => out.pad(name),
            Self::Anonymous => out.pad("an anonymous caller"),
        }
    }
}

/// How strongly a policy's principal names a caller, from weak to strong. It decides which other policies the grant still
/// needs.
///
/// Source: IAM User Guide, "Policy evaluation logic", resource-based policies and implicit denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchClass {
    /// Not at all.
    None,
    /// By its account, which leaves the decision to identity policies.
    Account,
    /// By its role's ARN.
    RoleArn,
    /// By the ARN of the user for whom the session was made.
    FederatingUserArn,
    /// By itself.
    Direct,
}

/// How strongly a principal names a caller.
///
/// # Errors
/// The class if it does, where that cannot be told.
pub fn classify(principal: &Principal, caller: &Caller) -> Result<MatchClass, MatchClass> {
    use MatchClass::{Account, Direct, FederatingUserArn, None, RoleArn};
    Ok(match (principal, caller) {
        (Principal::Anyone, _) => Direct,
        (Principal::Account(account), Caller::Root { account: own, .. }) if account == own => Direct,
        (Principal::Account(account), _) if caller.account() == Some(*account) => Account,
        (Principal::User(arn), Caller::User(own)) if arn == own => Direct,
        // Which user made the session is not told: its name is free. Source: STS API Reference, "GetFederationToken".
        (Principal::User(arn), Caller::FederatedUser(own)) if arn.account() == own.account() => {
            return Err(FederatingUserArn);
        }
        (Principal::Role(arn), Caller::Role(own)) if arn == own => RoleArn,
        (Principal::Role(arn), Caller::Session(own)) if arn.is_role_of(own) => RoleArn,
        (Principal::AssumedRole(arn), Caller::Session(own)) if arn == own => Direct,
        // Whether the session that calls is the one that is named is not told.
        (Principal::AssumedRole(arn), Caller::Role(own)) if own.is_role_of(arn) => return Err(Direct),
        (Principal::FederatedUser(arn), Caller::FederatedUser(own)) if arn == own => Direct,
        (Principal::Service(name), Caller::Service(own)) if name == own => Direct,
        (Principal::Federated(name), Caller::Federated(own)) if name == own => Direct,
        // Which account a canonical id belongs to stands in no file.
        (Principal::CanonicalUser(_), _) if caller.account().is_some() => return Err(Account),
        _ => None,
    })
}

/// Whether a `NotPrincipal` list excepts a caller: `True` where it names every layer of it (account, role or user), as the
/// documentation asks; `Unknown` where only some, which services treat differently.
///
/// Source: IAM User Guide, "AWS JSON policy elements: `NotPrincipal`".
#[must_use]
pub fn is_excepted(listed: &[Principal], caller: &Caller) -> Truth {
    let classes = || listed.iter().map(|principal| classify(principal, caller));
    let strongest = classes().filter_map(Result::ok).max().unwrap_or(MatchClass::None);
    let doubtful = classes().any(|class| class.is_err());
    let by_account = classes().any(|class| class == Ok(MatchClass::Account));
    let everyone = listed.contains(&Principal::Anyone);
    let whole = match caller {
        Caller::Session(_) => by_account && classes().any(|class| class == Ok(MatchClass::RoleArn)),
        Caller::User(_) | Caller::Role(_) | Caller::FederatedUser(_) => by_account && strongest > MatchClass::Account,
        Caller::Root { .. } | Caller::Service(_) | Caller::Federated(_) | Caller::Anonymous => {
            strongest == MatchClass::Direct
        }
    };
    if whole || everyone {
        Truth::True
    } else if strongest > MatchClass::None || doubtful {
        Truth::Unknown
    } else {
        Truth::False
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(text: &str) -> Principal {
        text.parse().unwrap()
    }

    fn caller(text: &str) -> Caller {
        Caller::of(&principal(text), text).unwrap()
    }

    const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/kasten/backup";
    const ROLE: &str = "arn:aws:iam::111122223333:role/team/kasten";
    const USER: &str = "arn:aws:iam::111122223333:user/kasten";

    #[test]
    fn a_root_arn_names_the_whole_account_and_the_root_user_itself() {
        let root = principal("arn:aws:iam::111122223333:root");
        assert_eq!(classify(&root, &caller(SESSION)), Ok(MatchClass::Account));
        assert_eq!(classify(&root, &caller("arn:aws:iam::111122223333:root")), Ok(MatchClass::Direct));
        assert_eq!(classify(&root, &Caller::Anonymous), Ok(MatchClass::None));
    }

    #[test]
    fn a_role_names_its_sessions_less_strongly_than_a_session_does() {
        assert_eq!(classify(&principal(ROLE), &caller(SESSION)), Ok(MatchClass::RoleArn));
        assert_eq!(classify(&principal(SESSION), &caller(SESSION)), Ok(MatchClass::Direct));
        assert_eq!(classify(&principal(SESSION), &caller(ROLE)), Err(MatchClass::Direct));
    }

    #[test]
    fn a_session_is_of_a_role_of_its_own_partition_alone() {
        let role = principal("arn:aws-iso-e:iam::111122223333:role/kasten");
        let session = |partition: &str| caller(&format!("arn:{partition}:sts::111122223333:assumed-role/kasten/pod"));
        assert_eq!(classify(&role, &session("aws-iso-e")), Ok(MatchClass::RoleArn));
        assert_eq!(classify(&role, &session("aws-iso-f")), Ok(MatchClass::None));
    }

    #[test]
    fn an_exception_must_name_the_account_and_the_role() {
        let excepted = |names: &[&str], who: &str| {
            let listed: Vec<Principal> = names.iter().map(|name| principal(name)).collect();
            is_excepted(&listed, &caller(who))
        };
        assert_eq!(excepted(&[ROLE, "111122223333"], SESSION), Truth::True);
        assert_eq!(excepted(&[ROLE], SESSION), Truth::Unknown);
        assert_eq!(excepted(&["111122223333"], SESSION), Truth::Unknown);
        assert_eq!(excepted(&[USER, "111122223333"], USER), Truth::True);
        assert_eq!(excepted(&[USER, "444455556666"], SESSION), Truth::False);
    }
}
