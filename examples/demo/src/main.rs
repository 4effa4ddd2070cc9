// SPDX-License-Identifier: AGPL-3.0-or-later
//! The main job: one Verzamelen through a MedMij network on this machine.
#![forbid(unsafe_code)]
// telling a person what happens is what this program is for
#![allow(clippy::print_stdout, clippy::print_stderr)]

use clap::{Parser, Subcommand};
use demo::{
    delen,
    network::Network,
    persoon,
    pki::Pki,
    place::Place,
    ports::Ports,
    roles::{Role, Roles, run_role},
    steps::Steps,
    walkthrough,
};
use std::{
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    time::Instant,
};
use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Runs a whole MedMij Verzamelen on this machine: Stelselnode, two DVZAs and a DVP over real mutual TLS.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Keep everything up, for your own browser, until Ctrl-C.
    #[arg(long)]
    serve: bool,
    /// Listen on this port and the twelve after it, instead of on whatever is free: the same address at each run.
    #[arg(long, value_name = "PORT")]
    port_base: Option<u16>,
    /// With --serve: leave this role out and say which files and addresses your own needs to take its place.
    #[arg(long, value_name = "ROLE", requires = "serve")]
    without: Vec<Role>,
    /// Run every role as a process of its own.
    #[arg(long)]
    processes: bool,
    /// The folder for keys, lists, configurations and the collected resources.
    #[arg(long, value_name = "FOLDER", default_value = "medmij-demo")]
    folder: PathBuf,
    /// The shape of the certificates on the back channel: g4 is that of PKIoverheid's generation 4.
    #[arg(long, value_enum, default_value = "small")]
    pki: Pki,
    #[command(subcommand)]
    command: Option<Single>,
}

#[derive(Subcommand)]
enum Single {
    /// Run one role from its configuration file, until Ctrl-C.
    Role {
        /// stelselnode, dvza or dvp.
        role: String,
        /// The configuration (JSON).
        config: PathBuf,
    },
    /// Write what goes over the line in one flow, message by message.
    Walkthrough {
        /// The page (Markdown).
        page: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // RUST_LOG shows what the crates log; the steps are told apart from it
    let log = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    let log = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_filter(log);
    tracing_subscriber::registry().with(Steps::default()).with(log).init();
    let outcome = match &arguments.command {
        Some(Single::Role { role, config }) => run_role(role, config).await.map_err(Into::into),
        Some(Single::Walkthrough { page }) => walk(&arguments, page).await,
        None => run(&arguments).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nDe demo is mislukt: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn walk(arguments: &Arguments, page: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let text = walkthrough::run(&arguments.folder).await?;
    Ok(std::fs::write(page, text)?)
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    println!("MedMij Verzamelen, van begin tot eind, op deze machine. Alle personen zijn verzonnen.");
    println!(
        "Sleutels, lijsten en configuraties komen in {}/",
        arguments.folder.display()
    );
    tracing::info!(target: stelselnode::STEP, "Het netwerk start");
    let ports = arguments.port_base.map_or(Ports::Free, Ports::From);
    let network = Network::build_with(&arguments.folder, arguments.pki, ports)?;
    let chosen: Vec<Role> = match arguments.serve {
        true => Role::ALL
            .into_iter()
            .filter(|role| !arguments.without.contains(role))
            .collect(),
        false => Role::MAIN.to_vec(),
    };
    let roles = if arguments.processes {
        Roles::start_processes(&network, &chosen, &std::env::current_exe()?, Stdio::inherit).await?
    } else {
        Roles::start_these(&network, &chosen).await?
    };
    if arguments.serve {
        return serve(&network, &chosen, roles).await;
    }
    let copy = arguments.folder.join("gegevens");
    let summary = persoon::collects_and_stores(&network.start, &copy).await?;
    let shared = delen::shares_a_measurement(&network, &copy).await?;
    roles.stop().await;
    println!(
        "\nGelukt: {} zorgaanbieders, {} flows, {} gegevens, in {} ms.",
        summary.zorgaanbieders,
        summary.flows,
        summary.items,
        start.elapsed().as_millis(),
    );
    println!("De verzamelde resources staan in {}/", copy.display());
    for entry in &shared {
        let outcome = if entry.accepted { "aangenomen" } else { "geweigerd" };
        let place = entry.location.as_deref().unwrap_or("zonder plaats");
        println!("Gedeeld: {}, {outcome}, {place}", entry.resource_type);
    }
    Ok(())
}

/// Everything stays up, for a browser, until the process is asked to stop.
async fn serve(network: &Network, chosen: &[Role], roles: Roles) -> Result<(), Box<dyn std::error::Error>> {
    println!();
    for role in Role::ALL {
        if !chosen.contains(&role) {
            println!("{}", Place::prepare(network, role)?);
        }
    }
    for (role, address) in [(Role::Dvp, &network.start), (Role::DvpTwee, &network.start_two)] {
        if chosen.contains(&role) {
            println!("Open {address} in uw browser.");
        }
    }
    println!("Ctrl-C stopt.");
    medmij_node::interrupted().await;
    roles.stop().await;
    Ok(())
}
