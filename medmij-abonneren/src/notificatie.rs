// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint.200 – 204, ext.abo.rscnotint.200 – 207 — notifications, on the side of the DVZA.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Version, header};
use medmij_oauth::{
    ClientId,
    wire::{RequestIds, json},
};
use medmij_types::BackchannelUri;

use super::{AboPolicy, AbonnementError, AbonnementId, CalendarDate, message::JSON};

/// A notification to a DVP. Each belongs to exactly one Abonnement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notificatie {
    /// There is new information (resource notification).
    Details {
        /// The Abonnement.
        id: AbonnementId,
    },
    /// The Abonnement ends, or its end changes (subscription notification).
    Abonnement {
        /// The Abonnement.
        id: AbonnementId,
        /// Its end: today or earlier means that it is over.
        end: CalendarDate,
    },
}

/// Which of the two interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NotificatieKind {
    /// Resource notification interface.
    Details,
    /// Subscription notification interface.
    Abonnement,
}

impl NotificatieKind {
    /// The value of `notification_type`; that of a resource notification is inferred.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Details => "resource",
            Self::Abonnement => "subscription",
        }
    }
}

impl Notificatie {
    /// That there is something new.
    #[must_use]
    pub fn data(id: AbonnementId) -> Self {
        Self::Details { id }
    }

    /// That the Abonnement ends on a day, with `today` and the longest duration of the list (I07).
    ///
    /// # Errors
    ///
    /// [`AbonnementError::TooLate`], where the end is later than today plus the longest duration.
    pub fn abonnement(
        id: AbonnementId,
        end: CalendarDate,
        today: CalendarDate,
        max_duration: u32,
    ) -> Result<Self, AbonnementError> {
        if end > today.plus(max_duration) {
            return Err(AbonnementError::TooLate);
        }
        Ok(Self::Abonnement { id, end })
    }

    /// The Abonnement.
    #[must_use]
    pub fn id(&self) -> &AbonnementId {
        match self {
            Self::Details { id } | Self::Abonnement { id, .. } => id,
        }
    }

    /// Which of the two interfaces.
    #[must_use]
    pub fn kind(&self) -> NotificatieKind {
        match self {
            Self::Details { .. } => NotificatieKind::Details,
            Self::Abonnement { .. } => NotificatieKind::Abonnement,
        }
    }

    /// The request: a POST to `<endpoint>/Notification` without query, JSON, HTTP/1.1.
    #[must_use]
    pub fn to_http(&self, endpoint: &BackchannelUri, ids: Option<&RequestIds>) -> Request<Bytes> {
        let mut body = BTreeMap::from([
            ("subscription_id", self.id().as_str().to_owned()),
            ("notification_type", self.kind().as_str().to_owned()),
        ]);
        if let Self::Abonnement { end, .. } = self {
            body.insert("end_date", end.to_string());
        }
        let mut request = Request::new(Bytes::from(serde_json::to_vec(&body).unwrap_or_default()));
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_11;
        let path = endpoint
            .as_str()
            .split('?')
            .next()
            .unwrap_or_default()
            .trim_end_matches('/');
        // a BackchannelUri with a path behind it is always a uri
        *request.uri_mut() = format!("{path}/Notification").parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        headers.insert(header::ACCEPT, HeaderValue::from_static(JSON));
        if let Some(ids) = ids {
            ids.write(headers);
        }
        request
    }

    /// Judges the answer: any success will do. See [`settle`](super::settle) for what follows.
    ///
    /// # Errors
    ///
    /// [`AbonnementError::NotKnown`] where the DVP does not know the Abonnement, else [`AbonnementError::Status`].
    pub fn answered(response: &Response<Bytes>, policy: &AboPolicy) -> Result<(), AbonnementError> {
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let document = json::read(response.body()).ok();
        let error = document
            .as_ref()
            .and_then(|document| document.root().member("error")?.as_str());
        if status.as_u16() == policy.invalid_status && error.as_deref() == Some(policy.invalid_id) {
            return Err(AbonnementError::NotKnown);
        }
        Err(AbonnementError::Status(status.as_u16()))
    }
}

/// The latest moment to send a resource notification: within an hour after the information became available
/// (ext.abo.rscnotint.206).
#[must_use]
pub fn deliver_before(available: SystemTime) -> SystemTime {
    available + Duration::from_secs(3_600)
}

/// Where the notifications of a DVP go: what the OAuth Client List says, else what the supplier's table says.
#[derive(Clone, Debug, Default)]
pub struct Notificaties {
    table: BTreeMap<(ClientId, NotificatieKind), BackchannelUri>,
}

impl Notificaties {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an endpoint to the table.
    #[must_use]
    pub fn with(mut self, client: ClientId, kind: NotificatieKind, endpoint: BackchannelUri) -> Self {
        self.table.insert((client, kind), endpoint);
        self
    }

    /// The endpoint; `listed` is what the list has.
    #[must_use]
    pub fn endpoint<'a>(
        &'a self,
        client: &ClientId,
        kind: NotificatieKind,
        listed: Option<&'a BackchannelUri>,
    ) -> Option<&'a BackchannelUri> {
        listed.or_else(|| self.table.get(&(client.clone(), kind)))
    }
}

#[cfg(test)]
mod tests {
    use medmij_types::OsEntropy;

    use super::*;

    fn uri() -> BackchannelUri {
        BackchannelUri::parse("https://pgo.example.nl/notify").unwrap()
    }

    #[test]
    fn ext_abo_subnotint_200_201_204_i05_a_subscription_notification_has_its_form() {
        let id = AbonnementId::parse("abc-1").unwrap();
        let today = CalendarDate::parse("2026-05-01").unwrap();
        let http = Notificatie::abonnement(id, today, today, 90)
            .unwrap()
            .to_http(&uri(), None);
        assert_eq!((http.method(), http.version()), (&Method::POST, Version::HTTP_11));
        assert_eq!(http.uri(), "https://pgo.example.nl/notify/Notification");
        assert_eq!(
            http.body(),
            r#"{"end_date":"2026-05-01","notification_type":"subscription","subscription_id":"abc-1"}"#
        );
    }

    #[test]
    fn ext_abo_subnotint_i07_not_later_than_the_maximum() {
        let id = || AbonnementId::random(&OsEntropy).unwrap();
        let today = CalendarDate::parse("2026-05-01").unwrap();
        assert!(Notificatie::abonnement(id(), today.plus(90), today, 90).is_ok());
        assert_eq!(
            Notificatie::abonnement(id(), today.plus(91), today, 90),
            Err(AbonnementError::TooLate)
        );
    }

    #[test]
    fn ext_abo_rscnotint_200_204_206_i08_i09_a_resource_notification_has_its_form() {
        let http = Notificatie::data(AbonnementId::parse("abc-1").unwrap()).to_http(&uri(), None);
        assert_eq!(
            http.body(),
            r#"{"notification_type":"resource","subscription_id":"abc-1"}"#
        );
        let now = SystemTime::UNIX_EPOCH;
        assert_eq!(deliver_before(now), now + Duration::from_secs(3_600));
    }

    #[test]
    fn the_list_goes_before_the_table() {
        let client = ClientId::parse("pgo.example.nl").unwrap();
        let listed = BackchannelUri::parse("https://pgo.example.nl/lijst").unwrap();
        let table = Notificaties::new().with(client.clone(), NotificatieKind::Details, uri());
        assert_eq!(
            table.endpoint(&client, NotificatieKind::Details, Some(&listed)),
            Some(&listed)
        );
        assert_eq!(table.endpoint(&client, NotificatieKind::Details, None), Some(&uri()));
        assert_eq!(table.endpoint(&client, NotificatieKind::Abonnement, None), None);
    }
}
