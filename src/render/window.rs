//! Which part of a line is shown where the whole is too long for the screen.

use std::ops::Range;

use super::screen::width;

/// How many columns behind a mark are shown before what stands in front of it is cut.
const AFTER: usize = 12;
/// How many columns of the words below a mark are kept together before the line is cut for them.
const WORDS: usize = 24;
/// How many columns stand before those words, from the middle of the mark on: `╰── `.
pub(super) const HOOK: usize = 4;

/// The part of a line that is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The part's bytes in the text of the source.
    pub(super) range: Range<usize>,
    /// Whether something stands before it.
    pub(super) cut_before: bool,
    /// Whether something stands behind it.
    pub(super) cut_after: bool,
}

/// How much room there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// The columns of a line.
    pub(super) columns: usize,
    /// The columns of the sign that stands where a line is cut.
    pub(super) cut: usize,
}

impl Window {
    /// What is shown of the line `line` of a text: all of it, or what stands around a mark with so many columns of
    /// words below it.
    ///
    /// It looks no further than what can be shown, however long the line.
    pub(super) fn around(text: &str, line: Range<usize>, mark: &Range<usize>, words: usize, room: Room) -> Self {
        let before = || text[line.start..mark.start].chars().rev();
        let onward = || text[mark.start..line.end].chars();
        // Two more than there are columns: one more would be missed where a wide character comes last.
        let seen = room.columns + 2;
        let wanted = Wanted {
            before: reach(before(), seen).columns,
            mark: reach(text[mark.clone()].chars(), seen).columns.max(1),
            onward: reach(onward(), seen).columns,
            words: words.min(WORDS),
        };
        let (lead, tail) = wanted.shares(room.columns);
        let (cut_before, cut_after) = (lead < wanted.before, tail < wanted.onward);
        let kept = |columns: usize, is_cut| if is_cut { columns.saturating_sub(room.cut) } else { columns };
        let start = mark.start - reach(before(), kept(lead, cut_before)).bytes;
        let end = mark.start + reach(onward(), kept(tail, cut_after)).bytes;
        Self { range: start..end, cut_before, cut_after }
    }

    /// Whether the place at which a mark starts is shown.
    pub(super) fn shows(&self, start: usize) -> bool {
        self.range.contains(&start) || (start == self.range.end && !self.cut_after)
    }
}

/// How many columns the parts of a line would take.
struct Wanted {
    /// What stands before the mark.
    before: usize,
    /// The mark.
    mark: usize,
    /// What stands from the start of the mark on.
    onward: usize,
    /// The words below the mark.
    words: usize,
}

impl Wanted {
    /// How many columns go to what stands before the mark's start, and how many to what stands from there on.
    ///
    /// The mark comes first, with its words and a little of what follows; then what stands before it, where the name
    /// of a value is.
    fn shares(&self, room: usize) -> (usize, usize) {
        let words = if self.words == 0 { 0 } else { self.mark / 2 + HOOK + self.words };
        let own = self.mark.max(words);
        if self.before + own.max(self.onward) <= room {
            return (self.before, self.onward);
        }
        let least = own.max(self.onward.min(self.mark + AFTER)).min(room * 3 / 4);
        let lead = self.before.min(room - least);
        (lead, self.onward.min(room - lead))
    }
}

/// A run of characters.
#[derive(Default)]
struct Reach {
    bytes: usize,
    columns: usize,
}

/// The longest run of characters from the first that fits into so many columns.
fn reach(characters: impl Iterator<Item = char>, columns: usize) -> Reach {
    let mut reach = Reach::default();
    for character in characters {
        let wide = width(character);
        if reach.columns + wide > columns {
            break;
        }
        reach.bytes += character.len_utf8();
        reach.columns += wide;
    }
    reach
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { columns: 20, cut: 1 };

    fn shown(line: &str, marked: &str, words: usize) -> String {
        let start = line.find(marked).unwrap();
        let Window { range, cut_before, cut_after } =
            Window::around(line, 0..line.len(), &(start..start + marked.len()), words, ROOM);
        let sign = |is_cut| if is_cut { "…" } else { "" };
        format!("{}{}{}", sign(cut_before), &line[range], sign(cut_after))
    }

    #[test]
    fn a_line_that_fits_is_shown_whole() {
        assert_eq!(shown("abcdefghij0123456789", "j", 0), "abcdefghij0123456789");
    }

    #[test]
    fn a_line_is_cut_behind_its_mark_first() {
        assert_eq!(shown("abcdefghij0123456789xyz", "c", 0), "abcdefghij012345678…");
    }

    #[test]
    fn a_line_is_cut_on_both_sides_of_a_mark_in_its_midst() {
        assert_eq!(shown("abcdefghij0123456789abcdefghij", "01", 0), "…fghij0123456789abc…");
    }

    #[test]
    fn a_mark_longer_than_the_screen_keeps_what_stands_before_it() {
        assert_eq!(
            shown("\"name\": 0123456789012345678901234567", "0123456789012345678901234567", 0),
            "…e\": 01234567890123…"
        );
    }

    #[test]
    fn words_below_the_end_of_a_line_move_it_to_the_left() {
        assert_eq!(shown("abcdefghij012345", "5", 8), "…ij012345");
    }

    #[test]
    fn a_wide_character_is_shown_whole_or_not_at_all() {
        assert_eq!(shown("a漢漢漢漢漢漢漢漢漢漢漢漢", "a", 0), "a漢漢漢漢漢漢漢漢漢…");
    }
}
