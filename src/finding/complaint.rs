//! What keeps a run from being done, at its place in a file of the user's.

use super::Label;
use crate::source::Span;

/// A mistake in a file that tells kpl what to do: the run ends with 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// One short clause.
    pub message: String,
    /// Where it is.
    pub place: Label,
    /// What to do about it.
    pub help: Option<String>,
}

impl Complaint {
    /// A complaint about a place.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), place: Label::new(span, String::new()), help: None }
    }

    /// Says a few words under the underlined place.
    #[must_use]
    pub fn label(mut self, message: impl Into<String>) -> Self {
        self.place.message = message.into();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
