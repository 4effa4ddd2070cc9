// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a handshake failed, in the log of an operator: one cause each, with the names that were shown (core.tls.301,
//! core.tls.305, core.tls.314)

use std::io;
use std::net::SocketAddr;

use medmij_types::PeerNames;
use rustls::{Error, PeerIncompatible};

/// What ended a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cause {
    /// In a word, to count by.
    pub(super) name: &'static str,
    pub(super) rule: &'static str,
}

/// Logs a failed handshake.
pub(super) fn log(address: SocketAddr, names: Option<&PeerNames>, error: &io::Error) {
    let Cause { name, rule } = cause(error);
    let names = names.map(tracing::field::display);
    tracing::info!(%address, names, cause = name, rule, %error, "tls handshake failed");
}

fn cause(error: &io::Error) -> Cause {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let (name, rule) = match tls {
        Some(Error::NoCertificatesPresented) => ("no client certificate", "core.tls.314"),
        Some(Error::InvalidCertificate(reason)) => (certificate(reason), "core.tls.314"),
        Some(Error::PeerIncompatible(PeerIncompatible::ExtendedMasterSecretExtensionRequired)) => {
            ("no extended master secret", "core.tls.305")
        }
        Some(Error::PeerIncompatible(
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::Tls13RequiredForQuic
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        )) => ("no common version", "core.tls.301"),
        Some(Error::PeerIncompatible(_)) => ("no common algorithm", "core.tls.301"),
        Some(Error::AlertReceived(_)) => ("refused by the other side", "core.tls.314"),
        Some(Error::InvalidMessage(_)) => ("no tls", "core.tls.300"),
        Some(Error::NoApplicationProtocol) => ("no common application protocol", "core.tls.300"),
        Some(_) => ("misbehaviour of the other side", "core.tls.300"),
        None => ("connection ended", "core.tls.300"),
    };
    Cause { name, rule }
}

fn certificate(reason: &rustls::CertificateError) -> &'static str {
    use rustls::CertificateError as E;
    match reason {
        E::Expired | E::ExpiredContext { .. } => "certificate expired",
        E::NotValidYet | E::NotValidYetContext { .. } => "certificate not valid yet",
        E::Revoked => "certificate revoked",
        E::UnknownRevocationStatus => "revocation unknown",
        E::ExpiredRevocationList | E::ExpiredRevocationListContext { .. } => "revocation list too old",
        E::UnknownIssuer => "unknown issuer",
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => "certificate for another purpose",
        _ => "certificate refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::CertificateError;

    #[test]
    fn core_tls_305_every_failure_has_a_cause_of_its_own() {
        let wrapped = |error: Error| io::Error::new(io::ErrorKind::InvalidData, error);
        let ems = PeerIncompatible::ExtendedMasterSecretExtensionRequired;
        for (error, name) in [
            (wrapped(ems.into()), "no extended master secret"),
            (
                wrapped(PeerIncompatible::Tls12NotOfferedOrEnabled.into()),
                "no common version",
            ),
            (
                wrapped(PeerIncompatible::NoCipherSuitesInCommon.into()),
                "no common algorithm",
            ),
            (wrapped(Error::NoCertificatesPresented), "no client certificate"),
            (wrapped(CertificateError::Expired.into()), "certificate expired"),
            (wrapped(CertificateError::Revoked.into()), "certificate revoked"),
            (wrapped(CertificateError::UnknownIssuer.into()), "unknown issuer"),
            (
                wrapped(CertificateError::UnknownRevocationStatus.into()),
                "revocation unknown",
            ),
            (wrapped(CertificateError::BadSignature.into()), "certificate refused"),
            (
                wrapped(Error::AlertReceived(rustls::AlertDescription::UnknownCA)),
                "refused by the other side",
            ),
            (
                wrapped(Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)),
                "no tls",
            ),
            (io::ErrorKind::UnexpectedEof.into(), "connection ended"),
        ] {
            assert_eq!(cause(&error).name, name, "{error}");
        }
    }
}
