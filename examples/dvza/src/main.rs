// SPDX-License-Identifier: AGPL-3.0-or-later
//! `dvza CONFIG.json`: runs the DVZA until it is asked to stop.
#![forbid(unsafe_code)]

use clap::Parser;
use medmij_node::NodeConfig;
use std::{path::PathBuf, process::ExitCode};

/// Lets Personen give Toestemming, and gives their data to a DVP that has it.
#[derive(Parser)]
struct Arguments {
    /// The configuration (JSON).
    config: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &*error, "dvza does not start");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let config = NodeConfig::read_within(&arguments.config)?;
    dvza::start(&config, medmij_node::interrupted()).await?.await;
    Ok(())
}
