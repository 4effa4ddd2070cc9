// SPDX-License-Identifier: AGPL-3.0-or-later
//! CRLs from the authorities, fetched, kept and let go when they are too old (threat W8)
//!
//! Plain http is allowed: a CRL is signed, and its signature is checked at every handshake against the
//! issuer in the chain. The fetcher shows no client certificate, follows no redirect, asks configured
//! addresses only and reads a bounded number of bytes. What it found stays in force until the CRL's own
//! next update or the age limit of the fetcher, whichever comes first.

mod keep;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use medmij_types::{Clock, SystemClock};
use x509_cert::crl::CertificateList;
use x509_cert::der::{Decode, Encode};

use crate::{ConfigError, Revocation, RevocationPolicy, tls};

/// Fetches CRLs from distribution points and keeps the last good one of each.
///
/// ```no_run
/// use medmij_net::{BackChannel, Credentials, CrlFetcher};
///
/// # async fn run(channel: BackChannel, mut credentials: Credentials) -> Result<(), Box<dyn std::error::Error>> {
/// let mut fetcher = CrlFetcher::new(["http://crl.example.nl/services.crl", "http://crl.example.nl/root.crl"])?
///     .folder("/var/lib/medmij/crl");
/// loop {
///     let refreshed = fetcher.refresh().await;
///     for failure in &refreshed.failures {
///         eprintln!("{failure}");
///     }
///     if refreshed.changed {
///         credentials.revocation = fetcher.hard_fail();
///         channel.reload(&credentials)?;
///     }
///     tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
/// }
/// # }
/// ```
pub struct CrlFetcher {
    client: reqwest::Client,
    points: Vec<Point>,
    max_age: Duration,
    max_bytes: usize,
    folder: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    in_force: Option<Vec<bool>>,
}

struct Point {
    url: url::Url,
    kept: Option<Kept>,
}

#[derive(Clone)]
struct Kept {
    der: Vec<u8>,
    fetched: Fetched,
    this_update: SystemTime,
    issuer: Vec<u8>,
}

/// When a CRL was fetched.
#[derive(Clone, Copy)]
enum Fetched {
    /// By this process, at this moment of its monotonic clock: a wall clock that is set changes nothing (fault R10).
    Here(Duration),
    /// By a run before, at this moment of the wall clock.
    Before(SystemTime),
}

/// What one round of fetching brought.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refreshed {
    /// The set of CRLs in force differs from the one of the round before: make new credentials.
    pub changed: bool,
    /// The distribution points that gave nothing usable; what was kept of them stays within its age.
    pub failures: Vec<CrlError>,
}

impl CrlFetcher {
    /// A fetcher of these addresses. They are `http`, as in certificates: behind https there would be another
    /// certificate to judge first. The age limit is 24 h and a CRL is at most 32 MiB.
    ///
    /// # Errors
    /// [`CrlError`] when an address cannot be used.
    pub fn new<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Result<Self, CrlError> {
        let point = |address: &str| match url::Url::parse(address) {
            Ok(url) if url.scheme() == "http" => Ok(Point { url, kept: None }),
            _ => Err(CrlError {
                address: address.to_owned(),
                why: Why::Address,
            }),
        };
        let tls = tls::client::nobody().map_err(|error| CrlError {
            address: String::new(),
            why: Why::Tls(error),
        })?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| CrlError {
                address: String::new(),
                why: Why::Http(error.without_url()),
            })?;
        Ok(Self {
            client,
            points: addresses.into_iter().map(point).collect::<Result<_, _>>()?,
            max_age: Duration::from_secs(24 * 3600),
            max_bytes: 32 * 1024 * 1024,
            folder: None,
            clock: Arc::new(SystemClock::default()),
            in_force: None,
        })
    }

    /// How long a CRL counts after it was fetched, however long its own next update is away.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Keeps CRLs in this folder, and starts with what is there.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        for point in &mut self.points {
            point.kept = keep::load(&folder, &point.url).and_then(|(der, at)| Kept::read(der, Fetched::Before(at)));
        }
        self.folder = Some(folder);
        self
    }

    /// The clock by which ages are counted. Default the machine's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Asks every distribution point once. One that fails keeps what it had.
    pub async fn refresh(&mut self) -> Refreshed {
        let now = self.clock.now();
        let (mut changed, mut failures) = (false, Vec::new());
        for index in 0..self.points.len() {
            let Some(url) = self.points.get(index).map(|point| point.url.clone()) else {
                continue;
            };
            let fetched = self.fetch(&url).await;
            let Some(point) = self.points.get_mut(index) else {
                continue;
            };
            match fetched.and_then(|new| point.take(new, now)) {
                Ok(news) => {
                    changed |= news;
                    if let (Some(folder), Some(kept)) = (&self.folder, &point.kept)
                        && let Err(error) = keep::store(folder, &url, &kept.der)
                    {
                        failures.push(CrlError {
                            address: url.to_string(),
                            why: Why::Keep(error),
                        });
                    }
                }
                Err(why) => failures.push(CrlError {
                    address: url.to_string(),
                    why,
                }),
            }
        }
        for failure in &failures {
            tracing::warn!(error = %failure, "crl not refreshed");
        }
        let in_force: Vec<_> = self
            .points
            .iter()
            .map(|point| point.is_in_force(&*self.clock, self.max_age))
            .collect();
        changed |= self.in_force.as_ref() != Some(&in_force);
        self.in_force = Some(in_force);
        Refreshed { changed, failures }
    }

    /// Hard fail by the CRLs that are not too old; with none left everybody is refused.
    pub fn hard_fail(&self) -> Revocation {
        self.revocation(RevocationPolicy::HardFail)
    }

    /// Soft fail by the CRLs that are not too old; with none left nobody is.
    pub fn soft_fail(&self) -> Revocation {
        self.revocation(RevocationPolicy::SoftFail)
    }

    pub(crate) fn revocation(&self, policy: RevocationPolicy) -> Revocation {
        Revocation::fetched(policy, self.current())
    }

    fn current(&self) -> Vec<Vec<u8>> {
        let in_force = self
            .points
            .iter()
            .filter(|point| point.is_in_force(&*self.clock, self.max_age));
        in_force
            .filter_map(|point| point.kept.as_ref())
            .map(|kept| kept.der.clone())
            .collect()
    }

    async fn fetch(&self, url: &url::Url) -> Result<Kept, Why> {
        let http = |error: reqwest::Error| Why::Http(error.without_url());
        let mut response = self.client.get(url.clone()).send().await.map_err(http)?;
        if response.status() != http::StatusCode::OK {
            return Err(Why::Status(response.status()));
        }
        let mut der = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(http)? {
            if der.len() + chunk.len() > self.max_bytes {
                return Err(Why::TooLarge);
            }
            der.extend_from_slice(&chunk);
        }
        Kept::read(der, Fetched::Here(self.clock.monotonic())).ok_or(Why::NoCrl)
    }
}

impl Kept {
    fn read(der: Vec<u8>, fetched: Fetched) -> Option<Self> {
        let list = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&der).ok()?;
        let this_update = list.tbs_cert_list.this_update.to_system_time();
        let issuer = list.tbs_cert_list.issuer.to_der().ok()?;
        Some(Self {
            der,
            fetched,
            this_update,
            issuer,
        })
    }
}

impl Point {
    /// Whether the CRL is another one than before.
    fn take(&mut self, new: Kept, now: SystemTime) -> Result<bool, Why> {
        if new.this_update > now + FUTURE {
            return Err(Why::Future);
        }
        if let Some(kept) = &self.kept {
            if new.issuer != kept.issuer {
                return Err(Why::OtherIssuer);
            }
            if new.this_update < kept.this_update {
                return Err(Why::Older);
            }
        }
        let news = self.kept.as_ref().is_none_or(|kept| kept.der != new.der);
        self.kept = Some(new);
        Ok(news)
    }

    fn is_in_force(&self, clock: &dyn Clock, max_age: Duration) -> bool {
        self.kept.as_ref().is_some_and(|kept| match kept.fetched {
            Fetched::Here(at) => clock.monotonic().saturating_sub(at) < max_age,
            Fetched::Before(at) => match clock.now().duration_since(at) {
                Ok(age) => age < max_age,
                // A stamp far ahead says that one of the two clocks was wrong; the next fetch makes it right.
                Err(ahead) => ahead.duration() <= CLOCKS_DIFFER,
            },
        })
    }
}

/// How far the clocks of two runs may differ.
const CLOCKS_DIFFER: Duration = Duration::from_secs(300);

/// A CRL may be dated this far ahead of our clock. More would let one answer of a stranger on the network keep the right
/// ones out as older for long.
const FUTURE: Duration = Duration::from_secs(3600);

/// A distribution point that gave nothing usable.
#[derive(Debug, thiserror::Error)]
#[error("crl of {address}: {why}")]
pub struct CrlError {
    address: String,
    #[source]
    why: Why,
}

impl std::fmt::Debug for CrlFetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let points: Vec<_> = self.points.iter().map(|point| point.url.as_str()).collect();
        f.debug_struct("CrlFetcher")
            .field("points", &points)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

impl CrlError {
    /// The address as it was configured.
    pub fn address(&self) -> &str {
        &self.address
    }
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("address is no http url")]
    Address,
    #[error("tls cannot be set up")]
    Tls(#[source] ConfigError),
    #[error("no answer")]
    Http(#[source] reqwest::Error),
    #[error("answer was {0}, only 200 counts")]
    Status(http::StatusCode),
    #[error("answer is too large")]
    TooLarge,
    #[error("answer is no crl")]
    NoCrl,
    #[error("answer is older than the crl that was fetched before")]
    Older,
    #[error("answer is of another issuer than the crl that was fetched before")]
    OtherIssuer,
    #[error("answer is dated in the future")]
    Future,
    #[error("cannot be kept on disk")]
    Keep(#[source] std::io::Error),
}
