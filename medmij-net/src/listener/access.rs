// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whom a listener serves: Nodes on the Whitelist, judged before anything else (core.whl.306, core.whl.308)

use medmij_whitelist::HostPolicy;

use super::forwarded::ForwardedPeer;

/// Whom a listener serves.
pub(super) enum Access {
    /// Nodes that the policy allows.
    Nodes(HostPolicy),
    /// Reverse proxies, on behalf of nodes that the policy allows.
    Proxies(HostPolicy, ForwardedPeer),
    /// Everybody: the front channel has no Server Authorization (core.whl.306).
    Everybody,
}
