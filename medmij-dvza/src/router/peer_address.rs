// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::Extensions;

/// A request extension: the address of who asks, where it is not that of the connection. An application behind a proxy that
/// it trusts puts it there; a header that anybody can send is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// The address of who asks, where it is known.
pub(super) fn address(extensions: &Extensions) -> Option<IpAddr> {
    let given = extensions.get::<PeerAddress>().map(|PeerAddress(address)| *address);
    given.or_else(|| {
        let connection = extensions.get::<ConnectInfo<SocketAddr>>();
        connection.map(|ConnectInfo(address)| address.ip())
    })
}
