// SPDX-License-Identifier: AGPL-3.0-or-later
//! The body of a response, counted while it arrives (threats L10, F3)

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, header};
use medmij_types::{Hostname, is_content_coding};
use tokio::time::Instant;

use super::SendLimits;
use super::attempt::Sent;
use crate::NetError;
use crate::error::{Kind, classify};

/// A body under a byte limit and a deadline.
pub struct BoundedBody {
    response: reqwest::Response,
    host: Hostname,
    limits: SendLimits,
    left: u64,
    deadline: Instant,
}

impl BoundedBody {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`NetError`] when a limit is passed or the connection ends too early.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        let kind = match tokio::time::timeout_at(self.deadline, self.response.chunk()).await {
            Err(_) => Kind::Timeout(self.limits.total),
            Ok(Err(error)) => return Err(classify(error, self.limits.total).at(&self.host)),
            Ok(Ok(None)) => return Ok(None),
            Ok(Ok(Some(chunk))) => match self.left.checked_sub(chunk.len() as u64) {
                Some(left) => {
                    self.left = left;
                    return Ok(Some(chunk));
                }
                None => Kind::BodyTooLarge(self.limits.body),
            },
        };
        Err(NetError::new(kind).at(&self.host))
    }

    /// The rest of the body in one piece.
    ///
    /// # Errors
    /// [`NetError`] when a limit is passed or the connection ends too early.
    pub async fn read_to_end(mut self) -> Result<Bytes, NetError> {
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.chunk().await? else {
            return Ok(first);
        };
        let mut body = BytesMut::with_capacity(first.len() + second.len());
        body.extend_from_slice(&first);
        body.extend_from_slice(&second);
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

impl std::fmt::Debug for BoundedBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BoundedBody")
            .field("host", &self.host)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// Judges the head and puts the limits around the body.
pub(super) fn bounded(
    sent: Sent,
    limits: SendLimits,
    deadline: Instant,
    host: &Hostname,
) -> Result<Response<BoundedBody>, NetError> {
    let Sent { mut response, again } = sent;
    let bytes: usize = response
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if bytes > limits.headers {
        return Err(NetError::new(Kind::HeadersTooLarge(limits.headers)));
    }
    if has_coding(response.headers()) {
        return Err(NetError::new(Kind::ContentCoding));
    }
    if response.content_length().is_some_and(|length| length > limits.body) {
        return Err(NetError::new(Kind::BodyTooLarge(limits.body)));
    }
    let mut head = Response::new(());
    *head.status_mut() = response.status();
    *head.headers_mut() = std::mem::take(response.headers_mut());
    // The rest says nothing about the bytes.
    head.headers_mut().remove(header::CONTENT_ENCODING);
    if let Some(again) = again {
        head.extensions_mut().insert(again);
    }
    Ok(head.map(|()| BoundedBody {
        response,
        host: host.clone(),
        limits,
        left: limits.body,
        deadline,
    }))
}

/// None was asked for, so any is an error of the other side. Some servers write the name of a charset here, or nothing: that
/// is no coding of bytes.
fn has_coding(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut codings = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    codings.any(|coding| std::str::from_utf8(coding).map_or(true, is_content_coding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn f3_the_name_of_a_charset_is_no_content_coding() {
        for (values, coded) in [
            (&[][..], false),
            (&[""], false),
            (&["identity"], false),
            (&["UTF-8"], false),
            (&["iso-8859-1"], false),
            (&["none"], false),
            (&["ISO8859_1"], false),
            (&["windows-1250, UTF-16"], false),
            (&["identity", "utf-8"], false),
            (&["gzip"], true),
            (&["utf-8, gzip"], true),
            (&["identity", "br"], true),
            (&["x-unknown"], true),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(has_coding(&headers), coded, "{values:?}");
        }
    }
}
