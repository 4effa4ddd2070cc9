// SPDX-License-Identifier: AGPL-3.0-or-later
//! The settings of an authorization server: safe defaults, one release, one mounted endpoint.

use std::{fmt, sync::Arc};

use medmij_log::{NoObserver, Observer};
use medmij_oauth::{
    policy::{ClientBinding, ExceptionPolicy, IdStrictness, InvalidClient, Lifetimes, Stelsel},
    seal::KeyRing,
};
use medmij_types::{Aanbiedernaam, Clock, Entropy, Hostname, OsEntropy, Release, SystemClock};

use super::{TextPack, authorization::STATE_MAXIMUM};
use crate::store::RefreshRate;

/// The settings of a [`Server`](super::Server). A release is bound to a mounted endpoint: a DVZA that serves two releases
/// mounts two servers over one bundle.
#[derive(Clone)]
#[non_exhaustive]
pub struct ServerConfig {
    /// The host name of this node, where the Persoon comes (front channel).
    pub hostname: Hostname,
    /// The release that this endpoint speaks.
    pub release: Release,
    /// The name of the DVZA, for the page Technische storing.
    pub dvza_name: String,
    /// The telephone number of the DVZA, for the page Technische storing.
    pub dvza_phone: String,
    /// Where the source code of the version that runs here can be had, `https://…`: a link at the foot of each page. The
    /// licence asks it of those who serve a changed version (AGPL section 13); see `docs/licence.md`.
    pub source_code: Option<String>,
    /// Seals what rests in the store.
    pub keys: Arc<dyn KeyRing>,
    /// The screen texts.
    pub texts: Arc<TextPack>,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// What happens at exceptions.
    pub exceptions: ExceptionPolicy,
    /// Which certificate may speak for which client, at the token endpoint and in the guard.
    pub binding: ClientBinding,
    /// What is done with missing request ids.
    pub ids: IdStrictness,
    /// The status of `invalid_client` at the token endpoint.
    pub invalid_client: InvalidClient,
    /// The longest `state` that is taken, in bytes.
    pub state_maximum: usize,
    /// The shortest `state` that is taken, in bytes.
    pub state_minimum: usize,
    /// The longest query with which a login comes back, in bytes: SAML in a redirect holds a signed and deflated message.
    pub login_query: usize,
    /// The longest form with which a login comes back, in bytes: SAML in a POST holds whole assertions.
    pub login_form: usize,
    /// How many flows that are too long for a cookie, in practice those with a very long `state`, may wait for their login at once
    /// in this process. A network (a /24 of IPv4, a /48 of IPv6) may hold an eighth of what is free, and a client in it half of
    /// that; keep it below the number of flows that the store takes.
    pub long_flows: usize,
    /// Whether a `redirect_uri` may have a query. The framework could not be read on it; RFC 6749 section 3.1.2 allows it.
    pub redirect_query: bool,
    /// How many access entries of the audit log may wait to be written; beyond it the guard answers 503.
    pub audit_waiting: usize,
    /// How often the refresh tokens of one grant may be exchanged.
    pub refresh_rate: RefreshRate,
    /// Releases 1.0 and 1.1, whose scope names no Aanbieder: the one that this endpoint serves.
    pub aanbieder: Option<Aanbiedernaam>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy + Send + Sync>,
    /// The time, for records and ages; lifetimes go by the clock of the store.
    pub clock: Arc<dyn Clock>,
    /// Goes on without a birth date from the source system, and so without the rule on age. Not with representation, and not
    /// where the request has a `MedMij_geboortedatum`: there an unknown date stops the flow whatever is here.
    pub danger_without_birth_date: bool,
    /// The observer of log events.
    pub observer: Arc<dyn Observer>,
}

impl ServerConfig {
    /// Settings with the defaults: release 2.2, [`TextPack::example`], 900 s, lenient ids.
    #[must_use]
    pub fn new(
        hostname: Hostname,
        dvza_name: impl Into<String>,
        dvza_phone: impl Into<String>,
        keys: Arc<dyn KeyRing>,
    ) -> Self {
        Self {
            hostname,
            release: Release::DEFAULT,
            dvza_name: dvza_name.into(),
            dvza_phone: dvza_phone.into(),
            source_code: None,
            keys,
            texts: Arc::new(TextPack::example()),
            lifetimes: Lifetimes::default(),
            exceptions: ExceptionPolicy::default(),
            binding: ClientBinding::learn(),
            ids: IdStrictness::default(),
            invalid_client: InvalidClient::default(),
            state_maximum: STATE_MAXIMUM,
            state_minimum: 0,
            login_query: 16 * 1024,
            login_form: 256 * 1024,
            long_flows: 4_096,
            redirect_query: true,
            audit_waiting: 10_000,
            refresh_rate: RefreshRate::default(),
            aanbieder: None,
            entropy: Arc::new(OsEntropy),
            clock: Arc::new(SystemClock::default()),
            danger_without_birth_date: false,
            observer: Arc::new(NoObserver),
        }
    }

    /// The settings for another release; the example texts address the Persoon as that release does.
    #[must_use]
    pub fn with_release(mut self, release: Release) -> Self {
        self.release = release;
        if self.texts.example {
            self.texts = Arc::new(TextPack::example_for(release));
        }
        self
    }

    /// The settings with the policy of a supplier: exceptions, lifetimes, request ids and what is taken in a request.
    #[must_use]
    pub fn with_policy(mut self, policy: &Stelsel) -> Self {
        self.exceptions = policy.exceptions.clone();
        self.lifetimes = policy.lifetimes;
        self.ids = policy.ids;
        self.state_maximum = policy.state_maximum;
        self.redirect_query = policy.redirect_query;
        self.state_minimum = policy.state_minimum;
        self.invalid_client = policy.invalid_client;
        self
    }

    /// Checks that these settings may meet real people.
    ///
    /// # Errors
    ///
    /// [`ProductionError`], where the screen texts are the example texts: the mandatory sentences come from the
    /// framework's page.
    pub fn check_production(&self) -> Result<(), ProductionError> {
        if self.texts.example {
            Err(ProductionError::ExampleTexts)
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("hostname", &self.hostname)
            .field("release", &self.release)
            .field("texts", &self.texts.version)
            .finish_non_exhaustive()
    }
}

/// Why settings are not fit for production.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProductionError {
    /// The texts are examples.
    #[error("screen texts are example texts: fill a text pack from the framework's pages")]
    ExampleTexts,
}
