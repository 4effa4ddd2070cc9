// SPDX-License-Identifier: AGPL-3.0-or-later
//! RSA certificates, as PKIoverheid issues them (core.tls.314). `openssl` makes the keys.

use std::process::Command;

use medmij_test::LeafSpec;
use rustls::version::{TLS12, TLS13};

use crate::listener::counting;
use crate::raw::{RawServer, Then, server_config};
use crate::world::{DVP, DVZA, Served, World, identity, only, send};

/// `None`, said aloud, where there is no openssl; not in CI.
fn key(bits: u32) -> Option<String> {
    let arguments = [
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        &format!("rsa_keygen_bits:{bits}"),
    ];
    match Command::new("openssl").args(arguments).output() {
        Ok(made) if made.status.success() => Some(String::from_utf8(made.stdout).unwrap()),
        _ => {
            medmij_test::skip("openssl is not installed, rsa certificates were not tried");
            None
        }
    }
}

#[tokio::test]
async fn core_tls_314_rsa_certificates_work_on_both_sides_and_in_both_versions() {
    let world = World::new();
    for bits in [2048, 3072] {
        let Some(pem) = key(bits) else { return };
        let issue = |name: &str| world.pki.issue(&LeafSpec::node(name).key_pem(&pem)).unwrap();
        let listener = medmij_net::BackChannelListener::builder(identity(&issue(DVZA)), world.roots(), only(DVP))
            .revocation(medmij_net::Revocation::danger_off());
        let served = Served::start(listener, counting().0).await;
        let map = medmij_net::DangerLoopback::new()
            .back(crate::world::host(DVZA), served.address)
            .unwrap();
        let channel = medmij_net::BackChannel::builder(identity(&issue(DVP)), world.roots(), only(DVZA))
            .revocation(medmij_net::Revocation::danger_off())
            .danger_loopback(map)
            .build()
            .unwrap();
        assert_eq!(send(&channel, "/").await.unwrap().status(), 200, "{bits}");
        served.stop().await;

        for version in [&TLS12, &TLS13] {
            let config = server_config(&issue(DVZA), &world.pki, &[version]);
            let server = RawServer::with(config, Then::ok("")).await;
            let channel = world.client(server.address, only(DVZA)).build().unwrap();
            assert_eq!(send(&channel, "/").await.unwrap().status(), 200, "{bits} {version:?}");
        }
    }
}
