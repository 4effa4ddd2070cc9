// SPDX-License-Identifier: AGPL-3.0-or-later
//! A DVP: the side of the PGO. A web application in which a Persoon has an account of two factors, collects at a
//! zorgaanbieder, and reads what came.
//!
//! | module | what |
//! | --- | --- |
//! | `gate` | A.9.4.1: one gate before every route |
//! | `account` | password, app, recovery codes, sessions, throttling, what happened; sealed in SQLite or PostgreSQL |
//! | `router`, `form`, `html` | the table of routes, forms with their token, the frame of all pages and the fixed headers |
//! | `pages` | the pages, one module a subject |
//! | `collecting` | what can be collected where, and from code to resources: the back channel |
//! | `automatic` | automatic collecting: consents for longer, orders, the nights, what is told |
//! | `mail` | where e-mail goes |
//! | `children` | a child whom a parent represents: a dossier of its own |
//! | `messages` | a message when there is something new: putting it on and off, the notifications that come in |
//! | `config` | its configuration file |
//! | `delen` | sharing a measurement, with where it came from |
//! | `counted` | what is counted of the events of the chain log, for `/metrics` |
//! | `dossier`, `store` | where the collected resources are kept: sealed, under a key for each Persoon |
//! | `readiness` | what has to be well beside the Node: dossiers, accounts and their journal |
//! | `demo` | the voorbeeldpersoon, where the configuration says that this is a demo |
//!
//! Its front channel is plain http on loopback; outside development a proxy ends TLS before it.
#![forbid(unsafe_code)]

mod account;
mod automatic;
mod children;
mod collecting;
mod config;
mod counted;
pub mod delen;
mod demo;
mod dossier;
mod form;
mod gate;
mod html;
mod mail;
mod messages;
mod pages;
mod readiness;
mod router;
mod store;

pub use account::RecordsError;
pub use automatic::Schedule;
pub use collecting::ProvidersError;
pub use config::{Config, SessionLimits};
pub use dossier::DossierOpenError;
pub use gate::PUBLIC;
pub use messages::NOTIFICATIONS;
pub use router::paths;

use account::{Accounts, Records, events::Event, vault::VaultError};
use automatic::Automatic;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use collecting::Providers;
use demo::Demo;
use dossier::Dossier;
use http::HeaderName;
use mail::{Mail, MailFolder};
use medmij_dvp::{Dvp, person::PersonId};
use medmij_log::{NoObserver, Observer};
use medmij_net::BackChannel;
use medmij_node::{ChainLog, Gnl, Node, NodeError, NodeList, Zal};
use medmij_oauth::ClientId;
use medmij_types::{Clock as _, SystemClock};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The target of the `tracing` events that tell a person what happens.
const STEP: &str = "step";

/// A running DVP.
struct App {
    role: String,
    node: Node,
    back: BackChannel,
    dvp: Dvp,
    accounts: Arc<Accounts>,
    limits: SessionLimits,
    automatic: Automatic,
    mail: Option<Box<dyn Mail>>,
    email_code: bool,
    providers: Providers,
    dossier: Dossier,
    messages: messages::Messages,
    demo: Option<Demo>,
    /// The name of the cookie: with `__Host-` outside loopback.
    cookie: &'static str,
    address_header: Option<HeaderName>,
    source_code: Arc<str>,
    zal: Zal,
    gnl: Gnl,
}

impl App {
    /// The token of the forms of a session.
    fn csrf(&self, secret: &str) -> Result<String, VaultError> {
        let hash = self.accounts.vault.fingerprint("pgo form", secret.as_bytes())?;
        Ok(URL_SAFE_NO_PAD.encode(hash))
    }

    /// Writes down what happened; what was done stays done where that fails.
    async fn record(&self, person: PersonId, event: Event) {
        self.record_at(person, event, SystemClock::default().now()).await;
    }

    /// The same, at a moment.
    async fn record_at(&self, person: PersonId, event: Event, now: SystemTime) {
        if let Err(error) = account::events::record(&self.accounts.vault, person, event, now).await {
            tracing::error!(%error, "what happened cannot be written down");
        }
    }
}

/// Fetches the lists and listens; the future that comes back serves until `shutdown`.
///
/// # Errors
///
/// [`StartError`], where the identity is not in order, a list does not come, or the address is taken.
pub async fn start<S: Future<Output = ()> + Send + 'static>(
    config: &Config,
    shutdown: S,
) -> Result<impl Future<Output = ()> + Send + use<S>, StartError> {
    start_by(config, Schedule::default(), shutdown).await
}

/// The same, with automatic collecting by this clock.
///
/// # Errors
///
/// As [`start`]: [`StartError`].
pub async fn start_by<S: Future<Output = ()> + Send + 'static>(
    config: &Config,
    schedule: Schedule,
    shutdown: S,
) -> Result<impl Future<Output = ()> + Send + use<S>, StartError> {
    // until the first Whitelist is in, it calls the Stelselnode only (core.whl.303)
    let node = Node::start(config.node.clone().with_lists([NodeList::Zal, NodeList::Gnl])).await?;
    for list in node.lists() {
        let (kind, number, entries) = (list.kind, list.volgnummer, list.entries);
        tracing::info!(
            target: STEP, role = config.role, rule = list.rules(),
            "haalt de {kind} op: nummer {number}, {entries} regels, geldig",
        );
    }
    let client_id = ClientId::from(config.client_id.clone());
    // a browser is sent to plain http: only ever on loopback, with test certificates
    let _development = node.danger_development([(&config.client_id, config.address)])?;

    let ring = dossier::key_ring(&config.dossier)?;
    let url = config.database_url.as_deref();
    let journal = config.journal.as_deref();
    let dossier = Dossier::open(&config.dossier, (url, journal), Arc::clone(&ring)).await?;
    let records = Records::open(&config.dossier.join("accounts.db"), url).await?;
    let accounts = Arc::new(Accounts::new(records, Arc::clone(&ring), config.session));
    let automatic = Automatic::new(Arc::clone(dossier.vault()), ring, &accounts.vault, schedule)?;
    let mail = match &config.mail {
        Some(folder) => {
            let folder = MailFolder::open(folder.clone()).map_err(|error| StartError::Mail(error.into()))?;
            Some(Box::new(folder) as Box<dyn Mail>)
        }
        None => None,
    };
    let providers = match &config.providers {
        Some(path) => Providers::read(path)?,
        None => Providers::default(),
    };
    let demo = match config.demo {
        true => Some(Demo::start(&accounts).await?),
        false => None,
    };
    let address_header = match &config.address_header {
        Some(name) => Some(HeaderName::try_from(name.as_str()).map_err(|_| StartError::AddressHeader)?),
        None => None,
    };
    node.add_folder("dossier", &config.dossier);
    // without it nothing can be deleted
    node.add_folder("journal", dossier.vault().journal().folder());
    let stores: &[&str] = match url {
        Some(_) => &[],
        None => &["dossier.db", "accounts.db"],
    };
    let files = stores.iter().chain(&["keys.txt"]);
    let files = files.map(|name| config.dossier.join(name)).collect();
    readiness::add(&node, &dossier, &accounts, files);
    let log = config.log.as_ref().map(|log| node.start_log(log)).transpose()?;
    let next = log
        .as_ref()
        .map_or_else(|| Arc::new(NoObserver) as Arc<dyn Observer>, ChainLog::observer);
    let (observer, counted) = counted::before(next);
    let operator = match config.operator {
        Some(address) => {
            let log = log.as_ref().map(ChainLog::metrics);
            let more = move || counted() + &log.as_ref().map_or_else(String::new, |log| log());
            Some(node.listen_for_operator(address, more).await?)
        }
        None => None,
    };

    // all that was added is looked at before anybody may come
    node.look().await;
    let listener = tokio::net::TcpListener::bind(config.address)
        .await
        .map_err(StartError::Bind)?;
    let origin = node
        .danger_loopback()
        .front_origin(&config.client_id)
        .unwrap_or_default();
    tracing::info!(target: STEP, role = config.role, rule = "", "wacht op de Persoon op {origin}/");
    let back_listener = match config.back {
        Some(address) => Some(node.listen(address).await?),
        None => None,
    };
    let register = messages::Register::new(Arc::clone(dossier.vault()));
    let app = Arc::new(App {
        messages: messages::Messages::new(register, Arc::clone(&observer), config.client_id.clone()),
        role: config.role.clone(),
        back: node.back_channel().clone(),
        dvp: Dvp::new(client_id).with_observer(observer),
        accounts,
        limits: config.session,
        automatic,
        mail,
        email_code: config.danger_email_code,
        providers,
        dossier,
        demo,
        cookie: if origin.starts_with("http://") {
            "pgo"
        } else {
            "__Host-pgo"
        },
        address_header,
        source_code: config.source_code.as_deref().unwrap_or("/hulp#broncode").into(),
        zal: Arc::clone(node.zal()),
        gnl: Arc::clone(node.gnl()),
        node,
    });
    // ends with the DVP
    let mut operated = tokio::task::JoinSet::new();
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    if let Some(listener) = back_listener {
        let router = messages::router(Arc::clone(&app));
        operated.spawn(listener.serve(router, async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        }));
    }
    // a service manager is told how it goes, where there is one
    let shutdown = app.node.telling_systemd(shutdown);
    let router = router::router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, router).with_graceful_shutdown(shutdown);
    Ok(async move {
        operated.spawn(automatic::keep_time(Arc::clone(&app)));
        operated.spawn(async move {
            let mut each = tokio::time::interval(Duration::from_secs(60));
            loop {
                each.tick().await;
                if let Err(error) = app.accounts.purge(SystemClock::default().now()).await {
                    tracing::warn!(%error, "what has expired stays for now");
                }
                if let Err(error) = app.messages.purge(SystemClock::default().now()).await {
                    tracing::warn!(%error, "messages that are over stay for now");
                }
            }
        });
        if let Some(operator) = operator {
            operated.spawn(operator.serve(std::future::pending()));
        }
        if let Err(error) = serving.await {
            tracing::error!(%error, "the front channel stopped");
        }
        let _ = stop.send(true);
        if let Some(log) = log {
            log.stop().await;
        }
    })
}

/// Why a DVP does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Its identity or configuration.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// Its dossiers.
    #[error(transparent)]
    Dossier(#[from] DossierOpenError),
    /// Its accounts.
    #[error(transparent)]
    Accounts(#[from] RecordsError),
    /// Its register of zorgaanbieders.
    #[error(transparent)]
    Providers(#[from] ProvidersError),
    /// The folder for e-mail.
    #[error("no folder for e-mail")]
    Mail(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The keys for the slots of automatic collecting.
    #[error("no key for the slots of automatic collecting")]
    Slots,
    /// The header for addresses is no name of a header.
    #[error("address_header is no name of a header")]
    AddressHeader,
    /// The voorbeeldpersoon of a demo.
    #[error("no account for the voorbeeldpersoon")]
    Demo(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Its address on the front channel.
    #[error("cannot listen on the front channel: {0}")]
    Bind(std::io::Error),
}
