// SPDX-License-Identifier: AGPL-3.0-or-later
//! The back channel over real TLS on loopback, with certificates made at run time
//!
//! Rule codes are in the test names: core.tls.300 to core.tls.315 and core.whl.300 to core.whl.309, and
//! the threats W1 to W9 and faults R10, R12, R16 of the threat model.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, outside test functions"
)]

mod client;
mod crl;
#[cfg(feature = "dnssec")]
mod dns;
mod ems;
mod environment;
mod front;
mod g4;
mod keys;
mod listener;
mod matrix;
mod proxy;
mod raw;
mod reload;
mod requests;
mod rsa;
mod scan;
mod shares;
mod slow;
mod source;
mod tls;
mod world;
