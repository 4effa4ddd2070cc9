// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij doctor`: faults that an operator makes, each found by its name (core.tls.314, core.whl.302, core.whl.307, core.whl.309)

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, SystemTime};

use medmij_list::ListKind;
use medmij_net::{BackChannelListener, DangerLoopback, NodeIdentity, Revocation, TrustRoots};
use medmij_test::dns::Zones;
use medmij_test::stelselnode::Stelselnode;
use medmij_test::{G4Crl, G4Leaf, G4Level, G4Pki, Purpose, Validity};
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

type Plant = fn(&mut World);

/// A fault, and what has to be said of it.
const FAULTS: &[(&str, &str, Plant)] = &[
    ("key gone", "error:credential-files", |world| world.remove("node.key")),
    ("key of another certificate", "error:credential-files", |world| {
        let other = world.pki.issue(&G4Leaf::system(OWN).second_key()).unwrap();
        world.key(other.key_pem(), 0o600);
    }),
    ("certificate without a host name", "error:credential-files", |world| {
        world.present(&G4Leaf::client_only());
    }),
    ("roots gone", "error:credential-files", |world| {
        world.remove("roots.pem");
    }),
    ("crl is a web page", "error:credential-files", |world| {
        world.bench.file("crl/Tsp.crl", "<html>");
    }),
    ("no crls at all", "error:credential-files", |world| {
        G4Level::ALL
            .into_iter()
            .for_each(|level| world.remove(&format!("crl/{level:?}.crl")));
    }),
    ("everybody may read the key", "error:key-permissions", |world| {
        let key = std::fs::read_to_string(world.bench.path().join("node.key")).unwrap();
        world.key(&key, 0o644);
    }),
    ("the group may read the key", "warning:key-permissions", |world| {
        let key = std::fs::read_to_string(world.bench.path().join("node.key")).unwrap();
        world.key(&key, 0o640);
    }),
    ("certificate ended", "error:own-ended", |world| {
        world.present(&G4Leaf::system(OWN).validity(Validity::Expired));
    }),
    ("certificate begins tomorrow", "error:own-not-yet-valid", |world| {
        world.present(&G4Leaf::system(OWN).validity(Validity::NotYet));
    }),
    ("certificate ends in 20 hours", "error:certificate-ends", |world| {
        world.present(&G4Leaf::system(OWN).validity(Validity::For(20 * HOUR)));
    }),
    ("certificate ends in 20 days", "warning:certificate-ends", |world| {
        world.present(&G4Leaf::system(OWN).validity(Validity::For(20 * 24 * HOUR)));
    }),
    ("certificate of another host", "error:host-name", |world| {
        world.present(&G4Leaf::system("anders.localhost"));
    }),
    ("certificate for clients only", "error:own-purpose", |world| {
        world.present(&G4Leaf::system(OWN).purposes(&[Purpose::ClientAuth]));
    }),
    ("intermediate not in the chain", "error:own-chain", |world| {
        let own = world.pki.issue(&G4Leaf::system(OWN)).unwrap();
        let parts: Vec<_> = own.chain_pem().split_inclusive("-----END CERTIFICATE-----\n").collect();
        world.bench.file("node.pem", parts[..2].concat());
    }),
    ("roots of another generation", "error:own-chain", |world| {
        let other = medmij_test::TestPki::new("G1").unwrap();
        world.bench.file("roots.pem", other.roots_pem());
    }),
    ("own certificate revoked", "error:own-revoked", |world| {
        let serial = world.present(&G4Leaf::system(OWN));
        world.crl(G4Level::Tsp, &G4Crl::of(G4Level::Tsp).revoked([serial]));
    }),
    ("own tsp revoked", "error:own-revoked", |world| {
        let serial = world.pki.authority_serial(G4Level::Tsp);
        world.crl(
            G4Level::Intermediate,
            &G4Crl::of(G4Level::Intermediate).revoked([serial]),
        );
    }),
    ("crl of the intermediate missing", "error:crl-missing", |world| {
        world.remove("crl/Intermediate.crl");
    }),
    ("crl of the root stale", "error:crl-stale", |world| {
        let now = SystemTime::now();
        world.crl(
            G4Level::Root,
            &G4Crl::of(G4Level::Root).between(now - 48 * HOUR, now - HOUR),
        );
    }),
    ("crl of the tsp ends soon", "warning:crl-ends", |world| {
        let now = SystemTime::now();
        world.crl(
            G4Level::Tsp,
            &G4Crl::of(G4Level::Tsp).between(now - HOUR, now + HOUR / 2),
        );
    }),
    ("test roots without a loopback map", "error:test-roots", |world| {
        world.config["node"].as_object_mut().unwrap().remove("danger_loopback");
    }),
    ("a loopback map for a real host", "error:development-map", |world| {
        world.config["node"]["hostname"] = json!("node.example.nl");
    }),
    ("own name in no DNS", "error:dns", |world| {
        world.config["node"].as_object_mut().unwrap().remove("danger_loopback");
        world.config["node"]["hostname"] = json!("node.invalid");
    }),
    ("own name is bogus", "error:dns-bogus", |world| {
        world.named("node.altered");
    }),
    ("signatures of the own zone are over", "error:dns-bogus", |world| {
        world.named("node.expired");
    }),
    ("own zone is not signed", "warning:dns-unsigned", |world| {
        world.named("node.unsigned");
    }),
    (
        "own zone is not signed, and such names are refused",
        "error:dns-unsigned",
        |world| {
            world.named("node.unsigned");
            world.config["node"]["dns"]["refuse_unsigned"] = json!(true);
        },
    ),
    ("own name is signed", "note:dns-signed", |world| {
        world.named("node.signed");
    }),
    ("names are not proven", "warning:dns-off", |world| {
        world.config["node"]["dns"] = json!({"policy": "off"});
    }),
    ("a stranger is trusted about names", "error:dns-settings", |world| {
        world.named("node.signed");
        world.config["node"]["dns"] = json!({"policy": "trust-ad", "servers": ["9.9.9.9:53"]});
    }),
    ("trust anchors gone", "error:dns-settings", |world| {
        world.config["node"]["dns"] = json!({"anchors": world.bench.path().join("none.key")});
    }),
    ("Stelselnode does not listen", "error:stelselnode", |world| {
        let map = DangerLoopback::new()
            .back(Hostname::parse(STELSELNODE).unwrap(), nobody())
            .unwrap();
        world.config["node"]["danger_loopback"] = json!(map.to_string());
    }),
    ("not on the Whitelist", "error:not-on-whitelist", |world| {
        world
            .server
            .publish(ListKind::Whitelist, whitelist(2, &["ander.localhost"]));
    }),
    ("Whitelist is not valid", "error:list-invalid", |world| {
        world.server.publish(ListKind::Whitelist, "<Whitelist/>");
    }),
    ("not on the OAuth Client List", "error:not-on-ocl", |world| {
        world.config["client_id"] = json!("andere-pgo.localhost");
    }),
    ("no entry of the Zorgaanbiederslijst", "error:not-on-zal", |world| {
        world.config.as_object_mut().unwrap().remove("client_id");
        world.config["hostname"] = json!("login.localhost");
        world.server.publish(
            ListKind::Zorgaanbiederslijst,
            zal("https://login.localhost/a", "https://ander.localhost/t"),
        );
    }),
    (
        "Zorgaanbiederslijst has another front channel",
        "error:zal-front-host",
        |world| {
            world.config.as_object_mut().unwrap().remove("client_id");
            world.config["hostname"] = json!("login.localhost");
            world.server.publish(
                ListKind::Zorgaanbiederslijst,
                zal("https://oud.localhost/a", "https://node.localhost/t"),
            );
        },
    ),
    (
        "resources on a host that is not listed",
        "error:zal-host-not-whitelisted",
        |world| {
            world.config.as_object_mut().unwrap().remove("client_id");
            world.config["hostname"] = json!("login.localhost");
            world.server.publish(
                ListKind::Zorgaanbiederslijst,
                zal("https://login.localhost/a", "https://node.localhost/t"),
            );
            world.server.publish(ListKind::Whitelist, whitelist(2, &[OWN]));
        },
    ),
    ("list is not published", "error:list-missing", |world| {
        world.config.as_object_mut().unwrap().remove("client_id");
        world.config["hostname"] = json!("login.localhost");
    }),
    ("nothing listens for Nodes", "error:listener-unreachable", |world| {
        world.config["back"] = json!(nobody());
    }),
    (
        "something else listens for Nodes",
        "error:listener-answers-strangers",
        |world| {
            let address = world.clear("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            world.config["back"] = json!(address);
        },
    ),
    ("operator's port for everybody", "error:operator-exposed", |world| {
        world.config["operator"] = json!("0.0.0.0:9443");
    }),
    ("application is down", "error:operator-unreachable", |world| {
        world.config["operator"] = json!(nobody());
    }),
    ("application is not ready", "error:not-ready", |world| {
        let address = world.clear("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}");
        world.config["operator"] = json!(address);
    }),
    ("folder of the lists gone", "error:folder", |world| {
        std::fs::remove_dir(world.bench.path().join("kept")).unwrap();
    }),
    ("spool of the log gone", "error:spool", |world| {
        std::fs::remove_dir(world.bench.path().join("spool")).unwrap();
    }),
    ("store gone", "error:store", |world| {
        world.config["doctor"]["store"] = json!(world.bench.path().join("none.db"));
    }),
    ("store damaged", "error:store", |world| {
        world.config["doctor"]["store"] = json!(world.bench.file("store.db", vec![7; 8192]));
    }),
];

#[test]
fn core_tls_314_core_whl_307_what_an_operator_does_wrong_is_found_and_named() {
    assert!(FAULTS.len() >= 20);
    let mut missed = Vec::new();
    for (name, expected, plant) in FAULTS {
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

/// An address on which nobody listens.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn zal(authorize: &str, token: &str) -> String {
    use medmij_zal::{
        Aanbiedertype, GegevensdienstDraft, InterfaceversieDraft, SysteemrolDraft, ZorgaanbiederDraft,
        ZorgaanbiederslijstDraft,
    };
    let mut service = GegevensdienstDraft::new(
        "48".parse().unwrap(),
        authorize.parse().unwrap(),
        token.parse().unwrap(),
    );
    let resources = "https://ander.localhost/fhir".parse().unwrap();
    service
        .systeemrollen
        .push(SysteemrolDraft::new("MM-3.0-BZB-FHIR".parse().unwrap(), resources));
    let mut version = InterfaceversieDraft::new("2".parse().unwrap());
    version.gegevensdiensten.push(service);
    let mut aanbieder = ZorgaanbiederDraft::new("umcharderwijk".parse().unwrap(), Aanbiedertype::Zorgaanbieder);
    aanbieder.interfaceversies.push(version);
    let stamp = medmij_types::Tijdstempel::parse("2026-03-29T12:00:00Z").unwrap();
    let mut zal = ZorgaanbiederslijstDraft::new(stamp, medmij_types::Volgnummer::FIRST);
    zal.zorgaanbieders.push(aanbieder);
    zal.to_xml_release3().unwrap()
}
