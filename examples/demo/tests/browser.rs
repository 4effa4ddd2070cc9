// SPDX-License-Identifier: AGPL-3.0-or-later
//! The pages in a real Chromium, over two real origins: what no test without a browser can show. O7, O8, O10 and O11 of the
//! threat model, and a whole Verzamelen by keyboard without JavaScript.
//!
//! Needs `chromium` and `chromedriver`; where they are not installed each test says so and is skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod alike;
mod attack;
mod chromium;
mod login;
mod messages;
mod own_programs;
mod pgo;
mod reflow;
mod states;
mod take_along;
mod verzamelen;
pub(crate) mod world;
