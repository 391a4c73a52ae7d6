//! The KMS side: keys, and the aliases that point to them, as KMS itself describes them.

use crate::source::{Span, Spanned};

/// A KMS key, from what `describe-key` or a plan tells of it. What it does not tell is `None`.
///
/// Source: KMS API Reference, `KeyMetadata`.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its ARN.
    pub arn: Option<Spanned<String>>,
    /// The account that owns it.
    pub account: Option<Spanned<String>>,
    /// `SYMMETRIC_DEFAULT`, `RSA_2048` …; KMS names it `KeySpec`, before 2021 `CustomerMasterKeySpec`.
    pub spec: Option<Spanned<String>>,
    /// `ENCRYPT_DECRYPT`, `SIGN_VERIFY` …
    pub usage: Option<Spanned<String>>,
    /// `Enabled`, `Disabled`, `PendingDeletion` …
    pub state: Option<Spanned<String>>,
    /// `CUSTOMER` or `AWS`.
    pub manager: Option<Spanned<String>>,
    /// Where it is described.
    pub span: Span,
}

/// An alias, from `list-aliases`.
///
/// Source: KMS API Reference, `AliasListEntry`.
#[derive(Clone, Debug)]
pub struct Alias {
    /// `alias/kasten`.
    pub name: Spanned<String>,
    /// The id of the key it points to; AWS's own aliases may have none.
    pub target: Option<Spanned<String>>,
}
