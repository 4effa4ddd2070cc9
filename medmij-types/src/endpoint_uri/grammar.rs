// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the two kinds of URI are made of: `https`, a usable host, perhaps a port, and a path of RFC 3986 section 3.3.

use crate::{Hostname, ValueError};

const MAX_LEN: usize = 2048;

/// The host and the port of a URI that means the same to everybody.
pub(super) fn check(text: &str) -> Result<(Hostname, Option<u16>), ValueError> {
    if text.len() > MAX_LEN {
        return Err(ValueError::UriTooLong);
    }
    let rest = text.strip_prefix("https://").ok_or(ValueError::UriScheme)?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(ValueError::UriUserInfo);
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(parse_port(port)?)),
        None => (authority, None),
    };
    let hostname = Hostname::parse(host)?;
    check_tail(tail)?;
    Ok((hostname, port))
}

fn parse_port(port: &str) -> Result<u16, ValueError> {
    if !port.bytes().all(|b| b.is_ascii_digit()) || port.starts_with('0') {
        return Err(ValueError::UriPort);
    }
    port.parse().map_err(|_| ValueError::UriPort)
}

fn check_tail(tail: &str) -> Result<(), ValueError> {
    if tail.contains('#') {
        return Err(ValueError::UriFragment);
    }
    let (path, query) = match tail.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (tail, None),
    };
    if let Some(query) = query {
        check_characters(query, |b| is_pchar(b) || matches!(b, b'/' | b'?'))?;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let Some(segments) = path.strip_prefix('/') else {
        return Ok(());
    };
    for segment in segments.split('/') {
        if segment.is_empty() {
            return Err(ValueError::UriEmptySegment);
        }
        check_characters(segment, is_pchar)?;
        if matches!(segment.replace("%2e", ".").replace("%2E", ".").as_str(), "." | "..") {
            return Err(ValueError::UriDotSegment);
        }
    }
    Ok(())
}

fn check_characters(text: &str, allowed: impl Fn(u8) -> bool) -> Result<(), ValueError> {
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let fits = if b == b'%' {
            let digit = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_hexdigit());
            digit(bytes.next()) && digit(bytes.next())
        } else {
            allowed(b)
        };
        if !fits {
            return Err(ValueError::UriCharacter);
        }
    }
    Ok(())
}

/// `pchar` of RFC 3986 section 3.3, without percent-encoding.
fn is_pchar(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&b)
}

/// What follows the host and the port.
pub(super) fn after_authority(text: &str) -> &str {
    let rest = text.strip_prefix("https://").unwrap_or(text);
    rest.find(['/', '?']).and_then(|i| rest.get(i..)).unwrap_or_default()
}
