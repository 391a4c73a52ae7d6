//! What a policy lists as actions.

use super::glob;

/// One entry of an `Action` or `NotAction` list: `kms:Decrypt`, `kms:*`, `*`.
///
/// Letter case does not count, and wildcards may stand anywhere in the name. Source: IAM User Guide, "IAM JSON policy
/// elements: Action".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionPattern(String);

impl ActionPattern {
    /// An entry, as it is spelt.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The entry as it is spelt.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The service before the colon; `None` for a bare `*` and for text without a colon.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.0.split_once(':').map(|(service, _)| service)
    }

    /// What stands behind the colon; the whole text where there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(_, name)| name)
    }

    /// Whether it is of one service, whatever the case: `kms`.
    #[must_use]
    pub fn is_of(&self, service: &str) -> bool {
        self.service().is_some_and(|own| own.eq_ignore_ascii_case(service))
    }

    /// Whether it covers one action: `kms:Decrypt`.
    #[must_use]
    pub fn covers(&self, action: &str) -> bool {
        glob::matches_ignoring_case(&self.0, action)
    }

    /// Whether it means every action of every service.
    #[must_use]
    pub fn is_every_action(&self) -> bool {
        let stars = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte == b'*');
        stars(&self.0) || (stars(self.name()) && self.service().is_some_and(stars))
    }

    /// Whether it means every action of one service: `kms:*`.
    #[must_use]
    pub fn is_every_action_of(&self, service: &str) -> bool {
        let name = self.name();
        self.is_of(service) && !name.is_empty() && name.bytes().all(|byte| byte == b'*')
    }
}
