// SPDX-License-Identifier: AGPL-3.0-or-later
//! The tests of the crate from outside, in one program, so that one is linked: `--test integration NAME::`.

#[cfg(all(feature = "axum", feature = "log"))]
mod chain_log;
#[cfg(feature = "axum")]
mod deploy;
mod node;
#[cfg(feature = "axum")]
mod readiness;
#[cfg(feature = "systemd")]
mod systemd;
