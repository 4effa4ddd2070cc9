// SPDX-License-Identifier: AGPL-3.0-or-later
//! Node identity, mutual TLS and host policy for the MedMij back channel
//!
//! The back channel is the traffic between servers: lists, tokens, resources, notifications. Both sides
//! show a certificate, and each side talks to hosts on the current Whitelist only
//! (core.whl.306 to core.whl.309).
//!
//! * [`BackChannel`] sends requests. The host of each one is judged before anything is dialled, also when
//!   a connection to it is still open. Own roots, own certificate, https only, no redirects, no proxy from
//!   the environment, no decompression, bounded bodies, one deadline, and no retries but of a `GET` on a connection
//!   that the server had closed.
//! * `BackChannelListener` (feature `axum`) serves an axum router. A peer whose certificate holds no
//!   name of the Whitelist gets no HTTP byte, and a peer that is taken off the list loses its open connection
//!   at the next request.
//! * [`DangerLoopback`] lets a whole MedMij network run on one machine under `.localhost` names.
//!
//! ```no_run
//! use bytes::Bytes;
//! use medmij_net::{BackChannel, NodeIdentity, Revocation, TrustRoots};
//! use medmij_types::Hostname;
//! use medmij_whitelist::HostPolicy;
//!
//! # async fn run(chain: &[u8], key: &[u8], roots: &[u8], crls: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let stelselnode = Hostname::parse("stelselnode.medmij.nl")?;
//! let channel = BackChannel::builder(
//!     NodeIdentity::from_pem(chain, key)?,
//!     TrustRoots::from_pem(roots)?,
//!     HostPolicy::stelselnode_only(stelselnode),
//! )
//! .revocation(Revocation::hard_fail(Revocation::crls_from_pem(crls)?)?)
//! .build()?;
//!
//! let request = http::Request::get("https://kwaad.example.nl/").body(Bytes::new())?;
//! let refused = channel.send(request).await.unwrap_err();
//! assert!(refused.is_not_whitelisted());
//! # Ok(())
//! # }
//! ```
//!
//! # Where a rule lives
//! | rule | what | where |
//! | --- | --- | --- |
//! | core.tls.300 | all traffic over TLS | [`BackChannel`] takes https only; both listeners are TLS only |
//! | core.tls.301, .302, .305 | what is offered | [`TlsPolicy`] |
//! | core.tls.303, .304 | no False Start, highest common version | the TLS library, watched by tests |
//! | core.tls.314 | certificates of the back channel | [`NodeIdentity`], [`TrustRoots`], [`Revocation`] |
//! | core.tls.315 | certificates of the front channel | [`WebIdentity`] |
//! | core.dns | names proven by DNSSEC, by policy | [`DnsSettings`] |
//! | core.lijsten.300, core.whl.300, .305 | lists from the Stelselnode | [`StelselnodeSource`] |
//! | core.whl.301, .302, .304 | outages, freshness and content of a Whitelist | `medmij-list`, `medmij-whitelist` |
//! | core.whl.303 | the Stelselnode counts as listed | [`HostPolicy`](medmij_whitelist::HostPolicy) |
//! | core.whl.306, .307 | only listed hosts, judged before dialling | [`BackChannel`] |
//! | core.whl.306 to .309 | only listed peers, judged before HTTP, no word to others | `BackChannelListener`, `ForwardedPeer` |
//!
//! # Limits
//! HTTP/1.1 only: HTTP/2 lets one connection serve several hosts. No OCSP. The front channel of a node is a
//! browser's business and is not dialled here.
#![forbid(unsafe_code)]

mod backchannel;
mod credentials;
mod crl;
mod cryptography;
mod development;
mod dns;
mod error;
mod identity;
#[cfg(feature = "axum")]
mod listener;
mod loopback;
mod names;
mod pem;
mod public_address;
mod resolve;
mod resolve_error;
mod revocation;
mod roots;
mod sent_again;
mod source;
mod tls;
mod web;

pub use backchannel::body::BoundedBody;
pub use backchannel::builder::BackChannelBuilder;
pub use backchannel::proxy::ConnectProxy;
pub use backchannel::{BackChannel, SendLimits};
pub use credentials::{CredentialFiles, Credentials, FileError, OwnFault};
pub use crl::{CrlError, CrlFetcher, Refreshed};
pub use cryptography::Cryptography;
pub use development::DangerDevelopment;
pub use dns::{DnsSettings, NameProof};
pub use error::{ConfigError, NetError};
pub use identity::{NodeIdentity, NodeSigner, SignatureKind};
#[cfg(feature = "axum")]
pub use listener::{
    BackChannelListener, ForwardedPeer, FrontControl, FrontListener, FrontListenerBuilder, ListenerBuilder,
    ListenerControl, ListenerLimits, Peer, TcpProxies,
};
pub use loopback::{DangerLoopback, FrontScheme, LoopbackError};
pub use revocation::{CrlState, PeerChain, Revocation, RevocationCheck, RevocationPolicy, RevocationStatus};
pub use roots::TrustRoots;
pub use sent_again::SentAgain;
pub use source::{FetchError, StelselnodeSource};
pub use tls::TlsPolicy;
pub use web::WebIdentity;
