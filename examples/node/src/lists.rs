// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.201, core.ocl.201, core.gnl.201, core.whl.302 — the lists of a Node: fetched from the Stelselnode, kept in a
//! folder through restarts, and refreshed in the background.

use crate::{Node, NodeError, STAP};
use medmij_list::{
    List, ListCache, ListKind, RefreshPolicy,
    supply::{FileKeep, Keep, KeepError, ListSupply, Refusal, RunningSupply, SourceName, SourceNameError},
};
use medmij_net::{BackChannel, StelselnodeSource};
use medmij_types::{Clock, OsEntropy, Release, SystemClock};
use std::sync::Arc;

/// Where the lists of a Node come from and where they are kept.
pub struct Lists {
    rol: String,
    source: StelselnodeSource,
    name: SourceName,
    keep: Arc<dyn Keep>,
    clock: Arc<dyn Clock>,
}

/// An empty cache for a list, and the clock that its supply goes by.
pub struct Caches(Arc<dyn Clock>);

impl Default for Caches {
    fn default() -> Self {
        Self(Arc::new(SystemClock::default()))
    }
}

impl Caches {
    /// An empty cache.
    #[must_use]
    pub fn cache<L: List>(&self) -> Arc<ListCache<L>> {
        Arc::new(ListCache::new(RefreshPolicy::for_list(L::KIND), Arc::clone(&self.0)))
    }

    /// The clock that they go by.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.0)
    }

    /// A supply for such caches over a channel to the Stelselnode.
    ///
    /// # Errors
    ///
    /// Where the folder for kept lists cannot be opened.
    pub fn supply(self, node: &Node, channel: BackChannel) -> Result<Lists, ListsError> {
        let stelselnode = node.stelselnode().clone();
        Ok(Lists {
            rol: node.rol().to_owned(),
            name: SourceName::parse(stelselnode.as_str())?,
            source: StelselnodeSource::new(channel, stelselnode, Release::DEFAULT.major().into()),
            keep: Arc::new(FileKeep::open(node.bewaard())?),
            clock: self.0,
        })
    }
}

impl Lists {
    /// Fetches a list and keeps it fresh for as long as the returned value lives.
    ///
    /// # Errors
    ///
    /// Where the list does not come, is not valid, or may not take the place of the one that was kept: a Node does not
    /// start without its lists.
    pub async fn start<L: List>(&self, cache: &Arc<ListCache<L>>) -> Result<RunningSupply, ListsError> {
        let (source, keep) = (self.name.clone(), Arc::clone(&self.keep));
        let api = Release::DEFAULT.major().into();
        let supply = ListSupply::new(source, api, Arc::clone(cache), keep, Arc::clone(&self.clock));
        let running = supply.start(self.source.clone(), OsEntropy).await?;
        // a kept list is good enough to start with (core.lijsten.301: the source may be away for 480 minutes), but where the
        // source is there the newest is one fetch away
        if let Err(error) = running.refresh().await {
            tracing::warn!(list = %L::KIND, error = &error as &dyn std::error::Error, "starting with the list that was kept");
        }
        if let Some(list) = cache.current() {
            let (kind, number, entries) = (L::KIND, list.header().volgnummer(), list.len());
            tracing::info!(
                target: STAP, rol = self.rol, regel = rules(kind),
                "haalt de {kind} op: nummer {number}, {entries} regels, geldig",
            );
        }
        Ok(running)
    }
}

/// Why a Node has no lists.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListsError {
    /// A list was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The folder for kept lists cannot be used.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// The name of the Stelselnode cannot stand for a source.
    #[error(transparent)]
    Name(#[from] SourceNameError),
    /// The Node itself.
    #[error(transparent)]
    Node(#[from] NodeError),
}

fn rules(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Zorgaanbiederslijst => "core.alst.201, core.alst.202",
        ListKind::OAuthclientlist => "core.ocl.201, core.ocl.202",
        ListKind::Whitelist => "core.whl.302, core.whl.304",
        ListKind::Gegevensdienstnamenlijst => "core.gnl.201, core.gnl.202",
        _ => "",
    }
}
