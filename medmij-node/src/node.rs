// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.306 – core.whl.309 — a running Node: whom it may call, who may call it.

mod channels;

use std::{
    fmt,
    future::Future,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use medmij_list::supply::RunningSupply;
use medmij_net::{BackChannel, ConfigError, CredentialFiles, Credentials, DangerDevelopment, DangerLoopback};
use medmij_types::{Clock, Hostname, SystemClock};
use medmij_whitelist::HostPolicy;
use tokio::task::AbortHandle;

use crate::{
    Alarms, Gnl, NodeConfig, NodeError, NodeList, Observed, Ocl, Readiness, Zal,
    lists::{ListState, Lists, Supplies},
    readiness::{self, Monitor, Probe},
};

/// A Node that runs. Cheap to clone; its lists are refreshed until the last clone is dropped.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    config: NodeConfig,
    in_use: Mutex<InUse>,
    loopback: DangerLoopback,
    policy: HostPolicy,
    channel: BackChannel,
    lists: Lists,
    monitor: Monitor,
    clock: Arc<dyn Clock>,
    running: Vec<RunningSupply>,
    watching: Mutex<Option<AbortHandle>>,
}

/// The credentials in use, and who takes over when they change.
struct InUse {
    credentials: Credentials,
    /// What is wrong with the files that hold them.
    fault: Option<String>,
    followers: Vec<Follower>,
}

type Follower = Box<dyn Fn(&Credentials) -> Result<(), ConfigError> + Send>;

/// How often it is asked whether it is time to look. The time between looks is counted by the clock of the Node.
const TICK: Duration = Duration::from_millis(250);

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
        Self::start_at(config, Arc::new(SystemClock::default()), Alarms::default()).await
    }

    /// The same by another clock and other figures for what is found.
    ///
    /// # Errors
    ///
    /// [`NodeError`], as [`start`](Self::start).
    pub async fn start_at(config: NodeConfig, clock: Arc<dyn Clock>, alarms: Alarms) -> Result<Self, NodeError> {
        let lists = Lists::new(&clock);
        let policy = HostPolicy::whitelist(Arc::clone(&lists.whitelist), config.stelselnode.clone());
        let mut inner = Inner::new(config, policy, lists, &clock, alarms)?;
        let (config, lists) = (&inner.config, &inner.lists);
        let supplies = Supplies::open(&config.stelselnode, &config.folder, inner.channel.clone(), &clock)?;
        let running = lists.start(&supplies, &config.lists).await?;
        inner.monitor.add(readiness::list(&lists.whitelist, true));
        for list in &config.lists {
            inner.monitor.add(match list {
                NodeList::Zal => readiness::list(&lists.zal, true),
                NodeList::Ocl => readiness::list(&lists.ocl, true),
                // only names: nothing stops without them
                NodeList::Gnl => readiness::list(&lists.gnl, false),
            });
        }
        inner.monitor.add(readiness::folder("folder", config.folder.clone()));
        inner.running = running;
        let node = Self::watched(inner, &clock);
        node.look().await;
        Ok(node)
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
        let lists = Lists::new(&clock);
        let inner = Inner::new(config, policy, lists, &clock, Alarms::default())?;
        Ok(Self::watched(inner, &clock))
    }

    /// The back channel takes over what changes in the files, and the probes look, for as long as the Node lives.
    fn watched(inner: Inner, clock: &Arc<dyn Clock>) -> Self {
        let node = Self(Arc::new(inner));
        let channel = node.0.channel.clone();
        node.follow(move |new| channel.reload(new));
        let watched = Arc::downgrade(&node.0);
        let in_use = move || {
            watched.upgrade().map(|inner| {
                let in_use = inner.in_use();
                (in_use.credentials.clone(), in_use.fault.clone())
            })
        };
        let probe = readiness::credentials(&node.0.config.hostname, in_use, clock);
        node.0.monitor.add(probe);
        node.0.monitor.add(readiness::clock(clock));
        node.0.monitor.add(readiness::descriptors());
        let watching = tokio::spawn(watch(Arc::downgrade(&node.0))).abort_handle();
        *node.0.watching.lock().unwrap_or_else(PoisonError::into_inner) = Some(watching);
        node
    }

    fn follow(&self, apply: impl Fn(&Credentials) -> Result<(), ConfigError> + Send + 'static) {
        self.0.in_use().followers.push(Box::new(apply));
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
    /// [`NodeError::List`]: why the first of those that were not refreshed stays as it was; the others are.
    pub async fn refresh(&self) -> Result<(), NodeError> {
        let mut refreshed = Ok(());
        for running in &self.0.running {
            refreshed = refreshed.and(running.refresh().await);
        }
        Ok(refreshed?)
    }

    /// Whether the Node could do its work when it last looked, at most five seconds ago, and what was in the way.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.0.monitor.readiness()
    }

    /// Looks now: see [`readiness`](Self::readiness).
    pub async fn look(&self) -> Readiness {
        self.0.monitor.look().await
    }

    /// What the probes saw at the last look, by part, good and bad.
    #[must_use]
    pub fn observed(&self) -> Vec<(String, Observed)> {
        self.0.monitor.observed()
    }

    /// Adds what an application needs beside the Node, such as its store. `probe` is asked at once and then every five seconds; it
    /// has two seconds for its answer and must not block. Until it was asked the Node is not ready.
    ///
    /// ```
    /// # fn example(node: &medmij_node::Node) {
    /// use medmij_node::{Observed, StoreState};
    ///
    /// node.add_probe("store", || async { vec![Observed::Store(StoreState::Good)] });
    /// # }
    /// ```
    pub fn add_probe<F>(&self, part: &'static str, probe: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Vec<Observed>> + Send + 'static,
    {
        self.0.monitor.add(Probe::new(part, probe));
    }

    /// Adds a folder that an application writes to: whether it can be written, and how much room there is.
    pub fn add_folder(&self, part: &'static str, folder: impl Into<std::path::PathBuf>) {
        self.0.monitor.add(readiness::folder(part, folder.into()));
    }

    /// For development: the loopback map.
    pub fn danger_loopback(&self) -> &DangerLoopback {
        &self.0.loopback
    }

    /// For development: the proof that this process lives on loopback with test certificates only.
    ///
    /// # Errors
    ///
    /// [`NodeError::Loopback`]: what speaks against it.
    pub fn danger_development<'a>(
        &self,
        listeners: impl IntoIterator<Item = (&'a Hostname, SocketAddr)>,
    ) -> Result<DangerDevelopment, NodeError> {
        let (map, roots) = (&self.0.loopback, self.0.in_use().credentials.roots.clone());
        Ok(DangerDevelopment::prove(map, &roots, listeners)?)
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
    fn new(
        config: NodeConfig,
        policy: HostPolicy,
        lists: Lists,
        clock: &Arc<dyn Clock>,
        alarms: Alarms,
    ) -> Result<Self, NodeError> {
        let (credentials, loopback) = (config.files().load()?, config.loopback()?);
        let channel = channels::client(&config, &credentials, policy.clone(), clock, &loopback)?;
        Ok(Self {
            config,
            in_use: Mutex::new(InUse {
                credentials,
                fault: None,
                followers: Vec::new(),
            }),
            loopback,
            policy,
            channel,
            lists,
            monitor: Monitor::new(alarms, Arc::clone(clock)),
            clock: Arc::clone(clock),
            running: Vec::new(),
            watching: Mutex::default(),
        })
    }

    fn in_use(&self) -> MutexGuard<'_, InUse> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what the files hold now. What cannot be used leaves what is in use as it is.
    fn look_at_files(&self, files: &mut CredentialFiles) {
        let changed = files.changed();
        let mut in_use = self.in_use();
        match changed {
            Ok(None) => in_use.fault = None,
            Ok(Some(new)) => {
                let refused = in_use.followers.iter().find_map(|follower| follower(&new).err());
                if let Some(error) = &refused {
                    tracing::error!(%error, "new credentials cannot be used, the old ones stay");
                }
                in_use.fault = refused.map(|error| error.to_string());
                in_use.credentials = new;
            }
            Err(error) => {
                let why = std::error::Error::source(&error).map(|source| format!(": {source}"));
                let fault = format!("{error}{}", why.unwrap_or_default());
                if in_use.fault.as_ref() != Some(&fault) {
                    tracing::error!(error = fault, "credentials cannot be read, the old ones stay");
                }
                in_use.fault = Some(fault);
            }
        }
    }
}

/// Looks at files and probes when it is time, for as long as there is a Node.
async fn watch(node: Weak<Inner>) {
    let Some(mut files) = node.upgrade().map(|inner| inner.config.files()) else {
        return;
    };
    loop {
        tokio::time::sleep(TICK).await;
        let Some(inner) = node.upgrade() else { return };
        if inner.monitor.is_due() {
            let at = inner.clock.monotonic();
            inner.look_at_files(&mut files);
            inner.monitor.look_from(at).await;
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(task) = self.watching.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}
