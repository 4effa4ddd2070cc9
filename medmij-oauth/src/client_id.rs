// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200, core.tknint.200 — `client_id` is the host name of the node of the OAuth Client, as on the OCL.

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

medmij_types::text_traits!(ClientId, ValueError);
