// SPDX-License-Identifier: AGPL-3.0-or-later
//! One entry of a Bundle, with everything that is in it.

use std::fmt;

use medmij_types::json::{Kind, Value};
use serde::de::DeserializeOwned;

use super::{BundleRule, Faults, SearchMode};
use crate::json::{self, JsonError};
use crate::resource::Resource;
use crate::text::{Text, Whole};

/// One entry of a Bundle: its exact text, with views.
///
/// ```
/// use medmij_fhir::{Bundle, Limits};
///
/// let answer = br#"{"resourceType":"Bundle","type":"transaction-response","entry":[
///   {"response":{"status":"201 Created","location":"Task/7/_history/1","etag":"W/\"1\""}}]}"#;
/// let bundle = Bundle::parse(answer, &Limits::default())?;
/// let response = bundle.entries()[0].response().ok_or("no response")?;
/// assert_eq!(response.code(), Some(201));
/// assert_eq!(response.location.as_deref(), Some("Task/7/_history/1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BundleEntry {
    text: Text,
    full_url: Option<String>,
    resource: Option<Resource>,
    mode: Option<SearchMode>,
    request: Option<EntryRequest>,
    response: Option<EntryResponse>,
}

/// What a transaction or batch asks for one entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EntryRequest {
    /// The HTTP method, as written: `POST`, `PUT`.
    pub method: String,
    /// The URL, relative to the base: `Observation`.
    pub url: String,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<String>,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `If-None-Exist`.
    pub if_none_exist: Option<String>,
}

impl EntryRequest {
    /// A request without conditions.
    #[must_use]
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            ..Self::default()
        }
    }
}

/// What became of one entry of a transaction or batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EntryResponse {
    /// The status line, as written: `201 Created`.
    pub status: String,
    /// Where the resource is now.
    pub location: Option<String>,
    /// Its version.
    pub etag: Option<String>,
    /// When it was changed.
    pub last_modified: Option<String>,
    /// What the server says about it.
    pub outcome: Option<Resource>,
}

impl EntryResponse {
    /// The status code; none where the status does not begin with three digits.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        let code = self.status.get(..3)?;
        let rest = self.status.get(3..)?;
        let alone = !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        code.parse()
            .ok()
            .filter(|_| alone && code.bytes().all(|b| b.is_ascii_digit()))
    }
}

impl BundleEntry {
    /// Absolute identity of the resource.
    #[must_use]
    pub fn full_url(&self) -> Option<&str> {
        self.full_url.as_deref()
    }

    /// The resource; absent in answers to writes without a body.
    #[must_use]
    pub const fn resource(&self) -> Option<&Resource> {
        self.resource.as_ref()
    }

    /// The resource.
    #[must_use]
    pub fn into_resource(self) -> Option<Resource> {
        self.resource
    }

    /// Why it is here, in search results.
    #[must_use]
    pub const fn mode(&self) -> Option<SearchMode> {
        self.mode
    }

    /// What a transaction or batch asks.
    #[must_use]
    pub const fn request(&self) -> Option<&EntryRequest> {
        self.request.as_ref()
    }

    /// What became of it, in the answer to a transaction or batch.
    #[must_use]
    pub const fn response(&self) -> Option<&EntryResponse> {
        self.response.as_ref()
    }

    /// The exact JSON text, with all that has no accessor: links, score, extensions.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Reads the entry as a type of the caller.
    ///
    /// # Errors
    /// [`JsonError`] with the place; the words of the deserializer, which may quote health data, are dropped.
    pub fn view<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        json::read(self.as_str())
    }

    pub(super) fn read(index: usize, entry: Value<'_>, whole: &Whole, faults: &mut Faults) -> Option<Self> {
        if entry.kind() != Kind::Object {
            faults.when(true, BundleRule::Entry, || format!("entry[{index}]"));
            return None;
        }
        let mut read = Self {
            text: whole.part(entry),
            full_url: None,
            resource: None,
            mode: None,
            request: None,
            response: None,
        };
        for member in entry.members() {
            match member.name().unwrap_or_default().as_ref() {
                "fullUrl" => read.full_url = text(member),
                "resource" => {
                    read.resource = Resource::of(member, whole).ok();
                    let wrong = read.resource.is_none();
                    faults.when(wrong, BundleRule::Resource, || format!("entry[{index}].resource"));
                }
                "search" => {
                    let mode = member.member("mode");
                    let known = mode.and_then(|mode| SearchMode::parse(&mode.as_str()?));
                    read.mode = known.map(|(mode, _)| mode);
                    let wrong = mode.is_some() && !known.is_some_and(|(_, exact)| exact);
                    faults.when(wrong, BundleRule::Mode, || format!("entry[{index}].search.mode"));
                }
                "request" => {
                    let of = |name| member.member(name).and_then(text);
                    read.request = Some(EntryRequest {
                        method: of("method").unwrap_or_default(),
                        url: of("url").unwrap_or_default(),
                        if_none_match: of("ifNoneMatch"),
                        if_modified_since: of("ifModifiedSince"),
                        if_match: of("ifMatch"),
                        if_none_exist: of("ifNoneExist"),
                    });
                }
                "response" => {
                    let of = |name| member.member(name).and_then(text);
                    let outcome = member.member("outcome");
                    read.response = Some(EntryResponse {
                        status: of("status").unwrap_or_default(),
                        location: of("location"),
                        etag: of("etag"),
                        last_modified: of("lastModified"),
                        outcome: outcome.and_then(|outcome| Resource::of(outcome, whole).ok()),
                    });
                }
                _ => {}
            }
        }
        Some(read)
    }
}

/// Two entries are equal when their texts are.
impl PartialEq for BundleEntry {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for BundleEntry {}

/// The content is health data and is not shown.
impl fmt::Debug for BundleEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BundleEntry({:?}, {:?})", self.resource, self.mode)
    }
}

fn text(value: Value<'_>) -> Option<String> {
    value.as_str().map(std::borrow::Cow::into_owned)
}
