// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a caller chooses for the queries of a gegevensdienst: dates, codes, filters, includes.

use super::{QueryError, SearchDate};
use crate::name::ResourceId;

/// The choices of a caller. Without any, a gegevensdienst asks its standard set.
///
/// ```
/// use medmij_fhir::{Choices, Gegevensdienst, QueryError, SearchDate};
/// use medmij_types::GegevensdienstId;
///
/// let service = |id| Gegevensdienst::lookup(&GegevensdienstId::parse(id).unwrap()).unwrap();
/// let choices = Choices::default().today(SearchDate::parse("2026-11-30")?);
/// let requests = service("49").requests(&choices)?;
/// assert!(requests[4].path_and_query().ends_with("&date=ge2025-09-30"));
///
/// // appointments need a date
/// assert_eq!(service("47").requests(&Choices::default()), Err(QueryError::MissingChoice("from")));
/// let choices = choices.from(SearchDate::parse("2026-12-01")?).to(SearchDate::parse("2026-12-31")?);
/// let requests = service("47").requests(&choices)?;
/// assert_eq!(requests[0].path_and_query(), "Appointment?date=ge2026-12-01&date=le2026-12-31");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    pub(crate) today: Option<SearchDate>,
    pub(crate) from: Option<SearchDate>,
    pub(crate) to: Option<SearchDate>,
    pub(crate) code: Option<String>,
    pub(crate) ids: Vec<ResourceId>,
    pub(crate) filters: Vec<(String, String)>,
    pub(crate) includes: Option<Vec<String>>,
    pub(crate) only: Vec<String>,
}

impl Choices {
    /// The day that `{T}` stands for, in Dutch time: see [`SearchDate::dutch_day`].
    #[must_use]
    pub fn today(mut self, day: SearchDate) -> Self {
        self.today = Some(day);
        self
    }

    /// Start of a period, included.
    #[must_use]
    pub fn from(mut self, date: SearchDate) -> Self {
        self.from = Some(date);
        self
    }

    /// End of a period, included.
    #[must_use]
    pub fn to(mut self, date: SearchDate) -> Self {
        self.to = Some(date);
        self
    }

    /// The codes of queries that leave them to the caller: `http://loinc.org|85354-9`, several with commas.
    #[must_use]
    pub fn code(mut self, value: impl Into<String>) -> Self {
        self.code = Some(value.into());
        self
    }

    /// Adds an id for `{id}`: of an EpisodeOfCare (65), or of what is read.
    #[must_use]
    pub fn id(mut self, id: ResourceId) -> Self {
        self.ids.push(id);
        self
    }

    /// Adds a filter that the catalogue has for a query; the value as FHIR writes it, with its prefix.
    #[must_use]
    pub fn filter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.filters.push((name.into(), value.into()));
        self
    }

    /// Leaves the `_include`s of the catalogue out.
    #[must_use]
    pub fn without_includes(mut self) -> Self {
        self.includes.get_or_insert_default();
        self
    }

    /// Adds an `_include` in place of those of the catalogue.
    #[must_use]
    pub fn include(mut self, include: impl Into<String>) -> Self {
        self.includes.get_or_insert_default().push(include.into());
        self
    }

    /// Asks the queries with these labels and no others; an optional one too.
    #[must_use]
    pub fn only(mut self, label: impl Into<String>) -> Self {
        self.only.push(label.into());
        self
    }

    /// The value of a template; `None` when it is a date of an optional query that was not chosen.
    pub(crate) fn fill(
        &self,
        template: &str,
        search_tag: Option<&str>,
        optional: bool,
    ) -> Result<Option<String>, QueryError> {
        let Some((before, rest)) = template.split_once('{') else {
            return Ok(Some(template.to_owned()));
        };
        let Some((name, after)) = rest.split_once('}') else {
            return Err(QueryError::ParameterValue);
        };
        let value = match name {
            "from" | "to" => {
                let (date, missing) = if name == "from" {
                    (&self.from, "from")
                } else {
                    (&self.to, "to")
                };
                match date {
                    Some(date) => date.to_string(),
                    None if optional => return Ok(None),
                    None => return Err(QueryError::MissingChoice(missing)),
                }
            }
            "code" => self.code.clone().ok_or(QueryError::MissingChoice("code"))?,
            "search_tag" => search_tag.ok_or(QueryError::MissingChoice("search_tag"))?.to_owned(),
            "id" => {
                // alternatives: `EpisodeOfCare/1,EpisodeOfCare/2`
                let alternatives: Vec<String> = self.ids.iter().map(|id| format!("{before}{id}{after}")).collect();
                if alternatives.is_empty() {
                    return Err(QueryError::MissingChoice("id"));
                }
                return Ok(Some(alternatives.join(",")));
            }
            _ => {
                let offset = name.strip_prefix('T').ok_or(QueryError::ParameterValue)?;
                let today = self.today.as_ref().ok_or(QueryError::MissingChoice("today"))?;
                today.shifted(offset)?.to_string()
            }
        };
        Ok(Some(format!("{before}{value}{after}")))
    }
}
