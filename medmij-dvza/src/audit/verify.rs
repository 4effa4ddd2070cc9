// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether the log is what was written: every entry has the hash that its chain asks, every chain passes through every
//! checkpoint, every checkpoint is signed, and the archive outside the database has the same ones.

use std::{collections::BTreeMap, fmt};

use super::{AuditError, CheckpointArchive, CheckpointVerifier, processes::Processes};
use crate::store::{AuditHead, AuditRecord, EntryHash, KeptEntries, SignedCheckpoint, Store};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditReport {
    /// Entries that were looked at.
    pub entries: u64,
    /// Chains.
    pub chains: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Entries after the last checkpoint: no signature covers them yet.
    pub after_checkpoint: u64,
    /// Entries whose Persoon was held against the chain.
    pub persons: u64,
    /// Entries whose Persoon was erased, or came under another index key.
    pub replaced: u64,
    /// Processes that began to write access entries and of which no end is known: each runs, or was cut off and lost a second's
    /// worth of them at most, which nobody counted yet.
    pub not_stopped: u64,
    /// Processes that were cut off, as the next one wrote down ([`Server::count_audit`](crate::Server::count_audit)).
    pub cut_off: u64,
    /// Access entries that processes which ended took in and did not write.
    pub lost: u64,
    /// Processes that were cut off and of which it is not known how many they took in: the machine lost power.
    pub uncounted: u64,
    /// What is wrong; nothing where the log is what was written.
    pub faults: Vec<AuditFault>,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditFault {
    /// A checkpoint is missing, or cannot be read.
    Checkpoint(u64),
    /// A checkpoint does not follow on the one before.
    CheckpointOrder(u64),
    /// A signature is not genuine, or of a key that is not trusted.
    Signature(u64),
    /// The archive outside the database lacks a checkpoint, or has another one.
    Archive(u64),
    /// Entries of a chain are missing, from this place on.
    Missing(u32, u64),
    /// An entry of a chain was changed, or put in.
    Changed(u32, u64),
    /// A chain does not pass through the checkpoint.
    NotCovered(u32, u64),
    /// Entries that were kept when others were destroyed are not those of then.
    Unreadable(u32),
    /// The Persoon beside an entry is another than the chain commits to.
    Persoon(u32, u64),
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint(number) => write!(f, "checkpoint {number} is missing or cannot be read"),
            Self::CheckpointOrder(number) => write!(f, "checkpoint {number} does not follow on the one before"),
            Self::Signature(number) => write!(f, "checkpoint {number} has no genuine signature of a trusted key"),
            Self::Archive(number) => write!(f, "checkpoint {number} is not the same in store and archive"),
            Self::Missing(chain, at) => write!(f, "chain {chain}: entry {at} is missing"),
            Self::Changed(chain, at) => write!(f, "chain {chain}: entry {at} was changed or put in"),
            Self::NotCovered(chain, number) => write!(f, "chain {chain} is not the one of checkpoint {number}"),
            Self::Unreadable(chain) => write!(f, "chain {chain}: entries that were kept at destruction are others now"),
            Self::Persoon(chain, at) => write!(f, "chain {chain}: entry {at} names another persoon"),
        }
    }
}

/// Reads the whole log and says what is wrong with it. It reads every entry: a job for the night, or for an inspection.
///
/// # Errors
///
/// [`AuditError`] where store or archive cannot be read; what is wrong with the log is in the report.
pub async fn verify<S: Store, A: CheckpointArchive>(
    store: &S,
    archive: &A,
    keys: &dyn CheckpointVerifier,
) -> Result<AuditReport, AuditError> {
    let mut report = AuditReport::default();
    // checkpoints first: what is written meanwhile is after them
    let signed = checkpoints(store, archive, keys, &mut report).await?;
    let heads = store.audit_heads().await?;
    let mut processes = Processes::default();
    let lost = signed
        .last
        .iter()
        .filter(|cut| heads.iter().all(|head| head.chain != cut.chain));
    report
        .faults
        .extend(lost.map(|cut| AuditFault::Missing(cut.chain, cut.cut + 1)));
    for head in heads {
        report.chains += 1;
        chain(store, &head, &signed, (&mut report, &mut processes)).await?;
    }
    let counted = processes.counted();
    (report.lost, report.not_stopped) = (counted.lost, counted.not_stopped);
    (report.cut_off, report.uncounted) = (counted.cut_off, counted.uncounted);
    Ok(report)
}

/// What the checkpoints say.
#[derive(Default)]
struct Signed {
    /// The chains as the last checkpoint has them.
    last: Vec<AuditHead>,
    /// By chain and place: the hash, and which checkpoint says so.
    marks: BTreeMap<(u32, u64), (EntryHash, u64)>,
}

async fn checkpoints<S: Store, A: CheckpointArchive>(
    store: &S,
    archive: &A,
    keys: &dyn CheckpointVerifier,
    report: &mut AuditReport,
) -> Result<Signed, AuditError> {
    let (mut signed, mut previous, mut last) = (Signed::default(), EntryHash::default(), 0);
    let outside = archive.last().await?;
    loop {
        let batch = store.checkpoints(last, BATCH).await?;
        if batch.is_empty() {
            break;
        }
        for each in batch {
            report.checkpoints += 1;
            report
                .faults
                .extend((last + 1..each.number).take(MOST).map(AuditFault::Checkpoint));
            last = each.number;
            if archive.read(last).await?.as_ref() != Some(&each) {
                report.faults.push(AuditFault::Archive(last));
            }
            judge(&each, keys, previous, &mut signed, report);
            previous = EntryHash::of(&[each.text.as_bytes()]);
        }
    }
    // somebody took the newest ones away
    report
        .faults
        .extend((last + 1..=outside).take(MOST).map(AuditFault::Archive));
    Ok(signed)
}

fn judge(
    each: &SignedCheckpoint,
    keys: &dyn CheckpointVerifier,
    previous: EntryHash,
    signed: &mut Signed,
    report: &mut AuditReport,
) {
    let number = each.number;
    if !keys.is_genuine(&each.key, each.text.as_bytes(), &each.signature) {
        report.faults.push(AuditFault::Signature(number));
    }
    let Some(checkpoint) = each.checkpoint() else {
        report.faults.push(AuditFault::Checkpoint(number));
        return;
    };
    if checkpoint.previous != previous {
        report.faults.push(AuditFault::CheckpointOrder(number));
    }
    for head in &checkpoint.heads {
        let mark = (head.hash, number);
        signed.marks.entry((head.chain, head.position)).or_insert(mark);
    }
    signed.last = checkpoint.heads;
}

async fn chain<S: Store>(
    store: &S,
    head: &AuditHead,
    signed: &Signed,
    (report, processes): (&mut AuditReport, &mut Processes),
) -> Result<(), AuditError> {
    let number = head.chain;
    let empty = AuditHead::empty(number);
    let cut = signed.last.iter().find(|each| each.chain == number).unwrap_or(&empty);
    let (mut retained, mut position, mut hash) = (Vec::new(), cut.cut, cut.base);
    let mut after = 0;
    let mut covered = cut.cut;
    loop {
        let batch = store.audit_chain(number, after, BATCH).await?;
        let Some(newest) = batch.last() else { break };
        after = newest.position;
        for record in batch {
            count(&record, report);
            processes.add(&record.entry);
            if record.position <= cut.cut {
                retained.push(record);
                continue;
            }
            if record.position > position + 1 {
                report.faults.push(AuditFault::Missing(number, position + 1));
            } else if record.hash_after(&hash) != record.hash {
                report.faults.push(AuditFault::Changed(number, record.position));
            }
            (position, hash) = (record.position, record.hash);
            if let Some((mark, checkpoint)) = signed.marks.get(&(number, position)) {
                covered = position;
                if *mark != hash {
                    report.faults.push(AuditFault::NotCovered(number, *checkpoint));
                }
            }
        }
    }
    if position < head.position.max(cut.position) {
        report.faults.push(AuditFault::Missing(number, position + 1));
    }
    if KeptEntries::of(&retained) != cut.kept {
        report.faults.push(AuditFault::Unreadable(number));
    }
    report.after_checkpoint += position - covered;
    Ok(())
}

fn count(record: &AuditRecord, report: &mut AuditReport) {
    report.entries += 1;
    match record.is_of_persoon() {
        Some(true) => report.persons += 1,
        Some(false) => {
            let fault = AuditFault::Persoon(record.chain, record.position);
            report.faults.push(fault);
        }
        None => report.replaced += u64::from(record.commitment.is_some()),
    }
}

const BATCH: usize = 500;

/// No more faults of one kind for what is missing in a row.
const MOST: usize = 20;
