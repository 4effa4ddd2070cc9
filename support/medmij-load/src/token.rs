// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load token` — token requests over kept-alive mutual TLS, as many as go (closed loop) or at a given rate (open loop:
//! latency counts from the moment at which a request was due).

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use medmij_types::{MedMijRequestId, OsEntropy};

use crate::{
    measure::{Meter, Process, Timings, wait_for},
    report::Row,
    socket::{Connection, Dialer},
    work::Failure,
    world::{BASE, CLIENT, Folder, REDIRECT},
};

/// How much load, and on whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder that the server wrote its addresses into.
    #[arg(long)]
    folder: PathBuf,
    /// How many connections, each with one request at a time.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// For how long, in seconds.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Requests a second; as many as go where it is not given.
    #[arg(long)]
    rate: Option<u32>,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let mut load = Load::on(&Folder::at(&args.folder), args.connections).await?;
    let time = Duration::from_secs(args.seconds);
    println!("{}", Row::HEAD);
    let row = match args.rate {
        None => load.closed("server", time).await?,
        Some(rate) => load.paced("server", rate, time).await?,
    };
    println!("{row}");
    Ok(())
}

/// Connections to a server, and what is known of it.
pub(crate) struct Load {
    server: Process,
    dialers: (Dialer, Dialer),
    front: Connection,
    connections: Vec<Connection>,
}

impl Load {
    pub(crate) async fn on(folder: &Folder, connections: usize) -> Result<Self, Failure> {
        let (addresses, tls) = (folder.addresses()?, folder.client()?);
        let (front, back) = (
            Dialer::new(Arc::clone(&tls), addresses.front),
            Dialer::new(tls, addresses.back),
        );
        Ok(Self {
            server: Process::of(addresses.pid),
            front: front.dial().await?,
            connections: back.dial_all(connections.max(1)).await?,
            dialers: (front, back),
        })
    }

    /// As many requests as go for so long. Codes are made in between, off the clock.
    pub(crate) async fn closed(&mut self, name: &str, time: Duration) -> Result<Row, Failure> {
        let mut meter = Meter::of(self.server.clone());
        let mut timings = Timings::default();
        let before = self.server.resident();
        // warm up, and see how fast it goes
        let codes = self.codes(WARM_UP).await?;
        let since = Instant::now();
        drop(self.spend(codes, None).await?);
        let mut chunk = chunk(WARM_UP, since.elapsed());
        while meter.elapsed() < time {
            let codes = self.codes(chunk).await?;
            let since = Instant::now();
            meter.start();
            timings.merge(self.spend(codes, None).await?);
            meter.stop();
            chunk = self::chunk(chunk, since.elapsed());
        }
        Ok(Row {
            name: name.to_owned(),
            what: "token, closed loop".to_owned(),
            connections: self.connections.len(),
            summary: timings.summary(meter.elapsed()),
            shares: meter.shares(),
            resident: (before, self.server.resident()),
            note: String::new(),
        })
    }

    /// So many requests a second for so long.
    pub(crate) async fn paced(&mut self, name: &str, rate: u32, time: Duration) -> Result<Row, Failure> {
        let rate = rate.max(1);
        let count = usize::try_from(u64::from(rate) * time.as_secs().max(1))?;
        let codes = self.codes(count).await?;
        let before = self.server.resident();
        let mut meter = Meter::of(self.server.clone());
        meter.start();
        let timings = self.spend(codes, Some(rate)).await?;
        meter.stop();
        Ok(Row {
            name: name.to_owned(),
            what: format!("token, {rate}/s"),
            connections: self.connections.len(),
            summary: timings.summary(meter.elapsed()),
            shares: meter.shares(),
            resident: (before, self.server.resident()),
            note: String::new(),
        })
    }

    /// New codes, from the server itself.
    async fn codes(&mut self, count: usize) -> Result<Vec<String>, Failure> {
        let mut codes = Vec::with_capacity(count);
        while codes.len() < count {
            let part = (count - codes.len()).min(MOST_AT_ONCE);
            self.dialers.0.renew(&mut self.front).await?;
            let answer = self
                .front
                .get(&format!("/load/codes?n={part}"), "")
                .await?
                .expect(200)?;
            codes.extend(answer.text().lines().map(str::to_owned));
        }
        Ok(codes)
    }

    /// Redeems each code once, over all connections.
    async fn spend(&mut self, codes: Vec<String>, rate: Option<u32>) -> Result<Timings, Failure> {
        for connection in &mut self.connections {
            self.dialers.1.renew(connection).await?;
        }
        let (codes, next, since) = (Arc::new(codes), Arc::new(AtomicUsize::new(0)), Instant::now());
        let tasks: Vec<_> = self
            .connections
            .drain(..)
            .map(|mut connection| {
                let (codes, next) = (Arc::clone(&codes), Arc::clone(&next));
                tokio::spawn(async move {
                    let mut timings = Timings::default();
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(code) = codes.get(at) else { break };
                        let due = match rate {
                            None => Instant::now(),
                            Some(rate) => since + Duration::from_secs(1) * u32::try_from(at)? / rate,
                        };
                        wait_for(due).await;
                        redeem(&mut connection, code).await?;
                        timings.add(due.elapsed());
                    }
                    Ok::<_, Failure>((connection, timings))
                })
            })
            .collect();
        let mut timings = Timings::default();
        for task in tasks {
            let (connection, took) = task.await??;
            self.connections.push(connection);
            timings.merge(took);
        }
        Ok(timings)
    }
}

async fn redeem(connection: &mut Connection, code: &str) -> Result<(), Failure> {
    let answer = connection
        .post(&format!("{BASE}/token"), &ids()?, &form(code))
        .await?
        .expect(200)?;
    if answer.text().contains("\"access_token\"") {
        Ok(())
    } else {
        Err("answer has no token".into())
    }
}

/// The body of a token request.
pub(crate) fn form(code: &str) -> String {
    let redirect = REDIRECT.replace(':', "%3A").replace('/', "%2F");
    format!("grant_type=authorization_code&code={code}&redirect_uri={redirect}&client_id={CLIENT}")
}

/// The two ids of a request, as header lines.
pub(crate) fn ids() -> Result<String, Failure> {
    let (request, flow) = (
        MedMijRequestId::random(&OsEntropy)?,
        MedMijRequestId::random(&OsEntropy)?,
    );
    Ok(format!("medmij-request-id: {request}\r\nx-correlation-id: {flow}\r\n"))
}

/// As many as go in about two seconds at the rate that was seen.
fn chunk(count: usize, took: Duration) -> usize {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss
    )]
    let chunk = (count as f64 / took.as_secs_f64().max(1e-3) * 2.0) as usize;
    chunk.clamp(100, 50_000)
}

const WARM_UP: usize = 500;
const MOST_AT_ONCE: usize = 20_000;
