//! Texts, parted by the wildcard patterns that a question holds against them.
//!
//! All patterns are followed at once, character by character: a state is the sorted list of the places at which each
//! still may stand. Only characters that some pattern waits for are tried, and one that none does. So every way in which
//! the patterns can agree and disagree on a text is found, each with a shortest text.

use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasherDefault,
};

use super::{
    glob::{Glob, small},
    places::{Search, count},
};
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

/// The same for patterns that say something together: `says` has in order what each says where it matches. Once a pattern
/// matches whatever comes, those that say no more than it are left out of the class.
///
/// # Errors
/// [`Exhausted::Classes`] where there are too many.
pub(in crate::prove) fn classes_of_lists(
    globs: &[Glob],
    says: &[Vec<(u8, u32)>],
    base: &[Glob],
    candidates: &[String],
    budget: &mut Budget,
) -> Result<Vec<Class>, Exhausted> {
    let mut search = Search::new(globs, base);
    search.group(says);
    let mut classes = search.run(budget)?;
    search.prefer(&mut classes, candidates);
    Ok(classes)
}

/// Gives classes readable texts: each takes the first of the candidates that lies in it.
pub(in crate::prove) fn prefer(classes: &mut [Class], globs: &[Glob], base: &[Glob], candidates: &[String]) {
    Search::new(globs, base).prefer(classes, candidates);
}

impl Search {
    /// Gives classes readable texts: each takes the first of the candidates that lies in it.
    fn prefer(&self, classes: &mut [Class], candidates: &[String]) {
        let mut places: HashMap<Vec<u32>, usize> =
            classes.iter().enumerate().map(|(index, class)| (class.matched.clone(), index)).collect();
        let mut walk = Walk { search: self, states: vec![self.start()], moves: HashMap::default() };
        for candidate in candidates {
            if places.is_empty() {
                break;
            }
            let Some(index) = walk.matched(candidate).and_then(|matched| places.remove(&matched)) else { continue };
            if let Some(class) = classes.get_mut(index) {
                class.text.clone_from(candidate);
            }
        }
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

/// Texts that are followed one by one: where two begin alike, the second goes the way of the first.
struct Walk<'s> {
    search: &'s Search,
    states: Vec<Vec<u32>>,
    moves: HashMap<(u32, u32), Option<u32>, BuildHasherDefault<Mixer>>,
}

impl Walk<'_> {
    /// The patterns that match a text; `None` where it is not of the base.
    fn matched(&mut self, text: &str) -> Option<Vec<u32>> {
        let mut at = 0;
        for character in text.chars() {
            let way = (at, u32::from(character));
            at = match self.moves.get(&way) {
                Some(known) => *known,
                None => self.step(way, character),
            }?;
        }
        self.search.accepted(self.states.get(at as usize)?)
    }

    fn step(&mut self, way: (u32, u32), character: char) -> Option<u32> {
        let state = self.states.get(way.0 as usize)?;
        let next = self.search.after(state, character, small(character)).map(|state| {
            self.states.push(state);
            count(self.states.len() - 1)
        });
        self.moves.insert(way, next);
        next
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
    fn what_a_class_says_is_what_the_patterns_of_its_texts_say() {
        let patterns = ["a*b*", "*a", "*b*a*", "a?*", "*bb*", "b*a", "*ab*", "ab*"];
        let lists: [&[u32]; 8] = [&[0], &[0, 1], &[1], &[0], &[2], &[1, 2], &[0, 1], &[0, 2]];
        let says: Vec<Vec<(u8, u32)>> = lists.iter().map(|all| all.iter().map(|list| (0, *list)).collect()).collect();
        let mut search = Search::new(&patterns.map(Glob::wild), &[Glob::wild("*")]);
        search.group(&says);
        let said = |matched: &mut dyn Iterator<Item = usize>| -> HashSet<(u8, u32)> {
            matched.flat_map(|index| says[index].iter().copied()).collect()
        };
        let classes = search.run(&mut Budget::default()).unwrap();
        let of_classes: Vec<_> =
            classes.iter().map(|class| said(&mut class.matched.iter().map(|index| *index as usize))).collect();
        let mut walk = Walk { search: &search, states: vec![search.start()], moves: HashMap::default() };
        for number in 1..1_u32 << 9 {
            let text = format!("{number:b}").replace('0', "a").replace('1', "b").split_off(1);
            let matching = (0..patterns.len()).filter(|index| crate::policy::glob::matches(patterns[*index], &text));
            let direct = said(&mut matching.into_iter());
            let matched = walk.matched(&text).unwrap();
            assert_eq!(said(&mut matched.iter().map(|index| *index as usize)), direct, "{text}");
            assert!(of_classes.contains(&direct), "{text}");
        }
    }

    #[test]
    fn many_wildcards_over_the_same_letters_end_with_their_reason() {
        let globs: Vec<Glob> =
            (0..200_u32).map(|n| Glob::wild(&format!("*a{n:08b}*").replace('0', "b").replace('1', "a"))).collect();
        let ended = classes(&globs, &[Glob::wild("*")], &mut Budget::of_milliseconds(50));
        assert_eq!(ended, Err(Exhausted::Classes));
    }
}
