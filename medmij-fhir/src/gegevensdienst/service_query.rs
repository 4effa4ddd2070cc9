// SPDX-License-Identifier: AGPL-3.0-or-later
//! One query of a gegevensdienst, as a template that the choices of a caller fill.

use medmij_types::Systeemrolcode;

use super::Mark;
use crate::name::ResourceType;
use crate::query::{Choices, Query, QueryError};
use crate::value_error::FhirValueError;

/// A query of a gegevensdienst: a target with placeholders, relative to the ResourceEndpoint.
///
/// Placeholders: `{T}`, `{T-14M}`, `{T-30D}` for days counted from today; `{from}`, `{to}`, `{code}` for
/// what the caller chooses; `{id}` for ids of an earlier answer; `{search_tag}`.
///
/// ```
/// use medmij_fhir::{Choices, SearchDate, ServiceQuery};
///
/// let query = ServiceQuery::new("Afspraken", "Appointment?date=ge{from}")?;
/// assert!(query.needs_dates());
/// let choices = Choices::default().from(SearchDate::parse("2026-11-01")?);
/// assert_eq!(query.query(&choices)?.to_string(), "Appointment?date=ge2026-11-01");
/// assert!(ServiceQuery::new("Fout", "appointment").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceQuery {
    pub(crate) label: String,
    pub(crate) method: QueryMethod,
    pub(crate) shape: Shape,
    pub(crate) target: String,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) systeemrol: Option<Systeemrolcode>,
    pub(crate) optional: bool,
    pub(crate) replaces: Option<String>,
    pub(crate) after: Option<ResourceType>,
    pub(crate) follow_up: Option<FollowUp>,
    pub(crate) choices: Vec<(String, Vec<String>)>,
    pub(crate) filters: Vec<String>,
    pub(crate) filters_last: bool,
    pub(crate) accept: Option<String>,
    pub(crate) mark: Option<Mark>,
    pub(crate) source: Option<String>,
    pub(crate) note: Option<String>,
}

/// How a query travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueryMethod {
    /// A search or a read.
    Get,
    /// Not by a DVP: the system of a module changes a status.
    Patch,
}

/// What in an earlier answer leads to a read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FollowUp {
    /// `DocumentReference.content.attachment.url`.
    Attachment,
    /// `DocumentManifest.content.pReference`.
    Manifest,
    /// The Questionnaire of `Task.input`.
    TaskInput,
    /// Literal references of resources of this type, those in extensions included.
    References(ResourceType),
    /// Retrieve URLs in a manifest of images; catalogue only.
    Images,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    Search(ResourceType),
    LastN(ResourceType),
    Read(ResourceType),
    Link,
}

impl ServiceQuery {
    /// A query of the standard set.
    ///
    /// # Errors
    /// [`FhirValueError::Target`] when the target is not `Type`, `Type/$lastn` or `Type/{id}` with parameters, nor one of
    /// the link placeholders.
    pub fn new(label: impl Into<String>, target: &str) -> Result<Self, FhirValueError> {
        let wrong = || FhirValueError::Target(crate::outcome::printable(target, 200));
        let (path, parameters) = target
            .split_once('?')
            .map_or((target, None), |(path, rest)| (path, Some(rest)));
        let resource_type = |text: &str| ResourceType::parse(text).map_err(|_| wrong());
        let shape = match path.split_once('/') {
            _ if path.starts_with('{') => Shape::Link,
            None => Shape::Search(resource_type(path)?),
            Some((name, "$lastn")) => Shape::LastN(resource_type(name)?),
            Some((name, "{id}")) => Shape::Read(resource_type(name)?),
            Some(_) => return Err(wrong()),
        };
        let mut pairs = Vec::new();
        for pair in parameters.into_iter().flat_map(|text| text.split('&')) {
            let (name, value) = pair.split_once('=').ok_or_else(wrong)?;
            pairs.push((name.to_owned(), value.to_owned()));
        }
        if matches!(shape, Shape::Read(_) | Shape::Link) && !pairs.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            label: label.into(),
            method: QueryMethod::Get,
            shape,
            target: target.to_owned(),
            parameters: pairs,
            systeemrol: None,
            optional: false,
            replaces: None,
            after: None,
            follow_up: None,
            choices: Vec::new(),
            filters: Vec::new(),
            filters_last: false,
            accept: None,
            mark: None,
            source: None,
            note: None,
        })
    }

    /// Says whose ResourceEndpoint answers it.
    #[must_use]
    pub fn with_systeemrol(mut self, code: Systeemrolcode) -> Self {
        self.systeemrol = Some(code);
        self
    }

    /// Adds a filter that a caller may choose.
    #[must_use]
    pub fn with_filter(mut self, name: impl Into<String>) -> Self {
        self.filters.push(name.into());
        self
    }

    /// What the query asks, in Dutch, for progress and reports.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The target with its placeholders, not percent-encoded.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// How it travels.
    #[must_use]
    pub fn method(&self) -> QueryMethod {
        self.method
    }

    /// The resource type that is asked; `None` for a link.
    #[must_use]
    pub fn resource_type(&self) -> Option<&ResourceType> {
        match &self.shape {
            Shape::Search(name) | Shape::LastN(name) | Shape::Read(name) => Some(name),
            Shape::Link => None,
        }
    }

    /// The systeemrol whose ResourceEndpoint answers it, where that is not the only one of the service.
    #[must_use]
    pub fn systeemrol(&self) -> Option<&Systeemrolcode> {
        self.systeemrol.as_ref()
    }

    /// Whether it is allowed and qualified, but not part of the standard set.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// The label of the query in whose place it comes when the caller gives what it needs.
    #[must_use]
    pub fn replaces(&self) -> Option<&str> {
        self.replaces.as_deref()
    }

    /// The resource type whose ids it needs, when it is a second step.
    #[must_use]
    pub fn after(&self) -> Option<&ResourceType> {
        self.after.as_ref()
    }

    /// What in an earlier answer leads to it, when it is a read that follows.
    #[must_use]
    pub fn follow_up(&self) -> Option<&FollowUp> {
        self.follow_up.as_ref()
    }

    /// The filters that a caller may choose.
    pub fn filters(&self) -> impl Iterator<Item = &str> {
        let chosen = self.choices.iter().map(|(name, _)| name.as_str());
        chosen.chain(self.filters.iter().map(String::as_str))
    }

    /// The media type to accept, where it is not FHIR.
    #[must_use]
    pub fn accept(&self) -> Option<&str> {
        self.accept.as_deref()
    }

    /// How well it is known, where that differs from the service.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        self.mark
    }

    /// Where it was read, where that differs from the service.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// What else there is to know.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether it needs a date: today, or the start of a period.
    #[must_use]
    pub fn needs_dates(&self) -> bool {
        let dated = |value: &str| value.contains("{T") || value.contains("{from}") || value.contains("{to}");
        self.parameters.iter().any(|(_, value)| dated(value))
    }

    /// Fills the template.
    ///
    /// # Errors
    /// [`QueryError::MissingChoice`] when a placeholder has no value; what [`Query::with`] refuses.
    pub fn query(&self, choices: &Choices) -> Result<Query, QueryError> {
        self.build(choices, None)
    }

    /// Whether it is sent by itself, and not because of an element of an earlier answer.
    pub(crate) fn is_request(&self) -> bool {
        self.follow_up.is_none() && self.method == QueryMethod::Get && self.shape != Shape::Link
    }

    pub(crate) fn takes(&self, filter: &str) -> bool {
        self.filters().any(|name| name == filter)
    }

    /// Whether the caller gave what an optional query needs.
    pub(crate) fn is_chosen(&self, choices: &Choices) -> bool {
        let has = |name: &str| self.parameters.iter().any(|(_, value)| value.contains(name));
        (has("{from}") && choices.from.is_some()) || (has("{to}") && choices.to.is_some())
    }

    pub(crate) fn build(&self, choices: &Choices, search_tag: Option<&str>) -> Result<Query, QueryError> {
        let mut query = match &self.shape {
            Shape::Search(name) => Query::search(name.clone()),
            Shape::LastN(name) => Query::last_n(name.clone()),
            Shape::Read(name) => {
                let id = choices.ids.first().ok_or(QueryError::MissingChoice("id"))?;
                return Ok(Query::read(name.clone(), id.clone()));
            }
            Shape::Link => return Err(QueryError::MissingChoice("link of an earlier answer")),
        };
        let is_include = |name: &str| name == "_include" || name.starts_with("_include:");
        let first_include = self.parameters.iter().position(|(name, _)| is_include(name));
        let filters_at = if self.filters_last { None } else { first_include }.unwrap_or(self.parameters.len());
        for (index, (name, template)) in self.parameters.iter().enumerate() {
            if index == filters_at {
                query = self.add_filters(query, choices)?;
            }
            if is_include(name) && choices.includes.is_some() {
                continue;
            }
            if let Some(value) = choices.fill(template, search_tag, self.optional)? {
                query = query.with(name, &value)?;
            }
        }
        if filters_at == self.parameters.len() {
            query = self.add_filters(query, choices)?;
        }
        for include in choices.includes.iter().flatten() {
            query = query.with_include(include)?;
        }
        Ok(query)
    }

    fn add_filters(&self, mut query: Query, choices: &Choices) -> Result<Query, QueryError> {
        for (name, value) in choices.filters.iter().filter(|(name, _)| self.takes(name)) {
            let closed = self.choices.iter().find(|(choice, _)| choice == name);
            if closed.is_some_and(|(_, values)| !values.contains(value)) {
                return Err(QueryError::UnknownFilter(name.clone()));
            }
            query = query.with(name, value)?;
        }
        Ok(query)
    }
}
