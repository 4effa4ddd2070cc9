// SPDX-License-Identifier: AGPL-3.0-or-later
//! The fault matrix of the list supply: rollback, freeze, truncation, slowness, wrong lists, broken caches, full disks,
//! refreshes at once (security L9–L13, R1–R4, R10; core.whl.302, core.whl.304). The clock is steered; nothing waits.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

mod bench;
mod freeze;
mod lowering;
mod oddities;
mod refused;
mod restart;
mod rollback;

#[cfg(feature = "files")]
mod broken_copy;
#[cfg(feature = "files")]
mod crash;
#[cfg(feature = "files")]
mod disk;
#[cfg(feature = "files")]
mod faulty_files;
#[cfg(feature = "tokio")]
mod running;
