// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load log-cost` — what the chain log costs a token request: two servers, one of which spools every event to disk,
//! are driven in turns, and the processor time for each request is compared.
//!
//! Turns, and the middle of them, because a busy machine changes from one second to the next by more than is looked for.

use std::{path::Path, time::Duration};

use crate::{
    bench::{Running, Subject},
    token::Load,
    work::Failure,
};

/// On which store, how often, and how much it may be.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store: memory, sqlite, sqlite:PATH or postgres (one is started).
    #[arg(long = "store", default_value = "memory")]
    subject: Subject,
    /// How many turns each of both gets.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// How long a turn takes, in seconds.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// How many connections.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Fails where it costs more than so many hundredths.
    #[arg(long)]
    most: Option<f64>,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let time = Duration::from_secs(args.seconds.max(1));
    let spool = tempfile::TempDir::with_prefix("medmij-load-log-")?;
    let (lifetime, connections) = (Duration::from_secs(900), args.connections.max(1));
    let without = Running::start(&args.subject, lifetime, None).await?;
    let with = Running::start(&args.subject, lifetime, Some(spool.path())).await?;
    let mut loads = [
        Load::on(without.folder(), connections).await?,
        Load::on(with.folder(), connections).await?,
    ];
    let (mut pairs, mut requests) = (Vec::new(), [0, 0]);
    for round in 0..args.rounds.max(1) {
        let mut each = [Duration::ZERO; 2];
        // who goes first changes, so that neither has the warmer machine
        for at in [round % 2, 1 - round % 2] {
            let name = ["without", "with"].get(at).copied().unwrap_or_default();
            let (Some(load), Some(each), Some(requests)) = (loads.get_mut(at), each.get_mut(at), requests.get_mut(at))
            else {
                continue;
            };
            let row = load.closed(name, time).await?;
            *each = row.shares.each(row.summary.count);
            *requests += row.summary.count;
        }
        let [before, after] = each;
        println!(
            "{:>3}  {:>9.2} µs  {:>9.2} µs",
            round + 1,
            micros(before),
            micros(after)
        );
        pairs.push(after.as_secs_f64() / before.as_secs_f64().max(1e-9) - 1.0);
    }
    drop(loads);
    with.end().await?;
    without.end().await?;
    pairs.sort_by(f64::total_cmp);
    let middle = pairs.get(pairs.len() / 2).copied().unwrap_or_default() * 100.0;
    let [_, logged] = requests;
    let lines = lines(spool.path())?;
    println!(
        "the chain log costs {middle:.1} % of the processor time of a token request (middle of {} turns); \
         {logged} requests, {lines} lines on disk",
        pairs.len()
    );
    // what was warmed up with is on disk too
    if lines < logged.saturating_mul(2) {
        return Err(format!("{logged} requests left {lines} lines").into());
    }
    match args.most {
        Some(most) if middle > most => Err(format!("more than {most} %").into()),
        _ => Ok(()),
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The lines of a spool that nobody delivers.
fn lines(folder: &Path) -> Result<usize, Failure> {
    let mut lines = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "open" || end == "batch") {
            lines += std::fs::read(path)?.iter().filter(|byte| **byte == b'\n').count();
        }
    }
    Ok(lines)
}
