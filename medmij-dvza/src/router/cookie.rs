// SPDX-License-Identifier: AGPL-3.0-or-later
//! O8 — the cookie of a flow: one for each flow, so that two tabs do not get in each other's way.

use http::{HeaderMap, HeaderValue, header};

use super::RouterOptions;
use crate::{
    server::{SessionSecret, Visitor},
    store::FlowId,
};

/// The secret of a flow, from the cookies of a request. A name that occurs twice counts as absent.
pub(super) fn session(headers: &HeaderMap, options: &RouterOptions, flow: &FlowId) -> Option<SessionSecret> {
    let wanted = name(options, flow.as_str());
    let mut values = pairs(headers)
        .filter(|(name, _)| *name == wanted)
        .map(|(_, value)| value);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    SessionSecret::parse(value)
}

/// Sets the cookie of a flow: `HttpOnly`, `SameSite=Lax`, and outside loopback `Secure` and `__Host-`.
pub(super) fn set(headers: &mut HeaderMap, options: &RouterOptions, visitor: &Visitor, max_age: u64) {
    let secure = if options.is_loopback() { "" } else { "; Secure" };
    let name = name(options, visitor.flow.as_str());
    let text = format!(
        "{name}={}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}",
        visitor.session.expose()
    );
    if let Ok(mut value) = HeaderValue::from_str(&text) {
        value.set_sensitive(true);
        headers.append(header::SET_COOKIE, value);
    }
}

/// Lets go of the cookie of a flow that is over.
pub(super) fn clear(headers: &mut HeaderMap, options: &RouterOptions, flow: &FlowId) {
    forget(headers, options, &name(options, flow.as_str()));
}

/// The flows that a browser holds; of very many the first.
pub(super) fn held(headers: &HeaderMap, options: &RouterOptions) -> Vec<Visitor> {
    let prefix = name(options, "");
    pairs(headers)
        .filter_map(|(name, value)| {
            let flow = FlowId::parse(name.strip_prefix(&prefix)?)?;
            Some(Visitor::new(flow, SessionSecret::parse(value)?))
        })
        .take(MOST)
        .collect()
}

fn forget(headers: &mut HeaderMap, options: &RouterOptions, name: &str) {
    let secure = if options.is_loopback() { "" } else { "; Secure" };
    let text = format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, value);
    }
}

fn name(options: &RouterOptions, flow: &str) -> String {
    let prefix = if options.is_loopback() { "" } else { "__Host-" };
    format!("{prefix}medmij-{flow}")
}

/// The cookies that can be read. What other applications of the same site put beside ours costs only them.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|b| *b == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| pair.trim().split_once('='))
}

/// Cookies of ours that are looked at.
const MOST: usize = 16;
