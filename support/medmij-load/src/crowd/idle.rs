// SPDX-License-Identifier: AGPL-3.0-or-later
//! Those who hold a connection and do nothing with it, and come back when it is ended.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::{io::AsyncReadExt as _, net::TcpStream, sync::Semaphore, task::JoinSet};
use tokio_rustls::TlsConnector;

use super::connect_from;
use crate::world::HOST;

/// Ends when it is dropped.
pub(super) struct Crowd {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    address: SocketAddr,
    from: [u8; 4],
    connected: AtomicUsize,
    ended: AtomicUsize,
    /// Who connects at the same time: a crowd that shares this processor with the server would measure itself otherwise.
    fetch_now: Semaphore,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub(super) connected: usize,
    pub(super) ended: usize,
}

impl Crowd {
    pub(super) fn new(address: SocketAddr, from: [u8; 4]) -> Self {
        let shared = Shared {
            address,
            from,
            connected: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            fetch_now: Semaphore::new(64),
        };
        Self {
            shared: Arc::new(shared),
            tasks: JoinSet::new(),
        }
    }

    /// So many that say nothing at all.
    pub(super) fn silent(&mut self, count: usize) {
        for _ in 0..count {
            let shared = Arc::clone(&self.shared);
            self.tasks.spawn(async move {
                loop {
                    if let Some(mut stream) = shared.connect().await {
                        shared.hold(&mut stream).await;
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            });
        }
    }

    /// So many that finish the handshake and then wait.
    pub(super) fn waiting(&mut self, count: usize, config: Arc<ClientConfig>) {
        for _ in 0..count {
            let (shared, tls) = (Arc::clone(&self.shared), TlsConnector::from(Arc::clone(&config)));
            self.tasks.spawn(async move {
                loop {
                    shared.wait_once(&tls).await;
                    tokio::time::sleep(AGAIN).await;
                }
            });
        }
    }

    /// Waits until the crowd grows no more.
    pub(super) async fn settle(&self) {
        let (mut before, mut rounds) = (0, 0);
        while rounds < 60 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = self.counts().connected;
            if now >= self.tasks.len() || (now == before && now > 0) {
                return;
            }
            (before, rounds) = (now, rounds + 1);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            connected: self.shared.connected.load(Ordering::Relaxed),
            ended: self.shared.ended.load(Ordering::Relaxed),
        }
    }
}

impl Shared {
    async fn connect(&self) -> Option<TcpStream> {
        let _turn = self.fetch_now.acquire().await.ok()?;
        let stream = connect_from(self.from, self.address).await.ok()?;
        self.connected.fetch_add(1, Ordering::Relaxed);
        Some(stream)
    }

    async fn wait_once(&self, tls: &TlsConnector) {
        let Ok(turn) = self.fetch_now.acquire().await else {
            return;
        };
        let Ok(stream) = connect_from(self.from, self.address).await else {
            return;
        };
        let Ok(name) = ServerName::try_from(HOST) else { return };
        let Ok(mut stream) = tls.connect(name, stream).await else {
            return;
        };
        drop(turn);
        self.connected.fetch_add(1, Ordering::Relaxed);
        self.hold(&mut stream).await;
    }

    /// Until the server ends it.
    async fn hold(&self, stream: &mut (impl tokio::io::AsyncRead + Unpin)) {
        let _ = stream.read(&mut [0; 1]).await;
        self.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// A crowd comes back, and not a thousand times a second each.
const AGAIN: Duration = Duration::from_millis(500);
