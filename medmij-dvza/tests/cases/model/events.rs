// SPDX-License-Identifier: AGPL-3.0-or-later
//! What can happen, and how often.

use proptest::prelude::*;

pub(crate) const CLIENTS: [&str; 3] = ["pgo.example.nl", "ander.example.nl", "onbekend.example.nl"];
pub(crate) const PERSONEN: [&str; 2] = ["999990019", "999999990"];
pub(crate) const SCOPES: [&str; 5] = [
    "eenofanderezorgaanbieder",
    "tweedezorgaanbieder",
    "eenofanderezorgaanbieder~53",
    "subscribe~180/eenofanderezorgaanbieder~42",
    "eenofanderezorgaanbieder@medmij",
];
pub(super) const ANSWERS: [&str; 8] = [
    "login",
    "cancel",
    "yes",
    "yes&langdurig=yes",
    "no",
    "back",
    "stop&number=0",
    "onzin",
];
pub(super) const LOGIN: usize = 0;
pub(super) const YES: usize = 2;
pub(super) const LANGDURIG: usize = 3;
pub(super) const NO: usize = 4;
pub(super) const BACK: usize = 5;
pub(super) const STOP: usize = 6;

/// One event. Numbers choose among what there is, counted modulo.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    Authorize {
        client: usize,
        scope: usize,
        own_redirect: bool,
        beheren: bool,
    },
    Answer {
        flow: usize,
        answer: usize,
        fresh_form: bool,
        own_cookie: bool,
    },
    Login {
        flow: usize,
        how: usize,
        persoon: usize,
    },
    /// A whole flow, so that deep states come often.
    Through {
        client: usize,
        scope: usize,
        persoon: usize,
        end: End,
    },
    Token {
        code: usize,
        client: usize,
        peer: usize,
        own_redirect: bool,
    },
    Refresh {
        token: usize,
        client: usize,
        peer: usize,
    },
    Guard {
        token: usize,
        gegevensdienst: usize,
    },
    Clock {
        seconds: u64,
    },
    List {
        client: usize,
        listed: bool,
    },
}

/// How a whole flow ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Token { langdurig: bool },
    Code,
    Refused,
    NoData,
    Withdrawn,
}

pub(super) fn event() -> impl Strategy<Value = Event> {
    let n = 0..64_usize;
    let mostly = || proptest::bool::weighted(0.9);
    // the last client is on no list
    let client = || prop_oneof![12 => Just(0_usize), 3 => Just(1), 1 => Just(2)];
    let persoon = || prop_oneof![4 => Just(0_usize), 1 => Just(1)];
    let end = prop_oneof![
        6 => any::<bool>().prop_map(|langdurig| End::Token { langdurig }),
        2 => Just(End::Code),
        1 => Just(End::Refused),
        1 => Just(End::NoData),
        2 => Just(End::Withdrawn),
    ];
    let clock = proptest::sample::select(vec![1, 4, 5, 5, 60, 300, 899, 900, 100 * 86_400, 182 * 86_400]);
    prop_oneof![
        2 => (client(), 0..5_usize, mostly(), any::<bool>())
            .prop_map(|(client, scope, own_redirect, beheren)| Event::Authorize { client, scope, own_redirect, beheren }),
        4 => (n.clone(), 0..8_usize, mostly(), mostly())
            .prop_map(|(flow, answer, fresh_form, own_cookie)| Event::Answer { flow, answer, fresh_form, own_cookie }),
        2 => (n.clone(), 0..6_usize, persoon()).prop_map(|(flow, how, persoon)| Event::Login { flow, how, persoon }),
        6 => (client(), prop_oneof![3 => 0..2_usize, 1 => 2..4_usize], persoon(), end)
            .prop_map(|(client, scope, persoon, end)| Event::Through { client, scope, persoon, end }),
        3 => (n.clone(), client(), mostly(), mostly()).prop_map(|(code, client, own_peer, own_redirect)| {
            Event::Token { code, client, peer: if own_peer { client } else { 1 - client % 2 }, own_redirect }
        }),
        8 => (n.clone(), client(), mostly()).prop_map(|(token, client, own_peer)| {
            Event::Refresh { token, client, peer: if own_peer { client } else { 1 - client % 2 } }
        }),
        4 => (n, 0..4_usize).prop_map(|(token, gegevensdienst)| Event::Guard { token, gegevensdienst }),
        3 => clock.prop_map(|seconds| Event::Clock { seconds }),
        1 => (0..2_usize, mostly()).prop_map(|(client, listed)| Event::List { client, listed }),
    ]
}
