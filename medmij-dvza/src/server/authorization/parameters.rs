// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200, core.authint.208 — the parameters that count, and the reading of those that depend on the release.

use medmij_oauth::OauthError;
use medmij_oauth::{Function, Scope, wire::RequestIds};
use medmij_types::{CorrelationId, MedMijRequestId, Release};

/// The function shows in the form of the scope; in 1.x Verzamelen and Delen look alike and the gegevensdienst tells later.
pub(super) fn read_scope(release: Release, text: &str) -> Result<Scope, OauthError> {
    if text.starts_with("subscribe~") {
        return Scope::parse(release, Function::Abonneren, text);
    }
    let verzamelen = Scope::parse(release, Function::Verzamelen, text);
    if verzamelen.is_err() && text.contains('~') {
        return Scope::parse(release, Function::Delen, text);
    }
    verzamelen
}

pub(super) fn read_ids(request_id: Option<&str>, correlation_id: Option<&str>) -> Option<RequestIds> {
    Some(RequestIds::new(
        MedMijRequestId::parse(request_id?).ok()?,
        CorrelationId::parse(correlation_id?).ok()?,
    ))
}

pub(super) const KNOWN: [&str; 8] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "MedMij-Request-ID",
    "X-Correlation-ID",
    "MedMij_geboortedatum",
];
