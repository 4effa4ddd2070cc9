// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.306 – core.whl.309 — a running Node: whom it may call, who may call it.

use std::{
    fmt,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use medmij_list::supply::RunningSupply;
use medmij_net::{BackChannel, ConfigError, Credentials, DangerDevelopment, DangerLoopback};
use medmij_types::{Clock, Hostname, SystemClock};
use medmij_whitelist::HostPolicy;
use tokio::task::AbortHandle;

use crate::{
    Gnl, NodeConfig, NodeError, Ocl, Readiness, Zal,
    lists::{ListState, Lists, Supplies},
    readiness::Checks,
};

/// A Node that runs. Cheap to clone; its lists are refreshed until the last clone is dropped.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    config: NodeConfig,
    credentials: Credentials,
    loopback: DangerLoopback,
    policy: HostPolicy,
    channel: BackChannel,
    lists: Lists,
    checks: Checks,
    running: Vec<RunningSupply>,
    following: Mutex<Vec<AbortHandle>>,
}

/// How often the files of the credentials are looked at.
const LOOK: Duration = Duration::from_secs(60);

impl Node {
    /// Reads a configuration and starts: see [`NodeConfig::read`] and [`start`](Self::start).
    ///
    /// # Errors
    ///
    /// [`NodeError`], as those.
    pub async fn from_file(path: impl AsRef<Path>) -> Result<Self, NodeError> {
        Self::start(NodeConfig::read(path)?).await
    }

    /// Starts a Node: loads its identity, fetches its lists (or takes those that were stored, where the Stelselnode is away)
    /// and goes on refreshing them. Until the first Whitelist is in, it calls the Stelselnode and nobody else (core.whl.303).
    ///
    /// # Errors
    ///
    /// [`NodeError::Credentials`] and [`NodeError::Loopback`] where a file does not hold what it should, [`NodeError::Net`] where TLS
    /// cannot be set up,
    /// [`NodeError::Folder`] where the folder cannot be used, [`NodeError::List`] where a list that it needs did not come.
    pub async fn start(config: NodeConfig) -> Result<Self, NodeError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let lists = Lists::new(&clock);
        let policy = HostPolicy::whitelist(Arc::clone(&lists.whitelist), config.stelselnode.clone());
        let mut inner = Inner::new(config, policy, lists)?;
        let (config, lists) = (&inner.config, &inner.lists);
        let supplies = Supplies::open(&config.stelselnode, &config.folder, inner.channel.clone(), &clock)?;
        let running = lists.start(&supplies, &config.lists).await?;
        inner.checks = Checks::of(lists, &config.lists);
        inner.running = running;
        Ok(Self::following(inner))
    }

    /// A Node that judges by another policy and fetches no lists: for a Stelselnode, which publishes them.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), without lists: [`NodeError`].
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn with_policy(config: NodeConfig, policy: HostPolicy) -> Result<Self, NodeError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        Ok(Self::following(Inner::new(config, policy, Lists::new(&clock))?))
    }

    /// The back channel takes over what changes in the files.
    fn following(inner: Inner) -> Self {
        let node = Self(Arc::new(inner));
        let channel = node.0.channel.clone();
        node.follow(move |new| channel.reload(new));
        node
    }

    fn follow(&self, apply: impl FnMut(&Credentials) -> Result<(), ConfigError> + Send + 'static) {
        let task = tokio::spawn(self.0.config.files().follow(LOOK, apply));
        let mut following = self.0.following.lock().unwrap_or_else(PoisonError::into_inner);
        following.push(task.abort_handle());
    }

    /// Whether a host is on the Whitelist as it is now, or is the Stelselnode. What is no host name is not.
    #[must_use]
    pub fn is_whitelisted(&self, host: &str) -> bool {
        Hostname::parse(host).is_ok_and(|host| self.0.policy.check(&host).is_ok())
    }

    /// The policy: for whom a reason is needed beside the answer.
    #[must_use]
    pub fn policy(&self) -> &HostPolicy {
        &self.0.policy
    }

    /// The client for the back channel, which calls only whom the policy allows.
    #[must_use]
    pub fn back_channel(&self) -> &BackChannel {
        &self.0.channel
    }

    /// A listener on the back channel, which lets in only whom the policy allows.
    ///
    /// # Errors
    ///
    /// [`NodeError::Net`] where the address is taken or TLS cannot be set up.
    #[cfg(feature = "axum")]
    pub async fn listen(&self, address: SocketAddr) -> Result<medmij_net::BackChannelListener, NodeError> {
        let Credentials {
            identity,
            roots,
            revocation,
        } = self.0.credentials.clone();
        let builder = medmij_net::BackChannelListener::builder(identity, roots, self.0.policy.clone());
        let listener = builder.revocation(revocation).bind(address).await?;
        let control = listener.control();
        self.follow(move |new| control.reload(new));
        Ok(listener)
    }

    /// Its host name on the back channel.
    #[must_use]
    pub fn hostname(&self) -> &Hostname {
        &self.0.config.hostname
    }

    /// The Stelselnode.
    #[must_use]
    pub fn stelselnode(&self) -> &Hostname {
        &self.0.config.stelselnode
    }

    /// The Zorgaanbiederslijst; empty where it is not followed.
    #[must_use]
    pub fn zal(&self) -> &Zal {
        &self.0.lists.zal
    }

    /// The OAuth Client List; empty where it is not followed.
    #[must_use]
    pub fn ocl(&self) -> &Ocl {
        &self.0.lists.ocl
    }

    /// The Gegevensdienstnamenlijst; empty where it is not followed.
    #[must_use]
    pub fn gnl(&self) -> &Gnl {
        &self.0.lists.gnl
    }

    /// The Whitelist; empty where another policy decides.
    #[must_use]
    pub fn whitelist(&self) -> &Arc<medmij_list::ListCache<medmij_whitelist::Whitelist>> {
        &self.0.lists.whitelist
    }

    /// The lists that it has now: the Whitelist and those that it follows.
    #[must_use]
    pub fn lists(&self) -> Vec<ListState> {
        self.0.lists.states()
    }

    /// Fetches every list now instead of at its next turn.
    ///
    /// # Errors
    ///
    /// [`NodeError::List`]: why the first of them was not refreshed; it stays as it was.
    pub async fn refresh(&self) -> Result<(), NodeError> {
        for running in &self.0.running {
            running.refresh().await?;
        }
        Ok(())
    }

    /// Whether the Node can do its work now, and what stands in the way.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.0.checks.judge()
    }

    /// Adds what an application needs beside the Node, such as its store: `check` says what is wrong.
    pub fn add_check(&self, part: &'static str, check: impl Fn() -> Result<(), String> + Send + Sync + 'static) {
        self.0.checks.add(part, check);
    }

    /// For development: the loopback map.
    pub fn danger_loopback(&self) -> &DangerLoopback {
        &self.0.loopback
    }

    /// For development: the proof that this process lives on loopback with test certificates only.
    ///
    /// # Errors
    ///
    /// [`NodeError::NotDevelopment`]: what speaks against it.
    pub fn danger_development<'a>(
        &self,
        listeners: impl IntoIterator<Item = (&'a Hostname, SocketAddr)>,
    ) -> Result<DangerDevelopment, NodeError> {
        let (map, roots) = (&self.0.loopback, &self.0.credentials.roots);
        Ok(DangerDevelopment::prove(map, roots, listeners)?)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("hostname", &self.0.config.hostname)
            .field("stelselnode", &self.0.config.stelselnode)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn new(config: NodeConfig, policy: HostPolicy, lists: Lists) -> Result<Self, NodeError> {
        let (credentials, loopback) = (config.files().load()?, config.loopback()?);
        let (identity, roots) = (credentials.identity.clone(), credentials.roots.clone());
        let channel = BackChannel::builder(identity, roots, policy.clone())
            .revocation(credentials.revocation.clone())
            .danger_loopback(loopback.clone())
            .build()?;
        Ok(Self {
            config,
            credentials,
            loopback,
            policy,
            channel,
            lists,
            checks: Checks::default(),
            running: Vec::new(),
            following: Mutex::default(),
        })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let following = self.following.get_mut().unwrap_or_else(PoisonError::into_inner);
        for task in following {
            task.abort();
        }
    }
}
