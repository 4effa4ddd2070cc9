// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij doctor`: faults that an operator makes, each found by its name (core.tls.314, core.whl.302, core.whl.307, core.whl.309)

mod application;
mod faults;
mod operator;

use std::net::SocketAddr;
use std::time::Duration;

use medmij_list::ListKind;
use medmij_net::{BackChannelListener, DangerLoopback, NodeIdentity, Revocation, TrustRoots};
use medmij_test::dns::Zones;
use medmij_test::stelselnode::Stelselnode;
use medmij_test::{G4Crl, G4Leaf, G4Level, G4Pki, Validity};
use medmij_types::Hostname;
use medmij_whitelist::HostPolicy;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::bench::{Bench, Run, ocl, whitelist};

const OWN: &str = "node.localhost";
const STELSELNODE: &str = "stelselnode.localhost";
const HOUR: Duration = Duration::from_secs(3600);

/// A Node in whose way nothing stands, until something is planted.
struct World {
    bench: Bench,
    pki: G4Pki,
    server: Stelselnode,
    config: Value,
    runtime: Runtime,
    zones: Option<Zones>,
}

impl World {
    fn new() -> Self {
        let (bench, runtime, pki) = (Bench::new(), Runtime::new().unwrap(), G4Pki::new("A").unwrap());
        let other = pki.issue(&G4Leaf::system(STELSELNODE)).unwrap();
        let identity = NodeIdentity::from_pem(other.chain_pem().as_bytes(), other.key_pem().as_bytes()).unwrap();
        let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap();
        let allowed = HostPolicy::danger_fixed([Hostname::parse(OWN).unwrap()]);
        let server = runtime.block_on(async {
            let listener = BackChannelListener::builder(identity, roots, allowed).revocation(Revocation::danger_off());
            Stelselnode::start(listener.bind("127.0.0.1:0".parse().unwrap()).await.unwrap())
        });
        let map = DangerLoopback::new()
            .back(Hostname::parse(STELSELNODE).unwrap(), server.address())
            .unwrap();
        let path = |name: &str| bench.path().join(name);
        let config = json!({
            "client_id": "pgo.localhost",
            "node": {
                "hostname": OWN, "stelselnode": STELSELNODE,
                "chain": path("node.pem"), "key": path("node.key"), "roots": path("roots.pem"), "crls": path("crl"),
                "folder": path("kept"), "danger_loopback": map.to_string(),
            },
            "log": { "spool": path("spool") },
        });
        let world = Self {
            bench,
            pki,
            server,
            config,
            runtime,
            zones: None,
        };
        for folder in ["kept", "spool"] {
            std::fs::create_dir(world.bench.path().join(folder)).unwrap();
        }
        world.present(&G4Leaf::system(OWN).validity(Validity::For(200 * 24 * HOUR)));
        world.bench.file("roots.pem", world.pki.roots_pem());
        for level in G4Level::ALL {
            world.crl(level, &G4Crl::of(level));
        }
        world
            .server
            .publish(ListKind::Whitelist, whitelist(1, &[OWN, "ander.localhost"]));
        world
            .server
            .publish(ListKind::OAuthclientlist, ocl(1, &[("pgo.localhost", "PGO")]));
        world
    }

    fn present(&self, leaf: &G4Leaf) -> u64 {
        let own = self.pki.issue(leaf).unwrap();
        self.bench.file("node.pem", own.chain_pem());
        self.key(own.key_pem(), 0o600);
        own.serial()
    }

    fn key(&self, pem: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.bench.file("node.key", pem);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn crl(&self, level: G4Level, crl: &G4Crl) {
        self.bench
            .file(&format!("crl/{level:?}.crl"), self.pki.crl(crl).unwrap());
    }

    fn remove(&self, name: &str) {
        std::fs::remove_file(self.bench.path().join(name)).unwrap();
    }

    fn examine(&self) -> Run {
        self.bench.file("app.json", self.config.to_string());
        self.bench.medmij(&["doctor", "--config", "app.json", "--json"])
    }
}

fn codes(run: &Run) -> Vec<String> {
    let codes = run.json().into_iter().map(|finding| {
        assert!(!finding["remedy"].as_str().unwrap().is_empty() && !finding["message"].as_str().unwrap().is_empty());
        format!(
            "{}:{}",
            finding["severity"].as_str().unwrap(),
            finding["code"].as_str().unwrap()
        )
    });
    codes.collect()
}

/// A fault, what has to be said of it, and how it is planted.
type Fault = (&'static str, &'static str, fn(&mut World));

#[test]
fn core_tls_314_core_whl_307_what_an_operator_does_wrong_is_found_and_named() {
    let faults = [faults::FAULTS, application::FAULTS].concat();
    assert!(faults.len() >= 65, "{}", faults.len());
    let mut missed = Vec::new();
    for (name, expected, plant) in faults {
        let mut world = World::new();
        plant(&mut world);
        let run = world.examine();
        let found = codes(&run);
        let error = expected.starts_with("error");
        if !found.iter().any(|code| code == expected) || run.exit != i32::from(error) {
            missed.push(format!(
                "{name}: {expected} not in {found:?}, exit {} {}",
                run.exit, run.err
            ));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn core_tls_314_core_autorisatie_208_each_fault_has_a_remedy_that_fits() {
    let mut missed = Vec::new();
    for (name, expected, remedy, plant) in operator::FAULTS {
        let mut world = World::new();
        plant(&mut world);
        let run = world.examine();
        let fits = |finding: &Value| finding["remedy"].as_str().is_some_and(|text| text.contains(remedy));
        let found: Vec<_> = run.json().into_iter().zip(codes(&run)).collect();
        let good = found.iter().any(|(finding, code)| code == expected && fits(finding));
        if !good || (run.exit == 0) == expected.starts_with("error") {
            missed.push(format!(
                "{name}: {expected} not in {}, exit {} {}",
                run.out, run.exit, run.err
            ));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn a_node_in_whose_way_nothing_stands_gets_notes_only() {
    let world = World::new();
    let run = world.examine();
    assert_eq!(codes(&run), ["note:post-quantum-off"], "{}", run.err);
    assert_eq!(run.exit, 0);
    let text = world.bench.medmij(&["doctor", "--config", "app.json"]);
    assert!(text.out.contains("nothing stands in the way"), "{}", text.out);
    let absent = world.bench.medmij(&["doctor", "--config", "none.json"]);
    assert_eq!(absent.exit, 2);
}

impl World {
    /// The name of the DVP is this one, as name servers of the test know it.
    fn named(&mut self, name: &str) {
        let zones = self.runtime.block_on(Zones::start());
        let anchors = self.bench.file("root.key", zones.anchor());
        self.config["node"]["dns"] = json!({"policy": "validate", "servers": [zones.address()], "anchors": anchors});
        self.config["client_id"] = json!(name);
        self.server.publish(ListKind::OAuthclientlist, ocl(2, &[(name, "PGO")]));
        self.zones = Some(zones);
    }

    /// The name servers of the test are those of its own network, whose word counts.
    fn trusting(&mut self) {
        let servers = self.config["node"]["dns"]["servers"].clone();
        self.config["node"]["dns"] = json!({"policy": "trust-ad", "servers": servers});
    }

    /// A server that answers everybody in the clear.
    fn clear(&self, answer: &'static str) -> SocketAddr {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = self
            .runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        self.runtime.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        address
    }
}

#[test]
fn a_store_in_postgresql_is_looked_at_for_what_it_may_lose() {
    let Some(server) = medmij_test::postgres::TestPostgres::shared() else {
        return;
    };
    let mut world = World::new();
    let database = server.create_database().unwrap();
    world.config["doctor"]["database"] = json!(database);
    assert!(codes(&world.examine()).contains(&"error:database-schema".to_owned()));
    let options = medmij_store_postgres::PostgresOptions::parse(&database).unwrap();
    world
        .runtime
        .block_on(medmij_store_postgres::PostgresStore::migrate(&options))
        .unwrap();
    let run = world.examine();
    assert_eq!((codes(&run), run.exit), (vec!["note:post-quantum-off".to_owned()], 0));
    let off =
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$";
    server.sql(&database, off).unwrap();
    let run = world.examine();
    assert!(
        codes(&run).contains(&"error:database-not-durable".to_owned()),
        "{}",
        run.out
    );
    assert_eq!(run.exit, 1);
}
