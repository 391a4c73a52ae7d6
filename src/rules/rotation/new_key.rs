//! A new key beside the one that it takes the place of.

use crate::{
    document::{Project, Rotating},
    finding::{Finding, RuleInfo},
    key::{Key, KeyFamily},
    rules::{Check, Findings, declare::declare_rules, kasten::standing},
    source::Spanned,
};

declare_rules! { Rotation:
    /// ## What it does
    /// Flags the policy of a new key that does not let Kasten encrypt or decrypt, where the policy of the old one does, by name
    /// or by its account. Which key is new is told by the Passkeys: one is in use, and one that names another key is to be.
    ///
    /// ## Why it matters
    /// The new Passkey fails, or wraps a master key that Kasten cannot unwrap.
    ///
    /// ## How to fix it
    /// Give the new key what the old key's policy has for Kasten, or leave it to the account as the old one does.
    ///
    /// ## Source
    /// KMS Developer Guide, "Key policies in AWS KMS"; "Rotate keys manually".
    pub NEW_KEY_POLICY_DIFFERS = {
        id: "new-key-policy-differs", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "the new key's policy does not let Kasten in as the old one's does",
    }

    /// ## What it does
    /// Flags a new key whose type or usage differs from that of the key which Kasten uses.
    ///
    /// ## Why it matters
    /// KMS refuses to move an alias between such keys; and Kasten needs a symmetric key for encryption.
    ///
    /// ## How to fix it
    /// Make the new key with the spec and the usage of the old one, `SYMMETRIC_DEFAULT` and `ENCRYPT_DECRYPT`.
    ///
    /// ## Source
    /// KMS API Reference, "`UpdateAlias`".
    pub NEW_KEY_SPEC_DIFFERS = {
        id: "new-key-spec-differs", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["key-not-symmetric", "key-usage-wrong"],
        summary: "the alias cannot move to a key of another type",
    }

    /// ## What it does
    /// Flags a new key that was made for imported material and into which none is imported.
    ///
    /// ## Why it matters
    /// KMS refuses every use of it, so that the new Passkey fails.
    ///
    /// ## How to fix it
    /// Import material, or do without another key: a key with imported material is rotated on demand, once new material is
    /// imported into it.
    ///
    /// ## Source
    /// KMS API Reference, "`CreateKey`", `Origin`; "`RotateKeyOnDemand`".
    pub EXTERNAL_ORIGIN_RECREATED = {
        id: "external-origin-recreated", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["key-not-enabled"],
        summary: "the new key has no material yet",
    }

    /// ## What it does
    /// Notes a rotation to another key, where the key that Kasten uses can be rotated as it is.
    ///
    /// ## Why it matters
    /// Rotation on demand keeps the key's ARN, its aliases, its policy and all its old material: nothing can be cut off. A new
    /// key is right where the old one is not trusted any more, or has to go to another account or Region.
    ///
    /// ## How to fix it
    /// `aws kms rotate-key-on-demand`, then a new Passkey with another name and the same key.
    ///
    /// ## Source
    /// KMS API Reference, "`RotateKeyOnDemand`"; KMS Developer Guide, "Perform on-demand key rotation".
    pub MANUAL_ROTATION_AVOIDABLE = {
        id: "manual-rotation-avoidable", code: None,
        severity: Note, confidence: Medium, persona: Pedantic,
        summary: "the old key could be rotated as it is",
    }

    /// ## What it does
    /// Flags aliases that still point to a key which is disabled or waits for its deletion, while an alias of the key that
    /// takes its place shows that they were being moved. An alias that only adds to a moved one, as `alias/kasten-previous`
    /// does to `alias/kasten`, is meant to stay.
    ///
    /// ## Why it matters
    /// Whoever names the key by such an alias is refused, and with the key the alias goes.
    ///
    /// ## How to fix it
    /// Move the alias too: `aws kms update-alias`.
    ///
    /// ## Source
    /// KMS API Reference, "`UpdateAlias`"; KMS Developer Guide, "Rotate keys manually".
    pub OTHER_ALIASES_LEFT = {
        id: "other-aliases-left", code: None,
        severity: Warning, confidence: Medium, persona: Regular,
        summary: "an alias was left on the old key",
    }
}

/// What a rotation to another key brings.
pub(crate) struct NewKey;

impl Check for NewKey {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for rotating in project.rotations_under_way() {
            policy(&rotating, project, out);
            if let Some((old, new)) = rotating.old_key.zip(rotating.new_key) {
                spec(old, new, out);
                aliases(old, new, project, out);
            }
            if let Some(new) = rotating.new_key {
                material(rotating.old_key, new, out);
            }
            avoidable(&rotating, out);
        }
    }
}

fn policy(rotating: &Rotating<'_>, project: &Project<'_>, out: &mut Findings<'_>) {
    let Some((old, new)) = rotating.old_key.zip(rotating.new_key) else { return };
    let (Some(old), Some(new)) = (project.policy_of_key(old), project.policy_of_key(new)) else { return };
    for lost in standing::lost(project, old, new) {
        let message = format!("`{}` may not call {} with the new key", lost.principal, lost.actions.join(" and "));
        let place = new.policy.statement_element.map_or(new.policy.span, |element| element.key);
        let there = old.policy.statement_element.map_or(old.policy.span, |element| element.key);
        let finding = Finding::new(&NEW_KEY_POLICY_DIFFERS, place, message);
        out.push(finding.related(there, "the old key's policy allows it").help("give the new key the same statement"));
    }
}

/// What `UpdateAlias` holds keys to be of one type by. Source: KMS API Reference, "`UpdateAlias`".
fn kind(key: &Key) -> Option<&'static str> {
    Some(match key.family()? {
        KeyFamily::Symmetric => "symmetric",
        KeyFamily::Hmac => "HMAC",
        KeyFamily::Rsa
        | KeyFamily::EccNist
        | KeyFamily::EccSecg
        | KeyFamily::MlDsa
        | KeyFamily::MlKem
        | KeyFamily::Sm2 => "asymmetric",
    })
}

fn spec(old: &Key, new: &Key, out: &mut Findings<'_>) {
    let differs = |one: Option<&str>, other: Option<&str>| one.zip(other).is_some_and(|(one, other)| one != other);
    let text = |field: &Option<Spanned<String>>| field.as_ref().map(|field| field.value.clone());
    let (by, told, word) = if differs(kind(old), kind(new)) {
        (&new.spec, &old.spec, "")
    } else if differs(text(&old.usage).as_deref(), text(&new.usage).as_deref()) {
        (&new.usage, &old.usage, "for ")
    } else {
        return;
    };
    let (Some(by), Some(told)) = (by, told) else { return };
    let message = format!("the new key is {word}`{}`, the old one {word}`{}`", by.value, told.value);
    let finding = Finding::new(&NEW_KEY_SPEC_DIFFERS, by.span, message).related(told.span, "the old key");
    out.push(finding.help("make the new key like the old one: KMS moves no alias between such keys"));
}

fn material(old: Option<&Key>, new: &Key, out: &mut Findings<'_>) {
    let is = |field: &Option<Spanned<String>>, word: &str| field.as_ref().is_some_and(|field| field.value == word);
    let Some(state) = new.state.as_ref().filter(|state| state.value == "PendingImport") else { return };
    let help = if old.is_some_and(|old| is(&old.origin, "EXTERNAL")) {
        "import material; or import new material into the old key and rotate that one on demand"
    } else {
        "import material into it before the Passkey is made"
    };
    let finding = Finding::new(&EXTERNAL_ORIGIN_RECREATED, state.span, "no material was imported into the new key");
    out.push(finding.help(help));
}

fn avoidable(rotating: &Rotating<'_>, out: &mut Findings<'_>) {
    let Some(old) = rotating.old_key.filter(|key| key.family() == Some(KeyFamily::Symmetric)) else { return };
    let is_one = |field: &Option<Spanned<String>>, words: &[&str]| {
        field.as_ref().is_none_or(|field| words.contains(&field.value.as_str()))
    };
    let is_own = is_one(&old.origin, &["AWS_KMS", "EXTERNAL"]) && is_one(&old.manager, &["CUSTOMER"]);
    let home =
        |id: &str| id.starts_with("arn:").then(|| id.rsplit_once(':').map(|(home, _)| home.to_owned())).flatten();
    let old_home = old.arn.as_ref().and_then(|arn| home(&arn.value));
    let goes_elsewhere = home(&rotating.new_id.value).zip(old_home).is_some_and(|(new, old)| new != old);
    if is_own && is_one(&old.state, &["Enabled"]) && !old.is_replica() && !goes_elsewhere {
        let message = "the key that Kasten uses could be rotated as it is";
        let finding = Finding::new(&MANUAL_ROTATION_AVOIDABLE, rotating.new_id.span, message);
        let finding = finding.related(rotating.old_id.span, "the key");
        out.push(finding.help("aws kms rotate-key-on-demand, then a new Passkey with the same key"));
    }
}

fn aliases(old: &Key, new: &Key, project: &Project<'_>, out: &mut Findings<'_>) {
    let ends = |state: &Spanned<String>| matches!(state.value.as_str(), "Disabled" | "PendingDeletion");
    if !old.state.as_ref().is_some_and(ends) {
        return;
    }
    let listed = || project.documents.iter().flat_map(|document| &document.aliases);
    let moved: Vec<&str> =
        listed().filter(|alias| alias.points_to(new)).map(|alias| alias.name.value.as_str()).collect();
    if moved.is_empty() {
        return;
    }
    let adds = |name: &str| {
        moved.iter().filter_map(|moved| name.strip_prefix(moved)).any(|rest| rest.starts_with(['-', '_', '/']))
    };
    for alias in listed().filter(|alias| alias.points_to(old) && !adds(&alias.name.value)) {
        let message = format!("`{}` still points to the old key", alias.name.value);
        let finding = Finding::new(&OTHER_ALIASES_LEFT, alias.name.span, message);
        out.push(finding.help("move it too, or delete it if nobody uses it"));
    }
}
