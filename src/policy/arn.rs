//! Amazon Resource Names and account numbers.

use std::{fmt, str::FromStr};

/// A twelve-digit AWS account number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountId([u8; 12]);

/// The text is no account number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountIdError {
    /// A character is no digit.
    #[error("an account number has only digits")]
    NotADigit,
    /// There are more or fewer than twelve digits.
    #[error("an account number has 12 digits, not {found}")]
    Length {
        /// How many there are.
        found: usize,
    },
}

impl AccountId {
    /// The twelve digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AccountIdError::NotADigit);
        }
        text.as_bytes().try_into().map(Self).map_err(|_| AccountIdError::Length { found: text.len() })
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "AccountId({self})")
    }
}

/// An ARN, or a pattern of ARNs, in its six parts.
///
/// The sixth part is everything behind the fifth colon, colons included. Source: IAM User Guide, "Identify AWS
/// resources with Amazon Resource Names (ARNs)".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov` …
    pub partition: &'a str,
    /// `kms`, `iam` …
    pub service: &'a str,
    /// The Region; empty for global services.
    pub region: &'a str,
    /// The account; empty for some services.
    pub account: &'a str,
    /// The resource, with its type where it has one.
    pub resource: &'a str,
}

/// The text is no ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// It does not start with `arn:`.
    #[error("an ARN starts with `arn:`")]
    Prefix,
    /// Some of the six parts are missing.
    #[error("an ARN has 6 parts, not {found}")]
    Parts {
        /// How many there are.
        found: usize,
    },
}

impl<'a> Arn<'a> {
    /// Splits a text at its first five colons. Those of a policy variable (`${aws:PrincipalTag/team}`) do not count.
    ///
    /// # Errors
    /// [`ArnError`] where the prefix or some of the parts are missing.
    pub fn parse(text: &'a str) -> Result<Self, ArnError> {
        Ok(Self::split(text, colons(text)?))
    }

    /// Splits a text at its [colons].
    pub(super) fn split(text: &'a str, [_, partition, service, region, account]: [usize; 5]) -> Self {
        let before = |colon: usize, end: usize| text.get(colon + 1..end).unwrap_or_default();
        let [arn, last] = [PREFIX.len(), text.len()];
        Self {
            partition: before(arn, partition),
            service: before(partition, service),
            region: before(service, region),
            account: before(region, account),
            resource: before(account, last),
        }
    }

    /// The resource's type and name: `key` and `1234…` of `key/1234…`; the type is empty where there is no `/`.
    #[must_use]
    pub fn typed_resource(&self) -> (&'a str, &'a str) {
        self.resource.split_once('/').unwrap_or(("", self.resource))
    }
}

/// What stands before the first colon of an ARN.
const PREFIX: &str = "arn";

/// Where the five colons stand that part an ARN.
///
/// # Errors
/// [`ArnError`] where the text is none.
pub(super) fn colons(text: &str) -> Result<[usize; 5], ArnError> {
    // What is no ARN mostly begins otherwise.
    if !text.starts_with(PREFIX) {
        return Err(ArnError::Prefix);
    }
    let mut colons = [0; 5];
    let mut found = 0;
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().skip(PREFIX.len()) {
        match byte {
            b'{' if text[..at].ends_with('$') => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => {
                colons[found] = at;
                found += 1;
                if found == colons.len() {
                    break;
                }
            }
            _ => {}
        }
    }
    let first = if found == 0 { text.len() } else { colons[0] };
    if first != PREFIX.len() {
        return Err(ArnError::Prefix);
    }
    if found < colons.len() { Err(ArnError::Parts { found: found + 1 }) } else { Ok(colons) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_twelve_digits() {
        assert_eq!("123456789012".parse::<AccountId>().map(|id| id.to_string()), Ok("123456789012".to_owned()));
        assert_eq!("123456789".parse::<AccountId>(), Err(AccountIdError::Length { found: 9 }));
        assert_eq!("12345678901x".parse::<AccountId>(), Err(AccountIdError::NotADigit));
    }

    #[test]
    fn colons_behind_the_fifth_belong_to_the_resource() {
        let arn = Arn::parse("arn:aws:logs:eu-central-1:111122223333:log-group:a:b").unwrap();
        assert_eq!(arn.resource, "log-group:a:b");
    }

    #[test]
    fn a_colon_inside_a_variable_splits_nothing() {
        let arn = Arn::parse("arn:aws:s3:::${aws:PrincipalTag/team}/*").unwrap();
        assert_eq!(arn.resource, "${aws:PrincipalTag/team}/*");
    }

    #[test]
    fn parts_that_are_missing_are_counted() {
        assert_eq!(Arn::parse("arn:aws:sqs"), Err(ArnError::Parts { found: 3 }));
        assert_eq!(Arn::parse("aws:sqs"), Err(ArnError::Prefix));
    }
}
