// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint, ext.abo.rscnotint — what a DVP keeps of its Abonnementen: from which DVZA a notification may come.

use std::{collections::BTreeSet, future::Future};

use medmij_oauth::{seal::PersoonIndex, storage::StoreError};
use medmij_types::{Aanbiedernaam, GegevensdienstId, Hostname};

use super::{AbonnementId, Created, Datum};

/// Where an Abonnement comes from, and for whom it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AbonnementBron {
    /// The back-channel host names of the DVZA that may notify.
    pub dvza: BTreeSet<Hostname>,
    /// The Aanbieder.
    pub aanbieder: Aanbiedernaam,
    /// The gegevensdienst.
    pub gegevensdienst: GegevensdienstId,
    /// The Persoon, as the DVP finds an account: [`KeyRing::fingerprint`](medmij_oauth::seal::KeyRing::fingerprint) of its id, so
    /// that no dump says who goes to which Aanbieder.
    pub voor: PersoonIndex,
    /// The last day.
    pub end: Datum,
}

impl AbonnementBron {
    /// A source.
    #[must_use]
    pub fn new(
        dvza: impl IntoIterator<Item = Hostname>,
        aanbieder: Aanbiedernaam,
        gegevensdienst: GegevensdienstId,
        voor: PersoonIndex,
        end: Datum,
    ) -> Self {
        Self {
            dvza: dvza.into_iter().collect(),
            aanbieder,
            gegevensdienst,
            voor,
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
        bron: AbonnementBron,
        most: u32,
    ) -> impl Future<Output = Result<Created, StoreError>> + Send;

    /// Where an Abonnement comes from. It is read from the primary store: on "there is none" a DVZA ends the Abonnement, so a
    /// replica that lags must not answer.
    fn bron(&self, id: &AbonnementId) -> impl Future<Output = Result<Option<AbonnementBron>, StoreError>> + Send;

    /// Gives an Abonnement another end.
    fn set_end(&self, id: &AbonnementId, end: Datum) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets an Abonnement.
    fn remove(&self, id: &AbonnementId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The Abonnementen of a Persoon, by id.
    fn of(
        &self,
        voor: &PersoonIndex,
    ) -> impl Future<Output = Result<Vec<(AbonnementId, AbonnementBron)>, StoreError>> + Send;

    /// Forgets at most `batch` Abonnementen whose end lies before this day; returns how many went. Call it once a day, with a
    /// day some time ago.
    fn purge_before(&self, day: Datum, batch: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;
}
