// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint, ext.abo.rscnotint — what a DVP keeps of its Abonnementen: from which DVZA a notification may come.

use std::{collections::BTreeSet, future::Future};

use medmij_oauth::{seal::PersoonIndex, storage::StoreError};
use medmij_types::{Aanbiedernaam, GegevensdienstId, Hostname};

use super::{AbonnementId, CalendarDate, Created};

/// Where an Abonnement comes from, and for whom it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AbonnementSource {
    /// The back-channel host names of the DVZA that may notify.
    pub dvza: BTreeSet<Hostname>,
    /// The Aanbieder.
    pub aanbieder: Aanbiedernaam,
    /// The gegevensdienst.
    pub gegevensdienst: GegevensdienstId,
    /// The Persoon, as the DVP finds an account: [`KeyRing::fingerprint`](medmij_oauth::seal::KeyRing::fingerprint) of its id, so
    /// that no dump says who goes to which Aanbieder.
    pub owner: PersoonIndex,
    /// The last day.
    pub end: CalendarDate,
}

impl AbonnementSource {
    /// A source.
    #[must_use]
    pub fn new(
        dvza: impl IntoIterator<Item = Hostname>,
        aanbieder: Aanbiedernaam,
        gegevensdienst: GegevensdienstId,
        owner: PersoonIndex,
        end: CalendarDate,
    ) -> Self {
        Self {
            dvza: dvza.into_iter().collect(),
            aanbieder,
            gegevensdienst,
            owner,
            end,
        }
    }
}

/// Where a DVP keeps its Abonnementen. Every operation is one transaction; whoever writes one runs `register_contract!` on it
/// (feature `store-contract`).
///
/// An Abonnement is kept until it is removed or purged, also past its end: the notification that says so may come late.
pub trait AbonnementRegister: Send + Sync + 'static {
    /// Knows an Abonnement from now on, if its Persoon has fewer than `most`. An id that is known stays as it is: a DVZA
    /// cannot give an Abonnement of another one a new source.
    fn add(
        &self,
        id: &AbonnementId,
        source: AbonnementSource,
        most: u32,
    ) -> impl Future<Output = Result<Created, StoreError>> + Send;

    /// Where an Abonnement comes from. It is read from the primary store: on "there is none" a DVZA ends the Abonnement, so a
    /// replica that lags must not answer.
    fn source(&self, id: &AbonnementId) -> impl Future<Output = Result<Option<AbonnementSource>, StoreError>> + Send;

    /// Gives an Abonnement another end.
    fn set_end(&self, id: &AbonnementId, end: CalendarDate) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets an Abonnement.
    fn remove(&self, id: &AbonnementId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The Abonnementen of a Persoon, by id.
    fn of(
        &self,
        owner: &PersoonIndex,
    ) -> impl Future<Output = Result<Vec<(AbonnementId, AbonnementSource)>, StoreError>> + Send;

    /// Forgets at most `batch` Abonnementen whose end lies before this day; returns how many went. Call it once a day, with a
    /// day some time ago.
    fn purge_before(&self, day: CalendarDate, batch: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;
}
