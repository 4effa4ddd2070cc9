// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load failover` — R7, O17: the primary of a synchronous pair is killed with SIGKILL under a DVZA that is in use, and the
//! standby is promoted. The DVZA has both in its connection string and is not restarted. No token that was handed out may be
//! without its row, no code may give two.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use medmij_test::postgres::{Stop, TestPostgres};
use tempfile::TempDir;

use crate::{
    outage::{
        Probe, goes_on, judge,
        offers::{Offered, Offerer},
    },
    serve,
    target::{Counted, Target, Work},
    work::Failure,
    world::Folder,
};

/// How often, and under how much load.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many pairs lose their primary, one after the other.
    #[arg(long, default_value_t = 5)]
    times: usize,
    /// For how long it runs before that, in milliseconds.
    #[arg(long, default_value_t = 3000)]
    up: u64,
    /// How long whoever watches the primary waits before the standby is promoted, in milliseconds.
    #[arg(long, default_value_t = 0)]
    watch: u64,
    /// How many redeem codes meanwhile, every other one twice at once.
    #[arg(long, default_value_t = 12)]
    workers: usize,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    println!("| | promoted after | first token after | codes | tokens | answers 503 |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for time in 1..=args.times {
        let primary = TestPostgres::start()?;
        let database = primary.create_database()?;
        let standby = primary.standby()?;
        let both = primary.with_standby(&standby, &database);
        let target: Target = format!("postgres:{both}").parse()?;
        let failover = Failover {
            args: &args,
            primary,
            standby,
            both,
        };
        println!("| {time} | {} |", target.open(failover).await?);
    }
    println!("no token without its row, no code with two tokens");
    Ok(())
}

struct Failover<'a> {
    args: &'a Args,
    primary: TestPostgres,
    standby: TestPostgres,
    both: String,
}

impl Work for Failover<'_> {
    type Output = String;

    async fn on<S: Counted>(self, store: Arc<S>) -> Result<String, Failure> {
        let files = TempDir::with_prefix("medmij-failover-")?;
        let folder = Folder::at(files.path());
        let _serving = serve::start(Arc::clone(&store), &folder, Duration::from_secs(900), None).await?;
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut workers = Vec::new();
        for at in 0..self.args.workers.max(1) {
            let (mut offerer, stop, done) = (Offerer::new(&folder).await?, Arc::clone(&stop), Arc::clone(&done));
            workers.push(tokio::spawn(async move {
                let mut offered: Vec<Offered> = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    offered.push(offerer.one_code((at + offered.len()).is_multiple_of(2)).await?);
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, Failure>(offered)
            }));
        }
        let mut probe = Probe::new(&folder).await?;
        goes_on(&done, Duration::from_millis(self.args.up)).await?;
        let code = probe.code().await?;

        let killed = Instant::now();
        tokio::task::block_in_place(|| self.primary.stop(Stop::Kill))?;
        tokio::time::sleep(Duration::from_millis(self.args.watch)).await;
        tokio::task::block_in_place(|| self.standby.promote())?;
        let promoted = killed.elapsed();
        while probe.token(&code).await?.status != 200 {
            if killed.elapsed() > LONGEST {
                return Err("no token from the standby".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let first = killed.elapsed();
        goes_on(&done, Duration::from_secs(1)).await?;
        stop.store(true, Ordering::Relaxed);
        let mut offered = Vec::new();
        for worker in workers {
            offered.extend(worker.await??);
        }
        let judged = judge(&*store, (&self.standby, &self.both), &offered).await?;
        Ok(format!(
            "{:.2} s | {:.2} s | {} | {} | {}",
            promoted.as_secs_f64(),
            first.as_secs_f64(),
            offered.len(),
            judged.tokens,
            judged.refused,
        ))
    }
}

const LONGEST: Duration = Duration::from_secs(60);
