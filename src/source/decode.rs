//! How bytes become text.

/// How a file encodes its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, low byte first, as `PowerShell` writes it on redirection.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

impl Encoding {
    /// The encoding's name for messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
        }
    }
}

/// The bytes are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not text (it holds a zero byte)")]
pub struct NotText;

pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) encoding: Encoding,
    pub(super) damaged: Vec<u32>,
}

/// Stands for a byte that is no UTF-8: one byte long, so that offsets hold.
const DAMAGED: char = '\u{1a}';

pub(super) fn decode(bytes: Vec<u8>) -> Result<Decoded, NotText> {
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => Ok(utf16(&bytes, Encoding::Utf16Le, u16::from_le_bytes)),
        [0xfe, 0xff, ..] => Ok(utf16(&bytes, Encoding::Utf16Be, u16::from_be_bytes)),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => {
            Ok(utf16(&bytes, Encoding::Utf16Le, u16::from_le_bytes))
        }
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => {
            Ok(utf16(&bytes, Encoding::Utf16Be, u16::from_be_bytes))
        }
        _ if memchr::memchr(0, &bytes).is_some() => Err(NotText),
        _ => Ok(utf8(bytes)),
    }
}

fn utf8(bytes: Vec<u8>) -> Decoded {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Decoded { text, encoding: Encoding::Utf8, damaged: Vec::new() },
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    let mut damaged = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            damaged.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
            text.push(DAMAGED);
        }
    }
    Decoded { text, encoding: Encoding::Utf8, damaged }
}

fn utf16(bytes: &[u8], encoding: Encoding, unit: fn([u8; 2]) -> u16) -> Decoded {
    let (pairs, half) = bytes.as_chunks::<2>();
    let units = pairs.iter().copied().map(unit);
    let mut text = String::with_capacity(bytes.len() / 2);
    let mut damaged = Vec::new();
    for decoded in char::decode_utf16(units) {
        let character = decoded.unwrap_or_else(|_| {
            damaged.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
            DAMAGED
        });
        text.push(character);
    }
    // Half a character at the end is no text, and must not be lost when the file is written anew.
    if !half.is_empty() {
        damaged.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        text.push(DAMAGED);
    }
    Decoded { text, encoding, damaged }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8]) -> (String, Encoding, Vec<u32>) {
        let decoded = decode(bytes.to_vec()).unwrap();
        (decoded.text, decoded.encoding, decoded.damaged)
    }

    #[test]
    fn utf16_is_recognised_by_its_mark_and_without_it() {
        assert_eq!(text_of(b"\xff\xfe{\0}\0"), ("\u{feff}{}".to_owned(), Encoding::Utf16Le, vec![]));
        assert_eq!(text_of(b"\xfe\xff\0{\0}"), ("\u{feff}{}".to_owned(), Encoding::Utf16Be, vec![]));
        assert_eq!(text_of(b"{\0}\0"), ("{}".to_owned(), Encoding::Utf16Le, vec![]));
    }

    #[test]
    fn a_byte_that_is_no_utf8_keeps_every_later_offset() {
        assert_eq!(text_of(b"a\xe9\xffb"), ("a\u{1a}\u{1a}b".to_owned(), Encoding::Utf8, vec![1, 2]));
    }

    #[test]
    fn half_a_character_at_the_end_of_utf16_is_told() {
        assert_eq!(text_of(b"\xff\xfe{\0}\0\n"), ("\u{feff}{}\u{1a}".to_owned(), Encoding::Utf16Le, vec![5]));
    }

    #[test]
    fn a_zero_byte_is_no_text() {
        assert_eq!(decode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()).err(), Some(NotText));
    }
}
