// SPDX-License-Identifier: AGPL-3.0-or-later
//! The ports of the demo, all on 127.0.0.1: whatever is free, or ten and three in a row from a fixed one.

use crate::network::NetworkError;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Which ports the roles listen on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ports {
    /// Ports that are free now, other ones at each run.
    #[default]
    Free,
    /// This one and those after it, the same at each run: for a tunnel over SSH, a container, a bookmark.
    From(u16),
}

impl Ports {
    /// Addresses on loopback that nobody listens on now. They are all taken at once, so they differ, and then given
    /// free for the roles to bind.
    pub(crate) fn take<const N: usize>(self) -> Result<[SocketAddr; N], NetworkError> {
        let mut held = Vec::with_capacity(N);
        for number in 0..N {
            held.push(self.bind(number)?);
        }
        let mut addresses = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); N];
        for (address, listener) in addresses.iter_mut().zip(&held) {
            *address = listener.local_addr()?;
        }
        Ok(addresses)
    }

    fn bind(self, number: usize) -> Result<TcpListener, NetworkError> {
        let port = match self {
            Self::Free => 0,
            Self::From(base) => u16::try_from(number)
                .ok()
                .and_then(|number| base.checked_add(number))
                .ok_or(NetworkError::PortBase(base))?,
        };
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|cause| NetworkError::Port(port, cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_ports_follow_on_each_other_and_one_that_is_taken_is_named() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = Ports::From(port).take::<2>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("port {port} cannot be had")), "{error}");
        assert!(matches!(
            Ports::From(65_535).take::<2>(),
            Err(NetworkError::Port(..) | NetworkError::PortBase(65_535))
        ));
    }

    #[test]
    fn free_ports_differ() {
        let [one, two] = Ports::Free.take::<2>().unwrap();
        assert_ne!(one, two);
    }
}
