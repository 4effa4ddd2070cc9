// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a name led to no address that may be dialled

#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error("lookup failed")]
    Lookup(#[source] std::io::Error),
    /// Nobody said anything about the name: that is about the resolvers, not about it.
    #[cfg(feature = "dnssec")]
    #[error("no resolver answers")]
    NoResolver(#[source] std::io::Error),
    #[error("name has no address")]
    Empty,
    #[cfg(feature = "dnssec")]
    #[error("answer for the name is bogus (DNSSEC){}", said(*.0))]
    Bogus(Option<&'static str>),
    #[cfg(feature = "dnssec")]
    #[error("name is in a zone that is not signed (DNSSEC)")]
    Unsigned,
    #[error("name has an address that is not public")]
    NotPublic,
    #[error("name is under .localhost and no loopback map is set")]
    Localhost,
    #[error("name is not in the loopback map")]
    NotMapped,
}

/// What a resolver said beside it.
#[cfg(feature = "dnssec")]
fn said(why: Option<&'static str>) -> String {
    why.map(|why| format!(": the resolver says that {why}"))
        .unwrap_or_default()
}
