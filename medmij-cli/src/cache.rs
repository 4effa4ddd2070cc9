// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij cache`: what is kept of the lists, and the operator's way back after a wrong publication (security section
//! 1.3).

mod inspect;
mod refresh;

use std::{path::Path, time::SystemTime};

use medmij_list::{
    ListKind,
    supply::{FileStorage, ListStorage as _, Lowering, StorageKey},
};

use medmij_types::Volgnummer;

use crate::{
    Exit,
    arguments::{CacheCommand, CacheLower},
    cli_error::CliError,
    output::Output,
};

pub(crate) fn run(command: CacheCommand, output: &mut Output) -> Result<Exit, CliError> {
    match command {
        CacheCommand::Inspect { folder, json } => inspect::inspect(&existing(&folder)?, json, output),
        CacheCommand::Journal { folder, json } => inspect::journal(&existing(&folder)?, json, output),
        CacheCommand::Lower(arguments) => lower(&arguments, output),
        CacheCommand::Refresh(arguments) => refresh::run(&arguments, output),
    }
}

/// A folder that is looked at has to be there; only refreshing makes one.
fn existing(folder: &Path) -> Result<FileStorage, CliError> {
    let cannot = |cause| CliError::Read {
        name: folder.display().to_string(),
        cause,
    };
    std::fs::read_dir(folder).map_err(cannot)?;
    Ok(FileStorage::open(folder)?)
}

fn shown(number: Option<Volgnummer>) -> String {
    number.map_or_else(|| "nothing".to_owned(), |number| number.to_string())
}

fn lower(arguments: &CacheLower, output: &mut Output) -> Result<Exit, CliError> {
    let storage = existing(&arguments.folder)?;
    let list = ListKind::from(arguments.list);
    let mut keys = storage.keys()?;
    keys.retain(|key| {
        let of_source = arguments.source.as_ref().is_none_or(|source| source == key.source());
        of_source && key.list() == list && key.api() == arguments.api
    });
    let key = match keys.as_slice() {
        [key] => key,
        [] => {
            return Err(CliError::Usage(format!(
                "there is no {list} with api {} in this folder",
                arguments.api
            )));
        }
        several => {
            let names: Vec<String> = several.iter().map(StorageKey::to_string).collect();
            return Err(CliError::Usage(format!(
                "there are several, please name the --source: {}",
                names.join("; ")
            )));
        }
    };
    let before = storage.memory(key)?.volgnummer;
    if arguments.to > before {
        return Err(CliError::Usage(format!(
            "{key}: the memory stands at {}, and lowering does not raise it; nothing was changed",
            shown(before)
        )));
    }
    let after = storage.danger_lower(
        key,
        &Lowering::new(arguments.to, arguments.reason.as_str(), SystemTime::now()),
    )?;
    output.line(format_args!(
        "{key}: the memory went from {} to {}",
        shown(before),
        shown(after.volgnummer)
    ));
    Ok(Exit::Good)
}
