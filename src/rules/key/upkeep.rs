//! What whoever keeps a key must know of it, and what he must not give away.

use crate::{
    document::{Document, Project},
    finding::{Finding, RuleInfo, RuleOption},
    key::Key,
    rules::{Check, Findings, declare::declare_rules},
    source::Source,
};

declare_rules! { Key:
    /// ## What it does
    /// Flags a key without a description: in what `describe-key` answers, in Terraform's files, and in a request to
    /// `create-key`. With the option `tags` it also flags a key that lacks one of these tags, where the file tells its tags.
    ///
    /// ## Why it matters
    /// Years later nobody knows what the key opens, and whether it may go.
    ///
    /// ## How to fix it
    /// Say in the description what is encrypted with the key. It can be changed at any time.
    ///
    /// ## Source
    /// KMS API Reference, "`CreateKey`", `Description`; "`UpdateKeyDescription`".
    pub KEY_UNDOCUMENTED = {
        id: "key-undocumented", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        options: &[TAGS],
        summary: "nothing says what the key is for",
    }

    /// ## What it does
    /// Flags `bypass_policy_lockout_safety_check` in Terraform's files, and `BypassPolicyLockoutSafetyCheck` in a request to
    /// KMS, where it is true.
    ///
    /// ## Why it matters
    /// KMS then no longer looks whether whoever writes the policy can still change it afterwards. A mistake makes a key that
    /// nobody can manage, and that only AWS Support can open again.
    ///
    /// ## How to fix it
    /// Take it away, or write `false`, which is what holds by itself.
    ///
    /// ## Source
    /// KMS API Reference, "`PutKeyPolicy`", `BypassPolicyLockoutSafetyCheck`; AWS Control Tower, control CT.KMS.PV.3.
    pub BYPASS_LOCKOUT_CHECK = {
        id: "bypass-lockout-check", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "KMS is told not to look whether the key stays manageable",
    }

    /// ## What it does
    /// Flags imported key material in `key_material_base64` of a Terraform resource.
    ///
    /// ## Why it matters
    /// The state holds the material in plain text. Whoever can read the state, or a plan, can decrypt all that the key
    /// encrypted, without KMS.
    ///
    /// ## How to fix it
    /// Leave the argument out, and import the material with `aws kms import-key-material`. Take the material that stood in a
    /// state for known: make new material and a new key.
    ///
    /// ## Source
    /// Terraform AWS provider, `aws_kms_external_key`, `key_material_base64`; Terraform documentation, "Sensitive data in
    /// state".
    pub MATERIAL_IN_STATE = {
        id: "material-in-state", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "Terraform's files hold the key's material",
    }
}

const TAGS: RuleOption = RuleOption::texts("tags", &[], "the tags that every key must have, such as an owner");

/// The upkeep of a described key.
pub(crate) struct KeyUpkeep;

impl Check for KeyUpkeep {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn document(&self, document: &Document<'_>, _source: &Source, out: &mut Findings<'_>) {
        for place in &document.unguarded {
            let message = "KMS does not look whether anyone can still change the key policy";
            let finding = Finding::new(&BYPASS_LOCKOUT_CHECK, *place, message);
            out.push(finding.help("write false, or leave it out: a mistake in the policy cannot be taken back"));
        }
    }

    fn key(&self, key: &Key, _project: &Project<'_>, out: &mut Findings<'_>) {
        let is_aws_own = key.manager.as_ref().is_some_and(|manager| manager.value == "AWS");
        let empty = key.description.as_ref().filter(|text| text.value.trim().is_empty() && !is_aws_own);
        if let Some(description) = empty {
            let finding = Finding::new(&KEY_UNDOCUMENTED, description.span, "nothing says what this key is for");
            out.push(finding.help("write a description: what is encrypted with it, and whom to ask"));
        }
        if let Some(tags) = key.tags.as_ref().filter(|_| !is_aws_own) {
            let wanted: Vec<&str> = out.options().texts(&KEY_UNDOCUMENTED, &TAGS).collect();
            for tag in wanted.iter().filter(|tag| tags.value.iter().all(|own| own != *tag)) {
                let finding = Finding::new(&KEY_UNDOCUMENTED, tags.span, format!("this key has no tag `{tag}`"));
                out.push(finding.help("kpl.toml asks for it: `tags` under [rules.key-undocumented]"));
            }
        }
        if let Some(place) = key.material {
            let message = "the key's own material stands in Terraform's state";
            let finding = Finding::new(&MATERIAL_IN_STATE, place, message);
            out.push(finding.help("import it outside of Terraform: aws kms import-key-material"));
        }
    }
}
