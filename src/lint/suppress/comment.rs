//! Comments in a file that say which findings about the next line are accepted: `# kpl: ignore[rule] reason` in YAML,
//! `// kpl: ignore[rule] reason` in JSON with comments.

use crate::{
    finding::Finding,
    lint::Selector,
    rules::{
        Catalogue,
        suppression::entries::{MALFORMED_SUPPRESSION, SUPPRESSION_WITHOUT_REASON},
    },
    source::{Source, Span},
};

/// What every such comment begins with.
pub(super) const MARK: &str = "kpl:";

/// A comment that accepts findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// Where it stands.
    pub(super) span: Span,
    /// The line that it is about, from 0.
    pub(super) line: usize,
    pub(super) rules: Vec<Selector>,
    pub(super) reason: String,
}

/// Reads a comment, its sign included; `None` where it is not for kpl.
pub(super) fn read(source: &Source, span: Span, catalogue: &Catalogue) -> Option<Result<Comment, Box<Finding>>> {
    let text = source.slice(span).trim_start_matches(['#', '/', '*']).trim();
    let text = text.strip_suffix("*/").unwrap_or(text).trim_end();
    let order = text.strip_prefix(MARK)?.trim_start();
    let malformed = |message: String| {
        let help = "write `kpl: ignore[RULE] REASON`; `kpl rules` lists the rules";
        Some(Err(Box::new(Finding::new(&MALFORMED_SUPPRESSION, span, message).help(help))))
    };
    let listed = order.strip_prefix("ignore").map(str::trim_start).and_then(|rest| rest.strip_prefix('['));
    let Some((rules, reason)) = listed.and_then(|listed| listed.split_once(']')) else {
        return malformed("this comment to kpl is no `kpl: ignore[RULE] REASON`".to_owned());
    };
    let rules: Result<Vec<Selector>, _> = rules.split(',').map(|rule| Selector::read(rule.trim(), catalogue)).collect();
    let rules = match rules {
        Ok(rules) => rules,
        Err(error) => return malformed(error.to_string()),
    };
    let reason = reason.trim().trim_start_matches([':', '-', '–', '—']).trim();
    if reason.is_empty() {
        let finding = Finding::new(&SUPPRESSION_WITHOUT_REASON, span, "nothing says why this is accepted");
        return Some(Err(Box::new(finding.help("write why behind the bracket; without it the comment has no effect"))));
    }
    Some(Ok(Comment { span, line: line_of(source, span), rules, reason: reason.to_owned() }))
}

/// The line that a comment is about: its own, or, where it stands alone, the next one with something else on it.
fn line_of(source: &Source, comment: Span) -> usize {
    let own = source.line_of(comment.start);
    let start = source.line_range(own).start;
    let is_alone = source.text().get(start..comment.start as usize).is_some_and(|before| before.trim().is_empty());
    if !is_alone {
        return own;
    }
    let last = source.line_of(source.span().end);
    let text = |line: usize| source.text().get(source.line_range(line)).unwrap_or_default().trim();
    let says_nothing =
        |line: usize| text(line).is_empty() || text(line).starts_with('#') || text(line).starts_with("//");
    (own + 1..=last).find(|line| !says_nothing(*line)).unwrap_or(own)
}
