// SPDX-License-Identifier: AGPL-3.0-or-later
//! O10, C06 — autoriseren 1 ("no data") and autoriseren 2 (refusal) are one thing to the DVP, the time included.
//!
//! Measuring times would show how busy the machine is. What the time hangs on can be shown instead: each of the two leaves
//! when the Persoon presses the one button of one page after the login and at no other moment; from the press on both do the
//! same work, by the same operations of the store in the same order; nothing waits for a clock; and bytes, status and headers
//! are the same. What is left of the time between request and answer is how long a Persoon takes to log in and to press.

use std::sync::Arc;

use medmij_dvza::{
    ToetsUitslag,
    store::{AuditKind, DangerShiftClock as _},
};
use medmij_test::ManualClock;
use medmij_types::{Clock, Release};

use crate::{
    browser::Seen,
    dvza::{Setup, setup},
    whole_flow::{SESSION, aanvraag, browser, dvp, log_in},
};

struct End {
    setup: Setup,
    /// The answer that leads back to the DVP.
    back: Seen,
    /// What was asked of the store from the press of the button on.
    work: Vec<&'static str>,
}

/// From the login on, until the browser is sent back.
async fn end(release: Release, data: bool) -> End {
    let clock = Arc::new(ManualClock::starting_now());
    let setup = setup(|config| {
        config.release = release;
        config.clock = Arc::clone(&clock) as _;
    });
    if !data {
        *setup.dvza.uitslag.lock().unwrap() = Some(ToetsUitslag::NietBeschikbaar);
    }
    let started = dvp().start(aanvraag(release, &["42"]), SESSION).unwrap();
    let mut browser = browser(&setup);
    let (flow, page) = log_in(&mut browser, &started.location).await;
    assert_eq!(page.status, 200, "a page, and no redirect by itself");
    assert_eq!(page.body.contains("Toestemming geven"), data);
    let before = clock.monotonic();
    setup.dvza.store.take();
    let button = if data { "antwoord=nee" } else { "antwoord=terug" };
    let back = browser.answer(&flow, &page, button).await;
    let work = setup.dvza.store.take();
    // a clock that nobody moves stands still: an answer that waited for it would not be here
    assert_eq!(clock.monotonic(), before);
    End { setup, back, work }
}

/// Everything of an answer but the `state`, which is that of the request, and the name of the cookie, which is that of the
/// flow.
fn seen_by_the_dvp(seen: &Seen) -> Vec<String> {
    let mut lines = vec![seen.status.to_string(), seen.body.clone()];
    for (name, value) in &seen.headers {
        let value = value.to_str().unwrap();
        let value = match name.as_str() {
            "location" => value.split("state=").next().unwrap(),
            "set-cookie" => value.split_once('=').unwrap().1,
            _ => value,
        };
        lines.push(format!("{name}: {value}"));
    }
    lines
}

#[tokio::test]
async fn autoriseren_1_2_c06_o10_the_dvp_sees_one_thing() {
    for release in Release::ALL.iter().copied().filter(|release| *release >= Release::V1_2) {
        let (refused, no_data) = (end(release, true).await, end(release, false).await);
        assert_eq!(
            seen_by_the_dvp(&refused.back),
            seen_by_the_dvp(&no_data.back),
            "{release}"
        );
        assert!(
            refused
                .back
                .location()
                .starts_with("https://pgo.example.nl/cb?error=access_denied&state=")
        );
        assert_eq!(refused.work, ["flow", "close_flow"], "{release}");
        assert_eq!(refused.work, no_data.work, "{release}");
        let audit = refused.setup.dvza.store.danger_audit().await.unwrap();
        let kinds: Vec<_> = audit.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [AuditKind::Geweigerd]);
    }
}
