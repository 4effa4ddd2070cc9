// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load serve` — a DVZA as a process of its own: the routers of medmij-oauth on the two listeners of medmij-net, over
//! one of the stores.
//!
//! It listens on 127.0.0.1, writes its addresses and the certificate of the DVP into a folder, says `ready`, and ends when its
//! standard input does. Beside the routers it has three addresses of its own on the front channel: `/load/login` (the login
//! stub), `/load/codes?n=` (codes ahead of a measurement) and `/load/rows` (how many rows the store holds, where it tells).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::{RawQuery, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, header};
use medmij_dvza::{
    Server,
    router::{RouterOptions, back_channel, front_channel},
    store::MemoryRows,
};
use medmij_log::{LineFormat, Observer, Spool, Spooler};
use medmij_net::{BackChannelListener, FrontListener, NodeIdentity, Revocation, TrustRoots, WebIdentity};
use medmij_types::{Hostname, SystemClock};
use medmij_whitelist::HostPolicy;
use tokio::{io::AsyncReadExt as _, task::JoinSet};

use crate::{
    dvza::LoadDvza,
    mint,
    target::{Counted, Target, Work},
    work::Failure,
    world::{Addresses, BASE, CLIENT, Folder, HOST, Pki},
};

/// Which store, and where to say who listens where.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store: memory, sqlite:PATH or postgres:CONNECTION.
    #[arg(long)]
    store: Target,
    /// The folder of the run; it must exist.
    #[arg(long)]
    folder: PathBuf,
    /// How long codes, access tokens and flows live, in seconds.
    #[arg(long, default_value_t = 900)]
    lifetime: u64,
    /// Spool the chain log into this folder.
    #[arg(long)]
    log: Option<PathBuf>,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let folder = Folder::at(&args.folder);
    let lifetime = Duration::from_secs(args.lifetime);
    let log = args.log.as_deref().map(spooler).transpose()?;
    args.store
        .open(Serve {
            folder,
            lifetime,
            log: log.clone(),
        })
        .await?;
    // everything is on disk when this process ends
    if let Some(log) = log {
        log.flush();
    }
    Ok(())
}

fn spooler(folder: &Path) -> Result<Arc<Spooler>, Failure> {
    let clock = Arc::new(SystemClock::default());
    let spooler = Spooler::start(Spool::open(folder)?, LineFormat::default(), clock, QUEUE)?;
    Ok(Arc::new(spooler))
}

struct Serve {
    folder: Folder,
    lifetime: Duration,
    log: Option<Arc<Spooler>>,
}

impl Work for Serve {
    type Output = ();

    async fn on<S: Counted>(self, store: Arc<S>) -> Result<(), Failure> {
        let log = self.log.map(|log| log as Arc<dyn Observer>);
        let serving = start(store, &self.folder, self.lifetime, log).await?;
        println!("ready");
        let mut rest = Vec::new();
        tokio::io::stdin().read_to_end(&mut rest).await?;
        drop(serving);
        Ok(())
    }
}

/// A DVZA that serves until this is dropped.
pub(crate) struct Serving {
    _tasks: JoinSet<()>,
}

/// Starts a DVZA over a store, and writes into the folder how to reach it.
pub(crate) async fn start<S: Counted>(
    store: Arc<S>,
    folder: &Folder,
    lifetime: Duration,
    log: Option<Arc<dyn Observer>>,
) -> Result<Serving, Failure> {
    let pki = Pki::new()?;
    folder.write_pki(&pki)?;
    let server = LoadDvza::server(Arc::clone(&store), lifetime, log)?;

    let identity = NodeIdentity::from_pem(pki.node.chain_pem().as_bytes(), pki.node.key_pem().as_bytes())?;
    let roots = TrustRoots::from_pem(pki.roots.as_bytes())?;
    let policy = HostPolicy::danger_fixed([Hostname::parse(CLIENT)?]);
    let back = BackChannelListener::builder(identity, roots, policy)
        .revocation(Revocation::hard_fail(pki.crls)?)
        .bind("127.0.0.1:0".parse()?)
        .await?;
    let identity = WebIdentity::from_pem(pki.front.chain_pem().as_bytes(), pki.front.key_pem().as_bytes())?;
    let front = FrontListener::builder(identity).bind("127.0.0.1:0".parse()?).await?;
    folder.write_addresses(&Addresses {
        pid: std::process::id(),
        front: front.local_addr(),
        back: back.local_addr(),
    })?;

    let own = Router::new()
        .route("/load/codes", get(codes::<S>))
        .route("/load/rows", get(rows::<S>))
        .route("/load/login", get(login))
        .with_state(Loaded {
            server: server.clone(),
            store,
        });
    let front_router = front_channel(server.clone(), RouterOptions::at(BASE).danger_without_limits()).merge(own);
    let back_router = back_channel(server.clone(), RouterOptions::at(BASE).danger_without_limits());
    let mut tasks = JoinSet::new();
    tasks.spawn(front.serve(front_router, std::future::pending()));
    tasks.spawn(back.serve(back_router, std::future::pending()));
    tasks.spawn(purge(server));
    Ok(Serving { _tasks: tasks })
}

/// As an installation does it: a bounded batch a time, every second.
async fn purge<S: Counted>(server: Server<LoadDvza<S>>) {
    loop {
        match server.purge(BATCH).await {
            Ok(gone) if gone == BATCH => tokio::task::yield_now().await,
            _ => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

struct Loaded<S: Counted> {
    server: Server<LoadDvza<S>>,
    store: Arc<S>,
}

impl<S: Counted> Clone for Loaded<S> {
    fn clone(&self) -> Self {
        Self {
            server: self.server.clone(),
            store: Arc::clone(&self.store),
        }
    }
}

async fn codes<S: Counted>(State(loaded): State<Loaded<S>>, RawQuery(query): RawQuery) -> Response {
    let count = query
        .as_deref()
        .and_then(|query| query.strip_prefix("n=")?.parse().ok());
    match mint::codes(&loaded.server, count.unwrap_or(1)).await {
        Ok(codes) => codes.join("\n").into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

async fn rows<S: Counted>(State(loaded): State<Loaded<S>>) -> String {
    loaded.store.counted().map_or_else(String::new, |rows| {
        let MemoryRows {
            flows,
            grants,
            tokens,
            audit,
            ..
        } = rows;
        let total = rows.total();
        format!("{total}: {flows} flows, {grants} grants, {tokens} access tokens, {audit} audit entries")
    })
}

/// Sends the browser back at once, as if somebody had logged in.
async fn login(RawQuery(query): RawQuery) -> Response {
    let location = format!("https://{HOST}{BASE}/login?{}", query.unwrap_or_default());
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

const BATCH: usize = 1000;
/// Events that may wait for the disk.
const QUEUE: usize = 65_536;
