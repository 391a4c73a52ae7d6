//! What a fix changes, as a unified diff.

use std::borrow::Cow;

use similar::TextDiff;

use super::{
    Style,
    plain::line,
    screen::{Ink, painted, shown},
};
use crate::source::Span;

/// How many lines stand around a change.
const AROUND: usize = 3;

/// The difference of two texts under one name, as `patch` reads it; for a screen with colours, in what a screen may get.
///
/// Control characters other than tabs and line ends are drawn, since a log shows them to a screen in the end; neither JSON nor
/// YAML may hold them.
///
/// Each text comes with the places of the secrets in it, in order: of them stars are shown.
#[must_use]
pub fn diff(name: &str, before: (&str, &[Span]), after: (&str, &[Span]), style: &Style) -> String {
    let name = line(name);
    let (before, after) = (masked(before.0, before.1), masked(after.0, after.1));
    let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
    let text = diff.unified_diff().context_radius(AROUND).header(&name, &name).to_string();
    if style.color {
        text.split_inclusive('\n').map(|line| coloured(line, style)).collect()
    } else if text.contains(is_drawn) {
        text.chars().map(drawn).collect()
    } else {
        text
    }
}

fn is_drawn(character: char) -> bool {
    character.is_control() && !matches!(character, '\t' | '\r' | '\n')
}

/// A control character as its picture (U+2400 and after), as far as it has one.
fn drawn(character: char) -> char {
    if !is_drawn(character) {
        return character;
    }
    match u32::from(character) {
        code @ 0..=0x1f => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// A text with a star for each character of a secret.
fn masked<'t>(text: &'t str, hidden: &[Span]) -> Cow<'t, str> {
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for secret in hidden {
        let (start, end) = (secret.range().start.max(done), secret.range().end.max(done));
        out.push_str(text.get(done..start).unwrap_or(""));
        let secret = text.get(start..end).unwrap_or("").chars();
        out.extend(secret.map(|character| if character == '\n' { '\n' } else { '*' }));
        done = end;
    }
    out.push_str(text.get(done..).unwrap_or(""));
    Cow::Owned(out)
}

fn coloured(line: &str, style: &Style) -> String {
    let ink = match line.as_bytes() {
        [b'+' | b'-', b'+' | b'-', b'+' | b'-', ..] => Ink::Strong,
        [b'+', ..] => Ink::Fix,
        [b'-', ..] => Ink::Error,
        [b'@', ..] => Ink::Note,
        _ => return shown(line.trim_end_matches(['\r', '\n']), style) + "\n",
    };
    painted(&shown(line.trim_end_matches(['\r', '\n']), style), ink, style) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{render::samples::PLAIN, source::SourceId};

    #[test]
    fn a_diff_names_the_file_twice_and_says_where_a_last_line_end_is_missing() {
        let expected = "\
--- key.json
+++ key.json
@@ -1,2 +1,2 @@
 {\r
-\"a\": 1}
\\ No newline at end of file
+\"a\": 2}
\\ No newline at end of file
";
        let (before, after) = ("{\r\n\"a\": 1}", "{\r\n\"a\": 2}");
        assert_eq!(diff("key.json", (before, &[]), (after, &[]), &PLAIN), expected);
    }

    #[test]
    fn on_a_screen_a_diff_moves_no_cursor() {
        let style = Style { color: true, ..PLAIN };
        let text = diff("key.json", ("a\n", &[]), ("\u{1b}[2J\n", &[]), &style);
        assert!(text.ends_with("\u{1b}[1;31m-a\u{1b}[0m\n\u{1b}[1;32m+␛[2J\u{1b}[0m\n"), "{text:?}");
    }

    #[test]
    fn a_diff_in_a_log_moves_no_cursor_either() {
        let text = diff("key.json", ("a\r\n", &[]), ("\u{1b}[2J\u{9b}\tb\u{7f}\n", &[]), &PLAIN);
        assert!(text.ends_with("-a\r\n+␛[2J\u{fffd}\tb␡\n"), "{text:?}");
    }

    #[test]
    fn a_secret_beside_a_change_is_not_shown() {
        let span = |start, end| Span { source: SourceId(0), start, end };
        let hidden = [span(5, 9), span(6, 8)];
        let text = diff("a.yaml", ("key: hush\na: 1\n", &hidden), ("key: hush\na: 2\n", &hidden), &PLAIN);
        assert!(text.contains(" key: ****\n-a: 1\n+a: 2\n"), "{text}");
    }
}
