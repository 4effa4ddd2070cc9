// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load bench` — starts a server as another process, drives it, and prints one table: token requests as many as go,
//! token requests at half that rate, whole flows.

mod subject;

use std::time::Duration;

pub(crate) use self::subject::{Running, Subject};
use crate::{
    flow::{self, Plan},
    report::Row,
    token::Load,
    work::Failure,
};

/// What to measure, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The servers, one after another: memory, sqlite, sqlite:PATH, postgres (one is started), postgres:CONNECTION, or
    /// node:SCRIPT for a server that is no part of this program.
    #[arg(long = "store", required = true)]
    subjects: Vec<Subject>,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// How many connections, and how many flows at once.
    #[arg(long, default_value_t = 32)]
    connections: usize,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    println!("{}", Row::HEAD);
    let (time, connections) = (Duration::from_secs(args.seconds), args.connections.max(1));
    for subject in &args.subjects {
        let name = subject.name();
        let running = Running::start(subject, Duration::from_secs(900), None).await?;
        let mut load = Load::on(running.folder(), connections).await?;
        let closed = load.closed(name, time).await?;
        println!("{closed}");
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let half = (closed.summary.rate() / 2.0) as u32;
        println!("{}", load.paced(name, half, time).await?);
        drop(load);
        if subject.has_flows() {
            let plan = Plan {
                flows: connections,
                rate: None,
                time,
            };
            println!("{}", flow::drive(running.folder(), name, plan).await?);
        }
        running.end().await?;
    }
    Ok(())
}
