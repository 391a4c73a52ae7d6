//! The KMS side: keys, their rotation, and the aliases that point to them, as KMS itself describes them.

use crate::source::{Span, Spanned};

/// Whether text is a key id: a UUID, or `mrk-` and 32 hexadecimal digits.
///
/// Source: KMS Developer Guide, "Key identifiers (`KeyId`)".
#[must_use]
pub fn is_key_id(text: &str) -> bool {
    let hex = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(id) = text.strip_prefix("mrk-") {
        return hex(id, 32);
    }
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 5 && parts.iter().zip([8, 4, 4, 4, 12]).all(|(part, length)| hex(part, length))
}

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
    /// `AWS_KMS`, `EXTERNAL` … : where its material comes from.
    pub origin: Option<Spanned<String>>,
    /// `KEY_MATERIAL_EXPIRES` or `KEY_MATERIAL_DOES_NOT_EXPIRE`, for material that was imported.
    pub expiration: Option<Spanned<String>>,
    /// `PRIMARY` or `REPLICA`, for a multi-Region key.
    pub multi_region: Option<Spanned<String>>,
    /// What a replica is one of: the id of its primary, or the address of it until there is an id.
    pub primary: Option<Spanned<String>>,
    /// How many replicas a primary has.
    pub replicas: Option<Spanned<usize>>,
    /// What it is for, in words; empty where none stand there.
    pub description: Option<Spanned<String>>,
    /// The names of its tags.
    pub tags: Option<Spanned<Vec<String>>>,
    /// The days from its destruction to its end, as they are spelt.
    pub deletion_window: Option<Spanned<String>>,
    /// When it was made, in seconds from 1970.
    pub created: Option<Spanned<i64>>,
    /// Where its own material stands in the file.
    pub material: Option<Span>,
    /// The address of the resource that describes it, in a plan or a state.
    pub address: Option<String>,
    /// Where it is described.
    pub span: Span,
}

impl Key {
    /// A key of which nothing is told but where.
    #[must_use]
    pub const fn at(span: Span) -> Self {
        Self {
            arn: None,
            account: None,
            spec: None,
            usage: None,
            state: None,
            manager: None,
            origin: None,
            expiration: None,
            multi_region: None,
            primary: None,
            replicas: None,
            description: None,
            tags: None,
            deletion_window: None,
            created: None,
            material: None,
            address: None,
            span,
        }
    }

    /// The part of its ARN by which KMS knows it in its account and Region; its address until it has an ARN.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        let by_arn = self.arn.as_ref().and_then(|arn| arn.value.rsplit('/').next());
        by_arn.or(self.address.as_deref())
    }

    /// Whether it is a copy of a multi-Region key in another Region.
    #[must_use]
    pub fn is_replica(&self) -> bool {
        self.multi_region.as_ref().is_some_and(|kind| kind.value == "REPLICA")
    }

    /// What its spec is good for; `None` where it is not told, or not known here.
    #[must_use]
    pub fn family(&self) -> Option<KeyFamily> {
        self.spec.as_ref().and_then(|spec| KeyFamily::of(&spec.value))
    }
}

/// The specs of keys that are good for the same.
///
/// Source: KMS API Reference, "`CreateKey`", `KeySpec` and `KeyUsage`; KMS Developer Guide, "Key spec reference".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFamily {
    /// `SYMMETRIC_DEFAULT`.
    Symmetric,
    /// `HMAC_256` and its kin.
    Hmac,
    /// `RSA_2048` and its kin.
    Rsa,
    /// `ECC_NIST_P256` and its kin.
    EccNist,
    /// `ECC_SECG_P256K1`.
    EccSecg,
    /// `ML_DSA_44` and its kin.
    MlDsa,
    /// `ML_KEM_512` and its kin.
    MlKem,
    /// `SM2`, in China alone.
    Sm2,
}

impl KeyFamily {
    /// The family of a spec, where it is known.
    #[must_use]
    pub fn of(spec: &str) -> Option<Self> {
        Some(match spec {
            "SYMMETRIC_DEFAULT" => Self::Symmetric,
            "SM2" => Self::Sm2,
            _ if spec.starts_with("HMAC_") => Self::Hmac,
            _ if spec.starts_with("RSA_") => Self::Rsa,
            _ if spec.starts_with("ECC_NIST_") => Self::EccNist,
            _ if spec.starts_with("ECC_SECG_") => Self::EccSecg,
            _ if spec.starts_with("ML_DSA_") => Self::MlDsa,
            _ if spec.starts_with("ML_KEM_") => Self::MlKem,
            _ => return None,
        })
    }

    /// What a key of the family may be created for.
    #[must_use]
    pub const fn usages(self) -> &'static [&'static str] {
        match self {
            Self::Symmetric => &["ENCRYPT_DECRYPT"],
            Self::Hmac => &["GENERATE_VERIFY_MAC"],
            Self::Rsa => &["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
            Self::EccNist => &["SIGN_VERIFY", "KEY_AGREEMENT"],
            Self::EccSecg | Self::MlDsa => &["SIGN_VERIFY"],
            Self::MlKem => &["ENCAPSULATE_DECAPSULATE"],
            Self::Sm2 => &["ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT"],
        }
    }
}

/// How a key's material is renewed, from `get-key-rotation-status`. What it does not tell is `None`.
///
/// Source: KMS API Reference, "`GetKeyRotationStatus`".
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The key's id or ARN; answers from before 2024 do not tell it.
    pub key: Option<Spanned<String>>,
    /// Whether KMS renews the material by itself.
    pub enabled: Spanned<bool>,
    /// The days from one renewal to the next, as they are spelt.
    pub period: Option<Spanned<String>>,
    /// Where it is told.
    pub span: Span,
}

/// An alias, from `list-aliases`.
///
/// Source: KMS API Reference, `AliasListEntry`.
#[derive(Clone, Debug)]
pub struct Alias {
    /// `alias/kasten`.
    pub name: Spanned<String>,
    /// Its ARN, which tells its account and its Region.
    pub arn: Option<Spanned<String>>,
    /// The id of the key it points to; AWS's own aliases may have none.
    pub target: Option<Spanned<String>>,
}

impl Alias {
    /// Whether it points to a key. Both are of one account and Region.
    ///
    /// Source: KMS Developer Guide, "Aliases in AWS KMS".
    #[must_use]
    pub fn points_to(&self, key: &Key) -> bool {
        let place = |arn: &Option<Spanned<String>>| -> Option<String> {
            Some(arn.as_ref()?.value.splitn(6, ':').take(5).collect::<Vec<_>>().join(":"))
        };
        let is_elsewhere = place(&self.arn).zip(place(&key.arn)).is_some_and(|(alias, key)| alias != key);
        let target = self.target.as_ref().map(|target| target.value.as_str());
        !is_elsewhere && target.is_some() && (target == key.id() || target == key.address.as_deref())
    }
}

/// A grant on a key.
///
/// Source: KMS API Reference, `CreateGrant`, `GrantConstraints`.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who may use the key by it: an ARN, or a service's name.
    pub grantee: Spanned<String>,
    /// What it lets the grantee call: `Decrypt`, `GenerateDataKey` …
    pub operations: Vec<Spanned<String>>,
    /// The encryption context that a request must have, no more and no less; letter case counts.
    pub equals: Option<Vec<(String, String)>>,
    /// Pairs that the encryption context of a request must hold; letter case counts.
    pub subset: Option<Vec<(String, String)>>,
    /// Where it is described.
    pub span: Span,
}

/// A grant, as a file tells of it.
#[derive(Clone, Debug)]
pub struct KeyGrant {
    /// The key that it is on, by what [`Key::id`] gives; `None` where the file does not tell.
    pub key: Option<String>,
    /// The grant.
    pub grant: Grant,
    /// Whether a part of it is not known until a plan is applied: it may be for anyone, and for anything.
    pub is_open: bool,
    /// The address of the resource that describes it, in a plan or a state.
    pub address: Option<String>,
}
