// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.204, NEN 7513 — what a DVP did with a token is gathered, and written for many at once; consent and its end are
//! not: they commit with the grant.

#[cfg(feature = "files")]
mod tally;

#[cfg(feature = "files")]
use std::path::Path;
use std::{
    mem,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use http::HeaderMap;
use medmij_oauth::{Function, storage::StoreError, wire::RequestIds};
use medmij_types::{Aanbiedernaam, Entropy, GegevensdienstId, PeerNames};

use super::{Dvza, GrantedAccess, GuardError, Persoon, Server, StepError, alarm::Alarm};
use crate::store::{Acting, Actor, AuditEntry, AuditKind, AuditObject, AuditOutcome, Store as _};

/// What was gathered by one process, and is not written yet.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    waiting: Mutex<Waiting>,
    /// The name of this process in the log.
    process: OnceLock<String>,
    /// Whether the log says that this process began.
    started: AtomicBool,
    /// Whether the store was last found unable to take what was gathered.
    late: AtomicBool,
    /// Whether somebody is about to write.
    #[cfg(feature = "axum")]
    flushing: AtomicBool,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: Vec<AuditEntry>,
    /// How many were ever taken in.
    taken: u64,
    /// How many of them have their number.
    numbered: u64,
    /// Where `taken` stands for whoever comes after this process.
    #[cfg(feature = "files")]
    tally: Option<tally::Tally>,
}

/// Why an entry is not taken in.
enum NoRoom {
    Full,
    #[cfg(feature = "files")]
    Tally(std::io::Error),
}

impl Gathered {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one, where there is room. It is counted first: what is served and not counted could be lost unseen.
    fn add(&self, entry: AuditEntry, most: usize) -> Result<(), NoRoom> {
        let mut waiting = self.waiting();
        if waiting.entries.len() >= most {
            return Err(NoRoom::Full);
        }
        #[cfg(feature = "files")]
        if let Some(tally) = &waiting.tally {
            tally.set(waiting.taken + 1).map_err(NoRoom::Tally)?;
        }
        waiting.taken += 1;
        waiting.entries.push(entry);
        Ok(())
    }

    /// What waits, each entry with its number.
    fn take(&self, process: &str) -> Vec<AuditEntry> {
        let mut waiting = self.waiting();
        let mut entries = mem::take(&mut waiting.entries);
        // what was put back has its number already
        for entry in entries.iter_mut().filter(|entry| entry.texts.is_empty()) {
            waiting.numbered += 1;
            entry.texts = format!("{process}/{}", waiting.numbered);
        }
        entries
    }

    /// Puts back what could not be written, before what came since.
    fn put_back(&self, mut entries: Vec<AuditEntry>) {
        let mut waiting = self.waiting();
        entries.append(&mut waiting.entries);
        waiting.entries = entries;
    }

    fn len(&self) -> usize {
        self.waiting().entries.len()
    }

    /// The name of this process: random, so that no other has it.
    fn process(&self, entropy: &dyn Entropy) -> Result<&str, StoreError> {
        if let Some(process) = self.process.get() {
            return Ok(process);
        }
        let mut name = [0; 12];
        entropy.fill(&mut name).map_err(StoreError::unavailable)?;
        Ok(self.process.get_or_init(|| URL_SAFE_NO_PAD.encode(name)))
    }
}

impl Drop for Gathered {
    fn drop(&mut self) {
        let lost = self.len();
        if lost > 0 {
            tracing::error!(
                lost,
                "audit entries were not written: call Server::stop_audit before the end"
            );
        }
    }
}

impl<D: Dvza> Server<D> {
    /// Writes the access entries that were gathered; how many. The layer `router::guard` has this done within a second by
    /// itself, and `flush_audit_soon` does it for others. Whoever has neither calls this every second: where the entries fill up
    /// ([`ServerConfig::audit_waiting`](super::ServerConfig::audit_waiting)), the guard answers 503.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nothing is lost, the next call writes it. An event `audit_late` is raised, once.
    pub async fn flush_audit(&self) -> Result<usize, StoreError> {
        if self.gathered.len() == 0 {
            return Ok(0);
        }
        let process = self.gathered.process(&*self.config.entropy)?;
        let mut entries = self.gathered.take(process);
        let count = entries.len();
        if !self.gathered.started.swap(true, Ordering::Relaxed) {
            entries.insert(0, self.own_entry(AuditKind::Started, process, Some(0)));
        }
        let done = self.write_audit(entries).await;
        if self.gathered.late.swap(done.is_err(), Ordering::Relaxed) != done.is_err() {
            let what = if done.is_err() {
                "access entries of the audit log cannot be written now, and wait"
            } else {
                "access entries of the audit log are written again"
            };
            self.raise(Alarm::AuditLate, None, None, what);
        }
        done.map(|()| count)
    }

    /// Writes what was gathered and that this process ends. Call it when no request is served any more.
    ///
    /// # Errors
    ///
    /// [`StoreError`]. Call it again, or what was gathered is lost: the drop of the last server says how much, in an
    /// event of `tracing`, and the log shows a process without its end.
    pub async fn stop_audit(&self) -> Result<(), StoreError> {
        self.flush_audit().await?;
        if self.gathered.started.load(Ordering::Relaxed) {
            let process = self.gathered.process(&*self.config.entropy)?;
            let taken = self.gathered.waiting().numbered;
            let stopped = self.own_entry(AuditKind::Stopped, process, Some(taken));
            self.dvza.store().audit(vec![stopped]).await?;
            self.gathered.started.store(false, Ordering::Relaxed);
            #[cfg(feature = "files")]
            if let Some(tally) = self.gathered.waiting().tally.take()
                && let Err(error) = tally.remove()
            {
                tracing::warn!(%error, "the count of audit entries of this process stays: the next one counts it again");
            }
        }
        Ok(())
    }

    /// Counts the access entries that this process takes in, in a file of this folder, and writes into the log how many those
    /// processes took in that were cut off since the last call: [`audit::verify`](crate::audit::verify) then says how many of
    /// them were lost. Call it once at the start, before anything is served. Processes on one machine share the folder; it has to
    /// be there again when the process is started again.
    ///
    /// The number is written with each access that is let through (one write of 21 bytes to a file, which nobody waits for on
    /// its way to the disk); where it cannot be written, nothing is served. It is exact where the process ends, and not where the
    /// machine loses power: then the report says of which processes it is not known.
    ///
    /// # Errors
    ///
    /// [`AuditError`](crate::audit::AuditError) where the folder cannot be used, or the store cannot be written to.
    #[cfg(feature = "files")]
    pub async fn count_audit(&self, folder: impl AsRef<Path>) -> Result<(), crate::audit::AuditError> {
        let failed = |source: std::io::Error| crate::audit::AuditError::Archive {
            what: "counting access entries",
            source: source.into(),
        };
        let process = self.gathered.process(&*self.config.entropy)?;
        let left = tally::Tally::left(folder.as_ref()).map_err(failed)?;
        let tally = tally::Tally::open(folder.as_ref(), process).map_err(failed)?;
        let mut entries = vec![self.own_entry(AuditKind::Started, process, Some(0))];
        let cut_off = |each: &tally::Left| self.own_entry(AuditKind::CutOff, &each.process, each.taken);
        entries.extend(left.iter().map(cut_off));
        self.dvza.store().audit(entries).await?;
        self.gathered.started.store(true, Ordering::Relaxed);
        self.gathered.waiting().tally = Some(tally);
        left.into_iter().try_for_each(tally::Left::remove).map_err(failed)
    }

    /// How many access entries wait to be written.
    #[must_use]
    pub fn audit_waiting(&self) -> usize {
        self.gathered.len()
    }

    async fn write_audit(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        let mut left = entries;
        while !left.is_empty() {
            let rest = left.split_off(left.len().min(BATCH));
            if let Err(error) = self.dvza.store().audit(left.clone()).await {
                left.extend(rest);
                self.gathered.put_back(left);
                return Err(error);
            }
            left = rest;
        }
        Ok(())
    }

    /// An entry on a process, and how many access entries it took in until then.
    fn own_entry(&self, kind: AuditKind, process: &str, taken: Option<u64>) -> AuditEntry {
        let mut entry = AuditEntry::of(kind, AuditObject::AuditLog, self.acting(Actor::System, None));
        entry.at = Some(self.config.clock.now());
        entry.texts = taken.map_or_else(|| format!("{process}/?"), |taken| format!("{process}/{taken}"));
        entry
    }

    /// Somebody who acts at this node, now.
    pub(super) fn acting(&self, actor: Actor, ids: Option<&RequestIds>) -> Acting {
        Acting::new(actor).at(&self.config.hostname, ids.map(|ids| &ids.correlation_id))
    }

    /// The entry of an access of a DVP. Where there is no room for it, nothing is served: no access without its entry.
    pub(super) fn gather(
        &self,
        granted_access: &GrantedAccess,
        headers: &HeaderMap,
        peer: &PeerNames,
        (aanbieder, gegevensdiensten): (&Aanbiedernaam, &[GegevensdienstId]),
        outcome: AuditOutcome,
    ) -> Result<(), GuardError> {
        let unavailable = |error: StepError| GuardError::Unavailable(Box::new(error));
        let ids = RequestIds::from_headers(headers);
        let actor = Actor::Client(peer.iter().next().cloned());
        let object = match granted_access.function {
            Function::Verzamelen => AuditObject::HealthData,
            Function::Delen => AuditObject::SharedData,
            Function::Abonneren => AuditObject::Subscription,
        };
        let mut entry = AuditEntry::of(AuditKind::Accessed, object, self.acting(actor, ids.as_ref()));
        entry.at = Some(self.config.clock.now());
        let index = self.config.keys.index(&granted_access.persoon.bsn);
        entry.persoon = Some(index.map_err(|error| unavailable(error.into()))?);
        entry.aanbieder = Some(aanbieder.clone());
        entry.gegevensdiensten = gegevensdiensten.to_vec();
        entry.client_id = Some(granted_access.client_id.clone());
        entry.outcome = outcome;
        entry.grant = Some(granted_access.grant.clone());
        let refused = match self.gathered.add(entry, self.config.audit_waiting) {
            Ok(()) => return Ok(()),
            Err(NoRoom::Full) => StoreError::Full,
            #[cfg(feature = "files")]
            Err(NoRoom::Tally(error)) => StoreError::unavailable(error),
        };
        if !self.gathered.late.swap(true, Ordering::Relaxed) {
            let what = match &refused {
                StoreError::Full => "access entries of the audit log fill their room: data is not served",
                _ => "access entries of the audit log cannot be counted: data is not served",
            };
            self.raise(Alarm::AuditLate, None, ids.as_ref(), what);
        }
        Err(unavailable(StepError::Store(refused)))
    }

    /// Has what was gathered written within a second, by one task at a time; where the store fails it tries on. For whoever
    /// calls [`guard`](Self::guard) without the layer `router::guard`, in a runtime of tokio.
    #[cfg(feature = "axum")]
    pub fn flush_audit_soon(&self) {
        if self.audit_waiting() == 0 || self.gathered.flushing.swap(true, Ordering::AcqRel) {
            return;
        }
        let server = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(GATHERING).await;
                if server.flush_audit().await.is_ok() {
                    break;
                }
            }
            server.gathered.flushing.store(false, Ordering::Release);
            // what came between the last look and this
            if server.audit_waiting() > 0 {
                server.flush_audit_soon();
            }
        });
    }
}

/// Who acts for a Persoon: the Persoon, or somebody who represents it.
pub(super) fn actor_for(persoon: &Persoon) -> Actor {
    persoon.vertegenwoordiging.map_or(Actor::Persoon, Actor::Representative)
}

/// Entries in one transaction.
const BATCH: usize = 500;

/// How long entries are gathered: with the time of one write, within a second.
#[cfg(feature = "axum")]
const GATHERING: std::time::Duration = std::time::Duration::from_millis(500);
