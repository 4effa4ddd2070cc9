// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.208 — the journal of ends: there, writable, and neither older nor newer than its store

use std::path::Path;

use medmij_oauth::{journal::Journal, storage::JournalMarks};

use super::finding::{Finding, chain};
use super::places;

pub(super) async fn judge<M: JournalMarks>(store: &M, folder: &Path, role: &str) -> Vec<Finding> {
    // one that is opened is made, and would hide that it was gone
    if let Err(error) = std::fs::metadata(folder) {
        return vec![Finding::error(
            "journal",
            format_args!("the journal of ends {} is not there: {error}", folder.display()),
            "mount it, or put it back: an empty folder in its place would let a copy of the store revive what has ended",
        )];
    }
    let journal = match Journal::open(folder, role) {
        Ok(journal) => journal,
        Err(error) => {
            return vec![Finding::error(
                "journal",
                format_args!(
                    "the journal of ends {} cannot be used: {}",
                    folder.display(),
                    chain(&error)
                ),
                "put its files back as they were written, and see that it is the folder of this application",
            )];
        }
    };
    let mut findings: Vec<_> = places::folder(
        folder,
        "journal",
        "give the folder of the journal to the user of the application, on a disk with room: nothing can end without it",
    )
    .into_iter()
    .collect();
    let looked = async {
        Ok::<_, medmij_oauth::storage::StoreError>((journal.is_behind(store).await?, journal.lacks(store).await?))
    };
    match looked.await {
        Ok((behind, lacking)) => {
            if !behind.is_empty() {
                findings.push(Finding::error(
                    "store-older-than-journal",
                    format_args!(
                        "{} ends of the journal are not in the store: an old copy of it was put back, and nothing is served",
                        behind.len()
                    ),
                    "run `medmij store reconcile`, which ends them again",
                ));
            }
            if !lacking.is_empty() {
                let (files, lines) = (lacking.len(), lacking.values().sum::<u64>());
                findings.push(Finding::error(
                    "journal-shorter",
                    format_args!(
                        "{lines} ends in {files} files that the store knows of are not in {}: it is another folder, or a part of it is gone, and nothing is served",
                        folder.display()
                    ),
                    "put the folder of the journal back as it was; `medmij store reconcile` says what is missing, and what can be done where it is lost",
                ));
            }
        }
        Err(error) => findings.push(Finding::error(
            "journal",
            format_args!("store and journal cannot be compared: {}", chain(&error)),
            "see that both can be read",
        )),
    }
    findings
}
