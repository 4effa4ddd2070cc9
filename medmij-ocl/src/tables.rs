// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a list holds: two flat tables of values.

use medmij_list::ValueRange;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Client {
    pub(crate) hostname: ValueRange,
    pub(crate) name: ValueRange,
    pub(crate) subscription: ValueRange,
    pub(crate) resource: ValueRange,
    /// Whether there was an element `Gegevensdiensten`.
    pub(crate) names_services: bool,
    /// The end of its Gegevensdiensten among all.
    pub(crate) services_end: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Service {
    pub(crate) id: ValueRange,
    pub(crate) subscription: ValueRange,
    pub(crate) resource: ValueRange,
}
