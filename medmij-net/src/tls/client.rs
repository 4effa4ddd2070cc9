// SPDX-License-Identifier: AGPL-3.0-or-later
//! The client's side of TLS on the back channel: core.tls.300 to core.tls.305, core.tls.314

use std::sync::Arc;

use medmij_types::Clock;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::{ClientConfig, RootCertStore};

use super::time::ClockTime;
use super::verify::{Paths, ServerJudge};
use super::{ALPN, TlsPolicy};
use crate::{ConfigError, NodeIdentity, Revocation, TrustRoots};

/// Own roots only, own certificate shown, no resumption: every connection is judged anew. Whether TLS 1.2 needs the extended
/// master secret is said apart from the policy: a client that counts who lacks it asks strictly first.
pub(crate) fn config(
    identity: &NodeIdentity,
    roots: &TrustRoots,
    revocation: &Revocation,
    tls: &TlsPolicy,
    clock: &Arc<dyn Clock>,
    requires_ems: bool,
) -> Result<ClientConfig, ConfigError> {
    let provider = tls.provider()?;
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.store(), Arc::clone(&provider));
    let verifier = verifier.build().map_err(|error| ConfigError::Tls(error.into()))?;
    let judge = ServerJudge {
        inner: verifier,
        paths: Paths::new(roots, revocation, &provider),
    };
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(ClockTime(Arc::clone(clock))))
        .with_protocol_versions(tls.protocol_versions())
        .map_err(|error| ConfigError::Tls(error.into()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge))
        .with_client_cert_resolver(identity.resolver());
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    config.require_ems = requires_ems;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}

/// TLS settings without roots, for a client that uses plain http only.
pub(crate) fn nobody() -> Result<ClientConfig, ConfigError> {
    let config = ClientConfig::builder_with_provider(TlsPolicy::default().provider()?)
        .with_protocol_versions(TlsPolicy::default().protocol_versions())
        .map_err(|error| ConfigError::Tls(error.into()))?;
    Ok(config
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}
