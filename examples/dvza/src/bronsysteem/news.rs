// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.rscnotint.206 — the feeds of what is new, one for each source system that tells it.

use super::{Bronsysteem, Kind, Place};
use crate::abonneren::{Feed, FolderFeed, SqlFeed};
use medmij_oauth::seal::{KeyRing, PersoonIndex, SealError};
use std::sync::Arc;

impl Bronsysteem {
    /// The feeds, with the persons as the store of Abonnementen knows them.
    pub(crate) fn feeds(&self, keys: &impl KeyRing) -> Result<Vec<Feed>, SealError> {
        let known = self.personen.iter().map(|persoon| {
            let index = keys.index(&persoon.bsn)?;
            Ok((persoon.map.clone(), index))
        });
        let personen: Vec<(String, PersoonIndex)> = known.collect::<Result<_, SealError>>()?;
        let feed = |place: &Place| match place.kind {
            Kind::Files => Feed::Folder(Arc::new(FolderFeed {
                aanbieder: place.aanbieder.clone(),
                root: place.root.clone(),
                personen: personen.clone(),
                gegevensdiensten: place.gegevensdiensten.clone(),
            })),
            Kind::Sql => Feed::Sql(Arc::new(SqlFeed {
                aanbieder: place.aanbieder.clone(),
                database: place.database.clone(),
                personen: personen.clone(),
            })),
        };
        Ok(self.places.iter().map(feed).collect())
    }
}
