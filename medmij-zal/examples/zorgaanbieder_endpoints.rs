// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which endpoints has this zorgaanbieder? `cargo run -p medmij-zal --example zorgaanbieder_endpoints -- LIST [NAAM...]`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::process::ExitCode;

use medmij_types::Aanbiedernaam;
use medmij_zal::{List as _, ReadOptions, Snapshot, Zorgaanbieder, Zorgaanbiederslijst};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(file) = arguments.next() else {
        eprintln!("usage: zorgaanbieder_endpoints LIST [NAAM...]");
        return Ok(ExitCode::from(2));
    };
    let list = Snapshot::<Zorgaanbiederslijst>::read(std::fs::read(&file)?, &ReadOptions::files())
        .map_err(|error| format!("{file}: {error}"))?;
    let document = list.document();
    println!(
        "{file}: {} ({}), Volgnummer {}, {} zorgaanbieders",
        document.release(),
        document.basis(),
        list.header().volgnummer(),
        list.len()
    );
    for remark in document.remarks() {
        println!("  remark: {remark}");
    }
    let names: Vec<String> = arguments.collect();
    if names.is_empty() {
        list.zorgaanbieders().for_each(show);
    }
    let mut all_known = true;
    for name in names {
        match list.zorgaanbieder(&Aanbiedernaam::parse(&name)?) {
            Some(zorgaanbieder) => show(zorgaanbieder),
            None => {
                all_known = false;
                println!("{name} is not on the list");
            }
        }
    }
    Ok(if all_known {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(zorgaanbieder: Zorgaanbieder<'_>) {
    println!("{}", zorgaanbieder.name_str());
    for version in zorgaanbieder.interfaceversies() {
        for service in version.gegevensdiensten() {
            println!(
                "  gegevensdienst {} (interfaceversie {})",
                service.id_str(),
                version.id_str().unwrap_or("not told")
            );
            match service.authorization_endpoint() {
                Ok(uri) => println!("    authorize  {uri}"),
                Err(why) => println!("    {why}"),
            }
            match service.token_endpoint() {
                Ok(uri) => println!("    token      {uri}"),
                Err(why) => println!("    {why}"),
            }
            if let Some(abonneren) = service.abonneren() {
                match (abonneren.subscription_endpoint(), abonneren.max_duration()) {
                    (Ok(uri), Ok(days)) => println!("    subscribe  {uri}, {days} days at most"),
                    (Err(why), _) | (_, Err(why)) => println!("    {why}"),
                }
            }
            for role in service.systeemrollen() {
                match role.resource_endpoint() {
                    Ok(uri) => println!("    resource   {uri}  {}", role.code_str()),
                    Err(why) => println!("    {why}"),
                }
            }
        }
    }
}
