//! What KMS decides otherwise than other services.

/// Operations that a caller of another account may use, in small letters. All others have no effect across accounts,
/// whatever allows them.
///
/// Source: KMS Developer Guide, "Allowing users in other accounts to use a KMS key"; KMS API Reference, each operation's
/// "Cross-account use".
const ACROSS_ACCOUNTS: [&str; 22] = [
    "creategrant",
    "decapsulate",
    "decrypt",
    "derivesharedsecret",
    "describekey",
    "encapsulate",
    "encrypt",
    "generatedatakey",
    "generatedatakeypair",
    "generatedatakeypairwithoutplaintext",
    "generatedatakeywithoutplaintext",
    "generatemac",
    "getkeyrotationstatus",
    "getpublickey",
    "listgrants",
    "reencryptfrom",
    "reencryptto",
    "retiregrant",
    "revokegrant",
    "sign",
    "verify",
    "verifymac",
];

/// Whether an action of KMS, in small letters, works for a caller of another account.
pub(super) fn works_across_accounts(action: &str) -> bool {
    action.strip_prefix("kms:").is_some_and(|name| ACROSS_ACCOUNTS.binary_search(&name).is_ok())
}

/// What a grant may let its grantee do.
///
/// Source: KMS API Reference, "`CreateGrant`", `Operations`.
pub const GRANT_OPERATIONS: [&str; 19] = [
    "CreateGrant",
    "Decapsulate",
    "Decrypt",
    "DeriveSharedSecret",
    "DescribeKey",
    "Encapsulate",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetPublicKey",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "Sign",
    "Verify",
    "VerifyMac",
];

/// Whether a grant's constraints on the encryption context count for an operation, in small letters.
///
/// Source: KMS API Reference, "`GrantConstraints`".
#[must_use]
pub fn is_constrained(action: &str) -> bool {
    !matches!(action, "kms:describekey" | "kms:retiregrant")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_so_that_it_can_be_searched() {
        assert!(ACROSS_ACCOUNTS.is_sorted());
        assert!(works_across_accounts("kms:verifymac"));
        assert!(!works_across_accounts("kms:putkeypolicy"));
    }
}
