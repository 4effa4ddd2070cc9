// SPDX-License-Identifier: AGPL-3.0-or-later
//! Those who want to be served: half of them over a new connection each, half over one that stays.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::connect_from;
use crate::{
    measure::{Timings, wait_for},
    work::Failure,
    world::HOST,
};

/// Who asks, where, how often and how long.
pub(super) struct Asked {
    pub(super) address: SocketAddr,
    pub(super) from: [u8; 4],
    pub(super) config: Arc<ClientConfig>,
    pub(super) rate: u32,
    pub(super) time: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) timings: Timings,
    pub(super) refused: Vec<String>,
}

impl Answers {
    pub(super) fn refused_by(&self) -> BTreeMap<&str, usize> {
        let mut by = BTreeMap::new();
        for why in &self.refused {
            *by.entry(why.as_str()).or_default() += 1;
        }
        by
    }

    fn add(&mut self, answered: Result<Duration, Failure>) {
        match answered {
            Ok(took) => self.timings.add(took),
            Err(error) => self.refused.push(error.to_string()),
        }
    }
}

/// Asks at fixed moments, whatever the answers do.
pub(super) async fn ask(asked: &Asked) -> Result<Answers, Failure> {
    let dialer = Dialer {
        tls: TlsConnector::from(Arc::clone(&asked.config)),
        address: asked.address,
        from: asked.from,
    };
    let mut kept = tokio::time::timeout(LONGEST, dialer.dial()).await??;
    let (sender, mut due) = tokio::sync::mpsc::unbounded_channel::<Instant>();
    let steady = tokio::spawn({
        let dialer = dialer.clone();
        async move {
            let mut answers = Answers::default();
            while let Some(due) = due.recv().await {
                let answered = within(due, exchange(&mut kept, "")).await;
                if answered.is_err() {
                    kept = dialer.dial().await?;
                }
                answers.add(answered);
            }
            Ok::<_, Failure>(answers)
        }
    });
    let mut answers = Answers::default();
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    let step = Duration::from_secs(1) / asked.rate.max(1);
    for at in 0.. {
        let due = started + step * at;
        if due.duration_since(started) > asked.time {
            break;
        }
        wait_for(due).await;
        if at % 2 == 0 {
            let dialer = dialer.clone();
            tasks.spawn(async move {
                within(due, async {
                    let mut stream = dialer.dial().await?;
                    exchange(&mut stream, "connection: close\r\n").await
                })
                .await
            });
        } else {
            let _ = sender.send(due);
        }
    }
    drop(sender);
    while let Some(answered) = tasks.join_next().await {
        answers.add(answered?);
    }
    let steady = steady.await??;
    answers.timings.merge(steady.timings);
    answers.refused.extend(steady.refused);
    Ok(answers)
}

#[derive(Clone)]
struct Dialer {
    tls: TlsConnector,
    address: SocketAddr,
    from: [u8; 4],
}

impl Dialer {
    async fn dial(&self) -> Result<TlsStream<TcpStream>, Failure> {
        let stream = connect_from(self.from, self.address).await?;
        Ok(self.tls.connect(ServerName::try_from(HOST)?, stream).await?)
    }
}

async fn exchange(stream: &mut TlsStream<TcpStream>, headers: &str) -> Result<(), Failure> {
    stream
        .write_all(format!("GET / HTTP/1.1\r\nhost: {HOST}\r\n{headers}\r\n").as_bytes())
        .await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"hallo") {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err("connection was closed before an answer".into());
        }
    }
    if answer.starts_with(b"HTTP/1.1 200") {
        Ok(())
    } else {
        Err("an answer other than 200".into())
    }
}

/// How long after the moment at which it was due.
async fn within(due: Instant, work: impl Future<Output = Result<(), Failure>>) -> Result<Duration, Failure> {
    match tokio::time::timeout(LONGEST, work).await {
        Ok(Ok(())) => Ok(due.elapsed()),
        Ok(Err(error)) => Err(error),
        Err(_) => Err("no answer".into()),
    }
}

const LONGEST: Duration = Duration::from_secs(10);
