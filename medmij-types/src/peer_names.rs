// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.307 — the names in a client certificate that count: its Common Name and its dNSName alternatives.

use crate::Hostname;
use std::fmt;

/// The usable host names of the other side of a mutual-TLS connection.
///
/// Wildcards, IP addresses and anything else that is no [`Hostname`] are left out; a certificate that has nothing else
/// has no names. Making this value proves nothing by itself: whoever terminated TLS answers for where it came from.
///
/// ```
/// use medmij_types::{Hostname, PeerNames};
///
/// let names = PeerNames::new(Some("PGO.example.nl"), ["pgo.example.nl", "*.example.nl", "back.example.nl"]);
/// assert_eq!(names.to_string(), "pgo.example.nl, back.example.nl");
/// assert!(names.contains(&Hostname::parse("back.example.nl")?));
/// # Ok::<(), medmij_types::ValueError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerNames {
    names: Vec<Hostname>,
    listed: Option<Hostname>,
}

impl PeerNames {
    /// Takes the names of a certificate: the Common Name first, each name once.
    pub fn new<'a>(common_name: Option<&'a str>, dns_names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = Vec::new();
        for name in common_name.into_iter().chain(dns_names) {
            if let Ok(name) = Hostname::parse_observed(name)
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        Self { names, listed: None }
    }

    /// Notes which of the names is on the Whitelist; whoever judged that calls this.
    #[must_use]
    pub fn listed_as(mut self, node: Hostname) -> Self {
        self.listed = Some(node);
        self
    }

    /// The name to count a Node by: the one that was found on the Whitelist, or the first by the alphabet where nobody has
    /// judged yet. A Node stays one Node by it, whatever other names its certificates carry.
    #[must_use]
    pub fn node(&self) -> Option<&Hostname> {
        self.listed.as_ref().or_else(|| self.names.iter().min())
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Hostname> {
        self.names.iter()
    }

    /// Whether the name is among them, exactly.
    #[must_use]
    pub fn contains(&self, name: &Hostname) -> bool {
        self.names.contains(name)
    }

    /// Whether there is no usable name at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

impl fmt::Display for PeerNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.names.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(name.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_whl_307_only_usable_names_count() {
        let names = PeerNames::new(
            Some("10.0.0.10"),
            ["*.a.nl", "a.nl.", "a.nl\0.evil.nl", "http://a.nl", "x@a.nl", ""],
        );
        assert!(names.is_empty(), "{names}");
    }
}
