// SPDX-License-Identifier: AGPL-3.0-or-later
//! Load and race programs for the parts of a MedMij DVA/DVZA.
//!
//! ```text
//! medmij-load store --store memory --store sqlite:/tmp/store.db --store "postgres:host=/run/postgresql dbname=load"
//! medmij-load race  --store sqlite:/tmp/store.db --codes 10000 --redeemers 2 --processes 2
//! medmij-load bench --store memory --store sqlite --store postgres
//! ```
//!
//! `store` drives the operations of a store from many tasks and prints operations per second, p50, p99 and the slowest.
//! `race` lets several processes redeem the same codes at once and counts who got them: exactly one each, or it fails.
//! `redeem` and `promise` are the processes that `race` and the tests start.
//!
//! Over TLS sockets on loopback: `serve` is a DVZA as a process of its own, `token` and `flow` drive it from another, and
//! `bench` starts both and prints a table; `log-cost` compares with and without the chain log; `soak` does so for a long time and watches memory; `outage` stops and starts
//! PostgreSQL meanwhile; `crowd` fills a listener with connections that do nothing and asks beside them; `handshakes` makes
//! full handshakes with the chain of G4. `usable` reads and stores lists. How it is to be read is in `docs/benchmarks-oauth.md`.
//! PostgreSQL meanwhile, `failover` kills the primary of two; `scale` fills the tables of both roles with as many rows as a
//! country has (`docs/scale.md`); `crowd` fills a listener with connections that do nothing and asks beside them; `handshakes` makes
//! full handshakes with the chain of G4. `usable` reads and stores lists. How to read it is in `docs/benchmarks-oauth.md`.
//!
//! Each program is a module with an `Args` and a `run`.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command line prints")]

mod bench;
mod crowd;
mod dvza;
mod failover;
mod flow;
mod handshakes;
mod log_cost;
mod measure;
mod mint;
mod outage;
mod promise;
mod race;
mod redeem;
mod report;
mod scale;
mod serve;
mod soak;
mod socket;
mod store_load;
mod target;
mod token;
mod usable;
mod weigh;
mod work;
mod world;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the operations of one store or several.
    Store(store_load::Args),
    /// Let several processes redeem the same codes at once.
    Race(race::Args),
    /// Redeem the codes that standard input names; used by `race`.
    Redeem(redeem::Args),
    /// Issue and redeem codes without end, and write each promise to standard output; used by tests that kill it.
    Promise(promise::Args),
    /// Serve a DVZA over TLS sockets on loopback, until standard input ends.
    Serve(serve::Args),
    /// Drive the token endpoint of a server.
    Token(token::Args),
    /// Drive whole flows through a server.
    Flow(flow::Args),
    /// Start servers, drive each, print a table.
    Bench(bench::Args),
    /// Compare token requests with and without the chain log.
    LogCost(log_cost::Args),
    /// Run flows for a long time and watch the memory of the server.
    Soak(soak::Args),
    /// Weigh the rows of the store in memory.
    Weigh(weigh::Args),
    /// Fill a listener with connections that do nothing, and see whether others are served.
    Crowd(crowd::Args),
    /// Serve for `crowd`.
    CrowdServe(crowd::ServeArgs),
    /// Full mutual TLS 1.3 handshakes a second with the chain of G4, and what revocation costs.
    Handshakes(handshakes::Args),
    /// Serve for `handshakes`.
    HandshakesServe(handshakes::ServeArgs),
    /// How long it takes until a list that was fetched can be used.
    Usable(usable::Args),
    /// Stop and start PostgreSQL under a server that is in use.
    Outage(outage::Args),
    /// Kill the primary of a synchronous pair of PostgreSQL under a server that is in use.
    Failover(failover::Args),
    /// The stores of a DVZA and a DVP with as many rows as a country has.
    Scale(scale::Args),
    /// Write certificates into a folder, for a server that is no part of this program.
    Pki(world::PkiArgs),
}

fn main() -> Result<(), work::Failure> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Store(args) => store_load::run(args).await,
            Command::Race(args) => race::run(args).await,
            Command::Redeem(args) => redeem::run(args).await,
            Command::Promise(args) => promise::run(args).await,
            Command::Serve(args) => serve::run(args).await,
            Command::Token(args) => token::run(args).await,
            Command::Flow(args) => flow::run(args).await,
            Command::Bench(args) => bench::run(args).await,
            Command::LogCost(args) => log_cost::run(args).await,
            Command::Soak(args) => soak::run(args).await,
            Command::Weigh(args) => weigh::run(args).await,
            Command::Crowd(args) => crowd::run(args).await,
            Command::CrowdServe(args) => crowd::serve(args).await,
            Command::Handshakes(args) => handshakes::run(args).await,
            Command::HandshakesServe(args) => handshakes::serve(args).await,
            Command::Usable(args) => usable::run(args).await,
            Command::Outage(args) => outage::run(args).await,
            Command::Failover(args) => failover::run(args).await,
            Command::Scale(args) => scale::run(args).await,
            Command::Pki(args) => world::make_pki(&args),
        }
    })
}
