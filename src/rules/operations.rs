//! The operations of KMS: where each may be allowed, and which condition keys its requests carry.
//!
//! Only what the rules on KMS ask; an operation or a key that is not listed here is not known, never absent.

use crate::policy::ActionPattern;

/// Operations on a key. A key policy may allow them.
///
/// Source: KMS Developer Guide, "AWS KMS permissions"; Service Authorization Reference, "AWS Key Management Service".
const ON_KEYS: [&str; 47] = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:Decapsulate",
    "kms:Decrypt",
    "kms:DeleteAlias",
    "kms:DeleteImportedKeyMaterial",
    "kms:DeriveSharedSecret",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:Encapsulate",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateMac",
    "kms:GetKeyLastUsage",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:GetParametersForImport",
    "kms:GetPublicKey",
    "kms:ImportKeyMaterial",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:ReplicateKey",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:Sign",
    "kms:SynchronizeMultiRegionKey",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
    "kms:UpdatePrimaryRegion",
    "kms:Verify",
    "kms:VerifyMac",
];

/// Operations on no key that exists yet, on all keys, or on a key store. IAM policies alone can allow them.
///
/// Source: KMS Developer Guide, "AWS KMS permissions"; "Best practices for IAM policies".
const ON_NO_KEY: [&str; 11] = [
    "kms:ConnectCustomKeyStore",
    "kms:CreateCustomKeyStore",
    "kms:CreateKey",
    "kms:DeleteCustomKeyStore",
    "kms:DescribeCustomKeyStores",
    "kms:DisconnectCustomKeyStore",
    "kms:GenerateRandom",
    "kms:ListAliases",
    "kms:ListKeys",
    "kms:ListRetirableGrants",
    "kms:UpdateCustomKeyStore",
];

/// Operations that encrypt, decrypt, sign, or make keys for it.
///
/// Source: KMS Developer Guide, "AWS KMS cryptography essentials", cryptographic operations.
const CRYPTOGRAPHIC: [&str; 15] = [
    "kms:Decapsulate",
    "kms:Decrypt",
    "kms:DeriveSharedSecret",
    "kms:Encapsulate",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateMac",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:Sign",
    "kms:Verify",
    "kms:VerifyMac",
];

/// Operations that a principal of another account may call beside the cryptographic ones.
///
/// Source: KMS Developer Guide, "Allowing users in other accounts to use a KMS key".
const ALSO_ACROSS_ACCOUNTS: [&str; 7] = [
    "kms:CreateGrant",
    "kms:DescribeKey",
    "kms:GetKeyRotationStatus",
    "kms:GetPublicKey",
    "kms:ListGrants",
    "kms:RetireGrant",
    "kms:RevokeGrant",
];

/// The operations on a key.
pub(super) fn on_keys() -> impl Iterator<Item = &'static str> {
    ON_KEYS.into_iter()
}

/// The operations that use a key.
pub(super) fn cryptographic() -> impl Iterator<Item = &'static str> {
    CRYPTOGRAPHIC.into_iter()
}

/// The operations that work for a principal of another account.
pub(super) fn across_accounts() -> impl Iterator<Item = &'static str> {
    CRYPTOGRAPHIC.into_iter().chain(ALSO_ACROSS_ACCOUNTS)
}

/// Whether an operation works for a principal of another account.
pub(super) fn works_across_accounts(operation: &str) -> bool {
    CRYPTOGRAPHIC.contains(&operation) || ALSO_ACROSS_ACCOUNTS.contains(&operation)
}

/// Whether a key policy has no say in an operation.
pub(super) fn is_on_no_key(operation: &str) -> bool {
    ON_NO_KEY.contains(&operation)
}

/// Whether a pattern covers at least one operation that is known, and only such as `is`.
pub(super) fn covers_only(pattern: &ActionPattern, is: impl Fn(&str) -> bool) -> bool {
    let mut covered = ON_KEYS.iter().chain(&ON_NO_KEY).filter(|operation| pattern.covers(operation));
    covered.next().is_some_and(|operation| is(operation)) && covered.all(|operation| is(operation))
}

/// Whether an entry names one action, without a wildcard.
pub(super) fn is_one_action(pattern: &ActionPattern) -> bool {
    !pattern.is_pattern()
}

/// Which requests carry a condition key.
enum Carried {
    /// Those of every operation.
    ByAll,
    /// Those of every operation on a key, and these.
    OnKeysAnd(&'static [&'static str]),
    /// Those of these operations.
    By(&'static [&'static str]),
}

/// Operations with an encryption context.
const WITH_CONTEXT: [&str; 10] = [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:RetireGrant",
];

/// Operations with an encryption algorithm.
const WITH_ALGORITHM: [&str; 8] = [
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
];

/// Operations whose request may name a key by its alias.
const WITH_ALIAS: [&str; 17] = [
    "kms:Decapsulate",
    "kms:Decrypt",
    "kms:DeriveSharedSecret",
    "kms:DescribeKey",
    "kms:Encapsulate",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateMac",
    "kms:GetPublicKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:Sign",
    "kms:Verify",
    "kms:VerifyMac",
];

/// Operations that may be called from an enclave.
const WITH_ATTESTATION: [&str; 5] =
    ["kms:Decrypt", "kms:DeriveSharedSecret", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:GenerateRandom"];

/// The condition keys of KMS. A name that ends in a colon stands for all that start with it.
///
/// Source: KMS Developer Guide, "AWS KMS condition keys" and "Condition keys for attested platforms"; Service
/// Authorization Reference, "AWS Key Management Service".
static KEYS: [(&str, Carried); 41] = [
    ("kms:BypassPolicyLockoutSafetyCheck", Carried::By(&["kms:CreateKey", "kms:PutKeyPolicy", "kms:ReplicateKey"])),
    ("kms:CallerAccount", Carried::ByAll),
    ("kms:CustomerMasterKeySpec", Carried::OnKeysAnd(&["kms:CreateKey"])),
    ("kms:CustomerMasterKeyUsage", Carried::OnKeysAnd(&["kms:CreateKey"])),
    ("kms:DataKeyPairSpec", Carried::By(&["kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext"])),
    ("kms:EncapsulationAlgorithm", Carried::By(&["kms:Decapsulate", "kms:Encapsulate"])),
    ("kms:EncryptionAlgorithm", Carried::By(&WITH_ALGORITHM)),
    ("kms:EncryptionContext:", Carried::By(&WITH_CONTEXT)),
    ("kms:EncryptionContextKeys", Carried::By(&WITH_CONTEXT)),
    ("kms:ExpirationModel", Carried::By(&["kms:ImportKeyMaterial"])),
    ("kms:GrantConstraintSourceArn", Carried::By(&["kms:CreateGrant"])),
    ("kms:GrantConstraintType", Carried::By(&["kms:CreateGrant", "kms:RetireGrant"])),
    ("kms:GrantIsForAWSResource", Carried::By(&["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"])),
    ("kms:GrantOperations", Carried::By(&["kms:CreateGrant"])),
    ("kms:GranteePrincipal", Carried::By(&["kms:CreateGrant"])),
    ("kms:GranteeServicePrincipal", Carried::By(&["kms:CreateGrant"])),
    ("kms:KeyAgreementAlgorithm", Carried::By(&["kms:DeriveSharedSecret"])),
    ("kms:KeyOrigin", Carried::OnKeysAnd(&["kms:CreateKey"])),
    ("kms:KeySpec", Carried::OnKeysAnd(&["kms:CreateKey"])),
    ("kms:KeyUsage", Carried::OnKeysAnd(&["kms:CreateKey"])),
    ("kms:MacAlgorithm", Carried::By(&["kms:GenerateMac", "kms:VerifyMac"])),
    ("kms:MessageType", Carried::By(&["kms:Sign", "kms:Verify"])),
    ("kms:MultiRegion", Carried::OnKeysAnd(&["kms:CreateKey"])),
    ("kms:MultiRegionKeyType", Carried::OnKeysAnd(&["kms:CreateKey"])),
    ("kms:PolicyName", Carried::By(&["kms:GetKeyPolicy", "kms:PutKeyPolicy"])),
    ("kms:PrimaryRegion", Carried::By(&["kms:UpdatePrimaryRegion"])),
    ("kms:ReEncryptOnSameKey", Carried::By(&["kms:ReEncryptFrom", "kms:ReEncryptTo"])),
    ("kms:RecipientAttestation:", Carried::By(&WITH_ATTESTATION)),
    ("kms:ReplicaRegion", Carried::By(&["kms:ReplicateKey"])),
    ("kms:RequestAlias", Carried::By(&WITH_ALIAS)),
    ("kms:ResourceAliases", Carried::OnKeysAnd(&[])),
    ("kms:RetiringPrincipal", Carried::By(&["kms:CreateGrant"])),
    ("kms:RetiringServicePrincipal", Carried::By(&["kms:CreateGrant"])),
    ("kms:RotationPeriodInDays", Carried::By(&["kms:EnableKeyRotation"])),
    ("kms:ScheduleKeyDeletionPendingWindowInDays", Carried::By(&["kms:ScheduleKeyDeletion"])),
    ("kms:SigningAlgorithm", Carried::By(&["kms:Sign", "kms:Verify"])),
    ("kms:TrailingDaysWithoutKeyUsage", Carried::By(&["kms:DisableKey", "kms:ScheduleKeyDeletion"])),
    ("kms:ValidTo", Carried::By(&["kms:ImportKeyMaterial"])),
    ("kms:ViaService", Carried::OnKeysAnd(&["kms:CreateKey", "kms:ListAliases", "kms:ListKeys"])),
    ("kms:WrappingAlgorithm", Carried::By(&["kms:GetParametersForImport"])),
    ("kms:WrappingKeySpec", Carried::By(&["kms:GetParametersForImport"])),
];

/// A condition key of KMS.
pub(super) struct KmsKey(&'static Carried);

impl KmsKey {
    /// The key of a name, whatever its letter case; `None` where it is not known.
    pub(super) fn of(name: &str) -> Option<Self> {
        let starts_with = |start: &str| name.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
        let is_named =
            |known: &str| if known.ends_with(':') { starts_with(known) } else { name.eq_ignore_ascii_case(known) };
        if !starts_with("kms:") {
            return None;
        }
        KEYS.iter().find(|(known, _)| is_named(known)).map(|(_, carried)| Self(carried))
    }

    /// Whether requests for an action ever carry it; `None` where the action is not known.
    pub(super) fn is_carried_by(&self, action: &str) -> Option<bool> {
        let (service, _) = action.split_once(':')?;
        if !service.eq_ignore_ascii_case("kms") {
            return Some(false);
        }
        let among = |actions: &[&str]| actions.iter().any(|known| known.eq_ignore_ascii_case(action));
        if !among(&ON_KEYS) && !among(&ON_NO_KEY) {
            return None;
        }
        Some(match self.0 {
            Carried::ByAll => true,
            Carried::OnKeysAnd(others) => among(&ON_KEYS) || among(others),
            Carried::By(actions) => among(actions),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carries(action: &str, key: &str) -> Option<bool> {
        KmsKey::of(key)?.is_carried_by(action)
    }

    #[test]
    fn what_is_not_listed_is_not_known() {
        assert_eq!(carries("kms:Ponder", "kms:ViaService"), None);
        assert_eq!(carries("kms:Decrypt", "kms:MoonPhase"), None);
        assert_eq!(carries("kms:Decrypt", "aws:SourceIp"), None);
    }

    #[test]
    fn letter_case_does_not_count() {
        assert_eq!(carries("KMS:describekey", "kms:encryptioncontext:App"), Some(false));
        assert_eq!(carries("kms:createGRANT", "KMS:GrantIsForAwsResource"), Some(true));
    }

    #[test]
    fn requests_to_other_services_carry_no_key_of_kms() {
        assert_eq!(carries("secretsmanager:GetSecretValue", "kms:ViaService"), Some(false));
    }

    #[test]
    fn a_pattern_that_covers_nothing_known_covers_only_nothing() {
        assert!(covers_only(&ActionPattern::new("kms:*CustomKeyStore*"), is_on_no_key));
        assert!(!covers_only(&ActionPattern::new("kms:Create*"), is_on_no_key));
        assert!(!covers_only(&ActionPattern::new("kms:Ponder*"), |_| true));
    }

    #[test]
    fn every_list_names_operations_that_are_known() {
        let lists = KEYS.iter().map(|(_, carried)| match carried {
            Carried::ByAll => &[][..],
            Carried::OnKeysAnd(actions) | Carried::By(actions) => actions,
        });
        let named = lists.flatten().chain(&CRYPTOGRAPHIC).chain(&ALSO_ACROSS_ACCOUNTS);
        let unknown: Vec<_> = named.filter(|name| !ON_KEYS.contains(name) && !ON_NO_KEY.contains(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
