// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — the chain log of a Node: to the central component over mutual TLS, through refusals and restarts.
#![allow(clippy::unwrap_used)] // also in the helpers

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use axum::{Router, http::StatusCode, routing::post};
use medmij_log::{Event, EventType};
use medmij_net::{BackChannelListener, DangerLoopback, NodeIdentity, Revocation, TrustRoots};
use medmij_node::{LogConfig, Node, NodeConfig, Observed};
use medmij_test::{LeafSpec, TestPki};
use medmij_types::Hostname;
use medmij_whitelist::HostPolicy;

const LOGS: &str = "https://logs.localhost/eagleeye/v1/logs";

fn host(name: &str) -> Hostname {
    Hostname::parse(name).unwrap()
}

/// A central component that answers with a status, and keeps who sent what.
#[derive(Clone, Default)]
struct Component {
    status: Arc<AtomicU16>,
    taken: Arc<Mutex<Vec<Taken>>>,
}

/// `Authorization`, and the body.
type Taken = (Option<String>, String);

impl Component {
    /// It lets in nobody but the Node, by its certificate. The Node has it on no Whitelist.
    async fn start(&self, folder: &Path) -> Node {
        let pki = TestPki::new("log").unwrap();
        let own = pki.issue(&LeafSpec::node("dvp.localhost")).unwrap();
        let other = pki.issue(&LeafSpec::node("logs.localhost")).unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
        write("node.pem", own.chain_pem().as_bytes());
        write("node.key", own.key_pem().as_bytes());
        write("roots.pem", pki.roots_pem().as_bytes());
        for (n, crl) in pki.crls(&[]).unwrap().into_iter().enumerate() {
            write(&format!("{n}.crl"), &crl);
        }
        let identity = NodeIdentity::from_pem(other.chain_pem().as_bytes(), other.key_pem().as_bytes()).unwrap();
        let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap();
        let policy = HostPolicy::danger_fixed([host("dvp.localhost")]);
        let listener = BackChannelListener::builder(identity, roots, policy).revocation(Revocation::danger_off());
        let listener = listener.bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let map = DangerLoopback::new()
            .back(host("logs.localhost"), listener.local_addr())
            .unwrap();
        let here = self.clone();
        let take = async move |headers: http::HeaderMap, body: String| {
            let authorization = headers
                .get("authorization")
                .map(|value| value.to_str().unwrap().to_owned());
            here.taken.lock().unwrap().push((authorization, body));
            StatusCode::from_u16(here.status.load(Ordering::SeqCst)).unwrap()
        };
        let router = Router::new().route("/eagleeye/v1/logs", post(take));
        tokio::spawn(listener.serve(router, std::future::pending()));
        let mut config = NodeConfig::in_folder(folder, host("dvp.localhost"), host("stelselnode.localhost"));
        config.danger_loopback = Some(map.to_string());
        Node::with_policy(config, HostPolicy::danger_fixed([])).unwrap()
    }

    fn taken(&self) -> Vec<Taken> {
        std::mem::take(&mut *self.taken.lock().unwrap())
    }
}

fn lines(folder: &Path, kept: &str) -> usize {
    let files = std::fs::read_dir(folder.join("spool").join(kept)).unwrap();
    let texts = files.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    texts.map(|text| text.lines().count()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn core_logging_102_batches_go_to_the_central_component_and_wait_while_it_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let component = Component::default();
    let node = component.start(folder.path()).await;
    let password = folder.path().join("password");
    std::fs::write(&password, "geheim\n").unwrap();
    let mut config = LogConfig::in_folder(folder.path().join("spool")).delivered_to(LOGS);
    (config.user, config.password_file) = (Some("pgo".to_owned()), Some(password));

    // it is away: what is logged waits, over a restart too
    component.status.store(503, Ordering::SeqCst);
    for _ in 0..2 {
        let log = node.start_log(&config).unwrap();
        log.observer().observe(Event::new(EventType::ShowLandingPage));
        log.stop().await;
    }
    let asked = component.taken();
    assert!(!asked.is_empty());
    assert!(
        asked
            .iter()
            .all(|(who, _)| who.as_deref() == Some("Basic cGdvOmdlaGVpbQ=="))
    );
    assert_eq!(lines(folder.path(), "archive"), 0);

    // it is back: both lines arrive once, and move to the archive
    component.status.store(202, Ordering::SeqCst);
    let log = node.start_log(&config).unwrap();
    log.stop().await;
    let bodies: Vec<String> = component.taken().into_iter().map(|(_, body)| body).collect();
    assert_eq!(bodies.concat().matches("show_landing_page").count(), 2, "{bodies:?}");
    assert!(bodies.iter().all(|body| body.starts_with('[') && body.ends_with(']')));
    assert_eq!(lines(folder.path(), "archive"), 2);

    // it refuses for good: kept aside, and not sent again
    component.status.store(422, Ordering::SeqCst);
    for _ in 0..2 {
        let log = node.start_log(&config).unwrap();
        log.observer().observe(Event::new(EventType::ShowLandingPage));
        log.stop().await;
    }
    assert_eq!(component.taken().len(), 2);
    assert_eq!(
        (lines(folder.path(), "archive"), lines(folder.path(), "rejected")),
        (2, 2)
    );
    // the client of the Node itself still calls nobody who is not allowed
    let request = http::Request::post(LOGS).body(bytes::Bytes::new()).unwrap();
    assert!(
        node.back_channel()
            .send(request)
            .await
            .unwrap_err()
            .is_not_whitelisted()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn core_logging_102_what_waits_and_what_is_lost_stands_in_readiness_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let node = Component::default().start(folder.path()).await;
    let mut config = LogConfig::in_folder(folder.path().join("spool"));
    let log = node.start_log(&config).unwrap();
    for _ in 0..3 {
        log.observer().observe(Event::new(EventType::ShowLandingPage));
    }
    log.stop().await;
    // nobody takes it yet: it waits. There is no room for more.
    config.room = 0;
    let log = node.start_log(&config).unwrap();
    log.observer().observe(Event::new(EventType::ShowLandingPage));
    let seen = loop {
        assert!(node.look().await.is_ready());
        let seen = node.observed().into_iter().find_map(|(_, seen)| match seen {
            Observed::Spool {
                waiting, lost, full, ..
            } if lost > 0 => Some((waiting, lost, full)),
            _ => None,
        });
        if let Some(seen) = seen {
            break seen;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(seen, (3, 1, true));
    assert!(
        node.readiness().to_string().contains("log: full"),
        "{}",
        node.readiness()
    );
    let text = log.metrics()();
    for expected in ["medmij_log_written_total 0\n", "medmij_log_lost_total 1\n"] {
        assert!(text.contains(expected), "{text}");
    }
    log.stop().await;
    // as the application is told to start again with room
    config.room = 1;
    let log = node.start_log(&config).unwrap();
    log.observer().observe(Event::new(EventType::ShowLandingPage));
    log.stop().await;
    let spool = medmij_log::Spool::open(folder.path().join("spool")).unwrap();
    assert_eq!(spool.waiting().0, 4);
}

#[tokio::test]
async fn a_node_without_a_loopback_map_dials_beyond_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    drop(Component::default().start(folder.path()).await);
    let config = NodeConfig::in_folder(folder.path(), host("dvp.localhost"), host("stelselnode.invalid"));
    let node = Node::with_policy(config, HostPolicy::danger_fixed([host("stelselnode.invalid")])).unwrap();
    let request = http::Request::get("https://stelselnode.invalid:8443/")
        .body(bytes::Bytes::new())
        .unwrap();
    // with a map a port is refused before anything is dialled
    assert!(!node.back_channel().send(request).await.unwrap_err().is_request());
}

/// The texts of the files of a spool that end so.
fn files(spool: &Path, extension: &'static str) -> impl Iterator<Item = String> {
    let paths = std::fs::read_dir(spool).unwrap().map(|entry| entry.unwrap().path());
    paths
        .filter(move |path| path.extension().is_some_and(|end| end == extension))
        .filter_map(|path| std::fs::read_to_string(path).ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn core_logging_101_lines_that_nobody_delivers_go_after_36_months() {
    let folder = tempfile::tempdir().unwrap();
    let node = Component::default().start(folder.path()).await;
    let config = LogConfig::in_folder(folder.path().join("spool"));
    let day = Duration::from_secs(86_400);
    for (age, kept) in [(1_094, 1), (1_096, 0)] {
        let log = node.start_log(&config).unwrap();
        let mut event = Event::new(EventType::ShowLandingPage);
        event.at = Some(SystemTime::now() - age * day);
        log.observer().observe(event);
        log.stop().await;
        // it looks when it starts, and closes what is older than a day
        let log = node.start_log(&config).unwrap();
        let waited = Instant::now();
        let there = || files(&config.spool, "open").chain(files(&config.spool, "batch"));
        while files(&config.spool, "open").any(|text| !text.is_empty()) || there().count() != 1 + kept {
            assert!(waited.elapsed() < Duration::from_secs(120), "{age}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        log.stop().await;
        std::fs::remove_dir_all(&config.spool).unwrap();
    }
}
