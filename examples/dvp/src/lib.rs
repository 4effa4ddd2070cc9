// SPDX-License-Identifier: AGPL-3.0-or-later
//! A DVP: the side of the PGO. A small web application in which a Persoon chooses a zorgaanbieder and collects.
//!
//! | file | what |
//! | --- | --- |
//! | `offerings.rs` | what can be collected where, from the Zorgaanbiederslijst and the Gegevensdienstnamenlijst |
//! | `verzamelen.rs` | from code to resources: the back channel |
//! | `dossier.rs` | where the collected resources are kept: sealed, under a key for each Persoon |
//! | `store.rs` | SQLite or PostgreSQL beneath it |
//! | `session.rs` | who sits behind which browser, and what that Persoon is doing |
//! | `web.rs` | the pages |
//!
//! It leaves out what a real PGO has: a login, viewing; each browser is a Persoon with a dossier of its own. Its front channel is plain http on loopback.
#![forbid(unsafe_code)]

mod dossier;
mod offerings;
mod session;
mod store;
mod verzamelen;
mod web;

pub use dossier::DossierOpenError;

use dossier::Dossier;
use medmij_dvp::{Dvp, PendingFlows};
use medmij_log::{Metrics, NoObserver, Observer};
use medmij_net::BackChannel;
use medmij_node::{ChainLog, Gnl, LogConfig, Node, NodeConfig, NodeError, NodeList, Zal};
use medmij_oauth::ClientId;
use medmij_types::Hostname;
use serde::{Deserialize, Serialize};
use session::Sessions;
use std::{net::SocketAddr, path::PathBuf, sync::Arc};

/// The target of the `tracing` events that tell a person what happens.
const STEP: &str = "step";

/// The configuration of a DVP.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the steps call it.
    pub role: String,
    /// Who it is on the back channel.
    pub node: NodeConfig,
    /// Its host name on the front channel: what the OAuth Client List calls it, and so its `client_id`.
    pub client_id: Hostname,
    /// Where it listens for browsers.
    pub address: SocketAddr,
    /// Where an operator asks for `/ready`, `/health` and `/metrics`: on loopback.
    #[serde(default)]
    pub operator: Option<SocketAddr>,
    /// The folder of the dossiers: a sealed database, and the keys that wrap theirs.
    pub dossier: PathBuf,
    /// A PostgreSQL database in place of the file in that folder.
    #[serde(default)]
    pub database_url: Option<String>,
    /// Where the chain log is spooled and delivered (core.logging.102); without, it is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogConfig>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // a database URL can hold a password
        f.debug_struct("Config")
            .field("client_id", &self.client_id)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A running DVP.
struct App {
    role: String,
    node: Node,
    back: BackChannel,
    dvp: Dvp,
    flows: PendingFlows,
    sessions: Sessions,
    dossier: Dossier,
    zal: Zal,
    gnl: Gnl,
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

    let dossier = Dossier::open(&config.dossier, config.database_url.as_deref()).await?;
    node.add_folder("dossier", &config.dossier);
    let log = config.log.as_ref().map(|log| node.start_log(log)).transpose()?;
    let next = log
        .as_ref()
        .map_or_else(|| Arc::new(NoObserver) as Arc<dyn Observer>, ChainLog::observer);
    let metrics = Arc::new(Metrics::before(next));
    let operator = match config.operator {
        Some(address) => {
            let (counted, log) = (Arc::clone(&metrics), log.as_ref().map(ChainLog::metrics));
            let more = move || counted.to_text() + &log.as_ref().map_or_else(String::new, |log| log());
            Some(node.listen_for_operator(address, more).await?)
        }
        None => None,
    };

    let listener = tokio::net::TcpListener::bind(config.address)
        .await
        .map_err(StartError::Bind)?;
    let origin = node
        .danger_loopback()
        .front_origin(&config.client_id)
        .unwrap_or_default();
    tracing::info!(target: STEP, role = config.role, rule = "", "wacht op de Persoon op {origin}/");
    let app = Arc::new(App {
        role: config.role.clone(),
        back: node.back_channel().clone(),
        dvp: Dvp::new(client_id).with_observer(metrics),
        flows: PendingFlows::default(),
        sessions: Sessions::default(),
        dossier,
        zal: Arc::clone(node.zal()),
        gnl: Arc::clone(node.gnl()),
        node,
    });
    let serving = axum::serve(listener, web::router(app)).with_graceful_shutdown(shutdown);
    Ok(async move {
        // ends with the DVP
        let mut operated = tokio::task::JoinSet::new();
        if let Some(operator) = operator {
            operated.spawn(operator.serve(std::future::pending()));
        }
        if let Err(error) = serving.await {
            tracing::error!(%error, "the front channel stopped");
        }
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
    /// Its address on the front channel.
    #[error("cannot listen on the front channel: {0}")]
    Bind(std::io::Error),
}
