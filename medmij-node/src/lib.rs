// SPDX-License-Identifier: AGPL-3.0-or-later
//! A Node of MedMij, from one configuration: its lists fetched and kept fresh through restarts, a back channel that calls
//! only whom the Whitelist allows, a listener that lets in only those, and whether all of it is fit for use.
//!
//! ```no_run
//! use medmij_node::Node;
//!
//! # async fn run() -> Result<(), medmij_node::NodeError> {
//! let node = Node::from_file("node.toml").await?;
//! if !node.is_whitelisted("fhir.example.nl") {
//!     println!("not a MedMij Node, as of now");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `node.toml`, with paths from the folder in which it stands:
//!
//! ```toml
//! hostname = "node.example.nl"      # the name in its certificate
//! chain = "node.pem"                # the certificate and its intermediates
//! key = "node.key"                  # PKCS#8
//! roots = "roots.pem"               # the private PKIoverheid roots, and no others
//! crls = "crl"                      # a folder with the revocation list of each authority
//! stelselnode = "stelselnode.example.nl"
//! folder = "kept"                   # what outlives a restart
//! lists = ["zal", "gnl"]            # beside the Whitelist; a DVZA takes "ocl" and "gnl"
//!
//! [tls]                             # where it is absent: ncsc-2.1, TLS 1.2 and 1.3
//! guideline = "ncsc-2025"
//! post_quantum = true               # X25519MLKEM768 where the peer knows it (feature `aws-lc-rs`)
//!
//! [dns]                             # where it is absent: what the release asks (feature `dnssec`)
//! policy = "validate"               # or "trust-ad", "off"
//! refuse_unsigned = false           # whether a Node in a zone that is not signed is called
//! servers = ["192.0.2.53:53"]       # instead of those of the system
//! ```
//!
//! # Features
//!
//! * `axum`: `Node::listen`, the listener on the back channel, and `Node::listen_for_operator`: `/ready`, `/health` and
//!   `/metrics` on a port of their own.
//! * `dnssec`: host names are proven (core.dns). With it a Node validates unless `dns` says otherwise; without it the system looks
//!   names up, and a configuration that asks for more is refused.
//! * `systemd`: `Node::telling_systemd`, for a unit with `Type=notify`.
//! * `aws-lc-rs`: TLS on aws-lc-rs where `tls.post_quantum` asks for it.
//!
//! * `log`: `Node::start_log`, the chain log spooled to disk and delivered, with what waits and what was lost in readiness.
//!
//! # Limits
//!
//! Key, certificate, roots and revocation lists are looked at every five seconds and taken over when they change. Fetching revocation
//! lists, encrypted keys and keys in an HSM are done with the parts of `medmij-net`.
#![forbid(unsafe_code)]

#[cfg(feature = "log")]
mod chain_log;
mod config;
mod error;
mod lists;
mod network;
mod node;
#[cfg(feature = "axum")]
mod operator;
mod proxy;
mod readiness;
mod stop;
#[cfg(feature = "systemd")]
mod systemd;

#[cfg(feature = "log")]
pub use crate::chain_log::{ChainLog, LogConfig};
#[cfg(feature = "axum")]
pub use crate::operator::OperatorListener;
pub use crate::{
    config::{NodeConfig, NodeList},
    error::NodeError,
    lists::{Gnl, ListState, Ocl, Zal},
    network::{NodeDns, NodeTls},
    node::Node,
    proxy::ProxyConfig,
    readiness::{Alarms, Finding, Observed, Readiness, Severity, StoreState},
    stop::interrupted,
};
