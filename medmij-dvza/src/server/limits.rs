// SPDX-License-Identifier: AGPL-3.0-or-later
//! O13, core.gegevensdiensten.103 — limits before the authorization endpoint and the token endpoint.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use medmij_oauth::policy::LimitPolicy;
use medmij_types::{Clock, PeerNames, SystemClock};

use super::limiter::Limiter;

/// The limits of one DVZA process: share one between the front channel and the back channel. Each process has its own, so
/// with replicas behind a balancer there is as much more.
///
/// What is over a limit is answered 429 with `Retry-After`, before anything of it is read: a code in it was not offered and is
/// not burnt.
///
/// ```
/// use medmij_dvza::RequestLimits;
/// use medmij_oauth::policy::LimitPolicy;
///
/// let limits = RequestLimits::new(LimitPolicy::default());
/// assert!(limits.front("192.0.2.1".parse()?).is_ok());
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub struct RequestLimits {
    front_address: Limiter,
    front_network: Limiter,
    front_pages: Limiter,
    back_address: Limiter,
    back_node: Limiter,
    clock: Arc<dyn Clock>,
}

impl RequestLimits {
    /// By a policy and the clock of the system.
    #[must_use]
    pub fn new(policy: LimitPolicy) -> Self {
        Self {
            front_address: Limiter::new(policy.front_address, policy.keys),
            front_network: Limiter::new(policy.front_network, policy.keys),
            front_pages: Limiter::new(policy.front_pages, policy.keys),
            back_address: Limiter::new(policy.back_address, policy.keys),
            back_node: Limiter::new(policy.back_node, policy.keys),
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// An authorization request from an address.
    ///
    /// # Errors
    ///
    /// The [`Duration`] after which to ask again.
    pub fn front(&self, address: IpAddr) -> Result<(), Duration> {
        let now = self.clock.monotonic();
        self.front_address.check(subscriber(address), now)?;
        self.front_network.check(network(address), now)
    }

    /// A request for a page, its answer or the login, from an address.
    ///
    /// # Errors
    ///
    /// The [`Duration`] after which to ask again.
    pub fn pages(&self, address: IpAddr) -> Result<(), Duration> {
        self.front_pages.check(subscriber(address), self.clock.monotonic())
    }

    /// A token request of a Node, from an address where one is known.
    ///
    /// # Errors
    ///
    /// The [`Duration`] after which to ask again.
    pub fn back(&self, peer: &PeerNames, address: Option<IpAddr>) -> Result<(), Duration> {
        let now = self.clock.monotonic();
        if let Some(address) = address {
            self.back_address.check(subscriber(address), now)?;
        }
        // each name by itself: a Node is one Node whatever extra names its certificates carry
        peer.iter()
            .try_for_each(|name| self.back_node.check(name.as_str(), now))
    }
}

impl std::fmt::Debug for RequestLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits")
            .field("front_address", &self.front_address)
            .field("back_address", &self.back_address)
            .field("back_node", &self.back_node)
            .finish_non_exhaustive()
    }
}

/// What one subscriber of a network has: an IPv4 address, or a /64 of IPv6.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// What one customer of a network has at most: a /24 of IPv4, a /48 of IPv6.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_oauth::policy::Rate;

    fn limits() -> RequestLimits {
        let mut policy = LimitPolicy::default();
        policy.front_address = Rate::new(1, 2);
        policy.front_network = Rate::new(1, 30);
        policy.back_address = Rate::new(1, 4);
        policy.back_node = Rate::new(1, 2);
        policy.keys = 64;
        struct Still;
        impl Clock for Still {
            fn now(&self) -> std::time::SystemTime {
                std::time::SystemTime::UNIX_EPOCH
            }
            fn monotonic(&self) -> Duration {
                Duration::ZERO
            }
        }
        RequestLimits::new(policy).with_clock(Arc::new(Still))
    }

    #[test]
    fn o13_an_address_is_what_one_subscriber_has() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ] {
            let limits = limits();
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert!(limits.front(one).is_ok() && limits.front(one).is_ok());
            assert_eq!(limits.front(one), Err(Duration::from_secs(1)));
            assert_eq!(limits.front(other).is_err(), same, "{one} {other}");
        }
    }

    #[test]
    fn core_gegevensdiensten_103_limits_are_the_same_for_every_node_and_of_each_alone() {
        let limits = limits();
        let nodes = ["pgo.example.nl", "ander.example.nl", "derde.example.nl"];
        let ask = |name: &str| limits.back(&PeerNames::new(None, [name]), None).is_ok();
        let answers: Vec<[bool; 4]> = nodes.iter().map(|name| [(); 4].map(|()| ask(name))).collect();
        for answers in answers {
            assert_eq!(answers, [true, true, false, false]);
        }
    }

    #[test]
    fn o13_a_node_is_limited_from_wherever_it_asks_and_an_address_whoever_asks() {
        let limits = limits();
        let ask = |name: &str, address: &str| {
            limits
                .back(&PeerNames::new(None, [name]), Some(address.parse().unwrap()))
                .is_ok()
        };
        assert!(ask("een.example.nl", "192.0.2.1") && ask("een.example.nl", "192.0.2.2"));
        assert!(!ask("een.example.nl", "192.0.2.3"));
        for n in 0..3 {
            assert!(ask(&format!("n{n}.example.nl"), "192.0.2.1"));
        }
        assert!(!ask("n9.example.nl", "192.0.2.1"));
    }

    #[test]
    fn core_gegevensdiensten_103_a_node_is_one_node_whatever_names_its_certificates_carry() {
        let limits = limits();
        let ask = |extra: &str| {
            let names = PeerNames::new(None, ["pgo.example.nl", extra]);
            limits.back(&names, None).is_ok()
        };
        let answers: Vec<bool> = (0..6).map(|n| ask(&format!("extra{n}.example.nl"))).collect();
        assert_eq!(answers, [true, true, false, false, false, false]);
    }

    #[test]
    fn o13_a_network_with_many_addresses_is_one_network() {
        let limits = limits();
        let allowed = (0..200_u16).filter(|n| {
            let address = Ipv6Addr::new(0x2a01, 0x4f8, 0x1234, *n, 0, 0, 0, 1);
            limits.front(address.into()).is_ok()
        });
        assert_eq!(allowed.count(), 30);
        assert!(limits.front("2a01:4f8:1235::1".parse().unwrap()).is_ok());
    }
}
