//! What a key is made of, and whether that fits what it is for.

use crate::{
    document::Project,
    finding::{Confidence, Finding, RuleInfo, RuleOption, Severity},
    key::{Key, KeyFamily},
    rules::{Check, Findings, declare::declare_rules},
    source::Spanned,
};

declare_rules! { Key:
    /// ## What it does
    /// Flags a usage that no key of the described spec can have: encryption with an elliptic curve, signatures with a
    /// symmetric key. Where `key-usage-wrong` speaks of the usage, this rule stands under `also`.
    ///
    /// ## Why it matters
    /// KMS refuses to create such a key.
    ///
    /// ## How to fix it
    /// Choose a spec for what the key is to do, or the other way round.
    ///
    /// ## Source
    /// KMS API Reference, "`CreateKey`", `KeyUsage`.
    pub SPEC_USAGE_INCOMPATIBLE = {
        id: "spec-usage-incompatible", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "no key of this spec can be for this usage",
    }

    /// ## What it does
    /// Flags an origin that KMS does not know.
    ///
    /// ## Why it matters
    /// KMS refuses to create a key of it.
    ///
    /// ## How to fix it
    /// Write `AWS_KMS`, `EXTERNAL`, `AWS_CLOUDHSM` or `EXTERNAL_KEY_STORE`.
    ///
    /// ## Source
    /// KMS API Reference, "`CreateKey`", `Origin`.
    pub ORIGIN_UNKNOWN = {
        id: "origin-unknown", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "KMS knows no such origin of a key's material",
    }

    /// ## What it does
    /// Flags imported key material that expires. Where neither `--workload` nor `--alias` says that Kasten uses the key, this
    /// is a note.
    ///
    /// ## Why it matters
    /// On that day KMS deletes the material, and nothing can be decrypted until the very same material is imported again.
    ///
    /// ## How to fix it
    /// Import it again without an expiration, and keep a copy of it outside of AWS.
    ///
    /// ## Source
    /// KMS Developer Guide, "Importing key material for AWS KMS keys"; KMS API Reference, "`ImportKeyMaterial`".
    pub EXTERNAL_MATERIAL_EXPIRES = {
        id: "external-material-expires", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "the key's imported material expires",
    }

    /// ## What it does
    /// Flags a key of a custom key store, in AWS `CloudHSM` or outside of AWS, where `--workload` or `--alias` says that Kasten uses
    /// it.
    ///
    /// ## Why it matters
    /// While the store is not connected, the key cannot be used: no backup can be written or restored.
    ///
    /// ## How to fix it
    /// Watch the store's connection, or use a key whose material KMS keeps.
    ///
    /// ## Source
    /// KMS Developer Guide, "Key stores"; "Key states of AWS KMS keys".
    pub CUSTOM_KEY_STORE_AVAILABILITY = {
        id: "custom-key-store-availability", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "the key depends on a custom key store",
    }

    /// ## What it does
    /// Flags an RSA key of 2048 bits that encrypts, or one of the specs that the option `specs` lists. Where `--workload` or `--alias` says that Kasten uses the key, it keeps
    /// silent: `key-not-symmetric` then says that no RSA key will do.
    ///
    /// ## Why it matters
    /// It is the weakest RSA key that KMS offers, and what it encrypts may have to stay secret for long.
    ///
    /// ## How to fix it
    /// Create a key of the spec `RSA_3072` or `RSA_4096`; the spec of a key cannot be changed.
    ///
    /// ## Source
    /// AWS Control Tower, control CT.KMS.PR.2; KMS Developer Guide, "Key spec reference".
    pub WEAK_RSA = {
        id: "weak-rsa", code: None,
        severity: Warning, confidence: High, persona: Regular,
        options: &[SPECS],
        summary: "an RSA key of 2048 bits encrypts",
    }
}

const SPECS: RuleOption = RuleOption::texts("specs", &["RSA_2048"], "the specs that are too weak to encrypt");

/// The material of a described key.
pub(crate) struct KeyMaterial;

impl Check for KeyMaterial {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn key(&self, key: &Key, project: &Project<'_>, out: &mut Findings<'_>) {
        let declared = project.names_a_workload() && (key.address.is_none() || project.is_workloads_key(key));
        if let (Some(spec), Some(usage), Some(family)) = (&key.spec, &key.usage, key.family()) {
            spec_and_usage(spec, usage, family, out);
        }
        if let Some(origin) = &key.origin {
            origin_of(origin, declared, out);
        }
        if let Some(model) = key.expiration.as_ref().filter(|model| model.value == "KEY_MATERIAL_EXPIRES") {
            let finding = Finding::new(&EXTERNAL_MATERIAL_EXPIRES, model.span, "the key's imported material expires")
                .help("import the same material again without an expiration, and keep a copy of it");
            out.push(if declared { finding } else { finding.severity(Severity::Note).confidence(Confidence::Medium) });
        }
        let is_weak = |spec: &str| out.options().holds(&WEAK_RSA, &SPECS, spec);
        let encrypts = key.usage.as_ref().is_some_and(|usage| usage.value == "ENCRYPT_DECRYPT");
        if let Some(spec) = key.spec.as_ref().filter(|spec| !declared && encrypts && is_weak(&spec.value)) {
            let (message, help) = match spec.value.as_str() {
                "RSA_2048" => (
                    "2048 bits are the least that KMS offers for RSA".to_owned(),
                    "create a key of spec RSA_3072 or RSA_4096: the spec of a key cannot be changed",
                ),
                other => (
                    format!("kpl.toml calls {other} too weak"),
                    "create a key of another spec: the spec of a key cannot be changed",
                ),
            };
            out.push(Finding::new(&WEAK_RSA, spec.span, message).help(help));
        }
    }
}

/// What a key may be for.
///
/// Source: KMS API Reference, "`CreateKey`", `KeyUsage`.
const USAGES: [&str; 5] =
    ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"];

fn spec_and_usage(spec: &Spanned<String>, usage: &Spanned<String>, family: KeyFamily, out: &mut Findings<'_>) {
    let wanted = usage.value.as_str();
    if !USAGES.contains(&wanted) || family.usages().contains(&wanted) {
        return;
    }
    let message = format!("no key of spec {} can be for {wanted}", spec.value);
    let finding = Finding::new(&SPEC_USAGE_INCOMPATIBLE, usage.span, message).related(spec.span, "the spec");
    out.push(finding.help(format!("a key of this spec can be for {}", family.usages().join(" or "))));
}

fn origin_of(origin: &Spanned<String>, declared: bool, out: &mut Findings<'_>) {
    match origin.value.as_str() {
        "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE" if declared => {
            let message = "the key cannot be used while its key store is not connected";
            let finding = Finding::new(&CUSTOM_KEY_STORE_AVAILABILITY, origin.span, message);
            out.push(finding.help("watch the store's connection, or use a key whose material KMS keeps"));
        }
        "AWS_KMS" | "EXTERNAL" | "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE" => {}
        unknown => {
            let finding = Finding::new(&ORIGIN_UNKNOWN, origin.span, format!("KMS knows no origin `{unknown}`"));
            out.push(finding.help(match meant(unknown) {
                Some(meant) => format!("write {meant}"),
                None => "it is AWS_KMS, EXTERNAL, AWS_CLOUDHSM or EXTERNAL_KEY_STORE".to_owned(),
            }));
        }
    }
}

/// The origin that a misspelt one was probably meant to be.
fn meant(unknown: &str) -> Option<&'static str> {
    let upper = unknown.to_ascii_uppercase();
    let holds = |words: &[&str]| words.iter().any(|word| upper.contains(word));
    match () {
        () if holds(&["HSM", "HMS"]) => Some("AWS_CLOUDHSM"),
        () if holds(&["XKS", "STORE"]) => Some("EXTERNAL_KEY_STORE"),
        () if holds(&["EXTERN"]) => Some("EXTERNAL"),
        () if holds(&["KMS"]) => Some("AWS_KMS"),
        () => None,
    }
}
