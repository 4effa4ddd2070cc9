// SPDX-License-Identifier: AGPL-3.0-or-later
//! O13, core.gegevensdiensten.103 — how many requests are answered, the same for everybody.

use super::Mark;

/// So many requests a second, and so many at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rate {
    /// In the long run.
    pub per_second: u32,
    /// After a pause.
    pub burst: u32,
}

impl Rate {
    /// A rate; neither number is below 1.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self {
            per_second: per_second.max(1),
            burst: burst.max(1),
        }
    }
}

/// The limits of `Limits` of `medmij-dvza`, with generous defaults: many Personen share an address at their provider,
/// and a DVP asks for all its Personen from one Node.
///
/// There is no place here for a limit of one DVP: the same holds for all (core.gegevensdiensten.103). The authorization
/// endpoint has no limit for each `client_id` either: there nobody has proven to be that client, so anybody could use it up
/// and keep one DVP out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitPolicy {
    /// Authorization requests from one address.
    pub front_address: Rate,
    /// Authorization requests from one network: a /24 of IPv4, a /48 of IPv6, in which one customer has many addresses.
    pub front_network: Rate,
    /// Requests for pages, their answers and the login from one address.
    pub front_pages: Rate,
    /// Token requests from one address.
    pub back_address: Rate,
    /// Token requests of one Node: of each name of its certificate, so that extra names give no extra allowance.
    pub back_node: Rate,
    /// How many addresses, and how many Nodes, are remembered; 16 bytes each. Beyond it those go that asked least.
    pub keys: usize,
}

impl LimitPolicy {
    /// The values with the mark of each, for an overview.
    #[must_use]
    pub fn marked(&self) -> [(&'static str, Rate, Mark); 5] {
        [
            ("front_address", self.front_address, Mark::Unknown),
            ("front_network", self.front_network, Mark::Unknown),
            ("front_pages", self.front_pages, Mark::Unknown),
            ("back_address", self.back_address, Mark::Unknown),
            ("back_node", self.back_node, Mark::Unknown),
        ]
    }
}

impl Default for LimitPolicy {
    fn default() -> Self {
        Self {
            front_address: Rate::new(20, 600),
            front_network: Rate::new(100, 3_000),
            front_pages: Rate::new(100, 3_000),
            back_address: Rate::new(1_000, 10_000),
            back_node: Rate::new(1_000, 10_000),
            keys: 65_536,
        }
    }
}
