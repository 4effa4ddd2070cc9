// SPDX-License-Identifier: AGPL-3.0-or-later
//! Faults of certificates, lists, names and listeners

use std::net::{SocketAddr, TcpListener};
use std::time::SystemTime;

use medmij_list::ListKind;
use medmij_net::DangerLoopback;
use medmij_test::{G4Crl, G4Leaf, G4Level, Purpose, Validity};
use medmij_types::Hostname;
use serde_json::json;

use super::{Fault, HOUR, OWN, STELSELNODE};
use crate::bench::whitelist;

pub(super) const FAULTS: &[Fault] = &[
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
    ("signatures of its own zone are over", "error:dns-bogus", |world| {
        world.named("node.expired");
    }),
    (
        "a resolver that is trusted says that its own name is bogus",
        "error:dns-bogus",
        |world| {
            world.named("node.signed");
            world.trusting();
            world.zones.as_ref().unwrap().fail("node.signed", Some(6));
        },
    ),
    ("a resolver cannot look its own name up", "error:dns-failed", |world| {
        world.named("node.signed");
        world.trusting();
        world.zones.as_ref().unwrap().fail("node.signed", None);
    }),
    ("the resolver that is trusted is down", "error:dns-resolver", |world| {
        world.named("node.signed");
        world.trusting();
        world.config["node"]["dns"]["servers"] = json!([nobody()]);
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

/// An address on which nobody listens.
pub(super) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub(super) fn zal(authorize: &str, token: &str) -> String {
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
