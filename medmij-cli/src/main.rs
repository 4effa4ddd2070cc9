// SPDX-License-Identifier: AGPL-3.0-or-later
//! The command `medmij`, for suppliers and operators: core.alst.202, core.ocl.202, core.gnl.202, core.whl.304 (judging a
//! list), core.whl.306 (is a host listed), core.lijsten.300 (fetching a list).
//!
//! What it prints and with what it exits is a contract: see `medmij help`.
#![forbid(unsafe_code)]

mod any_list;
mod arguments;
mod cache;
mod cli_error;
mod complaint;
mod diff;
#[cfg(feature = "doctor")]
mod doctor;
mod explain;
mod fhir;
mod generate;
mod input;
mod lint;
mod list_set;
#[cfg(feature = "log")]
mod log;
mod lookup;
mod nearest;
mod output;
#[cfg(feature = "pki")]
mod pki;
#[cfg(feature = "policy")]
mod policy;
mod schema;
mod screen;
#[cfg(feature = "store")]
mod store;
mod validate;
mod verdict;
mod warning;
mod whitelist;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{
    arguments::{Arguments, Command, SchemaCommand, WhitelistCommand},
    cli_error::CliError,
    output::Output,
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut output = Output::stdout();
    let done = run(arguments.command, &mut output);
    let exit = match (done, output.finish()) {
        (Ok(exit), Ok(())) => exit,
        (Ok(_), Err(error)) => say(&CliError::Output(error)),
        (Err(fault), _) => say(&fault),
    };
    ExitCode::from(exit as u8)
}

fn run(command: Command, output: &mut Output) -> Result<Exit, CliError> {
    match command {
        Command::Validate(arguments) => validate::run(&arguments, output),
        Command::Lookup(arguments) => lookup::run(&arguments, output),
        Command::Diff(arguments) => diff::run(&arguments, output),
        Command::Whitelist(WhitelistCommand::Check(arguments)) => whitelist::run(&arguments, output),
        Command::Explain { rule } => Ok(explain::run(rule.as_deref(), output)),
        Command::Schema(SchemaCommand::Import(arguments)) => schema::run(&arguments, output),
        Command::Cache(command) => cache::run(command, output),
        Command::Fhir(command) => fhir::run(&command, output),
        #[cfg(feature = "pki")]
        Command::Pki(command) => pki::run(&command, output),
        #[cfg(feature = "policy")]
        Command::Policy(command) => policy::run(&command, output),
        #[cfg(feature = "log")]
        Command::Log(command) => log::run(&command, output),
        #[cfg(feature = "doctor")]
        Command::Doctor(arguments) => doctor::run(&arguments, output),
        #[cfg(feature = "store")]
        Command::Bindings(command) => store::bindings(&command, output),
        #[cfg(feature = "store")]
        Command::Keys(command) => store::keys(&command, output),
        #[cfg(feature = "store")]
        Command::Clock(command) => store::clock(&command, output),
        #[cfg(feature = "store")]
        Command::Audit(command) => store::audit(&command, output),
        #[cfg(feature = "store")]
        Command::Store(command) => store::ends(&command, output),
        Command::Completions { shell } => generate::completions(shell, output),
        Command::Man { folder } => generate::man(folder.as_deref(), output),
    }
}

/// Says on standard error what went wrong.
fn say(fault: &CliError) -> Exit {
    output::error_line(&format!("medmij: {fault}"));
    Exit::Failed
}

/// With what the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum Exit {
    /// All accepted, all found, all listed.
    Good = 0,
    /// Something was refused, not found, not listed.
    Not = 1,
    /// Wrong usage, or something could not be read or written.
    Failed = 2,
}
