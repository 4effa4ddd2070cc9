// SPDX-License-Identifier: AGPL-3.0-or-later
//! What Personen shared with an Aanbieder: one file a resource, `<persoon>/<gegevensdienst>/<type>-<id>.json`.

use medmij_fhir::{
    Resource, ResourceId, ResourceType,
    server::{Bronsysteem, BronsysteemError, Context, Delivery, Found, Stored, Wanted},
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

type Key = Box<dyn Fn(&Context) -> Option<String> + Send + Sync>;

/// The source system that takes what is shared.
pub(super) struct Received {
    folder: PathBuf,
    /// Whose data the Aanbieder takes.
    known: BTreeSet<String>,
    key: Key,
}

impl Received {
    pub(super) fn new(
        folder: PathBuf,
        known: BTreeSet<String>,
        key: impl Fn(&Context) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            folder,
            known,
            key: Box::new(key),
        }
    }

    /// The folder of the Persoon, whom the Aanbieder knows.
    fn place(&self, context: &Context) -> Option<PathBuf> {
        let persoon = (self.key)(context).filter(|persoon| self.known.contains(persoon))?;
        Some(self.folder.join(persoon).join(context.gegevensdienst()?.as_str()))
    }

    fn all(&self, context: &Context) -> Result<Vec<Resource>, BronsysteemError> {
        match self.place(context).filter(|place| place.is_dir()) {
            Some(place) => {
                let set = super::resources(&place).map_err(|error| BronsysteemError::Failed(error.to_string()))?;
                Ok(set.iter().cloned().collect())
            }
            None => Ok(Vec::new()),
        }
    }
}

impl Bronsysteem for Received {
    async fn find(&self, context: &Context, wanted: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
        let mut found = self.all(context)?;
        found.retain(|resource| *resource.resource_type() == wanted.resource_type);
        Ok(found)
    }

    async fn read(
        &self,
        context: &Context,
        resource_type: &ResourceType,
        id: &ResourceId,
    ) -> Result<Found, BronsysteemError> {
        let is_it = |resource: &Resource| resource.resource_type() == resource_type && resource.id() == Some(id);
        let found = self.all(context)?.into_iter().find(is_it);
        Ok(found.map_or(Found::Unknown, Found::Resource))
    }

    async fn receives(&self, context: &Context) -> Result<bool, BronsysteemError> {
        Ok(self.place(context).is_some())
    }

    async fn store(&self, context: &Context, delivery: &Delivery) -> Result<Vec<Stored>, BronsysteemError> {
        let place = self.place(context).ok_or(BronsysteemError::NoPersoon)?;
        let failed = |error: std::io::Error| BronsysteemError::Failed(error.to_string());
        std::fs::create_dir_all(&place).map_err(failed)?;
        let store = |entry: &medmij_fhir::server::DeliveryEntry| {
            if !entry.create {
                return Ok(Stored::Unknown);
            }
            write(&place, &entry.resource).map_err(failed)?;
            Ok(Stored::Created)
        };
        delivery.entries.iter().map(store).collect()
    }
}

/// Aside and renamed, so that nobody reads half a resource.
fn write(place: &Path, resource: &Resource) -> std::io::Result<()> {
    let id = resource.id().map(ResourceId::as_str).unwrap_or_default();
    let name = format!("{}-{id}", resource.resource_type());
    let aside = place.join(format!(".{name}.new"));
    std::fs::write(&aside, resource.as_bytes())?;
    std::fs::rename(aside, place.join(format!("{name}.json")))
}
