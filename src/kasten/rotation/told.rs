//! A rotation in words and commands.

use std::borrow::Cow;

use super::{Amendment, Answers, Deed, Rotation, Situation};
use crate::{kasten::generate::named_passkey, simulate::Outcome};

/// The file of the new key's policy.
const POLICY: &str = "new-key-policy.json";

impl Deed {
    /// What it does, one clause.
    #[must_use]
    pub fn words(&self, situation: &Situation) -> String {
        let old = situation.old_key.id();
        match self {
            Self::Amend(Amendment::SecondAlias(name)) => {
                let known = listed(&situation.moving());
                format!("let the policies of {} name {name} beside {known} in kms:ResourceAliases", who(situation))
            }
            Self::Amend(Amendment::NewKey(_)) => {
                format!("let the policies of {} name the new key's ARN beside the old one's", who(situation))
            }
            Self::Amend(Amendment::None) => "leave the policies as they are".to_owned(),
            Self::CreateKey if situation.can_narrow() => {
                "make the new key; its policy is the old one's without the statement that names Kasten".to_owned()
            }
            Self::CreateKey => "make the new key with the old one's policy".to_owned(),
            Self::SecondAlias(name) => format!("give the old key {name} too"),
            Self::MoveAliases(names) if names.is_empty() => "move no alias: none is known".to_owned(),
            Self::MoveAliases(names) => format!("move {} to the new key", listed(names)),
            Self::Wait => "wait five minutes: until then KMS may still decide by what was".to_owned(),
            Self::CreatePasskey => {
                format!("make the Passkey {}, so that Kasten wraps its master key anew", situation.next_passkey())
            }
            Self::CheckInUse => format!("look that {} says `inuse: true`, and no other", situation.next_passkey()),
            Self::DeletePasskey => "delete the old Passkey".to_owned(),
            Self::Disable => format!("disable the old key {old}; `aws kms enable-key` takes that back"),
            Self::OutliveRestorePoints => {
                let days = situation.retention.map(|days| format!(", which takes {days} days"));
                format!(
                    "wait until every restore point for disaster recovery from before the new Passkey has expired{}; enable \
                     the old key again if one is needed",
                    days.unwrap_or_default()
                )
            }
            Self::ScheduleDeletion(days) => format!("have the old key deleted after {days} days"),
        }
    }

    /// The commands, each a line.
    #[must_use]
    pub fn commands(&self, situation: &Situation) -> Vec<String> {
        let (region, old) = (&situation.old_key.region, situation.old_key.id());
        let new = situation.new_key.as_ref().map_or("\"$NEW_KEY\"", |key| key.id());
        let kms = |verb: &str, rest: String| format!("aws kms {verb} --region {region} {rest}");
        let passkeys = "passkeys.vault.kio.kasten.io";
        match self {
            Self::Amend(_) | Self::OutliveRestorePoints => Vec::new(),
            Self::CreateKey => create_key(situation),
            Self::SecondAlias(name) => {
                vec![kms("create-alias", format!("--alias-name {} --target-key-id {old}", shell_word(name)))]
            }
            Self::MoveAliases(names) => {
                let moved = names.iter().map(|name| {
                    kms("update-alias", format!("--alias-name {} --target-key-id {new}", shell_word(name)))
                });
                moved.collect()
            }
            Self::Wait => vec!["sleep 300".to_owned()],
            Self::CreatePasskey => {
                let (name, key) =
                    (situation.next_passkey(), situation.new_key.as_ref().map_or("$NEW_KEY", |key| key.as_str()));
                vec![format!("kubectl create -f - <<EOF\n{}EOF", named_passkey(&name, key))]
            }
            Self::CheckInUse => vec![format!("kubectl get {passkeys} -o yaml")],
            Self::DeletePasskey => {
                let name = situation.passkey.name.as_deref().map_or("\"$OLD_PASSKEY\"".into(), shell_word);
                vec![format!("kubectl delete {passkeys} {name}")]
            }
            Self::Disable => vec![kms("disable-key", format!("--key-id {old}"))],
            Self::ScheduleDeletion(days) => {
                vec![kms("schedule-key-deletion", format!("--key-id {old} --pending-window-in-days {days}"))]
            }
        }
    }
}

/// The new key with the old one's policy, which is narrowed by hand where it names Kasten.
fn create_key(situation: &Situation) -> Vec<String> {
    let (region, old) = (&situation.old_key.region, situation.old_key.id());
    let mut commands = vec![format!(
        "aws kms get-key-policy --region {region} --key-id {old} --policy-name default --query Policy --output text > {POLICY}"
    )];
    if situation.can_narrow() {
        commands.push(format!("# take the statement that names Kasten out of {POLICY}"));
    }
    commands.push(format!(
        "NEW_KEY=$(aws kms create-key --region {region} --description \"wraps the master key of Kasten\" --policy \
         file://{POLICY} --query KeyMetadata.Arn --output text)"
    ));
    commands.push(format!("aws kms enable-key-rotation --region {region} --key-id \"$NEW_KEY\""));
    commands
}

/// A text as one word of a POSIX shell.
#[must_use]
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/_.:@%+=,-".contains(letter);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', "'\\''")))
}

fn who(situation: &Situation) -> &str {
    situation.principal.arn().map(crate::policy::PrincipalArn::name).unwrap_or_default()
}

fn listed(names: &[String]) -> String {
    names.join(", ")
}

impl Situation {
    /// A name for the new Passkey: the old one's with the next number, in letters that every name of Kubernetes may have.
    #[must_use]
    pub fn next_passkey(&self) -> String {
        let old = self.passkey.name.as_deref().unwrap_or("kasten-kms-1");
        let plain: String = old
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let stem = plain.trim_end_matches(|c: char| c.is_ascii_digit());
        match plain.get(stem.len()..).and_then(|digits| digits.parse::<u32>().ok()) {
            Some(number) if !stem.is_empty() => format!("{stem}{}", u64::from(number) + 1),
            _ => format!("{}-2", plain.trim_matches('-')),
        }
    }
}

impl Answers {
    /// What Kasten gets, one clause.
    #[must_use]
    pub fn words(&self) -> String {
        let may = |verb: &str, outcome: Outcome| match outcome {
            Outcome::Allowed => verb.to_owned(),
            Outcome::Undecided => format!("{verb}: not decided"),
            Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied => format!("no {verb}"),
        };
        let old = self.old_decrypt.map_or_else(|| "disabled".to_owned(), |outcome| may("Decrypt", outcome));
        let old = format!("old key: {old}");
        match (self.new_encrypt, self.new_decrypt) {
            (Some(encrypt), Some(decrypt)) => {
                format!("{old}; new key: {}, {}", may("Encrypt", encrypt), may("Decrypt", decrypt))
            }
            _ => old,
        }
    }
}

/// What a person should know besides.
#[must_use]
pub fn notes(rotation: &Rotation) -> Vec<String> {
    let situation = &rotation.situation;
    let mut notes = Vec::new();
    if !situation.aliases_are_listed {
        let known = if situation.old_aliases.is_empty() {
            "that the old key has no alias".to_owned()
        } else {
            format!("that {} points to the old key", listed(&situation.old_aliases.iter().cloned().collect::<Vec<_>>()))
        };
        notes.push(format!("it is assumed {known}; `aws kms list-aliases` among the files would tell"));
    }
    if !situation.has_new_policy && situation.new_key.is_some() {
        notes.push("no file holds the new key's policy; the old one's is assumed, so put it there first".to_owned());
    }
    if !situation.passkey.is_in_use {
        notes.push("no file says which Passkey is in use; what `kubectl get passkeys.vault.kio.kasten.io -o yaml` prints would tell".to_owned());
    }
    if situation.has_unseen {
        notes.push(format!(
            "{} carries policies that are not among these files: what they allow or deny is not counted",
            who(situation)
        ));
    }
    if situation.passkey.by_alias {
        notes.push(
            "the Passkey names its key by an alias: whether Kasten sends that with Decrypt is not known, and if it does, Decrypt \
             fails once the alias has moved; make a Passkey with the old key's ARN first"
                .to_owned(),
        );
    }
    if situation.old_key.id().starts_with("mrk-") {
        notes.push(
            "the old key is a multi-Region key: aliases and policies of its replicas are changed in their own Regions"
                .to_owned(),
        );
    }
    notes.push(
        "automatic rotation (`aws kms enable-key-rotation`, every 90 to 2560 days) and rotation on demand (`aws kms \
         rotate-key-on-demand`) keep key, alias and policies: nothing here is needed for them. Kasten does not notice, and its \
         master key stays wrapped with the old material until a new Passkey with the same key is made"
            .to_owned(),
    );
    notes.push(
        "no rotation of a KMS key changes Kasten's master key or what backups are encrypted with; a new Passkey only wraps the \
         master key anew"
            .to_owned(),
    );
    notes
}
