// SPDX-License-Identifier: AGPL-3.0-or-later
//! Load and race programs for the parts of a MedMij DVA/DVZA.
//!
//! ```text
//! medmij-load store --store memory --store sqlite:/tmp/store.db --store "postgres:host=/run/postgresql dbname=load"
//! medmij-load race  --store sqlite:/tmp/store.db --codes 10000 --redeemers 2 --processes 2
//! ```
//!
//! `store` drives the operations of a store from many tasks and prints operations per second, p50, p99 and the slowest.
//! `race` lets several processes redeem the same codes at once and counts who got them: exactly one each, or it fails.
//! `redeem` and `promise` are the processes that `race` and the tests start.
//!
//! Each program is a module with a `Args` and a `run`; the next one (over sockets) goes beside them.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command line prints")]

mod measure;
mod promise;
mod race;
mod redeem;
mod store_load;
mod target;
mod work;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the operations of one store or several.
    Store(store_load::Args),
    /// Let several processes redeem the same codes at once.
    Race(race::Args),
    /// Redeem the codes that standard input names; used by `race`.
    Redeem(redeem::Args),
    /// Issue and redeem codes without end, and write each promise to standard output; used by tests that kill it.
    Promise(promise::Args),
}

fn main() -> Result<(), work::Failure> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Store(args) => store_load::run(args).await,
            Command::Race(args) => race::run(args).await,
            Command::Redeem(args) => redeem::run(args).await,
            Command::Promise(args) => promise::run(args).await,
        }
    })
}
