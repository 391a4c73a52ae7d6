//! Why a finding does not count.

/// What the user has written so that a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Where the user wrote it.
    pub kind: SuppressionKind,
    /// The reason that the user gave; empty where the kind asks for none.
    pub reason: String,
}

/// Where a suppression is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuppressionKind {
    /// An entry of the configuration.
    Config,
    /// A comment in the file itself.
    Comment,
    /// The baseline has the finding's fingerprint.
    Baseline,
}

impl SuppressionKind {
    /// The word that the JSON uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Comment => "comment",
            Self::Baseline => "baseline",
        }
    }
}
