// SPDX-License-Identifier: AGPL-3.0-or-later
//! The resources of one Persoon for one gegevensdienst, in memory: the simplest [`Bronsysteem`].

use std::collections::HashMap;

use super::bronsysteem::{Bronsysteem, BronsysteemError, Context, Found, Wanted};
use crate::bsn::redact_bsn;
use crate::bundle::{Bundle, BundleEntry};
use crate::json::JsonError;
use crate::limits::Limits;
use crate::name::{ResourceId, ResourceType};
use crate::resource::Resource;

/// Resources in the order in which they were added.
///
/// ```
/// use medmij_fhir::server::{ResourceSet, ResourceSetError};
///
/// let mut set = ResourceSet::new();
/// set.insert_json(br#"{"resourceType":"Bundle","type":"collection","entry":[
///     {"resource":{"resourceType":"Flag","id":"a"}},{"resource":{"resourceType":"Flag","id":"b"}}]}"#)?;
/// assert_eq!(set.len(), 2);
///
/// // core.rscint.203: a BSN does not come in; the document does
/// let patient = br#"{"resourceType":"Patient","id":"p","identifier":[
///     {"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}]}"#;
/// set.insert_json(patient)?;
/// assert_eq!((set.len(), set.redacted()), (3, 1));
/// # Ok::<(), ResourceSetError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ResourceSet {
    items: Vec<Resource>,
    index: HashMap<String, usize>,
    redacted: usize,
}

/// Why a document was not added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceSetError {
    /// Not strict JSON, or no resource.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A resource without a usable id.
    #[error("{0} without an id")]
    NoId(String),
    /// Two resources with the same type and id.
    #[error("{0} is there already")]
    Duplicate(String),
}

impl ResourceSet {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resource, or all resources of a Bundle. A BSN is masked and counted (core.rscint.203).
    ///
    /// # Errors
    /// [`ResourceSetError`]; of a Bundle, the resources before the one at fault have been added.
    pub fn insert_json(&mut self, document: &[u8]) -> Result<(), ResourceSetError> {
        let limits = Limits::default();
        let redacted = redact_bsn(document, &limits)?;
        self.redacted += redacted.report.masked.len() + redacted.report.unlisted;
        let clean = redacted.text;
        let resource = Resource::parse(clean.as_bytes(), &limits)?;
        if resource.resource_type().as_str() != "Bundle" {
            return self.insert(resource);
        }
        let bundle = Bundle::parse(clean.as_bytes(), &limits)?;
        bundle
            .into_entries()
            .into_iter()
            .filter_map(BundleEntry::into_resource)
            .try_for_each(|resource| self.insert(resource))
    }

    /// Number of resources.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many BSNs were masked in what was added.
    #[must_use]
    pub fn redacted(&self) -> usize {
        self.redacted
    }

    /// The resources, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.items.iter()
    }

    /// The resource with this type and id.
    #[must_use]
    pub fn lookup(&self, resource_type: &str, id: &str) -> Option<&Resource> {
        let at = self.index.get(&format!("{resource_type}/{id}"))?;
        self.items.get(*at)
    }

    fn insert(&mut self, resource: Resource) -> Result<(), ResourceSetError> {
        let Some(id) = resource.id().map(ResourceId::as_str) else {
            return Err(ResourceSetError::NoId(resource.resource_type().to_string()));
        };
        let key = format!("{}/{id}", resource.resource_type());
        if self.index.contains_key(&key) {
            return Err(ResourceSetError::Duplicate(key));
        }
        self.index.insert(key, self.items.len());
        self.items.push(resource);
        Ok(())
    }

    /// Puts a resource in place of the one with its type and id, or adds it; whether it was new.
    pub(super) fn replace(&mut self, resource: Resource) -> bool {
        let id = resource.id().map(ResourceId::as_str).unwrap_or_default();
        let key = format!("{}/{id}", resource.resource_type());
        if let Some(place) = self.index.get(&key).and_then(|at| self.items.get_mut(*at)) {
            *place = resource;
            return false;
        }
        self.index.insert(key, self.items.len());
        self.items.push(resource);
        true
    }
}

impl Bronsysteem for ResourceSet {
    async fn find(&self, _: &Context, wanted: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
        let of_type = |resource: &&Resource| resource.resource_type() == &wanted.resource_type;
        Ok(self.items.iter().filter(of_type).cloned().collect())
    }

    async fn read(
        &self,
        _: &Context,
        resource_type: &ResourceType,
        id: &ResourceId,
    ) -> Result<Found, BronsysteemError> {
        let found = self.lookup(resource_type.as_str(), id.as_str());
        Ok(found.cloned().map_or(Found::Unknown, Found::Resource))
    }
}
