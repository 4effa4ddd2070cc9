// SPDX-License-Identifier: AGPL-3.0-or-later
//! `Accept`, `_format`, `Content-Type` and `Prefer`: the form of an answer and of a body (case H11).

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};

use super::refusal::Refusal;
use super::search::{Parameters, Unknown};
use crate::media::{self, MediaRange};
use crate::version::FhirVersion;

/// RFC 7240.
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Xml,
    /// What the resource itself is: of a Binary its document, otherwise FHIR JSON.
    Native,
}

/// The document of a Binary, when its type is named in `Accept`.
pub(super) struct Accepted {
    pub(super) format: Format,
    /// How much that form is wanted; nothing where only others are.
    weight: Option<f32>,
    /// Types that are no FHIR: `application/pdf`.
    others: Vec<MediaRange>,
}

impl Accepted {
    /// Whether a document of this type is an answer.
    pub(super) fn takes(&self, content_type: &str) -> bool {
        self.wants(content_type).is_some()
    }

    /// Whether a document of this type is rather an answer than its resource.
    pub(super) fn prefers(&self, content_type: &str) -> bool {
        let wants = self.wants(content_type);
        self.format == Format::Native || wants.zip(self.weight).is_some_and(|(document, fhir)| document > fhir)
    }

    /// How much a document of this type is wanted.
    fn wants(&self, content_type: &str) -> Option<f32> {
        let essence = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let main = essence.split('/').next().unwrap_or_default();
        let fits = |range: &MediaRange| range.essence == essence || range.essence == format!("{main}/*");
        let fitting = self.others.iter().filter(|range| !range.refused && fits(range));
        fitting.map(|range| range.weight).reduce(f32::max)
    }

    /// Whether only a document of another type is asked.
    pub(super) fn only_others(&self) -> bool {
        self.weight.is_none()
    }
}

/// The form that is asked: by `_format`, or else by `Accept`. Foreign bytes in `Accept` are no reason to refuse.
pub(super) fn accepted(
    headers: &HeaderMap,
    parameters: &Parameters,
    version: FhirVersion,
) -> Result<Accepted, Refusal> {
    if let Some(value) = parameters.value("_format") {
        let format = by_name(value, version)?;
        return Ok(Accepted {
            format,
            weight: Some(1.0),
            others: Vec::new(),
        });
    }
    let mut ranges = Vec::new();
    for value in headers.get_all(ACCEPT) {
        ranges.extend(media::parse_list(&String::from_utf8_lossy(value.as_bytes())));
    }
    let said = headers
        .get_all(ACCEPT)
        .iter()
        .any(|value| !value.as_bytes().trim_ascii().is_empty());
    if ranges.is_empty() && !said {
        return Ok(Accepted {
            format: Format::Native,
            weight: Some(1.0),
            others: Vec::new(),
        });
    }
    let mut wrong_version = false;
    let mut others = Vec::new();
    let mut best: Option<(f32, Format)> = None;
    for range in ranges {
        let format = match range.essence.as_str() {
            "*/*" => Format::Native,
            "application/*" => Format::Json,
            _ if range.is_fhir_json() => Format::Json,
            _ if is_xml(&range.essence) => Format::Xml,
            _ => {
                others.push(range);
                continue;
            }
        };
        if range.refused {
            continue;
        }
        if !range.fits(version) {
            wrong_version = true;
            continue;
        }
        if best.is_none_or(|(weight, _)| range.weight > weight) {
            best = Some((range.weight, format));
        }
    }
    match best {
        Some((weight, format)) => Ok(Accepted {
            format,
            weight: Some(weight),
            others,
        }),
        None if wrong_version => Err(Refusal::FhirVersion),
        None if others.iter().any(|range| !range.refused) => Ok(Accepted {
            format: Format::Native,
            weight: None,
            others,
        }),
        None => Err(Refusal::NotAcceptable),
    }
}

fn by_name(value: &str, version: FhirVersion) -> Result<Format, Refusal> {
    match value {
        "json" => return Ok(Format::Json),
        "xml" => return Ok(Format::Xml),
        _ => {}
    }
    // in a query a plus sign may have been left unencoded, and read as a space
    let range = MediaRange::parse(&value.replacen(' ', "+", 1)).ok_or(Refusal::NotAcceptable)?;
    if !range.fits(version) {
        return Err(Refusal::FhirVersion);
    }
    if range.is_fhir_json() {
        Ok(Format::Json)
    } else if is_xml(&range.essence) {
        Ok(Format::Xml)
    } else {
        Err(Refusal::NotAcceptable)
    }
}

fn is_xml(essence: &str) -> bool {
    matches!(
        essence,
        "application/fhir+xml" | "application/xml+fhir" | "application/xml" | "text/xml"
    )
}

/// The form of a body.
pub(super) fn body_format(headers: &HeaderMap, version: FhirVersion) -> Result<Format, Refusal> {
    let value = headers.get(CONTENT_TYPE).ok_or(Refusal::ContentType)?;
    let range = MediaRange::parse(&String::from_utf8_lossy(value.as_bytes())).ok_or(Refusal::ContentType)?;
    if !range.fits(version) {
        return Err(Refusal::FhirVersion);
    }
    if range.is_fhir_json() {
        Ok(Format::Json)
    } else if is_xml(&range.essence) {
        Ok(Format::Xml)
    } else {
        Err(Refusal::ContentType)
    }
}

/// `Prefer: handling=lenient` or `strict`, before the policy of the server.
pub(super) fn handling(headers: &HeaderMap, policy: Unknown) -> Unknown {
    if prefers(headers, "handling=lenient") {
        Unknown::Ignore
    } else if prefers(headers, "handling=strict") {
        Unknown::Refuse
    } else {
        policy
    }
}

/// Whether a preference is given, whatever its case and quotes.
pub(super) fn prefers(headers: &HeaderMap, wanted: &str) -> bool {
    headers.get_all(PREFER).iter().any(|value| {
        let text = String::from_utf8_lossy(value.as_bytes())
            .to_ascii_lowercase()
            .replace(['"', ' '], "");
        text.split([',', ';'])
            .any(|preference| preference == wanted.to_ascii_lowercase())
    })
}
