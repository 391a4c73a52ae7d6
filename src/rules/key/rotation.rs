//! What `get-key-rotation-status` says of a key.

use crate::{
    document::Project,
    finding::{Finding, RuleInfo, RuleOption},
    key::{Key, KeyFamily, Rotation},
    rules::{Check, Findings, declare::declare_rules},
    source::{Span, Spanned},
};

declare_rules! { Key:
    /// ## What it does
    /// Flags automatic rotation that is on for a key that cannot have it, by what `describe-key` says of the same key: one
    /// that is not symmetric, of imported material, or of a custom key store.
    ///
    /// ## Why it matters
    /// KMS never rotates such a key by itself, and whoever reads the setting expects it to. The two answers cannot be of the
    /// same key at the same time.
    ///
    /// ## How to fix it
    /// Turn it off. Imported material can be rotated on demand, after new material is imported.
    ///
    /// ## Source
    /// KMS API Reference, "`EnableKeyRotation`"; "`RotateKeyOnDemand`".
    pub ROTATION_ON_UNSUPPORTED_KEY = {
        id: "rotation-on-unsupported-key", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "automatic rotation is on for a key that cannot have it",
    }

    /// ## What it does
    /// Flags a rotation period of fewer than 90 or more than 2560 days, or of more than the option `maximum-days` says.
    ///
    /// ## Why it matters
    /// KMS refuses it.
    ///
    /// ## How to fix it
    /// Write a number of days from 90 to 2560; 365 is what KMS takes by itself.
    ///
    /// ## Source
    /// KMS API Reference, "`EnableKeyRotation`", `RotationPeriodInDays`.
    pub ROTATION_PERIOD_OUT_OF_RANGE = {
        id: "rotation-period-out-of-range", code: None,
        severity: Error, confidence: High, persona: Regular,
        options: &[MAXIMUM_DAYS],
        summary: "the rotation period is not from 90 to 2560 days",
    }

    /// ## What it does
    /// Flags a key whose material KMS could renew by itself, and does not. Whether it could is what `describe-key` says of the
    /// same key; without that, the rule is asked only where `--workload` or `--alias` says that Kasten uses the key, which has
    /// to be symmetric.
    ///
    /// ## Why it matters
    /// The longer one material is used, the more it can decrypt if it ever leaks. Rotation costs no change: the key keeps its
    /// id and its aliases, and KMS keeps all old material.
    ///
    /// ## How to fix it
    /// `aws kms enable-key-rotation`. Kasten's own data stays encrypted under the material of its time: a new Passkey wraps
    /// its master key anew.
    ///
    /// ## Source
    /// Security Hub control KMS.4; KMS Developer Guide, "Rotate AWS KMS keys".
    pub ROTATION_DISABLED = {
        id: "rotation-disabled", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "automatic rotation is off",
    }
}

const MAXIMUM_DAYS: RuleOption =
    RuleOption::number("maximum-days", 2560, (90, 2560), "the most days from one rotation to the next");

/// The rotation of a key.
pub(crate) struct KeyRotation;

impl Check for KeyRotation {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn rotation(&self, rotation: &Rotation, project: &Project<'_>, out: &mut Findings<'_>) {
        period(rotation, out);
        match (rotation.enabled.value, project.key_of(rotation).map(support)) {
            (true, Some(Support::Never { why, place })) => unsupported(rotation, why, place, out),
            (false, Some(Support::Offered)) => disabled(rotation, out),
            (false, None) if project.names_a_workload() => disabled(rotation, out),
            (false, None | Some(Support::NotTold)) => {
                out.not_evaluated(
                    &ROTATION_DISABLED,
                    "describe-key of the same key would tell whether it can be rotated",
                );
            }
            _ => {}
        }
    }
}

/// Whether KMS renews a key's material by itself, if it is told to.
enum Support {
    Offered,
    /// It cannot: why, and what tells so.
    Never {
        why: &'static str,
        place: Span,
    },
    /// Another key decides: a replica has the rotation of its primary, and AWS rotates its own keys.
    Elsewhere,
    NotTold,
}

/// Source: KMS API Reference, "`EnableKeyRotation`".
fn support(key: &Key) -> Support {
    let is = |told: &Option<Spanned<String>>, value: &str| told.as_ref().is_some_and(|told| told.value == value);
    let gone = is(&key.state, "PendingDeletion") || is(&key.state, "PendingReplicaDeletion");
    if is(&key.manager, "AWS") || is(&key.multi_region, "REPLICA") || gone {
        return Support::Elsewhere;
    }
    let (family, origin) = (key.family(), key.origin.as_ref());
    if let (Some(spec), Some(family)) = (&key.spec, family)
        && family != KeyFamily::Symmetric
    {
        return Support::Never { why: "that is not symmetric", place: spec.span };
    }
    match origin.map(|origin| (origin.value.as_str(), origin.span)) {
        Some(("EXTERNAL", place)) => Support::Never { why: "of imported material", place },
        Some(("AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE", place)) => Support::Never { why: "of a custom key store", place },
        Some(("AWS_KMS", _)) if family.is_some() => Support::Offered,
        _ => Support::NotTold,
    }
}

fn period(rotation: &Rotation, out: &mut Findings<'_>) {
    let Some(period) = &rotation.period else { return };
    let Ok(days) = period.value.parse::<f64>() else { return };
    let most = out.options().number(&ROTATION_PERIOD_OUT_OF_RANGE, &MAXIMUM_DAYS);
    if (90.0..=f64::from(u32::try_from(most).unwrap_or(u32::MAX))).contains(&days) {
        return;
    }
    let message = format!("a rotation period has 90 to {most} days, not {}", period.value);
    let finding = Finding::new(&ROTATION_PERIOD_OUT_OF_RANGE, period.span, message);
    out.push(finding.help(format!("write a number of days from 90 to {most}")));
}

fn unsupported(rotation: &Rotation, why: &str, place: Span, out: &mut Findings<'_>) {
    let message = format!("KMS never rotates a key {why} by itself");
    let finding = Finding::new(&ROTATION_ON_UNSUPPORTED_KEY, rotation.enabled.span, message).related(place, "the key");
    out.push(finding.help("turn automatic rotation off; the key is rotated on demand, or by a new key"));
}

fn disabled(rotation: &Rotation, out: &mut Findings<'_>) {
    let finding = Finding::new(&ROTATION_DISABLED, rotation.enabled.span, "KMS does not rotate this key by itself");
    out.push(finding.help("turn it on: aws kms enable-key-rotation"));
}
