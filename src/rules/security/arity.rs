//! How many values a condition key has.

/// How many values a condition key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    /// One, or none where the request does not carry it.
    One,
    /// Several: `ForAllValues` and `ForAnyValue` are for it.
    Several,
    /// Nothing here tells.
    Unknown,
}

/// How many values a condition key has.
///
/// Source: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference, condition keys of "AWS
/// Key Management Service" and of "AWS Identity and Access Management": those of a type `ArrayOf…` have several.
pub(super) fn arity(key: &str) -> Arity {
    let is = |known: &&str| known.eq_ignore_ascii_case(key);
    let starts = |prefix: &&str| key.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if SEVERAL.iter().any(is) {
        Arity::Several
    } else if ONE.iter().any(is) || ONE_EACH.iter().any(starts) {
        Arity::One
    } else {
        Arity::Unknown
    }
}

const SEVERAL: [&str; 10] = [
    "aws:CalledVia",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceNamesList",
    "aws:ResourceOrgPaths",
    "aws:SourceOrgPaths",
    "aws:TagKeys",
    "aws:VpceOrgPaths",
    "kms:EncryptionContextKeys",
    "kms:GrantOperations",
    "kms:ResourceAliases",
];

/// Keys with a tag or a context key behind them: each has one value.
const ONE_EACH: [&str; 4] = ["aws:PrincipalTag/", "aws:RequestTag/", "aws:ResourceTag/", "kms:EncryptionContext:"];

const ONE: [&str; 62] = [
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalServiceName",
    "aws:PrincipalType",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:ViaAWSService",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:referer",
    "aws:userid",
    "aws:username",
    "iam:AWSServiceName",
    "iam:AssociatedResourceArn",
    "iam:PassedToService",
    "iam:PermissionsBoundary",
    "iam:PolicyARN",
    "kms:BypassPolicyLockoutSafetyCheck",
    "kms:CallerAccount",
    "kms:EncryptionAlgorithm",
    "kms:ExpirationModel",
    "kms:GrantConstraintSourceArn",
    "kms:GrantConstraintType",
    "kms:GrantIsForAWSResource",
    "kms:GranteePrincipal",
    "kms:GranteeServicePrincipal",
    "kms:KeyOrigin",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:MacAlgorithm",
    "kms:MessageType",
    "kms:MultiRegion",
    "kms:PrimaryRegion",
    "kms:ReEncryptOnSameKey",
    "kms:ReplicaRegion",
    "kms:RequestAlias",
    "kms:RetiringPrincipal",
    "kms:SigningAlgorithm",
    "kms:ViaService",
    "kms:WrappingAlgorithm",
];
