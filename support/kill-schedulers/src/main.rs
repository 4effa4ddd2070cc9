// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.102, core.gegevensuitwisseling.201: two processes share the automatic collecting of one store,
//! and one of them is killed with SIGKILL in the middle of its work, every night. Nothing may be lost, and nothing asked twice
//! within 24 hours or outside the window; on SQLite and on PostgreSQL.
//!
//! ```text
//! kill-schedulers --accounts 1000
//! ```
//!
//! The nights are simulated: both processes are told what time it is and say when they are done. It also measures how
//! long it takes to plan ten thousand runs that are due at once.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a program for the command line")]

mod child;
mod parent;
mod place;
mod plan;
mod verdict;
mod world;

use std::{error::Error, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use medmij_test::postgres::TestPostgres;

use crate::place::Place;

/// Kills schedulers of automatic collecting, and looks whether anything was lost or repeated.
#[derive(Parser)]
struct Arguments {
    /// How many Personen, with orders at three DVAs each.
    #[arg(long, default_value_t = 1000)]
    accounts: u32,
    /// How many nights.
    #[arg(long, default_value_t = 7)]
    nights: u32,
    /// What the moments of the kills are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many runs that are due are planned at once; 0 measures nothing.
    #[arg(long, default_value_t = 10_000)]
    plan: u32,
    /// Within how many milliseconds.
    #[arg(long, default_value_t = 100)]
    plan_within: u64,
    /// Be the process that is killed, over the store at this place.
    #[arg(long, hide = true)]
    child: Option<String>,
    /// Where the process that is killed writes down what it asked.
    #[arg(long, hide = true)]
    asked: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("kill-schedulers: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    if let (Some(place), Some(asked)) = (&arguments.child, &arguments.asked) {
        child::run(&Place::parse(place)?, asked)?;
        return Ok(true);
    }
    let folder = tempfile::tempdir()?;
    let mut good = all(arguments, "SQLite", &|name| {
        Ok(Place::Sqlite(folder.path().join(format!("{name}.db"))))
    })?;
    if let Some(server) = TestPostgres::start_or_skip() {
        good &= all(arguments, "PostgreSQL", &|_| {
            Ok(Place::Postgres(server.create_database()?))
        })?;
    }
    Ok(good)
}

/// An empty store, where one can be had.
type NewPlace = Result<Place, Box<dyn Error>>;

/// Everything on one kind of store.
fn all(arguments: &Arguments, kind: &str, place: &dyn Fn(&str) -> NewPlace) -> Result<bool, Box<dyn Error>> {
    println!("{kind}, seed {}", arguments.seed);
    let verdict = parent::run(&place("nights")?, arguments.accounts, arguments.nights, arguments.seed)?;
    println!("{verdict}");
    let mut good = verdict.is_good();
    if arguments.plan > 0 {
        let took = plan::measure(&place("plan")?, arguments.plan)?;
        println!("planning {} runs            {} ms", arguments.plan, took.as_millis());
        good &= took <= Duration::from_millis(arguments.plan_within);
    }
    Ok(good)
}
