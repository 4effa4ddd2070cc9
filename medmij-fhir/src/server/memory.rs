// SPDX-License-Identifier: AGPL-3.0-or-later
//! A bronsysteem in memory that also receives: for tests, demonstrations and small services.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bronsysteem::{Bronsysteem, BronsysteemError, Context, Delivery, Found, Stored, Wanted};
use super::set::ResourceSet;
use crate::name::{ResourceId, ResourceType};
use crate::resource::Resource;

/// The resources of one Persoon, to which deliveries are added.
///
/// ```
/// use medmij_fhir::server::{MemoryBronsysteem, ResourceSet};
///
/// let bronsysteem = MemoryBronsysteem::new(ResourceSet::new());
/// assert!(bronsysteem.snapshot().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct MemoryBronsysteem(Mutex<ResourceSet>);

impl MemoryBronsysteem {
    /// Begins with these resources.
    #[must_use]
    pub fn new(set: ResourceSet) -> Self {
        Self(Mutex::new(set))
    }

    /// What is there now.
    #[must_use]
    pub fn snapshot(&self) -> ResourceSet {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, ResourceSet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bronsysteem for MemoryBronsysteem {
    async fn find(&self, _: &Context, wanted: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
        let of_type = |resource: &&Resource| resource.resource_type() == &wanted.resource_type;
        Ok(self.lock().iter().filter(of_type).cloned().collect())
    }

    async fn read(
        &self,
        _: &Context,
        resource_type: &ResourceType,
        id: &ResourceId,
    ) -> Result<Found, BronsysteemError> {
        let found = self.lock().lookup(resource_type.as_str(), id.as_str()).cloned();
        Ok(found.map_or(Found::Unknown, Found::Resource))
    }

    async fn receives(&self, _: &Context) -> Result<bool, BronsysteemError> {
        Ok(true)
    }

    async fn store(&self, _: &Context, delivery: &Delivery) -> Result<Vec<Stored>, BronsysteemError> {
        let mut set = self.lock();
        let mut next = set.clone();
        let mut results = Vec::new();
        for entry in &delivery.entries {
            let resource = &entry.resource;
            let id = resource.id().map(ResourceId::as_str).unwrap_or_default();
            let there = next.lookup(resource.resource_type().as_str(), id).is_some();
            let result = match (entry.create, there) {
                (true, false) => Stored::Created,
                (false, true) => Stored::Updated,
                (false, false) => Stored::Unknown,
                (true, true) => Stored::Refused("id is taken".to_owned()),
            };
            if matches!(result, Stored::Created | Stored::Updated) {
                next.replace(resource.clone());
            }
            results.push(result);
        }
        let whole = results
            .iter()
            .all(|result| matches!(result, Stored::Created | Stored::Updated));
        if whole || !delivery.atomic {
            *set = next;
        }
        Ok(results)
    }
}
