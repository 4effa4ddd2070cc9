// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who is this client? `cargo run -p medmij-ocl --example oauth_client -- LIST [CLIENT_ID...]`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::process::ExitCode;

use medmij_ocl::{List as _, OAuthclientlist, ReadOptions, Snapshot};
use medmij_types::Hostname;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(file) = arguments.next() else {
        eprintln!("usage: oauth_client LIST [CLIENT_ID...]");
        return Ok(ExitCode::from(2));
    };
    let list = Snapshot::<OAuthclientlist>::read(std::fs::read(&file)?, &ReadOptions::files())
        .map_err(|error| format!("{file}: {error}"))?;
    println!(
        "{file}: Volgnummer {}, {} clients",
        list.header().volgnummer(),
        list.len()
    );
    let ids: Vec<String> = arguments.collect();
    if ids.is_empty() {
        for client in list.clients() {
            println!(
                "{}  {}",
                client.hostname_str(),
                client.organisatienaam_str().unwrap_or("(no name)")
            );
        }
    }
    let mut all_known = true;
    for id in ids {
        match list.client(&Hostname::parse(&id)?) {
            Some(client) => println!("{id}  {}", client.organisatienaam()?),
            None => {
                all_known = false;
                println!("{id}  is not on the list");
            }
        }
    }
    Ok(if all_known {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
