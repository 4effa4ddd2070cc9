// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load scale`: the stores of a DVZA and a DVP in PostgreSQL with as many rows as a country has, and what they do then:
//! look-ups, refreshes, the plan of a night, the purge, a migration under load, and what partitions save. `docs/scale.md` has the
//! figures.

mod later;
mod night;
mod rows;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use medmij_dvza::store::{GrantId, NewAccess, NewRefresh, RotateRefresh, Rotated, Store};
use medmij_oauth::{ClientId, seal::PersoonIndex, storage::SecretHash};
use medmij_store_postgres::{PostgresOptions, PostgresStore, PostgresVault};
use medmij_test::postgres::TestPostgres;
use medmij_types::{GegevensdienstId, Hostname};

use crate::{
    measure::{Summary, Timings},
    work::Failure,
};

/// How many rows, and how the server is set.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Grants of a DVZA, each with its consent in the audit log.
    #[arg(long, default_value_t = 5_000_000)]
    grants: u64,
    /// Orders of a DVP: two a run, two runs a Persoon.
    #[arg(long, default_value_t = 2_000_000)]
    orders: u64,
    /// For how many seconds each operation is measured.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// How many ask at once.
    #[arg(long, default_value_t = 16)]
    tasks: usize,
    /// `shared_buffers` in MiB.
    #[arg(long, default_value_t = 1024)]
    buffers: u32,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let buffers = format!("shared_buffers={}MB", args.buffers);
    let settings = [
        buffers.as_str(),
        "maintenance_work_mem=256MB",
        "max_wal_size=2GB",
        "checkpoint_timeout=15min",
    ];
    let server = TestPostgres::start_with(&settings)?;
    let database = server.create_database()?;
    let options = PostgresOptions::parse(&database)?;
    PostgresStore::migrate(&options).await?;
    PostgresVault::migrate(&options).await?;
    println!("{} grants, {} orders, {buffers}", args.grants, args.orders);
    tokio::task::block_in_place(|| rows::fill(&server, &database, args.grants, args.orders))?;
    tokio::task::block_in_place(|| rows::sizes(&server, &database))?;

    let dvza = Dvza {
        store: PostgresStore::open(&options).await?,
        grants: args.grants,
        asked: AtomicU64::new(0),
        rotated: AtomicU64::new(0),
    };
    let (dvza, time) = (Arc::new(dvza), Duration::from_secs(args.seconds));
    println!("\n{:<26}{}", "", Summary::HEAD);
    each("access (guard)", args.tasks, time, &dvza, Dvza::access).await?;
    each("grants_of (Beheren)", args.tasks, time, &dvza, Dvza::grants_of).await?;
    each("rotate_refresh", args.tasks, time, &dvza, Dvza::rotates).await?;
    night::plan(&PostgresVault::open(&options).await?, args.orders / 2, time).await?;
    later::purge(&dvza, args.tasks).await?;
    later::migrate(&dvza, args.tasks, &server, &database).await?;
    tokio::task::block_in_place(|| later::partitions(&server, &database))?;
    Ok(())
}

/// The store of a DVZA, with what the load knows of its rows.
struct Dvza {
    store: PostgresStore,
    grants: u64,
    asked: AtomicU64,
    rotated: AtomicU64,
}

impl Dvza {
    /// A number of each grant, from all over the table, and how often it came by before.
    fn number(&self, counter: &AtomicU64) -> (u64, u64) {
        let next = counter.fetch_add(1, Ordering::Relaxed);
        // a prime that no number of grants has as a factor visits all
        let number = 1 + (next % self.grants).wrapping_mul(2_147_483_647) % self.grants;
        (number, next / self.grants)
    }

    async fn access(self: Arc<Self>) -> Result<(), Failure> {
        let number = 1 + self.number(&self.asked).0 % (self.grants / rows::LIVE).max(1);
        let found = self.store.access(&SecretHash::of(&format!("a{number}"))).await?;
        found.map(drop).ok_or_else(|| "a token has no row".into())
    }

    async fn grants_of(self: Arc<Self>) -> Result<(), Failure> {
        let persoon = SecretHash::of(&format!("p{}", (self.number(&self.asked).0 - 1) / 2));
        let found = self
            .store
            .grants_of(&[PersoonIndex::from_bytes(*persoon.as_bytes())])
            .await?;
        if found.is_empty() {
            return Err("a Persoon has no grants".into());
        }
        Ok(())
    }

    async fn rotates(self: Arc<Self>) -> Result<(), Failure> {
        let (number, lap) = std::iter::repeat_with(|| self.number(&self.rotated))
            .find(|(number, _)| !number.is_multiple_of(rows::LAPSED))
            .ok_or("no number")?;
        let outcome = self.store.rotate_refresh(&refresh(number, lap)?).await?;
        match outcome {
            Rotated::Fresh(_) => Ok(()),
            other => Err(format!("the refresh of grant {number} gave {other:?}").into()),
        }
    }
}

/// The refresh of a grant that was refreshed so often.
fn refresh(number: u64, lap: u64) -> Result<RotateRefresh, Failure> {
    let id = GrantId::parse(&rows::grant_id(number)).ok_or("the id of a grant")?;
    let token = |lap: u64| match lap {
        0 => SecretHash::of(&format!("r{number}")),
        _ => SecretHash::of(&format!("r{number} {lap}")),
    };
    let generation = u32::try_from(lap)? + 1;
    let access = NewAccess::new(
        SecretHash::of(&format!("x{number} {lap}")),
        Duration::from_secs(900),
        vec![GegevensdienstId::parse("48")?],
    );
    let client = ClientId::parse("pgo.example.nl")?;
    let next = NewRefresh::new(token(lap + 1), generation + 1, HALF_YEAR);
    let names = vec![Hostname::parse("node.pgo.example.nl")?];
    Ok(RotateRefresh::new(
        id,
        client,
        (token(lap), generation),
        next,
        access,
        names,
    ))
}

/// Does something for a time, so many at once, and prints how long it took.
async fn each<F, R>(name: &str, tasks: usize, time: Duration, dvza: &Arc<Dvza>, one: F) -> Result<(), Failure>
where
    F: Fn(Arc<Dvza>) -> R + Clone + Send + 'static,
    R: Future<Output = Result<(), Failure>> + Send,
{
    let over = Arc::new(AtomicBool::new(false));
    let running = load(tasks, dvza, &over, one);
    tokio::time::sleep(time).await;
    over.store(true, Ordering::Relaxed);
    running.print(name).await
}

/// Something that goes on until it is told to end.
struct Running {
    since: Instant,
    tasks: Vec<tokio::task::JoinHandle<Result<Timings, Failure>>>,
}

fn load<F, R>(tasks: usize, dvza: &Arc<Dvza>, over: &Arc<AtomicBool>, one: F) -> Running
where
    F: Fn(Arc<Dvza>) -> R + Clone + Send + 'static,
    R: Future<Output = Result<(), Failure>> + Send,
{
    let task = || {
        let (dvza, over, one) = (Arc::clone(dvza), Arc::clone(over), one.clone());
        tokio::spawn(async move {
            let mut timings = Timings::default();
            while !over.load(Ordering::Relaxed) {
                let since = Instant::now();
                one(Arc::clone(&dvza)).await?;
                timings.add(since.elapsed());
            }
            Ok(timings)
        })
    };
    Running {
        since: Instant::now(),
        tasks: (0..tasks.max(1)).map(|_| task()).collect(),
    }
}

impl Running {
    async fn print(self, name: &str) -> Result<(), Failure> {
        let mut timings = Timings::default();
        for task in self.tasks {
            timings.merge(task.await??);
        }
        println!("{name:<26}{}", timings.summary(self.since.elapsed()));
        Ok(())
    }
}

const HALF_YEAR: Duration = Duration::from_secs(182 * 86_400);
