// SPDX-License-Identifier: AGPL-3.0-or-later
//! `dvp CONFIG.json`: runs the DVP until it is asked to stop.
#![forbid(unsafe_code)]

use clap::Parser;
use medmij_node::NodeConfig;
use std::{path::PathBuf, process::ExitCode};

/// Lets a Persoon collect health data at zorgaanbieders.
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
            tracing::error!(error = &*error, "dvp does not start");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let config = NodeConfig::read_within(&arguments.config)?;
    dvp::start(&config, medmij_node::interrupted()).await?.await;
    Ok(())
}
