// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.306, core.whl.307 — proof that the host of the other node was checked.

use std::fmt;

use medmij_types::{Hostname, Volgnummer};

/// A host that may take part in back-channel traffic now. Only a [`HostPolicy`](crate::HostPolicy) makes one, so that
/// whoever asks for an `AllowedHost` cannot be reached without the check of core.whl.307.
///
/// ```compile_fail
/// // there is no way around the policy
/// let host = medmij_whitelist::AllowedHost { hostname: todo!(), basis: todo!() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    hostname: Hostname,
    basis: Basis,
}

impl AllowedHost {
    pub(crate) const fn new(hostname: Hostname, basis: Basis) -> Self {
        Self { hostname, basis }
    }

    /// The host.
    #[must_use]
    pub const fn hostname(&self) -> &Hostname {
        &self.hostname
    }

    /// On what ground it is allowed.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.basis
    }
}

/// On what ground a host is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// It is on the Whitelist with this Volgnummer.
    Whitelist(Volgnummer),
    /// It is the Stelselnode, which counts as listed always (core.whl.303).
    Stelselnode,
    /// It is in a fixed set, for a test facility whose hosts are on no Whitelist.
    Fixed,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whitelist(volgnummer) => write!(f, "Whitelist {volgnummer}"),
            Self::Stelselnode => f.write_str("Stelselnode"),
            Self::Fixed => f.write_str("fixed set"),
        }
    }
}
