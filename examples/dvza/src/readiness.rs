// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a DVZA needs beside its Node: the store answers and its clock is right, the dossiers can be read.

use crate::storage::Storage;
use medmij_dvza::{
    RequestLimits,
    registratie::{Follower, RegistratieFile},
    store::Store as _,
};
use medmij_node::{Node, Observed, StoreState};
use medmij_oauth::{journal::can_be_written, storage::StoreError};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Adds the probes of the store, of its journal and of the source system; `files` are those without which it does not start again.
pub(crate) fn add(node: &Node, store: &Arc<Storage>, dossiers: &Path, files: Vec<PathBuf>) {
    // without it nothing can end
    node.add_folder("journal", store.journal().folder());
    let store = Arc::clone(store);
    node.add_probe("store", move || {
        let store = Arc::clone(&store);
        async move { vec![Observed::Store(state(&store).await)] }
    });
    // what is open goes on to be used where it was removed, and is lost with the process
    node.add_probe("files", move || {
        let gone = files.iter().find(|path| !path.exists());
        let gone = gone.map(|path| format!("{} is not there any more", path.display()));
        async move { vec![Observed::Other(gone)] }
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

/// Says where whom it serves cannot be read any more, or rows of it are refused: the previous ones are served on.
pub(crate) fn add_registration(node: &Node, follower: &Arc<Follower<RegistratieFile>>) {
    let follower = Arc::downgrade(follower);
    node.add_probe("registration", move || {
        let fault = follower.upgrade().map(|follower| follower.state()).and_then(|state| {
            let row = state.faults.first().map(|fault| {
                let (row, place, rule) = (fault.row, &fault.place, &fault.rule);
                format!(
                    "{} rows are refused, row {row} for its {place}: {rule}",
                    state.faults.len()
                )
            });
            state.failing.or(row)
        });
        async move { vec![Observed::Source(fault)] }
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
    // one that answers and cannot be written serves nobody
    if let Err(error) = can_be_written(store.store()).await {
        return gone(&error);
    }
    let lacks = store.journal().lacks(store.store()).await;
    match (store.is_older().await, lacks, store.clock().await) {
        (Ok(true), ..) => StoreState::OlderThanJournal,
        (_, Ok(lacks), _) if !lacks.is_empty() => StoreState::JournalShorter,
        (.., Ok(clock)) if clock.jumped() => StoreState::ClockJumped,
        (Ok(false), Ok(_), Ok(_)) => StoreState::Good,
        // a journal that cannot be read names itself as the cause
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => gone(&error),
    }
}

/// With all its causes: the first of them says only that there is one.
fn gone(error: &StoreError) -> StoreState {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let causes: Vec<_> = causes.skip(1).map(ToString::to_string).collect();
    StoreState::Gone(if causes.is_empty() {
        error.to_string()
    } else {
        causes.join(": ")
    })
}
