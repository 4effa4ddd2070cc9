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
    /// Keep the dossiers in this PostgreSQL database.
    #[arg(long)]
    database_url: Option<String>,
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
    let mut config: dvp::Config = NodeConfig::read_within(&arguments.config)?;
    config.database_url = arguments.database_url.clone().or(config.database_url);
    dvp::start(&config, medmij_node::interrupted()).await?.await;
    Ok(())
}
