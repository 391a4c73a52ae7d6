//! How the places of a Kasten set-up stand, as plain data.

use std::fmt;

/// The places that must agree before Kasten can encrypt and decrypt with a key of KMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The key: symmetric and enabled.
    Key,
    /// Its policy.
    KeyPolicy,
    /// The alias by which policies or Kasten name it.
    Alias,
    /// What the role's or user's own policies allow.
    Permissions,
    /// How Kasten comes to its role, or to a user's access keys.
    Trust,
    /// The Helm values.
    Helm,
    /// The Passkey, or the Secret that gives the first key.
    Passkey,
}

impl Place {
    /// Every place, in the order in which they are told.
    pub const ALL: [Self; 7] =
        [Self::Key, Self::KeyPolicy, Self::Alias, Self::Permissions, Self::Trust, Self::Helm, Self::Passkey];

    /// The name that the JSON uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::KeyPolicy => "key-policy",
            Self::Alias => "alias",
            Self::Permissions => "permissions",
            Self::Trust => "trust",
            Self::Helm => "helm",
            Self::Passkey => "passkey",
        }
    }

    /// The name that a person reads.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::KeyPolicy => "key policy",
            Self::Alias => "alias",
            Self::Permissions => "permissions",
            Self::Trust => "trust",
            Self::Helm => "Helm values",
            Self::Passkey => "Passkey",
        }
    }
}

/// How a place stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The files show that it is right.
    Ok,
    /// The files do not show it.
    Unknown,
    /// The files show that it is not.
    Wrong,
}

impl State {
    /// The name that the JSON uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Wrong => "wrong",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// How one place of a set-up stands, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The place.
    pub place: Place,
    /// How it stands.
    pub state: State,
    /// What shows it, one clause; where nothing does, which file would.
    pub because: String,
}
