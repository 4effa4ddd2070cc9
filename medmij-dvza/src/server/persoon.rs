// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.108 — a death, or an erasure, as the server tells of it: in the store, and in the chain log.

use medmij_log::{EventType, InitiatedBy, RequestInfo};
use medmij_types::{Bsn, CorrelationId};

use super::{Dvza, Server, StepError};
use crate::store::{Acting, EndedPersoon, PersoonEnd, Store as _};

impl<D: Dvza> Server<D> {
    /// A Persoon died: all that it has here ends, in one transaction ([`Store::end_persoon`](crate::store::Store::end_persoon)).
    /// The audit log keeps whose consents these were, for its term. The chain log gets a `consent_withdrawn` for each grant
    /// that ended: the framework names no event of its own.
    ///
    /// # Errors
    ///
    /// [`StepError::Store`], [`StepError::Seal`] or [`StepError::Entropy`]. Then do it again: it ends what is left.
    pub async fn end_after_death(&self, bsn: &Bsn, by: Acting) -> Result<EndedPersoon, StepError> {
        let persoon = self.config.keys.indexes(bsn)?;
        self.end_persoon(PersoonEnd::after_death(persoon, by)).await
    }

    /// A Persoon is erased: as after a death, and the audit log says no more whose consents these were. Whether the law of the
    /// Aanbieder lets that be done before the term of the log is over is for whoever calls this.
    ///
    /// # Errors
    ///
    /// As [`end_after_death`](Self::end_after_death): [`StepError`].
    pub async fn erase(&self, bsn: &Bsn, by: Acting) -> Result<EndedPersoon, StepError> {
        let persoon = self.config.keys.indexes(bsn)?;
        self.end_persoon(PersoonEnd::erasure(persoon, by)).await
    }

    async fn end_persoon(&self, end: PersoonEnd) -> Result<EndedPersoon, StepError> {
        let trace = match &end.by.trace_id {
            Some(trace) => trace.clone(),
            None => CorrelationId::random(&*self.config.entropy)?,
        };
        let ended = self.dvza.store().end_persoon(&end).await?;
        for (client_id, aanbieder) in &ended.grants {
            let mut event = self.event(EventType::ConsentWithdrawn, Some(&trace), None);
            let mut info = RequestInfo::default();
            info.client_id = Some(client_id.hostname().clone());
            info.provider_id.clone_from(aanbieder);
            info.initiated_by = Some(InitiatedBy::Machine);
            event.request = Some(info);
            self.config.observer.observe(event);
        }
        Ok(ended)
    }
}
