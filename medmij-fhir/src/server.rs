// SPDX-License-Identifier: AGPL-3.0-or-later
//! The other side: a DVA's FHIR server over the bronsystemen of an Aanbieder.
//!
//! A DVZA checks the access token first; then it hands the request to a [`Responder`], with the
//! [`Context`] that the token stands for and a [`Bronsysteem`]: its own, a [`ResourceSet`] in memory, or
//! several together as [`Bronsystemen`]. The responder judges the request, filters, pages, masks and writes.
//! What is not supported is refused with an OperationOutcome and never left out silently: a search whose
//! filter was ignored would return too much. (`Prefer: handling=lenient` asks for just that, and gets it.)
//!
//! | asked | answered |
//! | --- | --- |
//! | `Type?…`, `Observation/$lastn?…` | a searchset with `self`, `next`, fullUrls; `total` where one page holds all |
//! | `Type/id` | the resource; a Binary without `Accept` is the document itself |
//! | `metadata` | the CapabilityStatement |
//! | `POST [base]`, `PUT Task/id` | Delen, see [`Delen`] |
//! | `PATCH Task/id` | the progress of a task, from the system of a module: [`Delen::module_system`] |
//!
//! Answers are FHIR JSON or FHIR XML, with `Cache-Control: no-store`.

mod bronsysteem;
mod bronsystemen;
mod bundle_out;
mod date;
mod definitions;
mod edit;
mod filter;
#[cfg(feature = "folder")]
mod folder;
mod form;
mod include;
mod known;
mod memory;
mod metadata;
mod negotiate;
mod pages;
mod proxy;
mod refusal;
mod reply;
mod results;
mod search;
mod served;
mod set;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
mod token;
mod write;

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};

use bytes::Bytes;
use http::{Method, Response};
use medmij_types::{Clock, Entropy, OsEntropy, SystemClock};

use crate::binary::Binary;
use crate::endpoint::ResourceEndpoint;
use crate::gegevensdienst::Gegevensdienst;
use crate::limits::Limits;
use crate::name::{ResourceId, ResourceType};
use crate::version::FhirVersion;
pub use bronsysteem::{Bronsysteem, BronsysteemError, Context, Delivery, DeliveryEntry, Found, Stored, Wanted};
pub use bronsystemen::Bronsystemen;
#[cfg(feature = "folder")]
pub use folder::FolderBronsysteem;
pub use memory::MemoryBronsysteem;
use negotiate::{Accepted, Format};
pub use pages::PageSeal;
use pages::Pages;
pub use proxy::{FhirBronsysteem, Upstream};
pub use refusal::Refusal;
use reply::{Body, Reply};
pub use reply::{Masked, outcome_response};
use search::Parameters;
pub use search::Unknown;
pub use served::{Delen, Served};
pub use set::{ResourceSet, ResourceSetError};
#[cfg(feature = "postgres")]
pub use sql::PostgresBronsysteem;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use sql::SqlStatements;
#[cfg(feature = "sqlite")]
pub use sql::SqliteBronsysteem;
use write::Writing;

/// Bytes of results that wait for their next page.
const KEPT: usize = 256 << 20;

/// Answers requests to one ResourceEndpoint.
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
#[derive(Clone)]
pub struct Responder {
    endpoint: ResourceEndpoint,
    served: Served,
    page_size: usize,
    unknown: Unknown,
    limits: Limits,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    pages: Arc<Pages>,
    seal: Option<Arc<dyn PageSeal>>,
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder")
            .field("endpoint", &self.endpoint)
            .field("served", &self.served)
            .finish_non_exhaustive()
    }
}

impl Responder {
    /// Answers at this endpoint for a gegevensdienst, 50 matches a page.
    #[must_use]
    pub fn new(endpoint: ResourceEndpoint, gegevensdienst: &Gegevensdienst) -> Self {
        Self::serving(endpoint, Served::of(gegevensdienst))
    }

    /// Answers at this endpoint what is said to be served, 50 matches a page.
    #[must_use]
    pub fn serving(endpoint: ResourceEndpoint, served: Served) -> Self {
        Self {
            endpoint,
            served,
            page_size: 50,
            unknown: Unknown::default(),
            limits: Limits::default(),
            clock: Arc::new(SystemClock::default()),
            entropy: Arc::new(OsEntropy),
            pages: Arc::new(Pages::new(KEPT)),
            seal: None,
        }
    }

    /// Seals the links to next pages, so that any replica with the same keys answers them: see [`PageSeal`]. Without it,
    /// they are answered by the process that made them.
    #[must_use]
    pub fn with_page_seal(mut self, seal: Arc<dyn PageSeal>) -> Self {
        self.seal = Some(seal);
        self
    }

    /// Sets the number of matches on a page, at least 1. A client may ask fewer with `_count`, not more.
    #[must_use]
    pub fn with_page_size(mut self, matches: usize) -> Self {
        self.page_size = matches.max(1);
        self
    }

    /// Sets what happens with unknown parameters when a request does not say it (`Prefer: handling`).
    #[must_use]
    pub fn with_unknown(mut self, unknown: Unknown) -> Self {
        self.unknown = unknown;
        self
    }

    /// Sets the bounds of what is received.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the clock and the source of randomness: pages expire by the one and have keys of the other.
    #[must_use]
    pub fn with_clock_and_entropy(mut self, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        self.clock = clock;
        self.entropy = entropy;
        self
    }

    /// The FHIR version of the answers.
    #[must_use]
    pub fn version(&self) -> FhirVersion {
        self.served.version()
    }

    /// Answers one request from a bronsysteem. The path of the request is that of the ResourceEndpoint with the
    /// query below it.
    ///
    /// The access token must have been checked before: here it only ties the pages of a long result to itself.
    /// The response carries [`Masked`] as an extension.
    pub async fn respond<B: Bronsysteem>(
        &self,
        request: &http::Request<Bytes>,
        context: &Context,
        bronsysteem: &B,
    ) -> Response<Bytes> {
        let (method, headers, version) = (request.method(), request.headers(), self.version());
        let parameters = match Parameters::parse(request.uri().query()) {
            Ok(parameters) => parameters,
            Err(refusal) => return reply::refuse(&refusal, Format::Json, version, method),
        };
        let accepted = match negotiate::accepted(headers, &parameters, version) {
            Ok(accepted) => accepted,
            Err(refusal) => return reply::refuse(&refusal, Format::Json, version, method),
        };
        let format = accepted.format;
        let reply = self.route(request, parameters, &accepted, context, bronsysteem).await;
        let response = reply.and_then(|reply| reply::render(reply, format, version, method));
        response.unwrap_or_else(|refusal| reply::refuse(&refusal, format, version, method))
    }

    /// Answers one request over the resources of one Persoon, at once; the body is not looked at.
    #[must_use]
    pub fn answer<B>(&self, request: &http::Request<B>, set: &ResourceSet) -> Response<Bytes> {
        let mut plain = http::Request::new(Bytes::new());
        *plain.method_mut() = request.method().clone();
        *plain.uri_mut() = request.uri().clone();
        *plain.headers_mut() = request.headers().clone();
        let context = Context::default();
        let mut answer = pin!(self.respond(&plain, &context, set));
        let mut waker = std::task::Context::from_waker(Waker::noop());
        match answer.as_mut().poll(&mut waker) {
            Poll::Ready(response) => response,
            // a set in memory never waits
            Poll::Pending => reply::refuse(&Refusal::Internal, Format::Json, self.version(), request.method()),
        }
    }

    async fn route<B: Bronsysteem>(
        &self,
        request: &http::Request<Bytes>,
        parameters: Parameters,
        accepted: &Accepted,
        context: &Context,
        bronsysteem: &B,
    ) -> Result<Reply, Refusal> {
        let (method, headers) = (request.method(), request.headers());
        let reads = method == Method::GET || method == Method::HEAD;
        let path = self.endpoint.below_or_at(request.uri().path()).ok_or(Refusal::Path)?;
        let segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            [] => match self.writing() {
                Some(writing) if method == Method::POST => {
                    writing.bundle(headers, request.body(), context, bronsysteem).await
                }
                Some(_) => Err(Refusal::Method("POST")),
                None if method == Method::POST => Err(Refusal::Method("")),
                None => Err(Refusal::Path),
            },
            ["metadata"] if reads => Ok(Reply::ok(metadata::capability_statement(
                &self.served,
                self.endpoint.base(),
            ))),
            ["metadata"] => Err(Refusal::Method("GET, HEAD")),
            [name] => {
                let resource_type = type_of(name)?;
                if !reads {
                    return Err(Refusal::Method("GET, HEAD"));
                }
                self.search(
                    resource_type,
                    false,
                    headers,
                    parameters,
                    accepted,
                    context,
                    bronsysteem,
                )
                .await
            }
            [name, operation] if operation.starts_with('$') => {
                let resource_type = type_of(name)?;
                let letters = operation
                    .bytes()
                    .skip(1)
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-');
                if operation.len() == 1 || !letters {
                    return Err(Refusal::MalformedPath);
                }
                if *operation != "$lastn" || resource_type.as_str() != "Observation" {
                    return Err(Refusal::Operation);
                }
                if !reads {
                    return Err(Refusal::Method("GET, HEAD"));
                }
                self.search(resource_type, true, headers, parameters, accepted, context, bronsysteem)
                    .await
            }
            [name, id] => {
                let resource_type = type_of(name)?;
                let id = ResourceId::parse(id).map_err(|_| Refusal::MalformedPath)?;
                if reads {
                    parameters.only(
                        &["_format", "_pretty", "_summary"],
                        negotiate::handling(headers, self.unknown),
                    )?;
                    return self.read(&resource_type, &id, accepted, context, bronsysteem).await;
                }
                let place = (&resource_type, &id);
                match self.writing() {
                    Some(writing) if method == Method::PUT && writing.updates(&resource_type) => {
                        writing
                            .update(headers, request.body(), place, context, bronsysteem)
                            .await
                    }
                    Some(writing) if method == Method::PATCH && writing.patches(&resource_type) => {
                        writing
                            .patch(headers, request.body(), place, context, bronsysteem)
                            .await
                    }
                    Some(writing) if writing.patches(&resource_type) => Err(Refusal::Method("GET, HEAD, PUT, PATCH")),
                    Some(writing) if writing.updates(&resource_type) => Err(Refusal::Method("GET, HEAD, PUT")),
                    _ => Err(Refusal::Method("GET, HEAD")),
                }
            }
            _ => Err(Refusal::Path),
        }
    }

    async fn read<B: Bronsysteem>(
        &self,
        resource_type: &ResourceType,
        id: &ResourceId,
        accepted: &Accepted,
        context: &Context,
        bronsysteem: &B,
    ) -> Result<Reply, Refusal> {
        let resource = match bronsysteem.read(context, resource_type, id).await? {
            Found::Resource(resource) => resource,
            Found::Gone => return Err(Refusal::Gone),
            Found::Unknown => return Err(Refusal::NotFound),
        };
        if resource_type.as_str() == "Binary" {
            let document = Binary::read(&resource, self.version()).map_err(|_| Refusal::Internal);
            match document {
                Ok(document) if accepted.prefers(document.content_type()) => {
                    if accepted.only_others() && !accepted.takes(document.content_type()) {
                        return Err(Refusal::NotAcceptable);
                    }
                    let body = Body::Document(document.content_type().to_owned(), document.content().clone());
                    return Ok(Reply {
                        body,
                        ..Reply::ok(Vec::new())
                    });
                }
                Err(refusal) if accepted.format == Format::Native => return Err(refusal),
                _ => {}
            }
        }
        if accepted.only_others() {
            return Err(Refusal::NotAcceptable);
        }
        Ok(Reply::ok(resource.as_bytes().to_vec()))
    }

    fn writing(&self) -> Option<Writing<'_>> {
        Some(Writing {
            delen: self.served.delen()?,
            version: self.version(),
            base: self.endpoint.base(),
            limits: &self.limits,
            entropy: &*self.entropy,
        })
    }
}

/// A resource type of a path: what cannot be one for its characters is malformed, what is none is not there.
fn type_of(name: &str) -> Result<ResourceType, Refusal> {
    ResourceType::parse(name).map_err(|_| {
        let plain = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        if plain { Refusal::Path } else { Refusal::MalformedPath }
    })
}

/// A dollar sign of an operation may come percent-encoded; no other name has need of it.
fn decoded(segment: &str) -> String {
    segment.replace("%24", "$")
}

#[cfg(test)]
mod tests;
