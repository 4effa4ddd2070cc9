// SPDX-License-Identifier: AGPL-3.0-or-later
//! The resources of one Persoon for one gegevensdienst, in memory.

use std::collections::HashMap;

use serde_json::Value;

use crate::bsn::{BsnPath, redact_bsn};
use crate::bundle::{Bundle, BundleEntry};
use crate::json::JsonError;
use crate::limits::Limits;
use crate::name::ResourceId;
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
/// // core.rscint.203: what holds a BSN does not come in
/// let patient = br#"{"resourceType":"Patient","id":"p","identifier":[
///     {"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}]}"#;
/// assert!(matches!(set.insert_json(patient), Err(ResourceSetError::Bsn(_))));
/// # Ok::<(), ResourceSetError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ResourceSet {
    items: Vec<Item>,
    index: HashMap<String, usize>,
}

#[derive(Clone)]
struct Item {
    resource: Resource,
    value: Value,
}

/// Health data is not shown.
impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.resource.fmt(f)
    }
}

/// Why a document was not added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceSetError {
    /// Not strict JSON, or no resource.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// core.rscint.203: it holds a BSN.
    #[error("resource holds a BSN at {0} (core.rscint.203)")]
    Bsn(BsnPath),
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

    /// Adds a resource, or all resources of a Bundle.
    ///
    /// # Errors
    /// [`ResourceSetError`]; of a Bundle, the resources before the one at fault have been added.
    pub fn insert_json(&mut self, document: &[u8]) -> Result<(), ResourceSetError> {
        let limits = Limits::default();
        let found = redact_bsn(document, &limits)?.report.masked;
        if let Some(path) = found.into_iter().next() {
            return Err(ResourceSetError::Bsn(path));
        }
        let resource = Resource::parse(document, &limits)?;
        if resource.resource_type().as_str() != "Bundle" {
            return self.insert(resource);
        }
        let bundle = Bundle::parse(document, &limits)?;
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

    /// The resources, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.items.iter().map(|item| &item.resource)
    }

    /// The resource with this type and id.
    #[must_use]
    pub fn lookup(&self, resource_type: &str, id: &str) -> Option<&Resource> {
        let at = self.index.get(&format!("{resource_type}/{id}"))?;
        self.items.get(*at).map(|item| &item.resource)
    }

    fn insert(&mut self, resource: Resource) -> Result<(), ResourceSetError> {
        let Some(id) = resource.id().map(ResourceId::as_str) else {
            return Err(ResourceSetError::NoId(resource.resource_type().to_string()));
        };
        let key = format!("{}/{id}", resource.resource_type());
        if self.index.contains_key(&key) {
            return Err(ResourceSetError::Duplicate(key));
        }
        let value = resource.view()?;
        self.index.insert(key, self.items.len());
        self.items.push(Item { resource, value });
        Ok(())
    }

    /// Resources of a type, with their values for matching.
    pub(super) fn of_type<'s>(&'s self, resource_type: &str) -> impl Iterator<Item = (&'s Resource, &'s Value)> {
        let of_type = move |item: &&Item| item.resource.resource_type().as_str() == resource_type;
        self.items
            .iter()
            .filter(of_type)
            .map(|item| (&item.resource, &item.value))
    }

    /// The value of a resource of this set.
    pub(super) fn value(&self, resource: &Resource) -> Option<&Value> {
        let id = resource.id()?;
        let at = self.index.get(&format!("{}/{id}", resource.resource_type()))?;
        self.items.get(*at).map(|item| &item.value)
    }
}
