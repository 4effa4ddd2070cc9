// SPDX-License-Identifier: AGPL-3.0-or-later
//! What counts as one address

use std::net::IpAddr;

/// Whose connection it is, as far as addresses tell.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::listener) enum Site {
    /// One IPv4 address, or one IPv6 network of 48 bits: what one subscriber can have. Behind either there may be
    /// thousands (carrier-grade NAT, a mobile network).
    Address(IpAddr),
    /// A proxy, behind which the address cannot be seen: no cap.
    Proxy,
}

impl Site {
    pub(in crate::listener) fn of(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                IpAddr::from([a, b, c, 0, 0, 0, 0, 0])
            }
            v4 => v4,
        })
    }

    pub(super) fn is_capped(&self) -> bool {
        matches!(self, Self::Address(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r12_the_networks_of_one_subscriber_are_one_site() {
        let site = |text: &str| Site::of(text.parse().unwrap());
        assert_eq!(site("2001:db8:1:1::1"), site("2001:db8:1:ffff::2"));
        assert_ne!(site("2001:db8:1::1"), site("2001:db8:2::1"));
        assert_eq!(site("::ffff:192.0.2.1"), site("192.0.2.1"));
        assert_ne!(site("192.0.2.1"), site("192.0.2.2"));
    }
}
