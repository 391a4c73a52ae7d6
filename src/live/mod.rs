//! What AWS really has, fetched through its API into files as the AWS CLI writes them.
//!
//! The only module that talks to AWS, the only async code, and only with the feature `live`. It reads alone: what it may
//! call stands in one table, [`CALLS`]. It knows no policy: what is fetched goes down the same path as any file.

mod calls;
mod failure;
mod fetching;
mod holder;
mod iam;
mod json;
mod kms;
mod manifest;
mod planned;
mod session;
mod worker;

use std::time::Duration;

pub use calls::{CALLS, Call, permissions};
pub use failure::{Failure, Kind};
pub use fetching::{Comparison, Fetched, File, compare, fetch};
pub use planned::planned;

/// What to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A key, by its id, ARN, alias or alias ARN.
    Key(String),
    /// A role, by name or ARN.
    Role(String),
    /// A user, by name or ARN.
    User(String),
    /// All users, groups, roles and policies of the account, and all customer keys of the Region.
    Account,
    /// What a Kasten set-up needs: a role or a user, and a key by its alias.
    Kasten {
        /// The role, by name or ARN.
        role: Option<String>,
        /// The user, by name or ARN.
        user: Option<String>,
        /// The key, by its alias, id or ARN.
        key: String,
    },
}

impl Wanted {
    /// Whether KMS is asked, whose answers are those of one Region.
    fn needs_region(&self) -> bool {
        match self {
            Self::Key(key) | Self::Kasten { key, .. } => region_of(key).is_none(),
            Self::Account => true,
            Self::Role(_) | Self::User(_) => false,
        }
    }
}

/// The Region in the ARN of a key or an alias.
fn region_of(key: &str) -> Option<&str> {
    let mut parts = key.split(':');
    let is_arn = parts.next() == Some("arn");
    parts.nth(2).filter(|region| is_arn && !region.is_empty())
}

/// The name at the end of an ARN; a name is one already.
fn name_of(holder: &str) -> &str {
    if holder.starts_with("arn:") { holder.rsplit('/').next().unwrap_or(holder) } else { holder }
}

/// How to reach AWS.
#[derive(Clone, Debug)]
pub struct Options {
    /// The profile of the AWS CLI's files; `None` as the environment says.
    pub profile: Option<String>,
    /// The Region; `None` as the environment or the profile says.
    pub region: Option<String>,
    /// How long one attempt of a call may take.
    pub timeout: Duration,
    /// How many calls may be under way at once.
    pub at_once: usize,
}

/// Why nothing could be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// One clause.
    pub message: String,
    /// The remedy.
    pub help: String,
}

impl Trouble {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}
