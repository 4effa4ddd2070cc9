// SPDX-License-Identifier: AGPL-3.0-or-later
//! A forward proxy in front of the back channel, by CONNECT: TLS stays end to end (core.tls.300)

use std::fmt;
use std::net::SocketAddr;

use http::HeaderValue;

/// The address of a forward proxy that tunnels (`CONNECT`). It is never taken from the environment.
///
/// The proxy looks up the host's name, so the address policy of this crate does not reach behind it; the
/// host policy and the certificate check do.
///
/// ```
/// use medmij_net::ConnectProxy;
///
/// let proxy = ConnectProxy::at("192.0.2.1:3128".parse()?).credentials("Basic dXNlcjpnZWhlaW0=")?;
/// assert!(!format!("{proxy:?}").contains("dXNlcj"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct ConnectProxy {
    address: SocketAddr,
    credentials: Option<HeaderValue>,
}

impl ConnectProxy {
    /// A proxy that is spoken to in plain HTTP at this address.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            credentials: None,
        }
    }

    /// The value of `Proxy-Authorization`, kept out of logs.
    ///
    /// # Errors
    /// [`http::header::InvalidHeaderValue`], when it is no header value.
    pub fn credentials(mut self, value: &str) -> Result<Self, http::header::InvalidHeaderValue> {
        let mut value = HeaderValue::try_from(value)?;
        value.set_sensitive(true);
        self.credentials = Some(value);
        Ok(self)
    }

    pub(super) fn to_reqwest(&self) -> reqwest::Result<reqwest::Proxy> {
        let proxy = reqwest::Proxy::https(format!("http://{}", self.address))?;
        Ok(match &self.credentials {
            Some(value) => proxy.custom_http_auth(value.clone()),
            None => proxy,
        })
    }
}

impl fmt::Debug for ConnectProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectProxy")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
