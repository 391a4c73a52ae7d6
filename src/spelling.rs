//! What a misspelt word was probably meant to be.

/// A longer word was hardly meant to be one that is known.
const LONGEST: usize = 40;

/// The known word with the fewest edits to a short one, of which a third of its letters is the most; the first of several.
/// Both are compared as `folded` writes them.
pub(crate) fn by_edits(
    word: &str,
    known: impl IntoIterator<Item = &'static str>,
    folded: impl Fn(&str) -> String,
) -> Option<&'static str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = folded(word);
    let near = known.into_iter().map(|known| (strsim::damerau_levenshtein(&word, &folded(known)), known));
    let (distance, best) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= (best.len() / 3).max(1)).then_some(best)
}

/// The known name that is most like a long one of several words, if it is like it at all; the last of several.
pub(crate) fn by_likeness<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let (likeness, best) = known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (likeness > 0.8).then_some(best)
}
