// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where the database is and how it is used.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod};
use medmij_types::{Clock, SystemClock};
use tokio_postgres::{
    Config, NoTls,
    config::{Host, SslMode, TargetSessionAttrs},
};

use crate::OpenError;
#[cfg(feature = "rustls")]
use crate::PostgresTls;

/// How a [`PostgresStore`](crate::PostgresStore) is opened.
///
/// ```
/// use medmij_store_postgres::{OpenError, PostgresOptions};
///
/// let options = PostgresOptions::parse("host=/run/postgresql user=dvza dbname=dvza")?.pool_size(8);
///
/// // names of Persons are not in it, but hashes of tokens are: no network without TLS
/// let plain = PostgresOptions::parse("postgres://dvza:geheim@db.example.nl/dvza")?;
/// assert!(matches!(plain.checked(), Err(OpenError::PlainNetwork { .. })));
/// # options.checked()?;
/// # Ok::<(), OpenError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct PostgresOptions {
    config: Config,
    pub(crate) pool_size: usize,
    pub(crate) deadline: Duration,
    pub(crate) max_flows: u32,
    pub(crate) clock: Arc<dyn Clock>,
    #[cfg(feature = "rustls")]
    tls: Option<PostgresTls>,
    danger_plain_network: bool,
    pub(crate) danger_not_durable: bool,
}

impl PostgresOptions {
    /// Reads a connection string: `host=... user=... dbname=...` or `postgres://user:password@host/dbname`. Several hosts may
    /// be given; the one that can be written to is used.
    ///
    /// # Errors
    ///
    /// [`OpenError::Config`].
    pub fn parse(connection: &str) -> Result<Self, OpenError> {
        let config = Config::from_str(connection).map_err(|error| OpenError::Config(Box::new(error)))?;
        Ok(Self {
            config,
            pool_size: 16,
            deadline: Duration::from_secs(5),
            max_flows: 10_000,
            clock: Arc::new(SystemClock::default()),
            #[cfg(feature = "rustls")]
            tls: None,
            danger_plain_network: false,
            danger_not_durable: false,
        })
    }

    /// Connections at most; 16 by default, at least 1. Count them over all replicas and stay below `max_connections`.
    pub fn pool_size(mut self, pool_size: usize) -> Self {
        self.pool_size = pool_size.max(1);
        self
    }

    /// How long one operation may take; beyond it callers get `Unavailable`. 5 s by default. Two fifths of it are for waiting
    /// for a connection; the database itself gives up on a statement well before the end, so that what was reported to have
    /// failed does not happen later.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Open flows; beyond it the oldest flow of a Persoon who is not authenticated goes (O13). 10,000 by default. Counted
    /// now and then, so that each replica may have up to a 64th more.
    pub fn max_flows(mut self, max_flows: u32) -> Self {
        self.max_flows = max_flows.max(1);
        self
    }

    /// The clock of this machine, of which only the monotonic side is read; the system's by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Speaks TLS only, with these roots.
    #[cfg(feature = "rustls")]
    pub fn tls(mut self, tls: PostgresTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Allows a network without TLS: whoever listens there reads password hashes, audit entries and hashes of tokens.
    pub fn danger_plain_network(mut self) -> Self {
        self.danger_plain_network = true;
        self
    }

    /// Allows a server with `fsync` or `synchronous_commit` off: after a crash a code may work twice. For tests.
    pub fn danger_not_durable(mut self) -> Self {
        self.danger_not_durable = true;
        self
    }

    /// Whether the connection keeps to itself: a socket file, this machine, or TLS.
    ///
    /// # Errors
    ///
    /// [`OpenError::PlainNetwork`].
    pub fn checked(&self) -> Result<(), OpenError> {
        if self.danger_plain_network || self.has_tls() {
            return Ok(());
        }
        let far = |host: &str| OpenError::PlainNetwork { host: host.to_owned() };
        for host in self.config.get_hosts() {
            match host {
                Host::Tcp(host) if !matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1") => {
                    return Err(far(host));
                }
                _ => {}
            }
        }
        match self
            .config
            .get_hostaddrs()
            .iter()
            .find(|address| !address.is_loopback())
        {
            Some(address) => Err(far(&address.to_string())),
            None => Ok(()),
        }
    }

    /// What makes connections. Settings of the session follow after it: a pooler in between refuses or drops those that are
    /// given while connecting.
    pub(crate) fn manager(&self, application: &str) -> Result<Manager, OpenError> {
        self.checked()?;
        let mut config = self.config.clone();
        config
            .application_name(application)
            .connect_timeout(self.deadline)
            .tcp_user_timeout(self.deadline)
            .keepalives_idle(Duration::from_secs(30))
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .ssl_mode(if self.has_tls() {
                SslMode::Require
            } else {
                SslMode::Disable
            });
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        #[cfg(feature = "rustls")]
        if let Some(tls) = &self.tls {
            return Ok(Manager::from_config(config, tls.connector(), recycling));
        }
        Ok(Manager::from_config(config, NoTls, recycling))
    }

    fn has_tls(&self) -> bool {
        #[cfg(feature = "rustls")]
        return self.tls.is_some();
        #[cfg(not(feature = "rustls"))]
        return false;
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("hosts", &self.config.get_hosts())
            .field("dbname", &self.config.get_dbname())
            .field("pool_size", &self.pool_size)
            .field("deadline", &self.deadline)
            .field("max_flows", &self.max_flows)
            .finish_non_exhaustive()
    }
}
