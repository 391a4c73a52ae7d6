//! What `describe-key` says of a key.

use crate::{
    document::Project,
    finding::{Confidence, Finding, RuleInfo, Severity},
    key::Key,
    rules::{Check, Findings, declare::declare_rules},
    source::Spanned,
};

declare_rules! { Key:
    /// ## What it does
    /// Flags a key that is not symmetric. Where neither `--workload` nor `--alias` says that Kasten uses it, this is a
    /// warning.
    ///
    /// ## Why it matters
    /// Kasten encrypts with a symmetric key alone. An RSA key can encrypt too, so its usage does not tell: its spec does.
    ///
    /// ## How to fix it
    /// Create a key of the spec `SYMMETRIC_DEFAULT`; the spec of a key cannot be changed.
    ///
    /// ## Source
    /// KMS Developer Guide, "Key spec reference"; Kasten's page on protecting snapshots with AWS KMS.
    pub KEY_NOT_SYMMETRIC = {
        id: "key-not-symmetric", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the key is not symmetric",
    }

    /// ## What it does
    /// Flags a key that is there for something else than encryption. Where neither `--workload` nor `--alias` says that
    /// Kasten uses it, this is a warning.
    ///
    /// ## Why it matters
    /// KMS refuses every `Encrypt` and `Decrypt` with it.
    ///
    /// ## How to fix it
    /// Create a key of the usage `ENCRYPT_DECRYPT`; the usage of a key cannot be changed.
    ///
    /// ## Source
    /// KMS API Reference, "`CreateKey`", `KeyUsage`.
    pub KEY_USAGE_WRONG = {
        id: "key-usage-wrong", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["spec-usage-incompatible"],
        summary: "the key is not for encryption",
    }

    /// ## What it does
    /// Flags a key that is disabled, waits for its deletion or its material, or is not available. Where neither `--workload`
    /// nor `--alias` says that Kasten uses it, this is a warning.
    ///
    /// ## Why it matters
    /// KMS refuses every use of it: no backup can be written or restored.
    ///
    /// ## How to fix it
    /// Enable it (`aws kms enable-key`); cancel its deletion first (`aws kms cancel-key-deletion`) where it waits for that.
    ///
    /// ## Source
    /// KMS Developer Guide, "Key states of AWS KMS keys".
    pub KEY_NOT_ENABLED = {
        id: "key-not-enabled", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the key cannot be used in its state",
    }

    /// ## What it does
    /// Flags a key that AWS manages for one of its services. Where neither `--workload` nor `--alias` says that Kasten uses
    /// it, this is a note.
    ///
    /// ## Why it matters
    /// Its policy cannot be changed, and it lets in its own service alone: Kasten can never use it.
    ///
    /// ## How to fix it
    /// Create a key of your own.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS concepts", AWS managed keys.
    pub AWS_MANAGED_KEY = {
        id: "aws-managed-key", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "AWS manages the key for a service of its own",
    }
}

/// The state of a described key.
pub(crate) struct KeyState;

impl Check for KeyState {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn key(&self, key: &Key, project: &Project<'_>, out: &mut Findings<'_>) {
        let declared = project.names_a_workload() && (key.address.is_none() || project.is_workloads_key(key));
        if let Some(manager) = key.manager.as_ref().filter(|manager| manager.value == "AWS") {
            let finding = Finding::new(&AWS_MANAGED_KEY, manager.span, "AWS manages this key")
                .help("create a key of your own: the policy of this one lets in one AWS service alone");
            out.push(if declared { finding } else { unsure(finding, Severity::Note) });
        }
        let mut tell = |rule, value: Option<&Spanned<String>>, wanted: &Wanted| {
            let Some(value) = value.filter(|value| !(wanted.is_right)(&value.value)) else { return };
            let finding =
                Finding::new(rule, value.span, (wanted.message)(&value.value)).help((wanted.help)(&value.value));
            out.push(if declared { finding } else { unsure(finding, Severity::Warning) });
        };
        // A plan holds keys of others, for other purposes.
        if key.address.is_none() || project.is_workloads_key(key) {
            tell(&KEY_NOT_SYMMETRIC, key.spec.as_ref(), &SPEC);
            tell(&KEY_USAGE_WRONG, key.usage.as_ref(), &USAGE);
        }
        tell(&KEY_NOT_ENABLED, key.state.as_ref(), &STATE);
    }
}

/// What a property of a key must be, and what to say where it is not.
struct Wanted {
    is_right: fn(&str) -> bool,
    message: fn(&str) -> String,
    help: fn(&str) -> &'static str,
}

const SPEC: Wanted = Wanted {
    // HMAC keys are symmetric too; that they do not encrypt is their usage.
    is_right: |spec| spec == "SYMMETRIC_DEFAULT" || spec.starts_with("HMAC_"),
    message: |spec| format!("a key of spec {spec} is not symmetric; Kasten needs one that is"),
    help: |_| "create a key of spec SYMMETRIC_DEFAULT: the spec of a key cannot be changed",
};

const USAGE: Wanted = Wanted {
    is_right: |usage| usage == "ENCRYPT_DECRYPT",
    message: |usage| format!("a key for {usage} cannot encrypt"),
    help: |_| "create a key of usage ENCRYPT_DECRYPT: the usage of a key cannot be changed",
};

const STATE: Wanted = Wanted {
    // While its primary Region changes, a key can be used.
    is_right: |state| matches!(state, "Enabled" | "Updating"),
    message: state_message,
    help: state_help,
};

/// Nothing says that Kasten uses this key.
fn unsure(finding: Finding, severity: Severity) -> Finding {
    finding.severity(severity).confidence(Confidence::Medium)
}

fn state_help(state: &str) -> &'static str {
    match state {
        "Disabled" => "enable it: aws kms enable-key",
        "PendingDeletion" => "cancel its deletion, then enable it: aws kms cancel-key-deletion, enable-key",
        "PendingReplicaDeletion" => "cancel the deletion before its replicas are gone: aws kms cancel-key-deletion",
        "PendingImport" => "import its material: aws kms import-key-material",
        "Unavailable" => "connect its key store: aws kms connect-custom-key-store",
        _ => "wait, or use another key",
    }
}

/// Source: KMS Developer Guide, "Key states of AWS KMS keys".
fn state_message(state: &str) -> String {
    match state {
        "Disabled" => "the key is disabled".to_owned(),
        "PendingDeletion" | "PendingReplicaDeletion" => "the key waits for its deletion".to_owned(),
        "PendingImport" => "the key waits for its material".to_owned(),
        "Unavailable" => "the key's store is not connected".to_owned(),
        other => format!("the key cannot be used while it is {other}"),
    }
}
