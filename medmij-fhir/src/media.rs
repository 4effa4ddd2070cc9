// SPDX-License-Identifier: AGPL-3.0-or-later
//! Media types as `Accept` and `Content-Type` carry them (RFC 9110 sections 5.6.6, 8.3 and 12.5.1).

use crate::version::FhirVersion;

/// One media range with the parameters that matter here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MediaRange {
    /// `type/subtype` in lower case.
    pub(crate) essence: String,
    /// The text of `fhirVersion`, when given.
    pub(crate) fhir_version: Option<String>,
    /// `q=0` says that the sender does not want it.
    pub(crate) refused: bool,
    /// `q`: how much the sender wants it, from 0 to 1.
    pub(crate) weight: f32,
}

impl MediaRange {
    /// Reads one media range; nothing comes out when it has no `type/subtype`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = split_outside_quotes(text, ';').into_iter();
        let essence = parts.next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if kind.is_empty() || subtype.is_empty() {
            return None;
        }
        let mut range = Self {
            essence,
            fhir_version: None,
            refused: false,
            weight: 1.0,
        };
        for parameter in parts {
            let Some((name, value)) = parameter.split_once('=') else {
                continue;
            };
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "fhirversion" => range.fhir_version = Some(value.to_owned()),
                "q" => {
                    range.weight = value.parse().unwrap_or(1.0);
                    range.refused = range.weight <= 0.0;
                }
                _ => {}
            }
        }
        Some(range)
    }

    /// Whether the essence is one of the names of FHIR JSON, the old one included.
    pub(crate) fn is_fhir_json(&self) -> bool {
        matches!(
            self.essence.as_str(),
            "application/fhir+json" | "application/json+fhir" | "application/json"
        )
    }

    /// Whether the essence is one of the names of FHIR XML.
    pub(crate) fn is_fhir_xml(&self) -> bool {
        matches!(self.essence.as_str(), "application/fhir+xml" | "application/xml+fhir")
    }

    /// Whether the essence is a name of XML that says nothing of FHIR; it was the name of FHIR XML once.
    pub(crate) fn is_plain_xml(&self) -> bool {
        matches!(self.essence.as_str(), "application/xml" | "text/xml")
    }

    /// Whether the range is silent about the version or names `version`.
    pub(crate) fn fits(&self, version: FhirVersion) -> bool {
        self.fhir_version
            .as_deref()
            .is_none_or(|text| FhirVersion::from_parameter(text) == Some(version))
    }
}

/// Reads a list of media ranges, as `Accept` holds them.
pub(crate) fn parse_list(text: &str) -> Vec<MediaRange> {
    split_outside_quotes(text, ',')
        .into_iter()
        .filter_map(MediaRange::parse)
        .collect()
}

fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c: char| {
        if c == '"' {
            quoted = !quoted;
        }
        c == separator && !quoted
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{MediaRange, parse_list};
    use crate::version::FhirVersion;

    #[test]
    fn parameters_are_read_whatever_their_case_and_quotes() {
        for text in [
            "application/fhir+json; fhirVersion=3.0",
            "Application/FHIR+json;charset=utf-8;fhirversion=\"3.0\"",
            "application/json+fhir ; FHIRVERSION = 3.0",
        ] {
            let range = MediaRange::parse(text).unwrap();
            assert!(range.is_fhir_json(), "{text}");
            assert!(range.fits(FhirVersion::Stu3), "{text}");
            assert!(!range.fits(FhirVersion::R4), "{text}");
        }
    }

    #[test]
    fn lists_split_outside_quotes() {
        let ranges = parse_list("text/html;x=\"a,b\", application/fhir+json;q=0, */*");
        assert_eq!(ranges.len(), 3);
        assert!(ranges[1].refused);
        assert_eq!((ranges[2].essence.as_str(), ranges[2].weight), ("*/*", 1.0));
        assert_eq!(MediaRange::parse("nonsense"), None);
    }
}
