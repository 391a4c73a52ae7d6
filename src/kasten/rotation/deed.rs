//! What the steps of a rotation do, and the two orders: the article's, and the mended one.

use super::{Amendment, Situation};

/// What one step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Changes the caller's own policies.
    Amend(Amendment),
    /// Makes the new key, with the old one's policy.
    CreateKey,
    /// Gives the old key a second alias.
    SecondAlias(String),
    /// Moves these aliases from the old key to the new one.
    MoveAliases(Vec<String>),
    /// Waits until changes to aliases and policies have taken effect.
    Wait,
    /// Makes a Passkey with the new key, which is to be used at once.
    CreatePasskey,
    /// Looks that the new Passkey is in use.
    CheckInUse,
    /// Deletes the old Passkey.
    DeletePasskey,
    /// Disables the old key, which can be taken back.
    Disable,
    /// Waits until no restore point is left that needs the old key.
    OutliveRestorePoints,
    /// Has the old key deleted after these days, which cannot be taken back once they are over.
    ScheduleDeletion(u8),
}

/// The days after which a key may be gone at the latest. Source: KMS API Reference, "`ScheduleKeyDeletion`".
const LONGEST: u8 = 30;
/// The fewest days.
const SHORTEST: u8 = 7;

/// The order of the article "Protect Kasten K10 snapshots using AWS KMS".
pub(super) fn article(situation: &Situation) -> Vec<Deed> {
    vec![
        Deed::CreateKey,
        Deed::MoveAliases(situation.moving()),
        Deed::CreatePasskey,
        Deed::CheckInUse,
        Deed::DeletePasskey,
        Deed::ScheduleDeletion(SHORTEST),
    ]
}

/// The order that keeps the old key within reach.
pub(super) fn mended(situation: &Situation, amendment: &Amendment) -> Vec<Deed> {
    let mut deeds = Vec::new();
    if situation.new_key.is_none() {
        deeds.push(Deed::CreateKey);
    }
    if *amendment != Amendment::None {
        deeds.push(Deed::Amend(amendment.clone()));
    }
    if amendment.uses_second_alias(situation) && !situation.old_aliases.contains(&situation.second_alias) {
        deeds.push(Deed::SecondAlias(situation.second_alias.clone()));
    }
    if !deeds.is_empty() {
        deeds.push(Deed::Wait);
    }
    let moving = situation.moving();
    if !moving.is_empty() {
        deeds.extend([Deed::MoveAliases(moving), Deed::Wait]);
    }
    deeds.extend([
        Deed::CreatePasskey,
        Deed::CheckInUse,
        Deed::DeletePasskey,
        Deed::Disable,
        Deed::OutliveRestorePoints,
        Deed::ScheduleDeletion(LONGEST),
    ]);
    deeds
}
