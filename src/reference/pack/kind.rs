//! The words of the reference that are of a fixed set.

use std::fmt;

/// What an action does to a resource, in the classes of AWS. Where AWS gives several, the strongest.
///
/// Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services", access levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessLevel {
    /// Lists what there is: `kms:ListKeys`.
    List,
    /// Reads, and changes nothing: `kms:DescribeKey`.
    Read,
    /// Creates, changes or deletes: `kms:Decrypt` counts here too.
    Write,
    /// Changes who may do what: `kms:PutKeyPolicy`.
    PermissionsManagement,
    /// Changes tags alone: `kms:TagResource`.
    Tagging,
}

impl AccessLevel {
    /// Every level, with the letter of the text form.
    pub(crate) const ALL: [(Self, &'static str); 5] = [
        (Self::List, "L"),
        (Self::Read, "R"),
        (Self::Write, "W"),
        (Self::PermissionsManagement, "P"),
        (Self::Tagging, "T"),
    ];
}

impl fmt::Display for AccessLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "List",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::PermissionsManagement => "Permissions management",
            Self::Tagging => "Tagging",
        })
    }
}

/// What a value of a condition key is. It says which operators fit.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// An ARN.
    Arn,
    /// Bytes in base64.
    Binary,
    /// `true` or `false`.
    Bool,
    /// A point in time.
    Date,
    /// An IP address.
    IpAddress,
    /// A number.
    Numeric,
    /// Any text.
    String,
}

impl KeyType {
    /// Every type, with its word of the text form, which is AWS's own.
    pub(crate) const ALL: [(Self, &'static str); 7] = [
        (Self::Arn, "ARN"),
        (Self::Binary, "Binary"),
        (Self::Bool, "Bool"),
        (Self::Date, "Date"),
        (Self::IpAddress, "IPAddress"),
        (Self::Numeric, "Numeric"),
        (Self::String, "String"),
    ];
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(kind, _)| kind == self).map(|(_, word)| *word);
        f.write_str(word.unwrap_or_default())
    }
}
