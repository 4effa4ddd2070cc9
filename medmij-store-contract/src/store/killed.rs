// SPDX-License-Identifier: AGPL-3.0-or-later
//! NEN 7513 — processes that are killed while they serve: what each had taken in and not written is counted to the entry.
//!
//! A test of a store runs itself again as the process that serves, so it begins with asking [`to_be_killed`].

use std::{
    collections::HashMap,
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use medmij_dvza::{
    audit::{self, AuditError, CheckpointArchive, CheckpointVerifier},
    store::{AuditKind, AuditQuery, DangerShiftClock, SignedCheckpoint, Store},
};
use medmij_oauth::policy::ClientBinding;

use super::dvza::{code, is_covered, peer, server};

/// Where the process is to serve that is to be killed, where this is one.
#[must_use]
pub fn to_be_killed() -> Option<PathBuf> {
    env::var_os(PLACE).map(PathBuf::from)
}

/// Lets accesses through and says so, one a line, until it is killed. They are counted in the folder.
pub async fn serve_until_killed<S: DangerShiftClock>(store: Arc<S>, folder: &Path) {
    let server = server(&store, ClientBinding::learn());
    server.count_audit(folder).await.expect("count");
    let (dvp, received) = code(&server, false).await;
    let (request, exchange) = dvp.token_request(received).expect("request");
    let answer = server.token(&request, &peer("pgo.example.nl")).await;
    let tokens = dvp.tokens(exchange, &answer).expect("tokens");
    let writing = server.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(30)).await;
            writing.flush_audit().await.expect("flush");
        }
    });
    loop {
        assert!(is_covered(&server, &tokens, "pgo.example.nl").await);
        writeln!(io::stdout(), "{SERVED}").expect("output");
    }
}

/// Runs a test of this program as the process that serves at a place, and kills it once it served so often; how often it said
/// that it served.
pub fn kill_after(test: &str, place: &Path, served: usize) -> u64 {
    let mut child = Command::new(env::current_exe().expect("program"))
        .args([test, "--exact", "--nocapture"])
        .env(PLACE, place)
        .stdout(Stdio::piped())
        .spawn()
        .expect("spawn");
    let output = BufReader::new(child.stdout.take().expect("output")).lines();
    let mut said = output.map_while(Result::ok).filter(|line| line == SERVED);
    let heard = said.by_ref().take(served).count();
    child.kill().expect("kill");
    let rest = said.count();
    child.wait().expect("wait");
    assert_eq!(heard, served, "it ended by itself");
    (heard + rest) as u64
}

/// The next process finds what those took in that were killed after they said that they served so often, and the report says
/// what of it is not in the log.
pub async fn the_loss_of_killed_processes_is_counted<S: DangerShiftClock>(store: Arc<S>, folder: &Path, said: &[u64]) {
    let server = server(&store, ClientBinding::learn());
    server.count_audit(folder).await.expect("count");
    let (mut taken, mut written) = (HashMap::new(), HashMap::<String, u64>::new());
    let mut query = AuditQuery::default();
    loop {
        let page = store.audit_entries(&query, 500).await.expect("entries");
        let Some(last) = page.last() else { break };
        query = query.after(last.number);
        for record in &page {
            let (process, number) = record.entry.texts.rsplit_once('/').unwrap_or_default();
            match record.entry.kind {
                AuditKind::CutOff => {
                    let number = number.parse::<u64>().expect("a number");
                    assert_eq!(taken.insert(process.to_owned(), number), None, "counted once");
                }
                AuditKind::Accessed => *written.entry(process.to_owned()).or_default() += 1,
                _ => {}
            }
        }
    }
    let sum: u64 = taken.values().sum();
    let heard: u64 = said.iter().sum();
    // each process may have been killed between taking one in and saying so
    assert!((heard..=heard + said.len() as u64).contains(&sum), "{sum} {said:?}");
    let report = audit::verify(&*store, &Nowhere, &Nowhere).await.expect("report");
    assert_eq!(report.faults, []);
    assert_eq!(
        report.lost,
        sum - written.values().sum::<u64>(),
        "{taken:?} {written:?}"
    );
    assert_eq!((report.cut_off, report.uncounted), (said.len() as u64, 0));
    assert_eq!(report.not_stopped, 1, "this one runs");
    server.stop_audit().await.expect("stop");
    let report = audit::verify(&*store, &Nowhere, &Nowhere).await.expect("report");
    assert_eq!(report.not_stopped, 0);
    assert_eq!(std::fs::read_dir(folder).expect("folder").count(), 0, "all are counted");
}

/// No checkpoints.
struct Nowhere;

impl CheckpointArchive for Nowhere {
    async fn last(&self) -> Result<u64, AuditError> {
        Ok(0)
    }

    async fn keep(&self, _: &SignedCheckpoint) -> Result<(), AuditError> {
        Ok(())
    }

    async fn read(&self, _: u64) -> Result<Option<SignedCheckpoint>, AuditError> {
        Ok(None)
    }
}

impl CheckpointVerifier for Nowhere {
    fn is_genuine(&self, _: &str, _: &[u8], _: &[u8]) -> bool {
        false
    }
}

const PLACE: &str = "MEDMIJ_SERVE_UNTIL_KILLED";

const SERVED: &str = "served";
