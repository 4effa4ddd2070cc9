// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij clock` — case O16: how the wall clock of a store stands to its floor.

use medmij_dvza::store::Store;

use crate::{Exit, cli_error::CliError, output::Output};

pub(crate) async fn show<S: Store>(store: &S, output: &mut Output) -> Result<Exit, CliError> {
    let clock = store
        .clock()
        .await
        .map_err(|error| CliError::failed("the store", error))?;
    let seconds = clock.apart.as_secs();
    if clock.jumped() {
        output.line(format_args!(
            "the wall clock and the floor are {seconds} s apart: nothing is purged"
        ));
        return Ok(Exit::Not);
    }
    output.line(format_args!("the wall clock and the floor are {seconds} s apart"));
    Ok(Exit::Good)
}
