//! Where the comments of a text stand.

use crate::source::{Source, Span};

/// The comments of a text of JSON, in its order, each with its signs. A string that is not closed ends with its line.
#[must_use]
pub fn comments(source: &Source) -> Vec<Span> {
    let text = source.text().as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    let rest = |at: usize| text.get(at..).unwrap_or_default();
    while let Some(next) = memchr::memchr2(b'"', b'/', rest(at)) {
        let start = at + next;
        let (length, is_comment) = match rest(start) {
            [b'"', string @ ..] => (1 + string_length(string), false),
            [b'/', b'/', ..] => (memchr::memchr(b'\n', rest(start)).unwrap_or(rest(start).len()), true),
            [b'/', b'*', inner @ ..] => {
                (memchr::memmem::find(inner, b"*/").map_or(rest(start).len(), |end| end + 4), true)
            }
            _ => (1, false),
        };
        at = start + length;
        if is_comment {
            found.push(
                source.place(start, start + rest(start).get(..length).unwrap_or_default().trim_ascii_end().len()),
            );
        }
    }
    found
}

/// How long a string is behind its quotation mark, with the one that closes it.
fn string_length(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match memchr::memchr3(b'"', b'\\', b'\n', text.get(at..).unwrap_or_default()) {
            None => return text.len(),
            Some(next) if text.get(at + next) == Some(&b'\\') => at += next + 2,
            Some(next) => return at + next + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Origin;

    fn told(text: &str) -> Vec<String> {
        let source = Source::of_text(Origin::Stdin(None), text.to_owned());
        comments(&source).into_iter().map(|span| source.slice(span).to_owned()).collect()
    }

    #[test]
    fn comments_of_a_line_and_of_several_are_found_and_nothing_inside_of_strings() {
        let text = "// one\r\n{\"a\": \"// no \\\" /* no */\", /* é\n two */ \"b\": 1 / 2 // three";
        assert_eq!(told(text), ["// one", "/* é\n two */", "// three"]);
    }

    #[test]
    fn what_is_not_closed_hides_no_later_comment_and_ends() {
        assert_eq!(told("{\"a\": \"b\n// one\n\"\\"), ["// one"]);
        assert_eq!(told("1 /* one"), ["/* one"]);
        assert_eq!(told("/"), Vec::<String>::new());
    }
}
