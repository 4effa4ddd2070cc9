// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an operator should look at: events of our own beside those of core.logging.202. The page `docs/security.md` lists
//! them.

use std::borrow::Cow;

use medmij_log::{ErrorInfo, EventType, RequestInfo};
use medmij_oauth::{ClientId, wire::RequestIds};

use super::{Dvza, Server};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    /// A request that gives no token named a code of somebody; an unused one is burnt.
    CodeOfAnother,
    /// A code was offered again by its client: the grant has ended (core.tknint.203).
    CodeReplayed,
    /// An old refresh token was offered: the grant has ended.
    RefreshReused,
    /// A certificate with names that were not known for the client was served (core.tknint.200).
    CertificateLearned,
    /// A certificate was refused for the client (core.tknint.200).
    CertificateRefused,
    /// The wall clock of the store jumped: nothing is purged.
    ClockJumped,
    /// Access entries of the audit log cannot be written.
    AuditLate,
}

impl Alarm {
    fn name(self) -> &'static str {
        match self {
            Self::CodeOfAnother => "code_of_another",
            Self::CodeReplayed => "code_replayed",
            Self::RefreshReused => "refresh_token_reused",
            Self::CertificateLearned => "client_certificate_learned",
            Self::CertificateRefused => "client_certificate_refused",
            Self::ClockJumped => "store_clock_jumped",
            Self::AuditLate => "audit_late",
        }
    }

    /// What the chain log says of it. Names and figures are in the log of the process.
    fn text(self) -> &'static str {
        match self {
            Self::CodeOfAnother => "code was named in a request that is not that of its client",
            Self::CodeReplayed => "code was offered again, its tokens have ended",
            Self::RefreshReused => "old refresh token was offered, its grant has ended",
            Self::CertificateLearned => "certificate speaks for the client for the first time",
            Self::CertificateRefused => "certificate does not speak for the client",
            Self::ClockJumped => "wall clock of the store jumped or is right again",
            Self::AuditLate => "access entries of the audit log wait to be written or are written again",
        }
    }
}

impl<D: Dvza> Server<D> {
    /// Raises an event; `what` names no Persoon and holds no secret.
    pub(super) fn raise(&self, alarm: Alarm, client: Option<&ClientId>, ids: Option<&RequestIds>, what: &str) {
        tracing::warn!(alarm = alarm.name(), client_id = client.map(ClientId::as_str), "{what}");
        let kind = EventType::Other(Cow::Borrowed(alarm.name()));
        let mut event = self.event(kind, ids.map(|ids| &ids.correlation_id), None);
        let mut info = RequestInfo::default();
        info.id = ids.map(|ids| ids.request_id.clone());
        info.client_id = client.map(|id| id.hostname().clone());
        event.request = Some(info);
        event.own = true;
        event.error = Some(ErrorInfo::new(alarm.name(), alarm.text()));
        self.config.observer.observe(event);
    }
}
