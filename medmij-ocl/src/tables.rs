// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a list holds: two flat tables of values.

use medmij_list::Value;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Client {
    pub(crate) hostname: Value,
    pub(crate) name: Value,
    pub(crate) subscription: Value,
    pub(crate) resource: Value,
    /// Whether there was an element `Gegevensdiensten`.
    pub(crate) names_services: bool,
    /// The end of its Gegevensdiensten among all.
    pub(crate) services_end: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Service {
    pub(crate) id: Value,
    pub(crate) subscription: Value,
    pub(crate) resource: Value,
}
