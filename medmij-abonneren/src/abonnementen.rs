// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint — what a DVZA keeps of Abonnementen, as operations with guarantees.

use std::future::Future;

use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, StoreError},
};
use medmij_types::{Aanbiedernaam, GegevensdienstId};

use super::{Abonnement, AbonnementId, CalendarDate};

/// An Abonnement as a DVZA keeps it: of one Persoon, DVP, Aanbieder and gegevensdienst, and of nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AbonnementRow {
    /// Its id and its end.
    pub abonnement: Abonnement,
    /// The Persoon.
    pub persoon: PersoonIndex,
    /// The DVP, which gets the notifications.
    pub client_id: ClientId,
    /// The Aanbieder.
    pub aanbieder: Aanbiedernaam,
    /// The gegevensdienst.
    pub gegevensdienst: GegevensdienstId,
}

impl AbonnementRow {
    /// A row.
    #[must_use]
    pub fn new(
        abonnement: Abonnement,
        persoon: PersoonIndex,
        client_id: ClientId,
        aanbieder: Aanbiedernaam,
        gegevensdienst: GegevensdienstId,
    ) -> Self {
        Self {
            abonnement,
            persoon,
            client_id,
            aanbieder,
            gegevensdienst,
        }
    }
}

/// The answer to a new Abonnement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Created {
    /// Written.
    Done,
    /// The Persoon has as many at this DVP as there may be; nothing is written.
    Full,
    /// The id is there already; nothing is written. Draw another.
    Collision,
}

/// Where a DVZA keeps its Abonnementen. Every operation is one transaction, as those of
/// `Store` of `medmij-dvza`; whoever writes one runs `abonnementen_contract!` on it (crate `medmij-store-contract`).
///
/// An Abonnement is over on its last day: with an end of `today` it is not there any more (I06).
pub trait Abonnementen: Send + Sync + 'static {
    /// Writes a new Abonnement, if its Persoon has fewer than `most` at its DVP; those that are over do not count. Of callers
    /// at once no more get in than there is room for.
    fn create(
        &self,
        row: AbonnementRow,
        most: u32,
        today: CalendarDate,
    ) -> impl Future<Output = Result<Created, StoreError>> + Send;

    /// The Abonnement of an id, if it is not over.
    fn find(
        &self,
        id: &AbonnementId,
        today: CalendarDate,
    ) -> impl Future<Output = Result<Option<AbonnementRow>, StoreError>> + Send;

    /// Gives an Abonnement another end, if it still has the end that the caller saw: one that was ended or changed by another
    /// caller stays as it is.
    fn change(
        &self,
        id: &AbonnementId,
        seen: CalendarDate,
        end: CalendarDate,
    ) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// Ends an Abonnement, whatever its end; whether it was there.
    fn end(&self, id: &AbonnementId) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The Abonnementen of a Persoon that are not over, by id.
    fn of_persoon(
        &self,
        persoon: &PersoonIndex,
        today: CalendarDate,
    ) -> impl Future<Output = Result<Vec<AbonnementRow>, StoreError>> + Send;

    /// The Abonnementen to notify when there is something new of a Persoon, not over on this day, by id.
    fn to_notify(
        &self,
        persoon: &PersoonIndex,
        aanbieder: &Aanbiedernaam,
        gegevensdienst: &GegevensdienstId,
        today: CalendarDate,
    ) -> impl Future<Output = Result<Vec<AbonnementRow>, StoreError>> + Send {
        async move {
            let mut rows = self.of_persoon(persoon, today).await?;
            rows.retain(|row| row.aanbieder == *aanbieder && row.gegevensdienst == *gegevensdienst);
            Ok(rows)
        }
    }

    /// How many Abonnementen of a DVP are not over on this day.
    fn count(&self, client_id: &ClientId, today: CalendarDate) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// At most `most` Abonnementen that are over and were not removed, by id, those after an id: their DVPs are to be told
    /// ([`tell_of_ends`](crate::tell_of_ends)).
    fn over(
        &self,
        today: CalendarDate,
        after: Option<&AbonnementId>,
        most: usize,
    ) -> impl Future<Output = Result<Vec<AbonnementRow>, StoreError>> + Send;

    /// Removes at most `batch` Abonnementen that are over; returns how many went. Call it once a day.
    fn purge_over(&self, today: CalendarDate, batch: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;
}
