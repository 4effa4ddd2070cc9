// SPDX-License-Identifier: AGPL-3.0-or-later
//! Two authorities, three names and the shortest way to a client and a listener

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use medmij_list::{ListCache, ReadOptions, RefreshPolicy, Snapshot};
use medmij_net::{
    BackChannel, BackChannelBuilder, BackChannelListener, DangerLoopback, ListenerBuilder, NetError, NodeIdentity,
    Revocation, TrustRoots,
};
use medmij_test::{LeafSpec, TestIdentity, TestPki};
use medmij_types::{Hostname, SystemClock};
use medmij_whitelist::{HostPolicy, Whitelist};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const DVP: &str = "dvp.localhost";
pub(crate) const DVZA: &str = "dvza.localhost";

pub(crate) fn host(name: &str) -> Hostname {
    Hostname::parse(name).unwrap()
}

pub(crate) fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// The authority that both sides trust and one that nobody does.
pub(crate) struct World {
    pub(crate) pki: TestPki,
    pub(crate) other: TestPki,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            pki: TestPki::new("ours").unwrap(),
            other: TestPki::new("other").unwrap(),
        }
    }

    pub(crate) fn roots(&self) -> TrustRoots {
        TrustRoots::from_pem(self.pki.roots_pem().as_bytes()).unwrap()
    }

    pub(crate) fn node(&self, name: &str) -> TestIdentity {
        self.pki.issue(&LeafSpec::node(name)).unwrap()
    }

    /// A client named [`DVP`] that finds [`DVZA`] at `address` and may talk to `policy`.
    pub(crate) fn client(&self, address: SocketAddr, policy: HostPolicy) -> BackChannelBuilder {
        let map = DangerLoopback::new().back(host(DVZA), address).unwrap();
        BackChannel::builder(identity(&self.node(DVP)), self.roots(), policy)
            .revocation(Revocation::danger_off())
            .danger_loopback(map)
    }

    /// A listener named [`DVZA`] that lets `policy` in.
    pub(crate) fn listener(&self, policy: HostPolicy) -> ListenerBuilder {
        BackChannelListener::builder(identity(&self.node(DVZA)), self.roots(), policy)
            .revocation(Revocation::danger_off())
    }
}

pub(crate) fn identity(test: &TestIdentity) -> NodeIdentity {
    NodeIdentity::from_pem(test.chain_pem().as_bytes(), test.key_pem().as_bytes()).unwrap()
}

pub(crate) fn only(name: &str) -> HostPolicy {
    HostPolicy::danger_fixed([host(name)])
}

/// A Whitelist that changes.
pub(crate) struct Listed {
    cache: Arc<ListCache<Whitelist>>,
    number: AtomicU64,
}

impl Listed {
    pub(crate) fn with(names: &[&str]) -> Self {
        let cache = Arc::new(ListCache::new(RefreshPolicy::default(), SystemClock::default()));
        let listed = Self {
            cache,
            number: AtomicU64::new(1),
        };
        listed.set(names);
        listed
    }

    pub(crate) fn policy(&self) -> HostPolicy {
        HostPolicy::whitelist(Arc::clone(&self.cache), host("stelselnode.localhost"))
    }

    /// Publishes a new list with these names and one that nobody uses.
    pub(crate) fn set(&self, names: &[&str]) {
        let node = |name: &&str| format!("<MedMijNode><Hostname>{name}</Hostname></MedMijNode>");
        let nodes: String = names.iter().chain(&["ongebruikt.localhost"]).map(node).collect();
        let number = self.number.fetch_add(1, Ordering::SeqCst);
        let xml = format!(
            "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\">\
             <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>{number}</Volgnummer>\
             <MedMijNodes>{nodes}</MedMijNodes></Whitelist>"
        );
        self.cache
            .offer(Snapshot::read(xml.into_bytes(), &ReadOptions::default()).unwrap())
            .unwrap();
    }
}

pub(crate) fn get(path: &str) -> Request<Bytes> {
    Request::get(format!("https://{DVZA}{path}"))
        .body(Bytes::new())
        .unwrap()
}

pub(crate) async fn send(channel: &BackChannel, path: &str) -> Result<Response<Bytes>, NetError> {
    channel.send(get(path)).await
}

/// A listener at work; it stops when told.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn start(builder: ListenerBuilder, router: axum::Router) -> Self {
        let listener = builder.bind(any_port()).await.unwrap();
        let address = listener.local_addr();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(listener.serve(router, async {
            let _ = stopped.await;
        }));
        Self { address, stop, task }
    }

    pub(crate) fn stop(self) -> impl Future<Output = ()> {
        self.stop.send(()).unwrap();
        async { self.task.await.unwrap() }
    }
}
