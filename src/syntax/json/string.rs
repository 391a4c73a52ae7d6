//! Strings: escapes, other quotation marks, and strings that are not closed.

use std::borrow::Cow;

use super::{BreakOff, Cause, Edit, Reader, Repair};
use crate::source::scan;

/// Quotation marks that word processors put where a straight one was typed.
pub(super) const fn is_curly(character: char) -> bool {
    is_curly_double(character) || is_curly_single(character)
}

const fn is_curly_double(character: char) -> bool {
    matches!(character, '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{2036}' | '\u{ab}' | '\u{bb}' | '\u{ff02}')
}

const fn is_curly_single(character: char) -> bool {
    matches!(character, '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2035}')
}

/// How a string ends.
enum End {
    /// With this many bytes of closing quotation mark.
    Quote(usize),
    /// It is not closed where it should be.
    Open,
}

impl<'a> Reader<'a> {
    /// Reads a string in straight double quotes.
    pub(super) fn string(&mut self) -> Cow<'a, str> {
        let start = self.at + 1;
        let rest = self.text.as_bytes().get(start..self.end).unwrap_or_default();
        let ends = |word| scan::is(word, b'"') | scan::is(word, b'\\') | scan::is_control(word);
        let length = scan::find(rest, ends).unwrap_or(rest.len());
        let at = start + length;
        if rest.get(length) == Some(&b'"') {
            self.at = at + 1;
            return Cow::Borrowed(&self.text[start..at]);
        }
        self.troubled_string(at)
    }

    /// Reads a string that holds an escape or a control character, or is not closed. `at` is the first of these.
    fn troubled_string(&mut self, mut at: usize) -> Cow<'a, str> {
        let start = self.at + 1;
        let told = self.faults.len();
        let mut text = self.text[start..at].to_owned();
        let mut controls = Vec::new();
        let mut goes_on_to = at;
        loop {
            let Some(character) = self.text[at..self.end].chars().next() else {
                self.faults.truncate(told);
                return self.unclosed(start, at);
            };
            match character {
                '"' => break,
                '\\' => at = self.escape(at, &mut text),
                '\n' if at >= goes_on_to => {
                    let Some(next) = self.goes_on(at) else {
                        self.faults.truncate(told);
                        return self.unclosed(start, at);
                    };
                    goes_on_to = next;
                }
                '\0'..'\u{20}' => {
                    controls.push((at, character));
                    text.push(character);
                    at += 1;
                }
                _ => {
                    let run = run_length(&self.text[at..self.end]);
                    text.push_str(&self.text[at..at + run]);
                    at += run;
                }
            }
        }
        self.control_characters(&controls);
        self.at = at + 1;
        Cow::Owned(text)
    }

    fn control_characters(&mut self, controls: &[(usize, char)]) {
        for (at, character) in controls {
            if self.is_damaged(*at) {
                continue;
            }
            let place = self.span(*at, at + 1);
            let edits = vec![Edit::replace(place, escaped(*character))];
            self.shared_fault(Cause::ControlCharacter(u32::from(*character)), place, "write it as an escape", edits);
        }
    }

    /// Reads one escape at a backslash; answers where it ends.
    fn escape(&mut self, at: usize, text: &mut String) -> usize {
        match unescape(&self.text[at..self.end]) {
            Escape::Is(character, length) => {
                text.push(character);
                at + length
            }
            Escape::LoneSurrogate => {
                text.push(char::REPLACEMENT_CHARACTER);
                self.fault(Cause::LoneSurrogate, self.span(at, at + 6), None);
                at + 6
            }
            Escape::Unknown(character) => {
                let edits = vec![Edit::before(self.span(at, at), "\\")];
                let repair = Repair { title: "write the backslash twice".to_owned(), safe: false, edits };
                self.fault(Cause::Escape(character), self.span(at, at + 1 + character.len_utf8()), Some(repair));
                text.push('\\');
                at + 1
            }
            Escape::Ended => {
                text.push('\\');
                at + 1
            }
        }
    }

    /// Where a string that meets a line end goes on, if it was written over several lines; `None` if it was left open.
    ///
    /// The next quotation mark tells: if it opens the next line's name or value, this string was left open.
    fn goes_on(&self, at: usize) -> Option<usize> {
        if self.string_ran_out || at > self.last_quote {
            return None;
        }
        let content = self.text[at..self.end].trim_start();
        let next = self.end - content.len();
        let Some(behind) = content.strip_prefix('"') else { return Some(next) };
        let closes = behind.trim_start().chars().next();
        matches!(closes, None | Some(',' | ':' | '}' | ']')).then_some(next)
    }

    /// Ends a string that no quotation mark closes: at a curly one, else before what ends its line.
    fn unclosed(&mut self, start: usize, at: usize) -> Cow<'a, str> {
        self.string_ran_out |= at > self.last_quote;
        let line = &self.text[start..at];
        let closes = |(at, mark): &(usize, char)| is_curly(*mark) && !line[..*at].ends_with('\\');
        if let Some((length, mark)) = line.char_indices().rfind(closes) {
            let place = self.span(start + length, start + length + mark.len_utf8());
            self.shared_fault(
                Cause::CurlyQuote,
                place,
                "write straight quotation marks",
                vec![Edit::replace(place, "\"")],
            );
            self.at = start + length + mark.len_utf8();
            return self.loose_text(start, &line[..length]);
        }
        let mut length = line.len();
        if let Some(end) = line.find('\n') {
            length = end;
        }
        let text = line[..length].trim_end().trim_end_matches([',', '}', ']']).trim_end();
        let opening = self.span(start - 1, start + text.len());
        let edits = vec![Edit::after(opening, "\"")];
        // A backslash would take the quotation mark for itself.
        let repair =
            (!text.ends_with('\\')).then(|| Repair { title: "close the string".to_owned(), safe: false, edits });
        self.fault(Cause::UnclosedString, opening, repair);
        self.at = start + text.len();
        self.tell_break_off();
        self.loose_text(start, text)
    }

    /// Remembers a string that nothing follows.
    fn tell_break_off(&mut self) {
        if self.text[self.at..self.end].trim().is_empty() {
            self.broken_off = Some(BreakOff::String);
        }
    }

    /// Reads a string in curly or single quotes; `None` where none begins.
    pub(super) fn loosely_quoted(&mut self) -> Option<Cow<'a, str>> {
        let mark = self.peek_char()?;
        let cause = match mark {
            '\'' => Cause::SingleQuote,
            _ if is_curly(mark) => Cause::CurlyQuote,
            _ => return None,
        };
        let opening = self.span(self.at, self.at + mark.len_utf8());
        let start = self.at + mark.len_utf8();
        let (length, end) = closing(&self.text[start..self.end], mark);
        let text = &self.text[start..start + length];
        let End::Quote(width) = end else {
            self.at = start + length;
            self.fault(Cause::UnclosedString, self.span(start - mark.len_utf8(), self.at), None);
            self.tell_break_off();
            return Some(self.loose_text(start, text));
        };
        self.at = start + length + width;
        let mut edits = vec![Edit::replace(opening, "\"")];
        let mut escaped = false;
        for (at, character) in text.char_indices() {
            if character == '"' && !escaped {
                edits.push(Edit::before(self.span(start + at, start + at), "\\"));
            }
            escaped = character == '\\' && !escaped;
        }
        edits.push(Edit::replace(self.span(start + length, self.at), "\""));
        self.shared_fault(cause, self.span(start - mark.len_utf8(), self.at), "write straight quotation marks", edits);
        Some(self.loose_text(start, text))
    }

    /// A string's text from its spelling, which starts at an offset and holds no end of the string.
    fn loose_text(&mut self, start: usize, text: &'a str) -> Cow<'a, str> {
        let controls = text.char_indices().filter(|(_, character)| matches!(character, '\0'..'\u{20}'));
        let controls: Vec<(usize, char)> = controls.map(|(at, character)| (start + at, character)).collect();
        self.control_characters(&controls);
        if !text.contains('\\') {
            return Cow::Borrowed(text);
        }
        let end = std::mem::replace(&mut self.end, start + text.len());
        let mut out = String::new();
        let mut at = start;
        while let Some(character) = self.text[at..self.end].chars().next() {
            if character == '\\' {
                at = self.escape(at, &mut out);
            } else {
                out.push(character);
                at += character.len_utf8();
            }
        }
        self.end = end;
        Cow::Owned(out)
    }
}

/// Where a string that `mark` opened ends.
fn closing(text: &str, mark: char) -> (usize, End) {
    let closes = |character: char| match mark {
        '\'' => character == '\'',
        _ if is_curly_single(mark) => is_curly_single(character) || character == '\'',
        _ => is_curly_double(character) || character == '"',
    };
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if character == '\n' {
            return (text[..at].trim_end().trim_end_matches(',').len(), End::Open);
        }
        if !escaped && closes(character) {
            return (at, End::Quote(character.len_utf8()));
        }
        escaped = character == '\\' && !escaped;
    }
    (text.len(), End::Open)
}

/// How many bytes can be copied as they stand; at least one character.
fn run_length(text: &str) -> usize {
    let stop = text.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(text.len());
    stop.max(text.chars().next().map_or(0, char::len_utf8))
}

/// What a backslash and the characters behind it stand for.
pub(crate) enum Escape {
    /// This character, written in so many bytes.
    Is(char, usize),
    /// Half of a surrogate pair, written in six bytes.
    LoneSurrogate,
    /// A backslash before a character that needs none.
    Unknown(char),
    /// The text ends behind the backslash.
    Ended,
}

/// Reads the escape at the start of a text that starts with a backslash.
pub(crate) fn unescape(text: &str) -> Escape {
    let Some(character) = text.chars().nth(1) else { return Escape::Ended };
    let simple = match character {
        '"' | '\\' | '/' => character,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode_escape(text),
        other => return Escape::Unknown(other),
    };
    Escape::Is(simple, 2)
}

fn unicode_escape(text: &str) -> Escape {
    let Some(unit) = hex_unit(text) else { return Escape::Unknown('u') };
    if let Some(character) = char::from_u32(unit) {
        return Escape::Is(character, 6);
    }
    let low = text.get(6..).and_then(hex_unit);
    match low {
        Some(low @ 0xdc00..=0xdfff) if unit < 0xdc00 => {
            let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            char::from_u32(code).map_or(Escape::LoneSurrogate, |character| Escape::Is(character, 12))
        }
        _ => Escape::LoneSurrogate,
    }
}

/// The code unit of `\uXXXX` at the start of a text.
fn hex_unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

/// How JSON writes a control character.
pub(crate) fn escaped(character: char) -> String {
    match character {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        other => format!("\\u{:04x}", u32::from(other)),
    }
}
