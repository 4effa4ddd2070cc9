// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is reported about a list that is taken all the same (security L9): leaps, odd stamps, size; and a state that was
//! put back.

use std::time::{Duration, SystemTime};

use medmij_types::{Tijdstempel, Volgnummer};

use super::ListSupply;
use crate::{
    List,
    supply::{HeaderOddity, StorageStep, SupplyEvent},
};

/// While fetches fail, how often the moment is noted.
const NOTE_EVERY: Duration = Duration::from_secs(60);

impl<L: List> ListSupply<L> {
    /// What is implausible in the header of a list that was just taken, compared with the one before it.
    pub(super) fn implausible(
        &mut self,
        volgnummer: Volgnummer,
        tijdstempel: &Tijdstempel,
        now: SystemTime,
    ) -> Vec<SupplyEvent> {
        let before = self.header.replace((volgnummer, Some(tijdstempel.clone())));
        let (number, stamp) = before.map_or((None, None), |(number, stamp)| (Some(number), stamp));
        if stamp.as_ref() == Some(tijdstempel) && number == Some(volgnummer) {
            return Vec::new();
        }
        let policy = self.cache.policy();
        let mut oddities = Vec::new();
        if let Some(from) = number
            && volgnummer.value().saturating_sub(from.value()) > policy.volgnummer_leap
        {
            oddities.push(HeaderOddity::Leap { from, to: volgnummer });
        }
        let moment = tijdstempel.to_system_time();
        if let Some(ahead) = moment.and_then(|moment| moment.duration_since(now).ok())
            && ahead > policy.stamp_ahead
        {
            let tijdstempel = tijdstempel.clone();
            oddities.push(HeaderOddity::FutureTijdstempel { tijdstempel, ahead });
        }
        if let Some(previous) = stamp
            && let (Some(moment), Some(earlier)) = (moment, previous.to_system_time())
            && moment < earlier
        {
            let tijdstempel = tijdstempel.clone();
            oddities.push(HeaderOddity::EarlierTijdstempel { tijdstempel, previous });
        }
        let event = |oddity| SupplyEvent::Implausible {
            list: L::KIND,
            volgnummer,
            oddity,
        };
        oddities.into_iter().map(event).collect()
    }

    /// Whether the document is the first that is larger than half of the limit.
    pub(super) fn is_large(&mut self, bytes: usize) -> Option<SupplyEvent> {
        let limit = self.options.limits.size;
        let was_large = std::mem::replace(&mut self.large, bytes > limit / 2);
        (self.large && !was_large).then_some(SupplyEvent::Large {
            list: L::KIND,
            bytes,
            limit,
        })
    }

    /// Whether the kept state is below what the journal accepted; then the number of the journal counts.
    pub(super) fn put_back(&self, kept: Option<Volgnummer>, journalled: Option<Volgnummer>) -> Option<SupplyEvent> {
        let journal = journalled.filter(|journal| Some(*journal) > kept)?;
        self.cache.raise_floor(journal);
        Some(SupplyEvent::StateRolledBack {
            list: L::KIND,
            kept,
            journal,
        })
    }

    /// Keeps the moment, so that a clock set back is noticed at the next start.
    pub(super) fn note_clock(&mut self, now: Duration, events: &mut Vec<SupplyEvent>) {
        if self.seen.is_some_and(|seen| now.saturating_sub(seen) < NOTE_EVERY) {
            return;
        }
        self.seen = Some(now);
        if let Err(error) = self.storage.seen(&self.key, self.clock.now()) {
            events.push(self.storage_failed(StorageStep::Confirmation, error));
        }
    }
}
