// SPDX-License-Identifier: AGPL-3.0-or-later
//! A gegevensdienst: what it asks, of which systeemrol, in which order, and how well that is known.
//!
//! The id is the only key: two gegevensdiensten may have the same name. A service whose id is not
//! known has a key of its own, which is never sent.

mod service_query;
mod share;

use medmij_types::{GegevensdienstId, InterfaceversieId, Systeemrolcode};

use crate::name::ResourceType;
use crate::query::{Choices, Query};
use crate::version::FhirVersion;
pub use service_query::{FollowUp, QueryMethod, ServiceQuery};
pub use share::{BundleKind, Share};

/// Which way the data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceFunction {
    /// From the Aanbieder to the Persoon.
    Verzamelen,
    /// From the Persoon to the Aanbieder.
    Delen,
}

/// How well a fact of the catalogue is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Mark {
    /// Read in a qualification script, a guide or a schema.
    Confirmed,
    /// Seen at a participant or a mock.
    Seen,
    /// Follows from confirmed facts.
    Inferred,
    /// Not found.
    Unknown,
}

/// The zibs of a gegevensdienst, with their marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZibList {
    /// The names, with the mark that holds for all of them.
    pub names: Vec<String>,
    /// How well [`names`](Self::names) are known.
    pub mark: Option<Mark>,
    /// Further names, seen at a participant.
    pub seen: Vec<String>,
    /// Further names that are inferred.
    pub inferred: Vec<String>,
    /// How many must be filled to qualify, where that is a rule (50: 21).
    pub threshold: Option<u16>,
    /// How the list came about.
    pub note: Option<String>,
}

/// A gegevensdienst of the catalogue.
///
/// ```
/// use medmij_fhir::{Choices, FhirVersion, Gegevensdienst};
/// use medmij_types::GegevensdienstId;
///
/// let bgz = Gegevensdienst::lookup(&GegevensdienstId::parse("48").unwrap()).unwrap();
/// assert_eq!((bgz.name(), bgz.version()), ("Basisgegevens zorg", FhirVersion::Stu3));
/// let requests = bgz.requests(&Choices::default())?;
/// assert_eq!(requests.len(), 28);
/// assert_eq!(requests[18].to_string(), "Observation/$lastn?code=http://loinc.org|85354-9");
///
/// assert_eq!(Gegevensdienst::lookup(&GegevensdienstId::parse("9999").unwrap()), None);
/// # Ok::<(), medmij_fhir::QueryError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gegevensdienst {
    pub(crate) key: String,
    pub(crate) block: Option<String>,
    pub(crate) id: Option<GegevensdienstId>,
    pub(crate) name: String,
    pub(crate) function: ServiceFunction,
    pub(crate) informatiestandaard: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) interfaceversies: Vec<InterfaceversieId>,
    pub(crate) version: FhirVersion,
    pub(crate) systeemrollen: Vec<Systeemrolcode>,
    pub(crate) systeemrollen_dvp: Vec<Systeemrolcode>,
    pub(crate) mark: Mark,
    pub(crate) mark_systeemrollen: Mark,
    pub(crate) source: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) zibs: ZibList,
    pub(crate) belongs_with: Option<GegevensdienstId>,
    pub(crate) search_tag: Option<String>,
    pub(crate) also_serves: Vec<ResourceType>,
    pub(crate) queries: Vec<ServiceQuery>,
    pub(crate) share: Option<Share>,
}

impl Gegevensdienst {
    /// A gegevensdienst of a supplier's own, without queries yet; its facts are marked unknown.
    #[must_use]
    pub fn new(id: GegevensdienstId, name: impl Into<String>, function: ServiceFunction, version: FhirVersion) -> Self {
        Self {
            key: id.as_str().to_owned(),
            block: None,
            id: Some(id),
            name: name.into(),
            function,
            informatiestandaard: None,
            release: None,
            interfaceversies: Vec::new(),
            version,
            systeemrollen: Vec::new(),
            systeemrollen_dvp: Vec::new(),
            mark: Mark::Unknown,
            mark_systeemrollen: Mark::Unknown,
            source: None,
            note: None,
            zibs: ZibList::default(),
            belongs_with: None,
            search_tag: None,
            also_serves: Vec::new(),
            queries: Vec::new(),
            share: None,
        }
    }

    /// Adds a systeemrolcode of the Aanbieder's side.
    #[must_use]
    pub fn with_systeemrol(mut self, code: Systeemrolcode) -> Self {
        self.systeemrollen.push(code);
        self
    }

    /// Adds a query.
    #[must_use]
    pub fn with_query(mut self, query: ServiceQuery) -> Self {
        self.queries.push(query);
        self
    }

    /// Sets the value of `{search_tag}`: what `_tag` asks.
    #[must_use]
    pub fn with_search_tag(mut self, tag: impl Into<String>) -> Self {
        self.search_tag = Some(tag.into());
        self
    }

    /// The key of the catalogue: the id, or a name of the catalogue's own (`65-v2`, `U:Pathologie`).
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The part, where several share a key: `MA` of `U:MP9-3.0`.
    #[must_use]
    pub fn block(&self) -> Option<&str> {
        self.block.as_deref()
    }

    /// The id as in the lists; `None` when it is not known, and then nothing can be asked in its name.
    #[must_use]
    pub fn id(&self) -> Option<&GegevensdienstId> {
        self.id.as_ref()
    }

    /// The name in the catalogue. What is shown to people comes from the Gegevensdienstnamenlijst.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Verzamelen or Delen.
    #[must_use]
    pub fn function(&self) -> ServiceFunction {
        self.function
    }

    /// The name of the informatiestandaard.
    #[must_use]
    pub fn informatiestandaard(&self) -> Option<&str> {
        self.informatiestandaard.as_deref()
    }

    /// The release of the informatiestandaard: `3.x`.
    #[must_use]
    pub fn release(&self) -> Option<&str> {
        self.release.as_deref()
    }

    /// The Interfaceversies in which it was seen; empty when that is not known.
    #[must_use]
    pub fn interfaceversies(&self) -> &[InterfaceversieId] {
        &self.interfaceversies
    }

    /// The FHIR version; a gegevensdienst has one.
    #[must_use]
    pub fn version(&self) -> FhirVersion {
        self.version
    }

    /// The systeemrollen of the Aanbieder's side; empty when they are not known.
    #[must_use]
    pub fn systeemrollen(&self) -> &[Systeemrolcode] {
        &self.systeemrollen
    }

    /// The systeemrollen of the DVP's side; empty when they are not known.
    #[must_use]
    pub fn systeemrollen_dvp(&self) -> &[Systeemrolcode] {
        &self.systeemrollen_dvp
    }

    /// How well the queries are known.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// How well the systeemrollen are known.
    #[must_use]
    pub fn mark_systeemrollen(&self) -> Mark {
        self.mark_systeemrollen
    }

    /// Where the queries were read.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// What else there is to know.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The zibs of the service; without names when they are not known.
    #[must_use]
    pub fn zibs(&self) -> &ZibList {
        &self.zibs
    }

    /// The gegevensdienst that this one goes together with (59 and 60).
    #[must_use]
    pub fn belongs_with(&self) -> Option<&GegevensdienstId> {
        self.belongs_with.as_ref()
    }

    /// What `_tag` asks, where the service is found by a tag.
    #[must_use]
    pub fn search_tag(&self) -> Option<&str> {
        self.search_tag.as_deref()
    }

    /// Every query, in the order of the scripts, optional ones and follow-up reads included.
    #[must_use]
    pub fn queries(&self) -> &[ServiceQuery] {
        &self.queries
    }

    /// What Delen sends; `None` for Verzamelen.
    #[must_use]
    pub fn share(&self) -> Option<&Share> {
        self.share.as_ref()
    }

    /// Whether a request needs a date: today, or the start of a period.
    #[must_use]
    pub fn needs_dates(&self) -> bool {
        self.standard().any(ServiceQuery::needs_dates)
    }

    /// Reads that follow from earlier answers.
    pub fn follow_ups(&self) -> impl Iterator<Item = &ServiceQuery> {
        self.queries.iter().filter(|query| query.follow_up().is_some())
    }

    /// The requests of the first step, for what the caller chose.
    ///
    /// # Errors
    /// [`QueryError::MissingChoice`](crate::QueryError::MissingChoice) when a date that is needed was not
    /// given; [`QueryError::UnknownFilter`](crate::QueryError::UnknownFilter) for a filter of no query; and
    /// what [`Query::with`] refuses.
    pub fn requests(&self, choices: &Choices) -> Result<Vec<Query>, crate::QueryError> {
        self.plan(choices)?
            .into_iter()
            .filter(|query| query.after().is_none())
            .map(|query| self.query(query, choices))
            .collect()
    }

    /// Fills one query of this gegevensdienst.
    ///
    /// # Errors
    /// As [`ServiceQuery::query`]: [`QueryError`](crate::QueryError).
    pub fn query(&self, query: &ServiceQuery, choices: &Choices) -> Result<Query, crate::QueryError> {
        query.build(choices, self.search_tag())
    }

    /// The queries that are asked for these choices: the standard set, with the optional query in the
    /// place of the one that it replaces when the caller gave what it needs. Second steps are among them.
    ///
    /// # Errors
    /// [`QueryError::UnknownQuery`](crate::QueryError::UnknownQuery) and
    /// [`QueryError::UnknownFilter`](crate::QueryError::UnknownFilter).
    pub fn plan(&self, choices: &Choices) -> Result<Vec<&ServiceQuery>, crate::QueryError> {
        let chosen: Vec<&ServiceQuery> = if choices.only.is_empty() {
            let standard = self.standard();
            standard
                .map(|query| self.replacement(query, choices).unwrap_or(query))
                .collect()
        } else {
            let found = choices.only.iter().map(|label| {
                let named = |query: &&ServiceQuery| query.label() == label && query.is_request();
                let query = self.queries.iter().find(named);
                query.ok_or_else(|| crate::QueryError::UnknownQuery(crate::outcome::printable(label, 64)))
            });
            found.collect::<Result<_, _>>()?
        };
        for (name, _) in &choices.filters {
            if !chosen.iter().any(|query| query.takes(name)) {
                return Err(crate::QueryError::UnknownFilter(name.clone()));
            }
        }
        Ok(chosen)
    }

    /// The queries of the standard set.
    pub fn standard(&self) -> impl Iterator<Item = &ServiceQuery> {
        self.queries
            .iter()
            .filter(|query| query.is_request() && !query.is_optional())
    }

    fn replacement<'a>(&'a self, query: &ServiceQuery, choices: &Choices) -> Option<&'a ServiceQuery> {
        let replaces = |other: &&ServiceQuery| other.replaces() == Some(query.label()) && other.is_chosen(choices);
        self.queries.iter().find(replaces)
    }
}

#[cfg(test)]
mod tests;
