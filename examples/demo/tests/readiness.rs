// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.lijsten.301, core.autorisatie.208 — faults of the applications themselves, beside those of a Node: a DVP and a DVZA that run are
//! never ready while requests of theirs would fail, say why, and are ready again by themselves when the fault is gone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // also in the helpers

use demo::{
    network::Network,
    roles::{Role, Roles},
};
use medmij_dvp::{collecting::OrderStore as _, journal::JournaledVault, person::PersonId};
use medmij_dvza::store::{Acting, GrantId, JournaledStore, Store as _};
use medmij_oauth::journal::Journal;
use medmij_store_sqlite::{SqliteOptions, SqliteStore, SqliteVault};
use medmij_types::OsEntropy;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What is done to a path, which somebody undoes.
#[derive(Clone, Copy, Debug)]
enum Done {
    /// It is taken away.
    Gone,
    /// An empty folder is in its place.
    Empty,
    /// A file is in its place.
    File,
}

/// A fault of one application.
struct Fault {
    path: PathBuf,
    done: Done,
    /// Whether it is still ready, with an alarm.
    ready: bool,
    part: &'static str,
    reason: &'static str,
}

fn fault(path: PathBuf, done: Done, part: &'static str, reason: &'static str) -> Fault {
    Fault {
        path,
        done,
        ready: false,
        part,
        reason,
    }
}

fn of_dvza(config: &dvza::Config) -> Vec<Fault> {
    let kept = |name: &str| config.node.folder.join(name);
    vec![
        fault(kept("journaal"), Done::Empty, "store", "journal-shorter"),
        fault(kept("journaal"), Done::File, "journal", "folder"),
        fault(kept("toestemmingen.db"), Done::Gone, "files", "other"),
        fault(kept("opslag.sleutels"), Done::Gone, "files", "other"),
        Fault {
            ready: true,
            ..fault(config.registration.clone(), Done::Gone, "registration", "source")
        },
        fault(config.node.folder.clone(), Done::File, "folder", "folder"),
    ]
}

fn of_dvp(config: &dvp::Config) -> Vec<Fault> {
    let kept = |name: &str| config.dossier.join(name);
    vec![
        fault(kept("journaal"), Done::Empty, "store", "journal-shorter"),
        fault(kept("journaal"), Done::File, "journal", "folder"),
        fault(kept("dossier.db"), Done::Gone, "files", "other"),
        fault(kept("accounts.db"), Done::Gone, "files", "other"),
        fault(kept("keys.txt"), Done::Gone, "files", "other"),
        fault(config.dossier.clone(), Done::File, "dossier", "folder"),
    ]
}

fn aside(path: &Path) -> PathBuf {
    path.with_extension("aside")
}

impl Fault {
    fn inject(&self) {
        std::fs::rename(&self.path, aside(&self.path)).unwrap();
        match self.done {
            Done::Gone => {}
            Done::Empty => std::fs::create_dir(&self.path).unwrap(),
            Done::File => std::fs::write(&self.path, "a file").unwrap(),
        }
    }

    fn undo(&self) {
        let instead = self.path.with_extension("instead");
        match self.done {
            Done::Gone => {}
            // a probe may be writing there
            Done::Empty | Done::File => std::fs::rename(&self.path, &instead).unwrap(),
        }
        std::fs::rename(aside(&self.path), &self.path).unwrap();
        let _ = std::fs::remove_file(&instead);
        let _ = std::fs::remove_dir_all(&instead);
    }
}

/// Whether it is ready, and what was found.
async fn readiness(operator: SocketAddr) -> (bool, serde_json::Value) {
    let mut stream = TcpStream::connect(operator).await.unwrap();
    let request = format!("GET /ready HTTP/1.1\r\nHost: {operator}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(head.starts_with("HTTP/1.1 200"), body["ready"] == true);
    (body["ready"] == true, body["findings"].clone())
}

/// It looks every five seconds; how long a look takes depends on the machine.
async fn until(operator: SocketAddr, what: &str, good: impl Fn(bool, &[serde_json::Value]) -> bool) {
    let start = Instant::now();
    loop {
        let (ready, findings) = readiness(operator).await;
        if good(ready, findings.as_array().unwrap()) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(120), "{what}: {findings}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn meet(name: &str, operator: SocketAddr, faults: Vec<Fault>) {
    // what is wrong on a machine of tests stays so: many files open, little room
    let bad = |findings: &[serde_json::Value]| findings.iter().any(|found| found["severity"] == "not-ready");
    until(operator, name, |ready, _| ready).await;
    for fault in faults {
        let what = format!("{name}: {} {:?}", fault.path.display(), fault.done);
        fault.inject();
        until(operator, &what, |ready, findings| {
            let named = |found: &serde_json::Value| found["part"] == fault.part && found["reason"] == fault.reason;
            ready == fault.ready && findings.iter().any(named)
        })
        .await;
        fault.undo();
        until(operator, &format!("{what}, cured"), |ready, findings| {
            ready
                && !bad(findings)
                && !findings
                    .iter()
                    .any(|found| found["part"] == fault.part && found["reason"] == fault.reason)
        })
        .await;
    }
}

/// The journal of each has an entry before it starts.
async fn something_ended(network: &Network) {
    let folder = &network.dvzas[0].node.folder;
    std::fs::create_dir_all(folder).unwrap();
    let store = SqliteStore::open(SqliteOptions::new(folder.join("toestemmingen.db"))).unwrap();
    let store = JournaledStore::new(store, Journal::open(folder.join("journaal"), "dvza").unwrap());
    let grant = GrantId::random(&OsEntropy).unwrap();
    store.revoke_grant(&grant, &Acting::system()).await.unwrap();

    let folder = &network.dvp.dossier;
    std::fs::create_dir_all(folder).unwrap();
    let vault = SqliteVault::open(SqliteOptions::new(folder.join("dossier.db"))).unwrap();
    let vault = JournaledVault::new(vault, Journal::open(folder.join("journaal"), "dvp").unwrap());
    vault.cancel_orders(PersonId::new(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dvp_and_a_dvza_are_not_ready_while_their_own_files_are_gone_and_ready_again_when_they_are_back() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build(folder.path()).unwrap();
    something_ended(&network).await;
    let roles = Roles::start_these(&network, &[Role::DvzaEen, Role::Dvp]).await.unwrap();
    let (dvza, dvp) = (&network.dvzas[0], &network.dvp);
    tokio::join!(
        meet("dvza", dvza.operator.unwrap(), of_dvza(dvza)),
        meet("dvp", dvp.operator.unwrap(), of_dvp(dvp)),
    );
    roles.stop().await;
}
