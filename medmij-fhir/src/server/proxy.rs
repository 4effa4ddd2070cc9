// SPDX-License-Identifier: AGPL-3.0-or-later
//! Any FHIR server as a bronsysteem: searched with the patient of the token, all pages, and nothing of anybody else.
//!
//! What such a server gives may name its own address and hold a BSN: the address is taken out here, the BSN
//! where the answer is written. A read by id could give the data of another person, so what is read must be of
//! the patient, or of a type that is of nobody (a Practitioner, a Medication); a Binary must be the document of
//! one of the patient's DocumentReferences or Media.

mod own;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use serde_json::Value;
use url::Url;

use super::bronsysteem::{Bronsysteem, BronsysteemError, Context, Found, Wanted};
use super::definitions;
use crate::bundle::{Bundle, BundleEntry, SearchMode};
use crate::limits::Limits;
use crate::name::{ResourceId, ResourceType};
use crate::query::push_parameters;
use crate::resource::Resource;
use crate::version::FhirVersion;

/// Types that are data of nobody in particular.
const OF_NOBODY: &[&str] = &[
    "ActivityDefinition",
    "Endpoint",
    "HealthcareService",
    "Location",
    "Medication",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "Questionnaire",
];

/// The connection to a FHIR server of the Aanbieder, and how it knows the Persoon.
pub trait Upstream: Send + Sync {
    /// The id of the Patient there; `None` when the Persoon is not known, who then has no data.
    fn patient(&self, context: &Context) -> impl Future<Output = Result<Option<String>, BronsysteemError>> + Send;

    /// Sends one request. The body of the answer is bounded here, and so is the time; headers that the source wants
    /// with each call, such as a token of its own, are added here.
    fn send(
        &self,
        context: &Context,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, BronsysteemError>> + Send;
}

/// A FHIR server of the Aanbieder.
#[derive(Debug, Clone)]
pub struct FhirBronsysteem<U> {
    upstream: U,
    base: Url,
    version: FhirVersion,
    limits: Limits,
    forwarded: Vec<String>,
}

impl<U: Upstream> FhirBronsysteem<U> {
    /// A server at this URL. Of a search `code`, `category`, `status`, `date` and the includes are forwarded: what a
    /// server does with the rest is not known, and everything is filtered here again.
    ///
    /// # Errors
    /// [`BronsysteemError::Failed`] when the URL is none, or no http or https one.
    pub fn new(upstream: U, base: &str, version: FhirVersion) -> Result<Self, BronsysteemError> {
        let base = Url::parse(base.trim_end_matches('/'));
        let base = base
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none());
        Ok(Self {
            upstream,
            base: base.ok_or_else(|| BronsysteemError::Failed("base of the FHIR server is no URL".to_owned()))?,
            version,
            limits: Limits::default(),
            forwarded: ["code", "category", "status", "date", "_include"]
                .map(str::to_owned)
                .to_vec(),
        })
    }

    /// Sets the parameters that are forwarded.
    #[must_use]
    pub fn with_forwarded(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.forwarded = names.into_iter().collect();
        self
    }

    /// Sets how much is taken of one answer, and how many pages and entries of one search.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    fn root(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    async fn get(&self, context: &Context, url: &str) -> Result<Response<Bytes>, BronsysteemError> {
        let request = Request::get(url).header(ACCEPT, self.version.mime()).body(Bytes::new());
        let request = request.map_err(|_| BronsysteemError::Failed("URL cannot be asked".to_owned()))?;
        let response = self.upstream.send(context, request).await?;
        if response.body().len() > self.limits.body {
            return Err(BronsysteemError::Failed("answer is too large".to_owned()));
        }
        match response.status() {
            StatusCode::OK | StatusCode::NOT_FOUND | StatusCode::GONE => Ok(response),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let after = response
                    .headers()
                    .get(RETRY_AFTER)
                    .and_then(|value| value.to_str().ok()?.parse().ok());
                Err(BronsysteemError::Unavailable {
                    retry_after: after.map(Duration::from_secs),
                })
            }
            StatusCode::GATEWAY_TIMEOUT => Err(BronsysteemError::Timeout),
            status => Err(BronsysteemError::Failed(format!("answered {status}"))),
        }
    }

    /// All pages of a search.
    async fn search(&self, context: &Context, first: String) -> Result<Vec<Resource>, BronsysteemError> {
        let failed = |what: &str| BronsysteemError::Failed(what.to_owned());
        let mut resources = Vec::new();
        let mut visited = vec![first.clone()];
        let mut url = first;
        loop {
            let response = self.get(context, &url).await?;
            if response.status() != StatusCode::OK {
                return Err(failed("search was not found"));
            }
            let bundle = Bundle::parse(response.body(), &self.limits).map_err(|error| failed(&error.to_string()))?;
            // a page with an entry that cannot be read, or with a complaint, is not the whole answer
            if !bundle.faults().is_empty() {
                return Err(failed("page has an entry that cannot be read"));
            }
            let next = bundle.link("next").map(|link| self.inside(link)).transpose()?;
            for entry in bundle.into_entries() {
                let outcome = entry.mode() == Some(SearchMode::Outcome);
                let Some(resource) = BundleEntry::into_resource(entry) else {
                    continue;
                };
                if outcome || resource.resource_type().as_str() == "OperationOutcome" {
                    if own::complains(&resource) {
                        return Err(failed("answer is not complete"));
                    }
                    continue;
                }
                resources.push(own::without_base(&resource, self.root(), &self.limits)?);
                if resources.len() > self.limits.entries {
                    return Err(failed("more entries than the limit"));
                }
            }
            let Some(next) = next else { return Ok(resources) };
            if visited.contains(&next) || visited.len() >= self.limits.pages {
                return Err(failed("pages do not end"));
            }
            visited.push(next.clone());
            url = next;
        }
    }

    /// A link of the server to itself: same origin, same path.
    fn inside(&self, link: &str) -> Result<String, BronsysteemError> {
        let url = Url::parse(&format!("{}/", self.root())).and_then(|base| base.join(link));
        let path = self.base.path().trim_end_matches('/');
        let below = |url: &Url| {
            let rest = url.path().strip_prefix(path);
            url.origin() == self.base.origin() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let url = url
            .ok()
            .filter(below)
            .filter(|url| url.username().is_empty() && url.password().is_none());
        url.map(String::from)
            .ok_or_else(|| BronsysteemError::Failed("next page is elsewhere".to_owned()))
    }

    fn of_patient(&self, resource_type: &str, patient: &str, more: &[(&str, &str)]) -> Option<String> {
        let parameter = if resource_type == "Patient" { "_id" } else { "patient" };
        let known = resource_type == "Patient" || definitions::lookup(resource_type, "patient").is_some();
        let mut url = format!("{}/{resource_type}", self.root());
        let own = known.then_some((parameter, patient));
        if own.is_none() && !OF_NOBODY.contains(&resource_type) {
            return None;
        }
        push_parameters(&mut url, own.into_iter().chain(more.iter().copied()));
        Some(url)
    }

    /// Whether a Binary is a document of the patient.
    async fn owns(&self, context: &Context, patient: &str, id: &ResourceId) -> Result<bool, BronsysteemError> {
        let wanted = format!("Binary/{id}");
        for (resource_type, pointer) in [("DocumentReference", "/content"), ("Media", "/content")] {
            let Some(url) = self.of_patient(resource_type, patient, &[]) else {
                continue;
            };
            for resource in self.search(context, url).await? {
                let value: Value = resource
                    .view()
                    .map_err(|error| BronsysteemError::Failed(error.to_string()))?;
                if value
                    .pointer(pointer)
                    .is_some_and(|content| own::points_at(content, &wanted))
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

impl<U: Upstream> Bronsysteem for FhirBronsysteem<U> {
    async fn find(&self, context: &Context, wanted: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
        let Some(patient) = self.upstream.patient(context).await? else {
            return Ok(Vec::new());
        };
        let forwarded = |(name, _): &&(String, String)| self.forwarded.contains(name);
        let parameters: Vec<(&str, &str)> = wanted
            .parameters
            .iter()
            .filter(forwarded)
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let Some(url) = self.of_patient(wanted.resource_type.as_str(), &patient, &parameters) else {
            return Ok(Vec::new());
        };
        let mut resources = self.search(context, url).await?;
        // a server that does not know the parameter gives everybody
        let root = self.root();
        let mut accepted = Vec::with_capacity(resources.len());
        for resource in resources.drain(..) {
            if own::is_of(&resource, &patient, root)? {
                accepted.push(resource);
            }
        }
        Ok(accepted)
    }

    async fn read(
        &self,
        context: &Context,
        resource_type: &ResourceType,
        id: &ResourceId,
    ) -> Result<Found, BronsysteemError> {
        let Some(patient) = self.upstream.patient(context).await? else {
            return Ok(Found::Unknown);
        };
        if resource_type.as_str() == "Binary" && !self.owns(context, &patient, id).await? {
            return Ok(Found::Unknown);
        }
        let response = self
            .get(context, &format!("{}/{resource_type}/{id}", self.root()))
            .await?;
        match response.status() {
            StatusCode::NOT_FOUND => return Ok(Found::Unknown),
            StatusCode::GONE => return Ok(Found::Gone),
            _ => {}
        }
        let resource = Resource::parse(response.body(), &self.limits);
        let resource = resource.map_err(|error| BronsysteemError::Failed(error.to_string()))?;
        if resource.resource_type() != resource_type || resource.id() != Some(id) {
            return Err(BronsysteemError::Failed("answer is another resource".to_owned()));
        }
        let resource = own::without_base(&resource, self.root(), &self.limits)?;
        let own = resource_type.as_str() == "Binary" || own::is_of(&resource, &patient, self.root())?;
        Ok(if own { Found::Resource(resource) } else { Found::Unknown })
    }
}
