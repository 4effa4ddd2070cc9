// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.201, core.ocl.201, core.gnl.201, core.whl.302 — the lists of a Node: fetched from the Stelselnode, stored in a folder
//! through restarts, refreshed in the background.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{
    List, ListCache, ListKind, RefreshPolicy,
    supply::{FileStorage, ListStorage, ListSupply, RunningSupply, SourceName},
};
use medmij_net::{BackChannel, StelselnodeSource};
use medmij_ocl::OAuthclientlist;
use medmij_types::{Clock, Hostname, OsEntropy, Release, Volgnummer};
use medmij_whitelist::Whitelist;
use medmij_zal::Zorgaanbiederslijst;

use crate::{NodeError, NodeList};

/// The Zorgaanbiederslijst of a Node: `current()` pins the list as it is now.
pub type Zal = Arc<ListCache<Zorgaanbiederslijst>>;
/// The OAuth Client List of a Node; a DVZA takes it as its clients.
pub type Ocl = Arc<ListCache<OAuthclientlist>>;
/// The Gegevensdienstnamenlijst of a Node.
pub type Gnl = Arc<ListCache<Gegevensdienstnamenlijst>>;

/// The caches of a Node. Those that are not followed stay empty.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) whitelist: Arc<ListCache<Whitelist>>,
    pub(crate) zal: Zal,
    pub(crate) ocl: Ocl,
    pub(crate) gnl: Gnl,
}

impl Lists {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self {
            whitelist: cache(clock),
            zal: cache(clock),
            ocl: cache(clock),
            gnl: cache(clock),
        }
    }

    /// The lists that are there.
    pub(crate) fn states(&self) -> Vec<ListState> {
        let states = [
            ListState::of(&self.whitelist),
            ListState::of(&self.zal),
            ListState::of(&self.ocl),
            ListState::of(&self.gnl),
        ];
        states.into_iter().flatten().collect()
    }

    /// Fetches what is followed, and keeps it fresh for as long as the returned values live. Without a Whitelist, a
    /// Zorgaanbiederslijst or an OAuth Client List that it follows a Node has no work; names of gegevensdiensten may come later.
    pub(crate) async fn start(
        &self,
        supplies: &Supplies,
        followed: &BTreeSet<NodeList>,
    ) -> Result<Vec<RunningSupply>, NodeError> {
        let mut running = vec![supplies.start(&self.whitelist).await?];
        for list in followed {
            running.push(match list {
                NodeList::Zal => supplies.start(&self.zal).await?,
                NodeList::Ocl => supplies.start(&self.ocl).await?,
                NodeList::Gnl => match supplies.start(&self.gnl).await {
                    Ok(running) => running,
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(
                            rule = "core.gnl.201",
                            error,
                            "starting without names of gegevensdiensten"
                        );
                        supplies.supply(&self.gnl).spawn(supplies.source.clone(), OsEntropy)
                    }
                },
            });
        }
        Ok(running)
    }
}

/// A list that a Node has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListState {
    /// Which list.
    pub kind: ListKind,
    /// Its Volgnummer.
    pub volgnummer: Volgnummer,
    /// How many entries it has.
    pub entries: usize,
}

impl ListState {
    /// The requirements by which it was fetched.
    #[must_use]
    pub fn rules(&self) -> &'static str {
        match self.kind {
            ListKind::Zorgaanbiederslijst => "core.alst.201, core.alst.202",
            ListKind::OAuthclientlist => "core.ocl.201, core.ocl.202",
            ListKind::Whitelist => "core.whl.302, core.whl.304",
            ListKind::Gegevensdienstnamenlijst => "core.gnl.201, core.gnl.202",
            _ => "",
        }
    }

    fn of<L: List>(cache: &Arc<ListCache<L>>) -> Option<Self> {
        let list = cache.current()?;
        Some(Self {
            kind: L::KIND,
            volgnummer: list.header().volgnummer(),
            entries: list.len(),
        })
    }
}

/// Where lists come from and where they are stored.
pub(crate) struct Supplies {
    source: StelselnodeSource,
    name: SourceName,
    storage: Arc<dyn ListStorage>,
    clock: Arc<dyn Clock>,
}

impl Supplies {
    pub(crate) fn open(
        stelselnode: &Hostname,
        folder: &Path,
        channel: BackChannel,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, NodeError> {
        Ok(Self {
            name: SourceName::parse(stelselnode.as_str())?,
            source: StelselnodeSource::new(channel, stelselnode.clone(), api()),
            storage: Arc::new(FileStorage::open(folder)?),
            clock: Arc::clone(clock),
        })
    }

    fn supply<L: List>(&self, cache: &Arc<ListCache<L>>) -> ListSupply<L> {
        let (cache, storage) = (Arc::clone(cache), Arc::clone(&self.storage));
        ListSupply::new(self.name.clone(), api(), cache, storage, Arc::clone(&self.clock))
    }

    async fn start<L: List>(&self, cache: &Arc<ListCache<L>>) -> Result<RunningSupply, NodeError> {
        let running = self.supply(cache).start(self.source.clone(), OsEntropy).await?;
        // a stored list is good enough to start with (core.lijsten.301: the source may be away for 480 minutes), but where the
        // source is there the newest is one fetch away
        if let Err(error) = running.refresh().await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(list = %L::KIND, error, "starting with the list that was stored");
        }
        Ok(running)
    }
}

fn cache<L: List>(clock: &Arc<dyn Clock>) -> Arc<ListCache<L>> {
    Arc::new(ListCache::new(RefreshPolicy::for_list(L::KIND), Arc::clone(clock)))
}

/// The release of the interface from which lists are fetched.
fn api() -> u16 {
    Release::DEFAULT.major().into()
}
