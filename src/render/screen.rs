//! What may stand on a terminal: characters, columns, lines, colours.
//!
//! Files and their names are other people's text. What would move the cursor, turn the direction of writing or hide
//! itself is shown by a stand-in that takes a column, so that nothing is forged and underlines stay in place.

use super::Style;

/// How many columns a tab takes, wherever it stands.
const TAB: &str = "    ";

/// What stands for a character that a terminal must not get, as (with Unicode, in ASCII).
fn stand_in(character: char) -> Option<(char, char)> {
    let control = |base: u32| char::from_u32(base).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some(match character {
        // `Source` puts U+001A for a byte that is no UTF-8.
        '\u{1a}' => (char::REPLACEMENT_CHARACTER, '?'),
        '\0'..='\u{1f}' => (control(0x2400 + u32::from(character)), '?'),
        '\u{7f}' => (control(0x2421), '?'),
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ('·', '.'),
        _ if is_hidden(character) => (char::REPLACEMENT_CHARACTER, '?'),
        _ => return None,
    })
}

/// Whether a character takes no ink: it controls, turns the direction of writing, joins, or fills.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{80}'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Writes text as a terminal may get it.
pub(super) fn push_shown(out: &mut String, text: &str, style: &Style) {
    for character in text.chars() {
        match (character, stand_in(character)) {
            ('\t', _) => out.push_str(TAB),
            (_, Some((unicode, ascii))) => out.push(if style.unicode { unicode } else { ascii }),
            (_, None) => out.push(character),
        }
    }
}

/// Writes text on one line, with a stand-in for whatever takes no ink: for programs that show it somewhere.
pub(super) fn push_inert(out: &mut String, text: &str) {
    out.extend(text.chars().map(|character| stand_in(character).map_or(character, |(unicode, _)| unicode)));
}

/// Text as a terminal may get it.
pub(super) fn shown(text: &str, style: &Style) -> String {
    let mut out = String::with_capacity(text.len());
    push_shown(&mut out, text, style);
    out
}

/// How many columns a character takes as it is shown.
pub(super) fn width(character: char) -> usize {
    match character {
        '\t' => TAB.len(),
        _ if stand_in(character).is_some() => 1,
        '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' => 0,
        '\u{1100}'..='\u{115e}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// How many columns a text takes as it is shown.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// Text as a terminal may get it, broken at blanks into lines that end before the column `to`.
///
/// The first line starts in the column `first`, the others in the column `indent`, both from 0. A word that is longer
/// than a line, as an ARN may be, stays whole, so that it can be copied. A word that a CI system would obey at the start of
/// a line does not come to stand there.
pub(super) fn wrapped(text: &str, first: usize, indent: usize, style: &Style) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut taken = first;
    for word in text.split(' ') {
        let word = shown(word, style);
        let wide = columns(&word);
        match lines.last_mut() {
            Some(line) if taken + 1 + wide <= style.width || is_command(&word) => {
                line.push(' ');
                line.push_str(&word);
                taken += 1 + wide;
            }
            _ => {
                taken = wide + if lines.is_empty() { first } else { indent };
                lines.push(word);
            }
        }
    }
    lines
}

/// Whether a CI system takes a line that begins so for a command: `::error::`, `##vso[…]`.
pub(super) fn is_command(text: &str) -> bool {
    text.starts_with("::") || text.starts_with("##")
}

/// A colour, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Error,
    Warning,
    Note,
    Fix,
    Strong,
    Faint,
}

/// Text in a colour, where the style has colours.
pub(super) fn painted(text: &str, ink: Ink, style: &Style) -> String {
    if !style.color || text.is_empty() {
        return text.to_owned();
    }
    let code = match ink {
        Ink::Error => "1;31",
        Ink::Warning => "1;33",
        Ink::Note => "1;36",
        Ink::Fix => "1;32",
        Ink::Strong => "1",
        Ink::Faint => "2",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// Writes a line such as `  help: …`, with what follows hanging below the first word after the colon.
pub(super) fn push_remark(out: &mut String, (word, ink): (&str, Ink), text: &str, style: &Style) {
    let indent = 2 + word.len() + 2;
    let lines = wrapped(text, indent, indent, style);
    out.push_str("  ");
    out.push_str(&painted(word, ink, style));
    out.push_str(": ");
    push_hanging(out, &lines, indent);
}

/// Writes lines, all but the first behind an indent.
pub(super) fn push_hanging(out: &mut String, lines: &[String], indent: usize) {
    let separator = format!("\n{:indent$}", "");
    out.push_str(&lines.join(&separator));
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::PLAIN;

    #[test]
    fn what_a_terminal_would_obey_is_shown_by_a_stand_in_of_one_column() {
        let text = "\u{1b}[31m\u{202e}\u{2066}\u{9b}\u{a0}\u{200b}\u{feff}\0\r\u{7f}\u{1a}";
        assert_eq!(shown(text, &PLAIN), "␛[31m���·��␀␍␡�");
        assert_eq!(shown(text, &Style { unicode: false, ..PLAIN }), "?[31m???.??????");
        assert_eq!(columns(text), 15);
    }

    #[test]
    fn text_of_any_language_is_shown_as_it_is() {
        assert_eq!(shown("Müller 漢字 e\u{301} 😀", &PLAIN), "Müller 漢字 e\u{301} 😀");
        assert_eq!(columns("Müller 漢字 e\u{301} 😀"), 16);
    }

    #[test]
    fn lines_end_before_the_width_and_long_words_stay_whole() {
        let style = Style { width: 12, ..PLAIN };
        assert_eq!(wrapped("one two arn:aws:iam::1 three", 6, 2, &style), ["one", "two", "arn:aws:iam::1", "three"]);
        assert_eq!(wrapped("a b  c\nd", 0, 2, &style), ["a b  c␊d"]);
        assert_eq!(wrapped("a name\n::a:: and ::error::b", 0, 2, &style), ["a name␊::a::", "and ::error::b"]);
    }

    #[test]
    fn without_colours_nothing_is_painted() {
        assert_eq!(painted("error", Ink::Error, &PLAIN), "error");
        assert_eq!(painted("error", Ink::Error, &Style { color: true, ..PLAIN }), "\x1b[1;31merror\x1b[0m");
    }
}
