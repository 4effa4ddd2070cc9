// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij store` — core.dossier.108: a death, or an erasure, at the store of a DVZA; and a copy that was put back.

use medmij_dvp::{collecting::OrderStore, dossier::DossierStore, journal::JournaledVault, vault::TokenVault};
use medmij_dvza::store::{Acting, EndedPersoon, JournaledStore, PersoonEnd, Store};
use medmij_oauth::{ClientId, journal::Journal, storage::JournalMarks};
use medmij_types::Aanbiedernaam;
use serde::Serialize;
use std::path::Path;

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
    let done = store.reconcile(&Acting::operator(arguments.by.name())).await;
    show(
        done.map_err(|error| CliError::failed("the store", error))?,
        arguments,
        output,
    )
}

pub(crate) async fn reconcile_vault<V>(vault: V, arguments: &Reconcile, output: &mut Output) -> Result<Exit, CliError>
where
    V: TokenVault + OrderStore + DossierStore + JournalMarks,
{
    let vault = JournaledVault::new(vault, journal(&arguments.journal, "dvp")?);
    let done = vault.reconcile().await;
    show(
        done.map_err(|error| CliError::failed("the vault", error))?,
        arguments,
        output,
    )
}

fn show(reconciled: usize, arguments: &Reconcile, output: &mut Output) -> Result<Exit, CliError> {
    if arguments.json {
        output.json(&serde_json::json!({ "reconciled": reconciled }));
    } else {
        output.line(format_args!(
            "{reconciled} ends of the journal were not in the store, and are now"
        ));
    }
    Ok(Exit::Good)
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
