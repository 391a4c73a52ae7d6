//! Texts with wildcards and policy variables, and what they match.
//!
//! A pattern is read once. Where it holds no variable it is laid out as bytes, a wildcard being a byte that no UTF-8 text
//! holds, so that a `*` which a variable or `${*}` puts in is a plain character.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags".

use super::request::{Context, Found};
use crate::policy::PolicyVersion;

/// Stands for `*` among the bytes of a pattern.
const ANY: u8 = 0xff;
/// Stands for `?` among the bytes of a pattern.
const ONE: u8 = 0xfe;

/// A text in which wildcards and variables may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    pieces: Vec<Piece>,
    /// The bytes to match, where no variable has to be filled in.
    plain: Option<Box<[u8]>>,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These characters.
    Text(String),
    /// `*`.
    Any,
    /// `?`.
    One,
    /// `${key}`, or `${key, 'default'}`.
    Variable {
        /// The condition key, in small letters.
        key: String,
        /// What stands in for a key that the request lacks.
        default: Option<String>,
    },
}

/// How a text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whether `*` and `?` are wildcards.
    pub wildcards: bool,
    /// Whether `${…}` is a variable: not in documents of version 2008-10-17, nor in most operators.
    pub variables: bool,
}

impl Reading {
    /// Wildcards where `wildcards` says so, variables where the version has them.
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Version".
    #[must_use]
    pub fn of(version: Option<PolicyVersion>, wildcards: bool) -> Self {
        Self { wildcards, variables: version == Some(PolicyVersion::V2012) }
    }
}

/// A pattern with its variables filled in.
#[derive(Debug)]
pub enum Filled<'p> {
    /// The bytes to match.
    Bytes(&'p [u8]),
    /// The same, but a variable stands for an empty text, which may count as a missing one.
    Doubtful(&'p [u8]),
    /// A variable has no value and no default: the pattern matches nothing.
    Null,
    /// A variable's value is not known: a wildcard stands in for it. What does not match so matches with no value.
    Open(&'p [u8]),
}

impl Pattern {
    /// Reads a text.
    #[must_use]
    pub fn read(text: &str, reading: Reading) -> Self {
        let mut pieces = Vec::new();
        push_pieces(text, reading, &mut pieces);
        Self::of_pieces(text, pieces)
    }

    /// Reads an entry of a `Resource` list: variables count only behind the fifth colon.
    #[must_use]
    pub fn read_resource(text: &str, version: Option<PolicyVersion>) -> Self {
        let reading = Reading::of(version, true);
        let mut pieces = Vec::new();
        let (head, tail) = text.split_at(behind_fifth_colon(text).unwrap_or(text.len()));
        push_pieces(head, Reading { variables: false, ..reading }, &mut pieces);
        push_pieces(tail, reading, &mut pieces);
        Self::of_pieces(text, pieces)
    }

    fn of_pieces(text: &str, pieces: Vec<Piece>) -> Self {
        let mut plain = Some(Vec::new());
        for piece in &pieces {
            let Some(bytes) = &mut plain else { break };
            match piece {
                Piece::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Piece::Any => bytes.push(ANY),
                Piece::One => bytes.push(ONE),
                Piece::Variable { .. } => plain = None,
            }
        }
        Self { text: text.to_owned(), pieces, plain: plain.map(Vec::into_boxed_slice) }
    }

    /// The text as it is spelt.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its parts.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The keys of its variables, in small letters.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(key.as_str()),
            _ => None,
        })
    }

    /// The bytes to match for a request; `buffer` holds them where there are variables.
    pub fn fill<'p>(&'p self, context: &Context, buffer: &'p mut Vec<u8>) -> Filled<'p> {
        if let Some(bytes) = &self.plain {
            return Filled::Bytes(bytes);
        }
        buffer.clear();
        let (mut doubtful, mut open) = (false, false);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => buffer.extend_from_slice(text.as_bytes()),
                Piece::Any => buffer.push(ANY),
                Piece::One => buffer.push(ONE),
                Piece::Variable { key, default } => match (context.find(key), default) {
                    (Found::One(value), _) => {
                        doubtful |= value.is_empty();
                        buffer.extend_from_slice(value.as_bytes());
                    }
                    (Found::Absent, Some(default)) => buffer.extend_from_slice(default.as_bytes()),
                    // A key of several values fills nothing in.
                    (Found::Absent | Found::Many(_), _) => return Filled::Null,
                    (Found::Unknown | Found::Ambiguous, _) => {
                        open = true;
                        buffer.push(ANY);
                    }
                },
            }
        }
        match (open, doubtful) {
            (true, _) => Filled::Open(buffer),
            (false, true) => Filled::Doubtful(buffer),
            (false, false) => Filled::Bytes(buffer),
        }
    }
}

fn push_pieces(text: &str, reading: Reading, pieces: &mut Vec<Piece>) {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if reading.variables
            && let Some((piece, behind)) = variable(rest)
        {
            match piece {
                Piece::Text(text) => plain.push_str(&text),
                piece => {
                    flush(&mut plain, pieces);
                    pieces.push(piece);
                }
            }
            rest = behind;
            continue;
        }
        let wild = match character {
            '*' if reading.wildcards => Some(Piece::Any),
            '?' if reading.wildcards => Some(Piece::One),
            _ => None,
        };
        match wild {
            Some(piece) => {
                flush(&mut plain, pieces);
                pieces.push(piece);
            }
            None => plain.push(character),
        }
        rest = &rest[character.len_utf8()..];
    }
    flush(&mut plain, pieces);
}

fn flush(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain)));
    }
}

/// The variable that a text starts with, and what stands behind it.
fn variable(text: &str) -> Option<(Piece, &str)> {
    let inside = text.strip_prefix("${")?;
    let end = inside.find('}')?;
    let behind = &inside[end + 1..];
    let inside = &inside[..end];
    if matches!(inside, "*" | "?" | "$") {
        return Some((Piece::Text(inside.to_owned()), behind));
    }
    if inside.is_empty() || inside.contains('{') {
        return None;
    }
    let (key, default) = match inside.split_once(',') {
        Some((key, rest)) => {
            let quoted = rest.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            (key, Some(quoted?.to_owned()))
        }
        None => (inside, None),
    };
    Some((Piece::Variable { key: key.trim().to_ascii_lowercase(), default }, behind))
}

/// The offset behind the fifth colon, those inside `${…}` not counting.
fn behind_fifth_colon(text: &str) -> Option<usize> {
    let (mut colons, mut in_variable) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if text[..at].ends_with('$') => in_variable = true,
            b'}' => in_variable = false,
            b':' if !in_variable => {
                colons += 1;
                if colons == 5 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

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
    use crate::semantics::request::Value;

    const LIKE: Reading = Reading { wildcards: true, variables: true };

    fn holds(pattern: &str, text: &str, context: &[(&str, &str)]) -> Option<bool> {
        let mut known = Context::default();
        for (key, value) in context {
            known.set(key, Value::One((*value).to_owned()));
        }
        let (pattern, mut buffer) = (Pattern::read(pattern, LIKE), Vec::new());
        match pattern.fill(&known, &mut buffer) {
            Filled::Bytes(bytes) => Some(matches(bytes, text.as_bytes())),
            _ => None,
        }
    }

    #[test]
    fn what_a_variable_puts_in_is_no_wildcard() {
        let context = [("aws:username", "*")];
        assert_eq!(holds("home/${aws:username}", "home/*", &context), Some(true));
        assert_eq!(holds("home/${aws:username}", "home/bob", &context), Some(false));
        assert_eq!(holds("${*}.${?}.${$}", "*.?.$", &[]), Some(true));
    }

    #[test]
    fn a_default_stands_in_for_a_missing_key_alone() {
        let pattern = "team-${aws:PrincipalTag/Team, 'none'}";
        assert_eq!(holds(pattern, "team-none", &[]), Some(true));
        assert_eq!(holds(pattern, "team-red", &[("aws:principaltag/team", "red")]), Some(true));
        assert_eq!(holds("team-${aws:PrincipalTag/Team}", "team-", &[]), None);
    }

    #[test]
    fn variables_of_a_resource_stand_behind_the_fifth_colon() {
        let pattern = Pattern::read_resource("arn:aws:s3:::${aws:username}/*", Some(PolicyVersion::V2012));
        assert_eq!(pattern.variables().collect::<Vec<_>>(), ["aws:username"]);
        let early = Pattern::read_resource("arn:aws:${aws:username}:::x", Some(PolicyVersion::V2012));
        assert_eq!(early.variables().count(), 0);
        let old = Pattern::read_resource("arn:aws:s3:::${aws:username}/*", None);
        assert_eq!(old.variables().count(), 0);
    }

    #[test]
    fn no_wildcard_crosses_the_first_five_colons_part_by_part() {
        let bytes = |text: &str| Pattern::read(text, LIKE).plain.unwrap();
        let arn = b"arn:aws:logs:eu-central-1:111122223333:log-group:a";
        assert_eq!(matches_by_parts(&bytes("arn:aws:logs:*:log-group:*:x"), arn), Some(false));
        assert_eq!(matches_by_parts(&bytes("arn:aws:logs:*:*:log-group:*"), arn), Some(true));
        assert_eq!(matches_by_parts(&bytes("arn:aws:logs:*"), arn), None);
        assert!(matches_completed(&bytes("arn:aws:logs"), arn));
        assert!(!matches_completed(&bytes("arn:aws:logs:*:log-group"), arn));
    }
}
