//! Which entries of a list others cover, found without comparing each with each.

use crate::policy::{Arn, glob};

/// How entries of a list are compared.
#[derive(Clone, Copy)]
pub(super) enum Cover {
    /// Letter case does not count.
    Actions,
    /// Letter case counts.
    Resources,
}

/// An entry that nothing else covers, and what it covers.
pub(super) struct Group {
    /// The entry's number.
    pub(super) keeper: usize,
    /// The numbers of what it covers, in the order of the list.
    pub(super) covered: Vec<usize>,
}

/// How much comparing is left to do.
pub(super) struct Budget(usize);

/// In characters compared. A list of AWS's longest policy takes a hundredth of it.
const WORK: usize = 4_000_000;

/// So short a list is sooner compared than sorted.
const FEW: usize = 12;

impl Default for Budget {
    fn default() -> Self {
        Self(WORK)
    }
}

impl Budget {
    /// Whether nothing is left, so that some comparisons were not made.
    pub(super) const fn is_spent(&self) -> bool {
        self.0 == 0
    }

    fn take(&mut self, work: usize) -> bool {
        self.0 = self.0.saturating_sub(work);
        self.0 > 0
    }
}

impl Cover {
    /// Whether two entries are the same.
    pub(super) fn is_same(self, one: &str, other: &str) -> bool {
        match self {
            Self::Actions => one.eq_ignore_ascii_case(other),
            Self::Resources => one == other,
        }
    }

    /// Whether every text that `inner` matches is matched by `outer` too.
    pub(super) fn includes(self, outer: &str, inner: &str, budget: &mut Budget) -> bool {
        if self.is_same(outer, inner) {
            return true;
        }
        // What stands behind the last wildcard ends whatever is covered, which tells most pairs apart.
        let Some(last) = memchr::memrchr2(b'*', b'?', outer.as_bytes()) else { return false };
        if !self.ends_with(inner, outer.get(last + 1..).unwrap_or_default()) {
            return false;
        }
        // `${*}` is a plain character in a policy, and no wildcard.
        if outer.contains("${*}") || outer.contains("${?}") {
            return false;
        }
        let stars = 1 + memchr::memchr_iter(b'*', outer.as_bytes()).count();
        budget.take(stars * inner.len())
            && match self {
                Self::Actions => glob::includes_ignoring_case(outer, inner),
                Self::Resources => glob::includes(outer, inner),
            }
    }

    /// Whether `inner` is covered whichever way `*` is read at a colon.
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Resource", wildcards and colons.
    pub(super) fn is_beyond_doubt(self, outer: &str, inner: &str) -> bool {
        let is_plain = outer == inner || outer.bytes().all(|byte| byte == b'*');
        if is_plain || matches!(self, Self::Actions) {
            return true;
        }
        let (Ok(outer), Ok(inner)) = (Arn::parse(outer), Arn::parse(inner)) else { return false };
        glob::includes(outer.partition, inner.partition)
            && glob::includes(outer.service, inner.service)
            && glob::includes(outer.region, inner.region)
            && glob::includes(outer.account, inner.account)
            && glob::includes(outer.resource, inner.resource)
    }

    /// Each entry that covers others, with what it covers; `None` where comparing would take too long.
    pub(super) fn groups(self, texts: &[&str], budget: &mut Budget) -> Option<Vec<Group>> {
        let mut pairs = if texts.len() <= FEW { self.few(texts, budget) } else { self.many(texts, budget) };
        if pairs.is_empty() && !budget.is_spent() {
            return Some(Vec::new());
        }
        let mut is_covered = vec![false; texts.len()];
        for (_, inner) in &pairs {
            is_covered[*inner] = true;
        }
        if budget.is_spent() {
            return None;
        }
        pairs.retain(|(outer, _)| !is_covered[*outer]);
        pairs.sort_unstable();
        let groups = pairs.chunk_by(|one, other| one.0 == other.0);
        Some(
            groups
                .map(|group| Group { keeper: group[0].0, covered: group.iter().map(|(_, inner)| *inner).collect() })
                .collect(),
        )
    }

    /// What covers what in a short list: each is compared with each.
    fn few(self, texts: &[&str], budget: &mut Budget) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for (outer, text) in texts.iter().enumerate() {
            let start = glob::is_pattern(text).then(|| glob::literal_start(text));
            for (inner, other) in texts.iter().enumerate().filter(|(inner, _)| *inner != outer) {
                if self.is_same(text, other) {
                    if outer < inner {
                        pairs.push((outer, inner));
                    }
                } else if start.is_some_and(|start| self.starts_with(other, start))
                    && self.includes(text, other, budget)
                    && (outer < inner || !self.includes(other, text, budget))
                {
                    pairs.push((outer, inner));
                }
            }
        }
        pairs
    }

    fn ends_with(self, text: &str, end: &str) -> bool {
        let from = text.len().checked_sub(end.len());
        from.and_then(|from| text.get(from..)).is_some_and(|own| self.is_same(own, end))
    }

    fn starts_with(self, text: &str, start: &str) -> bool {
        text.get(..start.len()).is_some_and(|own| self.is_same(own, start))
    }

    /// What covers what in a long list, which is sorted for it.
    fn many(self, texts: &[&str], budget: &mut Budget) -> Vec<(usize, usize)> {
        let sorted = Sorted::new(self, texts);
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        // Equal texts stand together; the first of them stays.
        for alike in sorted.starts.chunk_by(|one, other| one.0 == other.0).filter(|alike| alike.len() > 1) {
            for (place, (_, inner)) in alike.iter().enumerate() {
                let first = alike[..place]
                    .iter()
                    .map(|(_, outer)| *outer)
                    .find(|outer| self.is_same(texts[*outer], texts[*inner]));
                if let Some(outer) = first {
                    pairs.push((outer, *inner));
                }
                if !budget.take(place) {
                    return pairs;
                }
            }
        }
        for (outer, text) in texts.iter().enumerate().filter(|(_, text)| glob::is_pattern(text)) {
            for (_, inner) in sorted.near(text) {
                let is_other = *inner != outer && !self.is_same(text, texts[*inner]);
                if !is_other || !self.includes(text, texts[*inner], budget) {
                    continue;
                }
                // Of two that cover each other the first stays.
                if outer < *inner || !self.includes(texts[*inner], text, budget) {
                    pairs.push((outer, *inner));
                }
            }
        }
        pairs
    }
}

/// The entries of a list by how they start.
struct Sorted {
    cover: Cover,
    /// How many characters all of them start with.
    common: usize,
    /// The first characters behind these, and the entry's number.
    starts: Vec<(u128, usize)>,
}

impl Sorted {
    fn new(cover: Cover, texts: &[&str]) -> Self {
        let common = match cover {
            Cover::Actions => 0,
            Cover::Resources => common_start(texts),
        };
        let mut sorted = Self { cover, common, starts: Vec::new() };
        sorted.starts = texts.iter().enumerate().map(|(index, text)| (sorted.start(text, 0), index)).collect();
        sorted.starts.sort_unstable();
        sorted
    }

    /// The entries that start as the plain start of a pattern does: nothing else can it cover.
    fn near(&self, pattern: &str) -> &[(u128, usize)] {
        let plain = glob::literal_start(pattern);
        let (low, high) = (self.start(plain, 0), self.start(plain, u8::MAX));
        let from = self.starts.partition_point(|(start, _)| *start < low);
        let to = self.starts.partition_point(|(start, _)| *start <= high);
        self.starts.get(from..to).unwrap_or_default()
    }

    /// Sixteen characters as a number that sorts like them.
    fn start(&self, text: &str, filling: u8) -> u128 {
        let mut bytes = [filling; 16];
        let own = text.as_bytes().get(self.common..).unwrap_or_default();
        let own = &own[..own.len().min(16)];
        bytes[..own.len()].copy_from_slice(own);
        if matches!(self.cover, Cover::Actions) {
            bytes.make_ascii_lowercase();
        }
        u128::from_be_bytes(bytes)
    }
}

/// How many characters all texts start with, before any wildcard: `arn:aws:s3:::`.
fn common_start(texts: &[&str]) -> usize {
    let [first, others @ ..] = texts else { return 0 };
    others.iter().fold(glob::literal_start(first).len(), |common, text| {
        let same = first.bytes().zip(text.bytes()).take(common).take_while(|(one, other)| one == other).count();
        same.min(glob::literal_start(text).len())
    })
}
