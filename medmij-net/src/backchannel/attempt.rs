// SPDX-License-Identifier: AGPL-3.0-or-later
//! One request on its way, and the two reasons to let it go twice
//!
//! * The server speaks TLS 1.2 without extended master secret, and the policy allows that: the handshake failed, so nothing
//!   was sent, and a client that does not ask for it tries.
//! * A `GET` was written on a connection that the server had closed meanwhile: it goes once more on a new connection
//!   (RFC 9110 section 9.2.2), with a `MedMij-Request-ID` of its own (core.rscint.201). A `POST` never goes twice
//!   (core.tknint.203).

use std::cell::Cell;
use std::sync::PoisonError;

use http::{HeaderName, HeaderValue, Method};
use medmij_types::{Hostname, MedMijRequestId, OsEntropy};

use super::Shared;
use super::builder::BuiltClient;
use crate::NetError;
use crate::error::{Kind, classify};
use crate::resolve::DIALLED;
use crate::sent_again::SentAgain;

pub(super) struct Sent {
    pub(super) response: reqwest::Response,
    pub(super) again: Option<SentAgain>,
}

pub(super) async fn send(
    shared: &Shared,
    made: &BuiltClient,
    host: &Hostname,
    request: reqwest::Request,
) -> Result<Sent, NetError> {
    let second = (request.method() == Method::GET && shared.client_config.sees_dialling())
        .then(|| request.try_clone())
        .flatten();
    let (answered, dialled) = DIALLED
        .scope(Cell::new(false), async {
            let answered = leniently(shared, made, host, request).await;
            (answered, DIALLED.with(Cell::get))
        })
        .await;
    let error = match answered {
        Ok(response) => return Ok(Sent { response, again: None }),
        Err(error) => error,
    };
    let (Some(mut second), false, true) = (second, dialled, error.is_broken()) else {
        return Err(error);
    };
    let request_id = renew_id(&mut second)?;
    tracing::info!(
        %host,
        request_id = request_id.as_ref().map(MedMijRequestId::as_str),
        rule = "core.rscint.201",
        "connection was closed meanwhile, request sent once more on a new one"
    );
    let again = SentAgain { request_id };
    match leniently(shared, made, host, second).await {
        Ok(response) => Ok(Sent {
            response,
            again: Some(again),
        }),
        Err(error) => Err(error.sent_twice(again)),
    }
}

/// Strictly, and where the server lacks the extended master secret and may, without it.
async fn leniently(
    shared: &Shared,
    made: &BuiltClient,
    host: &Hostname,
    request: reqwest::Request,
) -> Result<reqwest::Response, NetError> {
    let failed = |error| classify(error, shared.client_config.connect);
    let Some(lenient) = &made.lenient else {
        return made.client.execute(request).await.map_err(failed);
    };
    let hosts = || lenient.hosts.lock().unwrap_or_else(PoisonError::into_inner);
    if !hosts().contains(host) {
        let again = request.try_clone();
        let error = match made.client.execute(request).await.map_err(failed) {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let (Some(again), Kind::NoExtendedMasterSecret) = (again, error.kind()) else {
            return Err(error);
        };
        hosts().insert(host.clone());
        shared.without_ems.count(host);
        return lenient.client.execute(again).await.map_err(failed);
    }
    shared.without_ems.count(host);
    lenient.client.execute(request).await.map_err(failed)
}

/// Every request has an id of its own, the same request a second time too.
fn renew_id(request: &mut reqwest::Request) -> Result<Option<MedMijRequestId>, NetError> {
    if !request.headers().contains_key(&REQUEST_ID) {
        return Ok(None);
    }
    let id = MedMijRequestId::random(&OsEntropy).map_err(|error| NetError::new(Kind::Broken).because(error))?;
    let value = HeaderValue::try_from(id.as_str()).map_err(|error| NetError::new(Kind::Broken).because(error))?;
    request.headers_mut().insert(REQUEST_ID.clone(), value);
    Ok(Some(id))
}

const REQUEST_ID: HeaderName = HeaderName::from_static("medmij-request-id");
