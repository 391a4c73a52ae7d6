//! Texts, parted by the wildcard patterns that a question holds against them.
//!
//! All patterns are followed at once, character by character: a state is the sorted list of the places at which each
//! still may stand. Only characters that some pattern waits for are tried, and one that none does. So every way in which
//! the patterns can agree and disagree on a text is found, each with a shortest text.

use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasherDefault,
};

use super::glob::{Glob, Kind, Step, small};
use crate::prove::{
    bdd::Mixer,
    budget::{Budget, Exhausted},
};

/// What no test tells apart: which of the patterns match, and a text that they match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::prove) struct Class {
    /// The numbers of the patterns that match, in order.
    pub(in crate::prove) matched: Vec<u32>,
    /// A text of the class.
    pub(in crate::prove) text: String,
}

/// How many places all states together may hold.
const MOST_PLACES: usize = 30_000_000;

/// Every way in which texts of one of the `base` patterns match `globs`, in the order in which they are found.
///
/// # Errors
/// [`Exhausted::Classes`] where there are too many.
pub(in crate::prove) fn classes(globs: &[Glob], base: &[Glob], budget: &mut Budget) -> Result<Vec<Class>, Exhausted> {
    Search::new(globs, base).run(budget)
}

/// Gives classes readable texts: each takes the first of the candidates that lies in it.
pub(in crate::prove) fn prefer(classes: &mut [Class], globs: &[Glob], base: &[Glob], candidates: &[String]) {
    let search = Search::new(globs, base);
    let mut taken = vec![false; classes.len()];
    let places: HashMap<Vec<u32>, usize> =
        classes.iter().enumerate().map(|(index, class)| (class.matched.clone(), index)).collect();
    for candidate in candidates {
        let Some(index) = search.matched(candidate).and_then(|matched| places.get(&matched)) else { continue };
        if let (Some(class), Some(is_taken)) = (classes.get_mut(*index), taken.get_mut(*index))
            && !*is_taken
        {
            class.text.clone_from(candidate);
            *is_taken = true;
        }
    }
}

/// One place in a pattern.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Step(Step),
    /// Behind the last step of a pattern; `None` for one of the base.
    End(Option<u32>),
}

struct Search {
    slots: Vec<Slot>,
    /// The pattern of each slot.
    owners: Vec<u32>,
    /// The first slot of the base.
    base: u32,
    starts: Vec<u32>,
}

/// Characters that stand for any that no pattern waits for, in the order in which they are tried.
const OTHERS: &str = "xyzabcdefghijklmnopqrstuvwXYZABCDEFGHIJKLMNOPQRSTUVW_.-7890123456";

impl Search {
    fn new(globs: &[Glob], base: &[Glob]) -> Self {
        let mut search = Self { slots: Vec::new(), owners: Vec::new(), base: 0, starts: Vec::new() };
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

    fn start(&self) -> Vec<u32> {
        let mut state = Vec::new();
        self.starts.iter().for_each(|place| self.reach(*place, &mut state));
        self.keep_furthest(&mut state);
        state
    }

    /// Where all patterns stand after one more character; `None` where the base ends.
    fn after(&self, state: &[u32], character: char, small: char) -> Option<Vec<u32>> {
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
    fn accepted(&self, state: &[u32]) -> Option<Vec<u32>> {
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

    fn matched(&self, text: &str) -> Option<Vec<u32>> {
        let mut state = self.start();
        for character in text.chars() {
            state = self.after(&state, character, small(character))?;
        }
        self.accepted(&state)
    }

    /// The characters that make a difference at a state.
    fn characters(&self, state: &[u32]) -> Vec<char> {
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

    fn run(&self, budget: &mut Budget) -> Result<Vec<Class>, Exhausted> {
        // How each state was first reached.
        let mut from: Vec<(u32, char)> = vec![(0, ' ')];
        let mut states: Vec<Box<[u32]>> = vec![self.start().into()];
        let mut known: HashMap<Box<[u32]>, u32, BuildHasherDefault<Mixer>> = HashMap::default();
        let mut found: HashSet<Vec<u32>> = HashSet::new();
        let mut classes = Vec::new();
        let mut places = 0;
        known.extend(states.iter().map(|state| (state.clone(), 0)));
        let mut number = 0;
        while let Some(state) = states.get(number).cloned() {
            let here = count(number);
            number += 1;
            if let Some(matched) = self.accepted(&state)
                && found.insert(matched.clone())
            {
                classes.push(Class { matched, text: text_of(&from, here) });
            }
            for character in self.characters(&state) {
                budget.take(1 + state.len() / 8, Exhausted::Classes)?;
                let Some(next) = self.after(&state, character, small(character)) else { continue };
                if known.contains_key(next.as_slice()) {
                    continue;
                }
                places += next.len() * 2;
                if places > MOST_PLACES {
                    return Err(Exhausted::Classes);
                }
                let next: Box<[u32]> = next.into();
                known.insert(next.clone(), count(from.len()));
                from.push((here, character));
                states.push(next);
            }
        }
        Ok(classes)
    }
}

/// The text that leads to a state.
fn text_of(from: &[(u32, char)], mut number: u32) -> String {
    let mut reversed = Vec::new();
    while number != 0 {
        let Some((before, character)) = from.get(number as usize) else { break };
        reversed.push(*character);
        number = *before;
    }
    reversed.iter().rev().collect()
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

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parted(globs: &[&str], base: &str) -> Vec<(Vec<u32>, String)> {
        let globs: Vec<Glob> = globs.iter().map(|text| Glob::wild(text)).collect();
        let classes = classes(&globs, &[Glob::wild(base)], &mut Budget::default()).unwrap();
        classes.into_iter().map(|class| (class.matched, class.text)).collect()
    }

    #[test]
    fn every_way_to_match_is_found_with_a_shortest_text() {
        let found = parted(&["a*", "*b", "ab"], "*");
        let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(found.len(), 5, "{found:?}");
        assert_eq!(texts, ["", "a", "b", "ab", "axb"]);
    }

    #[test]
    fn a_pattern_within_another_leaves_no_text_to_the_inner_one_alone() {
        let found = parted(&["arn:aws:s3:::b/*", "arn:aws:s3:::b/x?*"], "*");
        assert!(found.iter().all(|(matched, _)| matched != &[1]), "{found:?}");
    }

    #[test]
    fn every_class_matches_what_it_says() {
        let patterns = ["*a*", "?a", "*aa", "a?a", "*b?"];
        for (matched, text) in parted(&patterns, "*") {
            for (index, pattern) in patterns.iter().enumerate() {
                let is_listed = matched.contains(&u32::try_from(index).unwrap());
                assert_eq!(crate::policy::glob::matches(pattern, &text), is_listed, "{pattern} {text}");
            }
        }
    }

    #[test]
    fn letters_of_either_case_are_told_apart_only_where_a_pattern_does() {
        let globs = [Glob::literal("Key").whatever_case(), Glob::literal("key")];
        let found = classes(&globs, &[Glob::wild("*")], &mut Budget::default()).unwrap();
        let matched: Vec<&[u32]> = found.iter().map(|class| class.matched.as_slice()).collect();
        assert_eq!(matched, [&[][..], &[0], &[0, 1]]);
    }

    #[test]
    fn many_wildcards_over_the_same_letters_end_with_their_reason() {
        let globs: Vec<Glob> =
            (0..200_u32).map(|n| Glob::wild(&format!("*a{n:08b}*").replace('0', "b").replace('1', "a"))).collect();
        let ended = classes(&globs, &[Glob::wild("*")], &mut Budget::of_milliseconds(50));
        assert_eq!(ended, Err(Exhausted::Classes));
    }
}
