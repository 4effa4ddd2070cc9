// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij keys` — which keys rows still need, and grants that come under the current ones.

use std::collections::BTreeMap;

use medmij_dvza::{
    reseal_grants,
    store::{AuditObject, Store},
};
use medmij_oauth::seal::{KeyRing as _, LocalKeyRing};
use medmij_types::OsEntropy;
use serde::Serialize;

use super::audit::administered;
use crate::{Exit, arguments::KeysCommand, cli_error::CliError, input::Input, output::Output};

pub(crate) async fn run<S: Store>(store: &S, command: &KeysCommand, output: &mut Output) -> Result<Exit, CliError> {
    match command {
        KeysCommand::Use { keys, json, .. } => {
            let ring = keys.as_deref().map(read).transpose()?;
            let used = store
                .key_use()
                .await
                .map_err(|error| CliError::failed("the store", error))?;
            show("sealing", &used.sealing, *json, output);
            show("index", &used.index, *json, output);
            let Some(ring) = ring else { return Ok(Exit::Good) };
            let all = used.lacking(&ring.keys());
            for (what, lacking) in [("sealing key", &all.sealing), ("index key version", &all.index)] {
                for (id, rows) in lacking {
                    output.line(format_args!(
                        "{what} {id} is not in the key file, and {rows} rows need it"
                    ));
                }
            }
            Ok(if all.is_empty() { Exit::Good } else { Exit::Not })
        }
        KeysCommand::Reseal { keys, by, .. } => {
            let ring = read(keys)?;
            administered(store, AuditObject::Keys, &by.name()).await?;
            let (mut resealed, mut unopened, mut after) = (0, 0, None);
            loop {
                let round = reseal_grants(store, &ring, &OsEntropy, after.as_ref(), BATCH).await;
                let round = round.map_err(|error| CliError::failed("the store", error))?;
                resealed += round.resealed;
                unopened += round.unopened;
                after = round.next;
                if after.is_none() {
                    break;
                }
            }
            output.line(format_args!("{resealed} grants came under the current keys"));
            if unopened == 0 {
                return Ok(Exit::Good);
            }
            output.line(format_args!("{unopened} grants cannot be opened with this key file"));
            Ok(Exit::Not)
        }
    }
}

fn read(path: &std::path::Path) -> Result<LocalKeyRing, CliError> {
    let input = Input::small(path)?;
    LocalKeyRing::from_text(input.text()?).map_err(|error| CliError::Usage(format!("{}: {error}", input.name)))
}

#[derive(Serialize)]
struct Shown<'a> {
    key: &'a str,
    id: u32,
    rows: u64,
}

fn show(key: &str, used: &BTreeMap<u32, u64>, json: bool, output: &mut Output) {
    for (id, rows) in used {
        if json {
            output.json(&Shown {
                key,
                id: *id,
                rows: *rows,
            });
        } else {
            output.line(format_args!("{key} {id} {rows} rows"));
        }
    }
}

const BATCH: usize = 100;
