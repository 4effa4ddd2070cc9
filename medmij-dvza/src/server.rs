// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.201 – core.authint.207, core.tknint.200 – core.tknint.207 — the steps of the Authorization Server.

mod aanbieder;
mod access_log;
mod alarm;
mod audit;
mod authorization;
mod beheren;
mod binding;
mod birth_date;
mod config;
mod fill;
mod flow;
mod guard;
mod limiter;
mod limits;
mod persoon;
mod places;
mod reseal;
mod screen;
mod session;
mod steps;
mod supplier;
mod supplier_error;
mod texts;
mod token;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::Method;
use medmij_log::{ErrorInfo, Event, EventType, RequestInfo};
use medmij_oauth::{seal::SealError, storage::StoreError};
use medmij_types::{CorrelationId, EntropyError};

#[cfg(feature = "axum")]
pub(crate) use self::fill::{Fill, isolate};
#[cfg(feature = "axum")]
pub(crate) use self::steps::Arrival;
pub use self::{
    aanbieder::{Aanbieder, AanbiederLimits, AanbiederTexts, OfferedService, RegisteredBronsysteem},
    authorization::{
        JudgeOptions, JudgedRequest, ProvenRedirect, ProvenRequest, RefusedRequest, Uitzondering1a, UnprovenRequest,
    },
    birth_date::SourceBirthDate,
    config::{ProductionError, ServerConfig},
    guard::{GrantedAccess, GuardError},
    limits::RequestLimits,
    reseal::{KeysError, Resealing, reseal_grants},
    screen::{
        AccessLogRow, AccessLogScreen, EndScreen, LandingScreen, LoginAnswerScreen, OutageScreen, OverviewScreen, Page,
        Screen, ScreenNames, ServiceScreen, ToestemmingRow, ToestemmingScreen, WithdrawScreen,
    },
    session::{SessionSecret, Visitor},
    steps::{Arrived, Next, Submitted},
    supplier::{
        Aanbieders, Authentication, Client, Clients, Dvza, LoginAnswer, LoginCallback, LoginOutcome, LoginRequest,
        LoginStart, Persoon, Represented, Toets, ToetsOutcome, ToetsQuery,
    },
    supplier_error::{SupplierError, SupplierFailure},
    texts::{ExtraTexts, TextPack},
};
use self::{alarm::Alarm, flow::Flow};
use crate::store::Store as _;

/// An authorization server of one release over a supplier's bundle. Cheap to clone.
pub struct Server<D: Dvza> {
    dvza: Arc<D>,
    config: Arc<ServerConfig>,
    /// Whether the store was last found with a clock that jumped.
    clock_jumped: Arc<AtomicBool>,
    /// The flows whose login has come back here.
    passed: Arc<steps::Passed>,
    /// The flows that ended here before their login.
    ended: Arc<steps::Passed>,
    /// The flows that are too long for a cookie and wait for their login.
    long: Arc<steps::LongFlows>,
    /// The resource requests that are in hand, by Aanbieder.
    places: Arc<places::Places>,
    /// Access entries of the audit log that are not written yet.
    gathered: Arc<audit::Gathered>,
}

impl<D: Dvza> Server<D> {
    /// A server that meets real people.
    ///
    /// # Errors
    ///
    /// [`ProductionError`] where the settings are not fit for that: see [`ServerConfig::check_production`].
    pub fn new(dvza: Arc<D>, config: ServerConfig) -> Result<Self, ProductionError> {
        config.check_production()?;
        Ok(Self::danger_example(dvza, config))
    }

    /// A server that takes settings as they are, example texts included: for tests and demonstrations, not for people.
    #[must_use]
    pub fn danger_example(dvza: Arc<D>, config: ServerConfig) -> Self {
        Self {
            dvza,
            config: Arc::new(config),
            clock_jumped: Arc::default(),
            passed: Arc::default(),
            ended: Arc::default(),
            long: Arc::default(),
            places: Arc::default(),
            gathered: Arc::default(),
        }
    }

    /// The bundle.
    #[must_use]
    pub fn dvza(&self) -> &D {
        &self.dvza
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// Removes at most `batch` expired rows from the store. Call it now and then, for instance every second with 1,000;
    /// the store in memory tidies up by itself.
    ///
    /// Where the wall clock of the store jumped nothing goes, and an event `store_clock_jumped` is raised, once: see
    /// [`StoreClockState`](medmij_oauth::storage::StoreClockState).
    ///
    /// # Errors
    ///
    /// [`StoreError`], where the store fails.
    pub async fn purge(&self, batch: usize) -> Result<usize, StoreError> {
        let gone = self.dvza.store().purge(batch).await?;
        let clock = self.dvza.store().clock().await?;
        if self.clock_jumped.swap(clock.jumped(), Ordering::Relaxed) != clock.jumped() {
            let apart = clock.apart.as_secs();
            let what = if clock.jumped() {
                format!("wall clock of the store is {apart} s away from its floor: nothing is purged")
            } else {
                "wall clock of the store is right again: purging goes on".to_owned()
            };
            self.raise(Alarm::ClockJumped, None, None, &what);
        }
        Ok(gone)
    }

    /// An event of a chain and a session. Where one of the two is not known, the other stands in for it.
    fn event(&self, kind: EventType, trace_id: Option<&CorrelationId>, session_id: Option<&CorrelationId>) -> Event {
        let mut event = Event::new(kind);
        event.at = Some(self.config.clock.now());
        event.location = Some(self.config.hostname.clone());
        event.trace_id = trace_id.or(session_id).cloned();
        event.session_id = session_id.or(trace_id).cloned();
        event
    }

    /// What the log says of a request to a path of this server.
    fn called(&self, method: &Method, path: &str) -> RequestInfo {
        let mut info = RequestInfo::default().with_uri(&format!("https://{}{path}", self.config.hostname));
        info.method = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
            .into_iter()
            .find(|name| *name == method.as_str());
        info.server_id = Some(self.config.hostname.clone());
        info
    }

    fn observe(&self, kind: EventType, flow: &Flow) {
        self.observe_end(kind, flow, None);
    }

    fn observe_end(&self, kind: EventType, flow: &Flow, error: Option<ErrorInfo>) {
        let mut event = self.event(kind, Some(flow.trace_id()), Some(&flow.session_id));
        let mut info = RequestInfo::default();
        info.id = flow.ids.as_ref().map(|ids| ids.request_id.clone());
        info.client_id = Some(flow.client_id.hostname().clone());
        event.request = Some(info);
        event.error = error;
        self.config.observer.observe(event);
    }
}

impl<D: Dvza> Clone for Server<D> {
    fn clone(&self) -> Self {
        Self {
            dvza: Arc::clone(&self.dvza),
            config: Arc::clone(&self.config),
            clock_jumped: Arc::clone(&self.clock_jumped),
            passed: Arc::clone(&self.passed),
            ended: Arc::clone(&self.ended),
            long: Arc::clone(&self.long),
            places: Arc::clone(&self.places),
            gathered: Arc::clone(&self.gathered),
        }
    }
}

impl<D: Dvza> fmt::Debug for Server<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// What stopped a step, for the log. The Persoon sees a [`Page`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The flow is not of this browser, spent or too old.
    #[error("flow is not of this session, spent or expired")]
    Expired,
    /// The CSRF token is not of this step (O7).
    #[error("CSRF token is not of this step")]
    Form,
    /// The supplier's part failed.
    #[error(transparent)]
    Supplier(#[from] SupplierError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No entropy.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// What was stored cannot be read back.
    #[error("stored {0} cannot be read")]
    Unreadable(&'static str),
    /// What was stored is of a version that this program does not know: another program wrote it, a replica of a later release
    /// for instance, and can read it.
    #[error("stored {0} is of version {1}, which this program does not read")]
    OtherVersion(&'static str, u32),
    /// A new code or token existed already, again and again: the entropy is broken.
    #[error("no unique value could be drawn")]
    NotUnique,
    /// What the login sent back is longer than [`ServerConfig::login_query`] or [`ServerConfig::login_form`] allows.
    #[error("answer of the login is longer than the setting allows: {length} bytes, {most} allowed in the {part}")]
    LoginAnswerTooLong {
        /// `query` or `form`.
        part: &'static str,
        /// How long it is; of a form that was not read whole, how much was read.
        length: usize,
        /// How long it may be.
        most: usize,
    },
    /// As many flows that are too long for a cookie wait for their login as whoever asks may have.
    #[error("share of the places for flows that are too long for a cookie is used up")]
    NoPlace,
    /// The login wants to remember more than 1 KiB.
    #[error("login remembers more than 1 KiB")]
    LoginTooLarge,
}
