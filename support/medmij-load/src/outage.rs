// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load outage` — R7, R8, O17 at the level of HTTP: PostgreSQL stops, starts and hangs under a DVZA that is in use.
//!
//! While it is down an authorization request still gets its page, which needs no store, and a token request 503 with
//! `Retry-After`, within the deadline; after it is back everything goes
//! as before within two seconds, without a restart. No code gives two tokens, and no token is handed out without its row.

pub(crate) mod offers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use medmij_dvza::store::Store;
use medmij_oauth::storage::SecretHash;
use medmij_test::postgres::{Stop, TestPostgres};
use tempfile::TempDir;

use self::offers::{Offered, Offerer};
use crate::{
    serve,
    socket::{Answer, Connection, Dialer},
    target::{Counted, Target, Work},
    token,
    work::Failure,
    world::{BASE, Folder},
};

/// How often, and under how much load.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How often PostgreSQL stops and starts.
    #[arg(long, default_value_t = 10)]
    cycles: usize,
    /// For how long it runs in between, in milliseconds.
    #[arg(long, default_value_t = 3000)]
    up: u64,
    /// For how long it is down, in milliseconds.
    #[arg(long, default_value_t = 1000)]
    down: u64,
    /// How many redeem codes meanwhile, every other one twice at once.
    #[arg(long, default_value_t = 12)]
    workers: usize,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let server = TestPostgres::start()?;
    let database = server.create_database()?;
    let target: Target = format!("postgres:{database}").parse()?;
    target.open(Outage { args, server, database }).await
}

struct Outage {
    args: Args,
    server: TestPostgres,
    database: String,
}

impl Work for Outage {
    type Output = ();

    async fn on<S: Counted>(self, store: Arc<S>) -> Result<(), Failure> {
        let files = TempDir::with_prefix("medmij-outage-")?;
        let folder = Folder::at(files.path());
        let _serving = serve::start(Arc::clone(&store), &folder, Duration::from_secs(900), None).await?;
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut workers = Vec::new();
        for at in 0..self.args.workers.max(1) {
            let (mut offerer, stop, done) = (Offerer::new(&folder).await?, Arc::clone(&stop), Arc::clone(&done));
            workers.push(tokio::spawn(async move {
                let mut offered = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    offered.push(offerer.one_code((at + offered.len()).is_multiple_of(2)).await?);
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, Failure>(offered)
            }));
        }
        let mut probe = Probe::new(&folder).await?;
        let mut slowest = Slowest::default();
        for cycle in 0..self.args.cycles {
            goes_on(&done, Duration::from_millis(self.args.up)).await?;
            self.down_and_up(cycle, &mut probe, &mut slowest).await?;
        }
        goes_on(&done, Duration::ZERO).await?;
        self.hangs(&mut probe, &mut slowest).await?;
        goes_on(&done, Duration::ZERO).await?;
        stop.store(true, Ordering::Relaxed);
        let mut offered = Vec::new();
        for worker in workers {
            offered.extend(worker.await??);
        }
        self.judge(&*store, &offered, &slowest).await
    }
}

impl Outage {
    async fn down_and_up(&self, cycle: usize, probe: &mut Probe, slowest: &mut Slowest) -> Result<(), Failure> {
        let code = probe.code().await?;
        let how = if cycle.is_multiple_of(2) {
            Stop::Immediate
        } else {
            Stop::Fast
        };
        tokio::task::block_in_place(|| self.server.stop(how))?;
        let since = Instant::now();
        lands(&probe.authorize().await?)?;
        slowest.front(since.elapsed());
        let since = Instant::now();
        refused(&probe.token(&code).await?)?;
        slowest.refusal(since.elapsed());
        tokio::time::sleep(Duration::from_millis(self.args.down)).await;
        tokio::task::block_in_place(|| self.server.resume())?;
        let since = Instant::now();
        loop {
            let token = probe.token(&code).await?;
            if matches!(token.status, 200 | 400) {
                break;
            }
            if since.elapsed() > BACK_WITHIN {
                return Err(format!("still {} after it is back", token.status).into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        slowest.back(since.elapsed());
        Ok(())
    }

    /// R8: a table is locked for longer than the deadline, while more requests come than there are connections.
    async fn hangs(&self, probe: &mut Probe, slowest: &mut Slowest) -> Result<(), Failure> {
        let code = probe.code().await?;
        let sql = "BEGIN; LOCK TABLE medmij.grants IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(7); COMMIT";
        let locked = thread::scope(|scope| {
            let locking = scope.spawn(|| self.server.sql(&self.database, sql));
            let asked = tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(async {
                    // until the lock is taken, requests go through
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    let since = Instant::now();
                    refused(&probe.token(&code).await?)?;
                    Ok::<_, Failure>(since.elapsed())
                })
            });
            (asked, locking.join())
        });
        slowest.refusal(locked.0?);
        locked.1.map_err(|_| "the lock failed")??;
        let since = Instant::now();
        while !matches!(probe.token(&code).await?.status, 200 | 400) {
            if since.elapsed() > BACK_WITHIN {
                return Err("still refused after the lock is gone".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        slowest.back(since.elapsed());
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'medmij-oauth'";
        let connections: usize = self.server.sql(&self.database, sql)?.trim().parse()?;
        if connections > POOL {
            return Err(format!("{connections} connections, {POOL} at most").into());
        }
        Ok(())
    }

    async fn judge<S: Store>(&self, store: &S, offered: &[Offered], slowest: &Slowest) -> Result<(), Failure> {
        let judged = judge(store, (&self.server, &self.database), offered).await?;
        println!(
            "{} stops, {} codes, {} tokens: none without a row, none twice; {} answers 503 with Retry-After to {} codes",
            self.args.cycles,
            offered.len(),
            judged.tokens,
            judged.refused,
            judged.doubtful,
        );
        println!("{slowest}");
        Ok(())
    }
}

/// What came of all codes.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub(crate) tokens: usize,
    /// Answers 503.
    pub(crate) refused: usize,
    /// Codes that got one.
    doubtful: usize,
}

/// No code is lost where every request was answered, none gives two tokens, and no token is without its row.
pub(crate) async fn judge<S: Store>(
    store: &S,
    (server, database): (&TestPostgres, &str),
    offered: &[Offered],
) -> Result<Judged, Failure> {
    let mut judged = Judged::default();
    for code in offered {
        judged.refused += code.refused;
        judged.doubtful += usize::from(code.refused > 0);
        judged.tokens += code.tokens.len();
        match (code.tokens.as_slice(), code.refused) {
            ([], 0) => return Err("a code was lost though every request was answered".into()),
            ([] | [_], _) => {}
            _ => return Err("a code gave two tokens".into()),
        }
        for token in &code.tokens {
            // a second offer ends what came of the first
            let live = store.access(&SecretHash::of(token)).await?.is_some();
            if code.alone && !live {
                return Err("a token was handed out without a row".into());
            }
        }
    }
    let sql = "SELECT count(*) FROM (SELECT 1 FROM medmij.access GROUP BY grant_seq HAVING count(*) > 1) AS twice";
    if server.sql(database, sql)?.trim() != "0" {
        return Err("a grant has two tokens".into());
    }
    Ok(judged)
}

/// One that looks in from the side.
pub(crate) struct Probe {
    front: Connection,
    back: Connection,
    authorize: String,
}

impl Probe {
    pub(crate) async fn new(folder: &Folder) -> Result<Self, Failure> {
        let (addresses, tls) = (folder.addresses()?, folder.client()?);
        let location = crate::mint::start(&crate::mint::dvp()?)?.location;
        let (_, query) = location.split_once('?').ok_or("no query")?;
        Ok(Self {
            front: Dialer::new(Arc::clone(&tls), addresses.front).dial().await?,
            back: Dialer::new(tls, addresses.back).dial().await?,
            authorize: format!("{BASE}/authorize?{query}"),
        })
    }

    pub(crate) async fn code(&mut self) -> Result<String, Failure> {
        let answer = self.front.get("/load/codes?n=1", "").await?.expect(200)?;
        Ok(answer.text().to_owned())
    }

    async fn authorize(&mut self) -> Result<Answer, Failure> {
        self.front.get(&self.authorize, "").await
    }

    pub(crate) async fn token(&mut self, code: &str) -> Result<Answer, Failure> {
        self.back
            .post(&format!("{BASE}/token"), &token::ids()?, &token::form(code))
            .await
    }
}

/// The longest that anything took.
#[derive(Default)]
struct Slowest {
    front: Duration,
    refusal: Duration,
    back: Duration,
}

impl Slowest {
    fn front(&mut self, took: Duration) {
        self.front = self.front.max(took);
    }

    fn refusal(&mut self, took: Duration) {
        self.refusal = self.refusal.max(took);
    }

    fn back(&mut self, took: Duration) {
        self.back = self.back.max(took);
    }
}

impl std::fmt::Display for Slowest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "slowest: page of an authorization request without the database {:.2?}, refusal of a token request {:.2?}, back to normal {:.2?}",
            self.front, self.refusal, self.back
        )
    }
}

/// Before the login a flow needs no store: the Persoon lands, whatever becomes of the database.
fn lands(answer: &Answer) -> Result<(), Failure> {
    // to the address of the flow, which shows the page
    if answer.status == 302 {
        Ok(())
    } else {
        Err(format!("status {} instead of a page without the database", answer.status).into())
    }
}

fn refused(answer: &Answer) -> Result<(), Failure> {
    if answer.status == 503 && answer.retry_after {
        Ok(())
    } else {
        Err(format!("status {} instead of 503 with Retry-After", answer.status).into())
    }
}

/// Waits for so long, and until the workers have got somewhere.
pub(crate) async fn goes_on(done: &AtomicU64, time: Duration) -> Result<(), Failure> {
    let (from, since) = (done.load(Ordering::Relaxed), Instant::now());
    while done.load(Ordering::Relaxed) < from + 50 || since.elapsed() < time {
        if since.elapsed() > time + Duration::from_secs(60) {
            return Err("nothing goes on".into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

const BACK_WITHIN: Duration = Duration::from_secs(2);

/// What PostgresOptions has by default.
const POOL: usize = 16;
