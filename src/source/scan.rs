//! Looks through short texts, eight bytes at a time.
//!
//! Names of actions, keys and resources are too short for what is made for long texts. A word holds eight bytes, the
//! first of them lowest; a mark is the highest bit of a byte. Of several marks in a word the lowest is always right.

const ONES: u64 = 0x0101_0101_0101_0101;
const MARKS: u64 = 0x8080_8080_8080_8080;

/// What fills up a word behind the end of a text: nothing that is ever looked for.
const FILLING: u8 = b'A';

/// Marks the bytes of a word that are this one.
#[inline]
pub(crate) const fn is(word: u64, byte: u8) -> u64 {
    let others = word ^ (ONES * byte as u64);
    others.wrapping_sub(ONES) & !others & MARKS
}

/// Marks the bytes of a word that are control characters.
#[inline]
pub(crate) const fn is_control(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word & MARKS
}

/// Marks the bytes of a word from one ASCII character to another.
#[inline]
pub(crate) const fn is_within(word: u64, first: u8, last: u8) -> u64 {
    // No byte of these sums carries into the next.
    let low = word & !MARKS;
    let from = low + ONES * (0x80 - first as u64);
    let beyond = low + ONES * (0x7f - last as u64);
    from & !beyond & !word & MARKS
}

/// Marks the bytes of a word that are no ASCII.
#[inline]
pub(crate) const fn is_foreign(word: u64) -> u64 {
    word & MARKS
}

/// Where the first byte stands that `marks` marks. It is asked of ASCII letters where the text ends, and marks none.
#[inline]
pub(crate) fn find(text: &[u8], marks: impl Fn(u64) -> u64) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let found = marks(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(8 * index + first(found));
        }
    }
    if rest.is_empty() {
        return None;
    }
    // What the last eight bytes share with the word before holds no mark.
    let (last, start) = match text.last_chunk() {
        Some(last) => (*last, text.len() - 8),
        None => (filled(rest, FILLING), 0),
    };
    let found = marks(u64::from_le_bytes(last));
    (found != 0).then(|| start + first(found))
}

/// Whether two bytes stand side by side that `marks` marks, and marks exactly. It is asked of blanks where the text ends.
#[inline]
pub(crate) fn has_pair(text: &[u8], marks: impl Fn(u64) -> u64) -> bool {
    let (words, rest) = text.as_chunks::<8>();
    let mut before = 0;
    let words = words.iter().copied().chain((!rest.is_empty()).then(|| filled(rest, b' ')));
    for word in words {
        let found = marks(u64::from_le_bytes(word));
        // The mark of each byte beside that of the one before it.
        if found & (found << 8 | before) != 0 {
            return true;
        }
        before = found >> 56;
    }
    false
}

/// How many times a text begins with this byte.
#[inline]
pub(crate) fn run(text: &[u8], byte: u8) -> usize {
    let (words, _) = text.as_chunks::<8>();
    let whole = words.iter().take_while(|word| **word == [byte; 8]).count() * 8;
    whole + text.iter().skip(whole).take_while(|other| **other == byte).count()
}

fn first(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

fn filled(rest: &[u8], filling: u8) -> [u8; 8] {
    let mut word = [filling; 8];
    for (place, byte) in word.iter_mut().zip(rest) {
        *place = *byte;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_found_at_every_place() {
        for length in 0..20 {
            let plain = vec![b'k'; length];
            assert_eq!(find(&plain, |word| is(word, b':') | is_control(word) | is_foreign(word)), None);
            assert_eq!(run(&plain, b'k'), length);
            for place in 0..length {
                for byte in [b':', 0, 0x1f, 0x80, 0xff] {
                    let mut text = plain.clone();
                    text[place] = byte;
                    let marks = |word| is(word, b':') | is_control(word) | is_foreign(word);
                    assert_eq!(find(&text, marks), Some(place), "{text:?}");
                    assert_eq!(run(&text, b'k'), place);
                    if let Some(behind) = text.get_mut(place + 1) {
                        *behind = byte.wrapping_add(1);
                        assert_eq!(find(&text, marks), Some(place), "{text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_pair_is_found_wherever_it_stands() {
        let is_capital = |word| is_within(word, b'A', b'Z');
        for length in 2..20 {
            for place in 0..length - 1 {
                let mut text = vec![b'a'; length];
                text[place] = b'A';
                assert!(!has_pair(&text, is_capital), "{text:?}");
                text[place + 1] = b'Z';
                assert!(has_pair(&text, is_capital), "{text:?}");
            }
        }
    }

    #[test]
    fn a_range_holds_its_ends_and_nothing_beyond() {
        for byte in 0..=u8::MAX {
            let found = is_within(u64::from_le_bytes([byte; 8]), b'A', b'Z');
            assert_eq!(found, if byte.is_ascii_uppercase() { MARKS } else { 0 }, "{byte}");
        }
    }

    #[test]
    fn a_byte_is_not_taken_for_its_neighbour() {
        for byte in 0x20..0x80 {
            let found = find(&[byte; 3], |word| is(word, b'"') | is(word, b'\\') | is_control(word));
            assert_eq!(found.is_some(), matches!(byte, b'"' | b'\\'), "{byte}");
        }
    }
}
