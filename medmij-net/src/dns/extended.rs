// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dns — why a resolver failed (RFC 8914): one that validates answers SERVFAIL for a bogus name as for servers that are down
//!
//! What it says here is a reason to show, and never one to dial.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, Message, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::net::UdpSocket;

/// The code of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Why(u16);

impl Why {
    /// What is wrong with the signatures of the name, where that is the reason.
    pub(super) fn bogus(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "its key has an algorithm that is not known",
            2 => "its DS record has a digest that is not known",
            5 => "it cannot be determined whether it is signed",
            6 => "it is bogus",
            7 => "its signature is over",
            8 => "its signature is of the future",
            9 => "its key is missing",
            10 => "its signature is missing",
            11 => "its key is no key of a zone",
            12 => "the proof that something is not there is missing",
            25 => "its signature was over before it began",
            27 => "its NSEC3 records have too many iterations",
            _ => return None,
        })
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.bogus(), self.0) {
            (Some(bogus), _) => f.write_str(bogus),
            (_, 13) => f.write_str("it failed a moment ago"),
            (_, 14) => f.write_str("the resolver is not ready"),
            (_, 15..=17) => f.write_str("the resolver blocks the name"),
            (_, 18) => f.write_str("the resolver does not serve us"),
            (_, 22) => f.write_str("the name servers of its zone cannot be reached"),
            (_, 23) => f.write_str("the network between the resolver and the name servers fails"),
            (_, code) => write!(f, "extended error {code}"),
        }
    }
}

/// Asks each of these resolvers until one says why it fails. `None` where none does.
pub(super) async fn why(servers: &[SocketAddr], name: &Name, kind: RecordType) -> Option<Why> {
    for server in servers {
        let asked = tokio::time::timeout(PATIENCE, ask(*server, name, kind)).await;
        if let Some(why) = asked.ok().flatten().as_ref().and_then(said) {
            return Some(why);
        }
    }
    None
}

/// The answer itself: the resolver of the library keeps the code of a failure only.
async fn ask(server: SocketAddr, name: &Name, kind: RecordType) -> Option<Message> {
    let mut options = DnsRequestOptions::default();
    options.edns_set_dnssec_ok = true;
    let request = DnsRequest::from_query(Query::query(name.clone(), kind), options);
    let from: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(from).await.ok()?;
    // from nobody else
    socket.connect(server).await.ok()?;
    socket.send(&request.to_vec().ok()?).await.ok()?;
    let mut packet = [0; 4096];
    loop {
        let length = socket.recv(&mut packet).await.ok()?;
        let answer = packet.get(..length).and_then(|packet| Message::from_vec(packet).ok());
        if let Some(answer) = answer.filter(|answer| answer.metadata.id == request.metadata.id) {
            return Some(answer);
        }
    }
}

fn said(answer: &Message) -> Option<Why> {
    if answer.metadata.response_code != ResponseCode::ServFail {
        return None;
    }
    let options = answer.edns.as_ref()?.options();
    let reasons = options.get_all(EdnsCode::Unknown(EXTENDED)).into_iter();
    let codes = reasons.filter_map(|option| match option {
        EdnsOption::Unknown(_, data) => data.first_chunk().map(|code| Why(u16::from_be_bytes(*code))),
        _ => None,
    });
    let codes: Vec<_> = codes.collect();
    // of several reasons the one about signatures counts
    let bogus = codes.iter().find(|why| why.bogus().is_some());
    bogus.or_else(|| codes.first()).copied()
}

/// The option of RFC 8914.
const EXTENDED: u16 = 15;
/// As long as for the question before it.
const PATIENCE: Duration = Duration::from_secs(2);
