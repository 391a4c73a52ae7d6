//! Text with `{{ … }}` in it, as Helm's charts have it.
//!
//! What a template fills in is written over with as many bytes, so that every place holds.

use std::ops::Range;

use memchr::memmem;

use super::scan::Stretch;

/// What is put where an action stands alone on its line and may write something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filling {
    /// A value.
    Values,
    /// Blanks.
    Nothing,
}

/// Words that begin an action that writes nothing itself.
const CONTROLS: [&str; 9] = ["if", "else", "end", "range", "with", "define", "block", "break", "continue"];

/// Whether a text holds an action.
pub(super) fn is_one(text: &str) -> bool {
    memmem::find(text.as_bytes(), b"{{").is_some()
}

/// The text with its actions written over, and their places in the whole text.
pub(super) fn masked(stretch: Stretch<'_>, filling: Filling) -> (String, Vec<Range<usize>>) {
    let text = stretch.text;
    let mut bytes = text.as_bytes().to_vec();
    let (mut places, mut at) = (Vec::new(), 0);
    while let Some(action) = next(text, at) {
        at = action.end;
        let alone = is_alone(text, &action);
        let blank = alone && (filling == Filling::Nothing || is_control(&text[action.clone()]));
        for byte in &mut bytes[action.clone()] {
            *byte = match *byte {
                b'\n' | b'\r' if blank => *byte,
                _ if blank => b' ',
                _ => b'_',
            };
        }
        places.push(action.start + stretch.base..action.end + stretch.base);
    }
    // Whole actions were replaced by ASCII, so this is still text.
    (String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned()), places)
}

/// The next action, braces included.
fn next(text: &str, from: usize) -> Option<Range<usize>> {
    let start = from + memmem::find(text.as_bytes().get(from..)?, b"{{")?;
    let inner = start + 2;
    let rest = text.get(inner..)?;
    let is_comment = rest.trim_start_matches(['-', ' ']).starts_with("/*");
    let end = if is_comment { after_comment(rest)? } else { after_action(rest)? };
    Some(start..inner + end)
}

fn after_comment(rest: &str) -> Option<usize> {
    let end = memmem::find(rest.as_bytes(), b"*/")?;
    Some(end + memmem::find(rest.as_bytes().get(end..)?, b"}}")? + 2)
}

/// Where an action's braces end; those in its strings do not count.
fn after_action(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (mut at, mut quote) = (0, None);
    while let Some(byte) = bytes.get(at) {
        match (quote, byte) {
            (Some(b'"'), b'\\') => at += 1,
            (Some(open), close) if open == *close => quote = None,
            (None, b'"' | b'`') => quote = Some(*byte),
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at + 2),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether nothing but actions and blanks stands on its lines.
fn is_alone(text: &str, action: &Range<usize>) -> bool {
    let before = text[..action.start].trim_end_matches([' ', '\t']);
    let after = text[action.end..].trim_start_matches([' ', '\t', '\r']);
    (before.is_empty() || before.ends_with('\n')) && (after.is_empty() || after.starts_with('\n'))
}

fn is_control(action: &str) -> bool {
    let inner = action.trim_start_matches('{').trim_start_matches('-').trim_start();
    let word: &str = inner.split(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default();
    inner.starts_with("/*") || inner.starts_with('$') && inner.contains('=') || CONTROLS.contains(&word)
}
