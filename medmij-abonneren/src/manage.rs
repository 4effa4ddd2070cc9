// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint — the subscription interface on the side of the DVZA: who may do what to which Abonnement.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use medmij_oauth::{
    ClientId, Function,
    seal::{KeyRing, SealError},
    storage::{Advanced, StoreError},
};
use medmij_types::{Aanbiedernaam, Bsn, Entropy, EntropyError, GegevensdienstId};

use super::{
    AboPolicy, Abonnement, AbonnementError, AbonnementId, AbonnementRequest, AbonnementRow, Abonnementen, Allowed,
    CalendarDate, Created, Verdict, judge,
    message::{INVALID_REQUEST, refuse},
};

/// The access token that came with a request at the subscription endpoint, as the guard of the DVZA judged it. A `GrantedAccess` of
/// `medmij-dvza` converts into it (feature `abonneren` there).
#[derive(Clone, Copy)]
pub struct SubscriptionToken<'a> {
    /// For which function it was issued.
    pub function: Function,
    /// The granted duration, in days.
    pub days: Option<u32>,
    /// Which gegevensdiensten it covers.
    pub gegevensdiensten: &'a [GegevensdienstId],
    /// Whose data.
    pub bsn: &'a Bsn,
    /// At which Aanbieder.
    pub aanbieder: &'a Aanbiedernaam,
    /// Of which DVP.
    pub client_id: &'a ClientId,
}

impl fmt::Debug for SubscriptionToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionToken")
            .field("function", &self.function)
            .field("days", &self.days)
            .field("gegevensdiensten", &self.gegevensdiensten)
            .field("aanbieder", &self.aanbieder)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Answers a request at the subscription endpoint. `token` is what the guard of the DVZA found, with
/// [`Function::Abonneren`]; `rest` is the path after the endpoint,
/// without slashes around it. What the Aanbieder is free to refuse (creating, extending) is granted here, up to
/// [`AboPolicy::most`] for a Persoon at a DVP. An Abonnement of somebody else is answered like one that is not there.
///
/// # Errors
///
/// [`ManageError`] where something here cannot be reached: answer 503. A creation may have happened then; the Abonnement that
/// nobody knows of ends on its day.
pub async fn answer<A: Abonnementen>(
    abonnementen: &A,
    request: &Request<Bytes>,
    rest: &str,
    token: &SubscriptionToken<'_>,
    today: CalendarDate,
    (keys, entropy): (&dyn KeyRing, &(dyn Entropy + Sync)),
    policy: &AboPolicy,
) -> Result<Response<Bytes>, ManageError> {
    let (Function::Abonneren, Some(days), [gegevensdienst]) = (token.function, token.days, token.gegevensdiensten)
    else {
        return Ok(refuse(
            StatusCode::FORBIDDEN,
            INVALID_REQUEST,
            "token is not for a subscription",
        ));
    };
    let asked = match AbonnementRequest::parse(request, rest, policy) {
        Ok(asked) => asked,
        Err(AbonnementError::Method) => {
            return Ok(refuse(
                StatusCode::METHOD_NOT_ALLOWED,
                INVALID_REQUEST,
                "method is not known here",
            ));
        }
        Err(_) => return Ok(refuse(StatusCode::BAD_REQUEST, INVALID_REQUEST, "request is malformed")),
    };
    // under whichever version of the index key it was written
    let indexes = keys.indexes(token.bsn)?;
    let persoon = keys.index(token.bsn)?;
    let row_of = |abonnement, persoon| {
        let (client_id, aanbieder) = (token.client_id.clone(), token.aanbieder.clone());
        AbonnementRow::new(abonnement, persoon, client_id, aanbieder, gegevensdienst.clone())
    };
    let row = |abonnement| row_of(abonnement, persoon);
    let allowed = Allowed::new(days, today);
    for _ in 0..TRIES {
        let current = match &asked {
            AbonnementRequest::Create { .. } => None,
            AbonnementRequest::Change { id, .. } | AbonnementRequest::End { id } => {
                let found = abonnementen.find(id, today).await?.map(|found| {
                    let own = indexes
                        .iter()
                        .any(|index| found == row_of(found.abonnement.clone(), *index));
                    own.then_some(found.abonnement)
                });
                match found.flatten() {
                    Some(own) => Some(own),
                    None => {
                        return Ok(refuse(
                            StatusCode::NOT_FOUND,
                            INVALID_REQUEST,
                            "subscription is not known",
                        ));
                    }
                }
            }
        };
        if judge(&asked, current.as_ref(), allowed) == Verdict::Reject {
            return Ok(refuse(
                StatusCode::BAD_REQUEST,
                INVALID_REQUEST,
                "end is not within what was consented to",
            ));
        }
        match (&asked, current) {
            (AbonnementRequest::Change { id, end }, Some(current)) => {
                if abonnementen.change(id, current.end, *end).await? == Advanced::Done {
                    return Ok(Abonnement::new(id.clone(), *end).to_http(false, policy));
                }
                // somebody else changed or ended it since: look again
            }
            (AbonnementRequest::End { id }, _) => {
                abonnementen.end(id).await?;
                return Ok(Abonnement::new(id.clone(), today).to_http(false, policy));
            }
            (AbonnementRequest::Create { end }, _) => {
                let abonnement = Abonnement::new(AbonnementId::random(entropy)?, *end);
                match abonnementen.create(row(abonnement.clone()), policy.most, today).await? {
                    Created::Done => return Ok(abonnement.to_http(true, policy)),
                    Created::Full => {
                        let status = StatusCode::from_u16(policy.full_status).unwrap_or(StatusCode::FORBIDDEN);
                        return Ok(refuse(status, INVALID_REQUEST, "no more subscriptions for this person"));
                    }
                    Created::Collision => {}
                }
            }
            (AbonnementRequest::Change { .. }, None) => {}
        }
    }
    Err(ManageError::Busy)
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManageError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No entropy.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// Others changed the same Abonnement again and again.
    #[error("subscription is changed by others at the same time")]
    Busy,
}

const TRIES: usize = 4;
