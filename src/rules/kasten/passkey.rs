//! A Passkey by itself: its name, its fields, and the key that it names.

use crate::{
    document::{
        alias_name,
        kasten::{Facts, Field, Passkey},
    },
    finding::{Applicability, Finding, RuleInfo},
    key::is_key_id,
    policy::{AccountId, Arn, is_placeholder, is_placeholder_value},
    rules::{Check, Findings, declare::declare_rules},
    source::{Edit, Spanned},
    syntax::print,
};

declare_rules! { Kasten:
    /// ## What it does
    /// Flags a Passkey whose name is no name that Kubernetes takes by default: with capital letters, an underscore, or more
    /// than 253 characters.
    ///
    /// ## Why it matters
    /// Kasten serves Passkeys by an API of its own, which has taken such names. Other tools, and a later version, need not.
    ///
    /// ## How to fix it
    /// Use lower-case letters, digits and `-`. A Passkey cannot be renamed: create one under the new name, and delete the old
    /// one when the new one is in use.
    ///
    /// ## Source
    /// Kubernetes, "Object Names and IDs"; Kasten's page on Passkeys.
    pub PASSKEY_NAME_NOT_RFC1123 = {
        id: "passkey-name-not-rfc1123", code: None,
        severity: Warning, confidence: Medium, persona: Regular,
        summary: "the Passkey's name is no usual name of an object",
    }

    /// ## What it does
    /// Flags a Passkey with a namespace.
    ///
    /// ## Why it matters
    /// Passkeys belong to the cluster. The namespace says nothing, or keeps the Passkey from being created.
    ///
    /// ## How to fix it
    /// Take it away.
    ///
    /// ## Source
    /// Kasten's page on configuring encryption, Passkeys.
    pub PASSKEY_NAMESPACED = {
        id: "passkey-namespaced", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a Passkey with a namespace",
    }

    /// ## What it does
    /// Flags a field of a Passkey that differs from one that Kasten reads only by capital letters, `_` or `-`.
    ///
    /// ## Why it matters
    /// Kasten does not read it. `awsCmkKeyId` is the name of a Helm value; a Passkey has `awscmkkeyid`.
    ///
    /// ## How to fix it
    /// Spell it as Kasten does, all in lower case.
    ///
    /// ## Source
    /// Kasten's page on configuring encryption, Passkeys.
    pub PASSKEY_SPEC_FIELD_CASE = {
        id: "passkey-spec-field-case", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "a field of the Passkey is spelt otherwise than Kasten reads it",
    }

    /// ## What it does
    /// Flags a Passkey that names no key and no passphrase, or more than one of a Secret, a key of AWS KMS, of Vault and of
    /// Azure Key Vault.
    ///
    /// ## Why it matters
    /// A Passkey protects Kasten's master key in exactly one way.
    ///
    /// ## How to fix it
    /// Keep one of `secret`, `awscmkkeyid` and `vaulttransitkeyname`.
    ///
    /// ## Source
    /// Kasten's page on configuring encryption, Passkeys.
    pub PASSKEY_SOURCE_COUNT = {
        id: "passkey-source-count", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "a Passkey takes exactly one key or passphrase",
    }

    /// ## What it does
    /// Flags what stands where the id of a KMS key belongs and is none: in a Passkey, in the Secret `k10-cluster-passphrase`
    /// and in the Helm value `encryption.primaryKey.awsCmkKeyId`.
    ///
    /// ## Why it matters
    /// KMS refuses every call with it, so that Kasten cannot encrypt its master key.
    ///
    /// ## How to fix it
    /// Write the ARN of the key, as `aws kms describe-key` tells it.
    ///
    /// ## Source
    /// KMS API Reference, "`Encrypt`", `KeyId`; KMS Developer Guide, "Key identifiers".
    pub PASSKEY_KEY_ID_SHAPE = {
        id: "passkey-key-id-shape", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["passkey-uses-alias"],
        summary: "what stands for the KMS key is no key id",
    }

    /// ## What it does
    /// Flags an alias where the id of a KMS key belongs: in a Passkey, in the Secret `k10-cluster-passphrase` and in the Helm
    /// value `encryption.primaryKey.awsCmkKeyId`.
    ///
    /// ## Why it matters
    /// An alias can be moved to another key. What Kasten encrypted with the first is not decrypted with the second.
    ///
    /// ## How to fix it
    /// Write the ARN of the key. An alias condition in a policy goes by the key, however a request names it.
    ///
    /// ## Source
    /// KMS API Reference, "`Decrypt`", `KeyId`; KMS Developer Guide, "Rotating keys", manual rotation.
    pub PASSKEY_USES_ALIAS = {
        id: "passkey-uses-alias", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "an alias stands where the key's ARN belongs",
    }
}

/// A Passkey by itself.
pub(crate) struct Passkeys;

impl Check for Passkeys {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn facts(&self, facts: &Facts, out: &mut Findings<'_>) {
        for passkey in &facts.passkeys {
            name(passkey, out);
            if let Some(place) = passkey.namespace {
                let finding = Finding::new(&PASSKEY_NAMESPACED, place, "a Passkey has no namespace");
                out.push(finding.help("take it away: Passkeys belong to the cluster"));
            }
            for (field, meant) in &passkey.misspelt {
                misspelt(field, meant, out);
            }
            sources(passkey, out);
            key_id(&passkey.key, Shown::Whole, out);
        }
        facts.values.iter().for_each(|values| key_id(&values.key, Shown::Whole, out));
        facts.secrets.iter().for_each(|secret| key_id(&secret.key, Shown::Not, out));
    }
}

/// How long an object's name may be. Source: Kubernetes, "Object Names and IDs".
const LONGEST: usize = 253;

fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        let inner = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
        !word.is_empty() && word.chars().all(inner) && !word.starts_with('-') && !word.ends_with('-')
    };
    name.len() <= LONGEST && name.split('.').all(is_word)
}

/// A name in lower case, its words joined by `-`.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        let is_capital = character.is_ascii_uppercase();
        let joins = out.ends_with('-') || out.is_empty();
        match character {
            _ if is_capital && !joins => out.extend(['-', character.to_ascii_lowercase()]),
            _ if character.is_ascii_alphanumeric() || character == '.' => out.push(character.to_ascii_lowercase()),
            _ if !joins => out.push('-'),
            _ => {}
        }
    }
    out.trim_end_matches('-').to_owned()
}

fn name(passkey: &Passkey, out: &mut Findings<'_>) {
    // What the cluster tells has its name already.
    let Some(name) = passkey.name.given().filter(|_| passkey.in_use.is_none()) else { return };
    if is_name(&name.value) || is_placeholder_value(&name.value) {
        return;
    }
    let message = format!("`{}` is no usual name of an object in Kubernetes", name.value);
    let finding = Finding::new(&PASSKEY_NAME_NOT_RFC1123, name.span, message);
    let better = kebab(&name.value);
    let help =
        "use lower-case letters, digits and `-`; a Passkey that is there already is not renamed, but created anew";
    let finding = finding.help(help);
    if !is_name(&better) {
        return out.push(finding);
    }
    let edit = Edit::replace(name.span, print::quoted(&better));
    out.push(finding.fix(format!("write {better}"), Applicability::Unsafe, vec![edit]));
}

fn misspelt(field: &Spanned<String>, meant: &str, out: &mut Findings<'_>) {
    let message = format!("a Passkey has no field `{}`; Kasten reads `{meant}`", field.value);
    let edit = Edit::replace(field.span, print::quoted(meant));
    let finding = Finding::new(&PASSKEY_SPEC_FIELD_CASE, field.span, message);
    out.push(finding.fix(format!("write {meant}"), Applicability::Unsafe, vec![edit]));
}

fn sources(passkey: &Passkey, out: &mut Findings<'_>) {
    let help = "keep one of secret, awscmkkeyid and vaulttransitkeyname";
    match passkey.sources.as_slice() {
        [] if passkey.is_whole => {
            let finding =
                Finding::new(&PASSKEY_SOURCE_COUNT, passkey.place, "this Passkey names no key and no passphrase");
            out.push(finding.help(help));
        }
        [(_, first), (_, second), ..] => {
            let message = "this Passkey names more than one key or passphrase";
            let finding = Finding::new(&PASSKEY_SOURCE_COUNT, *second, message);
            out.push(finding.related(*first, "the first").help(help));
        }
        _ => {}
    }
}

/// Whether a message may repeat a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Whole,
    /// It stands in a Secret.
    Not,
}

fn key_id(key: &Field, shown: Shown, out: &mut Findings<'_>) {
    let Some(id) = key.given() else { return };
    let text = id.value.as_str();
    // A placeholder is told as one.
    if is_placeholder(text) || is_placeholder_value(text) {
        return;
    }
    if let Some(reason) = fault(text) {
        let message = match shown {
            Shown::Whole => reason,
            Shown::Not => "the id in this Secret is that of no KMS key".to_owned(),
        };
        let finding = Finding::new(&PASSKEY_KEY_ID_SHAPE, id.span, message);
        out.push(finding.help("write the key's ARN, as aws kms describe-key tells it"));
    }
    if alias_name(text).is_some() {
        let finding = Finding::new(&PASSKEY_USES_ALIAS, id.span, "an alias, which may be moved to another key");
        out.push(finding.help("write the key's ARN; what this key encrypted, no other decrypts"));
    }
}

/// Why a text is no id of a key, and no alias.
fn fault(text: &str) -> Option<String> {
    if let Some(name) = text.strip_prefix("alias/") {
        return name.is_empty().then(|| "`alias/` is the beginning of an alias".to_owned());
    }
    if is_key_id(text) {
        return None;
    }
    let Ok(arn) = Arn::parse(text) else { return Some(format!("`{text}` is no ARN and no id of a KMS key")) };
    if arn.service != "kms" {
        return Some(format!("an ARN of {}, not of KMS", arn.service));
    }
    if let Err(error) = arn.account.parse::<AccountId>() {
        return Some(format!("in this ARN, {error}"));
    }
    let names_key = arn.resource.strip_prefix("key/").is_some_and(is_key_id);
    let names_alias = arn.resource.strip_prefix("alias/").is_some_and(|name| !name.is_empty());
    if arn.region.is_empty() {
        return Some("this ARN names no Region".to_owned());
    }
    (!names_key && !names_alias).then(|| format!("`{}` names no key", arn.resource))
}
