// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint.201, and the third rule of both notification interfaces — JSON in and out, for errors too.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use medmij_oauth::wire::{is_media_type, json};
use medmij_types::json::{Document, Kind};

use super::{AbonnementError, AbonnementId, CalendarDate, date};

/// The object that a message holds.
pub(super) fn read_json<'a>(headers: &HeaderMap, body: &'a Bytes) -> Result<Document<'a>, AbonnementError> {
    if !is_media_type(headers, JSON) {
        return Err(AbonnementError::ContentType);
    }
    json::read(body)
        .ok()
        .filter(|document| document.root().kind() == Kind::Object)
        .ok_or(AbonnementError::Json)
}

pub(super) fn read_id(body: &Document<'_>, name: &str) -> Result<AbonnementId, AbonnementError> {
    let text = body.root().member(name).and_then(|value| value.as_str());
    text.and_then(|text| AbonnementId::parse(&text).ok())
        .ok_or(AbonnementError::Id)
}

pub(super) fn read_end(body: &Document<'_>, name: &str) -> Result<CalendarDate, AbonnementError> {
    let text = body.root().member(name).and_then(|value| value.as_str());
    text.and_then(|text| date::read(&text)).ok_or(AbonnementError::End)
}

pub(super) fn json_answer(status: StatusCode, body: &BTreeMap<&str, String>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(serde_json::to_vec(body).unwrap_or_default()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) const JSON: &str = "application/json";

/// A refusal: `error` and `error_description`.
pub(super) fn refuse(status: StatusCode, error: &str, what: &str) -> Response<Bytes> {
    let body = BTreeMap::from([("error", error.to_owned()), ("error_description", what.to_owned())]);
    json_answer(status, &body)
}

/// The code of a refusal that has no code of its own.
pub(super) const INVALID_REQUEST: &str = "invalid_request";
