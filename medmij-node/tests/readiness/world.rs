// SPDX-License-Identifier: AGPL-3.0-or-later
//! A Node of generation 4 with its files, a Stelselnode, a peer on each side, and parts of an application that can be spoilt

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::routing::get;
use medmij_list::ListKind;
use medmij_net::{BackChannel, BackChannelListener, DangerLoopback, NodeIdentity, Revocation, TrustRoots};
use medmij_node::{Alarms, Node, NodeConfig, NodeList, Observed, StoreState};
use medmij_test::stelselnode::Stelselnode;
use medmij_test::{G4Crl, G4Leaf, G4Level, G4Pki, ManualClock, TestIdentity, Validity};
use medmij_types::{Clock, Hostname, Tijdstempel, Volgnummer};
use medmij_whitelist::{HostPolicy, WhitelistDraft};

pub(crate) const OWN: &str = "node.localhost";
const STELSELNODE: &str = "stelselnode.localhost";
const PEER: &str = "peer.localhost";

pub(crate) struct World {
    pub(crate) pki: G4Pki,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) node: Node,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) role: NodeList,
    pub(crate) application: Arc<Mutex<Application>>,
    server: Stelselnode,
    peer: BackChannel,
    started: SystemTime,
    number: Mutex<u64>,
    /// Wall and monotonic time before somebody set the clock.
    right_time: Mutex<Option<(SystemTime, Duration)>>,
}

/// What an application adds to the Node, and can be spoilt.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) store: StoreState,
    pub(crate) spool: (Duration, bool),
    pub(crate) other: Option<String>,
    pub(crate) hangs: bool,
}

const WELL: Application = Application {
    store: StoreState::Good,
    spool: (Duration::ZERO, false),
    other: None,
    hangs: false,
};

impl World {
    pub(crate) async fn start(role: NodeList) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pki = G4Pki::new("A").unwrap();
        let clock = Arc::new(ManualClock::starting_now());
        let started = clock.now();
        let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap();
        let issued = |name| identity(&pki.issue(&G4Leaf::system(name)).unwrap());
        let listener = BackChannelListener::builder(issued(STELSELNODE), roots.clone(), only(OWN));
        let listener = listener
            .revocation(Revocation::danger_off())
            .bind(any_port())
            .await
            .unwrap();
        let server = Stelselnode::start(listener);

        let mut config = NodeConfig::in_folder(folder.path(), host(OWN), host(STELSELNODE));
        config = config.with_lists([role, NodeList::Gnl]);
        let map = DangerLoopback::new().back(host(STELSELNODE), server.address()).unwrap();
        config.danger_loopback = Some(map.to_string());
        std::fs::create_dir(folder.path().join("dossier")).unwrap();
        write_files(folder.path(), &pki, started);
        publish(&server, 1);
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let node = Node::start_at(config, shared, Alarms::default()).await.unwrap();

        let application = Arc::new(Mutex::new(WELL));
        let now = |application: &Arc<Mutex<Application>>| application.lock().unwrap().clone();
        let seen = Arc::clone(&application);
        node.add_probe("store", move || {
            let application = now(&seen);
            async move {
                if application.hangs {
                    std::future::pending::<()>().await;
                }
                vec![Observed::Store(application.store)]
            }
        });
        let seen = Arc::clone(&application);
        node.add_probe("log", move || {
            let (oldest, full) = now(&seen).spool;
            async move {
                vec![Observed::Spool {
                    waiting: 7,
                    oldest,
                    lost: 0,
                    full,
                }]
            }
        });
        let seen = Arc::clone(&application);
        node.add_probe("source", move || {
            let other = now(&seen).other;
            async move { vec![Observed::Other(other)] }
        });
        node.add_folder("dossier", folder.path().join("dossier"));

        let listener = node.listen(any_port()).await.unwrap();
        let map = DangerLoopback::new().back(host(OWN), listener.local_addr()).unwrap();
        tokio::spawn(listener.serve(Router::new().route("/", get(async || "")), std::future::pending()));
        let peer = BackChannel::builder(issued(PEER), roots, only(OWN)).revocation(Revocation::danger_off());
        let peer = peer
            .danger_loopback(map)
            .connection_age(Duration::ZERO)
            .build()
            .unwrap();
        node.look().await;
        Self {
            pki,
            clock,
            node,
            folder,
            role,
            application,
            server,
            peer,
            started,
            number: Mutex::new(1),
            right_time: Mutex::default(),
        }
    }

    /// Sets the wall clock; healing sets it right.
    pub(crate) fn jump(&self, to: impl Fn(SystemTime) -> SystemTime) {
        let now = self.clock.now();
        *self.right_time.lock().unwrap() = Some((now, self.clock.monotonic()));
        self.clock.jump_to(to(now));
    }

    /// Whether a peer gets an answer, and the Stelselnode gives one; else what went wrong. A connection that is made while
    /// certificates are replaced may be cut, as an idle one may, so once is no failure.
    pub(crate) async fn requests(&self) -> Result<(), String> {
        let mut tried = self.request_once().await;
        for _ in 0..2 {
            if tried.is_err() {
                tried = self.request_once().await;
            }
        }
        tried
    }

    async fn request_once(&self) -> Result<(), String> {
        let request = |host: &str| {
            http::Request::get(format!("https://{host}/"))
                .body(bytes::Bytes::new())
                .unwrap()
        };
        let incoming = self.peer.send(request(OWN)).await;
        incoming.map_err(|error| format!("incoming: {error:?}"))?;
        let outgoing = self.node.back_channel().send(request(STELSELNODE)).await;
        outgoing.map(drop).map_err(|error| format!("outgoing: {error:?}"))
    }

    /// Waits, within reason, and says what was waited for.
    pub(crate) async fn until(&self, condition: impl Fn() -> bool, what: &str) {
        let start = Instant::now();
        while !condition() {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{what}: {}",
                self.node.readiness()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Makes everything good again, as an operator does: files, lists, disk, database.
    pub(crate) async fn heal(&self) {
        if let Some((wall, monotonic)) = self.right_time.lock().unwrap().take() {
            self.clock.jump_to(wall + (self.clock.monotonic() - monotonic));
        }
        *self.application.lock().unwrap() = WELL;
        for name in ["kept", "dossier"] {
            let path = self.folder.path().join(name);
            if path.is_file() {
                std::fs::remove_file(&path).unwrap();
            }
            std::fs::create_dir_all(&path).unwrap();
        }
        write_files(self.folder.path(), &self.pki, self.clock.now());
        self.publish();
        // a Node whose credentials were refused has to take the new ones first: a look later
        self.clock.advance(Duration::from_secs(5));
        let start = Instant::now();
        while self.node.refresh().await.is_err() {
            assert!(start.elapsed() < Duration::from_secs(60), "lists do not come back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) fn publish(&self) {
        let mut number = self.number.lock().unwrap();
        *number += 1;
        publish(&self.server, *number);
    }

    /// From now on this list is not valid.
    pub(crate) fn spoil(&self, kind: ListKind) {
        self.server.publish(kind, "<Whitelist/>");
    }

    pub(crate) fn kind(&self) -> ListKind {
        match self.role {
            NodeList::Zal => ListKind::Zorgaanbiederslijst,
            _ => ListKind::OAuthclientlist,
        }
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.folder.path().join(name)).unwrap();
    }

    /// Puts another own certificate in place.
    pub(crate) fn present(&self, leaf: &G4Leaf) -> TestIdentity {
        let own = self.pki.issue(leaf).unwrap();
        self.write("node.pem", own.chain_pem());
        self.write("node.key", own.key_pem());
        own
    }

    /// A certificate of its own that lasts this long from now.
    pub(crate) fn lasting(&self, time: Duration) {
        let gone = self.clock.now().duration_since(self.started).unwrap();
        self.present(&G4Leaf::system(OWN).validity(Validity::For(gone + time)));
    }

    /// Puts another CRL in place of that of its level.
    pub(crate) fn crl(&self, level: G4Level, crl: &G4Crl) {
        self.write(crl_file(level), self.pki.crl(crl).unwrap());
    }

    /// The serial number of its own certificate.
    pub(crate) fn own_serial(&self) -> u64 {
        self.present(&good_leaf()).serial()
    }

    /// Lets time pass while the lists stay away or come, as the Stelselnode has them.
    pub(crate) async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        for (level, crl) in fresh_crls(self.clock.now()) {
            self.crl(level, &crl);
        }
        // one of them is refused, which is the fault
        let _ = self.node.refresh().await;
    }
}

pub(crate) fn crl_file(level: G4Level) -> &'static str {
    match level {
        G4Level::Root => "root.crl",
        G4Level::Intermediate => "intermediate.crl",
        G4Level::Tsp => "tsp.crl",
    }
}

fn good_leaf() -> G4Leaf {
    G4Leaf::system(OWN).validity(Validity::For(Duration::from_secs(200 * 24 * 3600)))
}

fn fresh_crls(now: SystemTime) -> impl Iterator<Item = (G4Level, G4Crl)> {
    let hour = Duration::from_secs(3600);
    let crl = move |level| (level, G4Crl::of(level).between(now - hour, now + 24 * hour));
    G4Level::ALL.into_iter().map(crl)
}

fn write_files(folder: &std::path::Path, pki: &G4Pki, now: SystemTime) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    let own = pki.issue(&good_leaf()).unwrap();
    write("node.pem", own.chain_pem().as_bytes());
    write("node.key", own.key_pem().as_bytes());
    write("roots.pem", pki.roots_pem().as_bytes());
    for (level, crl) in fresh_crls(now) {
        write(crl_file(level), &pki.crl(&crl).unwrap());
    }
}

fn publish(server: &Stelselnode, number: u64) {
    let stamp = Tijdstempel::parse("2026-03-29T12:00:00Z").unwrap();
    let number = Volgnummer::parse(&number.to_string()).unwrap();
    let mut whitelist = WhitelistDraft::new(stamp.clone(), number);
    whitelist.hosts.push(host(PEER));
    server.publish(ListKind::Whitelist, whitelist.to_xml().unwrap());
    for (kind, xml) in super::faults::lists(&stamp, number) {
        server.publish(kind, xml);
    }
}

fn identity(test: &TestIdentity) -> NodeIdentity {
    NodeIdentity::from_pem(test.chain_pem().as_bytes(), test.key_pem().as_bytes()).unwrap()
}

fn only(name: &str) -> HostPolicy {
    HostPolicy::danger_fixed([host(name)])
}

fn host(name: &str) -> Hostname {
    Hostname::parse(name).unwrap()
}

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}
