//! Where the documents of a text begin and end.
//!
//! YAML keeps the marks `---` and `...` at the start of a line for itself, also inside quotes and block scalars, so that
//! lines alone tell. Source: the YAML 1.2 specification, "c-forbidden".

use std::ops::Range;

use memchr::memmem;

/// The stretches of a text that hold one document each, in order; together they are the text.
pub(super) fn documents(text: &str) -> Vec<Range<usize>> {
    let has = |mark: &str| memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
    let mut found = Vec::new();
    let (mut start, mut at, mut begun) = (0, 0, false);
    if has("\n---") || has("\n...") {
        for line in text.split_inclusive('\n') {
            let line_start = at;
            at += line.len();
            match kind(line.trim_start_matches('\u{feff}')) {
                Line::Idle => {}
                Line::Content => begun = true,
                Line::Start => {
                    if begun {
                        found.push(start..line_start);
                        start = line_start;
                    }
                    begun = true;
                }
                Line::End => {
                    found.push(start..at);
                    (start, begun) = (at, false);
                }
            }
        }
    }
    found.push(start..text.len());
    found
}

/// Where the `---` stands behind which a document begins.
pub(super) fn marker_before(text: &str, start: usize) -> Option<usize> {
    let before = text.get(..start)?;
    let line = before.lines().rev().find(|line| !matches!(kind(line), Line::Idle) && !line.trim().is_empty())?;
    let is_start = matches!(kind(line), Line::Start);
    is_start.then(|| line.as_ptr() as usize - text.as_ptr() as usize)
}

enum Line {
    /// Blank, a comment, or a directive, which belongs to the document behind it.
    Idle,
    Content,
    /// `---`
    Start,
    /// `...`
    End,
}

fn kind(line: &str) -> Line {
    let is_mark = |mark: &str| {
        line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let first = line.trim_start().chars().next();
    match first {
        None | Some('#') => Line::Idle,
        _ if line.starts_with('%') => Line::Idle,
        _ if is_mark("---") => Line::Start,
        _ if is_mark("...") => Line::End,
        Some(_) => Line::Content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        documents(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn a_mark_begins_a_document_and_what_stands_before_the_first_belongs_to_it() {
        assert_eq!(split("# c\n---\na: 1\n--- # d\nb: 2\n"), ["# c\n---\na: 1\n", "--- # d\nb: 2\n"]);
        assert_eq!(split("a: 1\r\n---\r\nb: 2"), ["a: 1\r\n", "---\r\nb: 2"]);
    }

    #[test]
    fn an_end_mark_belongs_to_what_it_ends_and_a_directive_to_what_follows() {
        assert_eq!(split("a: 1\n...\n%YAML 1.2\n---\nb: 2\n"), ["a: 1\n...\n", "%YAML 1.2\n---\nb: 2\n"]);
    }

    #[test]
    fn longer_rules_and_indented_ones_are_content() {
        assert_eq!(split("a: |\n  x\n  ---\n----\n"), ["a: |\n  x\n  ---\n----\n"]);
    }
}
