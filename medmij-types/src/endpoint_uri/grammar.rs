// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the two kinds of URI are made of: `https`, a usable host, perhaps a port, and a path of RFC 3986 section 3.3.

use super::UriError;
use crate::Hostname;

const MAX_LEN: usize = 2048;

/// The host and the port of a URI that means the same to everybody.
pub(super) fn check(text: &str) -> Result<(Hostname, Option<u16>), UriError> {
    if text.len() > MAX_LEN {
        return Err(UriError::TooLong);
    }
    let rest = text.strip_prefix("https://").ok_or(UriError::Scheme)?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(UriError::UserInfo);
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(parse_port(port)?)),
        None => (authority, None),
    };
    let hostname = Hostname::parse(host).map_err(UriError::Hostname)?;
    check_tail(tail)?;
    Ok((hostname, port))
}

fn parse_port(port: &str) -> Result<u16, UriError> {
    if !port.bytes().all(|b| b.is_ascii_digit()) || port.starts_with('0') {
        return Err(UriError::Port);
    }
    port.parse().map_err(|_| UriError::Port)
}

fn check_tail(tail: &str) -> Result<(), UriError> {
    if tail.contains('#') {
        return Err(UriError::Fragment);
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
            return Err(UriError::EmptySegment);
        }
        check_characters(segment, is_pchar)?;
        if matches!(segment.replace("%2e", ".").replace("%2E", ".").as_str(), "." | "..") {
            return Err(UriError::DotSegment);
        }
    }
    Ok(())
}

fn check_characters(text: &str, allowed: impl Fn(u8) -> bool) -> Result<(), UriError> {
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let fits = if b == b'%' {
            let digit = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_hexdigit());
            digit(bytes.next()) && digit(bytes.next())
        } else {
            allowed(b)
        };
        if !fits {
            return Err(UriError::Character);
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
