//! Answers as the AWS CLI writes them: members in the order of the service's model, four blanks a level, policy documents of
//! IAM as objects, dates in ISO 8601.
//!
//! Source: AWS CLI User Guide, "Setting the AWS CLI output format"; AWS CLI version 2, `cli_timestamp_format`.

use std::{borrow::Cow, collections::HashMap, fmt};

use aws_sdk_iam::primitives::DateTime;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeSeq},
};

use crate::{calendar, source::percent_decoded};

/// A value of JSON whose members keep their order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(Cow<'static, str>, Json)>),
}

impl Json {
    /// The text of the file.
    pub(super) fn written(&self) -> String {
        let mut bytes = Vec::new();
        let layout = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        // Strings, numbers and lists are written to memory: nothing of it fails.
        let _ = self.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, layout));
        bytes.push(b'\n');
        String::from_utf8(bytes).unwrap_or_default()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn items(&self, name: &str) -> &[Self] {
        match self.get(name) {
            Some(Self::List(items)) => items,
            _ => &[],
        }
    }

    /// The strings of a list.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let texts = self.items(name).iter().filter_map(|item| match item {
            Self::Text(text) => Some(text.clone()),
            _ => None,
        });
        texts.collect()
    }
}

/// What an answer holds, as JSON; `None` where the answer lacks it.
pub(super) trait ToJson {
    fn json(&self) -> Option<Json>;
}

/// An object in the making.
#[derive(Default)]
pub(super) struct Shape(Vec<(Cow<'static, str>, Json)>);

impl Shape {
    /// Adds a member, where the answer has it.
    pub(super) fn with(mut self, name: &'static str, value: &impl ToJson) -> Self {
        self.0.extend(value.json().map(|value| (Cow::Borrowed(name), value)));
        self
    }

    pub(super) fn done(self) -> Json {
        Json::Object(self.0)
    }
}

impl ToJson for Json {
    fn json(&self) -> Option<Json> {
        Some(self.clone())
    }
}

impl ToJson for String {
    fn json(&self) -> Option<Json> {
        Some(Json::Text(self.clone()))
    }
}

impl ToJson for bool {
    fn json(&self) -> Option<Json> {
        Some(Json::Bool(*self))
    }
}

impl ToJson for i32 {
    fn json(&self) -> Option<Json> {
        Some(Json::Number((*self).into()))
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn json(&self) -> Option<Json> {
        self.as_ref().and_then(ToJson::json)
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn json(&self) -> Option<Json> {
        Some(Json::List(self.iter().filter_map(ToJson::json).collect()))
    }
}

/// A map comes in no order: by name.
impl ToJson for HashMap<String, String> {
    fn json(&self) -> Option<Json> {
        let member = |(name, value): (&String, &String)| (Cow::Owned(name.clone()), Json::Text(value.clone()));
        let mut members: Vec<(Cow<'static, str>, Json)> = self.iter().map(member).collect();
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        Some(Json::Object(members))
    }
}

/// Implements [`ToJson`] for words of a fixed list.
macro_rules! words {
    ($($name:path),* $(,)?) => {
        $(impl $crate::live::json::ToJson for $name {
            fn json(&self) -> Option<$crate::live::json::Json> {
                Some($crate::live::json::Json::Text(self.as_str().to_owned()))
            }
        })*
    };
}
pub(super) use words;

impl ToJson for DateTime {
    fn json(&self) -> Option<Json> {
        // KMS tells seconds as floating-point numbers, of which the last digits are noise.
        let micros = i64::from(self.subsec_nanos() + 500) / 1000;
        let (seconds, micros) = (self.secs() + micros / 1_000_000, micros % 1_000_000);
        let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
        Some(Json::Text(format!("{}{fraction}+00:00", calendar::second(seconds))))
    }
}

/// A policy document in an answer of IAM, percent-encoded (RFC 3986, in which `+` is no blank) or not.
///
/// Source: IAM API Reference, `GetRolePolicy` and `GetPolicyVersion`.
pub(super) struct Document<'d>(pub(super) Option<&'d str>);

impl ToJson for Document<'_> {
    fn json(&self) -> Option<Json> {
        let text = self.0?;
        let is_plain = text.trim_start().starts_with('{');
        let plain = if is_plain { text.to_owned() } else { percent_decoded(text).0 };
        let read = serde_json::from_str(&plain).ok();
        // What is no JSON stays as it came, as the AWS CLI leaves it.
        Some(read.unwrap_or_else(|| Json::Text(text.to_owned())))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Number(value) => value.serialize(to),
            Self::Text(value) => to.serialize_str(value),
            Self::List(items) => {
                let mut list = to.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Self::Object(members) => {
                let mut map = to.serialize_map(Some(members.len()))?;
                members.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Json;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = from.next_entry::<String, Json>()? {
            members.push((Cow::Owned(name), value));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Json {
        Document(Some(text)).json().unwrap()
    }

    #[test]
    fn a_document_is_read_percent_encoded_or_not() {
        let raw = read("{\"Sid\":\"100% + more\"}");
        assert_eq!(raw.text("Sid"), Some("100% + more"));
        assert_eq!(read("%7B%22Sid%22%3A%22100%25%20+%20more%22%7D"), raw, "a plus is a plus");
        assert_eq!(read(" \n{\"Sid\":\"100% + more\"}"), raw);
    }

    #[test]
    fn what_is_no_document_stays_as_it_came() {
        for text in ["%7Bnot%20json", "%ZZ", "%", "{not json", ""] {
            assert_eq!(read(text), Json::Text(text.to_owned()));
        }
    }

    #[test]
    fn members_keep_their_order_and_dates_are_as_the_aws_cli_writes_them() {
        let date = DateTime::from_secs_and_nanos(1_772_841_600, 250_000_000);
        let shape =
            Shape::default().with("Version", &"2012-10-17".to_owned()).with("Date", &date).with("Id", &None::<bool>);
        let written = shape.with("Empty", &Vec::<String>::new()).done().written();
        let wanted = "{\n    \"Version\": \"2012-10-17\",\n    \"Date\": \"2026-03-07T00:00:00.250000+00:00\",\n    \"Empty\": []\n}\n";
        assert_eq!(written, wanted);
    }
}
