// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a DVZA needs beside its Node: the store answers and its clock is right, the dossiers can be read.

use crate::storage::Storage;
use medmij_dvza::{RequestLimits, store::Store as _};
use medmij_node::{Node, Observed, StoreState};
use std::{path::Path, sync::Arc};

/// Adds the probes of the store and of the source system.
pub(crate) fn add(node: &Node, store: &Arc<Storage>, dossiers: &Path) {
    let store = Arc::clone(store);
    node.add_probe("store", move || {
        let store = Arc::clone(&store);
        async move { vec![Observed::Store(state(&store).await)] }
    });
    let dossiers = dossiers.to_owned();
    node.add_probe("source", move || {
        let dossiers = dossiers.clone();
        async move {
            let read = tokio::task::spawn_blocking(move || std::fs::read_dir(dossiers).map(drop)).await;
            vec![match read {
                Ok(read) => Observed::Other(read.err().map(|error| error.to_string())),
                Err(_) => Observed::Silent,
            }]
        }
    });
}

/// Says that requests are limited for as long as a router has the limits: `medmij doctor` asks for it.
pub(crate) fn add_limits(node: &Node, limits: &Arc<RequestLimits>) {
    let mounted = Arc::downgrade(limits);
    node.add_probe("limits", move || {
        let fault = (mounted.strong_count() == 0).then(|| "request limits are not mounted".to_owned());
        async move { vec![Observed::Other(fault)] }
    });
}

async fn state(store: &Storage) -> StoreState {
    match (store.is_older().await, store.clock().await) {
        (Ok(true), _) => StoreState::OlderThanJournal,
        (_, Ok(clock)) if clock.jumped() => StoreState::ClockJumped,
        (Ok(false), Ok(_)) => StoreState::Good,
        // a journal that cannot be read names itself as the cause
        (Err(error), _) | (_, Err(error)) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            StoreState::Gone(cause.unwrap_or_else(|| error.to_string()))
        }
    }
}
