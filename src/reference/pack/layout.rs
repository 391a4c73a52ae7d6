//! Where everything stands in the packed reference: the packer writes by it, the reader reads by it.
//!
//! The bytes are words of four, little-endian, and then text. The words are the header, the lists and the tables.
//!
//! - A **text** is known by where it starts in the text part: its length in four bytes, then UTF-8.
//! - A **list** is known by the word at which it starts: how many items it has, then the items, a word each.
//! - A **table** has rows of equal width. A row is known by its number.
//!
//! Equal texts and equal lists stand once.

/// Header: the text of the date.
pub(crate) const DATE: usize = 0;
/// Header: the list of sources, a text for the name and one for the version each.
pub(crate) const SOURCES: usize = 1;
/// Header: the byte at which the text part starts.
pub(crate) const TEXTS: usize = 2;
/// Header: for each table the word at which it starts, and how many rows it has.
pub(crate) const TABLES: usize = 3;
/// How many words the header has.
pub(crate) const HEADER: usize = TABLES + 2 * TABLE_COUNT;

/// How many tables there are.
pub(crate) const TABLE_COUNT: usize = 11;

/// A table: its place in the header, and how many words a row has.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    pub(crate) index: usize,
    pub(crate) width: usize,
}

/// In the order of their prefixes, letter case not counting.
pub(crate) const SERVICES: Table = Table { index: 0, width: 9 };
/// In the order of the services, in each in that of their names, letter case not counting.
pub(crate) const ACTIONS: Table = Table { index: 1, width: 2 };
/// In the order of the services, in each in that of their names, letter case not counting.
pub(crate) const RESOURCES: Table = Table { index: 2, width: 3 };
/// In the order of their names, letter case not counting.
pub(crate) const KEYS: Table = Table { index: 3, width: 4 };
/// The keys that hold a `${…}`, in the order of what stands before it, then of the length of what stands behind it.
pub(crate) const TEMPLATES: Table = Table { index: 4, width: 4 };
/// In the order of their names, letter case not counting.
pub(crate) const RETIRED: Table = Table { index: 5, width: 1 };
/// In the order of their names.
pub(crate) const FOREIGN: Table = Table { index: 6, width: 4 };
/// In the order of their names.
pub(crate) const PARTITIONS: Table = Table { index: 7, width: 4 };

/// Where each action is found by its name, in the order of the services. Each service has [slots](slot_of) of its own.
pub(crate) const ACTION_SLOTS: Table = Table { index: 8, width: 2 };
/// Where each service is found by its prefix, in [slots](slot_of).
pub(crate) const SERVICE_SLOTS: Table = Table { index: 9, width: 2 };
/// Where each condition key is found by its name, in [slots](slot_of).
pub(crate) const KEY_SLOTS: Table = Table { index: 10, width: 2 };

/// The slot at which to look for a name first, and the mark of the name there. Letter case does not count.
///
/// There is a power of two of slots, of which a quarter is free at least. A name stands in the slot that it gives or the
/// next free one behind it; the first slot follows the last. A slot with another mark holds another name.
pub(crate) fn slot_of(name: &[u8], slots: usize) -> (usize, usize) {
    // Eight bytes at a time, the last of them overlapping. The bit that is set in each makes one of a capital and its
    // small letter.
    let (words, rest) = name.as_chunks::<8>();
    let hash = words.iter().fold(0, |hash, word| mixed(hash, *word));
    let last = name.last_chunk().copied().unwrap_or_else(|| {
        let mut word = [0; 8];
        for (place, byte) in word.iter_mut().zip(rest) {
            *place = *byte;
        }
        word
    });
    // The upper half is the better mixed.
    let hash = mixed(hash, last);
    ((hash >> 32) as usize & slots.wrapping_sub(1), (hash >> 56) as usize)
}

fn mixed(hash: u64, word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word) | 0x2020_2020_2020_2020;
    (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// The columns of [`ACTION_SLOTS`], [`SERVICE_SLOTS`] and [`KEY_SLOTS`].
pub(crate) mod slot {
    /// One more than the row of what stands here, and above [`ROW_BITS`] the mark of its name; 0 in a free slot.
    pub(crate) const ROW: usize = 0;
    /// Text: its name.
    pub(crate) const NAME: usize = 1;

    /// How many bits a row takes.
    pub(crate) const ROW_BITS: u32 = 24;
}

/// The columns of [`SERVICES`].
pub(crate) mod service {
    /// Text: `kms`.
    pub(crate) const PREFIX: usize = 0;
    /// Text: `AWS Key Management Service`.
    pub(crate) const NAME: usize = 1;
    /// Its first action, and the row behind its last.
    pub(crate) const ACTIONS: [usize; 2] = [2, 3];
    /// Its first resource type, and the row behind its last.
    pub(crate) const RESOURCES: [usize; 2] = [4, 5];
    /// 1 where resource control policies apply to it.
    pub(crate) const RCP: usize = 6;
    /// Its first slot for an action, and the one behind its last.
    pub(crate) const SLOTS: [usize; 2] = [7, 8];
}

/// The columns of [`ACTIONS`].
pub(crate) mod action {
    /// Text: `Decrypt`.
    pub(crate) const NAME: usize = 0;
    /// A list, which many actions share: the access level, then three lists.
    pub(crate) const TRAITS: usize = 1;

    /// The places in the list of traits.
    pub(crate) const LEVEL: usize = 0;
    /// A list of triples: a resource type, 1 where it is required, and the list of condition keys for it.
    pub(crate) const RESOURCES: usize = 1;
    /// A list of condition keys.
    pub(crate) const KEYS: usize = 2;
    /// A list of actions.
    pub(crate) const DEPENDENTS: usize = 3;
}

/// The columns of [`RESOURCES`].
pub(crate) mod resource {
    /// Text: `key`.
    pub(crate) const NAME: usize = 0;
    /// A list of [forms](super::form).
    pub(crate) const PATTERNS: usize = 1;
    /// A list of condition keys.
    pub(crate) const KEYS: usize = 2;
}

/// What the forms of ARNs have in their list.
pub(crate) mod form {
    /// How many items one form has.
    pub(crate) const WIDTH: usize = 4;
    /// Text: `arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}`.
    pub(crate) const PATTERN: usize = 0;
    /// The sum of [`REGION`] and [`ACCOUNT`].
    pub(crate) const FLAGS: usize = 1;
    /// How many bytes of it stand before the resource; 0 where it has no six parts.
    pub(crate) const RESOURCE: usize = 2;
    /// How many bytes of it stand before the first variable of the resource.
    pub(crate) const VARIABLE: usize = 3;

    /// It has a Region.
    pub(crate) const REGION: u32 = 1;
    /// It has an account.
    pub(crate) const ACCOUNT: u32 = 2;
}

/// The columns of [`KEYS`].
pub(crate) mod key {
    /// Text: `kms:EncryptionContext:${EncryptionContextKey}`.
    pub(crate) const NAME: usize = 0;
    /// The place in `KeyType::ALL`.
    pub(crate) const TYPE: usize = 1;
    /// The sum of [`MULTI_VALUED`] and [`GLOBAL`].
    pub(crate) const FLAGS: usize = 2;
    /// A list of services that define it.
    pub(crate) const SERVICES: usize = 3;

    /// A request has several values of it.
    pub(crate) const MULTI_VALUED: usize = 1;
    /// It is a key of every service.
    pub(crate) const GLOBAL: usize = 2;
}

/// The columns of [`TEMPLATES`].
pub(crate) mod template {
    /// The condition key.
    pub(crate) const KEY: usize = 0;
    /// Text: its name.
    pub(crate) const NAME: usize = 1;
    /// How many bytes of its name stand before the `${`.
    pub(crate) const PREFIX: usize = 2;
    /// How many bytes of its name end with the `}`.
    pub(crate) const SUFFIX: usize = 3;
}

/// The columns of [`RETIRED`].
pub(crate) mod retired {
    /// Text: `codestar` for a service, `codestar:CreateProject` for an action.
    pub(crate) const NAME: usize = 0;
}

/// The columns of [`FOREIGN`].
pub(crate) mod foreign {
    /// Text: `token.actions.${Domain}.ghe.com`.
    pub(crate) const NAME: usize = 0;
    /// How many bytes of it stand before the `${`; all where there is none.
    pub(crate) const PREFIX: usize = 1;
    /// How many bytes of it end with the `}`; all where there is none.
    pub(crate) const SUFFIX: usize = 2;
    /// The service.
    pub(crate) const SERVICE: usize = 3;
}

/// The columns of [`PARTITIONS`].
pub(crate) mod partition {
    /// Text: `aws`.
    pub(crate) const NAME: usize = 0;
    /// Text: `amazonaws.com`.
    pub(crate) const DNS_SUFFIX: usize = 1;
    /// A list of texts: `eu`.
    pub(crate) const REGION_PREFIXES: usize = 2;
    /// A list of texts: `eu-central-1`.
    pub(crate) const REGIONS: usize = 3;
}
