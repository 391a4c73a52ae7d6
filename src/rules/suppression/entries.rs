//! Entries and comments that suppress nothing, or no longer, or without a reason.
//!
//! The engine finds these out while it suppresses; here stand their names and pages.

use crate::{
    finding::RuleInfo,
    rules::{Check, declare::declare_rules},
};

declare_rules! { Suppression:
    /// ## What it does
    /// Flags an `[[ignore]]` of `kpl.toml` and a comment `kpl: ignore[…]` that suppress nothing. An entry is asked about where
    /// the run has looked at what it speaks of: a file of its `path`, a document of its `address`, or the whole folder of
    /// `kpl.toml`; and where its rules were asked.
    ///
    /// ## Why it matters
    /// What was accepted is gone, and the entry waits for the next fault of its kind, which nobody will see.
    ///
    /// ## How to fix it
    /// Take it away, or correct its place.
    ///
    /// ## Source
    /// kpl's documentation, "Accepting findings".
    pub UNUSED_SUPPRESSION = {
        id: "unused-suppression", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "what is suppressed is not there",
    }

    /// ## What it does
    /// Flags an `[[ignore]]` of `kpl.toml` whose `expires` has passed. It no longer suppresses anything.
    ///
    /// ## Why it matters
    /// Whoever wrote it wanted to look again on that day.
    ///
    /// ## How to fix it
    /// Mend what it suppressed and take it away, or set another day.
    ///
    /// ## Source
    /// kpl's documentation, "Accepting findings".
    pub EXPIRED_SUPPRESSION = {
        id: "expired-suppression", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "what is suppressed was accepted until a day that has passed",
    }

    /// ## What it does
    /// Flags a comment `kpl: ignore[…]` with nothing behind the bracket. It suppresses nothing. An `[[ignore]]` of `kpl.toml`
    /// without a reason is an error.
    ///
    /// ## Why it matters
    /// Nobody can tell later whether it still holds.
    ///
    /// ## How to fix it
    /// Write behind the bracket why the finding is accepted.
    ///
    /// ## Source
    /// kpl's documentation, "Accepting findings".
    pub SUPPRESSION_WITHOUT_REASON = {
        id: "suppression-without-reason", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "nothing says why a finding is suppressed",
    }

    /// ## What it does
    /// Flags a comment that begins with `kpl:` and is no `kpl: ignore[RULE] REASON`, or that names no rule. It suppresses
    /// nothing. In `kpl.toml` this is an error.
    ///
    /// ## Why it matters
    /// Whoever wrote it takes the finding for accepted.
    ///
    /// ## How to fix it
    /// Write `kpl: ignore[RULE] REASON`, several rules with commas between them; `kpl rules` lists them.
    ///
    /// ## Source
    /// kpl's documentation, "Accepting findings".
    pub MALFORMED_SUPPRESSION = {
        id: "malformed-suppression", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a comment to kpl that says nothing to it",
    }
}

/// The engine says these itself.
pub(crate) struct Entries;

impl Check for Entries {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }
}
