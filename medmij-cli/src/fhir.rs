// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij fhir`: what a gegevensdienst asks.

mod queries;

use clap::Subcommand;

use crate::{Exit, output::Output, trouble::Trouble};
use queries::Queries;

#[derive(Subcommand)]
pub(crate) enum FhirCommand {
    /// Print the requests that a DVP sends for a gegevensdienst.
    Queries(Queries),
}

pub(crate) fn run(command: &FhirCommand, output: &mut Output) -> Result<Exit, Trouble> {
    match command {
        FhirCommand::Queries(arguments) => queries::run(arguments, output),
    }
}
