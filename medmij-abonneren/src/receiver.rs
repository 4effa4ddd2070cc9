// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint, ext.abo.rscnotint.207 — notifications, on the side of the DVP: from nobody but the DVZA whose
//! Abonnement it is.

use std::{collections::BTreeMap, fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use medmij_oauth::{ClientId, storage::StoreError};
use medmij_types::{Clock, PeerNames};

use super::{
    AboPolicy, AbonnementRegister, AbonnementSource, AnswerTimes, CalendarDate, Notificatie, NotificationLog,
    message::{INVALID_REQUEST, json_answer, read_end, read_id, read_json, refuse},
};

/// Takes the notifications about the Abonnementen of a DVP, as its [`AbonnementRegister`] knows them.
///
/// Answering takes a look-up: the work that a notification leads to belongs in a queue, for the answer is due within ten
/// seconds (ext.abo.rscnotint.207).
#[derive(Default)]
pub struct NotificatieReceiver<R: AbonnementRegister> {
    register: R,
    policy: AboPolicy,
    times: Option<Times>,
    log: Option<NotificationLog>,
}

/// Where the times of its own answers are counted.
struct Times {
    own: ClientId,
    times: Arc<AnswerTimes>,
    clock: Arc<dyn Clock>,
}

/// A notification that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// What it says.
    pub notificatie: Notificatie,
    /// Of which Aanbieder and gegevensdienst.
    pub source: AbonnementSource,
    /// Whether the Abonnement is over with it (I06).
    pub past: bool,
}

impl<R: AbonnementRegister> NotificatieReceiver<R> {
    /// Over a register.
    #[must_use]
    pub fn new(register: R, policy: AboPolicy) -> Self {
        Self {
            register,
            policy,
            times: None,
            log: None,
        }
    }

    /// Writes each notification with its answer to the chain log (core.logging.202).
    #[must_use]
    pub fn with_log(mut self, log: NotificationLog) -> Self {
        self.log = Some(log);
        self
    }

    /// Counts how long its own answers take (ext.abo.rscnotint.207), under its own `client_id`.
    #[must_use]
    pub fn with_times(mut self, own: ClientId, times: Arc<AnswerTimes>, clock: Arc<dyn Clock>) -> Self {
        self.times = Some(Times { own, times, clock });
        self
    }

    /// The register.
    #[must_use]
    pub fn register(&self) -> &R {
        &self.register
    }

    /// Judges a notification: the answer to send, and what was accepted. An Abonnement of another DVZA is answered like
    /// one that is not known; where the register cannot be reached, 500 asks to send it again. The answer is due within
    /// [`AboPolicy::answer_within`].
    pub async fn receive(
        &self,
        request: &Request<Bytes>,
        peer: &PeerNames,
        today: CalendarDate,
    ) -> (Response<Bytes>, Option<Received>) {
        let began = self.times.as_ref().map(|times| times.clock.monotonic());
        let logged = self.log.as_ref();
        let logged = logged.map(|log| {
            (
                log,
                log.arrived(request, self.read(request).ok().map(|read| read.kind())),
            )
        });
        let answer = self.judge(request, peer, today).await;
        if let Some((log, arrived)) = logged {
            log.answered(arrived, &answer.0, answer.1.as_ref().map(|received| &received.source));
        }
        if let (Some(times), Some(began)) = (&self.times, began) {
            let took = times.clock.monotonic().saturating_sub(began);
            // what could not be handled is no answer
            let took = (!answer.0.status().is_server_error()).then_some(took);
            times.times.count(&times.own, took, times.clock.now(), &self.policy);
        }
        answer
    }

    async fn judge(
        &self,
        request: &Request<Bytes>,
        peer: &PeerNames,
        today: CalendarDate,
    ) -> (Response<Bytes>, Option<Received>) {
        if request.method() != Method::POST {
            return (
                refuse(StatusCode::METHOD_NOT_ALLOWED, INVALID_REQUEST, "only POST"),
                None,
            );
        }
        if request.uri().query().is_some() {
            return (self.invalid(INVALID_REQUEST, "no parameters in the uri"), None);
        }
        let notificatie = match self.read(request) {
            Ok(notificatie) => notificatie,
            Err((error, what)) => return (self.invalid(error, what), None),
        };
        let source = match self.register.source(notificatie.id()).await {
            Ok(source) => source.filter(|source| peer.iter().any(|name| source.dvza.contains(name))),
            Err(error) => return (self.unavailable(&error), None),
        };
        // what is over stays over; that it is may be said again, for the answer to the first time can be lost
        let source = source.filter(|source| {
            let says_over = matches!(&notificatie, Notificatie::Abonnement { end, .. } if *end <= today);
            source.end > today || says_over
        });
        let Some(mut source) = source else {
            return (self.invalid(self.policy.invalid_id, "subscription is not known"), None);
        };
        if let Notificatie::Abonnement { id, end } = &notificatie {
            if let Err(error) = self.register.set_end(id, *end).await {
                return (self.unavailable(&error), None);
            }
            source.end = *end;
        }
        let past = source.end <= today;
        let body = BTreeMap::from([(self.policy.answer, notificatie.id().as_str().to_owned())]);
        (
            json_answer(StatusCode::OK, &body),
            Some(Received {
                notificatie,
                source,
                past,
            }),
        )
    }

    fn read(&self, request: &Request<Bytes>) -> Result<Notificatie, (&'static str, &'static str)> {
        let body =
            read_json(request.headers(), request.body()).map_err(|_| (INVALID_REQUEST, "body is no json object"))?;
        // not the code that ends an Abonnement: which one it is about is not known
        let id = read_id(&body, "subscription_id")
            .map_err(|_| (INVALID_REQUEST, "subscription_id is missing or malformed"))?;
        let kind = body.root().member("notification_type").and_then(|value| value.as_str());
        match kind.as_deref() {
            Some("resource") => Ok(Notificatie::Details { id }),
            Some("subscription") => {
                let end =
                    read_end(&body, "end_date").map_err(|_| (INVALID_REQUEST, "end_date is missing or no date"))?;
                Ok(Notificatie::Abonnement { id, end })
            }
            _ => Err((self.policy.invalid_type, "notification_type is missing or unknown")),
        }
    }

    fn invalid(&self, error: &str, what: &str) -> Response<Bytes> {
        let status = StatusCode::from_u16(self.policy.invalid_status).unwrap_or(StatusCode::BAD_REQUEST);
        refuse(status, error, what)
    }

    fn unavailable(&self, error: &StoreError) -> Response<Bytes> {
        tracing::error!(rule = "ext.abo.rscnotint.207", %error, "notification cannot be judged");
        let status = StatusCode::from_u16(self.policy.unavailable_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = refuse(status, "server_error", "try again later");
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        response
    }
}

impl<R: AbonnementRegister + fmt::Debug> fmt::Debug for NotificatieReceiver<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ontvanger")
            .field("register", &self.register)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use medmij_oauth::seal::PersoonIndex;
    use medmij_types::{Aanbiedernaam, BackchannelUri, GegevensdienstId, Hostname};

    use super::*;
    use crate::{AbonnementId, Created, MemoryRegister};

    async fn receiver() -> NotificatieReceiver<MemoryRegister> {
        let receiver = NotificatieReceiver::new(MemoryRegister::new(), AboPolicy::default());
        let dvza = Hostname::parse("dvza.example.nl").unwrap();
        let name = Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap();
        let service = GegevensdienstId::parse("42").unwrap();
        let source = AbonnementSource::new(
            [dvza],
            name,
            service,
            PersoonIndex::from_bytes([1; 32]),
            day("2026-12-31"),
        );
        let added = receiver.register().add(&id(), source, 10).await.unwrap();
        assert_eq!(added, Created::Done);
        receiver
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

    fn day(text: &str) -> CalendarDate {
        CalendarDate::parse(text).unwrap()
    }

    #[tokio::test]
    async fn ext_abo_subnotint_i06_an_end_of_today_is_over() {
        let today = day("2026-05-01");
        for (end, past) in [("2026-04-30", true), ("2026-05-01", true), ("2026-05-02", false)] {
            let receiver = receiver().await;
            let request = send(&Notificatie::Abonnement {
                id: id(),
                end: day(end),
            });
            let (answer, received) = receiver.receive(&request, &peer("dvza.example.nl"), today).await;
            assert_eq!(
                (answer.status(), received.unwrap().past),
                (StatusCode::OK, past),
                "{end}"
            );
            // said again, it is heard again; but nothing new comes of what is over
            let (again, received) = receiver.receive(&request, &peer("dvza.example.nl"), today).await;
            assert_eq!((again.status(), received.unwrap().past), (StatusCode::OK, past));
            let news = send(&Notificatie::data(id()));
            let (answer, received) = receiver.receive(&news, &peer("dvza.example.nl"), today).await;
            assert_eq!((answer.status().is_success(), received.is_some()), (!past, !past));
            let back = send(&Notificatie::Abonnement {
                id: id(),
                end: day("2027-01-01"),
            });
            let (answer, _) = receiver.receive(&back, &peer("dvza.example.nl"), today).await;
            assert_eq!(answer.status().is_success(), !past);
        }
    }

    #[tokio::test]
    async fn ext_abo_rscnotint_205_207_i10_i11_only_from_the_dvza_of_the_abonnement() {
        let receiver = receiver().await;
        let today = day("2026-05-01");
        let unknown = Notificatie::data(AbonnementId::parse("ander").unwrap());
        let (good, received) = receiver
            .receive(&send(&Notificatie::data(id())), &peer("dvza.example.nl"), today)
            .await;
        assert_eq!(good.status(), StatusCode::OK);
        assert_eq!(received.unwrap().source.gegevensdienst.as_str(), "42");
        let (not_known, none) = receiver.receive(&send(&unknown), &peer("dvza.example.nl"), today).await;
        assert_eq!(
            (not_known.status().as_u16(), none),
            (AboPolicy::default().invalid_status, None)
        );
        let (of_another, none) = receiver
            .receive(&send(&Notificatie::data(id())), &peer("andere.example.nl"), today)
            .await;
        assert_eq!(
            (of_another.status(), of_another.body(), none),
            (not_known.status(), not_known.body(), None)
        );
        assert!(not_known.body().starts_with(br#"{"error":"invalid_subscription_id""#));
    }

    #[tokio::test]
    async fn ext_abo_subnotint_202_203_malformed_notifications_are_refused() {
        let receiver = receiver().await;
        let today = day("2026-05-01");
        let (request, kind) = ("invalid_request", "invalid_notification_type");
        for (body, error) in [
            ("", request),
            ("[]", request),
            ("{}", request),
            (r#"{"notification_type":"resource"}"#, request),
            (r#"{"subscription_id":"a b","notification_type":"resource"}"#, request),
            (r#"{"subscription_id":"abc-1"}"#, kind),
            (r#"{"subscription_id":"abc-1","notification_type":"x"}"#, kind),
            (r#"{"subscription_id":"onbekend","notification_type":"x"}"#, kind),
            (
                r#"{"subscription_id":"abc-1","notification_type":"subscription"}"#,
                request,
            ),
            (
                r#"{"subscription_id":"abc-1","notification_type":"subscription","end_date":"morgen"}"#,
                request,
            ),
            (
                r#"{"subscription_id":"abc-1","subscription_id":"x","notification_type":"resource"}"#,
                request,
            ),
        ] {
            let request = send(&Notificatie::data(id())).map(|_| Bytes::from(body.to_owned()));
            let (answer, received) = receiver.receive(&request, &peer("dvza.example.nl"), today).await;
            assert_eq!((answer.status(), received), (StatusCode::BAD_REQUEST, None), "{body}");
            let begin = format!(r#"{{"error":"{error}""#);
            assert!(answer.body().starts_with(begin.as_bytes()), "{body}");
        }
        let mut query = send(&Notificatie::data(id()));
        *query.uri_mut() = "https://pgo.example.nl/notify/Notification?x=1".parse().unwrap();
        assert_eq!(
            receiver
                .receive(&query, &peer("dvza.example.nl"), today)
                .await
                .0
                .status(),
            StatusCode::BAD_REQUEST
        );
    }

    /// A register that cannot be reached.
    struct Down;

    impl AbonnementRegister for Down {
        async fn add(&self, _: &AbonnementId, _: AbonnementSource, _: u32) -> Result<Created, StoreError> {
            Err(StoreError::Full)
        }
        async fn source(&self, _: &AbonnementId) -> Result<Option<AbonnementSource>, StoreError> {
            Err(StoreError::Unavailable("down".into()))
        }
        async fn set_end(&self, _: &AbonnementId, _: CalendarDate) -> Result<(), StoreError> {
            Err(StoreError::Full)
        }
        async fn remove(&self, _: &AbonnementId) -> Result<(), StoreError> {
            Err(StoreError::Full)
        }
        async fn of(&self, _: &PersoonIndex) -> Result<Vec<(AbonnementId, AbonnementSource)>, StoreError> {
            Err(StoreError::Full)
        }
        async fn purge_before(&self, _: CalendarDate, _: usize) -> Result<usize, StoreError> {
            Err(StoreError::Full)
        }
    }

    #[tokio::test]
    async fn ext_abo_rscnotint_a_register_that_cannot_be_read_ends_no_abonnement() {
        let times = Arc::new(AnswerTimes::new());
        let own = ClientId::parse("pgo.example.nl").unwrap();
        let clock = Arc::new(medmij_types::SystemClock::default());
        let receiver = NotificatieReceiver::new(Down, AboPolicy::default()).with_times(own, Arc::clone(&times), clock);
        let request = send(&Notificatie::data(id()));
        let (answer, received) = receiver
            .receive(&request, &peer("dvza.example.nl"), day("2026-05-01"))
            .await;
        assert_eq!((answer.status(), received), (StatusCode::INTERNAL_SERVER_ERROR, None));
        let settled = Notificatie::answered(&answer, &AboPolicy::default());
        assert_eq!(settled, Err(crate::AbonnementError::Status(500)));
        // ext.abo.rscnotint.207: and it is no answer
        let counts: Vec<_> = times
            .counts()
            .into_iter()
            .map(|(_, _, count)| (count.all, count.in_time))
            .collect();
        assert_eq!(counts, [(1, 0)]);
    }
}
