// SPDX-License-Identifier: AGPL-3.0-or-later
//! The program of `docs/build-a-dvp.md` with the changes of `docs/try-your-own.md`: what takes a free place of the demo.
#![forbid(unsafe_code)]
// as terse as a page wants it
#![allow(clippy::print_stderr, clippy::indexing_slicing)]

include!(concat!(env!("OUT_DIR"), "/build-a-dvp.rs"));
