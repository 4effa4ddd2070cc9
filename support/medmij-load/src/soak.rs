// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load soak` — R11: whole flows at a steady rate for a long time, with short lifetimes by policy; what the server holds
//! every so often, and how its memory goes once as many rows expire as come.

use std::time::{Duration, Instant};

use crate::{
    bench::{Running, Subject},
    flow::{self, Plan},
    measure::Process,
    report::Row,
    socket::Dialer,
    work::Failure,
};

/// How long, and how much.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server: memory, sqlite, postgres, or one with its place, as for `bench`.
    #[arg(long = "store", default_value = "memory")]
    subject: Subject,
    /// For how long, in seconds.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// How often to look, in seconds.
    #[arg(long, default_value_t = 30)]
    every: u64,
    /// How long codes, access tokens and flows live, in seconds.
    #[arg(long, default_value_t = 60)]
    lifetime: u64,
    /// Flows a second.
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// How many flows at once, at most.
    #[arg(long, default_value_t = 200)]
    flows: usize,
}

/// What was seen at one moment.
struct Seen {
    at: Duration,
    resident: u64,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let running = Running::start(&args.subject, Duration::from_secs(args.lifetime), None).await?;
    let (folder, addresses) = (running.folder().clone(), running.folder().addresses()?);
    let dialer = Dialer::new(folder.client()?, addresses.front);
    let server = Process::of(addresses.pid);
    let idle = server.resident().ok_or("memory of the server is not known here")?;
    let plan = Plan {
        flows: args.flows.max(1),
        rate: Some(args.rate.max(1)),
        time: Duration::from_secs(args.seconds),
    };
    let name = args.subject.name();
    let (since, every) = (Instant::now(), Duration::from_secs(args.every.max(1)));
    let driving = tokio::spawn(async move { flow::drive(&folder, name, plan).await });
    println!(
        "| after s | RSS MiB | rows |\n| --- | --- | --- |\n| 0 | {:.1} | 0 |",
        mib(idle)
    );
    let mut seen = Vec::new();
    while since.elapsed() + every / 2 < plan.time && !driving.is_finished() {
        tokio::time::sleep(every).await;
        let rows = dialer.dial().await?.get("/load/rows", "").await?.expect(200)?;
        let (at, resident) = (since.elapsed(), server.resident().unwrap_or_default());
        println!("| {} | {:.1} | {} |", at.as_secs(), mib(resident), rows.text());
        seen.push(Seen { at, resident });
    }
    let row = driving.await??;
    println!("\n{}\n{row}\n", Row::HEAD);
    // codes are kept for twice their lifetime, so from then on as many rows go as come
    let warm = Duration::from_secs(args.lifetime * 2 + args.every);
    seen.retain(|seen| seen.at > warm);
    match slope(&seen) {
        Some(slope) => println!("after {} s: {slope:+.3} MiB a minute", warm.as_secs()),
        None => println!("too short to tell how memory goes after {} s", warm.as_secs()),
    }
    running.end().await
}

/// MiB a minute, by least squares.
#[allow(clippy::cast_precision_loss, reason = "figures to read")]
fn slope(seen: &[Seen]) -> Option<f64> {
    if seen.len() < 3 {
        return None;
    }
    let points: Vec<(f64, f64)> = seen
        .iter()
        .map(|seen| (seen.at.as_secs_f64() / 60.0, mib(seen.resident)))
        .collect();
    let n = points.len() as f64;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), point| (x + point.0 / n, y + point.1 / n));
    let over: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let under: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    Some(over / under.max(1e-9))
}

#[allow(clippy::cast_precision_loss, reason = "figures to read")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_of_a_line_is_told() {
        let seen: Vec<_> = (0..5)
            .map(|n| Seen {
                at: Duration::from_secs(30 * n),
                resident: 1024 * (10 + n),
            })
            .collect();
        assert!((slope(&seen).unwrap() - 2.0).abs() < 1e-9);
        assert!(slope(&seen[..2]).is_none());
    }
}
