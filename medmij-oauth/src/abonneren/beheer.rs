// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint — the subscription interface on the side of the DVZA: who may do what to which Abonnement.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use medmij_types::{Aanbiedernaam, Entropy, EntropyError, GegevensdienstId};

use super::{
    AboPolicy, Abonnement, AbonnementError, AbonnementId, AbonnementRequest, Datum, Toegestaan, Verdict, judge,
    request::json_answer,
};
use crate::{
    ClientId, Functie,
    seal::{KeyRing, PersoonIndex, SealError},
    server::Verleend,
    store::StoreError,
};

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

/// Where a DVZA keeps its Abonnementen.
pub trait Abonnementen: Send + Sync + 'static {
    /// The Abonnement of an id.
    fn find(&self, id: &AbonnementId) -> impl Future<Output = Result<Option<AbonnementRow>, StoreError>> + Send;

    /// Writes an Abonnement, new or changed.
    fn save(&self, row: AbonnementRow) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes an Abonnement.
    fn remove(&self, id: &AbonnementId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The Abonnementen to notify when there is something new of a Persoon, not over on this day.
    fn to_notify(
        &self,
        persoon: &PersoonIndex,
        aanbieder: &Aanbiedernaam,
        gegevensdienst: &GegevensdienstId,
        today: Datum,
    ) -> impl Future<Output = Result<Vec<AbonnementRow>, StoreError>> + Send;
}

/// Answers a request at the subscription endpoint. `verleend` comes from
/// [`guard_for`](crate::server::Server::guard_for) with [`Functie::Abonneren`]; `rest` is the path after the endpoint,
/// without slashes around it. What the Aanbieder is free to refuse (creating, extending) is granted here.
///
/// # Errors
///
/// [`BeheerError`] where something here cannot be reached: answer 503.
pub async fn answer<A: Abonnementen>(
    abonnementen: &A,
    request: &Request<Bytes>,
    rest: &str,
    verleend: &Verleend,
    today: Datum,
    (keys, entropy): (&dyn KeyRing, &(dyn Entropy + Sync)),
    policy: &AboPolicy,
) -> Result<Response<Bytes>, BeheerError> {
    let (Functie::Abonneren, Some(dagen), [gegevensdienst]) =
        (verleend.functie, verleend.dagen, verleend.gegevensdiensten.as_slice())
    else {
        return Ok(refuse(StatusCode::FORBIDDEN, "token is not for a subscription"));
    };
    let asked = match AbonnementRequest::parse(request, rest, policy) {
        Ok(asked) => asked,
        Err(AbonnementError::Method) => return Ok(refuse(StatusCode::METHOD_NOT_ALLOWED, "method is not known here")),
        Err(_) => return Ok(refuse(StatusCode::BAD_REQUEST, "request is malformed")),
    };
    let persoon = keys.index(&verleend.persoon.bsn)?;
    let row = |abonnement| AbonnementRow {
        abonnement,
        persoon,
        client_id: verleend.client_id.clone(),
        aanbieder: verleend.aanbieder.clone(),
        gegevensdienst: gegevensdienst.clone(),
    };
    let current = match &asked {
        AbonnementRequest::Aanmaken { .. } => None,
        AbonnementRequest::Wijzigen { id, .. } | AbonnementRequest::Beeindigen { id } => {
            // an Abonnement of somebody else is answered like one that is not there
            abonnementen
                .find(id)
                .await?
                .filter(|found| *found == row(found.abonnement.clone()))
        }
    };
    if current.is_none() && !matches!(asked, AbonnementRequest::Aanmaken { .. }) {
        return Ok(refuse(StatusCode::NOT_FOUND, "subscription is not known"));
    }
    let current = current.map(|found| found.abonnement);
    if judge(&asked, current.as_ref(), Toegestaan::new(dagen, today)) == Verdict::Weigeren {
        return Ok(refuse(
            StatusCode::BAD_REQUEST,
            "end is not within what was consented to",
        ));
    }
    match asked {
        AbonnementRequest::Aanmaken { end } => {
            let abonnement = Abonnement::new(AbonnementId::random(entropy)?, end);
            abonnementen.save(row(abonnement.clone())).await?;
            Ok(abonnement.to_http(true, policy))
        }
        AbonnementRequest::Wijzigen { id, end } => {
            let abonnement = Abonnement::new(id, end);
            abonnementen.save(row(abonnement.clone())).await?;
            Ok(abonnement.to_http(false, policy))
        }
        AbonnementRequest::Beeindigen { id } => {
            abonnementen.remove(&id).await?;
            Ok(Abonnement::new(id, today).to_http(false, policy))
        }
    }
}

/// Abonnementen in memory.
#[derive(Debug, Default)]
pub struct MemoryAbonnementen {
    rows: Mutex<HashMap<AbonnementId, AbonnementRow>>,
}

impl MemoryAbonnementen {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<AbonnementId, AbonnementRow>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Abonnementen for MemoryAbonnementen {
    async fn find(&self, id: &AbonnementId) -> Result<Option<AbonnementRow>, StoreError> {
        Ok(self.lock().get(id).cloned())
    }

    async fn save(&self, row: AbonnementRow) -> Result<(), StoreError> {
        self.lock().insert(row.abonnement.id.clone(), row);
        Ok(())
    }

    async fn remove(&self, id: &AbonnementId) -> Result<(), StoreError> {
        self.lock().remove(id);
        Ok(())
    }

    async fn to_notify(
        &self,
        persoon: &PersoonIndex,
        aanbieder: &Aanbiedernaam,
        gegevensdienst: &GegevensdienstId,
        today: Datum,
    ) -> Result<Vec<AbonnementRow>, StoreError> {
        let mut rows: Vec<_> = self
            .lock()
            .values()
            .filter(|row| {
                row.persoon == *persoon && row.aanbieder == *aanbieder && row.gegevensdienst == *gegevensdienst
            })
            .filter(|row| row.abonnement.end > today)
            .cloned()
            .collect();
        rows.sort_by(|one, two| one.abonnement.id.cmp(&two.abonnement.id));
        Ok(rows)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeheerError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No entropy.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

fn refuse(status: StatusCode, what: &str) -> Response<Bytes> {
    let body = BTreeMap::from([
        ("error", "invalid_request".to_owned()),
        ("error_description", what.to_owned()),
    ]);
    json_answer(status, &body)
}
