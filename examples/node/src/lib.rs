// SPDX-License-Identifier: AGPL-3.0-or-later
//! What every Node of the examples does alike: read its configuration, show its identity, keep its lists.
#![forbid(unsafe_code)]

mod config;
mod lists;
mod stop;

pub use config::{Node, NodeConfig, NodeError};
pub use lists::{Caches, Lists, ListsError};
pub use stop::interrupted;

/// The target of the `tracing` events that tell a person what happens: with the fields `rol` (who) and `regel` (by which
/// rule). The demo prints them; elsewhere they are ordinary log lines.
pub const STAP: &str = "stap";
