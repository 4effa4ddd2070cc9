// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.100, core.logging.101, NEN 7513 — the audit log as a log: chained, found by Persoon and period, destroyed at a
//! checkpoint after its term and not before.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use medmij_dvza::{
    audit::{self as log, AuditError, AuditReport, CheckpointArchive, CheckpointSigner, CheckpointVerifier},
    store::{
        Acting, Actor, AuditEntry, AuditKind, AuditObject, AuditOutcome, AuditQuery, AuditTerm, DangerShiftClock,
        GrantId, Granted, RedeemedCode, SignedCheckpoint,
    },
};
use medmij_oauth::{Vertegenwoordiging, seal::PersoonIndex, storage::SecretHash};
use medmij_types::{CorrelationId, GegevensdienstId, OsEntropy};

use super::fixtures::{audit, client, granted, host, name, new_grant, open, redeem};

/// A signer for tests: whoever reads this can forge it.
pub(super) struct Signer;

impl CheckpointSigner for Signer {
    fn key(&self) -> String {
        "test".to_owned()
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, AuditError> {
        Ok(SecretHash::of(&String::from_utf8_lossy(text)).as_bytes().to_vec())
    }
}

impl CheckpointVerifier for Signer {
    fn is_genuine(&self, key: &str, text: &[u8], signature: &[u8]) -> bool {
        key == self.key() && self.sign(text).is_ok_and(|genuine| genuine == signature)
    }
}

/// An archive in memory.
#[derive(Default)]
pub(super) struct Archive(Mutex<BTreeMap<u64, SignedCheckpoint>>);

impl CheckpointArchive for Archive {
    async fn last(&self) -> Result<u64, AuditError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.last_key_value().map_or(0, |(number, _)| *number))
    }

    async fn keep(&self, checkpoint: &SignedCheckpoint) -> Result<(), AuditError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = checkpoint.number;
        let there = kept.entry(number).or_insert_with(|| checkpoint.clone());
        if there == checkpoint {
            Ok(())
        } else {
            Err(AuditError::Other(number))
        }
    }

    async fn read(&self, number: u64) -> Result<Option<SignedCheckpoint>, AuditError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.get(&number).cloned())
    }
}

async fn verified<S: DangerShiftClock>(store: &S, archive: &Archive) -> AuditReport {
    let report = log::verify(store, archive, &Signer).await.expect("verify");
    assert_eq!(report.faults, []);
    report
}

async fn checkpoint<S: DangerShiftClock>(store: &S, archive: &Archive) -> u64 {
    let now = SystemTime::now();
    let made = log::checkpoint(store, &Signer, archive, now).await.expect("checkpoint");
    made.number
}

async fn destroy<S: DangerShiftClock>(store: &S, archive: &Archive) -> u64 {
    let when = (AuditTerm::default(), SystemTime::now());
    log::destroy(store, &Signer, archive, when).await.expect("destroy")
}

async fn shift<S: DangerShiftClock>(store: &S, days: u64) {
    let by = Duration::from_secs(days * 86_400);
    store.danger_shift_clock(by).await.expect("shift");
}

fn persoon(version: u32) -> PersoonIndex {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&version.to_be_bytes());
    PersoonIndex::from_bytes(bytes)
}

/// An entry with every field.
fn access(persoon: PersoonIndex, at: SystemTime) -> AuditEntry {
    let trace_id = CorrelationId::random(&OsEntropy).expect("entropy");
    let by = Acting::new(Actor::Client(Some(host("pgo.example.nl"))));
    let mut entry = AuditEntry::of(
        AuditKind::Accessed,
        AuditObject::HealthData,
        by.at(&host("dvza.example.nl"), Some(&trace_id)),
    );
    entry.at = Some(at);
    entry.persoon = Some(persoon);
    entry.aanbieder = Some(name());
    entry.gegevensdiensten = ["48", "49"].map(|id| GegevensdienstId::parse(id).expect("id")).to_vec();
    entry.client_id = Some(client("pgo.example.nl"));
    entry.outcome = AuditOutcome::Refused;
    entry.grant = Some(GrantId::random(&OsEntropy).expect("entropy"));
    entry
}

/// Every field comes back as it was written; whoever writes at once, the chains hold; a change of nothing is found.
pub async fn audit_entries_are_chained_whoever_writes_at_once<S: DangerShiftClock>(store: Arc<S>) {
    let archive = Archive::default();
    assert_eq!(verified(&*store, &archive).await, AuditReport::default());
    assert_eq!(checkpoint(&*store, &archive).await, 1);
    let writers = (0..8).map(|n| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for _ in 0..5 {
                let now = SystemTime::now();
                let batch = vec![access(persoon(n), now), access(persoon(n), now)];
                store.audit(batch).await.expect("audit");
                let _ = granted(&*store, true).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("writer");
    }
    let report = verified(&*store, &archive).await;
    assert_eq!(
        (report.entries, report.after_checkpoint, report.persons),
        (120, 120, 120)
    );
    assert_eq!(checkpoint(&*store, &archive).await, 2);
    assert_eq!(verified(&*store, &archive).await.after_checkpoint, 0);

    let mut by: Vec<Acting> = vec![Acting::system(), Acting::operator("ann ü"), Acting::persoon()];
    by.push(Acting::new(Actor::Representative(
        Vertegenwoordiging::ParentalAuthority,
    )));
    by.push(Acting::new(Actor::Client(None)));
    let mut written = vec![access(
        persoon(1),
        SystemTime::UNIX_EPOCH + Duration::from_micros(1_764_535_505_123_456),
    )];
    written.extend(
        by.into_iter()
            .map(|by| AuditEntry::of(AuditKind::Read, AuditObject::AuditLog, by)),
    );
    store.audit(written.clone()).await.expect("audit");
    let newest = store
        .audit_entries(&AuditQuery::default().newest_first(), 6)
        .await
        .expect("entries");
    assert_eq!(newest.last().map(|record| record.micros), Some(1_764_535_505_123_456));
    written[0].at = None;
    let read: Vec<_> = newest.into_iter().rev().map(|record| record.entry).collect();
    assert_eq!(read, written);
    verified(&*store, &archive).await;
}

/// By Persoon over every version of the index key, by period, in pages and in both orders.
pub async fn audit_entries_are_found_by_persoon_and_period<S: DangerShiftClock>(store: Arc<S>) {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_000_000);
    let at = |hours: u64| start + Duration::from_secs(hours * 3600);
    for hour in 0..10 {
        let of = persoon(1 + u32::try_from(hour % 3).expect("small"));
        store.audit(vec![access(of, at(hour))]).await.expect("audit");
    }
    let read = async |query: AuditQuery, batch| {
        let records = store.audit_entries(&query, batch).await.expect("entries");
        let hours = |at: SystemTime| at.duration_since(start).expect("later").as_secs() / 3600;
        records.iter().map(|record| hours(record.at())).collect::<Vec<_>>()
    };
    let both = || AuditQuery::of_persoon(vec![persoon(2), persoon(1)]);
    assert_eq!(read(both(), 100).await, [0, 1, 3, 4, 6, 7, 9]);
    assert_eq!(read(both().newest_first(), 3).await, [9, 7, 6]);
    assert_eq!(read(AuditQuery::of_persoon(vec![persoon(3)]), 100).await, [2, 5, 8]);
    assert_eq!(read(AuditQuery::of_persoon(vec![]), 100).await, Vec::<u64>::new());
    assert_eq!(read(AuditQuery::between(at(3), at(6)), 100).await, [3, 4, 5]);
    for newest_first in [false, true] {
        let (mut query, mut all) = (AuditQuery::default(), Vec::new());
        query.newest_first = newest_first;
        loop {
            let page = store.audit_entries(&query, 4).await.expect("entries");
            let Some(last) = page.last() else { break };
            query = query.after(last.number);
            all.extend(page.iter().map(|record| record.number));
        }
        assert_eq!(all.len(), 10);
        assert!(all.is_sorted_by(|one, next| if newest_first { one > next } else { one < next }));
    }
}

/// The Persoon beside the chain comes under another key, or is erased, and the chain stays as it is.
pub async fn audit_chain_survives_that_a_persoon_is_rekeyed_and_erased<S: DangerShiftClock>(store: Arc<S>) {
    let archive = Archive::default();
    for version in [1, 1, 2] {
        let batch = vec![access(persoon(version), SystemTime::now())];
        store.audit(batch).await.expect("audit");
    }
    checkpoint(&*store, &archive).await;
    let replace = async |from: u32, to: Option<u32>| {
        let to = to.map(persoon);
        store
            .replace_persoon(&[persoon(from)], to.as_ref())
            .await
            .expect("replace")
    };
    assert_eq!(replace(1, Some(3)).await, 2);
    assert_eq!(replace(1, Some(3)).await, 0);
    assert_eq!(replace(2, None).await, 1);
    let used = store.key_use().await.expect("use");
    assert_eq!(used.index.into_iter().collect::<Vec<_>>(), [(3, 2)]);
    let found = store.audit_entries(&AuditQuery::of_persoon(vec![persoon(3)]), 9).await;
    assert_eq!(found.expect("entries").len(), 2);
    let report = verified(&*store, &archive).await;
    assert_eq!((report.entries, report.persons, report.replaced), (3, 0, 3));
}

/// A checkpoint has the next number, or it is not kept; each names the one before.
pub async fn audit_checkpoints_follow_on_each_other<S: DangerShiftClock>(store: Arc<S>) {
    let archive = Archive::default();
    for number in 1..=3 {
        store
            .audit(vec![access(persoon(1), SystemTime::now())])
            .await
            .expect("audit");
        assert_eq!(checkpoint(&*store, &archive).await, number);
    }
    let kept = store.checkpoints(1, 10).await.expect("checkpoints");
    assert_eq!(kept.iter().map(|each| each.number).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(store.last_checkpoint().await.expect("checkpoint"), kept.last().cloned());
    for number in [2, 3, 5] {
        let other = SignedCheckpoint::new(number, "x", "test", vec![1]);
        assert!(!store.add_checkpoint(&other).await.expect("add"), "{number}");
    }
    verified(&*store, &archive).await;
    // taken away outside, or inside, it is missed
    archive.0.lock().expect("lock").remove(&2);
    let report = log::verify(&*store, &archive, &Signer).await.expect("verify");
    assert_eq!(report.faults, [log::AuditFault::Archive(2)]);
}

/// What is past its term goes, where a checkpoint covers it; a consent stays as long as its grant lives, and the term after.
pub async fn core_logging_101_entries_are_destroyed_at_a_checkpoint_after_their_term<S: DangerShiftClock>(
    store: Arc<S>,
) {
    let archive = Archive::default();
    let new = new_grant(open(&*store).await, true);
    let (id, code, binding) = (new.grant.id.clone(), new.code, new.binding);
    assert_eq!(store.grant(new).await.expect("grant"), Granted::Done);
    let mut tokens = redeem(binding);
    if let Some(refresh) = &mut tokens.refresh {
        refresh.lifetime = Duration::from_secs(5 * 365 * 86_400);
    }
    let taken = store.take_code(&code, &tokens).await.expect("take");
    assert!(matches!(taken, RedeemedCode::Fresh(_)), "{taken:?}");
    for _ in 0..4 {
        store
            .audit(vec![access(persoon(1), SystemTime::now())])
            .await
            .expect("audit");
    }
    // another consent, of which the grant lapses at once
    let _ = granted(&*store, false).await;
    shift(&*store, 3).await;
    while store.purge(100).await.expect("purge") > 0 {}

    // old enough, but no checkpoint covers it
    shift(&*store, 729).await;
    assert_eq!(destroy(&*store, &archive).await, 0);
    // covered, and the term has passed for all but the consent that lapsed three days later
    checkpoint(&*store, &archive).await;
    store
        .audit(vec![access(persoon(2), SystemTime::now())])
        .await
        .expect("audit");
    assert_eq!(destroy(&*store, &archive).await, 4);
    assert_eq!(verified(&*store, &archive).await.entries, 3);
    assert_eq!(destroy(&*store, &archive).await, 0);
    shift(&*store, 3).await;
    assert_eq!(destroy(&*store, &archive).await, 1);
    let kinds = async || {
        let entries = store.danger_audit().await.expect("audit");
        entries.iter().map(|entry| entry.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds().await, [AuditKind::Consented, AuditKind::Accessed]);

    // the grant ends: its consent stays for the term from now on, and everything goes in the end
    store.revoke_grant(&id, &Acting::operator("ann")).await.expect("revoke");
    checkpoint(&*store, &archive).await;
    shift(&*store, 700).await;
    assert_eq!(destroy(&*store, &archive).await, 0);
    shift(&*store, 32).await;
    assert_eq!(destroy(&*store, &archive).await, 3);
    assert_eq!(kinds().await, []);
    assert_eq!(verified(&*store, &archive).await.entries, 0);
    // and the chain goes on
    store.audit(vec![audit(AuditKind::Refused)]).await.expect("audit");
    assert_eq!(verified(&*store, &archive).await.entries, 1);
}
