// SPDX-License-Identifier: AGPL-3.0-or-later
//! O10, C06 — autoriseren 1 ("no data") and autoriseren 2 (refusal) are one thing to the DVP, the time included.
//!
//! Measuring times would show how busy the machine is. What the time hangs on can be shown instead: each of the two leaves
//! when the Persoon presses the one button of one page after the login and at no other moment; from the press on both do the
//! same work, by the same operations of the store in the same order; nothing waits for a clock; and bytes, status and headers
//! are the same. What is left of the time between request and answer is how long a Persoon takes to log in and to press.

use std::sync::Arc;

use axum::{Router, body::Body};
use http::{Request, Response};
use medmij_dvza::{
    ToetsOutcome,
    store::{AuditKind, DangerShiftClock as _},
};
use medmij_test::ManualClock;
use medmij_types::{Clock, Release};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::cases::{
    browser::Seen,
    dvza::{Setup, setup},
    whole_flow::{SESSION, browser, dvp, flow_request, log_in},
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
        *setup.dvza.outcome.lock().unwrap() = Some(ToetsOutcome::Unavailable);
    }
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(release, &["42"]),
            SESSION,
        )
        .unwrap();
    let mut browser = browser(&setup);
    let (flow, page) = log_in(&mut browser, &started.location).await;
    assert_eq!(page.status, 200, "a page, and no redirect by itself");
    assert_eq!(page.body.contains("Toestemming geven"), data);
    let before = clock.monotonic();
    setup.dvza.store.take();
    let back = browser.answer(&flow, &page, "answer=no").await;
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
        for (end, kind) in [(&refused, AuditKind::Refused), (&no_data, AuditKind::NothingToShare)] {
            let audit = end.setup.dvza.store.danger_audit().await.unwrap();
            let kinds: Vec<_> = audit.iter().map(|entry| entry.kind).collect();
            assert_eq!(kinds, [kind]);
        }
    }
}

/// The rank test of Mann and Whitney: how likely it is that two series of times of one kind differ as much as these.
fn rank_test(one: &[u128], other: &[u128]) -> f64 {
    let mut all: Vec<(u128, bool)> = one.iter().map(|time| (*time, true)).collect();
    all.extend(other.iter().map(|time| (*time, false)));
    all.sort_unstable();
    let (n, m) = (one.len() as f64, other.len() as f64);
    // ranks of equal times are shared
    let (mut sum, mut at) = (0.0, 0);
    while at < all.len() {
        let same = all[at..].iter().take_while(|(time, _)| *time == all[at].0).count();
        let rank = at as f64 + (same as f64 + 1.0) / 2.0;
        sum += rank * all[at..at + same].iter().filter(|(_, first)| *first).count() as f64;
        at += same;
    }
    let u = sum - n * (n + 1.0) / 2.0;
    let z = (u - n * m / 2.0).abs() / (n * m * (n + m + 1.0) / 12.0).sqrt();
    // two-sided, by the approximation of Abramowitz and Stegun 7.1.26
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly =
        ((((1.061_405_429 * t - 1.453_152_027) * t + 1.421_413_741) * t - 0.284_496_736) * t + 0.254_829_592) * t;
    poly * (-x * x).exp()
}

#[test]
fn the_rank_test_tells_what_differs() {
    let one: Vec<u128> = (0..1_000).map(|n| 1_000 + n % 97).collect();
    let same: Vec<u128> = (0..1_000).map(|n| 1_000 + (n * 31) % 97).collect();
    let later: Vec<u128> = (0..1_000).map(|n| 1_010 + n % 97).collect();
    // as the complementary error function of z / sqrt(2) has it: z is 0.815872 and 7.569790
    assert!((rank_test(&one, &same) - 0.414_573).abs() < 1e-4);
    assert!(rank_test(&one, &later) < 1e-12);
}

/// The press of the button of the page after the login, made ready: the request, and whether there was a question.
async fn ready(setup: &Setup, data: bool) -> (Router, Request<Body>) {
    *setup.dvza.outcome.lock().unwrap() = (!data).then_some(ToetsOutcome::Unavailable);
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let mut browser = browser(setup);
    let (flow, page) = log_in(&mut browser, &started.location).await;
    assert_eq!(page.body.contains("Toestemming geven"), data);
    // the button of either page
    assert!(page.body.contains("name=\"answer\" value=\"no\""));
    let request = browser.form(&flow, &format!("csrf={}&answer=no", page.csrf()));
    (browser.app, request)
}

/// What the server does from the press on.
#[inline(never)]
fn press_of_the_button(runtime: &Runtime, app: Router, request: Request<Body>) -> Response<Body> {
    runtime.block_on(app.oneshot(request)).unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
}

/// Three times a thousand pairs, on a machine that does nothing else:
/// `cargo xtask prove`, or
/// `cargo test -p medmij-dvza --release --all-features --test integration -- --ignored --nocapture rank_test_of_the_press`
///
/// What is measured is the server's part: from the request in the router to its answer. Fifty pairs are made ready, up to the
/// page after the login, and then their buttons are pressed pair by pair; a coin says which of a pair comes first in either. The
/// browser of this test, which reads pages of two lengths in the same process, so has no part in it.
#[test]
#[ignore = "measures time: run it by hand on a quiet machine"]
fn autoriseren_1_2_o10_rank_test_of_the_press() {
    let (runtime, setup) = (runtime(), setup(|_| {}));
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut coin = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        seed >> 63 == 1
    };
    let mut alike = 0;
    for round in 0..4 {
        let (mut refused, mut no_data) = (Vec::new(), Vec::new());
        for _ in 0..20 {
            let mut pair = || {
                let first = coin();
                let mut made = [first, !first].map(|data| (data, runtime.block_on(ready(&setup, data))));
                if coin() {
                    made.reverse();
                }
                made
            };
            let pairs: Vec<_> = (0..50).map(|_| pair()).collect();
            for (data, (app, request)) in pairs.into_iter().flatten() {
                let clock = std::time::Instant::now();
                let back = press_of_the_button(&runtime, app, request);
                let took = clock.elapsed().as_nanos();
                assert_eq!(back.status(), 303);
                if data { &mut refused } else { &mut no_data }.push(took);
            }
        }
        let p = rank_test(&refused, &no_data);
        let median = |times: &mut Vec<u128>| {
            times.sort_unstable();
            times[times.len() / 2]
        };
        let (one, other) = (median(&mut refused), median(&mut no_data));
        println!("round {round}: p = {p:.3}; medians {one} and {other} ns");
        // the first round warms up
        alike += u32::from(round > 0 && p > 0.01);
    }
    assert!(alike >= 2, "{alike} of 3 rounds");
}

/// The same without a clock: the instructions of one press of each kind, by callgrind. Each is a run of its own:
/// `MEDMIJ_PRESS=refused valgrind --tool=callgrind --toggle-collect='*press_of_the_button*' TEST-BINARY --ignored
/// one_press_to_count`, and with `MEDMIJ_PRESS=no-data`.
#[test]
#[ignore = "for callgrind"]
fn autoriseren_1_2_o10_one_press_to_count() {
    let data = std::env::var("MEDMIJ_PRESS").as_deref() != Ok("no-data");
    let (runtime, setup) = (runtime(), setup(|_| {}));
    for _ in 0..20 {
        let (app, request) = runtime.block_on(ready(&setup, data));
        assert_eq!(press_of_the_button(&runtime, app, request).status(), 303);
    }
}
