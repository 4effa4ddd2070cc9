// SPDX-License-Identifier: AGPL-3.0-or-later
//! The first message of a client, overheard: whether it offers the extended master secret (RFC 7627)
//!
//! The TLS library does not say so of a connection. Nothing is decided by this, it is counted.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that keeps the first bytes it gave.
pub(super) struct Overheard<S> {
    stream: S,
    heard: Vec<u8>,
}

impl<S> Overheard<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            heard: Vec::new(),
        }
    }

    /// Whether the client offered the extended master secret, as far as can be told; nothing is kept afterwards.
    pub(super) fn offers_ems(&mut self) -> Option<bool> {
        let heard = std::mem::take(&mut self.heard);
        offers_ems(&heard)
    }
}

/// Looks through the extensions of a ClientHello (RFC 8446 section 4.1.2).
fn offers_ems(bytes: &[u8]) -> Option<bool> {
    let hello = handshake(bytes)?;
    let mut rest = Reader(&hello);
    rest.take(2 + 32)?;
    rest.vector(1)?;
    rest.vector(2)?;
    rest.vector(1)?;
    let Some(mut extensions) = rest.vector(2).map(Reader) else {
        return Some(false);
    };
    while let Some(kind) = extensions.number(2) {
        extensions.vector(2)?;
        if kind == EXTENDED_MASTER_SECRET {
            return Some(true);
        }
    }
    Some(false)
}

/// The body of the first handshake message, which may span several records.
fn handshake(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut records = Reader(bytes);
    let mut message = Vec::new();
    loop {
        if records.number(1)? != HANDSHAKE {
            return None;
        }
        records.take(2)?;
        message.extend_from_slice(records.vector(2)?);
        let mut read = Reader(&message);
        if read.number(1) == Some(CLIENT_HELLO)
            && let Some(hello) = read.vector(3)
        {
            return Some(hello.to_vec());
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        let number = self.take(bytes)?.iter();
        Some(number.fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    }

    /// Bytes behind a length of so many bytes.
    fn vector(&mut self, length: usize) -> Option<&'a [u8]> {
        let count = self.number(length)?;
        self.take(count)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Overheard<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        let room = MOST.saturating_sub(self.heard.len());
        if room > 0 {
            let new = buffer.filled().get(before..).unwrap_or_default();
            self.heard.extend(new.iter().take(room));
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Overheard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

const HANDSHAKE: usize = 22;
const CLIENT_HELLO: usize = 1;
const EXTENDED_MASTER_SECRET: usize = 23;
/// A ClientHello with a post-quantum key share is under 2 KiB; after that come certificates, which nobody looks at here.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(extensions: &[u8], pieces: usize) -> Vec<u8> {
        let length = u8::try_from(extensions.len()).unwrap();
        let body = [
            &[3, 3][..],
            &[7; 32],
            &[0],
            &[0, 2, 0x13, 1],
            &[1, 0],
            &[0, length],
            extensions,
        ]
        .concat();
        let message = [&[1, 0, 0, u8::try_from(body.len()).unwrap()][..], &body].concat();
        let step = message.len().div_ceil(pieces);
        let record = |piece: &[u8]| [&[22, 3, 1, 0, u8::try_from(piece.len()).unwrap()][..], piece].concat();
        message.chunks(step).flat_map(record).collect()
    }

    #[test]
    fn core_tls_305_the_extension_is_found_wherever_it_stands() {
        let (ems, other) = ([0, 23, 0, 0], [0, 10, 0, 2, 0, 29]);
        for (extensions, expected) in [
            (&ems[..], true),
            (&[&other[..], &ems].concat(), true),
            (&[&ems[..], &other].concat(), true),
            (&other, false),
            (&[], false),
        ] {
            for pieces in [1, 2, 5] {
                let bytes = hello(extensions, pieces);
                assert_eq!(offers_ems(&bytes), Some(expected), "{extensions:?} in {pieces}");
                assert_eq!(offers_ems(&bytes[..bytes.len() - 1]), None, "cut off");
            }
        }
        assert_eq!(offers_ems(b"GET / HTTP/1.1\r\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_no_panic(mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = offers_ems(&bytes);
            bytes.splice(0..0, hello(&[0, 23, 0, 0], 1).into_iter().take(60));
            let _ = offers_ems(&bytes);
        }
    }
}
