//! Where the comments of a text stand.

use std::{borrow::Cow, ops::Range};

use granit_parser::{Event, Parser};

use super::{
    scan::{FILLER, MAX_STARS, Stretch},
    split,
    template::{self, Filling},
};
use crate::source::{Source, Span};

/// The comments of every document of a text, each with its sign. Where a document breaks off, so do its comments.
#[must_use]
pub fn comments(source: &Source) -> Vec<Span> {
    let text = source.text();
    let mut found = Vec::new();
    for range in split::documents(text) {
        let Some(stretch) = text.get(range.clone()) else { continue };
        let place = |comment: Range<usize>| source.place(range.start + comment.start, range.start + comment.end);
        found.extend(of_document(Stretch { text: stretch, base: 0 }).into_iter().map(place));
    }
    found
}

fn of_document(stretch: Stretch<'_>) -> Vec<Range<usize>> {
    let mut text = Cow::Borrowed(stretch.text);
    if template::is_one(stretch.text) {
        text = Cow::Owned(template::masked(stretch, Filling::Values).0);
    }
    let mut found = Vec::new();
    // A `*` without quotes stops the scanner, and is read over as often as the reader does.
    for _ in 0..=MAX_STARS {
        let Err(stop) = scan(&text, &mut found) else { break };
        if text.as_bytes().get(stop) != Some(&b'*') {
            break;
        }
        let [before, behind] = [0..stop, stop + 1..text.len()].map(|part| text.get(part).unwrap_or_default());
        text = Cow::Owned([before, FILLER, behind].concat());
    }
    found
}

/// Gathers the comments of a text up to its end, or to what stops the scanner.
fn scan(text: &str, found: &mut Vec<Range<usize>>) -> Result<(), usize> {
    let options = granit_parser::options! {
        emit_comments: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: usize::MAX,
        block_nesting_limit: usize::MAX,
    };
    found.clear();
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((Event::Comment(..), at)) => found.extend(at.byte_range()),
            Ok(_) => {}
            Err(error) => return Err(error.marker().byte_offset().unwrap_or_default()),
        }
    }
    Ok(())
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
    fn comments_of_every_document_are_found_and_nothing_inside_of_strings() {
        let text = "# one\na: \"# no\" # two\nb: |\n  # no\n---\n# é three\nc: {{ .Values.x }} # four\n";
        assert_eq!(told(text), ["# one", "# two", "# é three", "# four"]);
    }

    #[test]
    fn a_star_without_quotes_hides_no_comment() {
        assert_eq!(told("a: * # one\nb: * # two\n"), ["# one", "# two"]);
    }
}
