// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a DVP needs beside its Node: the stores of dossiers and accounts answer and can be written, and nothing that was deleted is
//! there again.

use crate::{account::Accounts, dossier::Dossier};
use medmij_node::{Node, Observed, StoreState};
use medmij_oauth::{journal::can_be_written, storage::StoreError};
use medmij_types::{Clock as _, SystemClock};
use std::{path::PathBuf, sync::Arc};

/// Adds the probes of both stores; `files` are those that they lie in.
pub(crate) fn add(node: &Node, dossier: &Dossier, accounts: &Arc<Accounts>, files: Vec<PathBuf>) {
    let vault = Arc::clone(dossier.vault());
    node.add_probe("store", move || {
        let vault = Arc::clone(&vault);
        async move {
            let looked = async {
                // one that answers and cannot be written serves nobody
                can_be_written(vault.vault()).await?;
                Ok::<_, StoreError>((
                    vault.is_older().await?,
                    vault.journal().lacks(vault.vault()).await?.is_empty(),
                ))
            };
            vec![Observed::Store(match looked.await {
                Ok((true, _)) => StoreState::OlderThanJournal,
                Ok((false, true)) => StoreState::Good,
                Ok((false, false)) => StoreState::JournalShorter,
                Err(error) => StoreState::Gone(causes(&error)),
            })]
        }
    });
    let accounts = Arc::clone(accounts);
    node.add_probe("accounts", move || {
        let accounts = Arc::clone(&accounts);
        async move {
            // it also removes what has expired
            let looked = accounts.purge(SystemClock::default().now()).await;
            vec![Observed::Store(match looked {
                Ok(_) => StoreState::Good,
                Err(error) => StoreState::Gone(causes(&error)),
            })]
        }
    });
    // an open file that was removed goes on to be written, and is lost with the process
    node.add_probe("files", move || {
        let gone = files.iter().find(|path| !path.exists());
        let gone = gone.map(|path| format!("{} is not there any more", path.display()));
        async move { vec![Observed::Other(gone)] }
    });
}

/// An error with what is behind it.
fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
