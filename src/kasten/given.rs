//! What a person gives of a set-up: names that AWS and Kubernetes know, each read once.

use std::{fmt, str::FromStr};

use crate::{
    key::is_key_id,
    policy::{AccountId, Arn, Principal},
    reference::Reference,
};

/// Why a text cannot stand where it was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(String);

fn unfit<T>(message: impl Into<String>) -> Result<T, Unfit> {
    Err(Unfit(message.into()))
}

/// The ARN of a KMS key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyArn {
    text: String,
    /// Its account.
    pub account: AccountId,
    /// Its partition.
    pub partition: String,
    /// Its Region.
    pub region: String,
}

impl KeyArn {
    /// The whole ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// The ARN of another key beside it.
    #[must_use]
    pub fn sibling(&self, id: &str) -> String {
        format!("arn:{}:kms:{}:{}:key/{id}", self.partition, self.region, self.account)
    }
}

impl fmt::Display for KeyArn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.text)
    }
}

impl FromStr for KeyArn {
    type Err = Unfit;

    /// Source: KMS Developer Guide, "Key identifiers (`KeyId`)", key ARN.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Ok(arn) = Arn::parse(text) else {
            return unfit("no ARN of a KMS key: it is arn:aws:kms:REGION:ACCOUNT:key/ID");
        };
        if arn.service != "kms" {
            return unfit(format!("this ARN is of `{}`, not of a KMS key", arn.service));
        }
        let id = match arn.typed_resource() {
            ("key", id) => id,
            ("alias", _) => return unfit("this is the ARN of an alias; `aws kms describe-key` tells its key's"),
            _ => return unfit("no ARN of a KMS key: it ends with key/ID"),
        };
        if !is_key_id(id) {
            return unfit(format!("`{id}` is no id of a KMS key"));
        }
        let Some(partition) = Reference::embedded().partition(arn.partition) else {
            return unfit(format!("AWS has no partition `{}`", arn.partition));
        };
        if !partition.is_region(arn.region) {
            return unfit(format!("`{}` is no Region of the partition {}", arn.region, arn.partition));
        }
        let account = account(arn.account)?;
        let (partition, region) = (arn.partition.to_owned(), arn.region.to_owned());
        Ok(Self { text: text.to_owned(), account, partition, region })
    }
}

fn account(text: &str) -> Result<AccountId, Unfit> {
    text.parse().map_err(|error| Unfit(format!("`{text}` is no account: {error}")))
}

/// The name of an alias, `alias/` included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasName(String);

impl AliasName {
    /// The name with `alias/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AliasName {
    type Err = Unfit;

    /// Takes the name with or without `alias/`. Source: KMS API Reference, "`CreateAlias`", `AliasName`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("arn:") {
            return unfit("this is an ARN; give the alias's name, alias/NAME");
        }
        let name = text.strip_prefix("alias/").unwrap_or(text);
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-');
        if let Some(other) = name.chars().find(|c| !is_letter(*c)) {
            return unfit(format!("no alias has `{other}` in its name: letters, digits, `/`, `_` and `-` only"));
        }
        match name {
            "" => unfit("the name behind `alias/` is missing"),
            _ if name.starts_with("aws/") => unfit("`alias/aws/` is reserved for the keys that AWS manages"),
            _ if name.starts_with("alias/") => unfit("`alias/` stands twice"),
            _ if name.len() > 250 => unfit("an alias has at most 256 characters, `alias/` included"),
            _ => Ok(Self(format!("alias/{name}"))),
        }
    }
}

/// The ARN of a role or of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderArn {
    text: String,
    /// Its account.
    pub account: AccountId,
    /// Its partition.
    pub partition: String,
}

impl HolderArn {
    /// Reads the ARN of a role.
    ///
    /// # Errors
    /// `Unfit` where it is the ARN of anything else.
    pub fn role(text: &str) -> Result<Self, Unfit> {
        let arn = Self::read(text, "role")?;
        match text.parse() {
            Ok(Principal::Role(_)) => Ok(arn),
            Ok(Principal::AssumedRole(_)) => unfit("this is a session; give its role, arn:aws:iam::ACCOUNT:role/NAME"),
            Ok(Principal::User(_)) => unfit("this is a user; give it with --user"),
            _ => unfit("no ARN of a role: it is arn:aws:iam::ACCOUNT:role/NAME"),
        }
    }

    /// Reads the ARN of a user.
    ///
    /// # Errors
    /// `Unfit` where it is the ARN of anything else.
    pub fn user(text: &str) -> Result<Self, Unfit> {
        let arn = Self::read(text, "user")?;
        match text.parse() {
            Ok(Principal::User(_)) => Ok(arn),
            Ok(Principal::Role(_)) => unfit("this is a role; give it with --role"),
            _ => unfit("no ARN of a user: it is arn:aws:iam::ACCOUNT:user/NAME"),
        }
    }

    fn read(text: &str, kind: &str) -> Result<Self, Unfit> {
        let Ok(arn) = Arn::parse(text) else {
            return unfit(format!("no ARN of a {kind}: it is arn:aws:iam::ACCOUNT:{kind}/NAME"));
        };
        if Reference::embedded().partition(arn.partition).is_none() {
            return unfit(format!("AWS has no partition `{}`", arn.partition));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-/:".contains(c);
        if let Some(other) = arn.resource.chars().find(|c| !is_name(*c)) {
            return unfit(format!("no {kind} has `{other}` in its name"));
        }
        let (partition, account) = (arn.partition.to_owned(), account(arn.account)?);
        Ok(Self { text: text.to_owned(), account, partition })
    }

    /// The whole ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name, without its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// The path, `/` where it has none.
    #[must_use]
    pub fn path(&self) -> &str {
        let resource = self.text.splitn(6, ':').nth(5).unwrap_or_default();
        let from = resource.find('/').unwrap_or_default();
        let to = resource.rfind('/').map_or(from, |at| at + 1);
        resource.get(from..to).unwrap_or("/")
    }
}

/// The identity provider of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its address without `https://`, as it stands in the names of condition keys.
    pub host: String,
    /// The account that its ARN names, where one was given.
    pub account: Option<AccountId>,
}

impl FromStr for Provider {
    type Err = Unfit;

    /// Takes its ARN, or the address that `aws eks describe-cluster` tells.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, account) = match Arn::parse(text) {
            Ok(arn) => match arn.typed_resource() {
                ("oidc-provider", host) if arn.service == "iam" => (host, Some(account(arn.account)?)),
                _ => return unfit("no ARN of an identity provider: it is arn:aws:iam::ACCOUNT:oidc-provider/ADDRESS"),
            },
            Err(_) => (text.strip_prefix("https://").unwrap_or(text), None),
        };
        let host = host.trim_end_matches('/');
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-' | '_');
        if !host.contains('.') || !host.chars().all(is_letter) {
            return unfit("no address of an identity provider, such as oidc.eks.REGION.amazonaws.com/id/ID");
        }
        Ok(Self { host: host.to_owned(), account })
    }
}

/// A name of Kubernetes: a namespace, or a service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName(String);

impl ObjectName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectName {
    type Err = Unfit;

    /// Source: Kubernetes, "Object Names and IDs", RFC 1123 labels.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_inner = |byte: u8| is_letter(byte) || byte == b'-';
        let ends = text.bytes().next().is_some_and(is_letter) && text.bytes().last().is_some_and(is_letter);
        if !ends || text.len() > 63 || !text.bytes().all(is_inner) {
            return unfit("no name of Kubernetes: up to 63 small letters, digits and hyphens");
        }
        Ok(Self(text.to_owned()))
    }
}

/// The name of a bucket of S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket(String);

impl Bucket {
    /// The name; empty for every bucket of the account.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Bucket {
    type Err = Unfit;

    /// Source: S3 User Guide, "General purpose bucket naming rules".
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        if !text.is_empty() && (text.len() < 3 || text.len() > 63 || !text.bytes().all(is_letter)) {
            return unfit("no name of a bucket: 3 to 63 small letters, digits, dots and hyphens");
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: FromStr<Err = Unfit> + fmt::Debug>(text: &str) -> String {
        text.parse::<T>().unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_key_says_what_it_is() {
        let key = |rest: &str| refused::<KeyArn>(&format!("arn:aws:kms:eu-central-1:{rest}"));
        assert!(key("111122223333:alias/kasten").contains("ARN of an alias"));
        assert!(key("123456789:key/1234abcd-12ab-34cd-56ef-1234567890ab").contains("12 digits, not 9"));
        assert!(key("111122223333:key/kasten").contains("`kasten` is no id"));
        assert!(refused::<KeyArn>("arn:aws:iam::111122223333:role/kasten").contains("of `iam`"));
        assert!(refused::<KeyArn>("1234abcd-12ab-34cd-56ef-1234567890ab").contains("no ARN of a KMS key"));
        let elsewhere = "arn:aws-cn:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        assert!(refused::<KeyArn>(elsewhere).contains("no Region of the partition aws-cn"));
    }

    #[test]
    fn an_alias_is_taken_with_its_prefix_or_without() {
        assert_eq!("kasten".parse(), Ok(AliasName("alias/kasten".to_owned())));
        assert_eq!("alias/kasten".parse(), Ok(AliasName("alias/kasten".to_owned())));
        assert!(refused::<AliasName>("alias/aws/ebs").contains("reserved"));
        assert!(refused::<AliasName>("alias/alias/kasten").contains("twice"));
        assert!(refused::<AliasName>("alias/ka*").contains("`*`"));
    }

    #[test]
    fn a_role_and_a_user_are_told_apart() {
        let role = HolderArn::role("arn:aws:iam::111122223333:role/team/backup/kasten").unwrap();
        assert_eq!((role.name(), role.path()), ("kasten", "/team/backup/"));
        assert_eq!(HolderArn::role("arn:aws:iam::111122223333:role/kasten").unwrap().path(), "/");
        let message = |read: Result<HolderArn, Unfit>| read.unwrap_err().to_string();
        assert!(message(HolderArn::role("arn:aws:iam::111122223333:user/kasten")).contains("--user"));
        assert!(message(HolderArn::user("arn:aws:iam::111122223333:role/kasten")).contains("--role"));
        assert!(message(HolderArn::role("arn:aws:sts::111122223333:assumed-role/kasten/s")).contains("session"));
        assert!(message(HolderArn::role("arn:aws:iam::111122223333:role/\"x")).contains('"'));
    }
}
