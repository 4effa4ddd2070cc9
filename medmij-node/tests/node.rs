// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.302, core.whl.303, core.lijsten.301 — a Node against a Stelselnode over mutual TLS.
#![allow(clippy::unwrap_used)] // also in the helpers

use std::path::Path;

use medmij_list::ListKind;
use medmij_net::{BackChannelListener, DangerLoopback, NodeIdentity, Revocation, TrustRoots};
use medmij_node::{Node, NodeConfig, NodeError, NodeList};
use medmij_test::stelselnode::Stelselnode;
use medmij_test::{LeafSpec, TestPki};
use medmij_types::{Hostname, Tijdstempel, Volgnummer};
use medmij_whitelist::{HostPolicy, WhitelistDraft};

const STELSELNODE: &str = "stelselnode.localhost";

fn host(name: &str) -> Hostname {
    Hostname::parse(name).unwrap()
}

fn whitelist(number: u64, listed: &[&str]) -> String {
    let stamp = Tijdstempel::parse("2026-03-29T12:00:00Z").unwrap();
    let mut draft = WhitelistDraft::new(stamp, Volgnummer::parse(&number.to_string()).unwrap());
    draft.hosts.extend(listed.iter().copied().map(host));
    draft.to_xml().unwrap()
}

/// A folder as an operator fills it, and a Stelselnode that has published a Whitelist with these hosts.
pub(crate) async fn world(folder: &Path, listed: &[&str]) -> (Stelselnode, NodeConfig) {
    let pki = TestPki::new("node").unwrap();
    let (own, other) = (
        pki.issue(&LeafSpec::node("dvp.localhost")).unwrap(),
        pki.issue(&LeafSpec::node(STELSELNODE)).unwrap(),
    );
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    write("node.pem", own.chain_pem().as_bytes());
    write("node.key", own.key_pem().as_bytes());
    write("roots.pem", pki.roots_pem().as_bytes());

    let identity = NodeIdentity::from_pem(other.chain_pem().as_bytes(), other.key_pem().as_bytes()).unwrap();
    let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap();
    let policy = HostPolicy::danger_fixed([host("dvp.localhost")]);
    let listener = BackChannelListener::builder(identity, roots, policy).revocation(Revocation::danger_off());
    let server = Stelselnode::start(listener.bind("127.0.0.1:0".parse().unwrap()).await.unwrap());
    server.publish(ListKind::Whitelist, whitelist(1, listed));

    let mut config = NodeConfig::in_folder(folder, host("dvp.localhost"), host(STELSELNODE));
    for (n, crl) in pki.crls(&[]).unwrap().into_iter().enumerate() {
        write(&format!("{n}.crl"), &crl);
    }
    let loopback = DangerLoopback::new().back(host(STELSELNODE), server.address()).unwrap();
    config.danger_loopback = Some(loopback.to_string());
    (server, config)
}

#[tokio::test]
async fn core_whl_302_whether_a_host_is_whitelisted_is_judged_by_the_list_as_it_is_now() {
    let folder = tempfile::tempdir().unwrap();
    let (server, config) = world(folder.path(), &["fhir.example.nl"]).await;
    let file = folder.path().join("node.json");
    std::fs::write(&file, serde_json::to_vec(&config).unwrap()).unwrap();
    let node = Node::from_file(&file).await.unwrap();
    let seen = |node: &Node| {
        ["fhir.example.nl", "nieuw.example.nl", STELSELNODE, "not a host"].map(|host| node.is_whitelisted(host))
    };
    assert_eq!(seen(&node), [true, false, true, false]);
    assert!(node.readiness().is_ready(), "{}", node.readiness());

    server.publish(ListKind::Whitelist, whitelist(2, &["nieuw.example.nl"]));
    node.refresh().await.unwrap();
    assert_eq!(seen(&node), [false, true, true, false]);
    // who is not on the list is not dialled
    let request = http::Request::get("https://fhir.example.nl/")
        .body(bytes::Bytes::new())
        .unwrap();
    assert!(
        node.back_channel()
            .send(request)
            .await
            .unwrap_err()
            .is_not_whitelisted()
    );
}

#[tokio::test]
async fn core_lijsten_301_a_node_starts_with_the_list_that_was_stored_while_the_stelselnode_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let (server, config) = world(folder.path(), &["fhir.example.nl"]).await;
    drop(Node::start(config.clone()).await.unwrap());
    drop(server);
    let node = Node::start(config).await.unwrap();
    assert!(node.is_whitelisted("fhir.example.nl"));
    assert!(node.refresh().await.is_err());
}

#[tokio::test]
async fn core_whl_303_a_node_without_the_lists_that_it_needs_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let (server, config) = world(folder.path(), &["fhir.example.nl"]).await;
    // the Stelselnode has no OAuth Client List, and no names either: a DVZA cannot do without the first
    let ocl = config.clone().with_lists([NodeList::Ocl]);
    assert!(matches!(Node::start(ocl).await, Err(NodeError::List(_))));
    let node = Node::start(config.clone().with_lists([NodeList::Gnl])).await.unwrap();
    let readiness = node.readiness();
    assert!(readiness.is_ready() && !readiness.findings.is_empty(), "{readiness}");
    drop(server);
    let mut fresh = config;
    fresh.folder = folder.path().join("other");
    assert!(matches!(Node::start(fresh).await, Err(NodeError::List(_))));
}

#[tokio::test]
async fn core_dns_a_node_without_a_loopback_map_looks_names_up() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, mut config) = world(folder.path(), &["fhir.example.nl"]).await;
    config.danger_loopback = None;
    config.stelselnode = host("stelselnode.invalid");
    config.dns.policy = Some(medmij_types::DnsPolicy::Off);
    let error = Node::start(config).await.unwrap_err();
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    assert!(
        causes.iter().any(|cause| cause.contains("could not be resolved")),
        "{causes:?}"
    );
}

#[cfg(feature = "aws-lc-rs")]
#[tokio::test]
async fn core_tls_301_a_node_that_prefers_x25519mlkem768_talks_to_one_that_does_not_know_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, mut config) = world(folder.path(), &["fhir.example.nl"]).await;
    config.tls.post_quantum = true;
    assert!(config.tls_policy().unwrap().is_post_quantum());
    let node = Node::start(config).await.unwrap();
    assert!(node.is_whitelisted("fhir.example.nl"));
}
