//! Text for programs that show it somewhere: on one line, and without what a terminal would obey.

use super::screen::push_inert;
use crate::finding::Finding;

/// How many characters of one text another program gets; a policy may hold a name of any length.
const LONGEST: usize = 2_000;

/// Text on one line; control characters and those without ink are shown by a stand-in, and a very long text is cut.
pub(super) fn line(text: &str) -> String {
    let cut = text.char_indices().nth(LONGEST).map(|(at, _)| at);
    let mut out = String::with_capacity(text.len().min(4 * LONGEST));
    push_inert(&mut out, text.get(..cut.unwrap_or(text.len())).unwrap_or(text));
    if cut.is_some() {
        out.push('…');
    }
    out
}

/// A finding's message, and its help in brackets.
pub(super) fn with_help(finding: &Finding) -> String {
    match &finding.help {
        Some(help) => format!("{} ({})", line(&finding.message), line(help)),
        None => line(&finding.message),
    }
}

/// A message as Markdown: what stands in backticks is code, and nothing else means anything but itself.
pub(super) fn markdown(text: &str) -> String {
    let text = line(text);
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::with_capacity(text.len() + 8);
    for (index, part) in parts.iter().enumerate() {
        let is_code = index % 2 == 1 && index + 1 < parts.len();
        match (is_code, part.is_empty()) {
            (true, false) => out.extend(["`", part, "`"]),
            (true, true) => {}
            (false, _) => {
                if index % 2 == 1 {
                    out.push_str("\\`");
                }
                push_escaped(&mut out, part);
            }
        }
    }
    out
}

fn push_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '|' | '#' | '!' | '&' | '$' => {
                out.extend(['\\', character]);
            }
            // A name behind it would be told of the message.
            '@' => out.push_str("@\u{200b}"),
            _ => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line_and_moves_no_cursor() {
        assert_eq!(line("a\r\nb\u{1b}[31m\t\u{202e}"), "a␍␊b␛[31m␉\u{fffd}");
        assert_eq!(line(&"é".repeat(3_000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn only_what_stands_in_backticks_is_marked() {
        assert_eq!(markdown("`kms:*` has no effect here"), "`kms:*` has no effect here");
        assert_eq!(markdown("in a key policy \"*\" means this key"), "in a key policy \"\\*\" means this key");
    }

    #[test]
    fn a_name_that_holds_markdown_shows_it() {
        let told = markdown("the name `a` ![x](https://x.example) <img src=x> @someone `b` is taken");
        assert_eq!(told, "the name `a` \\!\\[x\\](https://x.example) \\<img src=x\\> @\u{200b}someone `b` is taken");
        assert_eq!(markdown("an odd ` one"), "an odd \\` one");
        assert_eq!(markdown("``` fence"), "\\` fence");
    }
}
