// SPDX-License-Identifier: AGPL-3.0-or-later
//! A Stelselnode: publishes the four lists from a folder, over mutual TLS, to Nodes that are on the Whitelist.
//!
//! What it publishes it has read and judged itself first, so a broken file never leaves it: the last good list stays.
//! Replace a file in the folder (with a higher Volgnummer) and the next request gets the new one.
#![forbid(unsafe_code)]

pub mod publication;

use axum::{
    Router,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, header};
use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{List, ListKind};
use medmij_node::{Node, NodeConfig, NodeError};
use medmij_ocl::OAuthclientlist;
use medmij_types::{Release, SystemClock};
use medmij_whitelist::{HostPolicy, Whitelist};
use medmij_zal::Zorgaanbiederslijst;
use publication::{Publication, PublishError};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf, sync::Arc};

/// The target of the `tracing` events that tell a person what happens: with the fields `role` (who) and `rule` (by which
/// rule). The demo prints them; elsewhere they are ordinary log lines.
pub const STEP: &str = "step";

/// The configuration of a Stelselnode.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the steps call it.
    pub role: String,
    /// Who it is.
    pub node: NodeConfig,
    /// Where it listens for mutual TLS.
    pub address: SocketAddr,
    /// The folder with the four lists, under their official file names.
    pub lists: PathBuf,
    /// Publishes a changed file whatever its Volgnummer, to see what others do with that.
    #[serde(default)]
    pub danger_any_volgnummer: bool,
}

/// Listens; the future that comes back serves until `shutdown`.
///
/// # Errors
///
/// [`StartError`], where the identity or one of the lists is not in order, or the address is taken.
pub async fn start<S: Future<Output = ()> + Send + 'static>(
    config: &Config,
    shutdown: S,
) -> Result<impl Future<Output = ()> + Send + use<S>, StartError> {
    let published = Arc::new(Published::open(&config.lists, config.danger_any_volgnummer)?);
    let stelselnode = config.node.stelselnode.clone();
    let policy = HostPolicy::whitelist(Arc::clone(published.whitelist.cache()), stelselnode);
    let node = Node::with_policy(config.node.clone(), policy)?;
    let listener = node.listen(config.address).await?;
    let router = Router::new().route("/{file}", get(list)).with_state(published);
    let role = &config.role;
    tracing::info!(target: STEP, role, rule = "core.lijsten.300", "publiceert ZAL, OCL, Whitelist en GNL op https://{}", node.hostname());
    Ok(listener.serve(router, shutdown))
}

/// The four lists as they are published now.
struct Published {
    zal: Publication<Zorgaanbiederslijst>,
    ocl: Publication<OAuthclientlist>,
    whitelist: Publication<Whitelist>,
    gnl: Publication<Gegevensdienstnamenlijst>,
}

impl Published {
    fn open(folder: &std::path::Path, danger: bool) -> Result<Self, PublishError> {
        Ok(Self {
            zal: Publication::open(folder, SystemClock::default(), danger)?,
            ocl: Publication::open(folder, SystemClock::default(), danger)?,
            whitelist: Publication::open(folder, SystemClock::default(), danger)?,
            gnl: Publication::open(folder, SystemClock::default(), danger)?,
        })
    }
}

#[derive(Deserialize)]
struct ListQuery {
    api: Option<String>,
}

async fn list(
    State(published): State<Arc<Published>>,
    Path(file): Path<String>,
    Query(query): Query<ListQuery>,
) -> Response {
    // core.lijsten.300: `api` is the major version of the Afsprakenstelsel
    if query.api.as_deref() != Some(&*Release::DEFAULT.major().to_string()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    // a new Whitelist also decides about this request's own kind
    published.whitelist.refresh();
    match ListKind::ALL.into_iter().find(|kind| kind.file_name() == file) {
        Some(ListKind::Zorgaanbiederslijst) => answer(&published.zal),
        Some(ListKind::OAuthclientlist) => answer(&published.ocl),
        Some(ListKind::Whitelist) => answer(&published.whitelist),
        Some(ListKind::Gegevensdienstnamenlijst) => answer(&published.gnl),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer<L: List>(publication: &Publication<L>) -> Response {
    publication.refresh();
    match publication.cache().last_known() {
        Some(list) => (
            [(header::CONTENT_TYPE, "application/xml; charset=utf-8")],
            list.bytes().to_vec(),
        )
            .into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Why a Stelselnode does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Its identity or address.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// One of its lists.
    #[error(transparent)]
    Publish(#[from] PublishError),
}
