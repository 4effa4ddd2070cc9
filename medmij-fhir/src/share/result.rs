// SPDX-License-Identifier: AGPL-3.0-or-later
//! What became of a Bundle of Delen, entry by entry.

use bytes::Bytes;
use http::StatusCode;

use super::{Entry, ShareError};
use crate::answer::{self, Content, Want};
use crate::bundle::{Bundle, BundleEntry, BundleType};
use crate::limits::Limits;
use crate::name::ResourceType;
use crate::outcome::{OperationOutcome, Severity};
use crate::resource::Resource;
use crate::version::FhirVersion;

/// What became of what was sent. Its `Debug` holds no health data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shared {
    /// Status of the answer.
    pub status: StatusCode,
    /// One result for each entry that was sent, in order; empty when it was refused as a whole.
    pub entries: Vec<EntryResult>,
    /// What the Aanbieder says to the Persoon that it received it (Patiëntcorrecties): to be shown.
    pub acknowledgement: Option<String>,
    /// What the server says about the whole.
    pub outcomes: Vec<OperationOutcome>,
    /// What the server made of it, when it was asked to say so.
    pub resources: Vec<Resource>,
}

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryResult {
    /// Its name in the Bundle.
    pub full_url: String,
    /// Its type.
    pub resource_type: ResourceType,
    /// Status of the entry; `None` when the answer does not say.
    pub status: Option<u16>,
    /// Whether it was accepted: 200 or 201.
    pub accepted: bool,
    /// Where the resource is now.
    pub location: Option<String>,
    /// What the server says about it.
    pub outcome: Option<OperationOutcome>,
}

impl Shared {
    /// Whether every entry was accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        !self.entries.is_empty() && self.entries.iter().all(|entry| entry.accepted)
    }

    /// The entries that were not accepted.
    pub fn refused(&self) -> impl Iterator<Item = &EntryResult> {
        self.entries.iter().filter(|entry| !entry.accepted)
    }
}

/// Reads the answer to a batch or transaction.
pub(super) fn read(
    response: http::Response<Bytes>,
    sent: &[&Entry],
    kind: BundleType,
    version: FhirVersion,
    limits: &Limits,
) -> Result<Shared, ShareError> {
    let status = response.status();
    let answer = answer::read(response, version, limits, Want::Fhir)?;
    let mut shared = Shared {
        status,
        entries: Vec::new(),
        acknowledgement: None,
        outcomes: Vec::new(),
        resources: Vec::new(),
    };
    match answer.content {
        Content::Bundle(bundle) if status.is_success() => entries(bundle, sent, kind, &mut shared)?,
        Content::Outcome(outcome) if !status.is_success() => shared.outcomes.push(outcome),
        _ if !status.is_success() => {}
        other => return Err(ShareError::Answer(other.describe())),
    }
    Ok(shared)
}

fn entries(bundle: Bundle, sent: &[&Entry], kind: BundleType, shared: &mut Shared) -> Result<(), ShareError> {
    let expected = match kind {
        BundleType::Batch => BundleType::BatchResponse,
        _ => BundleType::TransactionResponse,
    };
    if bundle.kind() != Some(expected) {
        let found = bundle.kind().map_or("unknown type", BundleType::as_str);
        return Err(ShareError::Answer(format!("a Bundle of type {found}")));
    }
    if let Some(fault) = bundle.faults().first() {
        return Err(ShareError::Answer(fault.to_string()));
    }
    let mut answers: Vec<BundleEntry> = bundle.into_entries();
    // an acknowledgement is an entry more than was sent
    while answers.len() > sent.len() {
        let Some(extra) = answers.iter().rposition(is_outcome) else {
            break;
        };
        take_outcome(answers.remove(extra).into_resource(), shared);
    }
    if answers.len() != sent.len() {
        let text = format!("{} entries to {} that were sent", answers.len(), sent.len());
        return Err(ShareError::Answer(text));
    }
    for (answer, entry) in answers.into_iter().zip(sent) {
        let response = answer.response();
        let status = response.and_then(|response| response.code());
        let outcome = response.and_then(|response| response.outcome.as_ref());
        shared.entries.push(EntryResult {
            full_url: entry.draft.full_url.clone(),
            resource_type: entry.resource_type.clone(),
            status,
            accepted: matches!(status, Some(200 | 201)),
            location: response.and_then(|response| response.location.clone()),
            outcome: outcome.and_then(|outcome| OperationOutcome::read(outcome).ok()),
        });
        shared.resources.extend(answer.into_resource());
    }
    Ok(())
}

fn is_outcome(entry: &BundleEntry) -> bool {
    entry
        .resource()
        .is_some_and(|resource| resource.resource_type().as_str() == "OperationOutcome")
}

/// An outcome that is only information, with a text, is the acknowledgement.
fn take_outcome(resource: Option<Resource>, shared: &mut Shared) {
    let Some(outcome) = resource.and_then(|resource| OperationOutcome::read(&resource).ok()) else {
        return;
    };
    let notice = outcome
        .issues
        .iter()
        .find(|issue| issue.severity == Severity::Information);
    if shared.acknowledgement.is_none() {
        shared.acknowledgement = notice.and_then(|issue| issue.text.clone());
    }
    shared.outcomes.push(outcome);
}
