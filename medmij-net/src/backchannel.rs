// SPDX-License-Identifier: AGPL-3.0-or-later
//! Requests to other nodes: core.whl.306, core.whl.307 (client side), core.tls.314
//!
//! The order of one request: its URI is taken apart once, the host is judged by the host policy, and only
//! the proof that comes out of that ([`AllowedHost`]) lets it be dialled or put on an open connection.

mod attempt;
pub(crate) mod body;
pub(crate) mod builder;
pub(crate) mod proxy;
mod request;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};
use medmij_types::Hostname;
use medmij_whitelist::{AllowedHost, HostPolicy};
use tokio::time::Instant;

use crate::error::Kind;
use crate::tls::ems::WithoutEms;
use crate::{ConfigError, Credentials, NetError, NodeIdentity, TrustRoots};
use body::BoundedBody;
use builder::BackChannelBuilder;

/// The client of the back channel. Cheap to clone; clones share connections and settings.
///
/// ```no_run
/// # async fn collect(channel: medmij_net::BackChannel, token: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let request = http::Request::get("https://dvza-een.localhost/fhir/Patient")
///     .header("Authorization", format!("Bearer {token}"))
///     .body(bytes::Bytes::new())?;
/// let response = channel.send(request).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BackChannel {
    shared: Arc<Shared>,
}

struct Shared {
    made: ArcSwap<builder::BuiltClient>,
    client_config: builder::ClientConfig,
    policy: HostPolicy,
    limits: SendLimits,
    without_ems: WithoutEms,
}

/// What one exchange may cost.
///
/// ```
/// use std::time::Duration;
/// use medmij_net::SendLimits;
///
/// let limits = SendLimits::default().total(Duration::from_secs(10)).body(64 * 1024);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct SendLimits {
    total: Duration,
    body: u64,
    headers: usize,
}

impl SendLimits {
    /// From the first byte dialled to the last byte of the body. Default 60 s (core.rscint.202).
    pub fn total(mut self, total: Duration) -> Self {
        self.total = total;
        self
    }

    /// Bytes of the body. Default 64 MiB.
    pub fn body(mut self, bytes: u64) -> Self {
        self.body = bytes;
        self
    }

    /// Bytes of all header names and values. Default 16 KiB.
    pub fn headers(mut self, bytes: usize) -> Self {
        self.headers = bytes;
        self
    }
}

impl Default for SendLimits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(60),
            body: 64 * 1024 * 1024,
            headers: 16 * 1024,
        }
    }
}

impl BackChannel {
    /// Starts a client that shows `identity`, trusts `roots` only and talks to the hosts of `policy` only.
    pub fn builder(identity: NodeIdentity, roots: TrustRoots, policy: HostPolicy) -> BackChannelBuilder {
        BackChannelBuilder::new(identity, roots, policy)
    }

    /// Sends a request within the limits of the builder and reads the whole answer.
    ///
    /// Any status is an answer, a redirect too: nothing is followed.
    ///
    /// # Errors
    /// [`NetError`]; ask it what happened.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NetError> {
        self.send_within(request, self.shared.limits).await
    }

    /// The same within limits of its own.
    ///
    /// # Errors
    /// [`NetError`]; ask it what happened.
    pub async fn send_within(&self, request: Request<Bytes>, limits: SendLimits) -> Result<Response<Bytes>, NetError> {
        let (head, body) = self.open(request, limits).await?.into_parts();
        Ok(Response::from_parts(head, body.read_to_end().await?))
    }

    /// Sends a request and hands over the body as it arrives; the same limits count for all of it.
    ///
    /// # Errors
    /// [`NetError`]; ask it what happened.
    pub async fn open(&self, request: Request<Bytes>, limits: SendLimits) -> Result<Response<BoundedBody>, NetError> {
        let (host, request) = request::check(request)?;
        if self.shared.client_config.is_mapped() && request.url().port().is_some() {
            return Err(NetError::new(Kind::Request(
                "a host of the loopback map has no port in its uri",
            )));
        }
        let allowed = self.shared.policy.check(&host).map_err(|refusal| {
            tracing::warn!(host = %host, rule = "core.whl.307", reason = %refusal, "request refused before dialling");
            NetError::not_allowed(&host, refusal)
        })?;
        self.dial(&allowed, request, limits)
            .await
            .map_err(|error| error.at(&host))
    }

    /// The only place where a request leaves; it takes the proof.
    async fn dial(
        &self,
        allowed: &AllowedHost,
        request: reqwest::Request,
        limits: SendLimits,
    ) -> Result<Response<BoundedBody>, NetError> {
        let host = allowed.hostname();
        if request.url().host_str() != Some(host.as_str()) {
            return Err(NetError::new(Kind::Request("the host is not the one that was judged")));
        }
        let now = Instant::now();
        // Too long a time to add is no deadline that anybody lives to see.
        let deadline = now.checked_add(limits.total).unwrap_or(now + YEAR);
        let made = self.shared.made();
        let sent = attempt::send(&self.shared, &made, host, request);
        let sent = tokio::time::timeout_at(deadline, sent)
            .await
            .map_err(|_| NetError::new(Kind::Timeout(limits.total)))??;
        body::bounded(sent, limits, deadline, host)
    }

    /// The servers that spoke TLS 1.2 without extended master secret (RFC 7627) since this client was built, and how many
    /// requests each had. With [`TlsPolicy::extended_master_secret`](crate::TlsPolicy::extended_master_secret) they would be
    /// refused.
    pub fn without_extended_master_secret(&self) -> Vec<(Hostname, u64)> {
        self.shared.without_ems.counts()
    }

    /// Takes other credentials without a restart (fault R16). Open connections are not used again; requests
    /// under way end on theirs.
    ///
    /// # Errors
    /// [`ConfigError`] when TLS cannot be set up from them; then everything stays as it was.
    pub fn reload(&self, credentials: &Credentials) -> Result<(), ConfigError> {
        self.shared
            .made
            .store(Arc::new(self.shared.client_config.make(credentials.clone())?));
        tracing::info!(names = %credentials.identity.names(), "client took new credentials");
        Ok(())
    }

    /// Whether the host policy allows `host` at this moment; nothing is dialled.
    pub fn is_allowed(&self, host: &Hostname) -> bool {
        self.shared.policy.check(host).is_ok()
    }
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

impl Shared {
    /// The client in use, or a new one when its connections may be too old: every certificate is judged anew
    /// within [`BackChannelBuilder::connection_age`], however busy a connection is (threat W7).
    fn made(&self) -> Arc<builder::BuiltClient> {
        let made = self.made.load_full();
        if !self.client_config.is_old(&made) {
            return made;
        }
        let new = match self.client_config.make(made.credentials.clone()) {
            Ok(new) => Arc::new(new),
            Err(error) => {
                tracing::error!(%error, "client cannot be renewed, the old one stays");
                return made;
            }
        };
        // Only in place of the one that it was made of: credentials that were taken meanwhile are not undone.
        let before = self.made.compare_and_swap(&made, Arc::clone(&new));
        if Arc::ptr_eq(&before, &made) {
            new
        } else {
            Arc::clone(&before)
        }
    }
}

impl std::fmt::Debug for BackChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackChannel")
            .field("limits", &self.shared.limits)
            .finish_non_exhaustive()
    }
}
