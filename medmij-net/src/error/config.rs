// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is wrong with our own configuration: found at start or at a reload, never during traffic

use std::error::Error as StdError;

/// Something in our own configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The PEM holds nothing of the kind that was expected.
    #[error("pem holds no {0}")]
    Missing(&'static str),
    /// The PEM is damaged.
    #[error("pem of the {what} cannot be read")]
    Pem {
        /// What was being read.
        what: &'static str,
        /// The cause.
        source: rustls_pki_types::pem::Error,
    },
    /// A certificate is no X.509 certificate that can be used.
    #[error("{what} {number} is no usable certificate")]
    Certificate {
        /// What was being read.
        what: &'static str,
        /// Which one in the file, from 1.
        number: usize,
        /// The cause.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The private key is of a kind that the TLS library cannot use, or is not the certificate's.
    #[error("private key cannot be used with this certificate")]
    Key(#[source] rustls::Error),
    /// The password does not open the key.
    #[error("password does not open the private key")]
    Password,
    /// The key is encrypted in a way that is not opened here, whatever the password is.
    #[error("private key is encrypted with {encryption}, which is not opened here: convert it with `{command}`")]
    Encryption {
        /// The encryption, as OpenSSL calls it.
        encryption: String,
        /// What converts the file; KEY and NEW stand for the old and the new file.
        command: &'static str,
    },
    /// The certificate of a node has no dNSName that is a host name, so no other node could know it (core.whl.307).
    #[error("certificate has no usable host name among its dNSNames (core.whl.307)")]
    NoHostname,
    /// The signer of a key that is elsewhere cannot be used.
    #[error("signer of the private key cannot be used")]
    Signer(#[source] Box<dyn StdError + Send + Sync>),
    /// TLS could not be set up from these parts.
    #[error("tls cannot be set up")]
    Tls(#[source] Box<dyn StdError + Send + Sync>),
    /// A revocation policy other than off got no CRL to judge by.
    #[error("revocation policy has no crl to judge by: there is none in what was given")]
    NoCrl,
    /// A CRL cannot be used.
    #[error("crl {number} cannot be used: {why}")]
    Crl {
        /// Which one, from 1.
        number: usize,
        /// Why: it is none in DER, or of a kind that is not looked at (indirect, delta, for some reasons only, without next
        /// update).
        why: String,
    },
    /// The certificate has no place on the front channel: a wildcard among its names, nothing about an organisation, or no
    /// usable name (core.tls.315).
    #[error("certificate cannot be used on the front channel (core.tls.315): {0}")]
    Web(&'static str),
    /// Nobody said how withdrawn certificates are found out.
    #[error("revocation policy is not chosen")]
    RevocationNotChosen,
    /// A forward proxy and a loopback map exclude each other.
    #[error("a proxy cannot be used together with a loopback map")]
    ProxyAndLoopback,
    /// Names are to be proven by DNSSEC and looked up by a forward proxy, which are two things.
    #[error("a proxy looks names up by itself, so that they cannot be proven here (core.dns)")]
    ProxyAndDns,
    /// The settings for DNS cannot be used.
    #[error("dns (core.dns): {0}")]
    Dns(&'static str),
    /// The HTTP client could not be built.
    #[error("http client cannot be built")]
    Client(#[source] Box<dyn StdError + Send + Sync>),
    /// The process may open too few files (`RLIMIT_NOFILE`) to serve anybody.
    #[error("process may open {limit} files only: a listener needs more (raise RLIMIT_NOFILE)")]
    Descriptors {
        /// The soft limit.
        limit: u64,
    },
    /// A socket could not be bound.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: std::net::SocketAddr,
        /// The cause.
        source: std::io::Error,
    },
}
