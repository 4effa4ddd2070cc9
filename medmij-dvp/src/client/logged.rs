// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.202, core.rscint.201 — a back channel whose resource requests are in the chain log.

use bytes::Bytes;
use http::{Request, Response};
use medmij_net::{BackChannel, NetError, SentAgain};

use super::ResourceLog;

/// A back channel that logs each resource request with its answer. With the feature `fhir` a
/// `medmij_fhir::Collection` is driven over it.
#[derive(Clone, Copy, Debug)]
pub struct LoggedChannel<'a> {
    log: &'a ResourceLog,
    channel: &'a BackChannel,
}

impl ResourceLog {
    /// A back channel whose requests are in this log.
    #[must_use]
    pub fn over<'a>(&'a self, channel: &'a BackChannel) -> LoggedChannel<'a> {
        LoggedChannel { log: self, channel }
    }
}

impl LoggedChannel<'_> {
    /// Sends a resource request. A `GET` on a connection that was closed meanwhile goes out twice and is in the log twice,
    /// each time under an id of its own.
    ///
    /// # Errors
    ///
    /// [`NetError`].
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NetError> {
        let sent = self.log.sent(&request);
        let answered = self.channel.send(request).await;
        let again = match &answered {
            Ok(response) => response.extensions().get::<SentAgain>(),
            Err(error) => error.sent_again(),
        };
        let sent = match again {
            Some(again) => self.log.sent_again(sent, again.request_id.clone()),
            None => sent,
        };
        match &answered {
            Ok(response) => self.log.answered(sent, response),
            Err(error) => self.log.failed(sent, why(error)),
        }
        answered
    }
}

#[cfg(feature = "fhir")]
impl medmij_fhir::Channel for LoggedChannel<'_> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, medmij_fhir::SendError> {
        Self::send(self, request).await.map_err(Into::into)
    }

    async fn wait(&self, time: std::time::Duration) {
        medmij_fhir::Channel::wait(self.channel, time).await;
    }
}

/// In our own words: those of the transport can hold names and paths.
fn why(error: &NetError) -> &'static str {
    if error.is_not_whitelisted() {
        "host is not on the whitelist, nothing was sent"
    } else if error.is_timeout() {
        "no answer in time"
    } else if error.is_tls() {
        "no tls connection"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_broken() {
        "connection ended without a whole answer"
    } else {
        "no answer that can be used"
    }
}
