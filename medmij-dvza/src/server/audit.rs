// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.204, NEN 7513 — what a DVP did with a token is gathered, and written for many at once; consent and its end are
//! not: they commit with the grant.

use std::{
    mem,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use http::HeaderMap;
use medmij_oauth::{Function, storage::StoreError, wire::RequestIds};
use medmij_types::{Aanbiedernaam, GegevensdienstId, PeerNames};

use super::{Dvza, GrantedAccess, GuardError, Persoon, Server, StepError, alarm::Alarm};
use crate::store::{Acting, Actor, AuditEntry, AuditKind, AuditObject, AuditOutcome, Store as _};

/// What was gathered by one process, and is not written yet.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    waiting: Mutex<Vec<AuditEntry>>,
    /// Whether the log says that this process began.
    started: AtomicBool,
    /// Whether the store was last found unable to take what was gathered.
    late: AtomicBool,
    /// Whether somebody is about to write.
    #[cfg(feature = "axum")]
    flushing: AtomicBool,
}

impl Gathered {
    /// Adds one, where there is room.
    fn add(&self, entry: AuditEntry, most: usize) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let room = waiting.len() < most;
        if room {
            waiting.push(entry);
        }
        room
    }

    fn take(&self) -> Vec<AuditEntry> {
        mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts back what could not be written, before what came since.
    fn put_back(&self, mut entries: Vec<AuditEntry>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        entries.append(&mut waiting);
        *waiting = entries;
    }

    fn len(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len()
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
        let mut entries = self.gathered.take();
        let count = entries.len();
        if count == 0 {
            return Ok(0);
        }
        if !self.gathered.started.swap(true, Ordering::Relaxed) {
            entries.insert(0, self.own_entry(AuditKind::Started));
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
            self.dvza
                .store()
                .audit(vec![self.own_entry(AuditKind::Stopped)])
                .await?;
            self.gathered.started.store(false, Ordering::Relaxed);
        }
        Ok(())
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

    fn own_entry(&self, kind: AuditKind) -> AuditEntry {
        let mut entry = AuditEntry::of(kind, AuditObject::AuditLog, self.acting(Actor::System, None));
        entry.at = Some(self.config.clock.now());
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
        if self.gathered.add(entry, self.config.audit_waiting) {
            return Ok(());
        }
        if !self.gathered.late.swap(true, Ordering::Relaxed) {
            let what = "access entries of the audit log fill their room: data is not served";
            self.raise(Alarm::AuditLate, None, ids.as_ref(), what);
        }
        Err(unavailable(StepError::Store(StoreError::Full)))
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
