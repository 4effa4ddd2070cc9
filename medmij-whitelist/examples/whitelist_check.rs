// SPDX-License-Identifier: AGPL-3.0-or-later
//! Are these hosts on the Whitelist? `cargo run -p medmij-whitelist --example whitelist_check -- LIST HOST...`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::process::ExitCode;

use medmij_types::Hostname;
use medmij_whitelist::{List as _, ReadOptions, Snapshot, Whitelist};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(file) = arguments.next() else {
        eprintln!("usage: whitelist_check LIST HOST...");
        return Ok(ExitCode::from(2));
    };
    // A file of one's own may be of release 1.0; a cache would never take it.
    let options = ReadOptions::files().with_old_shapes();
    let list =
        Snapshot::<Whitelist>::read(std::fs::read(&file)?, &options).map_err(|error| format!("{file}: {error}"))?;
    println!(
        "{file}: Volgnummer {}, {} nodes",
        list.header().volgnummer(),
        list.len()
    );
    let mut all_listed = true;
    for host in arguments {
        let listed = list.contains(&Hostname::parse_observed(&host)?);
        all_listed &= listed;
        println!("{host}: {}", if listed { "listed" } else { "not listed" });
    }
    Ok(if all_listed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
