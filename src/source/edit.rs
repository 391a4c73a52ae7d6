//! A change to a text, as byte ranges and what takes their place.

use super::Span;

/// What takes the place of one range of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes away; empty where something is only put in.
    pub span: Span,
    /// What comes in its place.
    pub text: String,
}

impl Edit {
    /// Puts `text` where `span` is.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Takes `span` away.
    #[must_use]
    pub fn remove(span: Span) -> Self {
        Self { span, text: String::new() }
    }

    /// Puts `text` before the byte at which `span` starts.
    pub fn before(span: Span, text: impl Into<String>) -> Self {
        Self { span: Span { end: span.start, ..span }, text: text.into() }
    }

    /// Puts `text` behind the last byte of `span`.
    pub fn after(span: Span, text: impl Into<String>) -> Self {
        Self { span: Span { start: span.end, ..span }, text: text.into() }
    }

    /// Applies edits of one text; of two that touch the same bytes the one that starts first is kept.
    #[must_use]
    pub fn apply(text: &str, edits: &[Self]) -> String {
        let mut ordered: Vec<&Self> = edits.iter().collect();
        ordered.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for edit in ordered {
            let range = edit.span.range();
            let Some(kept) = text.get(done..range.start) else { continue };
            if text.get(range.clone()).is_none() {
                continue;
            }
            out.push_str(kept);
            out.push_str(&edit.text);
            done = range.end;
        }
        out.push_str(text.get(done..).unwrap_or(""));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{super::SourceId, *};

    fn span(start: u32, end: u32) -> Span {
        Span { source: SourceId(0), start, end }
    }

    #[test]
    fn edits_are_applied_by_place_whatever_their_order() {
        let edits = [Edit::replace(span(4, 5), "E"), Edit::remove(span(0, 1)), Edit::after(span(1, 2), "+")];
        assert_eq!(Edit::apply("abcde", &edits), "b+cdE");
    }

    #[test]
    fn of_two_overlapping_edits_the_first_in_the_text_is_kept() {
        let edits = [Edit::replace(span(1, 3), "X"), Edit::replace(span(2, 4), "Y")];
        assert_eq!(Edit::apply("abcd", &edits), "aXd");
    }
}
