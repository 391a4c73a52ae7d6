//! Wildcards before a colon: what a proof may say of them, though AWS documents in part alone whether they cross it.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Resource", where the last `*` of a part may reach beyond its colon.

use super::material::has_variable;
use crate::{policy::glob, semantics::pattern::Pattern};

/// What a pattern that may reach further is called: one name is one meaning, and what holds a variable is no plain text.
#[must_use]
pub(in crate::prove) fn crossing_name(pattern: &Pattern) -> String {
    format!("{}{}", pattern.as_str(), if has_variable(pattern) { FILLED } else { "" })
}

/// What stands behind the name of a pattern with variables.
const FILLED: &str = " filled";

/// Whether a pattern of resources lies in another however wildcards before a colon are read, as far as a plain comparison
/// tells: all that the outer one has there stand at the end of their part, which AWS lets cross.
#[must_use]
pub(in crate::prove) fn lies_in(outer: &str, inner: &str) -> bool {
    let is_long = |text: &str| text.matches(':').count() > 4;
    let is_plain = |text: &str| !text.contains("${") && (is_long(text) || text.ends_with('*'));
    let fifth = outer.match_indices(':').nth(4).map_or(outer.len(), |(at, _)| at);
    let crosses = outer.match_indices(['*', '?']).take_while(|(at, _)| *at < fifth).all(|(at, _)| {
        let rest = &outer[at..];
        rest == "*" || (rest.starts_with("*:") && is_long(outer))
    });
    is_plain(outer) && is_plain(inner) && crosses && glob::includes(outer, inner)
}

/// Whether a wildcard stands before the fifth colon, or colons are missing.
#[must_use]
pub(super) fn may_cross(text: &str, is_short: bool) -> bool {
    let fifth = text.match_indices(':').nth(4).map_or(text.len(), |(at, _)| at);
    is_short || text.get(..fifth).is_some_and(|head| head.contains(['*', '?']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_lies_in_another_only_where_no_reading_of_colons_says_otherwise() {
        assert!(lies_in("arn:aws:sqs:*:*:q*", "arn:aws:sqs:eu-*:*:queue"));
        assert!(lies_in("arn:aws:s3:*", "arn:aws:s3:a*:*:b"));
        assert!(!lies_in("arn:aws:sqs:*-1:*:q", "arn:aws:sqs:eu-*-1:*:q"));
        assert!(!lies_in("arn:aws:sqs:?*:*:q", "arn:aws:sqs:??*:*:q"));
        assert!(!lies_in("arn:aws:sqs:*:q", "arn:aws:sqs:*:*:q"));
        assert!(!lies_in("arn:aws:s3:*", "arn:aws:s3:*:*:${aws:username}"));
    }
}
