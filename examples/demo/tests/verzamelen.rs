// SPDX-License-Identifier: AGPL-3.0-or-later
//! The whole network, from a test: real mutual TLS, real lists, a browser.
#![allow(clippy::unwrap_used)] // also in the helpers

use demo::{
    browser::Browser,
    lists::{self, Variant},
    network::{DVZA_ONE, Network, OFFERINGS},
    persoon::{self, Summary},
    roles::Roles,
};
use http::StatusCode;
use medmij_node::Node;
use medmij_oauth::wire::{CodeRequest, RequestIds, TokenRequest};
use medmij_oauth::{ClientId, RedirectUri};
use medmij_types::{AuthorizationCode, BackchannelUri, CorrelationId, MedMijRequestId, OsEntropy};
use medmij_whitelist::HostPolicy;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

const HOSPITAL: &str = OFFERINGS[0].0;

fn network(folder: &Path) -> Network {
    Network::build(folder).unwrap()
}

/// What a run with the data of the example brings.
fn everything() -> Summary {
    Summary {
        zorgaanbieders: 2,
        flows: 3,
        items: 145,
    }
}

fn files_below(folder: &Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { files_below(&path) } else { 1 })
        .sum()
}

#[cfg(unix)]
#[test]
fn core_tls_314_keys_that_the_demo_makes_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        network(folder.path());
        let files = std::fs::read_dir(folder.path().join("pki")).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let keys: Vec<_> = files
            .filter(|path| path.extension().is_some_and(|end| end == "key"))
            .collect();
        assert!(keys.len() >= 4, "{keys:?}");
        for key in keys {
            let mode = key.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", key.display());
            // made again over what an earlier build left open
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_collects_at_two_zorgaanbieders_in_three_flows() {
    let folder = tempfile::tempdir().unwrap();
    let network = network(folder.path());
    let roles = Roles::start(&network).await.unwrap();
    let copy = folder.path().join("gegevens");
    let summary = persoon::collects_and_stores(&network.start, &copy).await.unwrap();
    roles.stop().await;

    assert_eq!(summary, everything());
    assert_eq!(files_below(&copy), summary.items);
    // what the DVP keeps cannot be read beside its keys
    let mut folders = vec![network.dvp.dossier.clone()];
    let mut sealed = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                sealed.push(std::fs::read(path).unwrap());
            }
        }
    }
    assert!(sealed.iter().map(Vec::len).sum::<usize>() > 100_000);
    for readable in ["resourceType", HOSPITAL, "%PDF-"] {
        let is_there = |bytes: &Vec<u8>| bytes.windows(readable.len()).any(|at| at == readable.as_bytes());
        assert!(!sealed.iter().any(is_there), "{readable}");
    }
    let pdf = copy.join(HOSPITAL).join("51");
    let is_pdf = |path: &Path| std::fs::read(path).unwrap().starts_with(b"%PDF-");
    assert!(
        std::fs::read_dir(pdf)
            .unwrap()
            .any(|entry| is_pdf(&entry.unwrap().path()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn core_tls_314_the_main_job_runs_on_certificates_of_generation_4() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build_with(folder.path(), demo::pki::Pki::G4, demo::ports::Ports::Free).unwrap();
    let roles = Roles::start(&network).await.unwrap();
    let summary = persoon::collects_everywhere(&network.start).await.unwrap();
    roles.stop().await;
    assert_eq!(summary, everything());
}

/// What an operator gets: the status, and the whole answer.
pub(crate) async fn asked(address: std::net::SocketAddr, path: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer[9..12].parse().unwrap(), answer)
}

/// Asks until the status is there.
async fn becomes(address: std::net::SocketAddr, status: u16, with: &str) {
    let start = std::time::Instant::now();
    loop {
        let (seen, answer) = asked(address, "/ready").await;
        if seen == status && answer.contains(with) {
            return;
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(120), "{answer}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn core_whl_302_both_apps_tell_an_operator_whether_they_are_ready() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build_with(folder.path(), demo::pki::Pki::G4, demo::ports::Ports::Free).unwrap();
    let roles = Roles::start(&network).await.unwrap();
    let (dvp, dvza) = (network.dvp.operator.unwrap(), network.dvzas[0].operator.unwrap());
    for address in [dvp, dvza] {
        assert_eq!(asked(address, "/health").await.0, 200);
        becomes(address, 200, "\"ready\":true").await;
        let (status, metrics) = asked(address, "/metrics").await;
        assert_eq!(status, 200);
        for expected in [
            "medmij_ready 1",
            "medmij_list_age_seconds{list=",
            "medmij_crl_left_seconds{issuer=",
        ] {
            assert!(metrics.contains(expected), "{expected} in {metrics}");
        }
        // and the page for people, without a script
        let page = loop {
            let (status, page) = asked(address, "/").await;
            assert_eq!(status, 200);
            // at the next look the chain log is among what was seen
            if page.contains("<th scope=\"row\">log</th>") {
                break page;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        };
        for expected in [
            "Ready",
            "Whitelist",
            "the certificate ends in",
            "Lines of the chain log that were written.",
            "content-security-policy: default-src 'none'; style-src 'self'",
        ] {
            assert!(page.contains(expected), "{expected} in {page}");
        }
        assert!(!page.contains("<script"));
        assert_eq!(asked(address, "/style.css").await.0, 200);
    }
    // a revocation list is lost: neither knows any more who is revoked
    let crl = folder.path().join("pki/2.crl");
    let kept = std::fs::read(&crl).unwrap();
    std::fs::remove_file(&crl).unwrap();
    becomes(dvp, 503, "\"reason\":\"identity\"").await;
    becomes(dvza, 503, "\"reason\":\"identity\"").await;
    std::fs::write(&crl, kept).unwrap();
    becomes(dvp, 200, "\"ready\":true").await;
    becomes(dvza, 200, "\"ready\":true").await;
    // what only one of them needs
    let away = network.dvp.dossier.with_extension("away");
    std::fs::rename(&network.dvp.dossier, &away).unwrap();
    becomes(dvp, 503, "\"part\":\"dossier\"").await;
    assert_eq!(asked(dvza, "/ready").await.0, 200);
    std::fs::rename(&away, &network.dvp.dossier).unwrap();
    becomes(dvp, 200, "\"ready\":true").await;
    roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roles_share_nothing_but_sockets() {
    let folder = tempfile::tempdir().unwrap();
    let network = network(folder.path());
    let roles = Roles::start_processes(
        &network,
        &demo::roles::Role::MAIN,
        Path::new(env!("CARGO_BIN_EXE_demo")),
        std::process::Stdio::null,
    )
    .await
    .unwrap();
    let summary = persoon::collects_everywhere(&network.start).await.unwrap();
    roles.stop().await;
    assert_eq!(summary, everything());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_in_the_same_folder_publishes_newer_lists() {
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=2 {
        let network = network(folder.path());
        assert_eq!(network.volgnummer.value(), number);
        let roles = Roles::start(&network).await.unwrap();
        assert_eq!(
            persoon::collects_everywhere(&network.start).await.unwrap(),
            everything()
        );
        roles.stop().await;
    }
}

/// Listens in place of a Node, passes everything on and counts connections.
async fn counting_proxy(to: std::net::SocketAddr) -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut here, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut there = tokio::net::TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
            });
        }
    });
    (address, count)
}

/// Collects at the hospital as far as its first DVZA; says whether that worked and how often that DVZA was dialled.
async fn collect_at_the_first_dvza(variant: Variant) -> (bool, usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut network = network(folder.path());
    let (proxy, dialled) = counting_proxy(network.dvzas[0].back).await;
    let (real, via) = (network.dvzas[0].back.to_string(), proxy.to_string());
    let map = network.dvp.node.danger_loopback.as_ref().unwrap().replace(&real, &via);
    network.dvp.node.danger_loopback = Some(map);

    // the DVZAs are up with a Whitelist that has them; the DVP starts with the one that leaves it out
    let before = Roles::start_without_dvp(&network).await.unwrap();
    lists::write(&network.stelselnode.lists, network.volgnummer.next().unwrap(), variant).unwrap();
    let dvp = tokio::spawn(dvp::start(&network.dvp, std::future::pending()).await.unwrap());

    let mut browser = Browser::default();
    let landing = persoon::chooses(&mut browser, &network.start, HOSPITAL).await.unwrap();
    let result = persoon::gives_toestemming(&mut browser, landing).await.unwrap();
    let result = persoon::waits(&mut browser, result).await.unwrap();
    dvp.abort();
    before.stop().await;
    (
        result.items().iter().any(|item| item.contains("Alles is er")),
        dialled.load(Ordering::SeqCst),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn core_whl_306_a_dvza_that_is_not_on_the_whitelist_is_not_dialled() {
    let (collected, dialled) = collect_at_the_first_dvza(Variant::WithoutNode(DVZA_ONE[1])).await;
    assert_eq!((collected, dialled), (false, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn core_whl_306_a_dvza_that_is_on_the_whitelist_is_dialled() {
    let (collected, dialled) = collect_at_the_first_dvza(Variant::Plain).await;
    assert!(collected && dialled > 0, "{dialled} connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn core_tknint_204_a_code_is_spent_once() {
    let folder = tempfile::tempdir().unwrap();
    let network = network(folder.path());
    let roles = Roles::start(&network).await.unwrap();

    // the Persoon consents, and the code is picked up before the DVP gets it
    let mut browser = Browser::stopping_before(network.dvp.client_id.as_str(), "/terug/");
    let landing = persoon::chooses(&mut browser, &network.start, HOSPITAL).await.unwrap();
    let stopped = persoon::gives_toestemming(&mut browser, landing).await.unwrap();
    let location = stopped.location().unwrap().unwrap();
    let (address, query) = location.split_once('?').unwrap();
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap();
    let path = address.splitn(4, '/').nth(3).unwrap();

    let dvza = network.dvzas[0].node.hostname.clone();
    let policy = HostPolicy::danger_fixed([dvza.clone()]);
    let node = Node::with_policy(network.dvp.node.clone(), policy).unwrap();
    let channel = node.back_channel();
    let endpoint = BackchannelUri::parse(&format!("https://{dvza}{}", dvza::TOKEN)).unwrap();
    let request = || {
        let code = AuthorizationCode::from_wire(code).unwrap();
        let redirect = RedirectUri::parse(&format!("https://{}/{path}", network.dvp.client_id)).unwrap();
        let ids = RequestIds::new(
            MedMijRequestId::random(&OsEntropy).unwrap(),
            CorrelationId::random(&OsEntropy).unwrap(),
        );
        let client = ClientId::from(network.dvp.client_id.clone());
        TokenRequest::Code(CodeRequest::new(code, client, redirect)).to_http(&endpoint, Some(&ids))
    };
    let first = channel.send(request()).await.unwrap();
    let second = channel.send(request()).await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(second.status(), StatusCode::BAD_REQUEST);
    assert!(std::str::from_utf8(second.body()).unwrap().contains("invalid_grant"));

    // the replay also ended the token of the first exchange
    let body = std::str::from_utf8(first.body()).unwrap();
    let token = body
        .split("\"access_token\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let resource = http::Request::get(format!("https://{dvza}/fhir/{HOSPITAL}/48/Patient"))
        .header("authorization", format!("Bearer {token}"))
        .body(bytes::Bytes::new())
        .unwrap();
    assert_eq!(channel.send(resource).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn core_authint_207_1a_a_dvp_that_is_not_on_the_ocl_gets_a_page_and_no_redirect() {
    let folder = tempfile::tempdir().unwrap();
    let network = network(folder.path());
    lists::write(
        &network.stelselnode.lists,
        network.volgnummer.next().unwrap(),
        Variant::WithoutDvp,
    )
    .unwrap();
    let roles = Roles::start(&network).await.unwrap();
    let mut browser = Browser::default();
    let page = persoon::chooses(&mut browser, &network.start, HOSPITAL).await.unwrap();
    roles.stop().await;
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    assert_eq!(page.location().unwrap(), None);
    assert!(
        page.without_query().starts_with("http://dvza-een.localhost:"),
        "{}",
        page.without_query()
    );
    assert!(
        !page.html().contains(network.dvp.client_id.as_str()),
        "the page must not lead back to an unknown client"
    );
}

#[test]
fn the_lists_of_the_network_hold_schema_valid_uris_only() {
    let folder = tempfile::tempdir().unwrap();
    let network = network(folder.path());
    let zal = std::fs::read_to_string(network.stelselnode.lists.join("MedMij_Zorgaanbiederslijst.xml")).unwrap();
    let uris: Vec<&str> = zal.split("uri>").filter(|part| part.starts_with("https://")).collect();
    assert_eq!(uris.len(), 7 * 2 + 9 + 3);
    for uri in uris {
        let uri = uri.split('<').next().unwrap();
        assert!(
            medmij_types::lexical::is_frontchannel_uri(uri),
            "{uri}: no port, no trailing slash"
        );
    }
}
