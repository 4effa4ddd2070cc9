// SPDX-License-Identifier: AGPL-3.0-or-later
//! Completions for shells, and man pages.

use std::{io, path::Path};

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::{Exit, arguments::Arguments, output::Output, trouble::Trouble};

pub(crate) fn completions(shell: Shell, output: &mut Output) -> Result<Exit, Trouble> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "medmij", &mut text);
    output.bytes(&text);
    Ok(Exit::Good)
}

pub(crate) fn man(folder: Option<&Path>, output: &mut Output) -> Result<Exit, Trouble> {
    let command = Arguments::command();
    if let Some(folder) = folder {
        let failed = |cause: io::Error| Trouble::Write {
            name: folder.display().to_string(),
            cause,
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        clap_mangen::generate_to(command, folder).map_err(failed)?;
        return Ok(Exit::Good);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(Trouble::Output)?;
    output.bytes(&page);
    Ok(Exit::Good)
}
