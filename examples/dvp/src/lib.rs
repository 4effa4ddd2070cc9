// SPDX-License-Identifier: AGPL-3.0-or-later
//! A DVP: the side of the PGO. A small web application in which a Persoon chooses a zorgaanbieder and collects.
//!
//! | file | what |
//! | --- | --- |
//! | `aanbod.rs` | what can be collected where, from the Zorgaanbiederslijst and the Gegevensdienstnamenlijst |
//! | `verzamelen.rs` | from code to resources: the back channel |
//! | `dossier.rs` | where the collected resources are kept: a folder |
//! | `sessie.rs` | who sits behind which browser, and what that Persoon is doing |
//! | `web.rs` | the pages |
//!
//! It leaves out what a real PGO has: accounts, a sealed dossier, viewing. Its front channel is plain http on loopback.
#![forbid(unsafe_code)]

mod aanbod;
mod dossier;
mod sessie;
mod verzamelen;
mod web;

use dossier::Dossier;
use medmij_dvp::{Dvp, PendingFlows};
use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{ListCache, supply::RunningSupply};
use medmij_net::BackChannel;
use medmij_oauth::ClientId;
use medmij_types::Hostname;
use medmij_whitelist::HostPolicy;
use medmij_zal::Zorgaanbiederslijst;
use node::{Caches, ListsError, Node, NodeConfig, NodeError, STAP};
use serde::{Deserialize, Serialize};
use sessie::Sessies;
use std::{net::SocketAddr, path::PathBuf, sync::Arc};

/// The configuration of a DVP.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who it is on the back channel.
    pub node: NodeConfig,
    /// Its host name on the front channel: what the OAuth Client List calls it, and so its `client_id`.
    pub client_id: Hostname,
    /// Where it listens for browsers.
    pub adres: SocketAddr,
    /// The folder in which it keeps what it collects.
    pub dossier: PathBuf,
}

/// A running DVP.
struct App {
    rol: String,
    node: Node,
    back: BackChannel,
    dvp: Dvp,
    flows: PendingFlows,
    sessies: Sessies,
    dossier: Dossier,
    zal: Arc<ListCache<Zorgaanbiederslijst>>,
    gnl: Arc<ListCache<Gegevensdienstnamenlijst>>,
    _kept: [RunningSupply; 3],
}

/// Fetches the lists and listens; the future that comes back serves until `shutdown`.
///
/// # Errors
///
/// Where the identity is not in order, a list does not come, or the address is taken.
pub async fn start<S: Future<Output = ()> + Send + 'static>(
    config: &Config,
    shutdown: S,
) -> Result<impl Future<Output = ()> + Send + use<S>, StartError> {
    let node = Node::load(&config.node)?;
    let client_id = ClientId::from(config.client_id.clone());
    // a browser is sent to plain http: only ever on loopback, with test certificates
    let _development = node.prove_development([(&config.client_id, config.adres)])?;

    let caches = Caches::default();
    let (whitelist, zal, gnl) = (caches.cache(), caches.cache(), caches.cache());
    // until the first Whitelist is in, the policy allows the Stelselnode only (core.whl.303)
    let back = node.back_channel(HostPolicy::whitelist(
        Arc::clone(&whitelist),
        node.stelselnode().clone(),
    ))?;
    let lists = caches.supply(&node, back.clone())?;
    let kept = [
        lists.start(&whitelist).await?,
        lists.start(&zal).await?,
        lists.start(&gnl).await?,
    ];

    let listener = tokio::net::TcpListener::bind(config.adres)
        .await
        .map_err(StartError::Bind)?;
    let origin = node.loopback().front_origin(&config.client_id).unwrap_or_default();
    tracing::info!(target: STAP, rol = node.rol(), regel = "", "wacht op de Persoon op {origin}/");
    let app = Arc::new(App {
        rol: node.rol().to_owned(),
        node,
        back,
        dvp: Dvp::new(client_id),
        flows: PendingFlows::default(),
        sessies: Sessies::default(),
        dossier: Dossier::new(config.dossier.clone()),
        zal,
        gnl,
        _kept: kept,
    });
    let serving = axum::serve(listener, web::router(app)).with_graceful_shutdown(shutdown);
    Ok(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the front channel stopped");
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
    /// One of its lists.
    #[error(transparent)]
    List(#[from] ListsError),
    /// Its address on the front channel.
    #[error("cannot listen on the front channel: {0}")]
    Bind(std::io::Error),
}
