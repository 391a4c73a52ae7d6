//! Percent-encoding, in which `+` is no blank.
//!
//! Source: RFC 3986, section 2.1.

/// A text without its percent-encoding, and where offsets stop running in step: the decoded one and the encoded one that it
/// stands for, both increasing. A `%` that begins no pair of digits stays.
pub(crate) fn percent_decoded(encoded: &str) -> (String, Vec<(u32, u32)>) {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut breaks = vec![(0, 0)];
    let mut rest = encoded.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let decoded = (*first == b'%').then(|| after.get(..2).and_then(hex_byte)).flatten();
        if let Some(byte) = decoded {
            bytes.push(byte);
            rest = &after[2..];
            breaks.push((offset(bytes.len()), offset(encoded.len() - rest.len())));
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    (text, breaks)
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// A text with everything percent-encoded but what RFC 3986 calls unreserved.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    out
}
