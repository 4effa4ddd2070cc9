// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 8259 section 4 — JSON answers of another party, read strictly: at most 64 KiB, 16 levels, no key twice.

use std::{collections::BTreeMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// A JSON value in which no object has a key twice, at any level.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number that is a whole number of 0 or more.
    Unsigned(u64),
    /// Any other number.
    Number(f64),
    /// A text.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(BTreeMap<String, Self>),
}

impl Json {
    /// The largest document that is read, in bytes.
    pub const MAX_LEN: usize = 64 * 1024;
    /// The deepest nesting that is read.
    pub const MAX_DEPTH: usize = 16;

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// See [`JsonError`]. The error holds nothing of the document, which may contain a token.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(JsonError::TooLong);
        }
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Strict { depth: Self::MAX_DEPTH }
            .deserialize(&mut reader)
            .map_err(|e| JsonError::at(&e))?;
        reader.end().map_err(|e| JsonError::at(&e))?;
        Ok(value)
    }

    /// The members, where this is an object.
    #[must_use]
    pub fn into_object(self) -> Option<BTreeMap<String, Self>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The text, where this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Debug for Json {
    /// The kind only: the value can be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool",
            Self::Unsigned(_) | Self::Number(_) => "Number",
            Self::String(_) => "String",
            Self::Array(_) => "Array",
            Self::Object(_) => "Object",
        })
    }
}

/// Why a document cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// More than [`Json::MAX_LEN`] bytes.
    #[error("json is longer than 64 KiB")]
    TooLong,
    /// Not JSON, too deep, or a key that stands twice.
    #[error("json cannot be read: line {line} column {column}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
}

impl JsonError {
    fn at(error: &serde_json::Error) -> Self {
        Self::Syntax {
            line: error.line(),
            column: error.column(),
        }
    }
}

struct Strict {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Strict {
    fn deeper<E: serde::de::Error>(&self) -> Result<Self, E> {
        self.depth
            .checked_sub(1)
            .map(|depth| Self { depth })
            .ok_or_else(|| E::custom("nested too deep"))
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("json")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Unsigned(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "a negative whole number is never used here")]
    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.deeper()?)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(self.deeper()?)?;
            if members.insert(key, value).is_some() {
                return Err(A::Error::custom("key stands twice"));
            }
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c4_refuses_duplicates_depth_and_length() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"x":{"a":1,"a":1}}"#,
            r#"{"access_token":"x"} {}"#,
            r#"{"a":1,}"#,
            "",
            "{",
            "\u{feff}{}",
            "[NaN]",
        ] {
            assert!(
                matches!(Json::parse(text.as_bytes()), Err(JsonError::Syntax { .. })),
                "{text}"
            );
        }
        let deep = format!("{}1{}", "[".repeat(17), "]".repeat(17));
        assert!(Json::parse(deep.as_bytes()).is_err());
        let deep = format!("{}1{}", "[".repeat(16), "]".repeat(16));
        assert!(Json::parse(deep.as_bytes()).is_ok());
        assert_eq!(Json::parse(&vec![b' '; 65_537]), Err(JsonError::TooLong));
        assert!(Json::parse(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn reads_an_object() {
        let members = Json::parse(br#"{"a":"x","n":900,"f":9e2,"z":null}"#)
            .unwrap()
            .into_object()
            .unwrap();
        assert_eq!(members.get("a").and_then(Json::as_str), Some("x"));
        assert_eq!(members.get("n"), Some(&Json::Unsigned(900)));
        assert_eq!(members.get("f"), Some(&Json::Number(900.0)));
    }
}
