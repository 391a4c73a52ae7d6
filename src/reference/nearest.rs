//! What was probably meant: the nearest known name.
//!
//! Few names are compared in full. One whose length or whose letters differ too much cannot be near enough.

use super::{Action, KeyInfo, Reference, Service};

/// Names longer than this are compared with nothing.
const LONGEST: usize = 128;
/// However long a name is, more edits than this are no slip.
const MOST_EDITS: usize = 4;

impl Reference {
    /// The service whose prefix is nearest to a misspelt one: `kmss`, `kms`.
    #[must_use]
    pub fn nearest_service(&self, prefix: &str) -> Option<Service<'_>> {
        nearest(prefix, self.services(), Service::prefix)
    }

    /// The action of a service whose name is nearest to a misspelt one: `kms`, `Decrpyt`.
    #[must_use]
    pub fn nearest_action(&self, service: &str, name: &str) -> Option<Action<'_>> {
        nearest(name, self.service(service)?.actions(), Action::name)
    }

    /// The condition key whose name is nearest to a misspelt one, among those with the same prefix: `kms:ViaServices`. Of
    /// a template counts what stands before its `${…}`.
    #[must_use]
    pub fn nearest_key(&self, key: &str) -> Option<KeyInfo<'_>> {
        let (prefix, _) = key.split_once(':')?;
        let of_prefix = |name: &str| name.split_once(':').is_some_and(|(other, _)| other.eq_ignore_ascii_case(prefix));
        nearest(key, self.condition_keys().filter(|key| of_prefix(key.name())), before_placeholder)
    }
}

fn before_placeholder(key: KeyInfo<'_>) -> &str {
    key.name().split("${").next().unwrap_or_default()
}

/// The candidate with the fewest edits to the text, of which a third of its letters is the most; the first of several.
fn nearest<'r, T: Copy>(text: &str, candidates: impl Iterator<Item = T>, name: fn(T) -> &'r str) -> Option<T> {
    if text.len() > LONGEST {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let (letters, counts) = (letters_of(&text), counts_of(&text));
    let mut limit = MOST_EDITS.min(text.len() / 3);
    let mut nearest = None;
    for candidate in candidates {
        let name = name(candidate);
        // One edit changes the length by one at most, and which letters occur by two at most.
        let differing = || (letters ^ letters_of(name)).count_ones() as usize;
        if name.len().abs_diff(text.len()) > limit || differing() > 2 * limit {
            continue;
        }
        // One edit changes how often letters occur by two at most.
        let recounted: usize = counts.iter().zip(counts_of(name)).map(|(a, b)| usize::from(a.abs_diff(b))).sum();
        if recounted > 2 * limit {
            continue;
        }
        let name = name.to_ascii_lowercase();
        let (text, name) = without_common_ends(&text, &name);
        let edits = strsim::osa_distance(text, name);
        if edits <= limit {
            nearest = Some(candidate);
            // Only fewer edits count from here on.
            let Some(fewer) = edits.checked_sub(1) else { break };
            limit = fewer;
        }
    }
    nearest
}

/// Two texts without what both begin and end with: no edit is made there.
fn without_common_ends<'t>(one: &'t str, other: &'t str) -> (&'t str, &'t str) {
    let same = |(a, b): &(u8, u8)| a == b && a.is_ascii();
    let start = one.bytes().zip(other.bytes()).take_while(same).count();
    let (one, other) = (one.get(start..).unwrap_or(one), other.get(start..).unwrap_or(other));
    let end = one.bytes().rev().zip(other.bytes().rev()).take_while(same).count();
    let cut = |text: &'t str| text.get(..text.len() - end).unwrap_or(text);
    (cut(one), cut(other))
}

/// How often each letter of the alphabet occurs, and five for all other characters.
fn counts_of(text: &str) -> [u8; 32] {
    // A name that is compared has few letters: no count is full.
    text.bytes().fold([0; 32], |mut counts, byte| {
        let count = &mut counts[usize::from(byte & 0x1f)];
        *count = count.saturating_add(1);
        counts
    })
}

/// A bit for each letter of the alphabet that occurs, and five for all other characters.
fn letters_of(text: &str) -> u32 {
    text.bytes().fold(0, |bits, byte| bits | 1 << (byte & 0x1f))
}
