// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.lijsten.301, core.whl.302, core.tls.314 — faults that a Node of either role meets: it is never ready while requests fail, each
//! is noticed at the first look after five seconds of its clock, and cured it is ready again by itself.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // also in the helpers

mod faults;
mod world;

use std::time::Duration;

use faults::{Expected, Fault};
use medmij_node::{Finding, NodeList, Severity};
use world::World;

#[tokio::test(flavor = "multi_thread")]
async fn core_whl_302_core_tls_314_faults_of_a_dvp() {
    meet(NodeList::Zal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn core_whl_302_core_tls_314_faults_of_a_dvza() {
    meet(NodeList::Ocl).await;
}

/// Injects and cures every fault, one after the other, in one running Node.
async fn meet(role: NodeList) {
    let faults = faults::all();
    assert!(faults.len() >= 40, "{}", faults.len());
    let world = World::start(role).await;
    assert_eq!(world.node.readiness().to_string(), "ready");
    assert_eq!(world.requests().await, Ok(()));
    for Fault { name, expected, inject } in faults {
        inject(&world).await;
        // one look is due, and no more: the clock stands still from here on
        world.clock.advance(Duration::from_secs(5));
        let (severity, code) = match expected {
            Expected::NotReady(code) => (Severity::NotReady, code),
            Expected::Alarm(code) => (Severity::Alarm, code),
            Expected::Warning(code) => (Severity::Warning, code),
        };
        // a fault that takes time may be looked at while it grows: what counts is what is said in the end
        let found = || {
            let readiness = world.node.readiness();
            let is_it = |finding: &Finding| finding.severity == severity && finding.reason.code() == code;
            readiness.findings.iter().any(is_it) && readiness.is_ready() == (severity != Severity::NotReady)
        };
        world.until(found, &format!("{name}: {severity:?} {code}")).await;
        let readiness = world.node.readiness();
        if readiness.is_ready() {
            assert_eq!(world.requests().await, Ok(()), "{name}: ready, and requests fail");
        }

        world.heal().await;
        world.clock.advance(Duration::from_secs(5));
        let well = || world.node.readiness().findings.is_empty();
        world.until(well, &format!("{name}: cured")).await;
        assert_eq!(world.requests().await, Ok(()), "{name}: cured, and requests fail");
    }
}
