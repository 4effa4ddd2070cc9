// SPDX-License-Identifier: AGPL-3.0-or-later
//! A small Internet of names on loopback: a signed root, and below it one zone for each state that a name may be in (core.dns)
//!
//! `signed.` is right. `unsigned.` has no key, and the root proves that. `altered.` has another address than the one that was
//! signed, `expired.` signatures of last week, `stripped.` none although the root has its key, `foreign.` those of a key that
//! the root does not have. `aliased.` is signed and leads to `unsigned.`. In each there is one host, `node`, at 127.0.0.1.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use medmij_test::dns::Zones;
//!
//! let zones = Zones::start().await;
//! assert!(zones.address().ip().is_loopback() && zones.anchor().contains("DNSKEY"));
//! # }
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support: what cannot be is a failed test"
)]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_server::Server;
use hickory_server::dnssec::NxProofKind;
use hickory_server::net::runtime::TokioRuntimeProvider;
use hickory_server::proto::dnssec::crypto::Ed25519SigningKey;
use hickory_server::proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS, RRSIG};
use hickory_server::proto::dnssec::{DigestType, DnssecSigner, PublicKey as _, SigningKey as _};
use hickory_server::proto::op::{Edns, Message, ResponseCode};
use hickory_server::proto::rr::rdata::opt::EdnsOption;
use hickory_server::proto::rr::rdata::{A, CNAME, NS, SOA};
use hickory_server::proto::rr::{DNSClass, LowerName, Name, RData, Record, RecordSet, RecordType};
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneHandler, ZoneType};
use tokio::net::UdpSocket;

const DAY: Duration = Duration::from_secs(24 * 3600);
const ZONES: [&str; 7] = [
    "signed", "unsigned", "altered", "expired", "stripped", "foreign", "aliased",
];

type Failing = Arc<Mutex<BTreeMap<String, Option<u16>>>>;
type Zone = InMemoryZoneHandler<TokioRuntimeProvider>;

/// The servers of all zones behind one address, as a resolver that hands on signatures.
pub struct Zones {
    address: SocketAddr,
    anchor: String,
    /// Whether it says that it verified what it answers.
    authentic: Arc<AtomicBool>,
    /// What it answers SERVFAIL for, with which reason.
    failing: Failing,
    _servers: Vec<Server<Catalog>>,
}

impl Zones {
    /// Signs the zones with keys made for them and serves them until the value is dropped.
    ///
    /// # Panics
    ///
    /// Where loopback cannot be listened on.
    pub async fn start() -> Self {
        let keys = ZONES.map(|zone| (zone, key(zone)));
        let root_key = key("");
        let anchor = format!(". 3600 IN DNSKEY {}\n", root_key.dnskey());
        let (mut parent, mut all) = (Catalog::new(), Catalog::new());
        for catalog in [&mut parent, &mut all] {
            insert(catalog, "", root(&keys, &key_of(&root_key)));
        }
        for (zone, own) in keys {
            insert(&mut all, zone, child(zone, own));
        }
        let (parent, parent_address) = serve(parent).await;
        let (all, all_address) = serve(all).await;
        let authentic = Arc::new(AtomicBool::new(false));
        let failing = Failing::default();
        let said = (Arc::clone(&authentic), Arc::clone(&failing));
        let address = relay(parent_address, all_address, said).await;
        Self {
            address,
            anchor,
            authentic,
            failing,
            _servers: vec![parent, all],
        }
    }

    /// Where it listens, over UDP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key of the root, as a file of trust anchors has it.
    #[must_use]
    pub fn anchor(&self) -> &str {
        &self.anchor
    }

    /// Whether it tells who asks for it that it verified its answers (the AD bit). Not at first.
    pub fn say_authentic(&self, authentic: bool) {
        self.authentic.store(authentic, Ordering::SeqCst);
    }

    /// From now on it answers SERVFAIL for this name, with this reason (RFC 8914), as a resolver that validates does.
    pub fn fail(&self, name: &str, reason: Option<u16>) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.insert(format!("{name}."), reason);
    }
}

/// A key with its private half, so that it can be used twice.
struct Key {
    pkcs8: Vec<u8>,
    name: Name,
}

fn signer(key: &Key, lasting: Duration) -> DnssecSigner {
    let private = Ed25519SigningKey::from_pkcs8(&key.pkcs8.clone().into()).unwrap();
    let dnskey = DNSKEY::from_key(&private.to_public_key().unwrap());
    DnssecSigner::new(dnskey, Box::new(private), key.name.clone(), lasting)
}

impl Key {
    fn dnskey(&self) -> DNSKEY {
        signer(self, DAY).to_dnskey()
    }
}

fn key(zone: &str) -> Key {
    Key {
        pkcs8: Ed25519SigningKey::generate_pkcs8().unwrap().secret_pkcs8_der().to_vec(),
        name: name(zone),
    }
}

fn key_of(key: &Key) -> Key {
    Key {
        pkcs8: key.pkcs8.clone(),
        name: key.name.clone(),
    }
}

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{text}.")).unwrap()
}

fn empty(origin: &str) -> Zone {
    let mut zone = Zone::empty(
        name(origin),
        ZoneType::Primary,
        AxfrPolicy::Deny,
        Some(NxProofKind::Nsec),
    );
    let soa = SOA::new(name("ns.signed"), name("admin.signed"), 1, 3600, 600, 86_400, 60);
    add(&mut zone, origin, RData::SOA(soa));
    add(&mut zone, origin, RData::NS(NS(name("ns.signed"))));
    zone
}

fn add(zone: &mut Zone, owner: &str, data: RData) {
    assert!(zone.upsert_mut(Record::from_rdata(name(owner), 60, data), 1));
}

fn sign(zone: &mut Zone, key: &Key) {
    zone.add_zone_signing_key_mut(signer(key, 7 * DAY)).unwrap();
    zone.secure_zone_mut().unwrap();
}

/// The root knows every zone, and the key of each but one.
fn root(keys: &[(&str, Key)], own: &Key) -> Zone {
    let mut zone = empty("");
    for (child, key) in keys {
        add(&mut zone, child, RData::NS(NS(name("ns.signed"))));
        let known = match *child {
            "unsigned" => continue,
            "foreign" => self::key("foreign").dnskey(),
            _ => key.dnskey(),
        };
        let digest = known.to_digest(&name(child), DigestType::SHA256).unwrap();
        let ds = DS::new(
            known.calculate_key_tag().unwrap(),
            known.public_key().algorithm(),
            DigestType::SHA256,
            digest.as_ref().to_vec(),
        );
        add(&mut zone, child, RData::DNSSEC(DNSSECRData::DS(ds)));
    }
    sign(&mut zone, own);
    zone
}

fn child(origin: &str, key: Key) -> Zone {
    let mut zone = empty(origin);
    let node = format!("node.{origin}");
    match origin {
        "aliased" => add(&mut zone, &node, RData::CNAME(CNAME(name("node.unsigned")))),
        _ => add(&mut zone, &node, RData::A(A(Ipv4Addr::LOCALHOST))),
    }
    match origin {
        "unsigned" | "stripped" => {}
        "altered" => {
            sign(&mut zone, &key);
            change(&mut zone, |set| {
                if set.record_type() == RecordType::A {
                    let signatures = set.rrsigs().to_vec();
                    let other = RData::A(A(Ipv4Addr::new(127, 0, 0, 2)));
                    set.set_records(vec![Record::from_rdata(name("node.altered"), 60, other)]);
                    set.set_rrsigs(signatures);
                }
            });
        }
        "expired" => {
            sign(&mut zone, &key);
            let signer = signer(&key, DAY);
            let last_week = time::OffsetDateTime::now_utc() - 7 * DAY;
            change(&mut zone, |set| {
                set.clear_rrsigs();
                let old = RRSIG::from_rrset(set, DNSClass::IN, last_week, &signer).unwrap();
                let (owner, data) = (set.name().clone(), RData::DNSSEC(DNSSECRData::RRSIG(old)));
                set.insert_rrsig(Record::from_rdata(owner, 60, data));
            });
        }
        _ => sign(&mut zone, &key),
    }
    zone
}

fn change(zone: &mut Zone, change: impl Fn(&mut RecordSet)) {
    for set in zone.records_get_mut().values_mut() {
        change(Arc::make_mut(set));
    }
}

fn insert(catalog: &mut Catalog, origin: &str, zone: Zone) {
    let zone: Arc<dyn ZoneHandler> = Arc::new(zone);
    catalog.upsert(LowerName::new(&name(origin)), vec![zone]);
}

async fn serve(catalog: Catalog) -> (Server<Catalog>, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let mut server = Server::new(catalog);
    server.register_socket(socket);
    (server, address)
}

/// One address for all: what is above a zone (its key) is asked of the root, all else of the zone.
async fn relay(parent: SocketAddr, all: SocketAddr, said: (Arc<AtomicBool>, Failing)) -> SocketAddr {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut packet = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut packet).await {
            let question = packet[..length].to_vec();
            let (socket, (authentic, failing)) = (Arc::clone(&socket), said.clone());
            tokio::spawn(async move {
                let asked = Message::from_vec(&question).unwrap();
                let query = &asked.queries[0];
                let failing = failing.lock().unwrap().get(&query.name().to_ascii()).copied();
                if let Some(reason) = failing {
                    socket.send_to(&failed(&asked, reason), from).await.unwrap();
                    return;
                }
                let above = query.query_type() == RecordType::DS && query.name().num_labels() <= 1;
                let upstream = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                let to = if above { parent } else { all };
                upstream.send_to(&question, to).await.unwrap();
                let mut answer = [0; 4096];
                let length = upstream.recv(&mut answer).await.unwrap();
                let mut answer = Message::from_vec(&answer[..length]).unwrap();
                // only who asks for the word of a resolver is given it
                answer.metadata.authentic_data = asked.authentic_data && authentic.load(Ordering::SeqCst);
                socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            });
        }
    });
    address
}

/// SERVFAIL, and why.
fn failed(asked: &Message, reason: Option<u16>) -> Vec<u8> {
    let mut answer = Message::error_msg(asked.metadata.id, asked.metadata.op_code, ResponseCode::ServFail);
    answer.add_query(asked.queries[0].clone());
    let mut edns = Edns::new();
    if let Some(reason) = reason {
        let text = [&reason.to_be_bytes()[..], b"as the test says"].concat();
        edns.options_mut().insert(EdnsOption::Unknown(15, text));
    }
    answer.set_edns(edns);
    answer.to_vec().unwrap()
}
