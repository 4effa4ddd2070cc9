// SPDX-License-Identifier: AGPL-3.0-or-later
//! The other side: answering the queries of a gegevensdienst over resources in memory, without IO.
//!
//! A DVZA checks the access token first; then it hands the request, with the resources of the one
//! Persoon that the token stands for, to a [`Responder`]. What is not supported is refused with an
//! OperationOutcome and never left out silently: a search whose filter was ignored would return too
//! much.
//!
//! Answers are FHIR JSON, with `Cache-Control: no-store`.

mod include;
mod negotiate;
mod parameters;
mod search;
mod set;
mod time;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Response, StatusCode};

use crate::bundle::{BundleDraft, BundleLink, BundleType, EntryDraft, SearchMode};
use crate::endpoint::ResourceEndpoint;
use crate::gegevensdienst::Gegevensdienst;
use crate::name::{ResourceId, ResourceType};
use crate::outcome::{Issue, OperationOutcome, Severity};
use crate::query::push_parameters;
use crate::resource::Resource;
use crate::version::FhirVersion;
use search::Search;
pub use search::SearchError;
pub use set::{ResourceSet, ResourceSetError};

/// Answers requests to one ResourceEndpoint for one gegevensdienst.
///
/// ```
/// use medmij_fhir::{Gegevensdienst, ResourceEndpoint};
/// use medmij_fhir::server::{ResourceSet, Responder};
/// use medmij_types::{BackchannelUri, GegevensdienstId};
///
/// let bgz = Gegevensdienst::lookup(&GegevensdienstId::parse("48")?).ok_or("unknown")?;
/// let endpoint = ResourceEndpoint::new(BackchannelUri::parse("https://dvza.example.nl/fhir/48")?)?;
/// let responder = Responder::new(endpoint, bgz);
///
/// let mut set = ResourceSet::new();
/// set.insert_json(br#"{"resourceType":"Flag","id":"mrsa","status":"active"}"#)?;
///
/// let request = http::Request::get("/fhir/48/Flag").body(())?;
/// let response = responder.answer(&request, &set);
/// assert_eq!(response.status(), 200);
///
/// let request = http::Request::get("/fhir/48/CarePlan").body(())?;
/// assert_eq!(responder.answer(&request, &set).status(), 404);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Responder {
    endpoint: ResourceEndpoint,
    gegevensdienst: &'static Gegevensdienst,
    page_size: usize,
}

impl Responder {
    /// Answers at this endpoint, 50 matches a page.
    #[must_use]
    pub fn new(endpoint: ResourceEndpoint, gegevensdienst: &'static Gegevensdienst) -> Self {
        Self {
            endpoint,
            gegevensdienst,
            page_size: 50,
        }
    }

    /// Sets the number of matches on a page, at least 1. A client may ask fewer with `_count`, not more.
    #[must_use]
    pub fn with_page_size(mut self, matches: usize) -> Self {
        self.page_size = matches.max(1);
        self
    }

    /// The FHIR version of the answers.
    #[must_use]
    pub fn version(&self) -> FhirVersion {
        self.gegevensdienst.version()
    }

    /// Answers one request over the resources of one Persoon. The path of the request is that of the
    /// ResourceEndpoint with the query below it; the body is not looked at.
    ///
    /// The access token must have been checked before: nothing here looks at it.
    #[must_use]
    pub fn answer<B>(&self, request: &http::Request<B>, set: &ResourceSet) -> Response<Bytes> {
        match self.decide(request, set) {
            Ok(body) => respond(self.version(), StatusCode::OK, body),
            Err(error) => self.refuse(&error),
        }
    }

    fn decide<B>(&self, request: &http::Request<B>, set: &ResourceSet) -> Result<Vec<u8>, SearchError> {
        if request.method() != Method::GET {
            return Err(SearchError::Method);
        }
        negotiate::check_accept(request.headers(), self.version())?;
        let path = self.endpoint.below(request.uri().path()).ok_or(SearchError::Path)?;
        let mut segments = path.split('/');
        let resource_type = segments.next().unwrap_or_default();
        let resource_type = ResourceType::parse(resource_type).map_err(|_| SearchError::Path)?;
        match (segments.next(), segments.next()) {
            (None, _) => self.search(Search::parse(resource_type, false, request.uri().query(), self)?, set),
            (Some("$lastn" | "%24lastn"), None) => {
                self.search(Search::parse(resource_type, true, request.uri().query(), self)?, set)
            }
            (Some(id), None) => {
                search::check_read(request.uri().query())?;
                let id = ResourceId::parse(id).map_err(|_| SearchError::Path)?;
                let found = set
                    .lookup(resource_type.as_str(), id.as_str())
                    .ok_or(SearchError::NotFound)?;
                Ok(found.as_bytes().to_vec())
            }
            _ => Err(SearchError::Path),
        }
    }

    fn search(&self, search: Search, set: &ResourceSet) -> Result<Vec<u8>, SearchError> {
        let matches = search.run(set);
        let size = search.count.unwrap_or(self.page_size).min(self.page_size);
        let first = search.offset;
        if first > 0 && first >= matches.len() {
            return Err(SearchError::Page);
        }
        let on_page: Vec<&Resource> = matches.iter().skip(first).take(size).copied().collect();
        let mut bundle = BundleDraft::new(BundleType::Searchset);
        bundle.total = u64::try_from(matches.len()).ok();
        bundle
            .links
            .push(BundleLink::new("self", self.link(&search, size, first)));
        if size > 0 && first + size < matches.len() {
            bundle
                .links
                .push(BundleLink::new("next", self.link(&search, size, first + size)));
        }
        let included = include::resolve(&search.includes, &on_page, set);
        bundle
            .entries
            .extend(on_page.iter().map(|resource| self.entry(resource, SearchMode::Match)));
        bundle.entries.extend(
            included
                .iter()
                .map(|resource| self.entry(resource, SearchMode::Include)),
        );
        Ok(bundle.to_json())
    }

    fn entry(&self, resource: &Resource, mode: SearchMode) -> EntryDraft {
        let mut entry = EntryDraft::new(resource.clone());
        let id = resource.id().map(ResourceId::as_str).unwrap_or_default();
        entry.full_url = Some(format!("{}/{}/{id}", self.endpoint.base(), resource.resource_type()));
        entry.mode = Some(mode);
        entry
    }

    /// The URL of a page: the parameters that were applied, then size and place.
    fn link(&self, search: &Search, size: usize, offset: usize) -> String {
        let operation = if search.last_n { "/$lastn" } else { "" };
        let mut out = format!("{}/{}{operation}", self.endpoint.base(), search.resource_type);
        let size = size.to_string();
        let offset_text = offset.to_string();
        let paging = [(search::COUNT, size.as_str()), (search::OFFSET, offset_text.as_str())];
        let paging = paging.into_iter().take(if offset > 0 { 2 } else { 1 });
        push_parameters(
            &mut out,
            search
                .applied
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .chain(paging),
        );
        out
    }

    fn refuse(&self, error: &SearchError) -> Response<Bytes> {
        let status = error.status();
        let issue = Issue::new(Severity::Error, error.code(), error.to_string());
        let mut response = outcome_response(self.version(), status, &OperationOutcome::new(issue));
        let headers = response.headers_mut();
        if status == StatusCode::BAD_REQUEST {
            // RFC 6750 section 3.1, case H10
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer error=\"invalid_request\""),
            );
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("GET"));
        }
        response
    }
}

/// An OperationOutcome as a response, for what a DVZA refuses itself: an unknown token (401), a token
/// of another gegevensdienst (403), a source that does not answer.
///
/// ```
/// use medmij_fhir::{FhirVersion, Issue, IssueCode, OperationOutcome, Severity};
/// use medmij_fhir::server::outcome_response;
///
/// let issue = Issue::new(Severity::Error, IssueCode::Timeout, "bronsysteem antwoordt niet");
/// let response = outcome_response(FhirVersion::Stu3, http::StatusCode::BAD_GATEWAY, &OperationOutcome::new(issue));
/// assert_eq!(response.headers()["content-type"], "application/fhir+json; fhirVersion=3.0");
/// ```
#[must_use]
pub fn outcome_response(version: FhirVersion, status: StatusCode, outcome: &OperationOutcome) -> Response<Bytes> {
    respond(version, status, outcome.to_json())
}

fn respond(version: FhirVersion, status: StatusCode, body: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(version.mime()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    response
}

#[cfg(test)]
mod tests;
