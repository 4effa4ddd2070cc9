// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — a log line that is read back.

use std::fmt;

use chrono::{DateTime, FixedOffset};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, error::Category};

/// The objects of a line that was read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadLine {
    objects: Map<String, Value>,
}

/// A line could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The line is not JSON.
    #[error("the line is not JSON")]
    NotJson,
    /// The line is JSON, but not an object of objects.
    #[error("the line is not an object of objects")]
    NotObjects,
    /// An object of the line names a member twice.
    #[error("the line names a member twice")]
    Twice,
    /// The line is not UTF-8.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// The line is longer than 1 MiB.
    #[error("the line is longer than 1 MiB")]
    TooLong,
    /// The file ends within the array of a batch.
    #[error("the file ends within the batch")]
    Cut,
}

impl ReadLine {
    /// Reads a line.
    ///
    /// # Errors
    /// [`LineError::NotJson`], [`LineError::NotObjects`] and [`LineError::Twice`].
    pub fn parse(line: &str) -> Result<Self, LineError> {
        let value = serde_json::from_str(line).map_err(|error| match error.classify() {
            Category::Data => LineError::Twice,
            _ => LineError::NotJson,
        });
        let Unique(value) = value?;
        match value {
            Value::Object(objects) if objects.values().all(Value::is_object) => Ok(Self { objects }),
            _ => Err(LineError::NotObjects),
        }
    }

    /// A member by its path, such as `event.type`, if it is text.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.value(path)?.as_str()
    }

    /// A member by its path, such as `response.status`.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<&Value> {
        let (object, member) = path.split_once('.')?;
        self.objects.get(object)?.get(member)
    }

    /// `event.datetime`, where it is a time with an offset.
    #[must_use]
    pub fn at(&self) -> Option<DateTime<FixedOffset>> {
        DateTime::parse_from_rfc3339(self.text("event.datetime")?).ok()
    }

    /// `response.status`.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        u16::try_from(self.value("response.status")?.as_u64()?).ok()
    }

    /// The id of the request that the event speaks of: `request.id`, or the id in the answer under either name.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.text("request.id")
            .or_else(|| self.text("response.request_id"))
            .or_else(|| self.text("response.id"))
    }

    /// The names of all members, as paths.
    pub fn paths(&self) -> impl Iterator<Item = String> + '_ {
        self.objects.iter().flat_map(|(name, object)| {
            object
                .as_object()
                .into_iter()
                .flat_map(move |members| members.keys().map(move |m| format!("{name}.{m}")))
        })
    }
}

/// A value of JSON in which no object names a member twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = from.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Unique(value))) = from.next_entry::<String, _>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member twice"));
            }
        }
        Ok(members.into())
    }
}
