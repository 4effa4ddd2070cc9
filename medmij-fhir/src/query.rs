// SPDX-License-Identifier: AGPL-3.0-or-later
//! A query of a gegevensdienst, and its form in a URL.
//!
//! core.rscint.203 — the token alone says whose data is asked. A [`Query`] therefore cannot hold a
//! parameter that names the Persoon, nor a BSN (case H14).

mod choices;
mod date;

use std::fmt;

use crate::bsn::parameter_holds_bsn;
use crate::name::{ResourceId, ResourceType};
use crate::value_error::FhirValueError;
pub use choices::Choices;
pub use date::SearchDate;

/// A `GET` on a ResourceEndpoint: a search, `$lastn`, or a read.
///
/// ```
/// use medmij_fhir::{Query, QueryError, ResourceType, Token};
///
/// let query = Query::last_n(ResourceType::parse("Observation")?)
///     .with_tokens("code", &[Token::new("http://loinc.org", "85354-9")])?;
/// assert_eq!(query.to_string(), "Observation/$lastn?code=http://loinc.org|85354-9");
/// assert_eq!(query.path_and_query(), "Observation/$lastn?code=http://loinc.org%7C85354-9");
///
/// // H14: the library refuses
/// let patient = Query::search(ResourceType::parse("Condition")?).with("patient", "1");
/// assert_eq!(patient, Err(QueryError::NamesThePersoon));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    resource_type: ResourceType,
    target: Target,
    parameters: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Target {
    Search,
    LastN,
    Read(ResourceId),
}

/// A token of a search parameter: a code, with its code system where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Token {
    system: Option<String>,
    code: String,
}

/// Why a query was refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// core.rscint.203: `patient`, `subject`, `owner` and the like, or a value that refers to a Patient.
    #[error("parameter names the Persoon: the token alone does that (core.rscint.203)")]
    NamesThePersoon,
    /// core.rscint.203, H14: the value holds a BSN.
    #[error("parameter value holds a BSN (core.rscint.203)")]
    Bsn,
    /// The name of a parameter has other characters than letters, digits and `_ - : .`, or none.
    #[error("parameter name is not a search parameter name")]
    ParameterName,
    /// A read has no parameters.
    #[error("a read takes no parameters")]
    ReadWithParameters,
    /// The value is empty or holds a control character.
    #[error("parameter value is empty or holds a control character")]
    ParameterValue,
    /// A resource type, an id or a date is malformed.
    #[error(transparent)]
    Value(#[from] FhirValueError),
    /// The gegevensdienst needs a choice that the caller did not make.
    #[error("query needs a choice: {0}")]
    MissingChoice(&'static str),
    /// A filter that no chosen query of the gegevensdienst has, or a value that it does not have.
    #[error("filter {0} is not one of the queries of this gegevensdienst, or has another value")]
    UnknownFilter(String),
    /// No query of the gegevensdienst has this label.
    #[error("gegevensdienst has no query {0:?}")]
    UnknownQuery(String),
}

impl Query {
    /// A search on a resource type.
    #[must_use]
    pub fn search(resource_type: ResourceType) -> Self {
        Self {
            resource_type,
            target: Target::Search,
            parameters: Vec::new(),
        }
    }

    /// The operation `$lastn`: the last of each code.
    #[must_use]
    pub fn last_n(resource_type: ResourceType) -> Self {
        Self {
            resource_type,
            target: Target::LastN,
            parameters: Vec::new(),
        }
    }

    /// A read of one resource.
    #[must_use]
    pub fn read(resource_type: ResourceType, id: ResourceId) -> Self {
        Self {
            resource_type,
            target: Target::Read(id),
            parameters: Vec::new(),
        }
    }

    /// Adds a parameter with its value as FHIR writes it, not percent-encoded.
    ///
    /// # Errors
    /// [`QueryError`]: the parameter names the Persoon, the value holds a BSN, or either is malformed.
    pub fn with(mut self, name: &str, value: &str) -> Result<Self, QueryError> {
        if matches!(self.target, Target::Read(_)) {
            return Err(QueryError::ReadWithParameters);
        }
        check_name(name)?;
        if names_the_persoon(&self.resource_type, name) {
            return Err(QueryError::NamesThePersoon);
        }
        if value_names_the_persoon(name, value) {
            return Err(QueryError::NamesThePersoon);
        }
        if value.is_empty() || value.chars().any(char::is_control) {
            return Err(QueryError::ParameterValue);
        }
        if parameter_holds_bsn(name, value) {
            return Err(QueryError::Bsn);
        }
        self.parameters.push((name.to_owned(), value.to_owned()));
        Ok(self)
    }

    /// Adds a token parameter; several tokens are alternatives.
    ///
    /// # Errors
    /// [`QueryError`], as [`Query::with`].
    pub fn with_tokens(self, name: &str, tokens: &[Token]) -> Result<Self, QueryError> {
        let value = tokens.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        self.with(name, &value)
    }

    /// Adds `_include`: `Type:parameter` or `Type:parameter:TargetType`.
    ///
    /// # Errors
    /// [`QueryError`], as [`Query::with`].
    pub fn with_include(self, include: &str) -> Result<Self, QueryError> {
        self.with("_include", include)
    }

    /// The resource type that is asked.
    #[must_use]
    pub fn resource_type(&self) -> &ResourceType {
        &self.resource_type
    }

    /// The parameters, in order, not percent-encoded.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Path and query relative to the ResourceEndpoint, percent-encoded: `|` is `%7C`.
    #[must_use]
    pub fn path_and_query(&self) -> String {
        let mut out = self.path();
        push_parameters(&mut out, self.parameters());
        out
    }

    fn path(&self) -> String {
        match &self.target {
            Target::Search => self.resource_type.to_string(),
            Target::LastN => format!("{}/$lastn", self.resource_type),
            Target::Read(id) => format!("{}/{id}", self.resource_type),
        }
    }
}

/// The readable form, not percent-encoded.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())?;
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            write!(f, "{}{name}={value}", if index == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

impl Token {
    /// A code of a code system.
    #[must_use]
    pub fn new(system: impl Into<String>, code: impl Into<String>) -> Self {
        Self {
            system: Some(system.into()),
            code: code.into(),
        }
    }

    /// A code of whatever system, such as a status.
    #[must_use]
    pub fn code(code: impl Into<String>) -> Self {
        Self {
            system: None,
            code: code.into(),
        }
    }
}

/// `system|code`, with `, | $ \` escaped by a backslash as FHIR section 3.1.1.4.3 says.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(system) = &self.system {
            write!(f, "{}|", escape(system))?;
        }
        f.write_str(&escape(&self.code))
    }
}

/// Writes `?name=value&…`.
pub(crate) fn push_parameters<'a>(out: &mut String, parameters: impl Iterator<Item = (&'a str, &'a str)>) {
    for (index, (name, value)) in parameters.enumerate() {
        out.push(if index == 0 { '?' } else { '&' });
        out.push_str(&percent_encode(name));
        out.push('=');
        out.push_str(&percent_encode(value));
    }
}

/// Whether a parameter of a search says whose data is asked, also as part of a chain or modifier.
pub(crate) fn names_the_persoon(resource_type: &ResourceType, name: &str) -> bool {
    let mut parts = name.split([':', '.']);
    let first = parts.clone().next().unwrap_or_default().to_ascii_lowercase();
    // `_include:recurse` and its like have values, not chains
    if first == "_include" || first == "_revinclude" {
        return false;
    }
    if first == "_has" || parts.any(|part| PERSOON.iter().any(|word| part.eq_ignore_ascii_case(word))) {
        return true;
    }
    resource_type.as_str() == "Patient" && !RESULT_PARAMETERS.contains(&first.as_str())
}

/// Whether a value refers to the Patient: `Patient/1`, also as one of several and as a URL. The id of a Patient can be
/// traced to the Persoon.
pub(crate) fn value_names_the_persoon(name: &str, value: &str) -> bool {
    let refers = |one: &str| !one.contains('|') && (one.starts_with("Patient/") || one.contains("/Patient/"));
    !name.starts_with('_') && value.split(',').any(refers)
}

fn check_name(name: &str) -> Result<(), QueryError> {
    let good = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':' | b'.'));
    if good && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        Ok(())
    } else {
        Err(QueryError::ParameterName)
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | ',' | '|' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// RFC 3986: everything but unreserved characters and `: / , $` is encoded; `|` is `%7C`, `+` is `%2B`, a
/// space is `%20`.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b',' | b'$') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

const PERSOON: [&str; 4] = ["patient", "subject", "beneficiary", "owner"];
const RESULT_PARAMETERS: [&str; 9] = [
    "_lastupdated",
    "_tag",
    "_include",
    "_revinclude",
    "_count",
    "_format",
    "_sort",
    "_summary",
    "_elements",
];

#[cfg(test)]
mod tests;
