// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij cache`: what is kept of the lists, and the operator's way back after a wrong publication (security section
//! 1.3).

mod inspect;
mod refresh;

use std::{path::Path, time::SystemTime};

use medmij_list::{
    ListKind,
    supply::{FileKeep, Keep as _, KeepKey, Lowering},
};

use medmij_types::Volgnummer;

use crate::{
    Exit,
    arguments::{CacheCommand, CacheLower},
    output::Output,
    trouble::Trouble,
};

pub(crate) fn run(command: CacheCommand, output: &mut Output) -> Result<Exit, Trouble> {
    match command {
        CacheCommand::Inspect { folder, json } => inspect::inspect(&existing(&folder)?, json, output),
        CacheCommand::Journal { folder, json } => inspect::journal(&existing(&folder)?, json, output),
        CacheCommand::Lower(arguments) => lower(&arguments, output),
        CacheCommand::Refresh(arguments) => refresh::run(&arguments, output),
    }
}

/// A folder that is looked at has to be there; only refreshing makes one.
fn existing(folder: &Path) -> Result<FileKeep, Trouble> {
    let cannot = |cause| Trouble::Read {
        name: folder.display().to_string(),
        cause,
    };
    std::fs::read_dir(folder).map_err(cannot)?;
    Ok(FileKeep::open(folder)?)
}

fn shown(number: Option<Volgnummer>) -> String {
    number.map_or_else(|| "nothing".to_owned(), |number| number.to_string())
}

fn lower(arguments: &CacheLower, output: &mut Output) -> Result<Exit, Trouble> {
    let keep = existing(&arguments.folder)?;
    let list = ListKind::from(arguments.list);
    let mut keys = keep.keys()?;
    keys.retain(|key| {
        let of_source = arguments.source.as_ref().is_none_or(|source| source == key.source());
        of_source && key.list() == list && key.api() == arguments.api
    });
    let key = match keys.as_slice() {
        [key] => key,
        [] => {
            return Err(Trouble::Usage(format!(
                "there is no {list} with api {} in this folder",
                arguments.api
            )));
        }
        several => {
            let names: Vec<String> = several.iter().map(KeepKey::to_string).collect();
            return Err(Trouble::Usage(format!(
                "there are several, please name the --source: {}",
                names.join("; ")
            )));
        }
    };
    let before = keep.memory(key)?.volgnummer;
    if arguments.to > before {
        return Err(Trouble::Usage(format!(
            "{key}: the memory stands at {}, and lowering does not raise it; nothing was changed",
            shown(before)
        )));
    }
    let after = keep.danger_lower(
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
