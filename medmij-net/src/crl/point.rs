// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is had of one distribution point: a CRL that is verified, and perhaps one that nobody could judge yet

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use medmij_types::Clock;

use super::error::Why;
use crate::revocation::crl::Crl;
use crate::revocation::known::{Known, Signer};

pub(super) struct Point {
    url: url::Url,
    current: Option<StoredCrl>,
    aside: Option<StoredCrl>,
    /// What is on disk already.
    stored: Option<[u8; 32]>,
}

#[derive(Clone)]
pub(super) struct StoredCrl {
    crl: Arc<Crl>,
    fetched: Fetched,
}

/// When a CRL was fetched.
#[derive(Clone, Copy)]
pub(super) enum Fetched {
    /// By this process, at this moment of its monotonic clock: a wall clock that is set changes nothing (fault R10).
    Here(Duration),
    /// By a run before, at this moment of the wall clock.
    Before(SystemTime),
}

impl Point {
    pub(super) fn at(url: url::Url) -> Self {
        Self {
            url,
            current: None,
            aside: None,
            stored: None,
        }
    }

    pub(super) fn url(&self) -> &url::Url {
        &self.url
    }

    /// Begins with what an earlier run kept, which was verified then.
    pub(super) fn start_with(&mut self, current: StoredCrl) {
        self.stored = Some(*current.crl.digest());
        self.current = Some(current);
    }

    /// Takes what was kept aside, if an authority that is known by now signed it.
    pub(super) fn promote(&mut self, known: &Known) {
        let Some(aside) = self.aside.take() else { return };
        if aside.crl.was_verified() || aside.signer(known) == Signer::Known {
            if self.may_follow(&aside).is_ok() {
                self.current = Some(aside);
            }
        } else {
            self.aside = Some(aside);
        }
    }

    /// Takes what was fetched: in place of what was there if it is verified, else aside.
    pub(super) fn take(&mut self, new: StoredCrl, now: SystemTime, known: &Known) -> Result<(), Why> {
        match new.signer(known) {
            Signer::Forged => return Err(Why::Forged),
            // A verified CRL of another issuer is no reason to look at one that nobody can verify.
            Signer::Unknown => {
                if self
                    .current
                    .as_ref()
                    .is_some_and(|current| current.crl.issuer() != new.crl.issuer())
                {
                    return Err(Why::OtherIssuer);
                }
                self.aside = Some(new);
                return Ok(());
            }
            Signer::Known => {}
        }
        if new.crl.this_update > now + FUTURE {
            return Err(Why::Future);
        }
        self.may_follow(&new)?;
        self.current = Some(new);
        self.aside = None;
        Ok(())
    }

    fn may_follow(&self, new: &StoredCrl) -> Result<(), Why> {
        match &self.current {
            Some(current) if current.crl.issuer() != new.crl.issuer() => Err(Why::OtherIssuer),
            Some(current) if new.crl.this_update < current.crl.this_update => Err(Why::Older),
            _ => Ok(()),
        }
    }

    /// The verified CRL, if it is not on disk yet.
    pub(super) fn unstored(&mut self) -> Option<&[u8]> {
        let current = self.current.as_ref()?;
        let is_here = matches!(current.fetched, Fetched::Here(_));
        // The time of the file says when it was fetched, so the same bytes are written again.
        if !is_here && self.stored == Some(*current.crl.digest()) {
            return None;
        }
        self.stored = Some(*current.crl.digest());
        Some(current.crl.der())
    }

    /// What handshakes look at: both, where neither is too old. Of two that are verified there the newer counts.
    pub(super) fn in_force(&self, clock: &dyn Clock, max_age: Duration) -> impl Iterator<Item = Arc<Crl>> {
        let both = [self.current.clone(), self.aside.clone()];
        let young: Vec<_> = both
            .into_iter()
            .flatten()
            .filter(|current| current.is_young(clock, max_age))
            .collect();
        young.into_iter().map(|current| current.crl)
    }
}

impl StoredCrl {
    pub(super) fn new(crl: Crl, fetched: Fetched) -> Self {
        Self {
            crl: Arc::new(crl),
            fetched,
        }
    }

    fn signer(&self, known: &Known) -> Signer {
        known.crl_signer(self.crl.issuer(), self.crl.der())
    }

    fn is_young(&self, clock: &dyn Clock, max_age: Duration) -> bool {
        match self.fetched {
            Fetched::Here(at) => clock.monotonic().saturating_sub(at) < max_age,
            Fetched::Before(at) => match clock.now().duration_since(at) {
                Ok(age) => age < max_age,
                // A stamp far ahead says that one of the two clocks was wrong; the next fetch makes it right.
                Err(ahead) => ahead.duration() <= CLOCKS_DIFFER,
            },
        }
    }
}

/// How far the clocks of two runs may differ.
const CLOCKS_DIFFER: Duration = Duration::from_secs(300);

/// A CRL may be dated this far ahead of our clock: an authority whose clock is wrong would keep its own right ones out.
const FUTURE: Duration = Duration::from_secs(3600);
