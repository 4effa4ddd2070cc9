// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is this Gegevensdienst called? `cargo run -p medmij-gnl --example gegevensdienst_naam -- LIST [ID...]`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::process::ExitCode;

use medmij_gnl::{Gegevensdienstnamenlijst, List as _, ReadOptions, Snapshot};
use medmij_types::GegevensdienstId;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(file) = arguments.next() else {
        eprintln!("usage: gegevensdienst_naam LIST [ID...]");
        return Ok(ExitCode::from(2));
    };
    let list = Snapshot::<Gegevensdienstnamenlijst>::read(std::fs::read(&file)?, &ReadOptions::files())
        .map_err(|error| format!("{file}: {error}"))?;
    println!(
        "{file}: Volgnummer {}, {} gegevensdiensten",
        list.header().volgnummer(),
        list.len()
    );
    let mut all_known = true;
    let ids: Vec<String> = arguments.collect();
    if ids.is_empty() {
        for gegevensdienst in list.gegevensdiensten() {
            println!("{:>12}  {}", gegevensdienst.id_str(), gegevensdienst.weergavenaam_str());
        }
    }
    for id in &ids {
        match list.weergavenaam(&GegevensdienstId::parse(id)?) {
            Some(name) => println!("{id:>12}  {name}"),
            None => {
                all_known = false;
                println!("{id:>12}  is not on the list");
            }
        }
    }
    Ok(if all_known {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
