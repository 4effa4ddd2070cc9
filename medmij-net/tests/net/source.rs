// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lists from the Stelselnode: only a plain 200 with a body inside the limits counts (core.lijsten.300)

use std::error::Error;
use std::time::Duration;

use medmij_list::{ListKind, Source};
use medmij_net::{FetchError, SendLimits, StelselnodeSource};
use medmij_whitelist::HostPolicy;

use crate::raw::{RawServer, Then};
use crate::world::{DVZA, World, host};

#[tokio::test]
async fn core_lijsten_300_core_whl_305_only_200_counts() {
    let world = World::new();
    let said = |status: &str, body: &str| {
        Then::SayAndCut(format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    let cases = [
        ("good", said("200 OK", "<Whitelist/>"), Ok("<Whitelist/>")),
        ("empty", said("200 OK", ""), Err("Empty")),
        ("partial", said("206 Partial Content", "<Whitelist/>"), Err("Status")),
        (
            "not modified",
            Then::SayAndCut("HTTP/1.1 304 Not Modified\r\n\r\n".into()),
            Err("Status"),
        ),
        ("moved", said("301 Moved", "<Whitelist/>"), Err("Status")),
        ("created", said("201 Created", "<Whitelist/>"), Err("Status")),
        ("down", said("503 Service Unavailable", ""), Err("Status")),
        (
            "half",
            Then::SayAndCut("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<Whit".into()),
            Err("Net"),
        ),
        ("too large", said("200 OK", &"x".repeat(101)), Err("Net")),
        (
            "slow",
            Then::SayAndHang("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<".into()),
            Err("Net"),
        ),
    ];
    for (case, then, expected) in cases {
        let server = RawServer::start(&world.node(DVZA), &world.pki, then).await;
        let policy = HostPolicy::stelselnode_only(host(DVZA));
        let channel = world.client(server.address, policy).build().unwrap();
        let limits = SendLimits::default().body(100).total(Duration::from_millis(400));
        let source = StelselnodeSource::new(channel, host(DVZA), 2).limits(limits);
        match (source.fetch(ListKind::Whitelist).await, expected) {
            (Ok(bytes), Ok(text)) => assert_eq!(bytes, text.as_bytes(), "{case}"),
            (Err(error), Err(kind)) => {
                let cause = error.source().unwrap().downcast_ref::<FetchError>().unwrap();
                assert!(format!("{cause:?}").starts_with(kind), "{case}: {cause:?}");
            }
            (got, _) => panic!("{case}: {got:?}"),
        }
    }
}
