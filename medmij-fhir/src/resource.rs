// SPDX-License-Identifier: AGPL-3.0-or-later
//! A FHIR resource is its bytes; types are views on it.
//!
//! No digit, unknown element or order is lost, because nothing is rebuilt: a decimal such as `1.50`
//! stays `1.50`. Users bring their own resource types and read them with [`Resource::view`].

use std::fmt;

use medmij_types::json::{Document, Value};
use serde::de::DeserializeOwned;

use crate::bsn::{self, BsnReport};
use crate::json::{self, JsonError};
use crate::limits::Limits;
use crate::name::{ResourceId, ResourceType};
use crate::text::{Text, Whole};

/// One resource: its exact JSON text, with type and id read from it.
///
/// `Debug` shows type and length only: the content is health data.
///
/// ```
/// use medmij_fhir::{Limits, Resource};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Weight { #[serde(rename = "valueQuantity")] quantity: Quantity }
/// #[derive(Deserialize)]
/// struct Quantity { value: f64 }
///
/// let text = r#"{"resourceType":"Observation","id":"gewicht-1","valueQuantity":{"value":81.50}}"#;
/// let resource = Resource::parse(text.as_bytes(), &Limits::default())?;
/// assert_eq!(resource.resource_type().as_str(), "Observation");
/// assert_eq!(resource.view::<Weight>()?.quantity.value, 81.5);
/// assert_eq!(resource.as_str(), text);
///
/// let refused = Resource::parse(br#"{"id":"gewicht-1"}"#, &Limits::default());
/// assert!(refused.is_err());
/// # Ok::<(), medmij_fhir::JsonError>(())
/// ```
#[derive(Clone)]
pub struct Resource {
    text: Text,
    resource_type: ResourceType,
    id: Option<ResourceId>,
}

impl Resource {
    /// Reads one resource from JSON. A byte order mark in front is left out.
    ///
    /// # Errors
    /// [`JsonError`] when the text is not strict JSON, exceeds the limits, or has no `resourceType`.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, JsonError> {
        let document = Document::parse(bytes, &limits.json())?;
        Self::read(&document, Whole::copied(&document))
    }

    /// Reads one resource of another party: every BSN is cut out before anything is made of it (core.rscint.203).
    ///
    /// # Errors
    /// As [`Resource::parse`]: [`JsonError`].
    pub fn parse_redacted(bytes: &[u8], limits: &Limits) -> Result<(Self, BsnReport), JsonError> {
        bsn::read_redacted(bytes, limits, Self::read)
    }

    /// The type: `Patient`, `Observation`.
    #[must_use]
    pub fn resource_type(&self) -> &ResourceType {
        &self.resource_type
    }

    /// The logical id, when there is one and it has the form of a FHIR id.
    #[must_use]
    pub fn id(&self) -> Option<&ResourceId> {
        self.id.as_ref()
    }

    /// The exact JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// The exact bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.as_str().as_bytes()
    }

    /// Reads the resource as a type of the caller.
    ///
    /// # Errors
    /// [`JsonError`] with the place; the words of the deserializer, which may quote health data, are dropped.
    pub fn view<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        json::read(self.as_str())
    }

    /// The same resource, with a text of its own: a resource of a page keeps the whole page in memory.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self {
            text: Text::of(self.as_str()),
            resource_type: self.resource_type.clone(),
            id: self.id.clone(),
        }
    }

    /// Takes the outermost value of a document.
    #[expect(clippy::needless_pass_by_value, reason = "the reader of a page takes it")]
    pub(crate) fn read(document: &Document<'_>, whole: Whole) -> Result<Self, JsonError> {
        Self::of(document.root(), &whole)
    }

    /// Takes a value of a document.
    pub(crate) fn of(value: Value<'_>, whole: &Whole) -> Result<Self, JsonError> {
        let (mut resource_type, mut id) = (None, None);
        for member in value.members() {
            if member.has_name("resourceType") {
                resource_type = member.as_str().and_then(|kind| ResourceType::parse(&kind).ok());
            } else if member.has_name("id") {
                id = member.as_str().and_then(|id| ResourceId::parse(&id).ok());
            } else {
                continue;
            }
            if resource_type.is_some() && id.is_some() {
                break;
            }
        }
        Ok(Self {
            text: whole.part(value),
            resource_type: resource_type.ok_or_else(|| json::shape(value.range().start))?,
            id,
        })
    }
}

/// Two resources are equal when their texts are.
impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Resource {}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resource({}, {} bytes)", self.resource_type, self.as_str().len())
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::Resource;
    use crate::limits::Limits;

    #[test]
    fn debug_and_errors_hold_no_content() {
        #[derive(Debug, Deserialize)]
        struct Wrong {
            #[serde(rename = "gender")]
            _gender: u8,
        }
        let text = br#"{"resourceType":"Patient","id":"p1","gender":"geheim"}"#;
        let resource = Resource::parse(text, &Limits::default()).unwrap();
        assert_eq!(format!("{resource:?}"), "Resource(Patient, 54 bytes)");
        let error = resource.view::<Wrong>().unwrap_err();
        assert!(!format!("{error:?} {error}").contains("geheim"));
    }

    #[test]
    fn an_id_that_is_no_fhir_id_is_not_an_id() {
        for id in [r#""a b""#, r#""""#, "7", "null"] {
            let text = format!(r#"{{"resourceType":"Flag","id":{id}}}"#);
            assert_eq!(Resource::parse(text.as_bytes(), &Limits::default()).unwrap().id(), None);
        }
    }

    #[test]
    fn f3_a_body_past_the_limit_is_refused() {
        let limits = Limits {
            body: 10,
            ..Limits::default()
        };
        assert!(Resource::parse(br#"{"resourceType":"Flag"}"#, &limits).is_err());
    }
}
