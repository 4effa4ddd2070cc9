// SPDX-License-Identifier: AGPL-3.0-or-later
//! The server's side of mutual TLS on the back channel: core.tls.300 to core.tls.305, core.tls.314

use std::sync::Arc;

use medmij_types::Clock;
use rustls::ServerConfig;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};

use super::time::ClockTime;
use super::verify::{ClientJudge, Paths};
use super::{ALPN, TlsPolicy};
use crate::{ConfigError, NodeIdentity, Revocation, TrustRoots, WebIdentity};

/// The back channel: a client certificate is required. Beside it what certificates are judged by, for those that a proxy
/// passes on.
pub(crate) fn config(
    identity: &NodeIdentity,
    roots: &TrustRoots,
    revocation: &Revocation,
    tls: &TlsPolicy,
    clock: &Arc<dyn Clock>,
) -> Result<(ServerConfig, Arc<Paths>), ConfigError> {
    let provider = tls.provider()?;
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.store(), Arc::clone(&provider));
    let verifier = verifier.build().map_err(|error| ConfigError::Tls(error.into()))?;
    let paths = Arc::new(Paths::new(roots, revocation, &provider));
    let judge = ClientJudge {
        inner: verifier,
        paths: Arc::clone(&paths),
    };
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(ClockTime(Arc::clone(clock))))
        .with_protocol_versions(tls.protocol_versions())
        .map_err(|error| ConfigError::Tls(error.into()))?
        .with_client_cert_verifier(Arc::new(judge))
        .with_cert_resolver(identity.resolver());
    harden(&mut config, tls);
    Ok((config, paths))
}

/// The front channel: no client certificate, otherwise the same (core.tls.315).
pub(crate) fn front(
    identity: &WebIdentity,
    tls: &TlsPolicy,
    clock: &Arc<dyn Clock>,
) -> Result<ServerConfig, ConfigError> {
    let mut config = ServerConfig::builder_with_details(tls.provider()?, Arc::new(ClockTime(Arc::clone(clock))))
        .with_protocol_versions(tls.protocol_versions())
        .map_err(|error| ConfigError::Tls(error.into()))?
        .with_no_client_auth()
        .with_cert_resolver(identity.resolver());
    harden(&mut config, tls);
    Ok(config)
}

/// No tickets, no session cache, no early data, our order of algorithms.
fn harden(config: &mut ServerConfig, tls: &TlsPolicy) {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config.require_ems = tls.requires_extended_master_secret();
    config.ignore_client_order = true;
    config.alpn_protocols = vec![ALPN.to_vec()];
}
