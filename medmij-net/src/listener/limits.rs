// SPDX-License-Identifier: AGPL-3.0-or-later
//! Deadlines and sizes of a listener (fault R12)

use std::time::Duration;

/// What a peer may cost the listener (fault R12).
///
/// ```
/// use std::time::Duration;
/// use medmij_net::ListenerLimits;
///
/// let mut limits = ListenerLimits::default();
/// limits.handshake = Duration::from_secs(3);
/// assert_eq!(limits.header_bytes, 16 * 1024);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerLimits {
    /// Time for the TLS handshake. Default 10 s.
    pub handshake: Duration,
    /// Handshakes at once; one more ends the oldest. Default 4,096.
    pub handshakes: usize,
    /// Connections of listed peers at once; one more is closed. Default 4,096.
    pub connections: usize,
    /// Time for the headers of a request, and for waiting for the next one. Default 15 s.
    pub headers: Duration,
    /// Bytes of the head of a request, at least 8 KiB. Default 16 KiB.
    pub header_bytes: usize,
    /// Time for the body of a request. Default 15 s.
    pub body: Duration,
    /// Bytes of the body of a request. Default 64 MiB.
    pub body_bytes: u64,
    /// Time that a peer may leave our bytes unread. Default 30 s.
    pub write: Duration,
    /// Age at which a connection is closed after its current request, so that its certificate is judged
    /// anew. Default 10 min.
    pub age: Duration,
    /// Time that requests in flight have when the listener stops. Default 15 s.
    pub shutdown: Duration,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            handshakes: 4096,
            connections: 4096,
            headers: Duration::from_secs(15),
            header_bytes: 16 * 1024,
            body: Duration::from_secs(15),
            body_bytes: 64 * 1024 * 1024,
            write: Duration::from_secs(30),
            age: Duration::from_secs(600),
            shutdown: Duration::from_secs(15),
        }
    }
}
