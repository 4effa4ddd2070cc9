// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij cache refresh --stelselnode`, over real mutual TLS (core.lijsten.300, core.whl.305).

use medmij_list::ListKind;
use medmij_net::{BackChannelListener, DangerLoopback, NodeIdentity, Revocation, TrustRoots};
use medmij_test::stelselnode::{Answer, Stelselnode};
use medmij_test::{LeafSpec, TestPki};
use medmij_types::Hostname;
use medmij_whitelist::HostPolicy;
use tokio::runtime::Runtime;

use crate::bench::{Bench, Run, whitelist};

struct Network {
    bench: Bench,
    server: Stelselnode,
    _runtime: Runtime,
}

impl Network {
    fn new() -> Self {
        let bench = Bench::new();
        let pki = TestPki::new("A").unwrap();
        let runtime = Runtime::new().unwrap();
        let node = pki.issue(&LeafSpec::node("dvp.localhost")).unwrap();
        bench.file("keten.pem", node.chain_pem());
        bench.file("sleutel.pem", node.key_pem());
        bench.file("roots.pem", pki.roots_pem());
        let own = pki.issue(&LeafSpec::node("stelselnode.localhost")).unwrap();
        let identity = NodeIdentity::from_pem(own.chain_pem().as_bytes(), own.key_pem().as_bytes()).unwrap();
        let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap();
        let allowed = HostPolicy::danger_fixed([Hostname::parse("dvp.localhost").unwrap()]);
        let server = runtime.block_on(async {
            let listener = BackChannelListener::builder(identity, roots, allowed)
                .revocation(Revocation::danger_off())
                .bind("127.0.0.1:0".parse().unwrap())
                .await
                .unwrap();
            Stelselnode::start(listener)
        });
        let host = Hostname::parse("stelselnode.localhost").unwrap();
        let map = DangerLoopback::new().back(host, server.address()).unwrap();
        bench.file("loopback", map.to_string());
        Self {
            bench,
            server,
            _runtime: runtime,
        }
    }

    fn refresh(&self, extra: &[&str]) -> Run {
        let arguments = [
            "cache",
            "refresh",
            "lijsten",
            "--list",
            "whitelist",
            "--stelselnode",
            "stelselnode.localhost",
            "--chain",
            "keten.pem",
            "--key",
            "sleutel.pem",
            "--roots",
            "roots.pem",
            "--danger-loopback",
            "loopback",
        ];
        self.bench.medmij(&[&arguments, extra].concat())
    }
}

#[test]
fn core_lijsten_300_a_list_is_fetched_and_kept() {
    let network = Network::new();
    network.server.publish(
        ListKind::Whitelist,
        whitelist(7, &["dvp.localhost", "stelselnode.localhost"]),
    );
    let run = network.refresh(&["--danger-no-revocation"]);
    // that the stamp of the list is old by now may be told too
    assert!(
        run.exit == 0 && run.out.starts_with("Whitelist: taken: Volgnummer 7\n"),
        "{run:?}"
    );
    let run = network.bench.medmij(&["cache", "inspect", "lijsten"]);
    assert!(
        run.out.contains("Whitelist of stelselnode.localhost, api 2"),
        "{}",
        run.out
    );

    network
        .server
        .publish(ListKind::Whitelist, whitelist(6, &["dvp.localhost"]));
    let run = network.refresh(&["--danger-no-revocation"]);
    assert!(run.exit == 1 && run.out.contains("is lower than 7"), "{run:?}");
}

#[test]
fn r2_a_connection_that_is_cut_is_a_refusal() {
    let network = Network::new();
    network
        .server
        .publish(ListKind::Whitelist, whitelist(7, &["dvp.localhost"]));
    network.server.script(ListKind::Whitelist, [Answer::CutAfter(50)]);
    let run = network.refresh(&["--danger-no-revocation"]);
    assert!(
        run.exit == 2
            && run
                .out
                .starts_with("Whitelist: not fetched: stelselnode gave no answer: "),
        "{run:?}"
    );
    assert_eq!(network.refresh(&["--danger-no-revocation"]).exit, 0);
}

#[test]
fn w8_without_revocation_lists_nobody_is_trusted() {
    let network = Network::new();
    network
        .server
        .publish(ListKind::Whitelist, whitelist(7, &["dvp.localhost"]));
    let run = network.refresh(&[]);
    assert!(run.exit != 0, "{run:?}");
    assert_eq!(network.server.requests().len(), 0);
}

#[test]
fn settings_that_do_not_fit_are_trouble() {
    let network = Network::new();
    network.bench.file("leeg.pem", "");
    for extra in [
        ["--roots", "leeg.pem"],
        ["--key", "leeg.pem"],
        ["--chain", "absent.pem"],
        ["--danger-loopback", "roots.pem"],
    ] {
        let arguments = [
            "cache",
            "refresh",
            "lijsten",
            "--stelselnode",
            "stelselnode.localhost",
            "--danger-no-revocation",
        ];
        let mut all: Vec<&str> = arguments.to_vec();
        for (flag, file) in [
            ("--chain", "keten.pem"),
            ("--key", "sleutel.pem"),
            ("--roots", "roots.pem"),
        ] {
            if flag != extra[0] {
                all.extend([flag, file]);
            }
        }
        all.extend(extra);
        let run = network.bench.medmij(&all);
        assert!(run.exit == 2 && run.err.starts_with("medmij: "), "{extra:?}: {run:?}");
    }
}

#[test]
fn a_file_without_a_revocation_list_is_named_and_does_not_steer_to_none() {
    let network = Network::new();
    network.bench.file("pagina.crl", "<html><body>404</body></html>");
    for file in ["pagina.crl", "keten.pem"] {
        let run = network.refresh(&["--crl", file]);
        assert!(
            run.exit == 2 && run.err.contains(&format!("{file} holds no revocation list")),
            "{run:?}"
        );
    }
    assert_eq!(network.server.requests().len(), 0);
}
