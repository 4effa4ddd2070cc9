// SPDX-License-Identifier: AGPL-3.0-or-later
//! CRLs that are fetched, kept and become too old (threat W8)

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use medmij_net::{BackChannel, CrlFetcher, RevocationPolicy, TrustRoots};
use medmij_test::{ManualClock, TestPki};
use medmij_types::Clock;

use crate::raw::{RawServer, Then};
use crate::world::{DVZA, World, any_port, only, send};

type Answers = Arc<Mutex<HashMap<String, (u16, Vec<u8>)>>>;

/// An authority's web server over plain http.
struct Authority {
    address: SocketAddr,
    answers: Answers,
}

impl Authority {
    async fn start() -> Self {
        async fn answer(State(answers): State<Answers>, Path(name): Path<String>) -> (StatusCode, Vec<u8>) {
            let (status, bytes) = answers.lock().unwrap().get(&name).cloned().unwrap_or((404, Vec::new()));
            (StatusCode::from_u16(status).unwrap(), bytes)
        }
        let answers = Answers::default();
        let router = Router::new()
            .route("/{name}", get(answer))
            .with_state(Arc::clone(&answers));
        let listener = tokio::net::TcpListener::bind(any_port()).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { serve(listener, router).await });
        Self { address, answers }
    }

    fn set(&self, name: &str, status: u16, bytes: &[u8]) {
        self.answers
            .lock()
            .unwrap()
            .insert(name.to_owned(), (status, bytes.to_vec()));
    }

    fn publish(&self, crls: &[Vec<u8>]) {
        self.set("root", 200, &crls[0]);
        self.set("services", 200, &crls[1]);
    }

    fn fetcher(&self) -> CrlFetcher {
        let url = |name| format!("http://{}/{name}", self.address);
        CrlFetcher::new([url("root").as_str(), url("services").as_str()]).unwrap()
    }

    /// The same with the whole bundle of authorities.
    fn fetcher_of(&self, pki: &TestPki) -> CrlFetcher {
        self.fetcher().authorities(&bundle(pki))
    }
}

fn bundle(pki: &TestPki) -> TrustRoots {
    let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap();
    roots.with_intermediates(pki.intermediates_pem().as_bytes()).unwrap()
}

/// axum's own server is not among the features here.
async fn serve(listener: tokio::net::TcpListener, router: Router) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let io = hyper_util::rt::TokioIo::new(stream);
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(io, service)
                .await;
        });
    }
}

#[tokio::test]
async fn w8_what_is_fetched_decides_over_the_next_handshake() {
    let world = World::new();
    let node = world.node(DVZA);
    let server = RawServer::start(&node, &world.pki, Then::ok("")).await;
    let authority = Authority::start().await;
    let mut fetcher = authority.fetcher();
    let builder = || world.client(server.address, only(DVZA));

    // Nothing there: hard fail refuses, soft fail does not.
    let refreshed = fetcher.refresh().await;
    assert_eq!(refreshed.failures.len(), 2);
    let hard = builder().revocation(fetcher.hard_fail()).build().unwrap();
    assert!(send(&hard, "/").await.unwrap_err().is_revocation_unknown());
    let soft = builder().revocation(fetcher.soft_fail()).build().unwrap();
    assert_eq!(send(&soft, "/").await.unwrap().status(), 200);

    authority.publish(&world.pki.crls(&[]).unwrap());
    assert!(fetcher.refresh().await.changed);
    assert!(!fetcher.refresh().await.changed);
    let hard = builder().revocation(fetcher.hard_fail()).build().unwrap();
    assert_eq!(send(&hard, "/").await.unwrap().status(), 200);

    let now = SystemTime::now();
    let day = Duration::from_secs(24 * 3600);
    authority.publish(&world.pki.crls_between(&[&node], now, now + day).unwrap());
    assert!(fetcher.refresh().await.changed);
    for revocation in [fetcher.hard_fail(), fetcher.soft_fail()] {
        let channel = builder().revocation(revocation).build().unwrap();
        assert!(send(&channel, "/").await.unwrap_err().is_revoked());
    }
}

#[tokio::test]
async fn w8_a_bad_answer_keeps_what_was_there() {
    let pki = TestPki::new("A").unwrap();
    let authority = Authority::start().await;
    let mut fetcher = authority.fetcher_of(&pki);
    let (now, day) = (SystemTime::now(), Duration::from_secs(24 * 3600));
    authority.publish(&pki.crls_between(&[], now, now + day).unwrap());
    assert!(fetcher.refresh().await.failures.is_empty());
    let older = pki.crls_between(&[], now - 2 * day, now + day).unwrap();
    let other = TestPki::new("B")
        .unwrap()
        .crls_between(&[], now, now + 2 * day)
        .unwrap();
    let future = pki.crls_between(&[], now + 2 * day, now + 3 * day).unwrap();
    for (case, status, bytes) in [
        ("html", 200, b"<html>onderhoud</html>".to_vec()),
        ("empty", 200, Vec::new()),
        ("half", 200, older[1][..older[1].len() / 2].to_vec()),
        ("older", 200, older[1].clone()),
        ("future", 200, future[1].clone()),
        ("other issuer", 200, other[1].clone()),
        ("of the root", 200, pki.crls(&[]).unwrap()[0].clone()),
        ("error", 500, Vec::new()),
        ("redirect", 302, Vec::new()),
        ("too large", 200, vec![0; 33 * 1024 * 1024]),
    ] {
        authority.set("services", status, &bytes);
        let refreshed = fetcher.refresh().await;
        assert_eq!((refreshed.failures.len(), refreshed.changed), (1, false), "{case}");
        assert!(refreshed.failures[0].address().ends_with("/services"), "{case}");
        assert_eq!(fetcher.hard_fail().policy(), RevocationPolicy::HardFail);
    }
}

#[tokio::test]
async fn w8_a_crl_has_an_age_limit_of_its_own_that_restarts_do_not_reset() {
    let world = World::new();
    let server = RawServer::start(&world.node(DVZA), &world.pki, Then::ok("")).await;
    let authority = Authority::start().await;
    authority.publish(&world.pki.crls(&[]).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::starting_now());
    let start = || {
        authority
            .fetcher_of(&world.pki)
            .folder(folder.path())
            .clock(Arc::clone(&clock))
            .max_age(Duration::from_secs(600))
    };
    assert!(start().refresh().await.failures.is_empty());

    // The authority goes down, and so do we.
    authority.answers.lock().unwrap().clear();
    let mut fetcher = start();
    let attempt = async |fetcher: &CrlFetcher| {
        let channel = world
            .client(server.address, only(DVZA))
            .revocation(fetcher.hard_fail())
            .build()
            .unwrap();
        send(&channel, "/").await
    };
    assert_eq!(fetcher.refresh().await.failures.len(), 2);
    assert!(attempt(&fetcher).await.is_ok());
    clock.advance(Duration::from_secs(700));
    let refreshed = fetcher.refresh().await;
    assert!(refreshed.changed);
    assert!(attempt(&fetcher).await.unwrap_err().is_revocation_unknown());

    // A file that was damaged meanwhile is as good as none.
    for file in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::write(file.unwrap().path(), b"half").unwrap();
    }
    assert!(attempt(&start()).await.unwrap_err().is_revocation_unknown());
}

#[tokio::test]
async fn r10_the_age_of_a_crl_does_not_follow_a_wall_clock_that_jumps() {
    let pki = TestPki::new("A").unwrap();
    let authority = Authority::start().await;
    authority.publish(&pki.crls(&[]).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::starting_now());
    let hour = Duration::from_secs(3600);
    let start = || {
        authority
            .fetcher_of(&pki)
            .folder(folder.path())
            .clock(Arc::clone(&clock))
    };
    let mut fetcher = start();
    assert!(fetcher.refresh().await.changed);
    authority.answers.lock().unwrap().clear();
    let now = clock.now();
    for wall in [now - 365 * 24 * hour, now - hour, now + hour, now + 365 * 24 * hour] {
        clock.jump_to(wall);
        assert!(!fetcher.refresh().await.changed, "the set in force stays");
    }
    clock.advance(24 * hour);
    assert!(fetcher.refresh().await.changed, "a day has really passed");
    // After a restart there is only the wall clock: what it says was fetched tomorrow is not used.
    clock.jump_to(now - 24 * hour);
    let crls = |fetcher: CrlFetcher| format!("{:?}", fetcher.hard_fail());
    assert!(crls(start()).contains("crls: 0"));
    clock.jump_to(now);
    assert!(crls(start()).contains("crls: 2"));
}

#[test]
fn w8_only_plain_http_addresses_are_distribution_points() {
    for address in [
        "https://crl.example.nl/x",
        "ldap://crl.example.nl/x",
        "file:///etc/passwd",
        "crl.example.nl",
    ] {
        assert!(CrlFetcher::new([address]).is_err(), "{address}");
    }
}

#[tokio::test]
async fn w8_r16_files_and_fetched_crls_are_followed_together() {
    let world = World::new();
    let node = world.node(DVZA);
    let server = RawServer::start(&node, &world.pki, Then::ok("")).await;
    let authority = Authority::start().await;
    authority.publish(&world.pki.crls(&[]).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let dvp = world.node(crate::world::DVP);
    std::fs::write(path("chain"), dvp.chain_pem()).unwrap();
    std::fs::write(path("key"), dvp.key_pem()).unwrap();
    std::fs::write(path("roots"), world.pki.roots_pem()).unwrap();
    let clock = Arc::new(ManualClock::starting_now());
    let fetcher = authority
        .fetcher()
        .clock(Arc::clone(&clock))
        .max_age(Duration::from_secs(600));
    let mut files =
        medmij_net::CredentialFiles::new(path("chain"), path("key"), path("roots")).crls_fetched_hard_fail(fetcher);

    let channel = world.client(server.address, only(DVZA)).build().unwrap();
    channel.reload(&files.fetch().await.unwrap()).unwrap();
    assert_eq!(send(&channel, "/").await.unwrap().status(), 200);

    // While the files are followed the authority withdraws the node's certificate.
    let (now, day) = (SystemTime::now(), Duration::from_secs(24 * 3600));
    authority.publish(&world.pki.crls_between(&[&node], now, now + day).unwrap());
    let (report, mut taken) = tokio::sync::mpsc::unbounded_channel();
    let follower = channel.clone();
    let task = tokio::spawn(files.follow(Duration::from_millis(20), move |new| {
        follower.reload(new)?;
        let _ = report.send(());
        Ok(())
    }));
    taken.recv().await.unwrap();
    assert!(send(&channel, "/").await.unwrap_err().is_revoked());

    // The key breaks and the CRLs grow too old: hard fail does not wait for the key.
    std::fs::write(path("key"), "kapot").unwrap();
    clock.advance(Duration::from_secs(700));
    taken.recv().await.unwrap();
    assert!(send(&channel, "/").await.unwrap_err().is_revocation_unknown());
    task.abort();
}

/// A PKI whose authorities have the same names as those of `World::new`, and other keys.
fn forger() -> TestPki {
    TestPki::new("ours").unwrap()
}

#[tokio::test]
async fn w8_a_forged_crl_neither_lets_a_revoked_node_in_nor_keeps_a_good_one_out() {
    let (now, day) = (SystemTime::now(), Duration::from_secs(24 * 3600));
    for configured in [true, false] {
        let world = World::new();
        let (good, revoked) = (world.node(DVZA), world.node(DVZA));
        let good_server = RawServer::start(&good, &world.pki, Then::ok("")).await;
        let revoked_server = RawServer::start(&revoked, &world.pki, Then::ok("")).await;
        let authority = Authority::start().await;
        let folder = tempfile::tempdir().unwrap();
        let start = || match configured {
            true => authority.fetcher_of(&world.pki).folder(folder.path()),
            false => authority.fetcher().folder(folder.path()),
        };
        let channel = |server: &RawServer, fetcher: &CrlFetcher, hard: bool| -> BackChannel {
            let revocation = if hard { fetcher.hard_fail() } else { fetcher.soft_fail() };
            world
                .client(server.address, only(DVZA))
                .revocation(revocation)
                .build()
                .unwrap()
        };
        let check = async |fetcher: &CrlFetcher, moment: &str| {
            for hard in [true, false] {
                let answer = send(&channel(&good_server, fetcher, hard), "/").await;
                assert!(
                    answer.is_ok(),
                    "{moment}, configured {configured}, hard {hard}: {answer:?}"
                );
                let error = send(&channel(&revoked_server, fetcher, hard), "/").await.unwrap_err();
                assert!(
                    error.is_revoked(),
                    "{moment}, configured {configured}, hard {hard}: {error:?}"
                );
            }
        };
        authority.publish(&world.pki.crls_between(&[&revoked], now, now + day).unwrap());
        let mut fetcher = start();
        assert!(fetcher.refresh().await.failures.is_empty());
        check(&fetcher, "before").await;
        // From here on, somebody between us and the authority answers: newer, longer, and with nobody on it.
        for (moment, from, until) in [
            ("a newer one", now + Duration::from_secs(60), now + 30 * day),
            ("one of the same moment", now, now + 30 * day),
            ("one from the future", now + 365 * day, now + 366 * day),
        ] {
            authority.publish(&forger().crls_between(&[&good], from, until).unwrap());
            let refreshed = fetcher.refresh().await;
            assert_eq!(refreshed.failures.len(), 2, "{moment}: {:?}", refreshed.failures);
            assert!(
                refreshed.failures.iter().all(medmij_net::CrlError::is_forged),
                "{moment}"
            );
            check(&fetcher, moment).await;
            // A restart meanwhile begins with what was verified.
            let mut again = start();
            let _ = again.refresh().await;
            check(&again, moment).await;
        }
        // What the authority says next is taken, in the process that runs and in a new one.
        let both = world
            .pki
            .crls_between(&[&revoked, &good], now + Duration::from_secs(1), now + day)
            .unwrap();
        authority.publish(&both);
        for fetcher in [&mut fetcher, &mut start()] {
            assert!(fetcher.refresh().await.failures.is_empty(), "configured {configured}");
            let error = send(&channel(&good_server, fetcher, true), "/").await.unwrap_err();
            assert!(error.is_revoked(), "configured {configured}: {error:?}");
        }
    }
}

#[tokio::test]
async fn w8_a_forged_first_answer_is_gone_with_the_next_good_one() {
    let world = World::new();
    let node = world.node(DVZA);
    let server = RawServer::start(&node, &world.pki, Then::ok("")).await;
    let authority = Authority::start().await;
    let (now, day) = (SystemTime::now(), Duration::from_secs(24 * 3600));
    let mut fetcher = authority.fetcher();
    let hard = |fetcher: &CrlFetcher| {
        world
            .client(server.address, only(DVZA))
            .revocation(fetcher.hard_fail())
            .build()
            .unwrap()
    };
    // Nobody is known yet, so it is kept aside; a handshake finds that it is nobody's.
    authority.publish(&forger().crls_between(&[], now + day, now + 365 * day).unwrap());
    assert!(fetcher.refresh().await.failures.is_empty());
    assert!(send(&hard(&fetcher), "/").await.unwrap_err().is_revocation_unknown());
    assert_eq!(
        fetcher.refresh().await.failures.len(),
        2,
        "now its issuer is known, and did not sign it"
    );
    authority.publish(&world.pki.crls(&[]).unwrap());
    assert!(fetcher.refresh().await.failures.is_empty());
    assert_eq!(send(&hard(&fetcher), "/").await.unwrap().status(), 200);
}

#[tokio::test]
async fn w8_a_crl_that_cannot_be_used_fails_for_its_own_address_only() {
    let pki = TestPki::new("A").unwrap();
    let authority = Authority::start().await;
    let mut fetcher = authority.fetcher_of(&pki);
    let crls = pki.crls(&[]).unwrap();
    authority.set("services", 200, &crls[1]);
    for (case, bytes, reason) in [
        (
            "indirect",
            include_bytes!("indirect.crl.der").to_vec(),
            "kind that cannot be used",
        ),
        ("html", b"<html>".to_vec(), "no crl in DER"),
        ("PEM", b"-----BEGIN X509 CRL-----\n".to_vec(), "no crl in DER"),
    ] {
        authority.set("root", 200, &bytes);
        let refreshed = fetcher.refresh().await;
        assert_eq!(refreshed.failures.len(), 1, "{case}: {:?}", refreshed.failures);
        assert!(refreshed.failures[0].address().ends_with("/root"), "{case}");
        assert!(
            refreshed.failures[0].to_string().contains(reason),
            "{case}: {}",
            refreshed.failures[0]
        );
        // The other one is in force, and configurations go on being made.
        assert!(format!("{:?}", fetcher.hard_fail()).contains("crls: 1"), "{case}");
        let world = World::new();
        assert!(
            world
                .client(any_port(), only(DVZA))
                .revocation(fetcher.hard_fail())
                .build()
                .is_ok(),
            "{case}"
        );
    }
}
