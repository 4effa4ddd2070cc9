// SPDX-License-Identifier: AGPL-3.0-or-later
//! Delen: what the Persoon sends to the Aanbieder, one Bundle at a time.
//!
//! A [`ShareDraft`] is checked before anything is sent: the types of the gegevensdienst, no id on what is created,
//! `meta.profile`, no BSN, and references that lead to an entry of the Bundle. A [`Sharing`] is sent once. What is
//! accepted is never sent again; when no answer came, it is not known whether it was taken, and only an explicit
//! [`repeat`](Sharing::repeat) sends it again, under the same fullUrls.

mod check;
mod draft;
mod result;
mod task;

use bytes::Bytes;
use http::{Method, StatusCode};
use medmij_types::Entropy;

use crate::access::Access;
use crate::bundle::{self, BundleType, EntryDraft};
use crate::collection::Channel;
use crate::error::FhirError;
use crate::limits::Limits;
use crate::name::ResourceType;
pub use draft::{EntryUrl, ShareDraft};
pub use result::{EntryResult, Shared};
pub(crate) use task::changed;
pub use task::{QuestionnaireTask, TaskStatus, TaskUpdate};

/// A Bundle of Delen, ready to be sent or sent.
///
/// ```
/// use medmij_fhir::{Access, Gegevensdienst, Limits, Resource, ResourceEndpoint, ResourceEndpoints, ShareDraft};
/// use medmij_types::{AccessToken, BackchannelUri, CorrelationId, GegevensdienstId, OsEntropy, Systeemrolcode};
///
/// # let endpoint = ResourceEndpoint::new(BackchannelUri::parse("https://dva.example.nl/fhir/53")?)?;
/// # let access = Access::new(ResourceEndpoints::new(Systeemrolcode::parse("een-rol")?, endpoint),
/// #     AccessToken::from_wire("geheim")?, CorrelationId::random(&OsEntropy)?, medmij_fhir::FhirVersion::Stu3);
/// let service = Gegevensdienst::lookup(&GegevensdienstId::parse("53")?).ok_or("unknown")?;
/// let resource = |text: String| Resource::parse(text.as_bytes(), &Limits::default());
/// let mut draft = ShareDraft::new(service)?;
/// let patient = draft.reserve(&OsEntropy)?;
/// let subject = format!(r#"{{"reference":"{patient}","display":"Joris"}}"#);
/// draft.create(&patient, resource(
///     r#"{"resourceType":"Patient","meta":{"profile":["http://fhir.nl/fhir/StructureDefinition/nl-core-patient"]}}"#.into(),
/// )?)?;
/// let weight = draft.reserve(&OsEntropy)?;
/// draft.create(&weight, resource(format!(
///     r#"{{"resourceType":"Observation","meta":{{"profile":["http://nictiz.nl/fhir/StructureDefinition/zib-BodyWeight"]}},"subject":{subject}}}"#,
/// ))?)?;
///
/// let mut sharing = draft.build()?;
/// let request = sharing.request(&access, &OsEntropy)?;
/// assert_eq!(request.uri(), "https://dva.example.nl/fhir/53");
/// assert_eq!(request.headers()["prefer"], "return=representation");
/// assert!(sharing.request(&access, &OsEntropy).is_err()); // once
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sharing {
    entries: Vec<Entry>,
    kind: BundleType,
    prefer: Option<String>,
    state: State,
}

/// An entry with what became of it.
#[derive(Debug, Clone)]
struct Entry {
    draft: EntryDraft,
    resource_type: ResourceType,
    /// Entries of the same Bundle that it refers to.
    refers_to: Vec<String>,
    accepted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not sent, or refused as a whole before anything was done.
    Ready,
    /// Sent; not known what became of it.
    Unknown,
    /// Answered; some entries were not accepted.
    Partly,
    /// Every entry was accepted.
    Accepted,
}

/// Why something cannot be shared, or what went wrong when it was. It holds no token and no health data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// The gegevensdienst is not one of Delen.
    #[error("gegevensdienst {0} is not one of Delen")]
    NotDelen(String),
    /// A resource type that the gegevensdienst does not take.
    #[error("gegevensdienst does not take resources of type {0}")]
    Type(ResourceType),
    /// What is created has no id yet (update C.2 of the qualification).
    #[error("{0} that is created must have no id")]
    HasId(ResourceType),
    /// What is updated has an id.
    #[error("{0} that is updated must have an id")]
    NoId(ResourceType),
    /// Every resource but Binary says its profile.
    #[error("{0} has no meta.profile")]
    NoProfile(ResourceType),
    /// core.rscint.203: a BSN must not travel; the path says where one is.
    #[error("{0} holds a BSN at {1} (core.rscint.203)")]
    Bsn(ResourceType, String),
    /// A reference to an entry that is not in the Bundle.
    #[error("{0} refers to an entry that is not in the bundle")]
    Dangling(ResourceType),
    /// 53: an Observation is about the Patient in the same batch.
    #[error("subject of an Observation is not the Patient of the same bundle")]
    Subject,
    /// A resource type that must be in the Bundle is not.
    #[error("bundle has no {0}")]
    Missing(ResourceType),
    /// 57: with more than one document there is a DocumentManifest.
    #[error("more than one document, and no DocumentManifest")]
    NoManifest,
    /// 55: the List says for whom the images are.
    #[error("List has no extension images-recipient")]
    NoRecipient,
    /// 60: a QuestionnaireResponse lacks an element.
    #[error("QuestionnaireResponse has no {0}")]
    Incomplete(&'static str),
    /// The name of an entry is used twice.
    #[error("two entries have the same fullUrl")]
    Twice,
    /// It was accepted: sending it again would share it twice.
    #[error("it was accepted already")]
    AlreadyShared,
    /// It was sent and the answer is not known; [`Sharing::repeat`] sends it again.
    #[error("it was sent, and it is not known whether it was taken")]
    Unknown,
    /// The answer, or the request, is wrong; after a request it is not known whether it was taken.
    #[error(transparent)]
    Fhir(#[from] FhirError),
    /// Not a Task with an id and a status that a questionnaire has.
    #[error("not a Task of a questionnaire: {0}")]
    NotATask(&'static str),
    /// The status of a Task does not lead there.
    #[error("a Task that is {} cannot become {}", .0.as_str(), .1.as_str())]
    Transition(TaskStatus, TaskStatus),
    /// The server refused the change of a Task or a resource.
    #[error("server refused the change ({0})")]
    Refused(StatusCode),
    /// The answer does not say what became of each entry.
    #[error("answer is not that to what was sent: {0}")]
    Answer(String),
}

impl Sharing {
    /// The request, once.
    ///
    /// # Errors
    /// [`ShareError::Unknown`] and [`ShareError::AlreadyShared`] when it was sent before;
    /// [`ShareError::Fhir`] without an endpoint or randomness.
    pub fn request(&mut self, access: &Access, entropy: &dyn Entropy) -> Result<http::Request<Bytes>, ShareError> {
        match self.state {
            State::Ready => self.make(access, entropy),
            State::Unknown | State::Partly => Err(ShareError::Unknown),
            State::Accepted => Err(ShareError::AlreadyShared),
        }
    }

    /// The request again, under the same fullUrls: after no answer as it was; after a batch of which some entries
    /// were not accepted, those entries with what they refer to. The Persoon decides, nothing does it unasked.
    ///
    /// # Errors
    /// [`ShareError::AlreadyShared`] when all of it was accepted; [`ShareError::Fhir`].
    pub fn repeat(&mut self, access: &Access, entropy: &dyn Entropy) -> Result<http::Request<Bytes>, ShareError> {
        match self.state {
            State::Accepted => Err(ShareError::AlreadyShared),
            State::Ready | State::Unknown | State::Partly => self.make(access, entropy),
        }
    }

    /// Takes the answer.
    ///
    /// # Errors
    /// [`ShareError::Fhir`] and [`ShareError::Answer`] for an answer that does not say what became of the entries.
    pub fn receive(
        &mut self,
        response: http::Response<Bytes>,
        access: &Access,
        limits: &Limits,
    ) -> Result<Shared, ShareError> {
        let sent: Vec<usize> = self.to_send();
        let status = response.status();
        // nothing was done: the token or the request was refused before (RFC 6750, FHIR section 3.1.0.11)
        let refused_before = status.is_client_error() && !super::collection::is_temporary(status);
        if refused_before {
            self.state = State::Ready;
        }
        let entries: Vec<&Entry> = sent.iter().filter_map(|index| self.entries.get(*index)).collect();
        let shared = result::read(response, &entries, self.kind, access.version(), limits)?;
        for (index, result) in sent.into_iter().zip(&shared.entries) {
            if let Some(entry) = self.entries.get_mut(index) {
                entry.accepted |= result.accepted;
            }
        }
        if !shared.entries.is_empty() {
            let all = self.entries.iter().all(|entry| entry.accepted);
            self.state = if all { State::Accepted } else { State::Partly };
        }
        Ok(shared)
    }

    /// Sends it over a channel, once, and takes the answer.
    ///
    /// # Errors
    /// As [`request`](Self::request) and [`receive`](Self::receive); [`ShareError::Unknown`] when no answer came: it
    /// is never sent again by itself, whatever the fault (a write).
    pub async fn send(
        &mut self,
        channel: &impl Channel,
        access: &Access,
        entropy: &dyn Entropy,
        limits: &Limits,
    ) -> Result<Shared, ShareError> {
        let request = self.request(access, entropy)?;
        match channel.send(request).await {
            Ok(response) => self.receive(response, access, limits),
            Err(_) => Err(ShareError::Unknown),
        }
    }

    /// Whether every entry was accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.state == State::Accepted
    }

    /// Whether it was sent and it is not known what became of it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.state == State::Unknown
    }

    fn make(&mut self, access: &Access, entropy: &dyn Entropy) -> Result<http::Request<Bytes>, ShareError> {
        let endpoint = access
            .endpoint("")
            .ok_or_else(|| FhirError::NoEndpoint(String::new()))?;
        let sent = self.to_send();
        let sent = sent.iter().filter_map(|index| Some(&self.entries.get(*index)?.draft));
        let body = Bytes::from(bundle::to_json(self.kind, sent));
        let request = access.write(Method::POST, &endpoint.root(), self.prefer.as_deref(), body, entropy)?;
        self.state = State::Unknown;
        Ok(request)
    }

    /// A transaction whole; of a batch what was not accepted, and what that refers to.
    fn to_send(&self) -> Vec<usize> {
        let open: Vec<&Entry> = self.entries.iter().filter(|entry| !entry.accepted).collect();
        let needed = |entry: &Entry| {
            let referred = open.iter().any(|other| other.refers_to.contains(&entry.draft.full_url));
            self.kind != BundleType::Batch || !entry.accepted || referred
        };
        (0..self.entries.len())
            .filter(|index| self.entries.get(*index).is_some_and(&needed))
            .collect()
    }
}

#[cfg(test)]
mod tests;
