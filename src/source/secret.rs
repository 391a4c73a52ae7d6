//! Places that nothing may show.

use std::ops::Range;

use super::{Source, Span};

/// How the ids of access keys begin: those of users, and temporary ones.
///
/// Source: IAM User Guide, "IAM identifiers", unique identifiers.
const KEY_IDS: [&[u8]; 2] = [b"AKIA", b"ASIA"];

/// Where the `I` stands in them, by which they are looked for: few words of a policy have one.
const I_OF_KEY_ID: usize = 2;

/// How long the id of an access key may be; those of today have twenty letters and digits.
///
/// Source: IAM API Reference, `AccessKey`, `AccessKeyId`.
const KEY_ID: std::ops::RangeInclusive<usize> = 16..=128;

/// Names whose value is a secret of an access key, but for their first letter, which is large or small; and where the `k`
/// stands in each, by which they are looked for.
const NAMES: [(&str, usize); 6] = [
    ("ecretAccessKey", 11),
    ("ecret_access_key", 13),
    ("ECRET_ACCESS_KEY", 13),
    ("essionToken", 8),
    ("ession_token", 9),
    ("ESSION_TOKEN", 9),
];

/// The places in a file of what is told as an access key by its form, or by the name that stands before it.
#[must_use]
pub fn access_keys(source: &Source) -> Vec<Span> {
    let text = source.text();
    let ids = key_ids(text).into_iter().map(|id| source.place(id.start, id.end));
    let secrets =
        name_ends(text.as_bytes()).filter_map(|at| value_after(text, at)).map(|(start, end)| source.place(start, end));
    ids.chain(secrets).collect()
}

/// Where the names of secrets end, in the order of the text.
fn name_ends(bytes: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memchr2_iter(b'k', b'K', bytes).filter_map(move |at| {
        let begins = |(name, k): &(&str, usize)| {
            let start = at.checked_sub(*k)?;
            bytes.get(start..)?.starts_with(name.as_bytes()).then(|| start + name.len())
        };
        NAMES.iter().find_map(begins)
    })
}

/// A text with stars in the place of the ids of access keys; `None` where it holds none.
#[must_use]
pub fn without_access_keys(text: &str) -> Option<String> {
    let ids = key_ids(text);
    if ids.is_empty() {
        return None;
    }
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for id in ids {
        out.push_str(&text[at..id.start]);
        out.push_str("***");
        at = id.end;
    }
    out.push_str(&text[at..]);
    Some(out)
}

/// Where ids of access keys stand: words of capital letters and digits, in the order of the text.
fn key_ids(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let word = |start: usize| {
        let before = start.checked_sub(1).and_then(|before| bytes.get(before));
        // A letter before it may be the end of an escape, as in `\nAKIA…`.
        let begins = !before.is_some_and(is_part);
        let length = bytes.get(start..)?.iter().take(KEY_ID.end() + 1).take_while(|byte| is_part(byte)).count();
        (begins && KEY_ID.contains(&length)).then_some(start..start + length)
    };
    let begins = memchr::memchr_iter(b'I', bytes).filter_map(|at| at.checked_sub(I_OF_KEY_ID));
    let is_id = |start: &usize| KEY_IDS.iter().any(|prefix| bytes[*start..].starts_with(prefix));
    begins.filter(is_id).filter_map(word).collect()
}

/// How far a value is followed that no mark ends; those of AWS are shorter.
const LONGEST_VALUE: usize = 4096;

/// The value that follows a name: `: "…"`, `= …`, or as the `value` beside it in a list of names and values; also where
/// the quotes are escaped.
fn value_after(text: &str, name_end: usize) -> Option<(usize, usize)> {
    let is_quote = |character: char| matches!(character, '"' | '\'' | '\\');
    let rest = text.get(name_end..)?.trim_start_matches(is_quote).trim_start_matches([' ', '\t']);
    let sign = if rest.starts_with([':', '=']) { rest } else { behind_value(rest)? };
    let value = sign.strip_prefix([':', '='])?.trim_start_matches([' ', '\t']);
    let value = of_block(value).trim_start_matches(is_quote);
    let ends = |character: char| is_quote(character) || character.is_whitespace() || character == ',';
    let letters = value.chars().take(LONGEST_VALUE).take_while(|character| !ends(*character));
    let length: usize = letters.map(char::len_utf8).sum();
    let is_text = length >= 8 && !value.starts_with(['{', '[', '$', '<', '*']);
    let start = text.len() - value.len();
    is_text.then_some((start, start + length))
}

/// What stands behind the name `value`, or `Value`, where that comes next.
fn behind_value(text: &str) -> Option<&str> {
    // What may stand between two members, line ends written as escapes included.
    let is_between = |character: char| {
        character.is_whitespace() || matches!(character, ',' | '"' | '\'' | '\\' | 'n' | 'r' | 't' | 'v' | 'V')
    };
    let behind = text.trim_start_matches(is_between).strip_prefix("alue")?;
    Some(behind.trim_start_matches(['"', '\'', '\\', ' ', '\t']))
}

/// The text of a block scalar of YAML; any other value as it is.
fn of_block(value: &str) -> &str {
    let behind = value.strip_prefix(['|', '>']).map(|rest| rest.trim_start_matches(['+', '-', ' ', '\t', '\r']));
    behind.and_then(|rest| rest.strip_prefix('\n')).map_or(value, str::trim_start)
}

/// The places of values that no report may show: in order, and none overlaps another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(Vec<Span>);

impl Secrets {
    /// Places in any order; those that overlap become one.
    #[must_use]
    pub fn new(mut places: Vec<Span>) -> Self {
        places.sort_unstable();
        let mut merged: Vec<Span> = Vec::with_capacity(places.len());
        for place in places {
            match merged.last_mut().filter(|last| last.source == place.source && place.start < last.end) {
                Some(last) => last.end = last.end.max(place.end),
                None => merged.push(place),
            }
        }
        Self(merged)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that share a byte with a place, in order.
    pub fn touching(&self, place: Span) -> impl Iterator<Item = Span> {
        let before = |secret: &Span| (secret.source, secret.end) <= (place.source, place.start);
        let first = self.0.partition_point(before);
        let rest = self.0.get(first..).unwrap_or_default().iter().copied();
        rest.take_while(move |secret| secret.source == place.source && secret.start < place.end)
    }

    /// Whether any shares a byte with a place.
    #[must_use]
    pub fn touch(&self, place: Span) -> bool {
        self.touching(place).next().is_some()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Span> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn span(source: u32, start: u32, end: u32) -> Span {
        Span { source: SourceId(source), start, end }
    }

    #[test]
    fn access_keys_are_told_by_their_form_and_their_name() {
        let text = r#"{"a": "AKIAIOSFODNN7EXAMPLE", "b": "\nASIAIOSFODNN7EXAMPLE", "c": "AKIAIOSFODNN7", "d": "AKIAEXAMPLE",
            "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG", "env": "aws_session_token=IQoJb3JpZ2luX2Vj\n", "Action": ["sts:GetSessionToken", "x"]}"#;
        let source = Source::of_text(crate::source::Origin::Stdin(None), text.to_owned());
        let found: Vec<&str> = access_keys(&source).into_iter().map(|place| source.slice(place)).collect();
        let ids = ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"];
        assert_eq!(found, [&ids[..], &["wJalrXUtnFEMI/K7MDENG", "IQoJb3JpZ2luX2Vj"]].concat());
        assert_eq!(without_access_keys("`AKIAIOSFODNN7EXAMPLE` is no ARN").unwrap(), "`***` is no ARN");
        assert_eq!(without_access_keys("`AROAIOSFODNN7EXAMPLE`"), None);
    }

    #[test]
    fn a_secret_is_told_by_the_name_beside_it_and_where_the_text_ends() {
        let told = |text: &str| {
            let source = Source::of_text(crate::source::Origin::Stdin(None), text.to_owned());
            access_keys(&source).into_iter().map(|place| source.slice(place).to_owned()).collect::<Vec<_>>()
        };
        let secret = ["wJalrXUtnFEMI/K7MDENG"];
        assert_eq!(told(r#"[{"name": "AWS_SECRET_ACCESS_KEY", "value": "wJalrXUtnFEMI/K7MDENG"}]"#), secret);
        assert_eq!(told(r#"{\"Name\":\"AWS_SECRET_ACCESS_KEY\",\n \"Value\":\"wJalrXUtnFEMI/K7MDENG\"}"#), secret);
        assert_eq!(told("- name: AWS_SECRET_ACCESS_KEY\n  value: wJalrXUtnFEMI/K7MDENG\n"), secret);
        assert_eq!(told("secretAccessKey: >-\n  wJalrXUtnFEMI/K7MDENG\n"), secret);
        assert_eq!(told("secretAccessKey: wJalrXUtnFEMI/K7MDENG"), secret);
        assert_eq!(told("- name: AWS_SECRET_ACCESS_KEY\n  valueFrom: { secretKeyRef: { name: aws-keys } }\n"), [""; 0]);
    }

    #[test]
    fn a_name_is_looked_for_where_its_letter_stands() {
        for (name, k) in NAMES {
            assert!(matches!(name.as_bytes()[k], b'k' | b'K'), "{name}");
            assert_eq!(
                name_ends(format!("kK{name}k{name}").as_bytes()).collect::<Vec<_>>(),
                [2 + name.len(), 3 + 2 * name.len()]
            );
        }
        assert!(KEY_IDS.iter().all(|prefix| prefix[I_OF_KEY_ID] == b'I'));
    }

    #[test]
    fn places_within_and_over_one_another_become_one() {
        let secrets = Secrets::new(vec![span(0, 8, 12), span(0, 2, 9), span(0, 3, 4), span(1, 3, 4)]);
        assert_eq!(secrets, Secrets(vec![span(0, 2, 12), span(1, 3, 4)]));
    }

    #[test]
    fn a_place_is_touched_by_what_shares_a_byte_with_it() {
        let secrets = Secrets::new(vec![span(0, 2, 4), span(0, 6, 8)]);
        assert!(secrets.touch(span(0, 3, 9)) && secrets.touch(span(0, 7, 8)));
        assert!(!secrets.touch(span(0, 4, 6)) && !secrets.touch(span(1, 2, 4)) && !secrets.touch(span(0, 8, 9)));
        assert_eq!(secrets.touching(span(0, 0, 7)).count(), 2);
    }
}
