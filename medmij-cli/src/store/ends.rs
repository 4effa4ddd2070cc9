// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij store` — core.dossier.108: a death, or an erasure, at the store of a DVZA; and a copy that was put back.

use medmij_dvp::{collecting::OrderStore, dossier::DossierStore, journal::JournaledVault, vault::TokenVault};
use medmij_dvza::store::{Acting, EndedPersoon, JournaledStore, PersoonEnd, Store};
use medmij_oauth::{
    ClientId,
    journal::Journal,
    storage::{JournalMarks, StoreError},
};
use medmij_types::Aanbiedernaam;
use serde::Serialize;
use std::{collections::BTreeMap, path::Path};

use super::audit::persoon;
use crate::{
    Exit,
    arguments::{End, Reconcile},
    cli_error::CliError,
    output::Output,
};

pub(crate) async fn end<S: Store + JournalMarks>(
    store: S,
    arguments: &End,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let persoon = persoon(&arguments.bsn, &arguments.keys)?;
    let by = Acting::operator(arguments.by.name());
    let end = if arguments.why.erase {
        PersoonEnd::erasure(persoon, by)
    } else {
        PersoonEnd::after_death(persoon, by)
    };
    let ended = match &arguments.journal {
        Some(folder) => {
            let store = JournaledStore::new(store, journal(folder, "dvza")?);
            store.end_persoon(&end).await
        }
        None => store.end_persoon(&end).await,
    };
    let ended = ended.map_err(|error| CliError::failed("the store", error))?;
    if arguments.json {
        output.json(&Shown::of(&ended));
        return Ok(Exit::Good);
    }
    for (client, aanbieder) in &ended.grants {
        let at = aanbieder.as_ref().map_or("an aanbieder without a name", AsRef::as_ref);
        output.line(format_args!("a consent of {at} for {client} has ended"));
    }
    output.line(format_args!(
        "{} consents and {} Abonnementen have ended",
        ended.grants.len(),
        ended.abonnementen
    ));
    if arguments.why.erase {
        output.line(format_args!(
            "{} entries of the audit log name nobody any more",
            ended.entries
        ));
    }
    Ok(Exit::Good)
}

pub(crate) async fn reconcile<S: Store + JournalMarks>(
    store: S,
    arguments: &Reconcile,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let store = JournaledStore::new(store, journal(&arguments.journal, "dvza")?);
    let failed = |error| CliError::failed("the store", error);
    let done = store.reconcile(&Acting::operator(arguments.by.name())).await;
    let reconciled = done.map_err(failed)?;
    let lacking = lacking(store.journal(), store.store(), arguments).await;
    show(reconciled, &lacking.map_err(failed)?, arguments, output)
}

pub(crate) async fn reconcile_vault<V>(vault: V, arguments: &Reconcile, output: &mut Output) -> Result<Exit, CliError>
where
    V: TokenVault + OrderStore + DossierStore + JournalMarks,
{
    let vault = JournaledVault::new(vault, journal(&arguments.journal, "dvp")?);
    let failed = |error| CliError::failed("the vault", error);
    let reconciled = vault.reconcile().await.map_err(failed)?;
    let lacking = lacking(vault.journal(), vault.vault(), arguments).await;
    show(reconciled, &lacking.map_err(failed)?, arguments, output)
}

type Lacking = BTreeMap<String, u64>;

async fn lacking<M: JournalMarks>(journal: &Journal, store: &M, arguments: &Reconcile) -> Result<Lacking, StoreError> {
    match arguments.danger_accept_lost_journal {
        true => journal.danger_accept_loss(store).await,
        false => journal.lacks(store).await,
    }
}

fn show(reconciled: usize, lacking: &Lacking, arguments: &Reconcile, output: &mut Output) -> Result<Exit, CliError> {
    let accepted = arguments.danger_accept_lost_journal && !lacking.is_empty();
    if arguments.json {
        output.json(&serde_json::json!({ "reconciled": reconciled, "lacking": lacking, "accepted": accepted }));
    } else {
        output.line(format_args!(
            "{reconciled} ends of the journal were not in the store, and are now"
        ));
        for (file, lines) in lacking {
            output.line(format_args!(
                "{lines} ends that the store knows of are not in the journal any more: {file}"
            ));
        }
        let said: &[&str] = match (accepted, lacking.is_empty()) {
            (_, true) => &[],
            (true, _) => &[
                "they are not missed any more, as you said: put back no copy of the store from before now, it would revive them",
            ],
            (false, _) => &[
                "what the store knows of has ended in it, and stays so. This command cannot repair the journal: put its folder back",
                "as it was, a mount that is missing or its own copy, and run this again. Where this store is itself a copy that was put",
                "back, what ended after it and stood only in what is missing cannot be ended again, nor can anybody tell what it was.",
                "Where the folder is lost for good, --danger-accept-lost-journal goes on without it; nothing is served until then.",
            ],
        };
        for line in said {
            output.line(line);
        }
    }
    Ok(if lacking.is_empty() || accepted {
        Exit::Good
    } else {
        Exit::Not
    })
}

/// The folder has to be there: an empty one would hide what ended.
fn journal(folder: &Path, role: &str) -> Result<Journal, CliError> {
    let name = folder.display().to_string();
    if let Err(cause) = std::fs::metadata(folder) {
        return Err(CliError::Read { name, cause });
    }
    Journal::open(folder, role).map_err(|error| CliError::failed(name, error))
}

#[derive(Serialize)]
struct Shown<'a> {
    grants: Vec<ShownGrant<'a>>,
    abonnementen: u64,
    entries: u64,
}

#[derive(Serialize)]
struct ShownGrant<'a> {
    client_id: &'a str,
    aanbieder: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(ended: &'a EndedPersoon) -> Self {
        let grant = |(client_id, aanbieder): &'a (ClientId, Option<Aanbiedernaam>)| ShownGrant {
            client_id: client_id.as_str(),
            aanbieder: aanbieder.as_ref().map(AsRef::as_ref),
        };
        Self {
            grants: ended.grants.iter().map(grant).collect(),
            abonnementen: ended.abonnementen,
            entries: ended.entries,
        }
    }
}
