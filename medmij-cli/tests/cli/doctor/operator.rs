// SPDX-License-Identifier: AGPL-3.0-or-later
//! Faults of what listens, of authorities and their lists, of names, of a store and its journal, each with a remedy that fits

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::SystemTime;

use medmij_dvza::store::{Acting, GrantId, JournaledStore, Store as _};
use medmij_oauth::journal::Journal;
use medmij_store_sqlite::{SqliteOptions, SqliteStore};
use medmij_test::{G4Crl, G4Leaf, G4Level, G4Pki};
use medmij_types::OsEntropy;
use serde_json::json;

use super::faults::nobody;
use super::{HOUR, OWN, World};

/// A fault, what has to be said of it, a word of the remedy, and how it is planted.
pub(super) type Cured = (&'static str, &'static str, &'static str, fn(&mut World));

pub(super) const FAULTS: &[Cured] = &[
    (
        "a wildcard certificate",
        "error:credential-files",
        "a wildcard",
        |world| {
            world.present(&G4Leaf::system("*.localhost"));
        },
    ),
    (
        "a key of another certificate",
        "error:credential-files",
        "that this certificate was asked with",
        |world| {
            let other = world.pki.issue(&G4Leaf::system(OWN).second_key()).unwrap();
            world.key(other.key_pem(), 0o600);
        },
    ),
    (
        "a web page in place of a crl",
        "error:credential-files",
        "fetch the revocation list anew",
        |world| {
            world.bench.file("crl/Tsp.crl", "<html>");
        },
    ),
    ("a crl of the future", "error:crl-future", "fetch it anew", |world| {
        let now = SystemTime::now();
        world.crl(
            G4Level::Tsp,
            &G4Crl::of(G4Level::Tsp).between(now + HOUR, now + 24 * HOUR),
        );
    }),
    (
        "a crl of another authority",
        "error:crl-missing",
        "each signed by it",
        |world| {
            let other = G4Pki::foreign("B").unwrap();
            let crl = other.crl(&G4Crl::of(G4Level::Tsp)).unwrap();
            world.bench.file("crl/Tsp.crl", crl);
        },
    ),
    (
        "a crl that nobody can fetch",
        "warning:crl-unreachable",
        "open the way",
        |world| {
            world.present(&G4Leaf::system(OWN).crl_point("http://127.0.0.1:1/tsp.crl"));
        },
    ),
    (
        "a crl that was put back to an older one",
        "warning:crl-behind",
        "puts the newest in place",
        |world| {
            let now = SystemTime::now();
            let of = |hours: u32| G4Crl::of(G4Level::Tsp).between(now - hours * HOUR, now + 24 * HOUR);
            let published = world.pki.crl(&of(3)).unwrap();
            let address = world.serves(published);
            world.present(&G4Leaf::system(OWN).crl_point(&format!("http://{address}/tsp.crl")));
            world.crl(G4Level::Tsp, &of(48));
        },
    ),
    (
        "a chain in another order",
        "warning:chain-order",
        "one below the other",
        |world| {
            let own = world.pki.issue(&G4Leaf::system(OWN)).unwrap();
            let parts: Vec<_> = own.chain_pem().split_inclusive("-----END CERTIFICATE-----\n").collect();
            world.bench.file("node.pem", [parts[0], parts[2], parts[1]].concat());
            world.key(own.key_pem(), 0o600);
        },
    ),
    (
        "an intermediate among the roots",
        "warning:root-not-root",
        "roots only",
        |world| {
            world
                .bench
                .file("roots.pem", world.pki.roots_pem() + &world.pki.intermediates_pem());
        },
    ),
    (
        "a key that is a symbolic link",
        "note:key-link",
        "may write there",
        |world| {
            let key = world.bench.path().join("node.key");
            let real = world.bench.path().join("real.key");
            std::fs::rename(&key, &real).unwrap();
            std::os::unix::fs::symlink(&real, &key).unwrap();
        },
    ),
    (
        "a program with a banner has the port",
        "error:listener-answers-strangers",
        "took the port",
        |world| {
            let address = world.clear("SSH-2.0-OpenSSH_9.6\r\n");
            world.config["back"] = json!(address);
        },
    ),
    (
        "a program that says nothing has the port",
        "error:listener-no-tls",
        "which program has the port",
        |world| {
            let address = world.silent();
            world.config["back"] = json!(address);
        },
    ),
    (
        "a listener that asks no certificate",
        "error:listener-answers-strangers",
        "require certificates",
        |world| {
            let address = world.greets();
            world.config["back"] = json!(address);
        },
    ),
    (
        "another certificate is shown",
        "error:listener-other-certificate",
        "in its log",
        |world| {
            world.config["back"] = json!(world.server.address());
        },
    ),
    (
        "nothing listens for browsers",
        "error:front-unreachable",
        "start the application",
        |world| {
            world.config["address"] = json!(nobody());
        },
    ),
    ("few files may be open", "warning:descriptors", "LimitNOFILE", |world| {
        let address = world.clear("HTTP/1.1 200 OK\r\n\r\nmedmij_descriptors_open 12\nmedmij_descriptors_limit 1024\n");
        world.config["operator"] = json!(address);
    }),
    (
        "one of its own names that leads to this machine",
        "error:dns-not-public",
        "public address",
        |world| {
            world.named("node.signed");
            world.config["node"].as_object_mut().unwrap().remove("danger_loopback");
        },
    ),
    (
        "everybody may read a password of the database",
        "error:config-permissions",
        "chmod 600",
        |world| {
            world.config["doctor"]["database"] = json!("postgres://dvza:geheim@127.0.0.1:1/dvza");
        },
    ),
    ("a store of a later version", "error:store", "later version", |world| {
        use std::io::{Seek as _, Write as _};
        world.store();
        let mut file = std::fs::File::options()
            .write(true)
            .open(world.bench.path().join("store.db"))
            .unwrap();
        // where SQLite has its user_version
        file.seek(std::io::SeekFrom::Start(60)).unwrap();
        file.write_all(&99_u32.to_be_bytes()).unwrap();
    }),
    ("two keys of one number", "error:keys", "a number of its own", |world| {
        world.store();
        let key = "A".repeat(43);
        world.keys(&format!("seal 1 {key}\nseal 1 {key}\nindex 1 {key}\n"));
    }),
    ("the journal is gone", "error:journal", "mount it", |world| {
        world.ended(|_| ());
        std::fs::remove_dir_all(world.bench.path().join("journal")).unwrap();
    }),
    (
        "another folder in place of the journal",
        "error:journal-shorter",
        "put the folder of the journal back",
        |world| {
            world.ended(|_| ());
            let journal = world.bench.path().join("journal");
            std::fs::remove_dir_all(&journal).unwrap();
            std::fs::create_dir(&journal).unwrap();
        },
    ),
    (
        "an old copy of the store was put back",
        "error:store-older-than-journal",
        "reconcile",
        |world| {
            let [live, copy] = ["store.db", "copy.db"].map(|name| world.bench.path().join(name));
            world.ended(|_| {
                std::fs::copy(&live, &copy).unwrap();
            });
            std::fs::copy(&copy, &live).unwrap();
        },
    ),
    (
        "the journal of another application",
        "error:journal",
        "folder of this application",
        |world| {
            world.ended(|_| ());
            let journal = world.bench.path().join("journal");
            let file = std::fs::read_dir(&journal).unwrap().next().unwrap().unwrap().path();
            let text = std::fs::read_to_string(&file).unwrap();
            std::fs::write(file, text.replacen("dvza", "dvp", 1)).unwrap();
        },
    ),
    (
        "a registration that cannot be read",
        "error:registration",
        "mend the file",
        |world| {
            world.config["registration"] = json!(world.bench.file("registration.json", "{"));
        },
    ),
    (
        "a row of the registration is wrong",
        "error:registration-row",
        "mend the row",
        |world| {
            let rows = json!({"aanbieders": [{"aanbieder": "geen naam"}]}).to_string();
            world.config["registration"] = json!(world.bench.file("registration.json", rows));
        },
    ),
    (
        "keys of the example's store are gone",
        "error:keys",
        "put the key file back",
        |world| {
            let rows = json!({"aanbieders": [{"aanbieder": "geen naam"}]}).to_string();
            world.config["registration"] = json!(world.bench.file("registration.json", rows));
            let path = world.bench.path().join("kept/toestemmingen.db");
            drop(SqliteStore::open(SqliteOptions::new(path)).unwrap());
            std::fs::create_dir(world.bench.path().join("kept/journaal")).unwrap();
        },
    ),
    (
        "the password of the log is gone",
        "error:log-secret",
        "put the file in place",
        |world| {
            world.config["log"]["password_file"] = json!(world.bench.path().join("none"));
        },
    ),
    (
        "the folder of the checkpoints is gone",
        "error:checkpoints",
        "make the folder",
        |world| {
            world.config["storage"] = json!({"checkpoints": world.bench.path().join("none")});
        },
    ),
];

impl World {
    /// A store with a journal in which something ended; `before` it did.
    fn ended(&mut self, before: impl FnOnce(&Self)) {
        self.store();
        let journal = self.bench.path().join("journal");
        let open = || SqliteStore::open(SqliteOptions::new(self.bench.path().join("store.db"))).unwrap();
        drop(JournaledStore::new(open(), Journal::open(&journal, "dvza").unwrap()));
        before(self);
        let store = JournaledStore::new(open(), Journal::open(&journal, "dvza").unwrap());
        let grant = GrantId::random(&OsEntropy).unwrap();
        self.runtime
            .block_on(store.revoke_grant(&grant, &Acting::system()))
            .unwrap();
        drop(store);
        self.config["doctor"]["journal"] = json!(journal);
    }

    /// A server of one file.
    fn serves(&self, file: Vec<u8>) -> SocketAddr {
        use std::io::{Read as _, Write as _};
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 1024]);
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", file.len());
                let _ = stream.write_all(&[head.as_bytes(), &file].concat());
            }
        });
        address
    }

    /// Somebody who takes connections and says nothing.
    fn silent(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || listener.incoming().collect::<Vec<_>>());
        address
    }

    /// A server of TLS with our certificate, that answers everybody.
    fn greets(&self) -> SocketAddr {
        use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
        use std::io::{Read as _, Write as _};
        let own = self.pki.issue(&G4Leaf::system(OWN)).unwrap();
        let chain = own.chain_der().iter().cloned().map(Into::into).collect();
        let key = PrivatePkcs8KeyDer::from_pem_slice(own.key_pem().as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key.into())
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
                if stream.read(&mut [0; 1024]).is_ok() {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                    let _ = stream.flush();
                }
            }
        });
        address
    }
}
