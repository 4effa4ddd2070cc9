// SPDX-License-Identifier: AGPL-3.0-or-later
//! O13, core.gegevensdiensten.103 — limits before the authorization endpoint and the token endpoint.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use medmij_oauth::policy::LimitPolicy;
use medmij_types::{Clock, PeerNames, SystemClock};

use super::Limiter;

/// The limits of one DVZA process: share one between the front channel and the back channel. Each process has its own, so
/// with replicas behind a balancer there is as much more.
///
/// What is over a limit is answered 429 with `Retry-After`, before anything of it is read: a code in it was not offered and is
/// not burnt.
///
/// ```
/// use medmij_dvza::Limits;
/// use medmij_oauth::policy::LimitPolicy;
///
/// let limits = Limits::new(LimitPolicy::default());
/// assert!(limits.front("192.0.2.1".parse()?).is_ok());
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub struct Limits {
    front_address: Limiter,
    back_address: Limiter,
    back_node: Limiter,
    clock: Arc<dyn Clock>,
}

impl Limits {
    /// By a policy and the clock of the system.
    #[must_use]
    pub fn new(policy: LimitPolicy) -> Self {
        Self {
            front_address: Limiter::new(policy.front_address, policy.keys),
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
    /// After how long to ask again.
    pub fn front(&self, address: IpAddr) -> Result<(), Duration> {
        self.front_address.check(subscriber(address), self.clock.monotonic())
    }

    /// A token request of a Node, from an address where one is known.
    ///
    /// # Errors
    ///
    /// After how long to ask again.
    pub fn back(&self, peer: &PeerNames, address: Option<IpAddr>) -> Result<(), Duration> {
        let now = self.clock.monotonic();
        if let Some(address) = address {
            self.back_address.check(subscriber(address), now)?;
        }
        // one Node whatever other names its certificate carries
        let node = peer.node().map(medmij_types::Hostname::as_str);
        self.back_node.check(node, now)
    }
}

impl std::fmt::Debug for Limits {
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

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_oauth::policy::Rate;

    fn limits() -> Limits {
        let mut policy = LimitPolicy::default();
        policy.front_address = Rate::new(1, 2);
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
        Limits::new(policy).with_clock(Arc::new(Still))
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
}
