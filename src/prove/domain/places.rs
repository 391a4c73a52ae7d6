//! Where patterns stand while a text is followed: all of them at once, each at the places at which it still may match.

use std::collections::HashMap;

use super::glob::{Glob, Kind, Step, small};

/// How many patterns that say different things are held against one another.
const MOST_GROUPS: usize = 1_000;

/// One place in a pattern.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Step(Step),
    /// Behind the last step of a pattern; `None` for one of the base.
    End(Option<u32>),
}

pub(super) struct Search {
    slots: Vec<Slot>,
    /// The pattern of each slot.
    owners: Vec<u32>,
    /// What the pattern of each slot says, by a number; none where each says something of its own.
    groups: Vec<u32>,
    /// For each such number, those that say no more.
    covers: Vec<Vec<bool>>,
    /// For each, the last wildcard of the first pattern that matches whatever comes behind it.
    stars: Vec<u32>,
    /// Whether a pattern that stands at a slot matches whatever comes.
    ends: Vec<bool>,
    /// The first slot of the base.
    base: u32,
    starts: Vec<u32>,
}

/// Characters that stand for any that no pattern waits for, in the order in which they are tried.
const OTHERS: &str = "xyzabcdefghijklmnopqrstuvwXYZABCDEFGHIJKLMNOPQRSTUVW_.-7890123456";

impl Search {
    pub(super) fn new(globs: &[Glob], base: &[Glob]) -> Self {
        let mut search = Self {
            slots: Vec::new(),
            owners: Vec::new(),
            groups: Vec::new(),
            covers: Vec::new(),
            stars: Vec::new(),
            ends: Vec::new(),
            base: 0,
            starts: Vec::new(),
        };
        for (index, glob) in globs.iter().enumerate() {
            search.add(glob, u32::try_from(index).ok());
        }
        search.base = count(search.slots.len());
        for glob in base {
            search.add(glob, None);
        }
        search
    }

    fn add(&mut self, glob: &Glob, number: Option<u32>) {
        let owner = count(self.starts.len());
        self.starts.push(count(self.slots.len()));
        self.slots.extend(glob.0.iter().copied().map(Slot::Step));
        self.slots.push(Slot::End(number));
        self.owners.resize(self.slots.len(), owner);
    }

    /// Notes what each pattern says; those of the base say nothing that another could.
    pub(super) fn group(&mut self, says: &[Vec<(u8, u32)>]) {
        let mut numbers: HashMap<&[(u8, u32)], u32> = HashMap::new();
        let mut all: Vec<&[(u8, u32)]> = Vec::new();
        let of_patterns: Vec<u32> = says
            .iter()
            .map(|said| {
                *numbers.entry(said).or_insert_with(|| {
                    all.push(said);
                    count(all.len() - 1)
                })
            })
            .collect();
        if all.len() > MOST_GROUPS {
            return;
        }
        let is_in = |inner: &[(u8, u32)], outer: &[(u8, u32)]| inner.iter().all(|one| outer.binary_search(one).is_ok());
        self.covers = all.iter().map(|outer| all.iter().map(|inner| is_in(inner, outer)).collect()).collect();
        let of = |owner: &u32| of_patterns.get(*owner as usize).copied().unwrap_or(u32::MAX);
        self.groups = self.owners.iter().map(of).collect();
        self.stars = vec![u32::MAX; all.len()];
        self.ends = (0..count(self.slots.len())).map(|place| self.is_settled(place)).collect();
        for ((place, group), ends) in (0..).zip(&self.groups).zip(&self.ends) {
            if let Some(star) = self.stars.get_mut(*group as usize).filter(|_| *ends) {
                *star = place.min(*star);
            }
        }
    }

    /// Whether a pattern of one group says all that one of another says.
    fn covers(&self, one: u32, other: u32) -> bool {
        self.covers.get(one as usize).and_then(|row| row.get(other as usize)).copied().unwrap_or(false)
    }

    /// Drops the patterns that say no more than one which matches whatever comes; the first of those that say the same
    /// stands for it.
    fn drop_covered(&self, state: &mut Vec<u32>) {
        if self.groups.is_empty() {
            return;
        }
        let group = |place: u32| self.groups.get(place as usize).copied().unwrap_or(u32::MAX);
        let mut settled: Vec<u32> = Vec::new();
        for place in state.iter().copied().filter(|place| self.ends.get(*place as usize) == Some(&true)) {
            let own = group(place);
            if !settled.iter().any(|known| self.covers(*known, own)) {
                settled.retain(|known| !self.covers(own, *known));
                settled.push(own);
            }
        }
        if settled.is_empty() {
            return;
        }
        state.retain(|place| !settled.iter().any(|known| self.covers(*known, group(*place))));
        for star in settled.iter().filter_map(|known| self.stars.get(*known as usize)) {
            state.extend([*star, star + 1]);
        }
        state.sort_unstable();
    }

    /// Whether a pattern that stands here matches whatever comes.
    fn is_settled(&self, place: u32) -> bool {
        matches!(self.slot(place), Slot::Step(Step::Many(Kind::Any)))
            && matches!(self.slot(place + 1), Slot::End(Some(_)))
    }

    fn slot(&self, place: u32) -> Slot {
        self.slots.get(place as usize).copied().unwrap_or(Slot::End(None))
    }

    /// Adds a place, and those behind wildcards that may stand for nothing.
    fn reach(&self, mut place: u32, out: &mut Vec<u32>) {
        out.push(place);
        while let Slot::Step(Step::Many(_)) = self.slot(place) {
            place += 1;
            out.push(place);
        }
    }

    pub(super) fn start(&self) -> Vec<u32> {
        let mut state = Vec::new();
        self.starts.iter().for_each(|place| self.reach(*place, &mut state));
        self.keep_furthest(&mut state);
        self.drop_covered(&mut state);
        state
    }

    /// Where all patterns stand after one more character; `None` where the base ends.
    pub(super) fn after(&self, state: &[u32], character: char, small: char) -> Option<Vec<u32>> {
        let mut next = Vec::with_capacity(state.len());
        for place in state {
            match self.slot(*place) {
                Slot::Step(Step::Is(own)) if own == character => self.reach(place + 1, &mut next),
                Slot::Step(Step::IsWhateverCase(own)) if own == small => self.reach(place + 1, &mut next),
                Slot::Step(Step::One(kind)) if kind.takes(character) => self.reach(place + 1, &mut next),
                Slot::Step(Step::Many(kind)) if kind.takes(character) => self.reach(*place, &mut next),
                _ => {}
            }
        }
        next.sort_unstable();
        next.dedup();
        self.keep_furthest(&mut next);
        self.drop_covered(&mut next);
        (next.last().is_some_and(|place| *place >= self.base)).then_some(next)
    }

    /// Drops the places of a pattern before its last wildcard that takes everything: whatever they still match, it matches
    /// too.
    fn keep_furthest(&self, state: &mut Vec<u32>) {
        let mut write = state.len();
        let mut free_of = u32::MAX;
        for read in (0..state.len()).rev() {
            let Some(place) = state.get(read).copied() else { continue };
            let Some(owner) = self.owners.get(place as usize).copied() else { continue };
            if owner == free_of {
                continue;
            }
            write -= 1;
            if let Some(kept) = state.get_mut(write) {
                *kept = place;
            }
            if let Slot::Step(Step::Many(Kind::Any)) = self.slot(place) {
                free_of = owner;
            }
        }
        state.drain(..write);
    }

    /// The patterns that match at a state; `None` where the text is not of the base.
    pub(super) fn accepted(&self, state: &[u32]) -> Option<Vec<u32>> {
        let mut is_of_base = false;
        let mut matched = Vec::new();
        for place in state {
            match self.slot(*place) {
                Slot::End(Some(number)) => matched.push(number),
                Slot::End(None) => is_of_base = true,
                Slot::Step(_) => {}
            }
        }
        is_of_base.then_some(matched)
    }

    /// The characters that make a difference at a state.
    pub(super) fn characters(&self, state: &[u32]) -> Vec<char> {
        let mut awaited = Vec::new();
        let (mut digits, mut labels) = (false, false);
        for place in state {
            match self.slot(*place) {
                Slot::Step(Step::Is(character)) => awaited.push(character),
                Slot::Step(Step::IsWhateverCase(character)) => awaited.extend(spellings(character)),
                Slot::Step(Step::One(kind) | Step::Many(kind)) => match kind {
                    Kind::Any => {}
                    Kind::NoColon => awaited.push(':'),
                    Kind::Name => awaited.extend([':', '/']),
                    Kind::Label => {
                        awaited.extend([':', '/']);
                        labels = true;
                    }
                    Kind::Digit => {
                        awaited.extend([':', '/']);
                        digits = true;
                    }
                },
                Slot::End(_) => {}
            }
        }
        awaited.sort_unstable();
        awaited.dedup();
        let fresh = |wanted: &dyn Fn(char) -> bool| {
            OTHERS.chars().find(|other| wanted(*other) && awaited.binary_search(other).is_err())
        };
        let mut all = Vec::with_capacity(awaited.len() + 3);
        // One of each sort that a wildcard tells from others, and one of none.
        all.extend(fresh(&|other| other.is_ascii_lowercase()));
        if digits {
            all.extend(fresh(&|other| other.is_ascii_digit()));
        }
        if labels {
            all.extend(fresh(&|other| !Kind::Label.takes(other)));
        }
        if all.is_empty() {
            all.extend(fresh(&|_| true).or_else(|| beyond(&awaited)));
        }
        all.extend(awaited);
        all
    }
}

/// The characters whose small letter a character is, itself included.
fn spellings(character: char) -> Vec<char> {
    let upper = character.to_uppercase();
    // Letters of which two have one small letter: the signs of kelvin and ångström.
    let further = match character {
        'k' => Some('\u{212a}'),
        'å' => Some('\u{212b}'),
        _ => None,
    };
    let all = std::iter::once(character).chain(upper).chain(further);
    all.filter(|other| small(*other) == character).collect()
}

/// A character that none of a list is, where all usual ones are in it.
fn beyond(awaited: &[char]) -> Option<char> {
    ('\u{a1}'..'\u{2000}').find(|other| awaited.binary_search(other).is_err())
}

/// A number of slots, states or patterns.
pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
