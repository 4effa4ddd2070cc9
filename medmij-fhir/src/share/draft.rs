// SPDX-License-Identifier: AGPL-3.0-or-later
//! Putting a Bundle of Delen together.

use std::fmt;

use medmij_types::{Entropy, MedMijRequestId};

use super::{Entry, ShareError, Sharing, State, check};
use crate::bundle::{BundleType, EntryDraft, EntryRequest};
use crate::endpoint::ResourceEndpoint;
use crate::error::FhirError;
use crate::gegevensdienst::{BundleKind, Gegevensdienst, Share};
use crate::resource::Resource;

/// The name of an entry inside its Bundle: `urn:uuid:…`. Other entries refer to it by this text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntryUrl(String);

impl EntryUrl {
    /// The text, for a reference.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A Bundle of Delen that is being put together.
#[derive(Debug)]
pub struct ShareDraft {
    share: Share,
    entries: Vec<Entry>,
}

impl ShareDraft {
    /// An empty Bundle for a gegevensdienst of Delen.
    ///
    /// # Errors
    /// [`ShareError::NotDelen`].
    pub fn new(service: &Gegevensdienst) -> Result<Self, ShareError> {
        let share = service.share().cloned();
        Ok(Self {
            share: share.ok_or_else(|| ShareError::NotDelen(service.key().to_owned()))?,
            entries: Vec::new(),
        })
    }

    /// A name for an entry that is still to come, so that others can refer to it.
    ///
    /// # Errors
    /// [`ShareError::Fhir`] without randomness.
    pub fn reserve(&self, entropy: &dyn Entropy) -> Result<EntryUrl, ShareError> {
        let uuid = MedMijRequestId::random(entropy).map_err(|_| FhirError::Entropy)?;
        Ok(EntryUrl(format!("urn:uuid:{}", uuid.as_str())))
    }

    /// Adds a resource that is created (POST).
    ///
    /// # Errors
    /// [`ShareError`]: a type that the service does not take, an id, no profile, a BSN, a name used twice.
    pub fn create(&mut self, url: &EntryUrl, resource: Resource) -> Result<(), ShareError> {
        let kind = resource.resource_type().clone();
        if check::has_id(&resource)? {
            return Err(ShareError::HasId(kind));
        }
        let request = EntryRequest::new("POST", kind.as_str());
        self.add(url.as_str().to_owned(), request, resource)
    }

    /// Adds a resource that is updated (PUT), such as the Task of 60; it has its id and its absolute URL.
    ///
    /// # Errors
    /// As [`create`](Self::create), and [`ShareError::NoId`].
    pub fn update(&mut self, endpoint: &ResourceEndpoint, resource: Resource) -> Result<(), ShareError> {
        let kind = resource.resource_type().clone();
        let id = resource.id().cloned().ok_or_else(|| ShareError::NoId(kind.clone()))?;
        let url = format!("{kind}/{id}");
        self.add(
            format!("{}/{url}", endpoint.base()),
            EntryRequest::new("PUT", url),
            resource,
        )
    }

    /// Checks the Bundle as a whole.
    ///
    /// # Errors
    /// [`ShareError`]: what must be in it, or what a reference leads to, is missing.
    pub fn build(self) -> Result<Sharing, ShareError> {
        check::bundle(&self.share, &self.entries)?;
        Ok(Sharing {
            entries: self.entries,
            kind: match self.share.bundle() {
                BundleKind::Batch => BundleType::Batch,
                BundleKind::Transaction => BundleType::Transaction,
            },
            prefer: self.share.prefer().map(str::to_owned),
            state: State::Ready,
        })
    }

    fn add(&mut self, full_url: String, request: EntryRequest, resource: Resource) -> Result<(), ShareError> {
        let kind = resource.resource_type().clone();
        if !self.share.types().contains(&kind) {
            return Err(ShareError::Type(kind));
        }
        if self.entries.iter().any(|entry| entry.draft.full_url == full_url) {
            return Err(ShareError::Twice);
        }
        let refers_to = check::resource(&resource)?;
        self.entries.push(Entry {
            draft: EntryDraft {
                full_url,
                resource,
                request,
            },
            resource_type: kind,
            refers_to,
            accepted: false,
        });
        Ok(())
    }
}
