// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.lijsten.300, core.whl.305 — the lists from the Stelselnode, over the back channel
//!
//! The lists carry no signature: TLS to the right host under the right roots is all that makes them
//! authentic (threats L9, L10). So nothing but a plain 200 with a body inside the limits counts.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use medmij_list::{ListKind, Source, SourceError};
use medmij_types::Hostname;

use crate::{BackChannel, NetError, SendLimits};

/// Fetches lists from `https://<stelselnode>/MedMij_<List>.xml?api=<major>`.
///
/// The host is one setting, the path before the file name another, because installations differ in both.
///
/// ```
/// use medmij_list::ListKind;
/// use medmij_net::StelselnodeSource;
/// use medmij_types::Hostname;
///
/// # fn with(channel: medmij_net::BackChannel) -> Result<(), Box<dyn std::error::Error>> {
/// let source = StelselnodeSource::new(channel, Hostname::parse("stelselnode.medmij.nl")?, 2);
/// assert_eq!(source.uri(ListKind::Whitelist), "https://stelselnode.medmij.nl/MedMij_Whitelist.xml?api=2");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct StelselnodeSource {
    channel: BackChannel,
    base: String,
    api: u16,
    limits: SendLimits,
}

impl StelselnodeSource {
    /// A source at the root of `stelselnode` for the lists of release `api` (the major number, 1 or 2).
    ///
    /// The channel's host policy must allow the host; every `HostPolicy` that knows its Stelselnode does
    /// (core.whl.303). The deadline of a fetch is 30 s and a list is at most 256 MiB.
    pub fn new(channel: BackChannel, stelselnode: Hostname, api: u16) -> Self {
        let limits = SendLimits::default()
            .total(Duration::from_secs(30))
            .body(256 * 1024 * 1024);
        Self {
            channel,
            base: format!("https://{stelselnode}/"),
            api,
            limits,
        }
    }

    /// Puts a folder before the file names: `lijsten/acc` makes `https://<stelselnode>/lijsten/acc/MedMij_...`.
    #[must_use]
    pub fn folder(mut self, folder: &str) -> Self {
        let folder = folder.trim_matches('/');
        if !folder.is_empty() {
            self.base.push_str(folder);
            self.base.push('/');
        }
        self
    }

    /// Other limits than the default ones.
    #[must_use]
    pub fn limits(mut self, limits: SendLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The address of a list.
    pub fn uri(&self, kind: ListKind) -> String {
        format!("{}{}?api={}", self.base, kind.file_name(), self.api)
    }

    async fn get(&self, kind: ListKind) -> Result<Vec<u8>, FetchError> {
        let request = Request::get(self.uri(kind))
            .header(header::ACCEPT, "application/xml, text/xml")
            .body(Bytes::new())
            .map_err(FetchError::Uri)?;
        let response = self.channel.send_within(request, self.limits).await?;
        match response.status() {
            StatusCode::OK if response.body().is_empty() => Err(FetchError::Empty),
            StatusCode::OK => Ok(response.into_body().into()),
            status => Err(FetchError::Status(status)),
        }
    }
}

impl Source for StelselnodeSource {
    async fn fetch(&self, kind: ListKind) -> Result<Vec<u8>, SourceError> {
        self.get(kind).await.map_err(SourceError::new)
    }
}

/// Why a list did not come. It is what `source()` of the `SourceError` is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// There was no answer.
    #[error("stelselnode gave no answer")]
    Net(#[from] NetError),
    /// The answer was not 200; also 206, 304 and every redirect.
    #[error("stelselnode answered {0} where only 200 counts (core.lijsten.300)")]
    Status(StatusCode),
    /// The answer was 200 with nothing in it.
    #[error("stelselnode answered 200 with an empty body")]
    Empty,
    /// Host and folder do not make a URI.
    #[error("address of the list is no uri")]
    Uri(#[source] http::Error),
}
