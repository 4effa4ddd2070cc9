// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.201, core.ocl.201, core.gnl.201, core.whl.302 — a list is fetched at least every 15 minutes.

use crate::STAP;
use medmij_list::{List, ListCache, ListError, ListKind, NotTaken, ReadOptions, Snapshot, Source, SourceError, Taken};
use medmij_types::{Entropy as _, OsEntropy};
use std::{sync::Arc, time::SystemTime};

/// A list that is fetched again and again as long as this value lives.
#[derive(Debug)]
pub struct KeptList {
    task: tokio::task::JoinHandle<()>,
}

impl KeptList {
    /// Fetches the list once, and from then on in the background by the policy of the cache.
    ///
    /// # Errors
    ///
    /// Where the first fetch fails: a Node does not start without its lists.
    pub async fn start<L: List>(
        rol: &str,
        source: impl Source + 'static,
        cache: Arc<ListCache<L>>,
    ) -> Result<Self, RefreshError> {
        fetch(&source, &cache).await?;
        if let Some(list) = cache.current() {
            let (kind, number, entries) = (L::KIND, list.header().volgnummer(), list.len());
            tracing::info!(target: STAP, rol, regel = rules(kind), "haalt de {kind} op: nummer {number}, {entries} regels, geldig");
        }
        let task = tokio::spawn(async move {
            let mut failures = 0;
            loop {
                tokio::time::sleep(cache.policy().next_attempt(failures, chance())).await;
                match fetch(&source, &cache).await {
                    Ok(_) => failures = 0,
                    Err(error) => {
                        failures += 1;
                        tracing::warn!(list = %L::KIND, failures, error = &error as &dyn std::error::Error, "list not refreshed");
                    }
                }
            }
        });
        Ok(Self { task })
    }
}

impl Drop for KeptList {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Fetches a list once and offers it to the cache.
///
/// # Errors
///
/// Where it does not come, is not valid, or may not take the place of the list that is there.
pub async fn fetch<L: List>(source: &impl Source, cache: &ListCache<L>) -> Result<Taken, RefreshError> {
    let bytes = source.fetch(L::KIND).await?;
    let snapshot = Snapshot::<L>::read(bytes, &ReadOptions::default())?.fetched(SystemTime::now());
    Ok(cache.offer(snapshot)?)
}

/// Why a list was not refreshed. The last good one stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// It did not come.
    #[error("{0}: {cause}", cause = root_cause(.0))]
    Source(#[from] SourceError),
    /// Its schema refuses it (core.alst.202, core.ocl.202, core.gnl.202, core.whl.304).
    #[error(transparent)]
    Invalid(#[from] ListError),
    /// It may not replace the one that is there.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
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

/// A number from 0 to 1 for the jitter; without entropy the middle.
fn chance() -> f64 {
    let mut byte = [128];
    let _ = OsEntropy.fill(&mut byte);
    byte.first().map_or(0.5, |b| f64::from(*b) / 255.0)
}
