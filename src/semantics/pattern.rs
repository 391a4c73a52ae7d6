//! Texts with wildcards and policy variables, and what they match.
//!
//! A pattern is read once. Where it holds no variable it is laid out as bytes, a wildcard being a byte that no UTF-8 text
//! holds, so that a `*` which a variable or `${*}` puts in is a plain character.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags".

mod matching;

use std::{borrow::Cow, sync::Arc};

pub use matching::{
    has_six_parts, in_small_letters, is_everything, matches, matches_by_parts, matches_completed, matches_with_path,
};

use super::request::{Context, Found};
use crate::{policy::PolicyVersion, source::scan};

/// Stands for `*` among the bytes of a pattern.
const ANY: u8 = 0xff;
/// Stands for `?` among the bytes of a pattern.
const ONE: u8 = 0xfe;

/// A text in which wildcards and variables may stand. A copy shares what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: Arc<str>,
    form: Form,
}

/// What a text is read as. Most hold neither wildcard nor variable.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// The text itself.
    Text,
    /// The bytes to match, where no variable has to be filled in.
    Bytes(Arc<[u8]>),
    /// Parts, some of them variables.
    Pieces(Arc<[Piece]>),
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
        Self::of(text.into(), 0, reading)
    }

    /// Reads an entry of an `Action` list, in small letters; it has no variables.
    #[must_use]
    pub fn read_action(text: &str) -> Self {
        let mut text: Arc<str> = text.into();
        if let Some(text) = Arc::get_mut(&mut text) {
            text.make_ascii_lowercase();
        }
        Self::of(text, 0, Reading { wildcards: true, variables: false })
    }

    /// Reads an entry of a `Resource` list: variables count only behind the fifth colon.
    #[must_use]
    pub fn read_resource(text: &str, version: Option<PolicyVersion>) -> Self {
        let tail = behind_fifth_colon(text).unwrap_or(text.len());
        Self::of(text.into(), tail, Reading::of(version, true))
    }

    /// Reads a text in which variables count from an offset on.
    fn of(text: Arc<str>, variables_from: usize, reading: Reading) -> Self {
        let (head, tail) = text.split_at(variables_from);
        let form = if reading.variables && tail.contains("${") {
            let mut pieces = Vec::new();
            push_pieces(head, Reading { variables: false, ..reading }, &mut pieces);
            push_pieces(tail, reading, &mut pieces);
            Form::of_pieces(pieces)
        } else if reading.wildcards && has_wildcard(&text) {
            let byte = |byte| match byte {
                b'*' => ANY,
                b'?' => ONE,
                other => other,
            };
            Form::Bytes(text.bytes().map(byte).collect())
        } else {
            Form::Text
        };
        Self { text, form }
    }

    /// The text as it is spelt.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its parts.
    #[must_use]
    pub fn pieces(&self) -> Cow<'_, [Piece]> {
        match &self.form {
            Form::Text => of_bytes(self.text.as_bytes()).into(),
            Form::Bytes(bytes) => of_bytes(bytes).into(),
            Form::Pieces(pieces) => Cow::Borrowed(pieces),
        }
    }

    /// The keys of its variables, in small letters.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let pieces: &[Piece] = match &self.form {
            Form::Pieces(pieces) => pieces,
            Form::Text | Form::Bytes(_) => &[],
        };
        pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(key.as_str()),
            _ => None,
        })
    }

    /// The bytes to match for a request; `buffer` holds them where there are variables.
    pub fn fill<'p>(&'p self, context: &Context, buffer: &'p mut Vec<u8>) -> Filled<'p> {
        let pieces = match &self.form {
            Form::Text => return Filled::Bytes(self.text.as_bytes()),
            Form::Bytes(bytes) => return Filled::Bytes(bytes),
            Form::Pieces(pieces) => pieces,
        };
        buffer.clear();
        let (mut doubtful, mut open) = (false, false);
        for piece in pieces.iter() {
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

impl Form {
    fn of_pieces(pieces: Vec<Piece>) -> Self {
        let mut bytes = Vec::new();
        for piece in &pieces {
            match piece {
                Piece::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Piece::Any => bytes.push(ANY),
                Piece::One => bytes.push(ONE),
                Piece::Variable { .. } => return Self::Pieces(pieces.into()),
            }
        }
        Self::Bytes(bytes.into())
    }
}

fn has_wildcard(text: &str) -> bool {
    scan::find(text.as_bytes(), |word| scan::is(word, b'*') | scan::is(word, b'?')).is_some()
}

/// The parts of a pattern without variables.
fn of_bytes(bytes: &[u8]) -> Vec<Piece> {
    let parts = bytes.chunk_by(|one, next| *one < ONE && *next < ONE);
    let piece = |part: &[u8]| match part {
        [ANY] => Piece::Any,
        [ONE] => Piece::One,
        text => Piece::Text(String::from_utf8_lossy(text).into_owned()),
    };
    parts.map(piece).collect()
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
}
