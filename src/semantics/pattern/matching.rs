//! Whether the bytes of a pattern match a text: as a whole, or part by part.

use super::{ANY, ONE};

/// Whether bytes of a pattern match a whole text.
///
/// Takes time linear in the text for each `*`, never more.
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    if let (Some(first), Some(other)) = (pattern.first(), text.first())
        && *first < ONE
        && first != other
    {
        return false;
    }
    let (mut p, mut t) = (0, 0);
    // Where to go on after the last `*`: behind it in the pattern, and one character further in the text each time.
    let mut resume = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(&ANY) => {
                p += 1;
                if p == pattern.len() {
                    return true;
                }
                resume = Some((p, t));
            }
            Some(&ONE) => {
                p += 1;
                t += character_length(text, t);
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((behind, from)) = resume else { return false };
                let next = from + character_length(text, from);
                resume = Some((behind, next));
                (p, t) = (behind, next);
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == ANY)
}

/// Whether a pattern matches an ARN part by part: the first five colons are no wildcard's. `None` where either has
/// fewer than six parts.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", ARN condition operators.
#[must_use]
pub fn matches_by_parts(pattern: &[u8], arn: &[u8]) -> Option<bool> {
    let (mut pattern, mut arn) = (pattern, arn);
    let mut all = true;
    for _ in 0..5 {
        let p = memchr::memchr(b':', pattern)?;
        let a = memchr::memchr(b':', arn)?;
        all = all && matches(&pattern[..p], &arn[..a]);
        (pattern, arn) = (&pattern[p + 1..], &arn[a + 1..]);
    }
    Some(all && matches(pattern, arn))
}

/// Whether a text is an ARN in its six parts.
#[must_use]
pub fn has_six_parts(text: &[u8]) -> bool {
    text.starts_with(b"arn:") && memchr::memchr_iter(b':', text).nth(4).is_some()
}

/// Whether a pattern of a role's ARN that names a path would match an ARN without one, were the path put in.
#[must_use]
pub fn matches_with_path(pattern: &[u8], arn: &[u8]) -> bool {
    let parts = |text: &'_ [u8]| {
        let start = memchr::memmem::find(text, b":role/")? + ":role/".len();
        let name = memchr::memrchr(b'/', text)? + 1;
        Some((start, name))
    };
    let (Some((start, name)), Some((own_start, own_name))) = (parts(pattern), parts(arn)) else { return false };
    name > start
        && own_name == own_start
        && matches(&pattern[..start], &arn[..own_start])
        && matches(&pattern[name..], &arn[own_name..])
}

/// Whether a pattern of fewer than six parts matches an ARN, each part that it lacks being `*`.
///
/// Source: IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)".
#[must_use]
pub fn matches_completed(pattern: &[u8], arn: &[u8]) -> bool {
    let (mut pattern, mut arn) = (pattern, arn);
    loop {
        let behind = memchr::memchr(b':', arn);
        let part = &arn[..behind.unwrap_or(arn.len())];
        let Some(colon) = memchr::memchr(b':', pattern) else { return matches(pattern, part) };
        let Some(behind) = behind else { return false };
        if !matches(&pattern[..colon], part) {
            return false;
        }
        (pattern, arn) = (&pattern[colon + 1..], &arn[behind + 1..]);
    }
}

/// The same bytes in small letters, each character by itself, wildcards kept.
#[must_use]
pub fn in_small_letters(pattern: &[u8]) -> Vec<u8> {
    let mut lower = Vec::with_capacity(pattern.len());
    for (index, part) in pattern.split(|byte| *byte == ANY).enumerate() {
        if index > 0 {
            lower.push(ANY);
        }
        lower.extend(String::from_utf8_lossy(part).chars().flat_map(char::to_lowercase).collect::<String>().bytes());
    }
    lower
}

/// Whether a pattern is stars alone.
#[must_use]
pub fn is_everything(pattern: &[u8]) -> bool {
    !pattern.is_empty() && pattern.iter().all(|byte| *byte == ANY)
}

fn character_length(text: &[u8], at: usize) -> usize {
    let continues = |byte: &&u8| (**byte & 0xc0) == 0x80;
    1 + text.get(at + 1..).unwrap_or_default().iter().take_while(continues).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantics::{
        pattern::{Filled, Pattern, Reading},
        request::Context,
    };

    #[test]
    fn no_wildcard_crosses_the_first_five_colons_part_by_part() {
        let like = Reading { wildcards: true, variables: true };
        let bytes = |text: &str| match Pattern::read(text, like).fill(&Context::default(), &mut Vec::new()) {
            Filled::Bytes(bytes) => bytes.to_vec(),
            other => panic!("{other:?}"),
        };
        let arn = b"arn:aws:logs:eu-central-1:111122223333:log-group:a";
        assert_eq!(matches_by_parts(&bytes("arn:aws:logs:*:log-group:*:x"), arn), Some(false));
        assert_eq!(matches_by_parts(&bytes("arn:aws:logs:*:*:log-group:*"), arn), Some(true));
        assert_eq!(matches_by_parts(&bytes("arn:aws:logs:*"), arn), None);
        assert!(matches_completed(&bytes("arn:aws:logs"), arn));
        assert!(!matches_completed(&bytes("arn:aws:logs:*:log-group"), arn));
    }

    #[test]
    fn a_path_may_be_put_in_where_the_pattern_names_one() {
        let holds = |pattern: &str| {
            let bytes: Vec<u8> = pattern.bytes().map(|byte| if byte == b'*' { ANY } else { byte }).collect();
            matches_with_path(&bytes, b"arn:aws:iam::111122223333:role/Admin_1f")
        };
        assert!(holds("arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*/Admin_*"));
        assert!(holds("arn:aws:iam::111122223333:role/team/*"));
        assert!(!holds("arn:aws:iam::111122223333:role/team/Reader"));
        assert!(!holds("arn:aws:iam::444455556666:role/team/*"));
        assert!(!holds("arn:aws:iam::111122223333:role/Reader*"));
        assert!(!holds("*"));
    }
}
