// SPDX-License-Identifier: AGPL-3.0-or-later
//! Security R3: a process that refreshes and keeps a list is killed with SIGKILL at random moments, again and again. No
//! kill may leave an unreadable copy, a rollback or a mix, and after each the first look-up is answered at once.
//!
//! ```text
//! kill-lists --kills 1000
//! ```
//!
//! It counts the kills that fell between opening the new copy and renaming it, by the unfinished file that they left;
//! at least a fifth of those asked for have to, or the run says nothing. Where too few hit it kills on, up to ten times.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a program for the command line")]

mod child;
mod list;
mod parent;
mod verdict;

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::Parser;

/// Kills a process while it refreshes and keeps a list, and looks at what is left.
#[derive(Parser)]
struct Arguments {
    /// How often.
    #[arg(long, default_value_t = 1000)]
    kills: u32,
    /// What the moments are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many hosts each list has.
    #[arg(long, default_value_t = 3000)]
    hosts: u32,
    /// Be the process that is killed, and keep lists here.
    #[arg(long, hide = true)]
    child: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("kill-lists: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    if let Some(folder) = &arguments.child {
        child::run(folder, arguments.hosts)?;
        return Ok(true);
    }
    println!(
        "seed {}, {} kills, {} hosts in each list",
        arguments.seed, arguments.kills, arguments.hosts
    );
    let verdict = parent::run(arguments.kills, arguments.seed, arguments.hosts)?;
    println!("{verdict}");
    Ok(verdict.is_good(arguments.kills))
}
