// SPDX-License-Identifier: AGPL-3.0-or-later
//! Faults of what an application has beside its Node: texts, limits, store and keys, spool, lists that are kept, the clock

use std::time::{Duration, SystemTime};

use medmij_dvza::TextPack;
use medmij_list::ListKind;
use medmij_list::supply::{CopyToStore, FileStorage, ListStorage as _, SourceName, StorageKey};
use medmij_oauth::seal::{KeyRing as _, LocalKeyRing};
use medmij_store_sqlite::{SqliteOptions, SqliteStore};
use medmij_test::stelselnode::Answer;
use medmij_types::{Bsn, OsEntropy, Volgnummer};
use serde_json::{Value, json};

use super::faults::zal;
use super::{Fault, HOUR, STELSELNODE, World};
use crate::bench::whitelist;

pub(super) const FAULTS: &[Fault] = &[
    ("screen texts gone", "error:texts", |world| {
        world.config["doctor"]["texts"] = json!(world.bench.path().join("none.toml"));
    }),
    ("a screen text is missing", "error:texts", |world| {
        world.texts(|pack| {
            pack.remove("back");
        });
    }),
    ("a screen text is empty", "error:texts", |world| {
        world.texts(|pack| pack["landing_title"] = json!(" "));
    }),
    ("screen texts are the example", "error:texts-example", |world| {
        world.texts(|pack| pack["example"] = json!(true));
    }),
    ("a screen text is that of the example", "error:texts-example", |world| {
        let ours = serde_json::to_value(TextPack::example()).unwrap();
        world.texts(|pack| pack["toestemming_question"] = ours["toestemming_question"].clone());
    }),
    (
        "a screen text has a slot that nothing fills",
        "error:texts-placeholder",
        |world| world.texts(|pack| pack["landing_text"] = json!("Dag {naam}, je gaat naar {aanbieder} voor {pgo}.")),
    ),
    ("a screen text is not finished", "error:texts-unfinished", |world| {
        world.texts(|pack| pack["outage_text"] = json!("TODO: zin van de pagina"));
    }),
    ("a screen text does not say who asks", "warning:texts-slot", |world| {
        world.texts(|pack| pack["toestemming_question"] = json!("Mag dat van jou?"));
    }),
    ("limits are not mounted", "warning:limits-not-mounted", |world| {
        let address = world.clear("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        world.config["operator"] = json!(address);
        world.config.as_object_mut().unwrap().remove("client_id");
        world.config["hostname"] = json!("login.localhost");
        world.server.publish(
            ListKind::Zorgaanbiederslijst,
            zal("https://login.localhost/a", "https://node.localhost/t"),
        );
    }),
    ("key file gone", "error:keys", |world| {
        world.store();
        world.config["doctor"]["keys"] = json!(world.bench.path().join("none.keys"));
    }),
    ("everybody may read the key file", "error:key-permissions", |world| {
        world.store();
        world.config["doctor"]["keys"] = json!(world.bench.file("store.keys", KEYS));
    }),
    ("key file damaged", "error:keys", |world| {
        world.store();
        world.keys("seal one\n");
    }),
    ("rows need a key that is gone", "error:keys-lacking", |world| {
        world.sealed();
        world.keys(&KEYS.replace("seal 1", "seal 2"));
    }),
    ("rows need an old key", "note:keys-old", |world| {
        world.sealed();
        let new = KEYS.lines().next().unwrap().replace("seal 1", "seal 2");
        world.keys(&format!("{KEYS}{new}\n"));
    }),
    ("PostgreSQL is down", "error:database", |world| {
        world.config["doctor"]["database"] = json!("host=127.0.0.1 port=1 user=dvza dbname=dvza");
    }),
    ("PostgreSQL elsewhere without TLS", "error:database", |world| {
        world.config["doctor"]["database"] = json!("host=db.example.nl user=dvza password=geheim dbname=dvza");
    }),
    ("log lines wait for hours", "warning:spool-backlog", |world| {
        world.spooled(3);
    }),
    ("log lines wait for days", "error:spool-backlog", |world| {
        world.spooled(30);
    }),
    ("log lines were refused", "error:spool-rejected", |world| {
        world.bench.file("spool/rejected/0000000000000003.batch", "{}\n");
    }),
    ("lists are kept that nobody refreshes", "warning:list-age", |world| {
        world.kept(HOUR);
    }),
    ("lists are kept past their end", "error:list-age", |world| {
        world.kept(10 * HOUR);
    }),
    ("our clock is wrong", "error:clock", |world| {
        let dated = Answer::Dated("Sun, 29 Mar 2026 12:00:00 GMT".to_owned());
        world.server.script(ListKind::Whitelist, [dated]);
    }),
];

/// A key file, as its form is.
const KEYS: &str =
    "seal 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nindex 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n";

impl World {
    /// A pack of texts of its own, in which something is changed.
    pub(super) fn texts(&mut self, change: impl Fn(&mut serde_json::Map<String, Value>)) {
        let Value::Object(mut pack) = serde_json::to_value(TextPack::example()).unwrap() else {
            unreachable!()
        };
        pack.remove("extra");
        pack["example"] = json!(false);
        for (name, text) in &mut pack {
            if let Some(sentence) = text.as_str().filter(|_| name != "version") {
                *text = json!(format!("{sentence} Echt."));
            }
        }
        change(&mut pack);
        let lines: String = pack.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        self.config["doctor"]["texts"] = json!(self.bench.file("texts.toml", lines));
    }

    /// An empty store in a file.
    pub(super) fn store(&mut self) {
        let path = self.bench.path().join("store.db");
        drop(SqliteStore::open(SqliteOptions::new(&path)).unwrap());
        self.config["doctor"]["store"] = json!(path);
    }

    /// A store with a row under key 1.
    fn sealed(&mut self) {
        self.store();
        let ring = LocalKeyRing::from_text(KEYS).unwrap();
        let sealed = ring.seal(b"of nobody", b"a test", &OsEntropy).unwrap();
        let of = ring.index(&Bsn::parse("999990019").unwrap()).unwrap();
        let store = SqliteStore::open(SqliteOptions::new(self.bench.path().join("store.db"))).unwrap();
        self.runtime.block_on(crate::store::granted(&store, of, sealed));
    }

    /// A key file for its owner only.
    pub(super) fn keys(&mut self, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.bench.file("store.keys", text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        self.config["doctor"]["keys"] = json!(path);
    }

    /// A line that has waited for so many hours.
    fn spooled(&self, hours: u32) {
        let at: chrono::DateTime<chrono::Utc> = (SystemTime::now() - hours * HOUR).into();
        let line = json!({ "event": { "datetime": at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true) } });
        self.bench.file("spool/0000000000000001.batch", format!("{line}\n"));
    }

    /// A Whitelist that was confirmed so long ago, as an application stored it.
    fn kept(&self, ago: Duration) {
        let storage = FileStorage::open(self.bench.path().join("kept")).unwrap();
        let key = StorageKey::new(SourceName::parse(STELSELNODE).unwrap(), 2, ListKind::Whitelist);
        let list = whitelist(1, &[super::OWN]);
        let copy = CopyToStore::new(
            list.as_bytes(),
            Volgnummer::parse("1").unwrap(),
            SystemTime::now() - ago,
        );
        storage.store(&key, &copy).unwrap();
    }
}
