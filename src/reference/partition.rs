//! Partitions and their regions.

use std::fmt;

use super::{Reference, layout, layout::partition};

/// A partition: a group of regions that shares no account and no ARN with another.
///
/// Source: AWS General Reference, "Regions and endpoints"; the regions are those of botocore.
#[derive(Clone, Copy)]
pub struct Partition<'r> {
    reference: &'r Reference,
    row: usize,
}

impl<'r> Partition<'r> {
    fn texts(self, column: usize) -> impl Iterator<Item = &'r str> {
        let blob = &self.reference.blob;
        blob.cell_list(layout::PARTITIONS, self.row, column).map(|text| blob.text(text))
    }

    /// As ARNs have it: `aws`, `aws-cn`.
    #[must_use]
    pub fn name(self) -> &'r str {
        self.reference.blob.cell_text(layout::PARTITIONS, self.row, partition::NAME)
    }

    /// What its host names end with: `amazonaws.com`.
    #[must_use]
    pub fn dns_suffix(self) -> &'r str {
        self.reference.blob.cell_text(layout::PARTITIONS, self.row, partition::DNS_SUFFIX)
    }

    /// The regions known by name, `aws-global` and its kin among them, which stand for services without regions.
    pub fn regions(self) -> impl Iterator<Item = &'r str> {
        self.texts(partition::REGIONS)
    }

    /// Whether a region is known by name.
    #[must_use]
    pub fn lists_region(self, region: &str) -> bool {
        self.regions().any(|known| known == region)
    }

    /// Whether a region is known by name, or has the shape of one, so that it may be newer than the reference.
    #[must_use]
    pub fn is_region(self, region: &str) -> bool {
        self.lists_region(region) || self.texts(partition::REGION_PREFIXES).any(|prefix| has_shape(prefix, region))
    }
}

impl fmt::Debug for Partition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Partition({})", self.name())
    }
}

/// Whether a region is the prefix, a word and a number: `us`, `us-east-1`.
fn has_shape(prefix: &str, region: &str) -> bool {
    let rest = region.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
    let Some((word, number)) = rest.and_then(|rest| rest.split_once('-')) else { return false };
    let all = |text: &str, is_right: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(is_right);
    all(word, u8::is_ascii_lowercase) && all(number, u8::is_ascii_digit)
}

impl Reference {
    /// Every partition, in the order of their names.
    pub fn partitions(&self) -> impl Iterator<Item = Partition<'_>> {
        self.blob.rows(layout::PARTITIONS).map(|row| Partition { reference: self, row })
    }

    /// The partition of a name: `aws`.
    #[must_use]
    pub fn partition(&self, name: &str) -> Option<Partition<'_>> {
        let cell = |row| self.blob.cell(layout::PARTITIONS, row, partition::NAME);
        let mut rows = self.blob.rows(layout::PARTITIONS);
        let row = rows.find(|row| self.blob.text_bytes(cell(*row)) == name.as_bytes())?;
        Some(Partition { reference: self, row })
    }

    /// The partition that a region is in; by the shape of its name where no partition lists it.
    #[must_use]
    pub fn partition_of_region(&self, region: &str) -> Option<Partition<'_>> {
        let listing = self.partitions().find(|partition| partition.lists_region(region));
        listing.or_else(|| self.partitions().find(|partition| partition.is_region(region)))
    }
}
