// SPDX-License-Identifier: AGPL-3.0-or-later
//! The tests of the crate from outside, in one program, so that one is linked: `--test integration NAME::`.

#[cfg(all(feature = "abonneren", feature = "axum"))]
mod cases;
mod contract;
mod registratie;
