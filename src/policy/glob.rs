//! IAM's wildcards: `*` stands for any run of characters, none included, and `?` for exactly one.

use crate::source::scan;

/// Whether a pattern matches a whole text, letter case counting.
///
/// Takes time linear in the text for each `*`, never more.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    matches_by(pattern, text, |p, t| p == t, |_| true)
}

/// Whether a pattern matches a whole text, ASCII letter case not counting, as for actions.
#[must_use]
pub fn matches_ignoring_case(pattern: &str, text: &str) -> bool {
    matches_by(pattern, text, |p: u8, t: u8| p.eq_ignore_ascii_case(&t), |_| true)
}

/// Whether a text holds a wildcard.
#[must_use]
pub fn is_pattern(text: &str) -> bool {
    first_wildcard(text).is_some()
}

/// Whether a pattern is nothing but `*`, so that it matches every text.
#[must_use]
pub fn is_stars(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'*')
}

/// Where the first wildcard of a text stands, in bytes.
pub(super) fn first_wildcard(text: &str) -> Option<usize> {
    scan::find(text.as_bytes(), |word| scan::is(word, b'*') | scan::is(word, b'?'))
}

/// `is_one` says whether `?` takes a character.
fn matches_by(pattern: &str, text: &str, same: impl Fn(u8, u8) -> bool, is_one: impl Fn(u8) -> bool) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    // Most patterns are of another service or resource, which the first character tells.
    if let (Some(first), Some(other)) = (pattern.first(), text.first())
        && !matches!(first, b'*' | b'?')
        && !same(*first, *other)
    {
        return false;
    }
    let (mut p, mut t) = (0, 0);
    // Where to go on after the last `*`: behind it in the pattern, and one character further in the text each time.
    let mut resume = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                resume = Some((p, t));
            }
            Some(b'?') if is_one(text[t]) => {
                p += 1;
                t += character_length(text, t);
            }
            Some(byte) if same(*byte, text[t]) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after_star, from)) = resume else { return false };
                let next = from + character_length(text, from);
                resume = Some((after_star, next));
                (p, t) = (after_star, next);
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// How many bytes the character at an offset takes.
fn character_length(text: &[u8], at: usize) -> usize {
    let continues = |byte: &&u8| (**byte & 0xc0) == 0x80;
    1 + text.get(at + 1..).unwrap_or_default().iter().take_while(continues).count()
}

/// Whether every text that `inner` matches is matched by `outer` too, as far as a plain comparison can tell.
///
/// The wildcards of `inner` are taken as characters that a wildcard of `outer` alone matches: its `*` only by a `*`. An
/// answer of true is always right; one of false may be wrong for contrived patterns.
#[must_use]
pub fn includes(outer: &str, inner: &str) -> bool {
    matches_by(outer, inner, |p, t| p == t, |character| character != b'*')
}

/// [`includes`], ASCII letter case not counting, as for actions.
#[must_use]
pub fn includes_ignoring_case(outer: &str, inner: &str) -> bool {
    matches_by(outer, inner, |p: u8, t: u8| p.eq_ignore_ascii_case(&t), |character| character != b'*')
}

/// Whether some text is matched by both of two patterns.
#[must_use]
pub fn overlap(one: &str, other: &str) -> bool {
    overlap_by(one, other, |a, b| a == b)
}

/// [`overlap`], ASCII letter case not counting, as for actions.
#[must_use]
pub fn overlap_ignoring_case(one: &str, other: &str) -> bool {
    overlap_by(one, other, |a: char, b: char| a.eq_ignore_ascii_case(&b))
}

/// Walks both at once; takes time for each pair of their characters.
fn overlap_by(one: &str, other: &str, same: impl Fn(char, char) -> bool) -> bool {
    let other: Vec<char> = other.chars().collect();
    // How far the other may have come where the one has come to this character.
    let mut reached = vec![false; other.len() + 1];
    reached[0] = true;
    for character in one.chars().map(Some).chain([None]) {
        let mut next = vec![false; other.len() + 1];
        for at in 0..=other.len() {
            if !reached[at] {
                continue;
            }
            let opposite = other.get(at).copied();
            if character == Some('*') || opposite == Some('*') {
                next[at] = true;
                if opposite.is_some() {
                    reached[at + 1] = true;
                }
            } else if let (Some(a), Some(b)) = (character, opposite)
                && (a == '?' || b == '?' || same(a, b))
            {
                next[at + 1] = true;
            }
        }
        if character.is_none() {
            break;
        }
        reached = next;
    }
    reached[other.len()]
}

/// What stands before the first wildcard.
#[must_use]
pub fn literal_start(pattern: &str) -> &str {
    first_wildcard(pattern).and_then(|end| pattern.get(..end)).unwrap_or(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_takes_any_run_and_a_question_mark_one_character() {
        assert!(matches("kms:*", "kms:"));
        assert!(matches("a*b*c", "aXbYbZc"));
        assert!(!matches("a*b*c", "aXbY"));
        assert!(matches("a?c", "aéc"));
        assert!(!matches("a?c", "ac"));
        assert!(!matches("a?c", "abbc"));
    }

    #[test]
    fn actions_match_whatever_their_case() {
        assert!(matches_ignoring_case("KMS:de*", "kms:Decrypt"));
        assert!(!matches("KMS:de*", "kms:Decrypt"));
    }

    #[test]
    fn a_pattern_includes_another_when_its_wildcards_cover_it() {
        assert!(includes("arn:aws:kms:*:*:key/*", "arn:aws:kms:eu-central-1:111122223333:key/*"));
        assert!(!includes("alias/kasten", "alias/*"));
        assert!(!includes("a?", "a*"));
        assert!(includes("a?*", "a??"));
        assert!(includes("a?*", "ab*"));
        assert!(!includes("a?*", "a*"));
        assert!(includes_ignoring_case("iam:GET*", "iam:get?ole*"));
    }

    #[test]
    fn two_patterns_overlap_where_one_text_fits_both() {
        for (one, other) in
            [("kms:*Key", "kms:Create*"), ("a*", "*b"), ("", "*"), ("a?c", "ab*"), ("*a*", "*b*"), ("é?", "?b")]
        {
            assert!(overlap(one, other) && overlap(other, one), "{one} {other}");
        }
        for (one, other) in [("kms:*Key", "kms:CreateKeys"), ("a*", "b*"), ("a?", "a"), ("", "?"), ("*a", "*b")] {
            assert!(!overlap(one, other) && !overlap(other, one), "{one} {other}");
        }
        assert!(overlap_ignoring_case("KMS:*key", "kms:Create*") && !overlap("KMS:*", "kms:*"));
    }

    #[test]
    fn many_stars_against_a_long_text_end_soon() {
        let pattern = "*a".repeat(5_000);
        assert!(!matches(&pattern, &"ab".repeat(4_000)));
    }
}
