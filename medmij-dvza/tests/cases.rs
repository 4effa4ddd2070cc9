// SPDX-License-Identifier: AGPL-3.0-or-later
//! The conformance cases, client and server against each other: A building, B judging, C front channel, D answer and code,
//! E token request, F token response, G refresh, H resource requests, O and C of the threat model. Ids are in the names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod a_building;
mod answers;
mod audit;
mod b_judging;
mod back_channel;
mod beside;
mod browser;
mod c_front_channel;
mod chains;
mod counted;
mod d_answer;
mod dvza;
mod e_token;
mod g_narrowing;
mod g_refresh;
mod h_guard;
mod headers;
mod i_abonneren;
mod j_events;
mod keys;
mod limits;
mod mix_up;
mod model;
mod never_panics;
mod o10_alike;
mod regressions;
mod rules;
mod secrets;
mod tenants;
mod versions;
mod waiting;
mod whole_flow;
