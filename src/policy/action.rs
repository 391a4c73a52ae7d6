//! What a policy lists as actions.

use super::glob;
use crate::source::scan;

/// One entry of an `Action` or `NotAction` list: `kms:Decrypt`, `kms:*`, `*`.
///
/// Letter case does not count, and wildcards may stand anywhere in the name. Source: IAM User Guide, "IAM JSON policy
/// elements: Action".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionPattern {
    text: Box<str>,
    // Every rule on actions asks for the service, so where it ends is looked for once.
    /// Where the first colon stands; `None` where there is none.
    colon: Option<u32>,
    /// Where the first wildcard stands; `None` where there is none.
    wildcard: Option<u32>,
}

impl ActionPattern {
    /// An entry, as it is spelt.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        let number = |place: usize| u32::try_from(place).ok();
        let colon = scan::find(text.as_bytes(), |word| scan::is(word, b':')).and_then(number);
        let wildcard = glob::first_wildcard(&text).and_then(number);
        Self { text, colon, wildcard }
    }

    fn colon(&self) -> Option<usize> {
        self.colon.map(|colon| colon as usize)
    }

    /// The entry as it is spelt.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The service before the colon; `None` for a bare `*` and for text without a colon.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.text.get(..self.colon()?)
    }

    /// What stands behind the colon; the whole text where there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.colon().and_then(|colon| self.text.get(colon + 1..)).unwrap_or(&self.text)
    }

    /// Whether it holds a wildcard, so that it may cover several actions.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        self.wildcard.is_some()
    }

    /// Whether it may cover actions of several services: a wildcard stands before the colon, or for it.
    #[must_use]
    pub fn leaves_service_open(&self) -> bool {
        self.colon.is_none_or(|colon| self.wildcard.is_some_and(|wildcard| wildcard < colon))
    }

    /// Whether it is of one service, whatever the case: `kms`.
    #[must_use]
    pub fn is_of(&self, service: &str) -> bool {
        self.service().is_some_and(|own| own.eq_ignore_ascii_case(service))
    }

    /// Whether it may cover actions of one service: it is of that service, or leaves open of which it is.
    #[must_use]
    pub fn may_be_of(&self, service: &str) -> bool {
        self.is_of(service) || self.leaves_service_open()
    }

    /// Whether it covers one action: `kms:Decrypt`.
    #[must_use]
    pub fn covers(&self, action: &str) -> bool {
        match self.wildcard {
            Some(_) => glob::matches_ignoring_case(&self.text, action),
            None => self.text.eq_ignore_ascii_case(action),
        }
    }

    /// Whether it means every action of every service.
    #[must_use]
    pub fn is_every_action(&self) -> bool {
        // It begins with a `*`, which few entries do.
        self.wildcard == Some(0) && glob::is_stars(self.name()) && self.service().is_none_or(glob::is_stars)
    }

    /// Whether it means every action of one service: `kms:*`.
    #[must_use]
    pub fn is_every_action_of(&self, service: &str) -> bool {
        self.wildcard.is_some() && self.is_of(service) && glob::is_stars(self.name())
    }

    /// Whether it means every action of one service, alone or with those of all others: `kms:*` or `*`.
    #[must_use]
    pub fn is_whole_of(&self, service: &str) -> bool {
        self.is_every_action() || self.is_every_action_of(service)
    }
}
