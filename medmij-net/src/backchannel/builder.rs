// SPDX-License-Identifier: AGPL-3.0-or-later
//! The settings of a back-channel client

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use medmij_types::{Clock, Hostname, SystemClock};
use medmij_whitelist::HostPolicy;

use super::{BackChannel, SendLimits, Shared};
use crate::resolve::{Lookup, Resolver};
use crate::tls::ems::WithoutEms;
use crate::{
    ConfigError, ConnectProxy, Credentials, DangerLoopback, DnsSettings, NodeIdentity, Revocation, TlsPolicy,
    TrustRoots, tls,
};

/// Builds a [`BackChannel`]. Revocation must be chosen; everything else has a safe default.
#[must_use]
pub struct BackChannelBuilder {
    identity: NodeIdentity,
    roots: TrustRoots,
    policy: HostPolicy,
    revocation: Option<Revocation>,
    limits: SendLimits,
    dns: DnsSettings,
    client_config: ClientConfig,
}

/// What stays when credentials change.
pub(super) struct ClientConfig {
    tls: TlsPolicy,
    clock: Arc<dyn Clock>,
    pub(super) connect: Duration,
    resolver: Resolver,
    proxy: Option<ConnectProxy>,
    age: Duration,
}

/// A client, what it was made of, and when by the monotonic clock.
pub(super) struct BuiltClient {
    pub(super) client: reqwest::Client,
    /// The same for servers without extended master secret, where the policy allows them.
    pub(super) lenient: Option<Lenient>,
    pub(super) credentials: Credentials,
    at: Duration,
}

/// A client for servers of which a strict one found out that they lack the extended master secret.
pub(super) struct Lenient {
    pub(super) client: reqwest::Client,
    pub(super) hosts: Mutex<BTreeSet<Hostname>>,
}

impl BackChannelBuilder {
    pub(super) fn new(identity: NodeIdentity, roots: TrustRoots, policy: HostPolicy) -> Self {
        let client_config = ClientConfig {
            tls: TlsPolicy::default(),
            clock: Arc::new(SystemClock::default()),
            connect: Duration::from_secs(5),
            resolver: Resolver::Public(Lookup::System),
            proxy: None,
            age: Duration::from_secs(600),
        };
        Self {
            identity,
            roots,
            policy,
            revocation: None,
            limits: SendLimits::default(),
            dns: DnsSettings::off(),
            client_config,
        }
    }

    /// How withdrawn certificates of servers are found out.
    pub fn revocation(mut self, revocation: Revocation) -> Self {
        self.revocation = Some(revocation);
        self
    }

    /// Versions and algorithms. Default [`TlsPolicy::ncsc_2_1`].
    pub fn tls(mut self, tls: TlsPolicy) -> Self {
        self.client_config.tls = tls;
        self
    }

    /// The clock by which certificates are judged. Default the machine's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.client_config.clock = Arc::new(clock);
        self
    }

    /// What an exchange may cost unless its caller says otherwise.
    pub fn limits(mut self, limits: SendLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Time for name lookup, TCP and TLS together. Default 5 s.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.client_config.connect = time;
        self
    }

    /// The age at which connections are not used again, so that certificates are judged anew. Default 10 min,
    /// counted by the clock of [`clock`](Self::clock).
    pub fn connection_age(mut self, age: Duration) -> Self {
        self.client_config.age = age;
        self
    }

    /// How answers about host names are proven (core.dns). Default [`DnsSettings::off`]: the system looks them up. Hosts of a loopback
    /// map are not looked up at all.
    pub fn dns(mut self, dns: DnsSettings) -> Self {
        self.dns = dns;
        self
    }

    /// Goes out through a forward proxy. TLS stays between us and the node; the proxy sees the host's name.
    pub fn proxy(mut self, proxy: ConnectProxy) -> Self {
        self.client_config.proxy = Some(proxy);
        self
    }

    /// Dials the hosts of `map` on loopback and no other host at all.
    pub fn danger_loopback(mut self, map: DangerLoopback) -> Self {
        self.client_config.resolver = Resolver::Loopback(Arc::new(map));
        self
    }

    /// Also dials hosts whose names lead to private or loopback addresses, for test facilities on a private
    /// network. Names under `.localhost` stay refused.
    pub fn danger_private_addresses(mut self) -> Self {
        self.client_config.resolver = Resolver::AnyAddress(Lookup::System);
        self
    }

    #[cfg(test)]
    pub(crate) fn resolver(mut self, resolver: Resolver) -> Self {
        self.client_config.resolver = resolver;
        self
    }

    /// Builds the client. Nothing is dialled.
    ///
    /// # Errors
    /// [`ConfigError`] when revocation was not chosen, a proxy is beside a loopback map or names that are to be proven, or DNS
    /// or TLS cannot be set up from these parts.
    pub fn build(self) -> Result<BackChannel, ConfigError> {
        let Self {
            identity,
            roots,
            policy,
            revocation,
            limits,
            dns,
            mut client_config,
        } = self;
        let revocation = revocation.ok_or(ConfigError::RevocationNotChosen)?;
        if client_config.is_mapped() && client_config.proxy.is_some() {
            return Err(ConfigError::ProxyAndLoopback);
        }
        if !client_config.is_mapped()
            && let Some(lookup) = Lookup::of(&dns)?
        {
            if client_config.proxy.is_some() {
                return Err(ConfigError::ProxyAndDns);
            }
            client_config.resolver = client_config.resolver.by(lookup);
        }
        let made = client_config.make(Credentials {
            identity,
            roots,
            revocation,
        })?;
        Ok(BackChannel {
            shared: Arc::new(Shared {
                made: ArcSwap::from_pointee(made),
                client_config,
                policy,
                limits,
                without_ems: WithoutEms::default(),
            }),
        })
    }
}

impl ClientConfig {
    pub(super) fn is_mapped(&self) -> bool {
        matches!(self.resolver, Resolver::Loopback(_))
    }

    /// Whether our own lookups tell of each new connection: a forward proxy makes them by itself.
    pub(super) fn sees_dialling(&self) -> bool {
        self.proxy.is_none()
    }

    pub(super) fn is_old(&self, made: &BuiltClient) -> bool {
        self.clock.monotonic().saturating_sub(made.at) >= self.age
    }

    pub(super) fn make(&self, credentials: Credentials) -> Result<BuiltClient, ConfigError> {
        Ok(BuiltClient {
            client: self.client(&credentials, true)?,
            lenient: if self.tls.requires_extended_master_secret() {
                None
            } else {
                Some(Lenient {
                    client: self.client(&credentials, false)?,
                    hosts: Mutex::default(),
                })
            },
            credentials,
            at: self.clock.monotonic(),
        })
    }

    fn client(&self, credentials: &Credentials, requires_ems: bool) -> Result<reqwest::Client, ConfigError> {
        let Credentials {
            identity,
            roots,
            revocation,
        } = credentials;
        let config = tls::client::config(identity, roots, revocation, &self.tls, &self.clock, requires_ems)?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .https_only(true)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // Another crate may have switched these on for everybody.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .no_proxy()
            .connect_timeout(self.connect)
            // sooner than a listener closes what lies idle, after 15 s: a request that meets that is lost
            .pool_idle_timeout(Duration::from_secs(10))
            .dns_resolver(self.resolver.clone());
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.to_reqwest().map_err(|error| ConfigError::Client(error.into()))?);
        }
        builder.build().map_err(|error| ConfigError::Client(error.into()))
    }
}

impl std::fmt::Debug for BackChannelBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackChannelBuilder")
            .field("identity", &self.identity)
            .field("roots", &self.roots)
            .field("tls", &self.client_config.tls)
            .finish_non_exhaustive()
    }
}
