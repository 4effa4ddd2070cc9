// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij fhir`: what a gegevensdienst asks, and what FHIR files hold.

mod check;
mod convert;
mod dekking;
mod document;
mod queries;
mod read;

use clap::Subcommand;

use crate::{Exit, cli_error::CliError, output::Output};
use check::Check;
use convert::Convert;
use dekking::Dekking;
use queries::Queries;
use read::Read;

#[derive(Subcommand)]
pub(crate) enum FhirCommand {
    /// Print the requests that a DVP sends for a gegevensdienst.
    Queries(Queries),
    /// Say what files hold, what is cut out of them, and whether they come through whole.
    Read(Read),
    /// Convert files from JSON to XML, or back.
    Convert(Convert),
    /// Check answers as the qualification does.
    Check(Check),
    /// Say which zibs of a gegevensdienst are filled.
    Dekking(Dekking),
}

pub(crate) fn run(command: &FhirCommand, output: &mut Output) -> Result<Exit, CliError> {
    match command {
        FhirCommand::Queries(arguments) => queries::run(arguments, output),
        FhirCommand::Read(arguments) => read::run(arguments, output),
        FhirCommand::Convert(arguments) => convert::run(arguments, output),
        FhirCommand::Check(arguments) => check::run(arguments, output),
        FhirCommand::Dekking(arguments) => dekking::run(arguments, output),
    }
}
