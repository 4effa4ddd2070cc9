// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint, ext.abo.rscnotint.207 — notifications, on the side of the DVP: from nobody but the DVZA whose
//! Abonnement it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use medmij_types::{Aanbiedernaam, GegevensdienstId, Hostname, PeerNames};

use super::{
    AboPolicy, AbonnementId, Datum, Notificatie,
    request::{json_answer, read_end, read_id, read_json},
};
use crate::wire::json::Json;

/// The Abonnementen of a DVP, and the notifications about them.
///
/// Answering takes a look-up in memory: the work that a notification leads to belongs in a queue, for the answer is due
/// within ten seconds (ext.abo.rscnotint.207).
#[derive(Debug, Default)]
pub struct Ontvanger {
    policy: AboPolicy,
    abonnementen: Mutex<BTreeMap<AbonnementId, AbonnementBron>>,
}

/// Where an Abonnement comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AbonnementBron {
    /// The back-channel host names of the DVZA that may notify.
    pub dvza: BTreeSet<Hostname>,
    /// The Aanbieder.
    pub aanbieder: Aanbiedernaam,
    /// The gegevensdienst.
    pub gegevensdienst: GegevensdienstId,
}

impl AbonnementBron {
    /// A source.
    #[must_use]
    pub fn new(
        dvza: impl IntoIterator<Item = Hostname>,
        aanbieder: Aanbiedernaam,
        gegevensdienst: GegevensdienstId,
    ) -> Self {
        Self {
            dvza: dvza.into_iter().collect(),
            aanbieder,
            gegevensdienst,
        }
    }
}

/// A notification that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ontvangen {
    /// What it says.
    pub notificatie: Notificatie,
    /// Of which Aanbieder and gegevensdienst.
    pub bron: AbonnementBron,
    /// Whether the Abonnement is over with it (I06); it is forgotten here then.
    pub voorbij: bool,
}

impl Ontvanger {
    /// No Abonnementen yet.
    #[must_use]
    pub fn new(policy: AboPolicy) -> Self {
        Self {
            policy,
            abonnementen: Mutex::default(),
        }
    }

    /// Knows an Abonnement from now on.
    pub fn insert(&self, id: AbonnementId, bron: AbonnementBron) {
        self.abonnementen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, bron);
    }

    /// Forgets an Abonnement.
    pub fn remove(&self, id: &AbonnementId) {
        self.abonnementen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }

    /// Judges a notification: the answer to send, and what was accepted. An Abonnement of another DVZA is answered like
    /// one that is not known.
    pub fn receive(
        &self,
        request: &Request<Bytes>,
        peer: &PeerNames,
        today: Datum,
    ) -> (Response<Bytes>, Option<Ontvangen>) {
        let refuse = |status, what: &str| {
            let body = BTreeMap::from([
                ("error", "invalid_request".to_owned()),
                ("error_description", what.to_owned()),
            ]);
            (json_answer(status, &body), None)
        };
        if request.method() != Method::POST {
            return refuse(StatusCode::METHOD_NOT_ALLOWED, "only POST");
        }
        if request.uri().query().is_some() {
            return refuse(StatusCode::BAD_REQUEST, "no parameters in the uri");
        }
        let notificatie = match read(request) {
            Ok(notificatie) => notificatie,
            Err(what) => return refuse(StatusCode::BAD_REQUEST, what),
        };
        let mut abonnementen = self.abonnementen.lock().unwrap_or_else(PoisonError::into_inner);
        let bron = abonnementen
            .get(notificatie.id())
            .filter(|bron| peer.iter().any(|name| bron.dvza.contains(name)))
            .cloned();
        let Some(bron) = bron else {
            let status = StatusCode::from_u16(self.policy.unknown_status).unwrap_or(StatusCode::NOT_FOUND);
            return refuse(status, "subscription is not known");
        };
        let voorbij = matches!(&notificatie, Notificatie::Abonnement { end, .. } if *end <= today);
        if voorbij {
            abonnementen.remove(notificatie.id());
        }
        let body = BTreeMap::from([(self.policy.answer, notificatie.id().as_str().to_owned())]);
        (
            json_answer(StatusCode::OK, &body),
            Some(Ontvangen {
                notificatie,
                bron,
                voorbij,
            }),
        )
    }
}

fn read(request: &Request<Bytes>) -> Result<Notificatie, &'static str> {
    let body = read_json(request.headers(), request.body()).map_err(|_| "body is no json object")?;
    let id = read_id(&body, "subscription_id").map_err(|_| "subscription_id is missing or malformed")?;
    match body.get("notification_type").and_then(Json::as_str) {
        Some("resource") => Ok(Notificatie::Gegevens { id }),
        Some("subscription") => {
            let end = read_end(&body, "end_date").map_err(|_| "end_date is missing or no date")?;
            Ok(Notificatie::Abonnement { id, end })
        }
        _ => Err("notification_type is missing or unknown"),
    }
}

#[cfg(test)]
mod tests {
    use medmij_types::BackchannelUri;

    use super::*;

    fn ontvanger() -> Ontvanger {
        let ontvanger = Ontvanger::new(AboPolicy::default());
        let dvza = Hostname::parse("dvza.example.nl").unwrap();
        let naam = Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap();
        ontvanger.insert(
            id(),
            AbonnementBron::new([dvza], naam, GegevensdienstId::parse("42").unwrap()),
        );
        ontvanger
    }

    fn id() -> AbonnementId {
        AbonnementId::parse("abc-1").unwrap()
    }

    fn send(notificatie: &Notificatie) -> Request<Bytes> {
        notificatie.to_http(&BackchannelUri::parse("https://pgo.example.nl/notify").unwrap(), None)
    }

    fn peer(name: &str) -> PeerNames {
        PeerNames::new(None, [name])
    }

    fn day(text: &str) -> Datum {
        Datum::parse(text).unwrap()
    }

    #[test]
    fn ext_abo_subnotint_i06_an_end_of_today_is_over() {
        let today = day("2026-05-01");
        for (end, voorbij) in [("2026-04-30", true), ("2026-05-01", true), ("2026-05-02", false)] {
            let ontvanger = ontvanger();
            let request = send(&Notificatie::Abonnement {
                id: id(),
                end: day(end),
            });
            let (answer, received) = ontvanger.receive(&request, &peer("dvza.example.nl"), today);
            assert_eq!(
                (answer.status(), received.unwrap().voorbij),
                (StatusCode::OK, voorbij),
                "{end}"
            );
            let (answer, _) = ontvanger.receive(&request, &peer("dvza.example.nl"), today);
            assert_eq!(answer.status().is_success(), !voorbij);
        }
    }

    #[test]
    fn ext_abo_rscnotint_205_207_i10_i11_only_from_the_dvza_of_the_abonnement() {
        let ontvanger = ontvanger();
        let today = day("2026-05-01");
        let unknown = Notificatie::gegevens(AbonnementId::parse("ander").unwrap());
        let (good, received) = ontvanger.receive(&send(&Notificatie::gegevens(id())), &peer("dvza.example.nl"), today);
        assert_eq!(good.status(), StatusCode::OK);
        assert_eq!(received.unwrap().bron.gegevensdienst.as_str(), "42");
        let (not_known, none) = ontvanger.receive(&send(&unknown), &peer("dvza.example.nl"), today);
        assert_eq!(
            (not_known.status().as_u16(), none),
            (AboPolicy::default().unknown_status, None)
        );
        let (of_another, none) =
            ontvanger.receive(&send(&Notificatie::gegevens(id())), &peer("andere.example.nl"), today);
        assert_eq!(
            (of_another.status(), of_another.body(), none),
            (not_known.status(), not_known.body(), None)
        );
    }

    #[test]
    fn ext_abo_subnotint_202_203_malformed_notifications() {
        let ontvanger = ontvanger();
        let today = day("2026-05-01");
        for body in [
            "",
            "[]",
            "{}",
            r#"{"subscription_id":"abc-1"}"#,
            r#"{"subscription_id":"abc-1","notification_type":"x"}"#,
            r#"{"subscription_id":"abc-1","notification_type":"subscription"}"#,
            r#"{"subscription_id":"abc-1","notification_type":"subscription","end_date":"morgen"}"#,
            r#"{"subscription_id":"abc-1","subscription_id":"x","notification_type":"resource"}"#,
        ] {
            let request = send(&Notificatie::gegevens(id())).map(|_| Bytes::from(body.to_owned()));
            let (answer, received) = ontvanger.receive(&request, &peer("dvza.example.nl"), today);
            assert_eq!((answer.status(), received), (StatusCode::BAD_REQUEST, None), "{body}");
        }
        let mut query = send(&Notificatie::gegevens(id()));
        *query.uri_mut() = "https://pgo.example.nl/notify/Notification?x=1".parse().unwrap();
        assert_eq!(
            ontvanger.receive(&query, &peer("dvza.example.nl"), today).0.status(),
            StatusCode::BAD_REQUEST
        );
    }
}
