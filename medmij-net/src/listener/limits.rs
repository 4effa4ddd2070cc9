// SPDX-License-Identifier: AGPL-3.0-or-later
//! Deadlines and sizes of a listener (fault R12)

use std::time::Duration;

use crate::ConfigError;

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
    /// Time for the TLS handshake, and for the PROXY protocol before it. Default 10 s.
    pub handshake: Duration,
    /// Handshakes at once; one more ends the oldest of the address that has most, if that took a second, else it is closed.
    /// Default 1,024.
    pub handshakes: usize,
    /// Handshakes at once of one address; one more ends its oldest in the same way. Default 64: at a fifth of a second each
    /// that is 320 new connections a second, and their work delays nobody else for long.
    pub handshakes_per_address: usize,
    /// Connections at once, in whatever stage; one more ends the oldest idle one of the address that holds most. Default
    /// 8,192, or what [`descriptor_share`](Self::descriptor_share) leaves of it.
    pub connections: usize,
    /// Connections at once of one address, at most half of all; one more ends its oldest idle one. Default 4,096: there
    /// are thousands of people behind one address of a mobile network. An IPv6 address counts by its first 48 bits.
    pub connections_per_address: usize,
    /// Connections at once of one Node, at most half of all; one more ends its oldest idle one. Behind an HTTP proxy:
    /// requests at once. Default 1,024.
    pub connections_per_node: usize,
    /// The part of the file descriptors of the process (`RLIMIT_NOFILE`) that this listener may hold, in percent.
    /// Default 40, so that a front and a back channel leave a fifth for stores, files and outgoing connections.
    pub descriptor_share: u8,
    /// Time for the headers of a request, and for waiting for the next one. Default 15 s.
    pub headers: Duration,
    /// Bytes of the head of a request, at least 8 KiB. Default 16 KiB.
    pub header_bytes: usize,
    /// Time for the body of a request. Default 15 s.
    pub body: Duration,
    /// Bytes of the body of a request. Default 64 MiB.
    pub body_bytes: u64,
    /// Time over which a peer that reads slowly is watched. Default 30 s.
    pub write: Duration,
    /// Bytes a second that a peer must take over that time, once it keeps us waiting. Default 8 KiB.
    pub write_rate: u64,
    /// Age at which a connection is closed after its current request, so that its certificate is judged
    /// anew. Default 10 min.
    pub age: Duration,
    /// Time that an idle connection has for one more request when it is old or the listener stops: its answer says that the
    /// connection ends. A request that was sent just then is answered, where a connection that was closed would lose it.
    /// Default 1 s.
    pub farewell: Duration,
    /// Time that requests in flight have when the listener stops. Default 15 s.
    pub shutdown: Duration,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            handshakes: 1024,
            handshakes_per_address: 64,
            connections: 8192,
            connections_per_address: 4096,
            connections_per_node: 1024,
            descriptor_share: 40,
            headers: Duration::from_secs(15),
            header_bytes: 16 * 1024,
            body: Duration::from_secs(15),
            body_bytes: 64 * 1024 * 1024,
            write: Duration::from_secs(30),
            write_rate: 8 * 1024,
            age: Duration::from_secs(600),
            farewell: Duration::from_secs(1),
            shutdown: Duration::from_secs(15),
        }
    }
}

/// How many connections there may be, after a look at what the process can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caps {
    pub(super) total: usize,
    pub(super) address: usize,
    pub(super) address_handshakes: usize,
    pub(super) node: usize,
    pub(super) handshakes: usize,
}

impl ListenerLimits {
    /// The caps within the descriptors of this process.
    pub(super) fn caps(&self) -> Result<Caps, ConfigError> {
        let limit = descriptors();
        let caps = self.caps_within(limit)?;
        if let Some(limit) = limit
            && caps.total < self.connections
        {
            tracing::warn!(
                connections = caps.total,
                configured = self.connections,
                descriptors = limit,
                rule = "R12",
                "fewer connections than configured: the limit of open files (RLIMIT_NOFILE) is too low"
            );
        }
        Ok(caps)
    }

    fn caps_within(&self, descriptors: Option<u64>) -> Result<Caps, ConfigError> {
        let share = match descriptors {
            Some(limit) if limit < LEAST_DESCRIPTORS => return Err(ConfigError::Descriptors { limit }),
            Some(limit) => {
                let share = u128::from(limit) * u128::from(self.descriptor_share.min(100)) / 100;
                usize::try_from(share).unwrap_or(usize::MAX)
            }
            None => usize::MAX,
        };
        let total = self.connections.min(share).max(1);
        let part = total.div_ceil(2);
        let address = self.connections_per_address.clamp(1, part);
        Ok(Caps {
            total,
            address,
            address_handshakes: self.handshakes_per_address.clamp(1, address),
            node: self.connections_per_node.clamp(1, part),
            handshakes: self.handshakes.clamp(1, total),
        })
    }
}

/// The soft limit of open files; `None` where there is none, or none that can be asked.
fn descriptors() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    return None;
}

/// With fewer a listener beside stores and lists cannot work.
const LEAST_DESCRIPTORS: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r12_the_caps_fit_the_descriptors_of_the_process() {
        let limits = ListenerLimits::default();
        for (descriptors, total, address, node) in [
            (None, 8192, 4096, 1024),
            (Some(u64::MAX), 8192, 4096, 1024),
            (Some(1_048_576), 8192, 4096, 1024),
            (Some(1024), 409, 205, 205),
            (Some(64), 25, 13, 13),
        ] {
            let caps = limits.caps_within(descriptors).unwrap();
            assert_eq!(
                (caps.total, caps.address, caps.node),
                (total, address, node),
                "{descriptors:?}"
            );
            assert!(caps.address_handshakes <= caps.address && caps.handshakes <= caps.total);
        }
        assert!(matches!(
            limits.caps_within(Some(63)),
            Err(ConfigError::Descriptors { limit: 63 })
        ));
    }

    #[test]
    fn r12_nobody_may_have_it_all_whatever_is_configured() {
        let limits = ListenerLimits {
            connections_per_address: usize::MAX,
            connections_per_node: usize::MAX,
            ..ListenerLimits::default()
        };
        let caps = limits.caps_within(None).unwrap();
        assert_eq!((caps.address, caps.node), (4096, 4096));
    }
}
