//! What stands between the tokens: blanks, blanks that are none, and comments.

use super::{Cause, Dialect, Edit, Reader};
use crate::source::scan;

impl Reader<'_> {
    /// Passes over blanks and comments.
    pub(super) fn blanks(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' => self.at += scan::run(&self.text.as_bytes()[self.at..self.end], b' '),
                b'\t' | b'\n' | b'\r' => self.at += 1,
                b'/' | b'#' => {
                    if !self.comment() {
                        return;
                    }
                }
                0x0b | 0x0c | 0x1a => self.odd_blank(char::from(byte)),
                0x80.. => {
                    let Some(character) = self.peek_char().filter(|character| is_odd_blank(*character)) else { return };
                    self.odd_blank(character);
                }
                _ => return,
            }
        }
    }

    /// Passes over a character that people take for a blank and JSON does not.
    fn odd_blank(&mut self, character: char) {
        let place = self.span(self.at, self.at + character.len_utf8());
        let is_damaged = self.is_damaged(self.at);
        self.skip_char();
        if is_damaged {
            return;
        }
        let (title, edit) = if has_width(character) {
            ("write ordinary spaces", Edit::replace(place, " "))
        } else {
            ("take them away", Edit::remove(place))
        };
        self.shared_fault(Cause::Blank(character), place, title, vec![edit]);
    }

    /// Passes over a comment; false where none begins.
    fn comment(&mut self) -> bool {
        let start = self.at;
        let rest = &self.text[self.at..self.end];
        let length = if rest.starts_with("/*") {
            memchr::memmem::find(rest.as_bytes(), b"*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("//") || rest.starts_with('#') {
            memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())
        } else {
            return false;
        };
        self.at += length;
        let place = self.span(start, start + rest[..length].trim_end_matches([' ', '\t', '\r', '\n']).len());
        if self.dialect == Dialect::Json || rest.starts_with('#') {
            self.shared_fault(Cause::Comment, place, "take the comments away", vec![Edit::remove(place)]);
        }
        true
    }
}

/// A character outside of JSON's four blanks that leaves nothing to see but space.
fn is_odd_blank(character: char) -> bool {
    character.is_whitespace() || !has_width(character)
}

/// Whether the character takes room, so that an ordinary blank may stand for it.
fn has_width(character: char) -> bool {
    !matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{202a}'..='\u{202e}')
}
