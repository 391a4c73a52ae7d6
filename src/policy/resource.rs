//! What a policy lists as resources.

use super::{Arn, ArnError, arn::colons, glob};

/// One entry of a `Resource` or `NotResource` list: an ARN, a pattern of ARNs, or `*`. Letter case counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePattern {
    text: Box<str>,
    // Many rules ask for its parts, so they are told apart once.
    colons: Result<[usize; 5], ArnError>,
}

impl ResourcePattern {
    /// An entry, as it is spelt.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        let colons = colons(&text);
        Self { text, colons }
    }

    /// The entry as it is spelt.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it means every resource.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        glob::is_stars(&self.text)
    }

    /// Its parts, where it is an ARN.
    ///
    /// # Errors
    /// [`ArnError`] where it is none.
    pub fn arn(&self) -> Result<Arn<'_>, ArnError> {
        self.colons.map(|colons| Arn::split(&self.text, colons))
    }

    /// Whether it is the ARN of a KMS alias, or a pattern of such. Source: Service Authorization Reference, "AWS Key
    /// Management Service", resource types.
    #[must_use]
    pub fn is_alias(&self) -> bool {
        self.arn().is_ok_and(|arn| arn.service == "kms" && arn.resource.starts_with("alias/"))
    }

    /// Whether it covers one resource's ARN, wildcards crossing every colon.
    #[must_use]
    pub fn covers(&self, arn: &str) -> bool {
        glob::matches(&self.text, arn)
    }

    /// Whether it may cover KMS keys of any account: `*`, or a KMS ARN whose account is open.
    ///
    /// Source: KMS Developer Guide, "Best practices for IAM policies".
    #[must_use]
    pub fn reaches_keys_of_any_account(&self) -> bool {
        if self.is_everything() {
            return true;
        }
        let Ok(arn) = self.arn() else { return false };
        glob::matches(arn.service, "kms") && glob::is_stars(arn.account) && covers_every_key(arn.resource)
    }

    /// Whether it covers every key of the accounts and Regions that it reaches: `*`, or a KMS ARN that ends in `key/*`.
    #[must_use]
    pub fn covers_every_key(&self) -> bool {
        self.is_everything()
            || self.arn().is_ok_and(|arn| glob::matches(arn.service, "kms") && covers_every_key(arn.resource))
    }
}

fn covers_every_key(resource: &str) -> bool {
    glob::includes(resource, "key/*")
}
