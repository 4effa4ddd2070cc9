// SPDX-License-Identifier: AGPL-3.0-or-later
//! CRLs from the authorities, fetched, stored and dropped when they are too old (threat W8)
//!
//! Plain http is allowed: a CRL is signed. What comes over the network comes from anybody, so nothing that is not
//! verified takes the place of something that is, or is in its way. A CRL replaces another when an authority of its
//! name signed it that is known to lead to a root: one that is configured beside the roots, or one of a chain that
//! verified. A CRL of an authority that nobody knows yet is kept aside: it is looked at in handshakes, where it counts if
//! the issuer in the chain signed it, and from then on that issuer is known.
//!
//! The fetcher shows no client certificate, follows no redirect, asks configured addresses only and reads a bounded number
//! of bytes. What it found stays in force until the CRL's own next update or the age limit of the fetcher, whichever comes
//! first.

mod error;
mod point;
mod storage;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use medmij_types::{Clock, SystemClock};

use crate::revocation::crl::Crl;
use crate::revocation::known::Known;
use crate::{Revocation, RevocationPolicy, TrustRoots, tls};
pub use error::CrlError;
use error::Why;
use point::{Fetched, Point, StoredCrl};

/// Fetches CRLs from distribution points and keeps the last good one of each.
///
/// ```no_run
/// use medmij_net::{BackChannel, Credentials, CrlFetcher};
///
/// # async fn run(channel: BackChannel, mut credentials: Credentials) -> Result<(), Box<dyn std::error::Error>> {
/// let mut fetcher = CrlFetcher::new(["http://crl.example.nl/services.crl", "http://crl.example.nl/root.crl"])?
///     .authorities(&credentials.roots)
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
    in_force: Option<Vec<[u8; 32]>>,
    known: Arc<Known>,
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
            Ok(url) if url.scheme() == "http" => Ok(Point::at(url)),
            _ => Err(CrlError::new(address, Why::Address)),
        };
        let tls = tls::client::nobody().map_err(|error| CrlError::new("", Why::Tls(error)))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| CrlError::new("", Why::Http(error.without_url())))?;
        Ok(Self {
            client,
            points: addresses.into_iter().map(point).collect::<Result<_, _>>()?,
            max_age: Duration::from_secs(24 * 3600),
            max_bytes: 32 * 1024 * 1024,
            folder: None,
            clock: Arc::new(SystemClock::default()),
            in_force: None,
            known: Arc::default(),
        })
    }

    /// How long a CRL counts after it was fetched, however long its own next update is away.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// The roots, and the CA certificates beside them, whose CRLs are verified at once. Without this the authorities of
    /// chains that were verified are learned, and until then the CRLs of those addresses are kept aside.
    #[must_use]
    pub fn authorities(self, roots: &TrustRoots) -> Self {
        self.known.configure(roots);
        self
    }

    pub(crate) fn learn(&self, roots: &TrustRoots) {
        self.known.configure(roots);
    }

    /// Keeps verified CRLs in this folder, and starts with what is there.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        for point in &mut self.points {
            if let Some((der, at)) = storage::load(&folder, point.url())
                && let Ok(crl) = Crl::read(der)
            {
                point.start_with(StoredCrl::new(crl, Fetched::Before(at)));
            }
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
        let mut failures = Vec::new();
        for index in 0..self.points.len() {
            let Some(url) = self.points.get(index).map(|point| point.url().clone()) else {
                continue;
            };
            let fetched = self.fetch(&url).await;
            let now = self.clock.now();
            let Some(point) = self.points.get_mut(index) else {
                continue;
            };
            // What was learned since may have made good what was kept aside.
            point.promote(&self.known);
            let accepted = fetched.and_then(|new| point.take(new, now, &self.known));
            if let Err(why) = accepted {
                failures.push(CrlError::new(url.as_str(), why));
            }
            if let (Some(folder), Some(der)) = (&self.folder, point.unstored())
                && let Err(error) = storage::store(folder, &url, der)
            {
                failures.push(CrlError::new(url.as_str(), Why::ListStorage(error)));
            }
        }
        for failure in &failures {
            tracing::warn!(error = %failure, "crl not refreshed");
        }
        let in_force: Vec<_> = self.current().iter().map(|crl| *crl.digest()).collect();
        let changed = self.in_force.as_ref() != Some(&in_force);
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
        Revocation::fetched(policy, self.current(), Arc::clone(&self.known))
    }

    fn current(&self) -> Vec<Arc<Crl>> {
        let points = self.points.iter();
        points
            .flat_map(|point| point.in_force(&*self.clock, self.max_age))
            .collect()
    }

    async fn fetch(&self, url: &url::Url) -> Result<StoredCrl, Why> {
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
        let crl = Crl::read(der).map_err(Why::Crl)?;
        Ok(StoredCrl::new(crl, Fetched::Here(self.clock.monotonic())))
    }
}

impl std::fmt::Debug for CrlFetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let points: Vec<_> = self.points.iter().map(|point| point.url().as_str()).collect();
        f.debug_struct("CrlFetcher")
            .field("points", &points)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
