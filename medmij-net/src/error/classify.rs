// SPDX-License-Identifier: AGPL-3.0-or-later
//! From the error of the HTTP client to a [`NetError`]
//!
//! The chain has to be read: with TLS 1.3 a server that refuses our certificate fails the *request*, not
//! the connection, and `io::Error` hides what it wraps from `source()`.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, PeerIncompatible};

use super::{Kind, NetError};
use crate::resolve_error::ResolveError;

/// What the chain below `error` says; `connect` is the time that a connection may take.
pub(crate) fn classify(error: reqwest::Error, connect: Duration) -> NetError {
    // The URL may carry a query; it has no place in an error.
    let error = error.without_url();
    let kind = chain(&error).find_map(cause).unwrap_or_else(|| {
        if error.is_timeout() {
            Kind::ConnectTimeout(connect)
        } else if error.is_connect() {
            if chain(&error).any(|link| link.to_string().contains("tunnel")) {
                Kind::Proxy
            } else {
                Kind::Connect
            }
        } else {
            Kind::Broken
        }
    });
    NetError::new(kind).while_connecting(error.is_connect()).because(error)
}

fn cause(link: &(dyn StdError + 'static)) -> Option<Kind> {
    if let Some(error) = link.downcast_ref::<ResolveError>() {
        return Some(match error {
            ResolveError::Lookup(_) | ResolveError::Empty => Kind::Resolve,
            #[cfg(feature = "dnssec")]
            ResolveError::Bogus(_) => Kind::Bogus,
            #[cfg(feature = "dnssec")]
            ResolveError::NoResolver(_) => Kind::Resolve,
            #[cfg(feature = "dnssec")]
            ResolveError::Unsigned => Kind::Unsigned,
            _ => Kind::Address,
        });
    }
    if let Some(error) = link.downcast_ref::<rustls::Error>() {
        return Some(tls(error));
    }
    None
}

fn tls(error: &rustls::Error) -> Kind {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Revoked) => Kind::Revoked,
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownRevocationStatus
            | CertificateError::ExpiredRevocationList
            | CertificateError::ExpiredRevocationListContext { .. },
        ) => Kind::RevocationUnknown,
        rustls::Error::InvalidCertificate(_) => Kind::Certificate,
        rustls::Error::PeerIncompatible(PeerIncompatible::ExtendedMasterSecretExtensionRequired) => {
            Kind::NoExtendedMasterSecret
        }
        rustls::Error::AlertReceived(AlertDescription::CloseNotify) => Kind::Broken,
        rustls::Error::AlertReceived(_) => Kind::TlsAlert,
        _ => Kind::Tls,
    }
}

/// The error and everything below it, through the wrappers that hide their content.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |link: &&'a (dyn StdError + 'static)| {
        let link: &'a (dyn StdError + 'static) = *link;
        match link.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => link.source(),
        }
    })
}
