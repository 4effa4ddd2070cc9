// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200, core.tknint.200 — `client_id` is the host name of the node of the OAuth Client, as on the OCL.

use std::{fmt, str::FromStr};

use medmij_types::{Hostname, ValueError};

/// The `client_id` of a DVP: the host name that the OAuth Client List gives it. No scheme, no port, no path.
///
/// ```
/// use medmij_oauth::ClientId;
///
/// assert_eq!(ClientId::parse("pgo.example.nl")?.as_str(), "pgo.example.nl");
/// assert!(ClientId::parse("https://pgo.example.nl").is_err());
/// # Ok::<(), medmij_types::ValueError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(Hostname);

impl ClientId {
    /// Reads a `client_id` exactly as the OCL writes it: lower case.
    ///
    /// # Errors
    ///
    /// The rule of [`Hostname`] that the text breaks.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        Hostname::parse(text).map(Self)
    }

    /// The host name.
    #[must_use]
    pub fn hostname(&self) -> &Hostname {
        &self.0
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<Hostname> for ClientId {
    fn from(hostname: Hostname) -> Self {
        Self(hostname)
    }
}

impl FromStr for ClientId {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for ClientId {
    type Error = ValueError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Self::parse(text)
    }
}

impl TryFrom<String> for ClientId {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl AsRef<str> for ClientId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
