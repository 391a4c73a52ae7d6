//! Names of actions.

use crate::{
    finding::{Applicability, Finding, RuleInfo},
    policy::{ActionPattern, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules, edits},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags an entry of `Action` that is the name of a condition key: `ec2:ResourceTag/*`, `kms:ViaService`.
    ///
    /// ## Why it matters
    /// It matches no action. Whoever wrote it believes that it limits the statement, and it does not.
    ///
    /// ## How to fix it
    /// Take it away, which changes no permission; write a `Condition` if a limit was meant.
    ///
    /// ## Source
    /// Service Authorization Reference, "Amazon EC2" and "AWS Key Management Service", condition keys.
    pub CONDITION_KEY_AS_ACTION = {
        id: "condition-key-as-action", code: Some("INVALID_ACTION"),
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["non-kms-action-in-key-policy"],
        summary: "a condition key stands among the actions",
    }
}

/// The entries of `Action` and `NotAction`.
pub(crate) struct Actions;

impl Check for Actions {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let Some(clause) = &statement.actions else { return };
        let listed = clause.listed();
        for action in listed.read.iter().filter(|action| is_condition_key(&action.value)) {
            let message = format!("`{}` is a condition key, not an action", action.value.as_str());
            let finding = Finding::new(&CONDITION_KEY_AS_ACTION, action.span, message)
                .label("matches no action")
                .help("write a `Condition` if it was meant as a limit");
            out.push(match edits::remove_from(listed, action.span) {
                Some(edit) => finding.fix("take it away", Applicability::Safe, vec![edit]),
                None => finding,
            });
        }
    }
}

/// Condition keys of EC2 that people put among actions. None is the name of an action.
const EC2_KEYS: [&str; 9] = [
    "Attribute",
    "AvailabilityZone",
    "InstanceType",
    "Region",
    "ResourceTag",
    "SourceInstanceARN",
    "Subnet",
    "Tenancy",
    "Vpc",
];

/// Condition keys of KMS. None is the name of an action.
const KMS_KEYS: [&str; 36] = [
    "BypassPolicyLockoutSafetyCheck",
    "CallerAccount",
    "CustomerMasterKeySpec",
    "CustomerMasterKeyUsage",
    "DataKeyPairSpec",
    "EncapsulationAlgorithm",
    "EncryptionAlgorithm",
    "EncryptionContext",
    "EncryptionContextKeys",
    "ExpirationModel",
    "GrantConstraintSourceArn",
    "GrantConstraintType",
    "GrantIsForAWSResource",
    "GrantOperations",
    "GranteePrincipal",
    "GranteeServicePrincipal",
    "KeyAgreementAlgorithm",
    "KeyOrigin",
    "KeySpec",
    "KeyUsage",
    "MacAlgorithm",
    "MessageType",
    "MultiRegion",
    "MultiRegionKeyType",
    "PrimaryRegion",
    "ReEncryptOnSameKey",
    "RecipientAttestation",
    "ReplicaRegion",
    "RequestAlias",
    "ResourceAliases",
    "RetiringPrincipal",
    "RetiringServicePrincipal",
    "SigningAlgorithm",
    "ValidTo",
    "ViaService",
    "WrappingAlgorithm",
];

/// Condition keys that take a tag behind a slash, of several services; no action has one.
const TAG_KEYS: [&str; 3] = ["PrincipalTag", "RequestTag", "ResourceTag"];

fn is_condition_key(action: &ActionPattern) -> bool {
    let name = action.name();
    let base = name.split(['/', ':']).next().unwrap_or(name);
    let among = |keys: &[&str]| keys.iter().any(|key| key.eq_ignore_ascii_case(base));
    if action.is_of("ec2") {
        among(&EC2_KEYS)
    } else if action.is_of("kms") {
        among(&KMS_KEYS)
    } else {
        // No service is called `aws`: what begins so is a global condition key.
        action.is_of("aws") || (name.contains('/') && among(&TAG_KEYS))
    }
}
