// SPDX-License-Identifier: AGPL-3.0-or-later
//! A DVZA (release 2.x: DVA): an authorization server and a FHIR resource server for two zorgaanbieders.
//!
//! | file | what |
//! | --- | --- |
//! | `supplier.rs` | what a supplier brings to the authorization server of medmij-dvza |
//! | `login_stub.rs` | a stub in place of DigiD, for loopback only |
//! | `oidc.rs` | a login by OpenID Connect, as a DigiD broker offers it |
//! | `bronsysteem.rs` | the source system: dossiers of invented persons, from a folder |
//! | `storage.rs`, `either.rs` | the store of grants and tokens in SQLite or PostgreSQL, its journal of ends, its keys |
//! | `checkpoints.rs` | the audit log, signed every hour outside the store |
//! | `resource.rs` | the resource server |
//! | `abonneren.rs` | the subscription interface, what is new in the source systems, and the notifications of it |
//! | `readiness.rs` | what has to be well beside the Node: store and source system |
//! | `counted.rs` | what is counted of the events, for `/metrics` |
//! | `narrator.rs` | telling the events of the chain log |
//!
//! It leaves out what a real DVZA has: keys in a place of their own.
#![forbid(unsafe_code)]

mod abonneren;
mod bronsysteem;
mod checkpoints;
mod counted;
mod either;
mod login_stub;
mod narrator;
mod oidc;
mod readiness;
mod resource;
mod storage;
mod supplier;

pub use abonneren::subscription_path;
pub use bronsysteem::BronsysteemError;
pub use oidc::{HttpError, OidcConfig, OidcError, Refused};
pub use resource::resource_path;
pub use storage::StorageConfig;

use abonneren::{Interface, Notifying};
use bronsysteem::Bronsysteem;
use checkpoints::Checkpoints;
use login_stub::LoginStub;
use oidc::Oidc;
use supplier::{BronsysteemToets, ExampleSupplier, Login};

use medmij_abonneren::{Losses, NotificationLog};
use medmij_dvza::{
    KeysError, RequestLimits, Server, ServerConfig,
    audit::AuditError,
    registratie::{Follower, Registratie, RegistratieError, RegistratieFile, RegistratieFolder},
    router::{RouterOptions, back_channel, front_channel},
};
use medmij_log::{NoObserver, Observer};
use medmij_node::{ChainLog, LogConfig, Node, NodeConfig, NodeError, NodeList};
use medmij_oauth::{policy::LimitPolicy, seal::SealError};
use medmij_types::{EntropyError, Hostname, SystemClock};
use narrator::Narrator;
use resource::Resources;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::watch;

/// The target of the `tracing` events that tell a person what happens.
const STEP: &str = "step";
/// The path of the authorization endpoint, on the front-channel host.
pub const AUTHORIZE: &str = "/oauth/authorize";
/// The path of the token endpoint, on the back-channel host.
pub const TOKEN: &str = "/oauth/token";
/// How long requests of browsers may take to end when it stops (R15).
const STOPPING: Duration = Duration::from_secs(15);
/// The dossiers that come with this example.
pub const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data");

/// The configuration of a DVZA.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the steps call it.
    pub role: String,
    /// Who it is on the back channel.
    pub node: NodeConfig,
    /// Its host name on the front channel.
    pub hostname: Hostname,
    /// Where it listens for browsers.
    pub front: SocketAddr,
    /// Where it listens for mutual TLS.
    pub back: SocketAddr,
    /// Where an operator asks for `/ready`, `/health` and `/metrics`: on loopback.
    #[serde(default)]
    pub operator: Option<SocketAddr>,
    /// Its telephone number, for the page Technische storing.
    pub phone: String,
    /// Where the source code of what runs here can be had: a link at the foot of each page (AGPL section 13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_code: Option<String>,
    /// The file that says whom it serves; it is read again while the DVZA runs.
    pub registration: PathBuf,
    /// The login by OpenID Connect; without, a stub in place of DigiD, for loopback only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc: Option<OidcConfig>,
    /// The folder of its source system.
    pub data: PathBuf,
    /// Where it keeps what was granted, and what has to be outside that.
    #[serde(default)]
    pub storage: StorageConfig,
    /// Where the chain log is spooled and delivered (core.logging.102); without, it is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogConfig>,
    /// What `medmij doctor` looks at beside the rest, in the same file; nothing here reads it.
    #[serde(default, skip_serializing)]
    pub doctor: IgnoredAny,
}

/// Fetches the lists and listens on both channels; the future that comes back serves until `shutdown`.
///
/// # Errors
///
/// [`StartError`], where the identity or the data are not in order, a list does not come, or an address is taken.
pub async fn start<S: Future<Output = ()> + Send + 'static>(
    config: &Config,
    shutdown: S,
) -> Result<impl Future<Output = ()> + Send + use<S>, StartError> {
    // until the first Whitelist is in, it calls the Stelselnode only (core.whl.303)
    let node = Node::start(config.node.clone().with_lists([NodeList::Ocl, NodeList::Gnl])).await?;
    for list in node.lists() {
        let (kind, number, entries) = (list.kind, list.volgnummer, list.entries);
        tracing::info!(
            target: STEP, role = config.role, rule = list.rules(),
            "haalt de {kind} op: nummer {number}, {entries} regels, geldig",
        );
    }
    let bronsysteem = Arc::new(Bronsysteem::open(&config.data, &config.node.folder)?);

    // core.gegevensdiensten.104: what was taken out of the file is served for 3600 seconds more
    let storage = Arc::new(RegistratieFolder::open(&config.node.folder)?);
    let registratie = Registratie::open(storage, Arc::new(SystemClock::default()))?.with_gnl(Arc::clone(node.gnl()));
    let registratie = Arc::new(registratie);
    let file = RegistratieFile::new(&config.registration);
    let follower = Arc::new(Follower::new(Arc::clone(&registratie), file));
    // the last good registration serves on where the file is gone; a first one has to be there
    if let Err(error) = follower.poll().await
        && registratie.is_empty()
    {
        return Err(error.into());
    }
    let (login, login_page) = match &config.oidc {
        Some(oidc) => (Login::Oidc(Box::new(Oidc::open(oidc.clone())?)), axum::Router::new()),
        None => {
            let listeners = [(&config.hostname, config.front), (node.hostname(), config.back)];
            let development = node.danger_development(listeners)?;
            let stub = LoginStub::new(development, config.hostname.clone(), Arc::clone(&bronsysteem));
            let page = stub.router();
            (Login::Stub(stub), page)
        }
    };
    let store = storage::store(&config.node.folder, &config.storage).await?;
    let checkpoints = Arc::new(Checkpoints::open(&config.node.folder, &config.storage)?);
    let supplier = ExampleSupplier {
        store: Arc::clone(&store),
        clients: Arc::clone(node.ocl()),
        aanbieders: Arc::clone(&registratie),
        login,
        toets: BronsysteemToets {
            role: config.role.clone(),
            bronsysteem: Arc::clone(&bronsysteem),
        },
    };
    let keys = Arc::new(storage::keys(&config.node.folder)?);
    let mut settings = ServerConfig::new(config.hostname.clone(), &*config.role, &config.phone, keys.clone());
    settings.source_code.clone_from(&config.source_code);
    let log = config.log.as_ref().map(|log| node.start_log(log)).transpose()?;
    let (observer, counted) = counted::before(Arc::new(Narrator {
        role: config.role.clone(),
        next: log
            .as_ref()
            .map_or_else(|| Arc::new(NoObserver) as Arc<dyn Observer>, ChainLog::observer),
    }));
    settings.observer = Arc::clone(&observer);
    let server = Server::danger_example(Arc::new(supplier), settings);
    // a key that rows still need is not left out
    server.check_keys().await?;
    // what is served from here on is counted, whatever happens to this process
    server.count_audit(config.node.folder.join("telling")).await?;

    let files = storage::files(&config.node.folder, &config.storage);
    readiness::add(&node, &store, &config.data, files);
    readiness::add_registration(&node, &follower);
    let operator = match config.operator {
        Some(address) => {
            let log = log.as_ref().map(ChainLog::metrics);
            let more = move || counted() + &log.as_ref().map_or_else(String::new, |log| log());
            Some(node.listen_for_operator(address, more).await?)
        }
        None => None,
    };

    let loopback = node.danger_loopback().clone();
    // an address that is not in the map stays as it is, and then leads nowhere on this machine
    let rewrite = move |address: &str| loopback.rewrite_front(address).unwrap_or_else(|_| address.to_owned());
    // core.gegevensdiensten.103: the same for every DVP and every address
    let limits = Arc::new(RequestLimits::new(LimitPolicy::default()));
    readiness::add_limits(&node, &limits);
    // all that was added is looked at before anybody may come
    node.look().await;
    let options = RouterOptions::at("/oauth").with_limits(limits).danger_loopback(rewrite);
    let front = front_channel(server.clone(), options.clone()).merge(login_page);
    let (purged, stopping) = (server.clone(), server.clone());
    let feeds = bronsysteem.feeds(&*keys)?;
    let notifying = Notifying {
        role: config.role.clone(),
        back: node.back_channel().clone(),
        clients: Arc::clone(node.ocl()),
        registratie: Arc::clone(&registratie),
        store: Arc::clone(&store),
        log: NotificationLog::new(observer, Arc::new(SystemClock::default()), config.hostname.clone()),
        losses: Losses::new(),
        clock: SystemClock::default(),
    };
    let interface = Interface {
        role: config.role.clone(),
        server: server.clone(),
        registratie: Arc::clone(&registratie),
        store: Arc::clone(&store),
        keys: Arc::clone(&keys),
    };
    let resources = Resources::new(
        &config.role,
        node.hostname(),
        server.clone(),
        bronsysteem,
        registratie,
        keys,
    );
    let back = back_channel(server, options)
        .merge(resources.router())
        .merge(interface.router());

    let front_listener = tokio::net::TcpListener::bind(config.front)
        .await
        .map_err(StartError::Bind)?;
    let back_listener = node.listen(config.back).await?;
    tracing::info!(
        target: STEP, role = config.role, rule = "core.tls.300, core.whl.307",
        "luistert: browsers op {}, Nodes met mTLS op {}", config.hostname, node.hostname(),
    );
    Ok(async move {
        let (stop, stopped) = watch::channel(false);
        let purging = tokio::spawn(storage::purge(purged, Arc::clone(&store)));
        let proving = tokio::spawn(Arc::clone(&checkpoints).run(Arc::clone(&store), checkpoints::HOURLY));
        let notifying = tokio::spawn(notifying.run(feeds));
        let following = tokio::spawn(async move { follower.run().await });
        // ends with the DVZA
        let mut operated = tokio::task::JoinSet::new();
        if let Some(operator) = operator {
            operated.spawn(operator.serve(std::future::pending()));
        }
        let serving = tokio::spawn(back_listener.serve(back, until(stopped.clone())));
        let pages = tokio::spawn(async move {
            // the limits go by the address of the connection
            let front = front.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(front_listener, front)
                .with_graceful_shutdown(until(stopped))
                .await
        });
        // a service manager is told how it goes, where there is one
        node.telling_systemd(shutdown).await;
        let _ = stop.send(true);
        // the back channel has a deadline of its own for what it began; browsers get the same
        let _ = tokio::join!(serving, tokio::time::timeout(STOPPING, pages));
        purging.abort();
        following.abort();
        notifying.abort();
        proving.abort();
        let _ = proving.await;
        if let Err(error) = stopping.stop_audit().await {
            tracing::error!(%error, "accesses since the last second are not in the audit log");
        }
        checkpoints.make_or_tell(&*store).await;
        // last: what ended until now is in it
        if let Some(log) = log {
            log.stop().await;
        }
        drop(node);
    })
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // a dropped sender also means stop
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Why a DVZA does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Its identity or configuration.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The registration of whom it serves.
    #[error("registration of whom is served: {0}")]
    Registratie(#[from] RegistratieError),
    /// Its data.
    #[error(transparent)]
    Bronsysteem(#[from] BronsysteemError),
    /// The keys of its store, for its source systems.
    #[error("the keys of the store: {0}")]
    Seal(#[from] SealError),
    /// Its login by OpenID Connect.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// Its address on the front channel.
    #[error("cannot listen on the front channel: {0}")]
    Bind(std::io::Error),
    /// Its store.
    #[error("the store: {0}")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The key or the folder of the checkpoints of its audit log.
    #[error("the checkpoints of the audit log: {0}")]
    Audit(#[from] AuditError),
    /// The keys of its store.
    #[error("the keys of the store: {0}")]
    Keys(std::io::Error),
    /// Keys that its store still needs are not there.
    #[error(transparent)]
    KeysGone(#[from] KeysError),
    /// No randomness for its keys.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}
