// SPDX-License-Identifier: AGPL-3.0-or-later
//! `stelselnode CONFIG.json`: publishes the lists until it is asked to stop.
#![forbid(unsafe_code)]

use clap::Parser;
use medmij_node::NodeConfig;
use std::{path::PathBuf, process::ExitCode};

/// Publishes the four MedMij lists over mutual TLS.
#[derive(Parser)]
struct Arguments {
    /// The configuration (JSON).
    config: PathBuf,
    /// Publish a changed list whatever its Volgnummer, to see what others do with that.
    #[arg(long)]
    danger_any_volgnummer: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &*error, "stelselnode does not start");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let mut config: stelselnode::Config = NodeConfig::read_within(&arguments.config)?;
    config.danger_any_volgnummer |= arguments.danger_any_volgnummer;
    stelselnode::start(&config, medmij_node::interrupted()).await?.await;
    Ok(())
}
