// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a collection is driven over.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

/// A client that sends requests to other Nodes: the back channel.
///
/// It must send to the host of the request only, follow no redirect, and bound the body. Feature `net`
/// implements it for `medmij_net::BackChannel`.
pub trait Channel: Sync {
    /// Sends a request and reads the whole answer; any status is an answer.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<http::Response<Bytes>, SendError>> + Send;

    /// Waits.
    fn wait(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// A [`Channel`] that also hands a body over as it arrives, for documents. Feature `net` implements it for
/// `medmij_net::BackChannel`.
pub trait StreamingChannel: Channel {
    /// The rest of an answer.
    type Body: Send;

    /// Sends a request and reads the head of the answer. The channel does not bound the body.
    fn open(
        &self,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<http::Response<Self::Body>, SendError>> + Send;

    /// The next bytes of a body; none at its end. A connection that ends before the body does is a fault.
    fn chunk(&self, body: &mut Self::Body) -> impl Future<Output = Result<Option<Bytes>, SendError>> + Send;
}

/// No answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
#[non_exhaustive]
pub struct SendError {
    /// What kind of fault it was.
    pub fault: SendFault,
    /// The words of the transport, for a report: without token, body or query.
    pub text: String,
}

/// What kind of fault kept an answer from coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendFault {
    /// The connection ended without a whole answer, as one does that the other side had given up while it lay
    /// idle. A read is sent once more.
    Broken,
    /// The time for one answer passed.
    Timeout,
    /// Anything else: no connection, a certificate that is refused, a host that is not allowed.
    Other,
}

impl SendError {
    /// A fault with the words of the transport.
    #[must_use]
    pub fn new(fault: SendFault, text: impl Into<String>) -> Self {
        Self {
            fault,
            text: text.into(),
        }
    }
}

#[cfg(feature = "net")]
impl Channel for medmij_net::BackChannel {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, SendError> {
        Self::send(self, request).await.map_err(Into::into)
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

#[cfg(feature = "net")]
impl StreamingChannel for medmij_net::BackChannel {
    type Body = medmij_net::BoundedBody;

    async fn open(&self, request: http::Request<Bytes>) -> Result<http::Response<Self::Body>, SendError> {
        // the collection keeps the time of each piece and the number of bytes
        let limits = medmij_net::SendLimits::default().total(LONGEST_DOCUMENT).body(u64::MAX);
        let answer = Self::open(self, request, limits).await;
        answer.map_err(Into::into)
    }

    async fn chunk(&self, body: &mut Self::Body) -> Result<Option<Bytes>, SendError> {
        body.chunk().await.map_err(Into::into)
    }
}

/// An access token lives no longer.
#[cfg(feature = "net")]
const LONGEST_DOCUMENT: Duration = Duration::from_secs(900);

#[cfg(feature = "net")]
impl From<medmij_net::NetError> for SendError {
    fn from(error: medmij_net::NetError) -> Self {
        let fault = if error.is_broken() {
            SendFault::Broken
        } else if error.is_timeout() {
            SendFault::Timeout
        } else {
            SendFault::Other
        };
        Self::new(fault, error.to_string())
    }
}
