//! Numbers, literals, and words that should have been strings.

use std::borrow::Cow;

use super::{super::print, Cause, Edit, Reader, Repair, Value, string};

impl<'a> Reader<'a> {
    /// Reads a value that is neither bracketed nor in straight double quotes. Consumes nothing where none begins.
    pub(super) fn scalar(&mut self) -> Value<'a> {
        let start = self.at;
        if let Some(text) = self.loosely_quoted() {
            return Value::String(text);
        }
        let word = self.word(false);
        match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "" | "null" => Value::Null,
            "True" => self.python(start, word, "true", Value::Bool(true)),
            "False" => self.python(start, word, "false", Value::Bool(false)),
            "None" => self.python(start, word, "null", Value::Null),
            _ if is_number(word) => Value::Number(Cow::Borrowed(word)),
            _ if word.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'))
                && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'))
                && word.contains(|c: char| c.is_ascii_digit())
                && !is_date(word) =>
            {
                self.fault(Cause::Number(word.to_owned()), self.span(start, self.at), None);
                Value::Number(Cow::Borrowed(word))
            }
            _ => self.bare_word(start, word),
        }
    }

    /// A name that is not in straight double quotes.
    pub(super) fn loose_name(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at;
        if let Some(text) = self.loosely_quoted() {
            return Some(text);
        }
        let word = self.word(true);
        if word.is_empty() {
            return None;
        }
        let place = self.span(start, self.at);
        let edits = vec![Edit::replace(place, print::quoted(word))];
        self.shared_fault(Cause::BareName, place, "put the names in quotes", edits);
        Some(Cow::Borrowed(word))
    }

    /// Takes characters up to a blank or a mark of JSON. In a value, colons and slashes belong to the word (an ARN).
    fn word(&mut self, name: bool) -> &'a str {
        let rest = &self.text[self.at..self.end];
        let ends = |character: char| match character {
            ',' | '{' | '}' | '[' | ']' | '"' | '\'' => true,
            ':' => name,
            other => other.is_whitespace() || other.is_control() || string::is_curly(other),
        };
        let length = rest.find(ends).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn python(&mut self, start: usize, word: &str, json: &str, value: Value<'a>) -> Value<'a> {
        let place = self.span(start, self.at);
        let edits = vec![Edit::replace(place, json)];
        self.shared_fault(Cause::PythonLiteral(word.to_owned()), place, &format!("write `{json}`"), edits);
        value
    }

    fn bare_word(&mut self, start: usize, word: &'a str) -> Value<'a> {
        let place = self.span(start, self.at);
        let edits = vec![Edit::before(place, "\""), Edit::after(place, "\"")];
        let repair =
            (!word.contains('\\')).then(|| Repair { title: "put it in quotes".to_owned(), safe: false, edits });
        self.fault(Cause::BareWord(word.to_owned()), place, repair);
        Value::String(Cow::Borrowed(word))
    }
}

/// Whether a word is a day such as `2012-10-17`, which is meant as a string.
fn is_date(word: &str) -> bool {
    word.len() == 10 && word.split('-').map(str::len).eq([4, 2, 2])
}

/// Whether a text is a number by the grammar of RFC 8259.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return false;
    }
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let length = digits(exponent);
        return length > 0 && length == exponent.len();
    }
    rest.is_empty()
}
