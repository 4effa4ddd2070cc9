// SPDX-License-Identifier: AGPL-3.0-or-later
//! O13, O8 — before the login a flow is in the browser: sealed in its cookie, so that it costs the server nothing and nobody
//! can throw out those who wait.
//!
//! Replicas share the keys, so each of them opens what another sealed. With the login the flow moves into the store, once: its
//! id is remembered there until the cookie from before the login has expired, so that neither that cookie nor the answer of the
//! login starts anything again.

use std::{
    cmp::Reverse,
    collections::{HashSet, VecDeque},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use medmij_oauth::storage::{Advanced, SecretHash};

use super::{At, Failed, Next};
use crate::{
    server::{
        Dvza, Server, SessionSecret, StepError, Visitor,
        flow::{Flow, Step},
    },
    store::{Advance, AuditEntry, FlowId, NewFlow, Store as _},
};

/// A flow that was opened, from the store or from a cookie.
pub(in crate::server) struct Loaded {
    pub(in crate::server) flow: Flow,
    /// The version in the store; 0 in a browser.
    pub(in crate::server) version: u32,
    /// The secret from which the CSRF tokens are derived.
    pub(in crate::server) secret: SessionSecret,
    /// Since when, where the flow is in the browser.
    pub(in crate::server) sealed: Option<SystemTime>,
}

impl<D: Dvza> Server<D> {
    /// Starts a flow: in the browser, or in the store where it is too long for a cookie.
    pub(in crate::server) async fn start(&self, flow: &Flow, address: Option<IpAddr>) -> Result<Visitor, StepError> {
        let id = FlowId::random(&*self.config.entropy)?;
        let secret = SessionSecret::random(&*self.config.entropy)?;
        if let Some(visitor) = self.seal_into_cookie(&id, self.config.clock.now(), &secret, flow)? {
            return Ok(visitor);
        }
        let lifetime = self.config.lifetimes.flow.get();
        self.keep_waiting(&id, &secret, flow, lifetime, address).await?;
        Ok(Visitor::new(id, secret))
    }

    /// A flow from before the login at another step from before the login.
    pub(in crate::server) async fn reseal(
        &self,
        at: &At<'_>,
        since: SystemTime,
        flow: &Flow,
    ) -> Result<Visitor, StepError> {
        let id = &at.visitor.flow;
        if let Some(visitor) = self.seal_into_cookie(id, since, at.secret, flow)? {
            return Ok(visitor);
        }
        // what the login wants to remember made it too long
        self.keep_waiting(id, at.secret, flow, self.left(since), at.address)
            .await?;
        Ok(Visitor::new(id.clone(), at.secret.clone()))
    }

    /// The login has come back: the flow moves into the store, once, under a new secret.
    pub(in crate::server) async fn promote(
        &self,
        at: &At<'_>,
        since: SystemTime,
        flow: &Flow,
        audit: Option<AuditEntry>,
    ) -> Result<Next, StepError> {
        let id = &at.visitor.flow;
        self.spend(id, since).await?;
        let secret = SessionSecret::random(&*self.config.entropy)?;
        self.keep(id, &secret, flow, self.left(since)).await?;
        // authenticated: a full store forgets others first
        let body = self.seal(id, flow)?;
        let mut advance = Advance::new(id.clone(), 1, secret.hash(), body, true);
        advance.audit = audit;
        match self.dvza.store().advance_flow(advance).await? {
            Advanced::Done => Ok(Next::Flow(Visitor::new(id.clone(), secret))),
            _ => Err(StepError::Expired),
        }
    }

    /// Spends the answer of a login: of everybody who holds the cookie from before the login, one gets past this.
    pub(in crate::server) async fn spend(&self, id: &FlowId, since: SystemTime) -> Result<(), StepError> {
        let left = self.left(since);
        let marker = marker(id).ok_or(StepError::Unreadable("flow"))?;
        let nobody = SessionSecret::random(&*self.config.entropy)?.hash();
        let new = NewFlow::new(marker.clone(), nobody, Vec::new(), left);
        if let Err(error) = self.dvza.store().open_flow(new).await {
            return match self.dvza.store().flow(&marker).await? {
                Some(_) => Err(StepError::Expired),
                None => Err(error.into()),
            };
        }
        self.passed.insert(id.clone(), self.config.clock.monotonic(), left);
        Ok(())
    }

    /// Ends a flow from before the login. It holds nothing of anybody, so this process remembering it is enough.
    pub(in crate::server) fn end_in_browser(&self, id: &FlowId, since: SystemTime) {
        let now = self.config.clock.monotonic();
        self.ended.insert(id.clone(), now, self.left(since));
    }

    /// Opens the flow that a cookie holds.
    pub(in crate::server) fn open_cookie(&self, visitor: &Visitor) -> Result<Loaded, Failed> {
        let gone = || (StepError::Expired, None);
        let sealed = visitor.session.sealed().ok_or_else(gone)?;
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| gone())?;
        // not of these keys, of another flow, or changed: all the same
        let plain = self
            .config
            .keys
            .open(&bytes, &context(&visitor.flow))
            .map_err(|_| gone())?;
        let (since, rest) = plain.split_first_chunk::<8>().ok_or_else(gone)?;
        let (secret, body) = rest.split_at_checked(SessionSecret::LEN).ok_or_else(gone)?;
        let since = UNIX_EPOCH + Duration::from_micros(u64::from_be_bytes(*since));
        let secret = std::str::from_utf8(secret).ok().and_then(SessionSecret::parse);
        let flow = Flow::from_bytes(body).map_err(|error| (error, None))?;
        let (id, now) = (&visitor.flow, self.config.clock.monotonic());
        if self.left(since).is_zero() || self.passed.has(id, now) || self.ended.has(id, now) {
            return Err(gone());
        }
        Ok(Loaded {
            flow,
            version: 0,
            secret: secret.ok_or_else(gone)?,
            sealed: Some(since),
        })
    }

    /// The flows that are evicted when another one starts, of those that it holds: at most four stay.
    ///
    /// Who is logged in goes last, and before that who is at the login. Of the others the newest goes first: windows that a page
    /// opens by itself push out each other, and not the flow that the Persoon is reading. What cannot be opened, or is over, goes
    /// anyway.
    #[must_use]
    pub fn surplus(&self, held: Vec<Visitor>) -> Vec<FlowId> {
        let (mut surplus, mut waiting, mut logged_in) = (Vec::new(), Vec::new(), Vec::new());
        for visitor in held {
            if visitor.session.sealed().is_none() {
                logged_in.push(visitor.flow);
            } else {
                match self.open_cookie(&visitor) {
                    Ok(loaded) => {
                        let at_login = matches!(loaded.flow.step, Step::Login { .. });
                        waiting.push((Reverse(at_login), loaded.sealed, visitor.flow));
                    }
                    // of a replica of another version, which can open it
                    Err((StepError::OtherVersion(..), _)) => waiting.push((Reverse(false), None, visitor.flow)),
                    Err(_) => surplus.push(visitor.flow),
                }
            }
        }
        waiting.sort();
        while waiting.len() + logged_in.len() >= FLOWS {
            surplus.push(match waiting.pop() {
                Some((.., flow)) => flow,
                None => logged_in.remove(0),
            });
        }
        surplus
    }

    fn seal_into_cookie(
        &self,
        id: &FlowId,
        since: SystemTime,
        secret: &SessionSecret,
        flow: &Flow,
    ) -> Result<Option<Visitor>, StepError> {
        let micros = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let mut plain = zeroize::Zeroizing::new(u64::try_from(micros).unwrap_or(u64::MAX).to_be_bytes().to_vec());
        plain.extend_from_slice(secret.expose().as_bytes());
        plain.extend_from_slice(&flow.to_bytes());
        // sealing makes it longer, base64url by a third
        if plain.len() / 3 * 4 > SessionSecret::MAX_LEN {
            return Ok(None);
        }
        let sealed = self.config.keys.seal(&plain, &context(id), &*self.config.entropy)?;
        let session = SessionSecret::of_sealed(&URL_SAFE_NO_PAD.encode(sealed));
        Ok(session.map(|session| Visitor::new(id.clone(), session)))
    }

    /// Keeps a flow from before its login in the store, where who asks has a place left.
    async fn keep_waiting(
        &self,
        id: &FlowId,
        secret: &SessionSecret,
        flow: &Flow,
        left: Duration,
        address: Option<IpAddr>,
    ) -> Result<(), StepError> {
        let now = self.config.clock.monotonic();
        let time = (now, now.saturating_add(left));
        if !(self.long).take(id, address, &flow.client_id, time, self.config.long_flows) {
            return Err(StepError::NoPlace);
        }
        let stored = self.keep(id, secret, flow, left).await;
        if stored.is_err() {
            self.long.give_back(id);
        }
        stored
    }

    async fn keep(&self, id: &FlowId, secret: &SessionSecret, flow: &Flow, left: Duration) -> Result<(), StepError> {
        let body = self.seal(id, flow)?;
        let new = NewFlow::new(id.clone(), secret.hash(), body, left);
        Ok(self.dvza.store().open_flow(new).await?)
    }

    /// How long a flow may still take; nothing for one of the future.
    fn left(&self, since: SystemTime) -> Duration {
        match self.config.clock.now().duration_since(since) {
            Ok(age) => self.config.lifetimes.flow.get().saturating_sub(age),
            // the clocks of replicas differ a little
            Err(early) if early.duration() <= SKEW => self.config.lifetimes.flow.get(),
            Err(_) => Duration::ZERO,
        }
    }
}

/// Flows that this process has seen to their end in the browser: their earlier cookies open nothing any more. Those whose
/// login came back are in the store too, where every replica finds them.
#[derive(Debug, Default)]
pub(in crate::server) struct Passed(Mutex<PassedRows>);

#[derive(Debug, Default)]
struct PassedRows {
    ids: HashSet<FlowId>,
    order: VecDeque<(Duration, FlowId)>,
}

impl Passed {
    fn insert(&self, id: FlowId, now: Duration, lifetime: Duration) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.drop_expired(now);
        if rows.ids.insert(id.clone()) {
            rows.order.push_back((now.saturating_add(lifetime), id));
        }
    }

    fn has(&self, id: &FlowId, now: Duration) -> bool {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.drop_expired(now);
        rows.ids.contains(id)
    }
}

impl PassedRows {
    fn drop_expired(&mut self, now: Duration) {
        while self.order.len() > PASSED || self.order.front().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, id)) = self.order.pop_front() {
                self.ids.remove(&id);
            }
        }
    }
}

fn context(id: &FlowId) -> Vec<u8> {
    [b"flow in a browser ".as_slice(), id.as_str().as_bytes()].concat()
}

/// Where the store remembers that the login of a flow has come back. Nobody holds a secret of it.
fn marker(id: &FlowId) -> Option<FlowId> {
    let hash = SecretHash::of_parts(&["login of a flow", id.as_str()]);
    let bytes = hash.as_bytes().first_chunk::<16>()?;
    FlowId::parse(&URL_SAFE_NO_PAD.encode(bytes))
}

/// The flows that one browser has open.
const FLOWS: usize = 4;

/// How far the clocks of replicas may differ.
const SKEW: Duration = Duration::from_secs(60);

/// The ids that are remembered in memory.
const PASSED: usize = 65_536;
